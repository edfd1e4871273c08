"""Which task of a phase starts now: the first that the limits allow, if the system lets it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from orch_tui.engine.attempts.attempts import ActiveAttempt, failed_status
from orch_tui.engine.attempts.obstacles import obstacle, passing_obstacle
from orch_tui.engine.attempts.programs import PrepareError
from orch_tui.engine.attempts.time_limits import time_limit, total_words
from orch_tui.engine.backends.backend import Backend
from orch_tui.engine.backends.chosen import BackendMissing
from orch_tui.engine.phases.memory import Memory
from orch_tui.engine.phases.phase_queue import PhaseQueue
from orch_tui.engine.phases.pools import Pools, Taken
from orch_tui.engine.processes.launcher import AttemptSpec, StopRequest
from orch_tui.engine.record.recorder import Recorder
from orch_tui.model.dataclass import dataclass
from orch_tui.model.events import events
from orch_tui.model.events.reasons import Cause, Reason
from orch_tui.model.failure import FailureKind
from orch_tui.model.orchestration.approval import OnTimeout, Question, timeout_words
from orch_tui.model.run.memory import memory_of
from orch_tui.model.run.plan import PlannedTask
from orch_tui.model.run.pools import pool_of
from orch_tui.model.run.runstate import TaskState
from orch_tui.model.status import Status
from orch_tui.project.concurrent.locks import Lock, carried_by, named_in
from orch_tui.project.files.own_files import is_listed
from orch_tui.project.journal.file import JOURNAL, is_executed
from orch_tui.project.paths import ProjectPaths
from orch_tui.project.project import Project

if TYPE_CHECKING:
    from orch_tui.engine.phases.arrays import Arrays

_LOCK_POLL = 0.5
_ABOVE = 3
"""The run is so many directories above its attempts, at most."""
DISK_POLL = 1.0
"""Seconds until what the system refused is tried again."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What all runs of a project share: slots of pools, and memory."""

    pools: Pools
    memory: Memory

    @classmethod
    def of(cls, project: Project) -> Limits:
        paths, settings = project.paths, project.settings
        return cls(Pools(paths, settings.pools), Memory(paths, settings.memory))


class Prepare(Protocol):
    def __call__(self, task: PlannedTask, number: int) -> AttemptSpec | Question: ...


