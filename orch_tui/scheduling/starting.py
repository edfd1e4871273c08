"""A scheduled start, in the process that executes the run: claim the time, take its turn, start, keep what came."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from orch_tui.engine.attempts.task_facts import UnresolvedVariables
from orch_tui.engine.requests.requests import CancelRequest, ask, who_am_i
from orch_tui.engine.runs.start import ActiveRun, AlreadyRunning, RunRefused, RunRequest, plan_run, start_run
from orch_tui.model.errors import OrchError
from orch_tui.model.orchestration.starts import IfRunning
from orch_tui.model.run.runstate import ScheduledTime
from orch_tui.project.concurrent.locks import Lock, is_locked
from orch_tui.project.definitions.schedule_fields import SCHEDULED_VARIABLES
from orch_tui.project.history import RunSummary, runs
from orch_tui.project.project import DefinitionError, Project
from orch_tui.scheduling.due_times import delay_of, interval, iso_time, last_due
from orch_tui.scheduling.pauses import read_pauses
from orch_tui.scheduling.scheduler import fingerprint
from orch_tui.scheduling.store import Claim, FileLedger, scheduling_directory
from orch_tui.scheduling.values import ON_TIME, Mark, Outcome, Record, Watched, Why, pause_at
from orch_tui.scheduling.watching import schedules_of

_LOOK = 0.25
"""Seconds between two tries to get the orchestration's turn."""
_LOOKED_AT = 5
_DAY = 86400.0
_FORGOTTEN = 30 * _DAY
"""Seconds after which a time that only cron was to start is settled, whatever became of it."""


class NoSuchSchedule(OrchError):
    """The orchestration has no schedule of this id; the text says which it has."""


@dataclass(frozen=True, slots=True)
class ScheduledStart:
    """``at`` is the scheduled time; None for the one that is due now.

    ``late``: it is caught up, and waits for its turn. ``again``: it is started although it has a reason why it was not.
    """

    orchestration: str
    schedule: str
    at: float | None = None
    late: bool = False
    again: bool = False


@dataclass(frozen=True, slots=True)
class Nothing:
    """Nothing was started, and why in a few words."""

    why: str


@dataclass(frozen=True, slots=True)
class Turn:
    """A claimed time that waits for its turn. ``late``: it waits for the end of whatever runs, behind no other.

    ``beside``: it goes on beside others of its kind, but lets in a start that waits.
    """

    watched: Watched
    claim: Claim
    variables: Mapping[str, str]
    by: str
    late: bool = False
    beside: bool = False


def find_schedule(project: Project, orchestration: str, schedule: str) -> Watched:
    """Raises: NoSuchSchedule, DefinitionError."""
    value = project.orchestration(orchestration)
    known = {watched.id: watched for watched in schedules_of(value, project.settings.timezone)}
    if schedule not in known:
        raise NoSuchSchedule(
            f'"{value.name}" has no schedule "{schedule}"; it has: {", ".join(known) or "none"}; if it was changed, '
            "put what orch-tui crontab prints into crontab again"
        )
    return known[schedule]


