"""What people decide of what a check refused, and what that means for its run: for the command line and the screen."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from orch_tui.engine.requests.requests import ask, new_id, who_am_i
from orch_tui.engine.requests.wishes import expected, refused
from orch_tui.model.dataclass import dataclass
from orch_tui.model.events.interventions import Intervention, InterventionKind
from orch_tui.model.texts.text import counted
from orch_tui.project.journal.file import BrokenJournal, is_executed, read_run
from orch_tui.project.paths import ProjectPaths
from orch_tui.storage.deciding import accept, discard
from orch_tui.storage.opening import open_storage
from orch_tui.storage.publishing.candidates import Candidate
from orch_tui.storage.tables import TableInfo

_RUN_PARTS = 3
"""Of the path of an attempt below ``.orch``: ``runs/<orchestration>/<run>``."""


@dataclass(frozen=True, slots=True)
class Settled:
    """What was done. ``tables`` are the versions that are new; ``going_on``: a run that goes on takes its task as done;
    ``rerun`` is the orchestration whose run can be gone on with, empty where there is none."""

    candidate: Candidate
    tables: Sequence[TableInfo] = ()
    going_on: bool = False
    rerun: str = ""


def accept_candidate(paths: ProjectPaths, wanted: str, note: str) -> Settled:
    """Publish exactly what a check refused. A run that goes on takes the task as done.

    Raises: UserError, StorageError, OSError.
    """
    who = who_am_i()
    candidate, tables = accept(open_storage(paths), wanted, by=who, note=note)
    run = _run_of(paths, candidate)
    if run is None:
        return Settled(candidate, tables)
    return Settled(candidate, tables, _mark_done(run, candidate.maker.task, who, note), run.parent.name)


def discard_candidate(paths: ProjectPaths, wanted: str, note: str) -> Settled:
    """Drop what a check refused. Raises: UserError, StorageError, OSError."""
    return Settled(discard(open_storage(paths), wanted, by=who_am_i(), note=note))


def settled_words(settled: Settled) -> str:
    """``accepted: raw/orders is version 8, 401 rows``."""
    if not settled.tables:
        names = ", ".join(one.table for one in settled.candidate.tables)
        return f"discarded: {names} stays as it is"
    told = ", ".join(f"{info.table} is version {info.version}, {counted(info.rows, 'row')}" for info in settled.tables)
    return f"accepted: {told}" + ("; the run takes its task as done" if settled.going_on else "")


def _run_of(paths: ProjectPaths, candidate: Candidate) -> Path | None:
    parts = Path(candidate.maker.attempt).parts
    run = paths.state.joinpath(*parts[:_RUN_PARTS])
    return run if len(parts) > _RUN_PARTS and parts[0] == "runs" and run.is_dir() else None


def _mark_done(run: Path, task: str, who: str, note: str) -> bool:
    """Ask the executor of the run, if it has one, to go on as if the task had succeeded: its tables are there."""
    if not is_executed(run):
        return False
    words = "its tables were accepted" + (f": {note}" if note else "")
    one = Intervention(new_id(), InterventionKind.MARK_DONE, who, words, task)
    try:
        known = read_run(run)
        if task not in known.tasks or refused(expected(run, lambda: known), known, one):
            return False
        ask(run, one)
    except (OSError, BrokenJournal):
        return False
    return True
