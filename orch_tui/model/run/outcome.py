"""What the end of an attempt means, in words."""

from __future__ import annotations

import signal
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from orch_tui.model.dataclass import dataclass
from orch_tui.model.failure import FailureKind
from orch_tui.model.memory import MemoryEnd, says_refused
from orch_tui.model.status import Status
from orch_tui.model.texts.durations import show_duration
from orch_tui.model.texts.sizes import write_size

if TYPE_CHECKING:
    from orch_tui.model.checks.values import CheckResult


@dataclass(frozen=True, slots=True)
class Outcome:
    """``status`` before "continue on failure" is looked at; ``kind`` is None for success and warnings. ``said`` is the
    program's own last line, if it failed by itself."""

    status: Status
    reason: str = ""
    kind: FailureKind | None = None
    said: str = ""


def signal_name(number: int) -> str:
    """``SIGTERM`` for 15; ``signal 99`` for one without a name."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def outcome_of_exit(code: int | None, last_line: str = "", warning: str | None = None, *, oom: str = "") -> Outcome:
    """An attempt that nobody stopped. ``last_line`` is the end of its log: a program's own message. ``oom`` is who
    says that it was killed for want of memory, if somebody does.

    A signal arrives as a negative code, or as 128 + its number when a shell stood between.
    """
    said = f": {last_line}" if last_line else ""
    if code is None:
        return Outcome(Status.ERROR, "its exit code is unknown: it was ended together with its log", FailureKind.LOST)
    if code == 0:
        return Outcome(Status.WARNING, warning) if warning else Outcome(Status.SUCCESS)
    if code == 1:
        return Outcome(Status.ERROR, f"exit code 1{said}", FailureKind.USER, last_line)
    if code in (126, 127):
        what = "a program that is not executable" if code == 126 else "a program that was not found"
        return Outcome(Status.ERROR, f"exit code {code} ({what}){said}", FailureKind.LAUNCH, last_line)
    number = -code if code < 0 else code - 128
    if code < 0 or (128 < code < 128 + signal.NSIG):
        what = f"ended by {signal_name(number)}"
        if number == signal.SIGKILL:
            what = "killed by signal 9 (SIGKILL)" + (f"; out of memory, as {oom} says" if oom else "")
        return Outcome(Status.ERROR, f"{what}{said}", FailureKind.SIGNAL, last_line)
    return Outcome(Status.ERROR, f"exit code {code}{said}", FailureKind.APPLICATION, last_line)


def outcome_within(
    outcome: Outcome, memory: MemoryEnd, limit: int, words: Sequence[str], by: str = "the kernel"
) -> Outcome:
    """The outcome of an attempt that had a limit of memory, in bytes, as ``by`` says. ``words`` are the last lines of
    its log.

    Where the kernel holds the limit by refusing memory, it is for the program to say that it was.
    """
    if outcome.kind is None:
        return outcome
    size = write_size(limit)
    match memory:
        case MemoryEnd.EXCEEDED:
            reason = f"over its memory limit of {size}, as {by} says: {outcome.reason}"
            return replace(outcome, reason=reason, kind=FailureKind.MEMORY)
        case MemoryEnd.SHORT:
            return replace(outcome, reason=f"out of memory, as {by} says, below its limit: {outcome.reason}")
        case MemoryEnd.REFUSING if says_refused(words) and outcome.kind not in (FailureKind.LAUNCH, FailureKind.LOST):
            told = f"it says that it was refused memory, of which each of its processes may have {size}"
            return replace(outcome, reason=f"{told}: {outcome.reason}", kind=FailureKind.MEMORY)
    return outcome


def outcome_of_checks(failed: Sequence[CheckResult]) -> Outcome:
    """An attempt whose outputs were refused by these checks."""
    from orch_tui.model.checks.words import summary_words

    what = "check" if len(failed) == 1 else f"{len(failed)} checks"
    return Outcome(Status.ERROR, f"{what} failed: {summary_words(failed)}", FailureKind.CHECK)


def outcome_of_stop(
    why: FailureKind,
    *,
    killed: bool,
    seconds: float | None,
    timeout: float | None = None,
    total: float | None = None,
    max_log: int | None = None,
    by: str | None = None,
    unkillable: bool = False,
) -> Outcome:
    """An attempt that was stopped. ``seconds`` is the time from the first signal to its end, if known. ``total``: what
    ran out was the time for all attempts of the task together."""
    after = f"{show_duration(seconds)} after" if seconds is not None else "after"
    end = f"ended by {'SIGKILL' if killed else 'SIGTERM'}, {after}"
    if unkillable:
        end = f"not even SIGKILL ended it (it hangs in the kernel), {after}"
    if why is FailureKind.TIMEOUT and total is not None:
        whole = show_duration(total)
        return Outcome(
            Status.ERROR, f"timed out: its attempts may take {whole} together (retry.total); {end} that", why
        )
    if why is FailureKind.TIMEOUT:
        return Outcome(Status.ERROR, f"timed out after {show_duration(timeout)}; {end} the timeout", why)
    if why is FailureKind.LOG_LIMIT:
        size = f"{(max_log or 0) / 2**20:.0f} MiB"
        return Outcome(Status.ERROR, f"its log grew over {size} (max_log_mb); {end} that", why)
    who = f"cancelled by {by}" if by else "cancelled"
    return Outcome(Status.TERMINATED, f"{who}; {end} the request", why)
