"""The phase executor: phases one after another, tasks of a phase in parallel, every decision an event."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Collection, Iterable
from functools import partial
from math import inf
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING

from orch_tui.engine.attempts.attempts import ActiveAttempt, AttemptRunner
from orch_tui.engine.attempts.nested import nested_in_run
from orch_tui.engine.backends.backend import Backend
from orch_tui.engine.phases.admission import DISK_POLL, Admission, Limits, Prepare
from orch_tui.engine.phases.interventions import InterventionDesk
from orch_tui.engine.phases.phase_queue import PhaseQueue
from orch_tui.engine.phases.walk import Walk
from orch_tui.engine.processes.process import own_identity
from orch_tui.engine.record.recorder import Recorder
from orch_tui.engine.requests.requests import CancelRequest, Mailbox, Request
from orch_tui.model.clocks.machine_clock import uptime
from orch_tui.model.clocks.run_time import RunTime
from orch_tui.model.events import events
from orch_tui.model.events.reasons import Cause, Reason
from orch_tui.model.failure import FailureKind
from orch_tui.model.run.plan import PlannedPhase, PlannedTask, RunPlan
from orch_tui.model.status import Status
from orch_tui.project.concurrent.pool_slots import who_waits
from orch_tui.project.paths import ProjectPaths

if TYPE_CHECKING:
    from orch_tui.engine.phases.arrays import Arrays

_POLL = 0.25
_DELETED = "orch-tui, because the run's journal was deleted"


class _HandOver(Exception):
    """Leave: another process goes on with the run."""


class PhaseExecutor:
    """Executes one plan. Everything here runs on one asyncio loop; only ``request`` and
    ``request_hand_over`` may come from elsewhere."""

    def __init__(
        self,
        plan: RunPlan,
        recorder: Recorder,
        backend_of: Callable[[PlannedTask], Backend],
        prepare: Prepare,
        paths: ProjectPaths,
        limits: Limits,
        directory: Path,
        by: str,
        adopted: Iterable[ActiveAttempt] = (),
        on_asked: Callable[[], object] | None = None,
        follow_left: Callable[[Path, Path], None] | None = None,
    ) -> None:
        """``backend_of`` is what carries the attempts of a task. ``adopted``: attempts that an earlier executor of this
        run started and that go on. ``on_asked`` is called when a task has asked people something. ``follow_left`` is
        :meth:`orch_tui.engine.runs.left_behind.LeftBehind.follow`."""
        self._plan = plan
        self._recorder = recorder
        self._state = recorder.state
        self._attempts = AttemptRunner(recorder, partial(nested_in_run, paths, plan, directory.name))
        self._adopted = list(adopted)
        who = partial(who_waits, directory.name, plan.orchestration)
        self._arrays = (plan, recorder, paths, directory, who, self._wake_up)
        asks = (on_asked, follow_left)
        self._admission = Admission(recorder, prepare, backend_of, paths, limits, who, self._make_arrays, *asks)
        self._walk = Walk(plan, recorder)
        self._by = by
        self._mailbox = Mailbox(directory)
        self._interventions = InterventionDesk(plan, recorder)
        self._requests: SimpleQueue[Request] = SimpleQueue()
        self._running: dict[str, ActiveAttempt] = {}
        self._background: set[asyncio.Task[None]] = set()
        self._wake: asyncio.Future[None] | None = None
        self._cancelled: CancelRequest | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._queue: PhaseQueue | None = None
        self._crash: BaseException | None = None
        self._handing_over = False
        self._give_up_writing = False

    def _make_arrays(self) -> Arrays:
        # Few runs have any.
        from orch_tui.engine.phases.arrays import Arrays

        return Arrays(*self._arrays)

    # -- from any thread ---------------------------------------------------------------------------------------

    def request(self, request: Request) -> None:
        """Ask the run to stop, or something else of it. Thread-safe; without effect once the run has ended."""
        self._requests.put(request)
        if self._loop is not None:
            # RuntimeError: the loop is closed, the run has ended meanwhile.
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._take_requests)

    def request_hand_over(self) -> None:
        """Stop executing and leave the tasks as they are. Thread-safe; ``run`` then returns None."""
        self._handing_over = True
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._wake_up)

    def now(self) -> RunTime:
        """The time on the run's own clock. Thread-safe."""
        return self._recorder.now()

    @property
    def blocked(self) -> str | None:
        """Why the journal cannot be written now; None while it can."""
        return self._recorder.blocked

    def _take_requests(self) -> None:
        while not self._requests.empty():
            self._take(self._requests.get())

    def _take(self, request: Request) -> None:
        if isinstance(request, CancelRequest):
            self._cancel(request)
        elif self._interventions.carry_out(request):
            self._wake_up()

    # -- the run -----------------------------------------------------------------------------------------------

    async def run(self) -> Status | None:
        """Execute the plan and return the run's final state; None if it was handed over."""
        try:
            return await self._run()
        finally:
            # Also after a fault of this program: whoever holds the journal counts as executing the run.
            self._recorder.journal.close()

    async def _run(self) -> Status | None:
        self._loop = asyncio.get_running_loop()
        me = own_identity()
        self._recorder.record(
            events.executor(
                self._recorder.now(),
                pid=me.pid,
                start=(me.start, me.start),
                host=me.host,
                boot_id=me.boot_id,
                by=self._by,
                uptime=round(uptime(), 3),
            ),
            durable=True,
        )
        if self._state.cancelled_by is not None:
            self._cancelled = CancelRequest(self._state.cancelled_by)
        self._take_requests()
        # What was asked for while nobody executed the run holds before anything starts.
        self._look_into_mailbox()
        control = asyncio.ensure_future(self._watch_control())
        try:
            await self._run_phases()
        except _HandOver:
            await self._leave()
            return None
        except BaseException:
            # A fault of this program must not leave its tasks behind.
            for attempt in self._running.values():
                attempt.stop.ask(FailureKind.CANCEL)
            if self._background:
                await asyncio.wait(self._background)
            raise
        else:
            return await self._finish()
        finally:
            control.cancel()
            await asyncio.wait({control})

    async def _run_phases(self) -> None:
        for phase in self._plan.phases:
            under_way = [attempt for attempt in self._adopted if attempt.task.phase == phase.id]
            if self._walk.enters(phase, cancelled_by=self._cancelled_by, under_way=bool(under_way)):
                await self._run_phase(phase, under_way)
            self._walk.leaves(phase, cancelled=self._cancelled is not None)

    @property
    def _cancelled_by(self) -> str | None:
        return None if self._cancelled is None else self._cancelled.by

    async def _run_phase(self, phase: PlannedPhase, under_way: list[ActiveAttempt]) -> None:
        """``under_way`` are attempts of its tasks to go on with."""
        record, now = self._recorder.record, self._recorder.now
        if self._state.phases[phase.id].started is None:
            record(events.phase_started(now(), phase.id))
        running = {attempt.task.id for attempt in under_way}
        waiting = [unit for task in self._walk.left(phase) for unit in self._units(task) if unit.id not in running]
        resumed = {task.id: until for task in waiting if (until := self._resumed_at(task)) is not None}
        limit = self._state.phases[phase.id].max_parallel
        self._queue = queue = PhaseQueue(limit, waiting, now(), resumed)
        self._interventions.open(phase.id, queue)
        for task, until in queue.delayed():
            if task.id not in resumed:
                record(events.waiting(now(), task.id, Reason(Cause.DELAY), until))
        for attempt in under_way:
            by = self._cancelled.by if self._cancelled else self._state.task(attempt.task.id).cancelled_by
            if by is not None:
                attempt.cancelled_by = by
                attempt.stop.ask(FailureKind.CANCEL, now=self._cancelled is not None and self._cancelled.now)
            self._follow(attempt)
        if self._cancelled is not None:
            self._cancel_waiting(None, self._cancelled.by)
        cancelled = {task.id: by for task in waiting if (by := self._state.task(task.id).cancelled_by) is not None}
        for by in set(cancelled.values()):
            # An earlier executor was gone before it came to that.
            self._cancel_waiting({task for task in cancelled if cancelled[task] == by}, by)
        try:
            await self._empty(queue)
        finally:
            self._admission.end_phase()
        self._queue = None
        self._interventions.close()
        self._walk.ended(phase)

    async def _empty(self, queue: PhaseQueue) -> None:
        """Start what is in it, and wait for the end of all."""
        while self._is_open(queue):
            if self._handing_over:
                raise _HandOver
            pause = self._admission.admit(queue, self._running, self._follow, held=self._interventions.held)
            if not self._is_open(queue):
                # The last of them could not even be started: nothing is left that would wake this up.
                break
            await self._wake_or(pause)
            if self._crash is not None:
                raise self._crash

    def _units(self, task: PlannedTask) -> list[PlannedTask]:
        """The task, or what is left of the parts of an array that has unfolded."""
        parts = self._state.tasks[task.id].parts
        return [task] if parts is None else [part.planned for part in parts.states if not part.status.final]

    def _is_open(self, queue: PhaseQueue) -> bool:
        return not queue.empty or bool(self._running) or self._interventions.undecided

    def _resumed_at(self, task: PlannedTask) -> float | None:
        """When a task is due that was waiting for a time when an earlier executor of the run ended.

        Never later than it could have been told to wait from now: that time may be of another clock.
        """
        state, now = self._state.task(task.id), self._recorder.now()
        if (question := state.question) is not None:
            timeout = inf if question.timeout is None else question.timeout
            return min(inf if state.until is None else state.until, now + timeout)
        if state.until is None:
            return None
        retry = task.options.retry
        longest = max(task.options.delay or 0.0, retry.longest_wait if retry else 0.0)
        return min(state.until, now + longest)

    async def _wake_or(self, pause: float | None) -> None:
        """Until something ends or is asked for, or the pause is over."""
        loop = asyncio.get_running_loop()
        self._wake = loop.create_future()
        timer = loop.call_later(pause, self._wake_up) if pause is not None else None
        await self._wake
        if timer is not None:
            timer.cancel()

    def _wake_up(self) -> None:
        if self._wake is not None and not self._wake.done():
            self._wake.set_result(None)

    # -- one attempt -------------------------------------------------------------------------------------------

    def _follow(self, attempt: ActiveAttempt) -> None:
        self._running[attempt.task.id] = attempt
        job = asyncio.ensure_future(self._attempt(attempt))
        self._background.add(job)
        job.add_done_callback(self._attempt_over)

    async def _attempt(self, attempt: ActiveAttempt) -> None:
        try:
            retry_at = await self._attempts.run(attempt)
        finally:
            del self._running[attempt.task.id]
        if retry_at is not None and self._queue is not None:
            self._queue.put_back(attempt.task, retry_at)

    def _attempt_over(self, job: asyncio.Task[None]) -> None:
        self._background.discard(job)
        if not job.cancelled() and (error := job.exception()) is not None:
            self._crash = error
        self._wake_up()

    # -- cancelling --------------------------------------------------------------------------------------------

    async def _watch_control(self) -> None:
        while True:
            self._look_into_mailbox()
            if self._cancelled is None and self._recorder.journal.is_gone():
                self._cancel(CancelRequest(_DELETED))
            await asyncio.sleep(_POLL)

    def _look_into_mailbox(self) -> None:
        # What cannot be read now is read a moment later.
        with contextlib.suppress(OSError):
            self._mailbox.deliver(self._take)

    def _cancel(self, request: CancelRequest) -> None:
        if self._state.finished:
            # All has ended but the writing of it: who does not want to wait for room on the disk need not.
            self._give_up_writing = self._give_up_writing or (request.now and request.task is None)
            return
        if request.task is not None and request.task not in self._state:
            return
        now = self._recorder.now()
        self._recorder.record(events.cancel(now, request.by, now=request.now, task=request.task))
        if request.task is None:
            self._cancelled = request
        for attempt in list(self._running.values()):
            if request.task in (None, attempt.task.id, attempt.task.array or None):
                attempt.cancelled_by = attempt.cancelled_by or request.by
                attempt.stop.ask(FailureKind.CANCEL, now=request.now)
        self._cancel_waiting(None if request.task is None else {request.task}, request.by)
        self._wake_up()

    def _cancel_waiting(self, ids: Collection[str] | None, by: str) -> None:
        """Those of the phase under way that do not run: these tasks, or all with None."""
        now = self._recorder.now()
        for task in self._queue.take_out(ids) if self._queue else ():
            self._recorder.record(
                events.settled(now, task.id, Status.CANCELLED, Reason.of(Cause.CANCELLED, by=by), FailureKind.CANCEL)
            )

    # -- the end -----------------------------------------------------------------------------------------------

    async def _leave(self) -> None:
        """Let go of the tasks without a signal: their locks, logs and exit files live on with them."""
        for job in self._background:
            job.cancel()
        if self._background:
            await asyncio.wait(self._background)
        self._recorder.record(events.note(self._recorder.now(), "info", "handed over"), durable=True)
        self._recorder.flush()
        self._recorder.journal.close()

    async def _finish(self) -> Status:
        status = self._walk.end(self._cancelled_by)
        while not self._recorder.flush():
            await asyncio.sleep(DISK_POLL)
            if self._give_up_writing or (self._cancelled is not None and self._cancelled.now):
                break
        self._recorder.journal.close()
        return status
