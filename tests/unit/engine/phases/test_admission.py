"""Which task starts now, and what becomes of one that cannot."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from orch_tui.engine.attempts.attempts import ActiveAttempt
from orch_tui.engine.attempts.programs import PrepareError
from orch_tui.engine.backends.backend import Backend
from orch_tui.engine.backends.chosen import BackendMissing
from orch_tui.engine.backends.local import LocalBackend
from orch_tui.engine.phases.admission import DISK_POLL, Admission, Limits
from orch_tui.engine.phases.arrays import Arrays
from orch_tui.engine.phases.memory import Memory
from orch_tui.engine.phases.phase_queue import PhaseQueue
from orch_tui.engine.phases.pools import Pools
from orch_tui.engine.processes.launcher import AttemptSpec
from orch_tui.engine.processes.local import LocalLauncher
from orch_tui.engine.record.recorder import Recorder
from orch_tui.model.clocks.run_time import RunTime
from orch_tui.model.events import events
from orch_tui.model.events.reasons import Cause
from orch_tui.model.orchestration.approval import OnTimeout, Question
from orch_tui.model.orchestration.orchestration import TaskOptions
from orch_tui.model.run.plan import Decision, PlannedPhase, PlannedTask, RunPlan
from orch_tui.model.run.run_start import initial_state
from orch_tui.model.run.runstate import RunHeader
from orch_tui.model.status import Status
from orch_tui.project.attempt_dir import attempt_directory, start_file
from orch_tui.project.concurrent.locks import Lock
from orch_tui.project.journal.file import Journal
from orch_tui.project.paths import ProjectPaths

T = RunTime(1_790_000_000.0)


class Stand:
    """A phase of two tasks, ``a`` and ``b``; ``refused`` says what happens to each when it is made ready."""

    def __init__(self, root: Path, options: TaskOptions | None = None, memory: int | None = None) -> None:
        self.refused: dict[str, Exception] = {}
        self.running: dict[str, ActiveAttempt] = {}
        self.followed: list[tuple[Path, Path]] = []
        self.asked = 0
        self.question: Question | None = None
        self.paths = ProjectPaths(root)
        self.tasks = tuple(
            PlannedTask(name, f"command/{name}", name, "p", Decision.RUN, options=options or TaskOptions())
            for name in "ab"
        )
        plan = RunPlan("o", "O", (PlannedPhase("p", "P", self.tasks, 2),))
        header = RunHeader("r", "o", "O", T, "ann")
        directory = self.paths.run("o", "r")
        directory.mkdir(parents=True)
        self.recorder = Recorder(Journal.create(directory, header, plan), initial_state(header, plan), lambda: T)
        self.recorder.record(events.executor(T, pid=1, start=(1, 1), host="h", boot_id="b", by="ann"))
        self.recorder.record(events.phase_started(T, "p"))
        self.queue = PhaseQueue(2, list(self.tasks), T)
        self.backend = LocalBackend(LocalLauncher())
        limits = Limits(Pools(self.paths, {}), Memory(self.paths, memory))
        self.admission = Admission(
            self.recorder,
            self.prepare,
            lambda task: self.backend,
            self.paths,
            limits,
            "run r, {}".format,
            lambda: Arrays(plan, self.recorder, self.paths, directory, "run r, {}".format, lambda: None),
            self.note_asked,
            follow_left=lambda run, record: self.followed.append((run, record)),
        )

    def note_asked(self) -> None:
        self.asked += 1

    def prepare(self, task: PlannedTask, number: int) -> AttemptSpec | Question:
        if self.question is not None and task.id == "a":
            return self.question
        if task.id in self.refused:
            raise self.refused[task.id]
        return AttemptSpec(("true",), {}, "/", self.paths.root)

    def admit(self, **more: bool) -> float | None:
        return self.admission.admit(self.queue, self.running, self.follow, **more)

    def follow(self, attempt: ActiveAttempt) -> None:
        self.running[attempt.task.id] = attempt

    def lock(self, name: str) -> Lock:
        lock = Lock.acquire(self.paths.configuration_lock(f"command/{name}"), "somebody")
        assert lock is not None
        return lock


@pytest.fixture
def make(tmp_path: Path) -> Callable[[], Stand]:
    return lambda: Stand(tmp_path)


def refusal(number: int) -> OSError:
    return OSError(number, os.strerror(number))


def test_all_that_the_limits_allow_starts_at_once(make: Callable[[], Stand]) -> None:
    stand = make()
    assert stand.admit(held=True) is None and not stand.running
    assert stand.admit() is None
    assert list(stand.running) == ["a", "b"] and [one.number for one in stand.running.values()] == [1, 1]
    assert stand.queue.empty


def test_what_the_system_refuses_for_now_is_tried_again_and_says_why(make: Callable[[], Stand]) -> None:
    # GIVEN a disk without room
    stand = make()
    stand.refused = {"a": refusal(errno.ENOSPC)}
    # WHEN tasks may start THEN none does, and it is looked again soon
    assert stand.admit() == DISK_POLL
    because = stand.recorder.state.tasks["a"].because
    assert not stand.running and because is not None and because.cause is Cause.DISK_FULL
    # AND its configuration is free for others meanwhile
    stand.lock("a").close()
    # WHEN there is room THEN it starts
    stand.refused = {}
    stand.queue.promote(T + DISK_POLL)
    assert stand.admit() is None
    assert sorted(stand.running) == ["a", "b"]


@pytest.mark.parametrize("error", [refusal(errno.EACCES), PrepareError("no such program")])
def test_what_can_never_start_fails_and_the_others_go_on(make: Callable[[], Stand], error: Exception) -> None:
    stand = make()
    stand.refused = {"a": error}
    assert stand.admit() is None
    state = stand.recorder.state.tasks["a"]
    assert state.status is Status.ERROR and (str(error) in state.reason or "Permission denied" in state.reason)
    assert list(stand.running) == ["b"]
    stand.lock("a").close()


def test_a_task_whose_configuration_is_in_use_waits_for_whoever_has_it(make: Callable[[], Stand]) -> None:
    stand = make()
    lock = stand.lock("a")
    # GIVEN somebody who runs the configuration THEN the other task goes first
    assert stand.admit() == 0.5
    because = stand.recorder.state.tasks["a"].because
    assert list(stand.running) == ["b"] and because is not None and because.cause is Cause.CONFIGURATION_IN_USE
    assert "somebody" in because.sentence
    # WHEN it is free THEN it starts
    lock.close()
    stand.queue.promote(T + 0.5)
    assert stand.admit() is None
    assert sorted(stand.running) == ["a", "b"]


def test_a_configuration_that_an_interrupted_run_has_elsewhere_says_how_it_gets_free(make: Callable[[], Stand]) -> None:
    # GIVEN a configuration that a job of another run holds, whose executor is gone
    stand = make()
    directory = stand.paths.run("other", "r2")
    directory.mkdir(parents=True)
    plan, header = RunPlan("other", "Other", ()), RunHeader("r2", "other", "Other", T, "ann")
    journal = Journal.create(directory, header, plan)
    attempt = attempt_directory(directory, "t", 1)
    attempt.mkdir(parents=True)
    start_file(attempt).touch(0o600)
    lock = stand.lock("a")
    lock.describe("run r2 of other", attempt)
    lock.close()
    # WHEN somebody still executes that run THEN it is waited for
    stand.admit()
    because = stand.recorder.state.tasks["a"].because
    assert because is not None and because.fields["holder"] == "run r2 of other" and stand.followed == []
    # WHEN nobody does THEN it says what to do
    journal.close()
    stand.queue.promote(T + 0.5)
    stand.admit()
    because = stand.recorder.state.tasks["a"].because
    assert because is not None and because.cause is Cause.CONFIGURATION_IN_USE
    assert because.fields["holder"] == "run r2 of other, which nobody executes: orch-tui run --resume r2"
    # AND its queue is asked what became of the job
    assert stand.followed == [(directory, attempt)]


def test_nothing_starts_while_the_journal_cannot_be_written(
    make: Callable[[], Stand], monkeypatch: pytest.MonkeyPatch
) -> None:
    stand = make()
    stand.recorder.blocked = "no room"
    monkeypatch.setattr(stand.recorder, "flush", lambda: False)
    assert stand.admit() == DISK_POLL and not stand.running

    def written() -> bool:
        stand.recorder.blocked = None
        return True

    monkeypatch.setattr(stand.recorder, "flush", written)
    assert stand.admit() is None and len(stand.running) == 2


def test_one_whose_backend_is_not_there_any_more_has_failed_and_the_others_go_on(make: Callable[[], Stand]) -> None:
    stand = make()
    usual = stand.admission._backend_of

    def backend_of(task: PlannedTask) -> Backend:
        if task.id == "a":
            raise BackendMissing('there is no backend "cluster" in orch.toml')
        return usual(task)

    stand.admission._backend_of = backend_of
    stand.admit()
    gone = stand.recorder.state.tasks["a"]
    assert gone.status is Status.ERROR and gone.reason.endswith('no backend "cluster" in orch.toml')
    assert set(stand.running) == {"b"}


def test_what_does_not_fit_into_the_memory_of_this_machine_waits_unless_it_runs_elsewhere(tmp_path: Path) -> None:
    # GIVEN two tasks of 60 bytes, in a project of 100
    stand = Stand(tmp_path, TaskOptions(memory=60), memory=100)
    # WHEN they are to start THEN one does, and the other says why not
    assert stand.admit() is not None and list(stand.running) == ["a"]
    because = stand.recorder.state.tasks["b"].because
    assert because is not None and because.cause is Cause.MEMORY
    # WHEN it is for another machine THEN what this one has is nothing to it
    stand.backend.key = "cluster"
    stand.queue.promote(T + 1)
    stand.admit()
    assert list(stand.running) == ["a", "b"] and [len(one.locks) for one in stand.running.values()] == [2, 1]


@pytest.mark.parametrize(("timeout", "pause"), [(None, None), (60.0, 60.0)])
def test_people_are_asked_once_and_somebody_is_told_of_it(
    make: Callable[[], Stand], timeout: float | None, pause: float | None
) -> None:
    # GIVEN an approval and a task beside it
    stand = make()
    stand.question = Question("Go?", timeout=timeout, on_timeout=OnTimeout.REJECT)
    # WHEN they may start THEN the question is asked, whoever wants to know is told, and the task goes on
    stand.admit()
    asked = stand.recorder.state.tasks["a"]
    assert asked.question is not None and stand.asked == 1 and list(stand.running) == ["b"]
    assert asked.until == (None if timeout is None else T + timeout)
    # AND it is not asked again; the configuration is free for others
    assert stand.admit() == pause and stand.asked == 1
    stand.lock("a").close()
