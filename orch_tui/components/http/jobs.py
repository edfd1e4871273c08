"""Jobs on the other side: submit one, ask until it is done, fetch what it made."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field, field_validator

from orch_tui.components.http.json.json_path import MISSING, at_path
from orch_tui.components.http.paging.settings import Call
from orch_tui.components.http.variants import Choice, used_with
from orch_tui.components.http.wire.addresses import linked
from orch_tui.components.http.wire.responses import server_message
from orch_tui.components.http.wire.retry import retry_after
from orch_tui.model.errors import UserError
from orch_tui.model.texts.text import safe_line

if TYPE_CHECKING:
    import httpx

    from orch_tui.components.http.client import HttpClient

_USED = used_with("poll")
_PLACE = re.compile(r"header:[A-Za-z0-9-]+|body:[^\s:]+|(?!header:|body:)\S+")
_SAFE_ID = re.compile(r"[A-Za-z0-9._~:@!$&'()*+,;=-]{1,500}")


class Job(Choice):
    """What comes after the request that submits a job.

    An address is ``header:NAME`` or ``body:path.in.the.answer`` of an answer, or a path with ``{id}`` in it.
    """

    type: Literal["none", "poll"] = Field(
        default="none",
        title="Kind of job",
        description="poll: the request only submits a job; ask how it is until it is done, then fetch the records.",
    )
    id_path: str | None = Field(
        default=None,
        title="Id",
        description="Where the answer to the submission has the job's id, for {id} in the addresses below.",
        json_schema_extra=_USED,
    )
    poll: str | None = Field(
        default=None,
        title="Address to ask",
        description="header:Operation-Location or body:links.status of the answer to the submission, or /jobs/{id}.",
        json_schema_extra=used_with("poll", needed=True),
    )
    status: str | None = Field(
        default=None,
        title="Status",
        description="Where the answer has the status. If empty, the status code counts: 202 is running, 200 is done.",
        json_schema_extra=_USED,
    )
    succeeded: list[str] = Field(
        default=["succeeded", "success", "successful", "completed", "complete", "done", "finished", "ready"],
        title="Done",
        description="What the status says when the job is done; case does not count.",
        json_schema_extra=_USED,
    )
    failed: list[str] = Field(
        default=["failed", "failure", "error", "cancelled", "canceled", "aborted", "expired", "rejected"],
        title="Failed",
        description="What the status says when the job has failed. Everything else is running.",
        json_schema_extra=_USED,
    )
    interval: float = Field(
        default=5.0,
        ge=0,
        le=3600,
        title="Interval",
        description="Seconds between two questions.",
        json_schema_extra=_USED,
    )
    time_limit: float = Field(
        default=3600.0,
        gt=0,
        title="Time limit",
        description="Seconds after which a job that runs is given up.",
        json_schema_extra=_USED,
    )
    fetch: str | None = Field(
        default=None,
        title="Address of the records",
        description="header:Location or body:result.url of the last answer (or of the first), or /jobs/{id}/rows. If "
        "empty, the last answer has the records.",
        json_schema_extra=_USED,
    )

    @field_validator("poll", "fetch")
    @classmethod
    def _is_place(cls, value: str | None) -> str | None:
        if value is not None and not _PLACE.fullmatch(value):
            raise ValueError('write "header:NAME", "body:path.in.the.answer" or a path such as "/jobs/{id}"')
        return value


def run_job(
    client: HttpClient,
    job: Job,
    submission: Call,
    *,
    log: Callable[[str], None],
    progress: Callable[[str], None],
    scratch: Path | None = None,
    sleep: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.time,
) -> Call:
    """Submit a job, wait until it is done, and return the request that fetches its records.

    ``scratch`` is a file for the answers to questions whose body does not matter, which may be the records.

    Raises:
        UserError: a request failed, the job failed or takes longer than its time limit.
    """
    submitted = submission.send(client)
    began = clock()
    identity = _identity(job, submitted)
    poll = Call(_address(job.poll or "", "poll", [submitted], identity), headers=submission.headers)
    # Where the status code tells, the last answer may be all of the records.
    into = scratch if job.status is None and not (job.fetch or "").startswith("body:") else None
    log("the job is submitted")
    while True:
        answer = poll.send(client, into)
        state, verdict = _verdict(job, answer)
        passed = clock() - began
        if verdict is True:
            log(f"the job is done after {passed:.0f} s")
            break
        if verdict is False:
            reason = server_message(answer, client.hide)
            more = f": {reason}" if reason and reason.casefold() != state.casefold() else ""
            raise UserError(f"the job ended with status {state}{more}; nothing was read")
        if passed >= job.time_limit:
            raise UserError(
                f"the job is still {state} after {passed:.0f} s; ask for less, or raise the time_limit of job"
            )
        progress(f"job: {state}, {passed:.0f} s")
        wanted = retry_after(answer, clock())
        sleep(max(0.0, min(job.interval if wanted is None else wanted, job.time_limit - passed)))
    if job.fetch is None:
        return poll
    return Call(_address(job.fetch, "fetch", [answer, submitted], identity), headers=submission.headers)


def _verdict(job: Job, answer: httpx.Response) -> tuple[str, bool | None]:
    """The status in words, and True, False or None for done, failed and running."""
    if job.status is None:
        return ("done", True) if answer.status_code != 202 else ("running", None)
    found = at_path(_body(answer), job.status)
    if not isinstance(found, str | int):
        if answer.status_code == 202:
            return "accepted", None
        raise UserError(f'the answer about the job has no status at "{job.status}"; correct the status of job')
    state = safe_line(str(found), 60)
    folded = str(found).strip().casefold()
    if folded in (item.casefold() for item in job.succeeded):
        return state, True
    if folded in (item.casefold() for item in job.failed):
        return state, False
    return state, None


def _identity(job: Job, submitted: httpx.Response) -> str | None:
    if job.id_path is None:
        return None
    found = at_path(_body(submitted), job.id_path)
    # The id becomes a part of an address: it must not lead elsewhere.
    text = str(found) if isinstance(found, str | int) else ""
    if not _SAFE_ID.fullmatch(text) or text in (".", ".."):
        raise UserError(f'the answer to the submission has no id of a job at "{job.id_path}"; correct id_path')
    return text


def _address(place: str, name: str, answers: list[httpx.Response], identity: str | None) -> str:
    kind, _, key = place.partition(":")
    if kind not in ("header", "body"):
        if "{id}" in place and identity is None:
            raise UserError(f"{name} of job has {{id}} in it, so it needs id_path")
        return place.replace("{id}", identity or "")
    for answer in answers:
        found: Any = answer.headers.get(key) if kind == "header" else at_path(_body(answer), key)
        if isinstance(found, str) and found:
            return linked(answer, found, f'"{safe_line(key, 60)}" of the answer')
    raise UserError(f'no answer has "{safe_line(key, 60)}" in its {kind}; correct the {name} of job')


def _body(answer: httpx.Response) -> Any:
    try:
        return answer.json()
    except ValueError:
        return MISSING
