"""Attempts on other machines that an executor which is gone has left: what each was to be, and what becomes of one that
somebody else waits for.

Where nobody goes on with their run, the lock of a configuration would be theirs for ever: only who follows them asks
their queue. So whoever wants it does, as one who takes the run over would; in their directories stands then how they
ended, which is what such a one finds later. Their journal is left alone.
"""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path

from orch_tui.engine.attempts.nested import inner_orchestration
from orch_tui.engine.attempts.prepare import grace_of, max_log_of
from orch_tui.engine.attempts.time_limits import time_limit
from orch_tui.engine.backends.backend import Job, Left, NotStarted
from orch_tui.engine.backends.chosen import BackendMissing, Backends
from orch_tui.engine.processes.beside import beside
from orch_tui.engine.processes.launcher import AttemptSpec, Identity, StopRequest
from orch_tui.engine.processes.secrets_in_use import secrets_in_use
from orch_tui.engine.record.run_clock import clock_of
from orch_tui.engine.runs.reconcile import starter_of
from orch_tui.model.failure import FailureKind
from orch_tui.model.run.memory import memory_of
from orch_tui.model.run.plan import PlannedTask
from orch_tui.model.run.runstate import RunState, TaskState
from orch_tui.project.attempt_dir import attempt_directory, attempts_of_record, is_carried
from orch_tui.project.journal.file import BrokenJournal, read_run
from orch_tui.project.masking.files import is_masked


def spec_of(directory: Path, task: PlannedTask, state: TaskState, now: float) -> AttemptSpec:
    """What there is to know of the last attempt of a task for following it."""
    last = state.attempts[-1]
    limit = time_limit(task, state, now, begun=last.started or last.spawned)
    component = task.configuration.partition("/")[0]
    place = attempt_directory(directory, task.id, last.number)
    return AttemptSpec(
        (),
        {} if is_masked(place) else secrets_in_use(place),
        "",
        place,
        limit.seconds,
        grace_of(component, task.options),
        max_log_of(task.options),
        limit.total,
        inner_orchestration(task.configuration),
        memory_of(task) or None,
        task.options.resources,
    )


_AGAIN = 10.0


class _Silent:
    """Who follows an attempt of another run has nobody to tell of it."""

    def queued(self, job: str, reason: str) -> None: ...

    def started(self, *, process: Identity | None = None, node: str = "", job: str = "") -> None: ...

    def killing(self, why: FailureKind, grace: float) -> None: ...

    def note(self, level: str, text: str) -> None: ...


class LeftBehind:
    """Of one executor, on its loop; what it follows it leaves with that."""

    def __init__(self, backends: Backends) -> None:
        self._backends = backends
        self._followed: dict[Path, asyncio.Task[None]] = {}

    def follow(self, run: Path, record: Path) -> None:
        """See to it that it becomes known what became of attempts of a run, which ``record`` in a lock's file names:
        one, or all of the parts of an array. Those that are followed already are."""
        for place in attempts_of_record(record):
            if place not in self._followed and is_carried(place):
                self._followed[place] = following = asyncio.ensure_future(self._follow(run, place))
                following.add_done_callback(lambda _, place=place: self._followed.pop(place, None))  # type: ignore[misc]

    async def _follow(self, run: Path, place: Path) -> None:
        # What cannot be read or asked now is tried again, if somebody waits for it then.
        with contextlib.suppress(OSError, BrokenJournal, BackendMissing, NotStarted):
            state = await beside(lambda: read_run(run))
            job = self._job(run, state, place)
            if job is not None:
                await job.wait(StopRequest(), _Silent())
        if is_carried(place):
            await asyncio.sleep(_AGAIN)

    def _job(self, run: Path, state: RunState, place: Path) -> Job | None:
        task = state.task(place.parent.name) if place.parent.name in state else None
        if task is None or task.attempt is None or str(task.attempt.number) != place.name:
            return None
        known, clock = task.attempt, clock_of(state)
        backend = self._backends.of_attempt(known)
        if not backend.key:
            return None
        starter = starter_of(state, known)
        left = Left(known, starter, backend.inspect(place, known, starter), clock.of_file, in_use=True)
        return backend.adopt(spec_of(run, task.planned, task, clock.now()), left)
