"""What follows the end of an attempt: another one, when, and what is written down of it."""

from __future__ import annotations

import asyncio
import errno
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from orch_tui.engine.attempts.attempts import ActiveAttempt, AttemptRunner
from orch_tui.engine.attempts.time_limits import time_limit
from orch_tui.engine.backends.backend import Finding, Left, Told
from orch_tui.engine.processes.launcher import AttemptSpec, Exit, Identity, StopRequest
from orch_tui.engine.record.recorder import Recorder
from orch_tui.model.clocks.run_time import RunTime
from orch_tui.model.events import events
from orch_tui.model.failure import FailureKind
from orch_tui.model.orchestration.orchestration import TaskOptions
from orch_tui.model.orchestration.retry import Backoff, Retry, RetryOn
from orch_tui.model.run.attempt_state import AttemptState
from orch_tui.model.run.plan import Decision, PlannedPhase, PlannedTask, RunPlan
from orch_tui.model.run.run_start import initial_state
from orch_tui.model.run.runstate import RunHeader, TaskState
from orch_tui.model.status import Status
from orch_tui.project.journal.file import Journal, read_run

T = 1_790_000_000.0


class Stand:
    """One task whose attempts end as they are told; ``now`` is its clock."""

    def __init__(self, directory: Path, options: TaskOptions) -> None:
        self.directory = directory
        self.now = T
        self.task = PlannedTask("t", "command/t", "T", "p", Decision.RUN, options=options)
        plan = RunPlan("o", "O", (PlannedPhase("p", "P", (self.task,), 1),))
        header = RunHeader("r", "o", "O", T, "ann")
        journal = Journal.create(directory, header, plan)
        self.recorder = Recorder(journal, initial_state(header, plan), lambda: RunTime(self.now))
        self.recorder.record(events.executor(T, pid=1, start=(1, 1), host="h", boot_id="b", by="ann"))
        self.end: Exit | OSError = Exit(0)
        self.adopted = False

    key = ""

    def name_job(self) -> str:
        return ""

    def inspect(self, directory: Path, known: AttemptState, starter: Mapping[str, Any]) -> Finding:
        raise AssertionError("nobody looks for what goes on")

    def adopt(self, spec: AttemptSpec, left: Left) -> Stand:
        return self

    async def start(self, spec: AttemptSpec, name: str, inherit: tuple[int, ...] = ()) -> Stand:
        if isinstance(self.end, OSError):
            raise self.end
        return self

    async def wait(self, stop: StopRequest, told: Told) -> Exit:
        if not self.adopted:
            told.started(process=Identity(7, 1, 2))
        assert isinstance(self.end, Exit)
        return self.end

    def attempt(self, end: Exit | OSError, *, adopted: bool = False, cancelled_by: str | None = None) -> float | None:
        """Run one attempt to this end; when the next one is due."""
        number = len(self.state.attempts) + 1
        spec = AttemptSpec(("x",), {}, "/", self.directory)
        active = ActiveAttempt(self.task, number, spec, StopRequest(), self, cancelled_by=cancelled_by)
        active.adopted, self.adopted = self if adopted else None, adopted
        self.end = end
        self.recorder.record(events.spawning(self.now, "t", number))
        return asyncio.run(AttemptRunner(self.recorder, lambda task: None).run(active))

    @property
    def state(self) -> TaskState:
        return self.recorder.state.tasks["t"]


def _stand(directory: Path, retry: Retry | None = None, **options: Any) -> Stand:
    return Stand(directory, TaskOptions(retry=retry, **options))


@pytest.mark.parametrize(
    ("end", "again"),
    [
        (Exit(1), True),
        (Exit(2), True),
        (Exit(-9), True),
        (Exit(137), True),
        (Exit(None, FailureKind.TIMEOUT), True),
        (Exit(None, FailureKind.LOG_LIMIT), True),
        (Exit(0), False),
        (Exit(126), False),
        (Exit(127), False),
        (Exit(None, FailureKind.CANCEL), False),
        (Exit(None, lost="lost: it is gone"), False),
        (Exit(None), False),
        (OSError(2, "No such file or directory"), False),
    ],
)
def test_only_what_may_go_better_next_time_is_tried_again(tmp_path: Path, end: Exit | OSError, again: bool) -> None:
    stand = _stand(tmp_path, Retry(1, 5.0))
    assert stand.attempt(end) == (T + 5.0 if again else None)
    assert stand.state.status.final is not again


def test_what_the_system_may_give_later_is_waited_for_and_uses_up_no_retry(tmp_path: Path) -> None:
    # GIVEN a task without a retry WHEN there is no process for it, again and again
    stand = _stand(tmp_path, None)
    short = BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable")
    assert [stand.attempt(short) for _ in range(8)] == [T + pause for pause in (1, 2, 4, 8, 16, 32, 60, 60)]
    # THEN it still waits, and what begins at last counts as its first attempt
    assert stand.attempt(Exit(0)) is None and stand.state.succeeded
    assert sum(attempt.counts for attempt in stand.state.attempts) == 1


