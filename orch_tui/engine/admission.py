"""Which task of a phase starts now: the first that the limits allow, if the system lets it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Protocol

from orch_tui.engine.attempts import ActiveAttempt, failed_status, time_limit, total_words
from orch_tui.engine.launcher import AttemptSpec, StopRequest
from orch_tui.engine.obstacles import obstacle, passing_obstacle
from orch_tui.engine.phase_queue import PhaseQueue
from orch_tui.engine.prepare import PrepareError
from orch_tui.engine.recorder import Recorder
from orch_tui.model import events
from orch_tui.model.events import FailureKind
from orch_tui.model.plan import PlannedTask
from orch_tui.model.reasons import Cause, Reason
from orch_tui.project.locks import Lock, holder_of
from orch_tui.project.paths import ProjectPaths

_LOCK_POLL = 0.5
DISK_POLL = 1.0
"""Seconds until what the system refused is tried again."""


class Prepare(Protocol):
    def __call__(self, task: PlannedTask, number: int) -> AttemptSpec: ...


class Admission:
    """Takes tasks out of a phase's queue, makes their next attempts ready and records that they start."""

    def __init__(self, recorder: Recorder, prepare: Prepare, paths: ProjectPaths, who: str) -> None:
        """``who`` is the run in words, for those who find the lock of a configuration taken."""
        self._recorder = recorder
        self._prepare = prepare
        self._paths = paths
        self._who = who

    def admit(
        self,
        queue: PhaseQueue,
        running: Mapping[str, ActiveAttempt],
        follow: Callable[[ActiveAttempt], None],
        *,
        held: bool = False,
    ) -> float | None:
        """Start what may start, nothing while it is ``held``; the seconds until it is worth looking again, None to
        wait for an end or a word.

        ``follow`` takes each attempt that begins, and adds it to ``running``.
        """
        if self._recorder.blocked is not None and not self._recorder.flush():
            return DISK_POLL
        if held:
            return None
        now = self._recorder.now()
        pause = queue.promote(now)
        while (task := queue.next([attempt.task for attempt in running.values()])) is not None:
            queue.remove(task)
            try:
                if not self._try_to_start(task, follow):
                    queue.put_back(task, now + _LOCK_POLL)
                    pause = _LOCK_POLL if pause is None else min(pause, _LOCK_POLL)
            except OSError as error:
                if self._must_wait(task, error):
                    queue.put_back(task, now + DISK_POLL)
                    return DISK_POLL
            if self._recorder.blocked is not None:
                return DISK_POLL
        return pause

    def _try_to_start(self, task: PlannedTask, follow: Callable[[ActiveAttempt], None]) -> bool:
        """False when somebody else has its configuration; else it was started, or never will be.

        Raises: OSError when the system refused anything of it; nothing was started.
        """
        lock = self._lock(task)
        if lock is None:
            return False
        try:
            number = len(self._recorder.state.tasks[task.id].attempts) + 1
            limit = time_limit(task, self._recorder.state.tasks[task.id], self._recorder.now())
            if limit.total is not None and limit.seconds == 0:
                raise PrepareError(f"no time is left for another attempt: {total_words(task)}")
            spec = replace(self._prepare(task, number), timeout=limit.seconds, total=limit.total)
        except PrepareError as error:
            lock.close()
            self._settle(task, str(error))
            return True
        except BaseException:
            lock.close()
            raise
        self._recorder.record(events.spawning(self._recorder.now(), task.id, number))
        follow(ActiveAttempt(task, number, spec, StopRequest(), lock))
        return True

    def _lock(self, task: PlannedTask) -> Lock | None:
        """The lock of the task's configuration, or None after saying who has it. Raises: OSError."""
        path = self._paths.configuration_lock(task.configuration)
        lock = Lock.acquire(path, f"{self._who} (task {task.id})")
        if lock is None:
            holder = holder_of(path) or "another run"
            self._say_why_waiting(task, Reason.of(Cause.CONFIGURATION_IN_USE, holder=holder))
        return lock

    def _must_wait(self, task: PlannedTask, error: OSError) -> bool:
        """What the system refuses to one task is never the end of the others. False: this one has failed of it."""
        reason = passing_obstacle(error)
        if reason is None:
            self._settle(task, f"it cannot be started: {obstacle(error)}")
            return False
        self._say_why_waiting(task, reason)
        return True

    def _settle(self, task: PlannedTask, reason: str) -> None:
        """It can never start as it is."""
        now, kind = self._recorder.now(), FailureKind.LAUNCH
        self._recorder.record(events.settled(now, task.id, failed_status(task), Reason.said(reason), kind))

    def _say_why_waiting(self, task: PlannedTask, reason: Reason) -> None:
        if self._recorder.state.tasks[task.id].because != reason:
            self._recorder.record(events.waiting(self._recorder.now(), task.id, reason))
