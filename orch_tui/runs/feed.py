"""Reading one run: what is new in its journal and in what stands beside it. All of it is I/O, for a thread."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from orch_tui.engine.results import read_result
from orch_tui.model.events import Event
from orch_tui.model.runstate import RunState, fold
from orch_tui.model.text import valid_id
from orch_tui.project.attempt_dir import attempt_directory, log_file
from orch_tui.project.history import run_ids
from orch_tui.project.journal.file import JOURNAL, BrokenJournal, JournalReader, is_executed
from orch_tui.project.paths import ProjectPaths

_LOOK = 8
"""Looks at the journal between two looks at the logs: their times matter in minutes only."""


class RunFeed:
    """Reads one run's journal and what stands beside it. For one thread; several may follow one run."""

    def __init__(self, directory: Path, paths: ProjectPaths | None = None) -> None:
        """``paths`` is needed to find the runs of nested orchestrations."""
        self.directory = directory
        self._paths = paths
        self._reader = JournalReader(directory / JOURNAL)
        self._looks = 0

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

    def read(self, running: Iterable[tuple[str, int]] = ()) -> Batch:
        """What is new. ``running`` are tasks with the number of their attempt, whose logs are looked at now and then.

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
        outputs = last_outputs(self.directory, running) if self._looks % _LOOK == 1 else {}
        return Batch(tuple(events), live, state, outputs)

    def nested_run(self, task: str, attempt: int, orchestration: str, spawned: float) -> Path | None:
        """The directory of the run that an attempt of a nested orchestration started; None until there is one."""
        if self._paths is None or not valid_id(orchestration):
            return None
        said = read_result(attempt_directory(self.directory, task, attempt)).get("run")
        if isinstance(said, str) and valid_id(said) and (self._paths.run(orchestration, said) / JOURNAL).exists():
            return self._paths.run(orchestration, said)
        parent = f"{self.directory.parent.name}/{self.directory.name}/{task}"
        for run in run_ids(self._paths, orchestration)[:_LOOK]:
            reader = JournalReader(self._paths.run(orchestration, run) / JOURNAL)
            try:
                reader.poll(65536)
                header = reader.initial().header
            except (OSError, BrokenJournal):
                continue
            if header.parent == parent and header.created >= spawned - 1:
                return self._paths.run(orchestration, run)
        return None


def last_outputs(directory: Path, running: Iterable[tuple[str, int]]) -> dict[str, float]:
    """When these tasks of a run, given with the numbers of their attempts, wrote last: seconds since the epoch."""
    found = {}
    for task, attempt in running:
        try:
            found[task] = os.stat(log_file(attempt_directory(directory, task, attempt))).st_mtime
        except OSError:
            continue
    return found


@dataclass(frozen=True, slots=True)
class Batch:
    """What a feed has read. ``state`` is set when the journal was replaced: the fold begins anew with it.

    ``outputs`` says when tasks wrote into their logs last, by task id, in seconds since the epoch.
    """

    events: tuple[Event, ...]
    live: bool
    state: RunState | None = None
    outputs: Mapping[str, float] = field(default_factory=dict)