def test_what_began_and_cannot_be_followed_has_failed(tmp_path: Path) -> None:
    # GIVEN a task whose process had begun when there was no descriptor left to follow it with
    stand = _stand(tmp_path, None)
    (tmp_path / "exit").touch()
    assert stand.attempt(OSError(errno.EMFILE, "Too many open files")) is None
    assert stand.state.reason == "could not be started: Too many open files: x"


def test_what_was_cancelled_is_not_tried_again(tmp_path: Path) -> None:
    assert _stand(tmp_path, Retry(3)).attempt(Exit(1), cancelled_by="ann") is None


def test_retries_end_and_their_waits_double(tmp_path: Path) -> None:
    stand = _stand(tmp_path, Retry(3, 10.0, Backoff.DOUBLING))
    assert [stand.attempt(Exit(1)) for _ in range(4)] == [T + 10, T + 20, T + 40, None]
    assert stand.state.status is Status.ERROR


@pytest.mark.parametrize("kills", [1, 2, 4])
def test_an_attempt_that_never_began_uses_up_no_retry_and_lengthens_no_wait(tmp_path: Path, kills: int) -> None:
    # GIVEN a task with one retry, whose first attempts never began: their executors were killed before
    stand = _stand(tmp_path, Retry(1, 10.0, Backoff.DOUBLING))
    for number in range(1, kills + 1):
        stand.recorder.record(events.spawning(T, "t", number))
        never = events.ended(
            T, "t", number, Status.ERROR, "never", kind=FailureKind.LOST, retry_at=T, uncounted=number % 2 == 0 or None
        )
        # (Half of them as older programs wrote it.)
        stand.recorder.record(never)
    # WHEN it fails once THEN its retry is left, with the wait of a first one, and the numbers go together
    assert stand.attempt(Exit(1)) == T + 10
    assert (stand.state.attempts[-1].number, stand.state.max_attempts) == (kills + 1, kills + 2)
    # AND after that none is
    assert stand.attempt(Exit(1)) is None
    # AND the journal says the same
    state = read_run(tmp_path).tasks["t"]
    assert [attempt.counts for attempt in state.attempts] == [False] * kills + [True, True]


def test_a_wait_begins_when_the_task_ended_and_not_when_somebody_looked(tmp_path: Path) -> None:
    # GIVEN a task that began at once and ended 7 s later, of which an executor learns an hour later
    stand = _stand(tmp_path, Retry(2, 30.0))
    stand.recorder.record(events.spawning(T, "t", 1))
    active = ActiveAttempt(stand.task, 1, AttemptSpec((), {}, "", tmp_path), StopRequest(), stand, adopted=stand)
    stand.now, stand.end, stand.adopted = T + 3600, Exit(1, ended=T + 7), True
    retry_at = asyncio.run(AttemptRunner(stand.recorder, lambda task: None).run(active))
    # THEN its time is that of its end, and the wait is over
    assert stand.state.attempts[0].seconds == 7
    assert retry_at == T + 3600
    # AND an end that cannot be right is put right
    for said, seconds in ((T + 3500, 0.0), (T + 9999, 1.0)):
        stand.recorder.record(events.spawning(T + 3600, "t", len(stand.state.attempts) + 1))
        active = ActiveAttempt(stand.task, len(stand.state.attempts), active.spec, StopRequest(), stand, adopted=stand)
        stand.now, stand.end = T + 3601, Exit(1, ended=said)
        asyncio.run(AttemptRunner(stand.recorder, lambda task: None).run(active))
        assert stand.state.attempts[-1].seconds == seconds


def test_all_attempts_together_have_a_limit_of_time(tmp_path: Path) -> None:
    # GIVEN retries without end, ten seconds apart, within a minute
    stand = _stand(tmp_path, Retry(1000, 10.0, total=60.0), timeout=25.0)
    assert time_limit(stand.task, stand.state, stand.now) == (25.0, None)
    # WHEN each attempt takes ten seconds
    starts = []
    due: float | None = stand.now
    while due is not None:
        stand.now = due
        starts.append(due - T)
        limit = time_limit(stand.task, stand.state, stand.now)
        stand.recorder.record(events.spawning(stand.now, "t", len(stand.state.attempts) + 1))
        active = ActiveAttempt(
            stand.task, len(stand.state.attempts), AttemptSpec((), {}, "", tmp_path), StopRequest(), stand
        )
        stand.now, stand.end = stand.now + 10, Exit(1)
        due = asyncio.run(AttemptRunner(stand.recorder, lambda task: None).run(active))
    # THEN the last one starts within the minute, may take only what is left of it, and the reason says why it was
    assert starts == [0, 20, 40]
    assert limit == (20.0, 60.0)
    assert stand.state.status is Status.ERROR
    assert stand.state.reason == "exit code 1; no time for another attempt: all together may take 1:00 (retry.total)"


