"""Reading one run: what is new in its journal and in what stands beside it. All of it is I/O, for a thread."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import field
from pathlib import Path

from orch_tui.engine.attempts.results import read_result
from orch_tui.engine.record.run_clock import RunClock, clock_of
from orch_tui.model.clocks.machine_clock import MACHINE, MachineClock
from orch_tui.model.clocks.run_time import BootTime
from orch_tui.model.dataclass import dataclass
from orch_tui.model.events.events import Event
from orch_tui.model.run.runstate import RunState, fold
from orch_tui.model.texts.text import valid_id
from orch_tui.project.attempt_dir import attempt_directory
from orch_tui.project.concurrent.memory_claims import MEMORY, MemoryClaims, MemoryUse
from orch_tui.project.concurrent.pool_slots import PoolUse, use_of
from orch_tui.project.history import run_ids
from orch_tui.project.journal.file import JOURNAL, BrokenJournal, JournalReader, is_executed
from orch_tui.project.paths import ProjectPaths
from orch_tui.runs.live.log_times import LogTimes
from orch_tui.runs.people.responding import ExecutorLook, NoAnswer

_LOOK = 8
"""Looks at the journal between two looks at the logs: their times matter in minutes only."""


class RunFeed:
    """Reads one run's journal and what stands beside it. For one thread; several may follow one run."""

    def __init__(self, directory: Path, paths: ProjectPaths | None = None, machine: MachineClock = MACHINE) -> None:
        """``paths`` is needed to find the runs of nested orchestrations."""
        self.directory = directory
        self._paths = paths
        self._reader = JournalReader(directory / JOURNAL)
        self._looks = 0
        self._machine = machine
        self._log_times = LogTimes(directory, machine)
        self._executor = ExecutorLook(directory, machine)

    def open(self) -> tuple[RunState, bool]:
        """The state as it is now, and whether some process executes the run.

        Raises:
            FileNotFoundError: there is no such run (any more).
            BrokenJournal: the journal cannot be read.
        """
        live = is_executed(self.directory)
        events, _ = self._reader.poll()
        state = self._reader.initial()
        while events:
            fold(state, events)
            events, _ = self._reader.poll()
        return state, live

    def read(self, running: Iterable[tuple[str, int]] = (), pools: Mapping[str, int] | None = None) -> Batch:
        """What is new. ``running`` are tasks with the number of their attempt, whose logs are looked at now and then;
        ``pools`` are those that tasks wait for, with their sizes; memory is one with the name :data:`MEMORY`.

        Raises as :meth:`open` does.
        """
        # The lock first: what its holder wrote last is then read below.
        live = is_executed(self.directory)
        events: list[Event] = []
        state = None
        while True:
            more, restarted = self._reader.poll()
            if restarted:
                events, state = [], self._reader.initial()
            if not more:
                break
            events += more
        self._looks += 1
        outputs = self._log_times.look(running) if self._looks % _LOOK == 1 else {}
        no_answer = self._executor.look() if live else None
        return Batch(tuple(events), live, state, outputs, no_answer, self._uses(pools or {}))

    def _uses(self, pools: Mapping[str, int]) -> dict[str, PoolUse | MemoryUse]:
        paths = self._paths
        if paths is None:
            return {}
        return {
            pool: MemoryClaims(paths).use(size) if pool == MEMORY else use_of(paths, pool, size)
            for pool, size in pools.items()
        }

    def nested_run(self, task: str, attempt: int, orchestration: str, spawned: float, clock: RunClock) -> Path | None:
        """The directory of the run that an attempt of a nested orchestration started; None until there is one.

        ``spawned`` is when the attempt began by ``clock``, that of the outer run.
        """
        if self._paths is None or not valid_id(orchestration):
            return None
        said = read_result(attempt_directory(self.directory, task, attempt)).get("run")
        if isinstance(said, str) and valid_id(said) and (self._paths.run(orchestration, said) / JOURNAL).exists():
            return self._paths.run(orchestration, said)
        parent = f"{self.directory.parent.name}/{self.directory.name}/{task}"
        for run in run_ids(self._paths, orchestration)[:_LOOK]:
            reader = JournalReader(self._paths.run(orchestration, run) / JOURNAL)
            try:
                events, _ = reader.poll(65536)
                state = fold(reader.initial(), events)
            except (OSError, BrokenJournal):
                continue
            created = state.header.created + clock.ahead_of(clock_of(state, self._machine))
            if state.header.parent == parent and created >= spawned - 1:
                return self._paths.run(orchestration, run)
        return None


@dataclass(frozen=True, slots=True)
class Batch:
    """What a feed has read. ``state`` is set when the journal was replaced: the fold begins anew with it.

    ``outputs`` says when tasks wrote into their logs last, by task id. ``no_answer`` is set while the process
    that executes the run does nothing for it. ``pools`` are the ones that were asked about.
    """

    events: tuple[Event, ...]
    live: bool
    state: RunState | None = None
    outputs: Mapping[str, BootTime] = field(default_factory=dict)
    no_answer: NoAnswer | None = None
    pools: Mapping[str, PoolUse | MemoryUse] = field(default_factory=dict)
