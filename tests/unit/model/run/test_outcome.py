"""What the end of an attempt means."""

from __future__ import annotations

import signal

import pytest
from orch_tui.model.failure import FailureKind
from orch_tui.model.run.attempt_state import AttemptState
from orch_tui.model.run.outcome import Outcome, outcome_of_exit, outcome_of_stop, signal_name
from orch_tui.model.status import Status

LAST = 128 + signal.NSIG - 1


@pytest.mark.parametrize(
    ("code", "reason", "kind"),
    [
        (1, "exit code 1: oh", FailureKind.USER),
        (2, "exit code 2: oh", FailureKind.APPLICATION),
        (125, "exit code 125: oh", FailureKind.APPLICATION),
        (126, "exit code 126 (a program that is not executable): oh", FailureKind.LAUNCH),
        (127, "exit code 127 (a program that was not found): oh", FailureKind.LAUNCH),
        (128, "exit code 128: oh", FailureKind.APPLICATION),
        (129, "ended by SIGHUP: oh", FailureKind.SIGNAL),
        (-1, "ended by SIGHUP: oh", FailureKind.SIGNAL),
        (-15, "ended by SIGTERM: oh", FailureKind.SIGNAL),
        (137, "killed by signal 9 (SIGKILL): oh", FailureKind.SIGNAL),
        (-9, "killed by signal 9 (SIGKILL): oh", FailureKind.SIGNAL),
        (LAST, "ended by SIGRTMAX: oh", FailureKind.SIGNAL),
        (LAST + 1, f"exit code {LAST + 1}: oh", FailureKind.APPLICATION),
        (255, "exit code 255: oh", FailureKind.APPLICATION),
    ],
)
def test_an_exit_code_says_what_happened(code: int, reason: str, kind: FailureKind) -> None:
    assert outcome_of_exit(code, "oh") == Outcome(Status.ERROR, reason, kind, "oh")
    assert outcome_of_exit(code).reason == reason.removesuffix(": oh")


def test_an_exit_without_a_fault_may_warn() -> None:
    assert outcome_of_exit(0, "bye") == Outcome(Status.SUCCESS)
    assert outcome_of_exit(0, "bye", "late") == Outcome(Status.WARNING, "late")
    # What a program that failed says of warnings does not count.
    assert outcome_of_exit(1, "", "late").status is Status.ERROR


def test_without_a_code_it_is_lost() -> None:
    lost = outcome_of_exit(None, "oh")
    assert (lost.status, lost.kind) == (Status.ERROR, FailureKind.LOST)


@pytest.mark.parametrize(("code", "told"), [(-9, True), (137, True), (-15, False), (1, False)])
def test_memory_is_the_cause_only_of_a_kill(code: int, told: bool) -> None:
    assert ("out of memory" in outcome_of_exit(code, oom="the kernel").reason) is told
    assert "out of memory" not in outcome_of_exit(code).reason


def test_a_signal_has_a_name_or_a_number() -> None:
    assert (signal_name(15), signal_name(99)) == ("SIGTERM", "signal 99")


@pytest.mark.parametrize(
    ("why", "more", "reason"),
    [
        (FailureKind.TIMEOUT, {"timeout": 90.0}, "timed out after 1:30; ended by SIGTERM, 2.0 s after the timeout"),
        (
            FailureKind.TIMEOUT,
            {"timeout": 90.0, "total": 60.0},
            "timed out: its attempts may take 1:00 together (retry.total); ended by SIGTERM, 2.0 s after that",
        ),
        (
            FailureKind.LOG_LIMIT,
            {"max_log": 3 << 20},
            "its log grew over 3 MiB (max_log_mb); ended by SIGTERM, 2.0 s after that",
        ),
        (FailureKind.LOG_LIMIT, {}, "its log grew over 0 MiB (max_log_mb); ended by SIGTERM, 2.0 s after that"),
    ],
)
def test_what_went_over_its_limit_failed(why: FailureKind, more: dict[str, float], reason: str) -> None:
    outcome = outcome_of_stop(why, killed=False, seconds=2.0, **more)  # type: ignore[arg-type]
    assert outcome == Outcome(Status.ERROR, reason, why)


def test_what_was_cancelled_was_terminated() -> None:
    by = outcome_of_stop(FailureKind.CANCEL, killed=True, seconds=None, by="ann")
    assert by == Outcome(Status.TERMINATED, "cancelled by ann; ended by SIGKILL, after the request", FailureKind.CANCEL)
    # A total that ran out is no matter of a request.
    alone = outcome_of_stop(FailureKind.CANCEL, killed=False, seconds=0.0, total=5.0)
    assert alone.reason == "cancelled; ended by SIGTERM, 0.0 s after the request"


def test_what_nothing_ends_is_said() -> None:
    hung = outcome_of_stop(FailureKind.CANCEL, killed=True, seconds=30.0, unkillable=True)
    assert hung.reason == "cancelled; not even SIGKILL ended it (it hangs in the kernel), 30 s after the request"


def test_an_attempt_took_from_its_start_to_its_end() -> None:
    assert AttemptState(1, 10.0).seconds is None
    assert AttemptState(1, 10.0, started=12.0, ended=15.0).seconds == 3.0
    assert AttemptState(1, 10.0, ended=15.0).seconds == 5.0
    assert AttemptState(1, 10.0, started=12.0, ended=11.0).seconds == 0.0
    assert AttemptState(1, 10.0, started=12.0, ended=12.0).seconds == 0.0
    assert AttemptState(1, 10.0).executor == -1
