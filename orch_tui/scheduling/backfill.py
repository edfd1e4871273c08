"""Backfilling: one run for each interval of a span of time, whatever was killed; what is done is not done again.

An interval is claimed as a scheduled time is, and its run's header says for which it is. Nothing else is remembered:
what is done, failed or missing is found among the runs and the records.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, tzinfo
from enum import StrEnum

from orch_tui.engine.requests.requests import who_am_i
from orch_tui.engine.runs.start import ActiveRun
from orch_tui.model.errors import OrchError
from orch_tui.model.orchestration.starts import BACKFILL_PREFIX, IfRunning, Schedule
from orch_tui.model.run.plan import Decision
from orch_tui.model.status import Status
from orch_tui.project.definitions.schedule_fields import SCHEDULED_VARIABLES
from orch_tui.project.history import RunSummary, judge_by, runs
from orch_tui.project.journal.file import BrokenJournal, read_run
from orch_tui.project.paths import ProjectPaths
from orch_tui.project.project import DefinitionError, Project
from orch_tui.project.schedules.time_zones import zone_of
from orch_tui.scheduling.due_times import interval
from orch_tui.scheduling.starting import Nothing, Starting, Turn
from orch_tui.scheduling.store import FileLedger
from orch_tui.scheduling.values import Outcome, Watched
from orch_tui.scheduling.watching import schedules_of

_MOST = 100_000
Tasks = dict[tuple[str, str], str]
"""What is run, by id and configuration: the digest of the configuration."""


class Every(StrEnum):
    """How long an interval is, by the clock of the project's time zone."""

    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"


class TooMany(OrchError):
    """More intervals than anybody means."""


class IntervalState(StrEnum):
    """What became of an interval. ``GOING``: its run goes on; ``INTERRUPTED``: nobody executes it any more."""

    MISSING = "missing"
    DONE = "done"
    FAILED = "failed"
    GOING = "going"
    INTERRUPTED = "interrupted"


@dataclass(frozen=True, slots=True)
class Interval:
    """From ``begin`` to before ``end``, in seconds since the epoch; ``run`` is its last run, empty without one.

    ``changed``: it is done, but the orchestration runs other tasks or configurations now.
    """

    begin: float
    end: float
    state: IntervalState = IntervalState.MISSING
    run: str = ""
    changed: bool = False


def intervals(begin: datetime, end: datetime, every: Every, zone: tzinfo) -> list[Interval]:
    """Those that lie in the span; its times are of the clock in ``zone``. Raises: TooMany."""
    found: list[Interval] = []
    at, last = begin.replace(tzinfo=zone), end.replace(tzinfo=zone)
    while True:
        following = _after(at, every)
        if following.timestamp() > last.timestamp():
            return found
        if len(found) >= _MOST:
            raise TooMany(f"these are more than {_MOST} intervals; take longer ones, or a shorter span")
        found.append(Interval(at.timestamp(), following.timestamp()))
        at = following