class Admission:
    """Takes tasks out of a phase's queue, makes their next attempts ready and records that they start."""

    def __init__(
        self,
        recorder: Recorder,
        prepare: Prepare,
        backend_of: Callable[[PlannedTask], Backend],
        paths: ProjectPaths,
        limits: Limits,
        who: Callable[[str], str],
        make_arrays: Callable[[], Arrays],
        on_asked: Callable[[], object] | None = None,
        follow_left: Callable[[Path, Path], None] | None = None,
    ) -> None:
        """``backend_of`` is what carries the attempts of a task. ``who`` is a task, by its id, in words: for those who
        find the lock of a configuration or a slot of a pool taken. ``on_asked`` is called when people were asked
        something. ``make_arrays`` makes what unfolds those of the run. ``follow_left`` asks what became of attempts of
        a run, given with what its lock names, that nobody executes."""
        self._recorder = recorder
        self._prepare = prepare
        self._backend_of = backend_of
        self._paths = paths
        self._limits = limits
        self._full: dict[str, Reason] = {}
        self._no_memory: Reason | None = None
        self._who = who
        self._make_arrays = make_arrays
        self._made: Arrays | None = None
        self._on_asked = on_asked
        self._follow_left = follow_left

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
        if self._made is not None:
            self._made.settle()
            self._unfold(self._made, queue, now)
        pause = queue.promote(now)
        # Who waits for the same pool, or for memory, is not asked for one by one.
        self._full, self._no_memory = {}, None
        while (task := queue.next([attempt.task for attempt in running.values()])) is not None:
            queue.remove(task)
            try:
                if task.each is not None and task.item is None:
                    again = self._look_for_parts(task, now)
                else:
                    again = self._try_to_start(task, follow, now)
                if again is not None:
                    queue.put_back(task, again, shared=True)
                    pause = min(inf if pause is None else pause, again - now)
            except OSError as error:
                if self._must_wait(task, error):
                    queue.put_back(task, now + DISK_POLL, shared=True)
                    return DISK_POLL
            if self._recorder.blocked is not None:
                return DISK_POLL
        return None if pause == inf else pause

    def end_phase(self) -> None:
        """Nothing of the phase waits any more."""
        self._limits.pools.leave_all()
        self._limits.memory.leave_all()
        if self._made is not None:
            self._made.leave()

    @property
    def _arrays(self) -> Arrays:
        if self._made is None:
            self._made = self._make_arrays()
        return self._made

    def _look_for_parts(self, task: PlannedTask, now: float) -> float | None:
        """As :meth:`_try_to_start`, for an array: it sleeps until it was found what it is run for. Raises: OSError."""
        try:
            if not self._arrays.hold(task, far=bool(self._backend_of(task).key)):
                self._say_in_use(task)
                return now + _LOCK_POLL
        except BackendMissing as error:
            self._settle(task, str(error))
            return None
        self._arrays.look_for(task)
        return inf

    def _unfold(self, arrays: Arrays, queue: PhaseQueue, now: float) -> None:
        """The parts of arrays that were found stand in their places now, unless people have skipped or stopped one."""
        for task, looked in arrays.found():
            if not queue.take_out({task.id}):
                looked.exception()
                continue
            try:
                queue.unfold(task, arrays.unfold(task, looked))
            except PrepareError as error:
                self._settle(task, str(error))
            except OSError as error:
                if self._must_wait(task, error):
                    queue.put_back(task, now + DISK_POLL)

    def _try_to_start(self, task: PlannedTask, follow: Callable[[ActiveAttempt], None], now: float) -> float | None:
        """When it has to be looked at again, since somebody else has its configuration or has to answer; None when it
        was started, or never will be.

        Raises: OSError when the system refused anything of it; nothing was started.
        """
        state = self._recorder.state.task(task.id)
        if state.question is not None:
            self._time_out(task, state, state.question)
            return None
        try:
            backend = self._backend_of(task)
        except BackendMissing as error:
            # It was taken out of orch.toml while the run went on, or was interrupted.
            self._settle(task, f"it cannot be started: {error}")
            return None
        if task.item is not None and not self._arrays.hold(task, far=bool(backend.key)):
            self._say_in_use(task)
            return now + _LOCK_POLL
        taken = self._take(task, here=not backend.key)
        if taken is None:
            return now + _LOCK_POLL
        try:
            number = len(state.attempts) + 1
            limit = time_limit(task, state, self._recorder.now())
            if limit.total is not None and limit.seconds == 0:
                raise PrepareError(f"no time is left for another attempt: {total_words(task)}")
            made = self._prepare(task, number)
        except PrepareError as error:
            _close(taken)
            self._settle(task, str(error))
            return None
        except BaseException:
            _close(taken)
            raise
        if isinstance(made, Question):
            _close(taken)
            return self._ask(task, number, made)
        spec = replace(made, timeout=limit.seconds, total=limit.total)
        name = backend.name_job()
        # The lock of a configuration that parts have together names all of them already.
        for lock in taken[task.item is not None :] if backend.key else ():
            lock.describe(self._who(task.id), spec.directory)
        self._recorder.record(events.spawning(self._recorder.now(), task.id, number, backend=backend.key, name=name))
        follow(ActiveAttempt(task, number, spec, StopRequest(), backend, name, taken))
        return None

    def _ask(self, task: PlannedTask, number: int, question: Question) -> float:
        """Ask people; when that is over without an answer."""
        now = self._recorder.now()
        until = None if question.timeout is None else now + question.timeout
        self._recorder.record(events.asked(now, task.id, number, question, until), durable=True)
        if self._on_asked is not None:
            self._on_asked()
        return inf if until is None else until

    def _time_out(self, task: PlannedTask, state: TaskState, question: Question) -> None:
        """Nobody has answered in time."""
        approved = question.on_timeout is OnTimeout.APPROVE
        status, kind = (Status.SUCCESS, None) if approved else (failed_status(task), FailureKind.TIMEOUT)
        values = question.defaults if approved else {}
        now, number = self._recorder.now(), len(state.attempts)
        self._recorder.record(
            events.ended(now, task.id, number, status, timeout_words(question), kind=kind, variables=values),
            durable=True,
        )

    def _take(self, task: PlannedTask, *, here: bool) -> tuple[Lock, ...] | None:
        """The lock of the task's configuration, its slots of a pool and its memory; None after saying who has them.

        What one needs that does not run ``here`` is not of this machine's memory.
        """
        pool, _ = pool_of(task)
        full = self._full.get(pool) or (self._no_memory if here and memory_of(task) else None)
        if full is not None:
            self._say_why_waiting(task, full)
            return None
        lock = self._lock(task)
        if lock is None:
            return None
        held = [lock]
        try:
            slots = self._limits.pools.take(task, self._who(task.id))
            if isinstance(slots, Taken):
                held += slots.locks
                memory = self._limits.memory.take(task, self._who(task.id)) if here else Taken()
                if isinstance(memory, Taken):
                    return (*held, *memory.locks)
                self._no_memory = full = memory
            else:
                self._full[pool] = full = slots
        except BaseException:
            _close(held)
            raise
        _close(held)
        self._say_why_waiting(task, full)
        return None

    def _lock(self, task: PlannedTask) -> Lock | None:
        """The lock of the task's configuration, or None after saying who has it. Raises: OSError."""
        if task.item is not None:
            lock = self._arrays.join(task)
        else:
            lock = Lock.acquire(self._paths.configuration_lock(task.configuration), self._who(task.id))
        if lock is None:
            self._say_in_use(task)
        return lock

    def _say_in_use(self, task: PlannedTask) -> None:
        path = self._paths.configuration_lock(task.configuration)
        holder = named_in(path) or "another run"
        attempt = carried_by(path)
        run = (
            None
            if attempt is None
            else next((one for one in attempt.parents[:_ABOVE] if is_listed(one / JOURNAL)), None)
        )
        if run is not None and not is_executed(run):
            # Its job may live: its queue is asked, by who goes on with it, and until then by who waits here.
            if attempt is not None and self._follow_left is not None:
                self._follow_left(run, attempt)
            holder += f", which nobody executes: orch-tui run --resume {run.name}"
        self._say_why_waiting(task, Reason.of(Cause.CONFIGURATION_IN_USE, holder=holder))

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
        before = self._recorder.state.task(task.id).because
        if before is not None and before.cause is reason.cause and reason.cause in (Cause.POOL, Cause.MEMORY):
            # Its holders change all the time: they are named once.
            return
        if before != reason:
            self._recorder.record(events.waiting(self._recorder.now(), task.id, reason))


def _close(locks: Iterable[Lock]) -> None:
    for lock in locks:
        lock.close()
