"""Attempts of a request that brought nothing, and the errors that they end in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from orch_tui.components.http.wire.responses import HttpError

if TYPE_CHECKING:
    import httpx

MAYBE_TWICE = "orch_tui.maybe_twice"
"""The extension of an answer that says whether an attempt before it may have been carried out as well."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """An attempt without an answer that counts, and whether it is worth another (``again``).

    ``maybe_done`` says that the server may have carried it out all the same; ``known`` that this does no harm, or is
    not so. ``pause`` are seconds that the server asks for.
    """

    reason: str
    again: bool
    known: bool = True
    maybe_done: bool = False
    pause: float | None = None
    response: httpx.Response | None = None
    cause: httpx.HTTPError | None = None


def gave_up(where: str, trouble: Trouble, attempts: int, detail: str) -> HttpError:
    """The error of the last attempt. ``where`` is the method with the address, ``detail`` are the server's words."""
    if not trouble.known:
        return HttpError(
            f"{where}: {trouble.reason}; whether the server carried it out is not known, so it was not repeated",
            maybe_done=True,
        )
    if trouble.response is None:
        tried = f"gave up after {attempts} attempts: " if attempts > 1 else ""
        return HttpError(f"{where}: {tried}{trouble.reason}")
    said = f"{trouble.reason}: {detail}" if detail else trouble.reason
    tried = f"gave up after {attempts} attempts" if attempts > 1 else "failed"
    return HttpError(
        f"{where}: {tried}, the server answered {said}; try again later, or raise the number of retries",
        response=trouble.response,
        detail=detail,
    )


def too_long(where: str, trouble: Trouble, seconds: float, waited: float, limit: float, detail: str) -> HttpError:
    """The error of a pause of ``seconds`` that would be more than a request may wait in all (``limit``)."""
    before = f" after {shown_seconds(waited)} of waiting" if waited else ""
    wants = "wants a pause" if trouble.pause is not None else "needs a pause"
    answer = trouble.response
    limited = " (its limit of requests is used up)" if answer is not None and answer.status_code == 403 else ""
    said = f"the server answered {answer.status_code}{limited} and" if answer is not None else f"{trouble.reason}; it"
    return HttpError(
        f"{where}: {said} {wants} of {shown_seconds(seconds)}{before}, longer than the {shown_seconds(limit)} that a "
        "request may wait; run the task again then, or ask for less",
        response=trouble.response,
        detail=detail,
    )


def shown_seconds(seconds: float) -> str:
    """``1.5 s``, ``90 s``."""
    return f"{seconds:.1f} s" if seconds % 1 and seconds < 10 else f"{seconds:.0f} s"
