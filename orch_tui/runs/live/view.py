"""A run as the screen follows it: what was read from its journal, and what that means. No Textual.

Reading and folding are apart. :class:`RunFeed` does the I/O and belongs to a thread; :class:`RunModel` folds what the
feed read and answers questions. Folding is pure and cheap, so the thread of the screen does it and is the only one
that ever touches the state: no copies of ten thousand tasks at every event, and no locks.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from orch_tui.engine.record.run_clock import RunClock, clock_of
from orch_tui.model.clocks.machine_clock import MACHINE, MachineClock
from orch_tui.model.clocks.run_time import BootTime, RunTime
from orch_tui.model.components.component import ORCHESTRATION_COMPONENT
from orch_tui.model.dataclass import dataclass
from orch_tui.model.events.events import Event, EventType
from orch_tui.model.events.reasons import Cause, Reason
from orch_tui.model.orchestration.orchestration import Phase, Task
from orch_tui.model.run.memory import memory_of
from orch_tui.model.run.runstate import RunState, TaskState
from orch_tui.model.run.waits import waits_for, why
from orch_tui.model.status import UNDER_WAY, Status
from orch_tui.model.texts.durations import show_duration
from orch_tui.model.texts.sizes import size_text, write_size
from orch_tui.project.attempt_dir import attempt_directory
from orch_tui.project.concurrent.memory_claims import MemoryUse
from orch_tui.project.concurrent.pool_slots import PoolUse, who_waits
from orch_tui.project.history import RunSummary
from orch_tui.runs.live.feed import Batch
from orch_tui.runs.live.pools import limit_of
from orch_tui.runs.people.responding import NoAnswer
from orch_tui.runs.planning.estimates import LONGER, MORE, Estimates
from orch_tui.runs.words.ending import counts_told, files_written, findings_told, tables_written
from orch_tui.runs.words.variables import variable_words

RUNNING = UNDER_WAY
QUIET = 60.0
"""Seconds without output from which a running task is marked as quiet."""
_MUCH_MEMORY = 32 * 2**20
_MUCH_CPU = 2.0
"""Bytes and seconds above what is usual that are worth a word."""


class RunModel:
    """The run's state and what the screen says of it. ``children`` are the runs of its nested orchestrations.

    ``continued`` is the newest run that runs what did not succeed in this one; ``no_answer`` says that its executor
    does nothing for it. What it is asked about a moment gets that moment from :meth:`now`, so that all of a picture is
    of the same one.
    """

    def __init__(
        self,
        directory: Path,
        state: RunState,
        *,
        live: bool,
        estimates: Estimates | None = None,
        depth: int = 0,
        machine: MachineClock = MACHINE,
    ) -> None:
        self.directory = directory
        self.state = state
        self.live = live
        self.estimates = estimates or Estimates()
        self.depth = depth
        self.machine = machine
        self.no_answer: NoAnswer | None = None
        self.continued: RunSummary | None = None
        self.outputs: dict[str, RunTime] = {}
        self.pools: Mapping[str, PoolUse | MemoryUse] = {}
        self._uses_pools = any(task.planned.options.pool or memory_of(task.planned) for task in state.tasks.values())
        self.children: dict[str, RunModel] = {}
        self._changed: set[str] = {*state.tasks, *state.phases}

    def take(self, batch: Batch) -> bool:
        """Fold what was read; True when anything is different now."""
        different = bool(batch.events) or batch.state is not None or batch.live != self.live
        different |= batch.no_answer != self.no_answer or batch.pools != self.pools
        if batch.state is not None:
            self.state = batch.state
            self._changed |= {*self.state.tasks, *self.state.phases}
        for event in batch.events:
            self.state.apply(event)
            self._changed |= self._touched(event)
        self.live, self.no_answer, self.pools = batch.live, batch.no_answer, batch.pools
        self.take_outputs(batch.outputs)
        return different

    def take_outputs(self, outputs: Mapping[str, BootTime]) -> None:
        """Take in when tasks wrote into their logs last."""
        clock = self.clock
        self.outputs.update({task: clock.at(moment) for task, moment in outputs.items()})

    def _touched(self, event: Event) -> set[str]:
        touched = {str(event.data[key]) for key in ("task", "phase") if key in event.data}
        if event.type == EventType.INTERVENED.value:
            # A hold and a limit are about every task below them.
            held = [event.data["phase"]] if "phase" in event.data else [] if "task" in event.data else self.state.phases
            touched |= {*held, *(task for phase in held for task in self.state.phases[phase].tasks)}
        elif event.type == EventType.EXECUTOR.value:
            touched |= self.state.tasks.keys()
        elif event.type == EventType.PHASE_SKIPPED.value:
            touched |= set(self.state.phases[event.data["phase"]].tasks)
        return touched

    def changes(self) -> set[str]:
        """Ids of the tasks and phases that events were about since this was asked last."""
        changed, self._changed = self._changed, set()
        return changed

    # Questions

    @property
    def clock(self) -> RunClock:
        """The clock of the times in its journal."""
        return clock_of(self.state, self.machine)

    def now(self) -> RunTime:
        """Now, by the clock of the run."""
        return self.clock.now()

    @property
    def finished(self) -> bool:
        return self.state.finished

    @property
    def interrupted(self) -> bool:
        """It has not ended and nobody executes it."""
        return not self.state.finished and not self.live

    @property
    def moving(self) -> bool:
        """True while the screen has to look again."""
        return not self.state.finished

    def running(self) -> list[tuple[str, int]]:
        """The running tasks with the numbers of their attempts."""
        if not any(self.state.counts[status] for status in RUNNING):
            return []
        found = (one for t in self.state.tasks.values() if t.status in RUNNING for one in _carriers(t))
        return [(one.id, one.attempts[-1].number) for one in found if one.attempts]

    def nested_tasks(self) -> list[TaskState]:
        """Tasks that are orchestrations and have begun."""
        prefix = f"{ORCHESTRATION_COMPONENT}/"
        return [t for t in self.state.tasks.values() if t.attempts and t.configuration.startswith(prefix)]

    def elapsed(self, now: RunTime) -> float:
        """Seconds from its start to its end, or until now; until the last trace of it when it was interrupted."""
        state = self.state
        if state.started is None:
            return 0.0
        return max(0.0, (state.ended or (self.last_trace() if self.interrupted else now)) - state.started)

    def last_trace(self) -> float:
        """When something of it was last recorded."""
        return self.state.latest

    def seconds(self, task: TaskState, now: RunTime) -> float | None:
        """How long the attempt took or takes; None before the first."""
        attempt = task.attempt
        if attempt is None:
            return None
        if attempt.seconds is not None:
            return attempt.seconds
        end = self.last_trace() if self.interrupted else now
        return max(0.0, end - (attempt.started or attempt.spawned))

    def longer(self, task: TaskState, now: RunTime) -> bool:
        """It takes, or took, over 20 % longer than it did on average in the last 20 runs. To wait in a queue is no
        work."""
        if task.status is Status.QUEUED:
            return False
        mean, seconds = self.estimates.task_means.get(task.id), self.seconds(task, now)
        # Under a second, a fifth is noise.
        return mean is not None and seconds is not None and seconds > max(mean * LONGER, mean + 0.5)

    def quiet(self, task: TaskState, now: RunTime) -> float | None:
        """For how many seconds a running task wrote nothing, once that is worth a word."""
        if task.status not in RUNNING or task.status is Status.QUEUED or not self.live or not task.attempts:
            return None
        last = max(self.outputs.get(task.id, 0.0), task.attempts[-1].started or task.attempts[-1].spawned)
        return now - last if now - last >= QUIET else None

    def used_more(self, task: TaskState) -> list[str]:
        """What its last attempt used more of than usual: ``312.0 MiB of memory, usually 91.2 MiB``."""
        usage = None if task.attempt is None else task.attempt.usage
        if usage is None:
            return []
        more = []
        peak, usual = usage.peak_memory, self.estimates.task_peaks.get(task.id)
        # As with times: of little, half as much again is noise.
        if peak is not None and usual is not None and peak > max(usual * MORE, usual + _MUCH_MEMORY):
            more.append(f"{size_text(peak)} of memory, usually {size_text(round(usual))}")
        cpu, usual = usage.cpu, self.estimates.task_cpus.get(task.id)
        if cpu is not None and usual is not None and cpu > max(usual * MORE, usual + _MUCH_CPU):
            more.append(f"{show_duration(cpu)} of CPU, usually {show_duration(usual)}")
        return more

    def marks(self, task: TaskState, now: RunTime) -> list[str]:
        """``longer than usual (12 s)``, ``312.0 MiB of memory, usually 91.2 MiB``, ``quiet for 2:03``."""
        marks = []
        if self.longer(task, now):
            marks.append(f"longer than usual ({show_duration(self.estimates.task_means[task.id])})")
        marks += self.used_more(task)
        quiet = self.quiet(task, now)
        if quiet is not None:
            marks.append(f"quiet for {show_duration(quiet)}")
        return marks

    def why(self, task: TaskState, now: RunTime) -> str:
        """Why it waits, or the reason of how it ended; empty for a success."""
        if task.status in RUNNING and self.interrupted:
            return "its executor is gone; T takes the run over"
        return self._why_no_slot(task) or why(self.state, task, now)

    def pools_waited_for(self) -> dict[str, int]:
        """The pools that tasks wait for, with their sizes as the run knows them; memory as one of them, in bytes."""
        if not (self._uses_pools and self.live):
            return {}
        reasons = (task.because for task in self.state.tasks.values() if task.status is Status.WAITING)
        return {name: size for reason in reasons if reason is not None for name, size in limit_of(reason).items()}

    def _why_no_slot(self, task: TaskState) -> str:
        """Who has the slots that it waits for now: the journal names those who had them when it began to wait."""
        reason = waits_for(self.state, task) if self.pools and not task.status.final else None
        use = next((self.pools.get(name) for name in limit_of(reason)), None) if reason is not None else None
        if reason is None or use is None:
            return ""
        holders = use.words_for(who_waits(self.directory.name, self.state.header.orchestration, task.id))
        taken = write_size(use.taken) if reason.cause is Cause.MEMORY else use.taken
        now = Reason.of(reason.cause, **reason.fields | {"taken": taken, "holders": holders})
        return now.sentence if holders else ""

    def waiting(self) -> list[TaskState]:
        return [task for task in self.state.tasks.values() if not task.status.final and task.status not in RUNNING]

    def attempt_path(self, task: TaskState, number: int | None = None) -> Path | None:
        """Where an attempt's log and results are: the last one's, or that of ``number``."""
        if task.parts is not None:
            task, number = task.telling, None
        if not task.attempts or task.parts is not None:
            return None
        return attempt_directory(self.directory, task.id, number or task.attempts[-1].number)


@dataclass(frozen=True, slots=True)
class Written:
    """A table or a file that a task of the run wrote; or with ``counts`` what a task that wrote neither has counted,
    or what a task has found or set."""

    task: str
    name: str
    rows: int
    is_table: bool
    counts: str = ""


def read_written(directory: Path, attempts: Iterable[tuple[str, int]]) -> dict[str, tuple[Written, ...]]:
    """What these attempts wrote, by task id. Reads files: for a thread."""
    found = {}
    for task, number in attempts:
        path = attempt_directory(directory, task, number)
        found[task] = (
            *(Written(task, name, rows, True) for name, rows in tables_written(path)),
            *(Written(task, name, rows, False) for name, rows in files_written(path)),
        )
        if not found[task] and (counts := counts_told(path)):
            found[task] = (Written(task, task, 0, False, counts),)
        found[task] += tuple(Written(task, task, 0, False, text) for text in findings_told(path))
    return found


def read_written_by_parts(directory: Path, array: TaskState) -> tuple[Written, ...]:
    """What the parts of an array wrote together: the rows of each table and file. Reads files: for a thread."""
    rows: dict[tuple[str, bool], int] = {}
    parts = [part for part in (array.parts.states if array.parts is not None else ()) if part.attempts]
    for part in parts:
        path = attempt_directory(directory, part.id, part.attempts[-1].number)
        for is_table, written in ((True, tables_written(path)), (False, files_written(path))):
            for name, number in written:
                rows[name, is_table] = rows.get((name, is_table), 0) + number
    return tuple(Written(array.id, name, number, is_table) for (name, is_table), number in rows.items())


def variables_set(task: TaskState) -> tuple[Written, ...]:
    """The variables that a task has set, as the screen lists them with what it wrote."""
    return tuple(
        Written(task.id, task.id, 0, False, f"set {variable_words(name, value)}") for name, value in task.values.items()
    )


def phases_of(model: RunModel) -> tuple[Phase, ...]:
    """The phases and tasks of a run, as its journal has them."""
    state = model.state
    return tuple(
        Phase(
            phase.id,
            phase.name,
            tuple(Task(task, state.tasks[task].configuration) for task in phase.tasks),
            phase.max_parallel,
            phase.rules,
        )
        for phase in state.phases.values()
    )


def running_tasks(model: RunModel) -> list[TaskState]:
    """The tasks that have a process now."""
    return [task for task in model.state.tasks.values() if task.status in RUNNING]


def _carriers(task: TaskState) -> Iterable[TaskState]:
    """What runs of a task: itself, or parts of it."""
    return (task,) if task.parts is None else task.parts.under_way.values()


def telling(tasks: Iterable[TaskState]) -> TaskState | None:
    """The one of these tasks whose log says most of how they stand: one that runs, one that failed, or the last that
    ended; None when none of them has begun."""

    def rank(task: TaskState) -> tuple[int, float]:
        running, failed = task.status in RUNNING, task.status in (Status.ERROR, Status.TERMINATED, Status.WARNING)
        last = task.attempts[-1]
        return (2 if running else 1 if failed else 0, last.ended or last.started or last.spawned)

    return max((task for task in tasks if task.attempts), key=rank, default=None)
