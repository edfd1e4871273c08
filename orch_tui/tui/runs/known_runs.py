"""The runs that the history shows: read, and searched."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from orch_tui.project.history import RunSummary
from orch_tui.project.paths import ProjectPaths
from orch_tui.project.run_index import RunIndex
from orch_tui.runs.past.notes import Note, read_notes
from orch_tui.runs.past.query import parse_query


@dataclass(frozen=True, slots=True)
class KnownRuns:
    """What was read: runs, newest first, and the notes on them, by the directory of the run."""

    runs: Sequence[RunSummary] = ()
    notes: Mapping[Path, Sequence[Note]] | None = None

    def notes_on(self, run: Path) -> Sequence[Note]:
        """The notes on the run of a directory."""
        return (self.notes or {}).get(run, ())


def read_runs(paths: ProjectPaths, orchestration: str | None) -> KnownRuns:
    """Those of an orchestration, or of all with None. Raises: OSError."""
    index = RunIndex(paths)
    runs = index.all_runs() if orchestration is None else index.runs(orchestration)
    noted = ((run.directory, read_notes(run.directory)) for run in runs)
    return KnownRuns(runs, {directory: notes for directory, notes in noted if notes})


def find_runs(known: KnownRuns, text: str) -> Sequence[RunSummary]:
    """Raises: WrongSearch."""
    if not text.strip():
        return known.runs
    return list(filter(parse_query(text, time.time(), known.notes_on), known.runs))
