"""What an answer says about single rows: settings for people, and the rows that were refused."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import Field, model_validator

from orch_tui.components.http.json import exact_json
from orch_tui.components.http.json.json_path import MISSING, at_path
from orch_tui.components.http.paging.evidence import complaint, is_complaint, whole_number
from orch_tui.components.http.variants import Choice, used_with
from orch_tui.components.http.wire.responses import said_in
from orch_tui.model.errors import UserError
from orch_tui.model.texts.text import safe_line

_EACH, _FAILED = "each", "failed"
_FIRST_ERROR = 400
_MULTI_STATUS = 207


class RowAnswers(Choice):
    """Where an answer that is a success as a whole says which of its rows were refused."""

    type: Literal["none", "each", "failed"] = Field(
        "none",
        title="Kind of answer",
        description="each: the answer has an entry for each row, in their order. failed: it lists the rows that were "
        "refused. none: a success is one for all rows.",
    )
    path: str = Field(
        "$",
        title="Entries",
        description="Where the answer has the entries, such as items; $ is the answer itself. With one row in each "
        "request an object there is its entry.",
        json_schema_extra=used_with(_EACH, _FAILED),
    )
    status: str | None = Field(
        None,
        title="Status",
        description="Where an entry says how it went: a status code (400 and above are refusals), true or false, or a "
        "word.",
        json_schema_extra=used_with(_EACH),
    )
    succeeded: list[str] = Field(
        ["ok", "success", "succeeded", "successful", "created", "updated", "deleted", "accepted", "noop", "true"],
        title="Done",
        description="Words of the status for a row that was taken; case does not count.",
        json_schema_extra=used_with(_EACH),
    )
    error: str | None = Field(
        None,
        title="Error",
        description="Where an entry says what was wrong; with each, something there means that the row was refused.",
        json_schema_extra=used_with(_EACH, _FAILED),
    )
    index: str | None = Field(
        None,
        title="Place of the row",
        description="Where an entry says which row of the request it means.",
        json_schema_extra=used_with(_FAILED, needed=(_FAILED,)),
    )
    first_index: Literal[0, 1] = Field(
        0,
        title="First place",
        description="What the first row's place is called: 0 or 1.",
        json_schema_extra=used_with(_FAILED),
    )

    @model_validator(mode="after")
    def _tells_something(self) -> RowAnswers:
        if self.type == _EACH and self.status is None and self.error is None:
            raise ValueError("each needs status or error: what shows in an entry that its row was refused")
        return self


@dataclass(frozen=True, slots=True)
class Refusal:
    """A row of a request, counted from 0, and why it was refused."""

    at: int
    reason: str


def refusals(settings: RowAnswers, body: bytes, rows: int) -> list[Refusal]:
    """The rows of a request of ``rows`` that its answer says were refused, in their order.

    Raises:
        UserError: the answer is no JSON, or does not have what ``settings`` name: what became of the rows is not known.
    """
    if settings.type == "none":
        return []
    try:
        answer = exact_json.loads(body.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise UserError(f"the answer is no JSON, so which rows were refused is not known: {_LOOK}") from error
    found = at_path(answer, settings.path)
    if settings.type == _EACH:
        return list(_of_each(settings, found, rows))
    if found is None or found is MISSING:
        # Many servers leave the list out where nothing failed.
        return []
    if not isinstance(found, list):
        raise UserError(f'the answer has no list of failures at "{settings.path}": {_LOOK}')
    return sorted((_of_failure(settings, entry, rows) for entry in found), key=lambda refusal: refusal.at)


_LOOK = "correct path of answer"


def _of_each(settings: RowAnswers, found: Any, rows: int) -> Iterator[Refusal]:
    entries = found if isinstance(found, list) else [found] if rows == 1 and found is not MISSING else None
    if entries is None or len(entries) != rows:
        has = f"{len(entries)} entries" if entries is not None else "no list"
        raise UserError(f'the answer has {has} at "{settings.path}" for {rows} rows: {_LOOK}')
    for at, entry in enumerate(entries):
        status = at_path(entry, settings.status) if settings.status else None
        said = at_path(entry, settings.error) if settings.error else None
        wrong = said is not MISSING and is_complaint(said)
        if status is MISSING and not wrong and settings.error is None:
            raise UserError(
                f'entry {at + 1} of the answer has nothing at "{settings.status}": correct the status of answer'
            )
        if wrong or (status not in (None, MISSING) and not _is_success(status, settings.succeeded)):
            yield Refusal(at, _reason(status, said if wrong else None, entry))


def _of_failure(settings: RowAnswers, entry: Any, rows: int) -> Refusal:
    place = whole_number(at_path(entry, settings.index or ""))
    at = -1 if place is None else place - settings.first_index
    if not 0 <= at < rows:
        raise UserError(
            f'a failure in the answer has no place of one of the {rows} rows at "{settings.index}": correct index and '
            "first_index of answer"
        )
    said = at_path(entry, settings.error) if settings.error else None
    return Refusal(at, _reason(None, None if said is MISSING else said, entry))


def _is_success(status: Any, words: list[str]) -> bool:
    if isinstance(status, bool):
        return status
    number = whole_number(status)
    if number is not None:
        return 0 < number < _FIRST_ERROR
    return isinstance(status, str) and status.strip().casefold() in (word.casefold() for word in words)


def _reason(status: Any, said: Any, entry: Any) -> str:
    text = said if isinstance(said, str) else said_in(said) or said_in(entry)
    shown = "" if status in (None, MISSING) else str(status)
    return safe_line(f"{shown} {text}".strip() or "refused without a reason", 300)


def doubt_about(settings: RowAnswers, status: int, body: bytes) -> str | None:
    """Why an answer that is a success may not be one for all rows, where no settings say how to tell; None if it is."""
    if settings.type != "none":
        return None
    if status == _MULTI_STATUS:
        return "the server answers 207, which is a status for each row"
    if b'"error' not in body:
        return None
    try:
        said = complaint(exact_json.loads(body.decode("utf-8-sig")))
    except (ValueError, RecursionError):
        return None
    return None if said is None else f"an answer has an error in it ({said})"