def _after(at: datetime, every: Every) -> datetime:
    """By the clock on the wall, but hours by time that passes: the one that comes twice is two."""
    if every is Every.HOUR:
        return (at.astimezone(UTC) + timedelta(hours=1)).astimezone(at.tzinfo)
    if every is Every.MONTH:
        return at.replace(year=at.year + at.month // 12, month=at.month % 12 + 1, day=1)
    return at + timedelta(days=7 if every is Every.WEEK else 1)


class Backfill:
    """The intervals of one orchestration."""

    def __init__(self, project: Project, orchestration: str, every: Every) -> None:
        """Raises: DefinitionError when the orchestration cannot be read."""
        self._project = project
        self._paths: ProjectPaths = project.paths
        self._ran: dict[str, Tasks | None] = {}
        self._value = project.orchestration(orchestration)
        self.zone = zone_of(project.settings.timezone)
        # Late: it waits for the end of whatever runs.
        schedule = Schedule("@yearly", id=f"{BACKFILL_PREFIX}{every.value}", if_running=IfRunning.WAIT)
        self.watched = Watched(orchestration, schedule.id, schedule, self.zone)

    @property
    def name(self) -> str:
        """The orchestration's."""
        return self._value.name

    def look(self, wanted: Sequence[Interval], *, changes: bool = False) -> list[Interval]:
        """The intervals with what became of them; with ``changes`` also whether what ran is another now, which reads
        the journals. Raises: OSError."""
        found = self._look(wanted)
        if not changes:
            return found
        now = self._tasks_now()
        return [replace(one, changed=self._is_other(one, now)) for one in found]

    def _tasks_now(self) -> Tasks:
        self._project.reload(tolerant=False)
        self._value = self._project.orchestration(self._value.id)
        tasks = (task for task in self._value.tasks() if task.enabled)
        return {(task.id, task.configuration): self._digest(task.configuration) for task in tasks}

    def _digest(self, ref: str) -> str:
        try:
            return self._project.configuration(ref).digest
        except DefinitionError:
            # It cannot be read now, and is another one than that which ran.
            return "?"

    def _is_other(self, one: Interval, now: Tasks) -> bool:
        if one.state is not IntervalState.DONE:
            return False
        if one.run not in self._ran:
            try:
                state = read_run(self._paths.run(self._value.id, one.run))
                ran = (task for task in state.tasks.values() if task.planned.decision is not Decision.SKIPPED)
                self._ran[one.run] = {(task.id, task.configuration): task.digest for task in ran}
            except (FileNotFoundError, BrokenJournal):
                # It is not kept any more: nobody knows.
                self._ran[one.run] = None
        ran_then = self._ran[one.run]
        return ran_then is not None and ran_then != now

    def _look(self, wanted: Sequence[Interval]) -> list[Interval]:
        if not wanted:
            return []
        newest = self._newest_runs()
        records = FileLedger(self._paths, self.watched).records(wanted[0].end - 1)
        started = {record.at: record.run for record in records if record.outcome is Outcome.STARTED}
        return [self._look_at(one, newest.get(one.end), started) for one in wanted]

    def _look_at(self, one: Interval, run: RunSummary | None, started: dict[float, str]) -> Interval:
        if run is None:
            # Of a run that is not kept any more, the record tells that it was.
            known = started.get(one.end)
            return one if known is None else replace(one, state=IntervalState.DONE, run=known)
        if run.live:
            state = IntervalState.GOING
        elif run.interrupted:
            state = IntervalState.INTERRUPTED
        else:
            state = IntervalState.DONE if run.status in (Status.SUCCESS, Status.WARNING) else IntervalState.FAILED
        return replace(one, state=state, run=run.id)

    def _newest_runs(self) -> dict[float, RunSummary]:
        """By the end of the interval: its own runs, those that go on with one, and those of a schedule for the same."""
        same = {watched.id: watched for watched in schedules_of(self._value, self._project.settings.timezone)}
        found: dict[float, RunSummary] = {}
        continued: dict[str, RunSummary] = {}
        for run in runs(self._paths, self._value.id, read=judge_by):
            last = continued.pop(run.id, run)
            if run.continues is not None and run.scheduled is None:
                continued.setdefault(run.continues, last)
            elif run.scheduled is not None and self._is_for(run, same):
                found.setdefault(run.scheduled.at, last)
        return found

    def _is_for(self, run: RunSummary, schedules: dict[str, Watched]) -> bool:
        if run.scheduled is None or run.broken is not None:
            return False
        if run.scheduled.schedule == self.watched.id:
            return True
        watched = schedules.get(run.scheduled.schedule)
        if watched is None:
            return False
        begin, end = interval(watched, run.scheduled.at)
        return _length(self.watched.id, begin, self.zone) == end

    def start(self, starting: Starting, at: float | None, *, repeat: bool = False) -> ActiveRun | Nothing:
        """Run the interval that ends at ``at``, in this process; ``repeat``: also one that has a run. Raises as
        :meth:`Starting.start` does."""
        if at is None:
            return Nothing("no interval is named")
        claim = FileLedger(self._paths, self.watched).claim(at, repeat=repeat)
        if claim is None:
            return Nothing("this interval has a run already, or is about to have one")
        begin = _begin(self.watched.id, at, self.zone)
        shown = (datetime.fromtimestamp(time, self.zone).isoformat(timespec="seconds") for time in (at, begin, at))
        variables = dict(zip(SCHEDULED_VARIABLES, shown, strict=True))
        by = f"backfill of each {self.watched.id.removeprefix(BACKFILL_PREFIX)}, {who_am_i()}"
        return starting.take_turn(Turn(self.watched, claim, variables, by, late=True, beside=True))


def _length(schedule: str, begin: float, zone: tzinfo) -> float:
    """When an interval that begins then ends."""
    return _after(datetime.fromtimestamp(begin, zone), Every(schedule.removeprefix(BACKFILL_PREFIX))).timestamp()


def _begin(schedule: str, end: float, zone: tzinfo) -> float:
    """When an interval that ends then begins."""
    return next(begin for begin in _candidates(schedule, end, zone) if _length(schedule, begin, zone) == end)


def _candidates(schedule: str, end: float, zone: tzinfo) -> Iterator[float]:
    every, local = Every(schedule.removeprefix(BACKFILL_PREFIX)), datetime.fromtimestamp(end, zone)
    if every is Every.HOUR:
        yield end - 3600
    elif every is Every.MONTH:
        yield local.replace(year=local.year - (local.month == 1), month=(local.month - 2) % 12 + 1, day=1).timestamp()
    else:
        yield (local - timedelta(days=7 if every is Every.WEEK else 1)).timestamp()
    # A clock that is set forward or back between.
    yield from (end - 86400 * days + shift * 1800 for days in (1, 7) for shift in range(-4, 5))


def backfill_for(project: Project, orchestration: str, schedule: str) -> Backfill:
    """The backfill that the id of a schedule in a record means. Raises: DefinitionError."""
    return Backfill(project, orchestration, Every(schedule.removeprefix(BACKFILL_PREFIX)))
