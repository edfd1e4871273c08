"""The phases and tasks of an orchestrator as directories, in the form of the API.

The ids are the directories: ``001-phase-1`` and ``001-phase-1/001-task-1``. A directory that ``kbcdir.jsonnet`` or
``_`` switches off is passed over.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from orch_tui.keboola.reading.documents import read_object
from orch_tui.keboola.values import Body

PHASE_FILE, TASK_FILE, PREVIOUS = "phase.json", "task.json", "<previous>"


def read_phases(directory: Path, shown: str) -> Body:
    """``{"phases": […], "tasks": […]}`` out of the directory ``phases``. Raises: KeboolaError."""
    phases: list[Body] = []
    tasks: list[Body] = []
    for phase in _with(directory, PHASE_FILE):
        values = read_object(phase / PHASE_FILE, f"{shown}/{phase.name}/{PHASE_FILE}")
        phases.append({"id": phase.name, **values})
        for task in _with(phase, TASK_FILE):
            path = f"{phase.name}/{task.name}"
            body = read_object(task / TASK_FILE, f"{shown}/{path}/{TASK_FILE}")
            tasks.append({"id": path, "phase": phase.name, **body})
    return {"phases": phases, "tasks": tasks}


def _with(directory: Path, file: str) -> list[Path]:
    if not directory.is_dir():
        return []
    return sorted(entry for entry in directory.iterdir() if (entry / file).is_file())


def without_previous(phases: list[Any]) -> list[Any]:
    """The phases with what ``<previous>`` means: the phase before in the order of directories."""
    result, before = [], None
    for phase in phases:
        if isinstance(phase, dict) and isinstance(depends := phase.get("dependsOn"), list) and PREVIOUS in depends:
            named = [before if one == PREVIOUS else one for one in depends]
            phase = {**phase, "dependsOn": [one for one in named if one is not None]}
        result.append(phase)
        before = phase.get("id") if isinstance(phase, dict) else None
    return result