class Starting:
    """``pause`` waits for so many seconds and says whether to go on; ``now`` is the clock (seconds since the epoch)."""

    def __init__(self, project: Project, now: Callable[[], float], pause: Callable[[float], bool]) -> None:
        self._project = project
        self._now = now
        self._pause = pause

    def start(self, wanted: ScheduledStart) -> ActiveRun | Nothing:
        """The run, which this process executes from now on; or why there is none.

        Raises:
            NoSuchSchedule, DefinitionError: there is no such schedule, or the orchestration cannot be read now.
            RunRefused, UnresolvedVariables: it cannot be run; the reason is kept.
            OSError: the project's state cannot be read or written; the time is free for another try.
            DamagedPauses: nobody knows what is paused.
        """
        watched = find_schedule(self._project, wanted.orchestration, wanted.schedule)
        ledger = FileLedger(self._project.paths, watched)
        at = wanted.at if wanted.at is not None else self._due_now(watched)
        if at is None:
            return Nothing("nothing is due now")
        if not watched.schedule.enabled:
            return Nothing("the schedule is disabled")
        _see(watched, ledger, at, self._now())
        pause = None if wanted.again else pause_at(read_pauses(self._project.paths), watched.orchestration, at)
        if pause is not None:
            ledger.settle(Record(at, Outcome.NOT_STARTED, why=Why.PAUSED, detail=pause.reason))
            return Nothing("its schedules are paused")
        claim = ledger.claim(at, again=wanted.again)
        if claim is None:
            return Nothing("this time is settled already")
        by = f"schedule {watched.id}, {who_am_i()}"
        late = wanted.late or wanted.again
        return self.take_turn(Turn(watched, claim, scheduled_variables(watched, at), by, late=late))

    def take_turn(self, turn: Turn) -> ActiveRun | Nothing:
        """Start what was claimed once it is its turn; the claim has come to something then, or is free.

        Raises as :meth:`start` does.
        """
        try:
            return self._wait_and_run(turn)
        finally:
            turn.claim.release()

    def _due_now(self, watched: Watched) -> float | None:
        """The scheduled time that cron means by calling now; waits for its delay."""
        at = last_due(watched, self._now())
        if at is None or self._now() - at - delay_of(watched, at) > ON_TIME:
            return None
        while (left := at + delay_of(watched, at) - self._now()) > 0:
            if not self._pause(min(left, _LOOK)):
                return None
        return at

    def _wait_and_run(self, turn: Turn) -> ActiveRun | Nothing:
        watched, claim, late = turn.watched, turn.claim, turn.late
        manner = IfRunning.WAIT if late else watched.schedule.if_running
        waiting: Lock | None = None
        stopped: set[str] = set()
        try:
            while True:
                if turn.beside and is_locked(self._queue_lock(watched)):
                    # Runs that go on beside each other would never let in one that wants to be alone.
                    if not self._pause(_LOOK):
                        return Nothing("it was asked to stop while it waited")
                    continue
                try:
                    return self._run(turn)
                except AlreadyRunning:
                    going = _going(self._project, watched.orchestration)
                if manner is IfRunning.SKIP:
                    claim.not_started(Why.STILL_RUNNING, run=going.id if going else "")
                    return Nothing("an earlier run still goes on")
                if waiting is None and not late:
                    waiting = self._queue(watched)
                    if waiting is None:
                        claim.not_started(Why.WAITS_ALREADY)
                        return Nothing("an earlier start waits already")
                if manner is IfRunning.STOP and going is not None and going.id not in stopped:
                    stopped.add(going.id)
                    ask(going.directory, CancelRequest(f"schedule {watched.id}"))
                if not self._pause(_LOOK):
                    return Nothing("it was asked to stop while it waited")
                # What is run is what the files say when it starts, and never without pools, places and limits.
                self._project.reload(tolerant=False)
        finally:
            if waiting is not None:
                waiting.free()

    def _queue(self, watched: Watched) -> Lock | None:
        return Lock.acquire(self._queue_lock(watched), f"a start by schedule {watched.id}")

    def _queue_lock(self, watched: Watched) -> Path:
        """Held by the one start that waits for its turn."""
        return scheduling_directory(self._project.paths) / "waiting" / f"{watched.orchestration}.lock"

    def _run(self, turn: Turn) -> ActiveRun:
        watched, claim = turn.watched, turn.claim
        request = RunRequest(watched.orchestration, variables=turn.variables)
        scheduled = ScheduledTime(watched.id, claim.at)
        try:
            plan = plan_run(self._project, request)
            run = start_run(self._project, plan, by=turn.by, scheduled=scheduled)
        except AlreadyRunning:
            raise
        except (RunRefused, UnresolvedVariables, DefinitionError) as error:
            claim.not_started(Why.REFUSED, detail=error.sentence)
            raise
        # The run's header says it too.
        with contextlib.suppress(OSError):
            claim.started(run.id)
        return run


def _see(watched: Watched, ledger: FileLedger, at: float, now: float) -> None:
    """A schedule that only cron starts counts from its first start on; nobody looks further back than some weeks."""
    mark, seen = ledger.mark(), fingerprint(watched)
    if mark is None or mark.seen != seen:
        ledger.set_mark(Mark(at - 1, at - 1, seen))
    elif mark.until < now - _FORGOTTEN - _DAY:
        ledger.set_mark(replace(mark, until=now - _FORGOTTEN))


def scheduled_variables(watched: Watched, at: float) -> dict[str, str]:
    """What a scheduled run is given: its times, as the clock of the schedule's zone shows them, and what it sets."""
    begin, end = interval(watched, at)
    values = {name: iso_time(watched, time) for name, time in zip(SCHEDULED_VARIABLES, (at, begin, end), strict=True)}
    return values | dict(watched.schedule.variables)


def _going(project: Project, orchestration: str) -> RunSummary | None:
    """The run that goes on, unless it is part of another run."""
    newest = runs(project.paths, orchestration, _LOOKED_AT)
    return next((one for one in newest if one.live and one.parent is None), None)