def test_what_another_machine_shall_carry_is_on_the_disk_before_it_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # GIVEN a backend elsewhere, and a disk that takes its time, or nothing
    stand, order, real = _stand(tmp_path), list[str](), Stand.start
    stand.key, room = "cluster", [True]

    def to_disk(descriptor: int) -> None:
        order.append("disk")
        if not room[0]:
            raise OSError(errno.EIO, os.strerror(errno.EIO))

    async def start(self: Stand, spec: AttemptSpec, name: str, inherit: tuple[int, ...] = ()) -> Stand:
        order.append("asked")
        return await real(self, spec, name, inherit)

    monkeypatch.setattr(os, "fdatasync", to_disk)
    monkeypatch.setattr(Stand, "start", start)
    # WHEN it cannot be written down THEN nothing is asked for, and it is tried again
    room[0] = False
    assert stand.attempt(Exit(0)) is not None and order == ["disk"]
    assert not stand.state.attempts[0].counts
    # WHEN it can be THEN that comes first
    room[0] = True
    assert stand.attempt(Exit(0)) is None and order[1:3] == ["disk", "asked"]
    assert stand.state.status is Status.SUCCESS


def test_a_timeout_by_the_limit_of_all_says_so(tmp_path: Path) -> None:
    stand = _stand(tmp_path, Retry(5, total=60.0))
    stand.recorder.record(events.spawning(T, "t", 1))
    spec = AttemptSpec((), {}, "", tmp_path, timeout=60.0, total=60.0)
    stand.now, stand.end = T + 61, Exit(None, FailureKind.TIMEOUT, seconds_to_stop=0.5)
    active = ActiveAttempt(stand.task, 1, spec, StopRequest(), stand)
    assert asyncio.run(AttemptRunner(stand.recorder, lambda task: None).run(active)) is None
    assert stand.state.reason.startswith("timed out: its attempts may take 1:00 together (retry.total)")


def _on(*texts: str) -> tuple[RetryOn, ...]:
    return tuple(map(RetryOn.parse, texts))


@pytest.mark.parametrize(
    ("on", "end", "log", "again"),
    [
        (("exit: 75",), Exit(75), "", True),
        (("exit: 75",), Exit(1), "", False),
        (("signal",), Exit(-9), "", True),
        (("signal",), Exit(1), "", False),
        (("timeout",), Exit(None, FailureKind.TIMEOUT), "", True),
        (("timeout",), Exit(1), "timeout", False),
        (("contains: Connection RESET",), Exit(1), "first\nERROR connection reset by peer\n", True),
        (("contains: connection reset",), Exit(1), "connection reset\nno such table\n", False),
        (("equals: try later",), Exit(1), "try later\n", True),
        (("equals: try later",), Exit(1), "try later, please\n", False),
        (("equals: exit code 3",), Exit(3), "", True),
        (("timeout", "exit: 3"), Exit(3), "", True),
        (("lost",), Exit(None, lost="lost: it is gone"), "", True),
        (("contains: gone",), Exit(None, lost="lost: it is gone"), "", False),
        (("exit: 127",), Exit(127), "", False),
    ],
)
def test_only_failures_that_are_named_are_tried_again(
    tmp_path: Path, on: tuple[str, ...], end: Exit, log: str, again: bool
) -> None:
    # GIVEN a retry after some failures only WHEN an attempt fails
    (tmp_path / "log").write_text(log)
    stand = _stand(tmp_path, Retry(1, 5.0, on=_on(*on)))
    retry_at = stand.attempt(end)
    # THEN it is tried again if it is one of them, and else the reason says why not
    assert retry_at == (T + 5.0 if again else None)
    unnamed = "not tried again: it is none of the failures of retry.on"
    assert (unnamed in stand.state.reason) is not again
    # AND that attempt counts, so that retries end
    assert stand.attempt(end) is None
    assert [attempt.counts for attempt in read_run(tmp_path).tasks["t"].attempts] == [True, True]


def test_jitter_spreads_what_failed_together_and_is_the_same_when_asked_again() -> None:
    # GIVEN ten thousand tasks that fail at once
    retry = Retry(1, 10.0, jitter=5.0)
    waits = [retry.wait_before(2, f"run-1 task-{number}") for number in range(10_000)]
    # THEN their waits fill the time evenly, none is below the delay or above what the jitter adds
    assert min(waits) >= 10.0 and max(waits) <= 15.0 <= retry.longest_wait
    assert all(800 < sum(low <= wait - 10 < low + 0.5 for wait in waits) < 1200 for low in (i / 2 for i in range(10)))
    # AND whoever asks again hears the same, another run another one
    assert retry.wait_before(2, "run-1 task-7") == waits[7] != retry.wait_before(2, "run-2 task-7")


@pytest.mark.parametrize(("by", "who"), [("", "the kernel"), ("Slurm", "Slurm")])
def test_who_killed_it_for_want_of_memory_is_named(tmp_path: Path, by: str, who: str) -> None:
    stand = _stand(tmp_path)
    stand.attempt(Exit(137, oom=True, oom_by=by))
    assert stand.state.status is Status.ERROR and who in stand.state.reason and "memory" in stand.state.reason
