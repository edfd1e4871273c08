"""A word on runs that were interrupted, when the program starts."""

from __future__ import annotations

from orch_tui.model.text import safe_line
from orch_tui.project.history import RunSummary, latest
from orch_tui.project.project import Project

_LOOK_AT = 500
_NAMES = 3


def interrupted_runs(project: Project) -> list[RunSummary]:
    """The last runs that nobody executes although they have not ended. Reads files: for a thread."""
    last = [latest(project.paths, orchestration) for orchestration in project.orchestration_ids()[:_LOOK_AT]]
    return [run for run in last if run is not None and run.interrupted]


def told(found: list[RunSummary]) -> str:
    """``2 runs were interrupted: alpha, beta. …``."""
    names = ", ".join(safe_line(run.orchestration, 40) for run in found[:_NAMES])
    more = f" and {len(found) - _NAMES} more" if len(found) > _NAMES else ""
    was = "run was" if len(found) == 1 else "runs were"
    return f"{len(found)} {was} interrupted: {names}{more}. Open it to see what was found, and to go on with it."
