"""Who takes care of what waits, kept in the project: one note for each orchestration, and one for the project itself.

An orchestration without a name stands for the project.
"""

from __future__ import annotations

from pathlib import Path

from orch_tui.alerts.files import alerts_directory
from orch_tui.alerts.values import Acknowledged
from orch_tui.model.texts.json_text import parse_json
from orch_tui.project.files.own_files import read_own, replace_json
from orch_tui.project.paths import ProjectPaths, make_private


def _file(paths: ProjectPaths, orchestration: str) -> Path:
    # No id begins with a full stop.
    return alerts_directory(paths) / "acknowledged" / f"{orchestration or '.project'}.json"


def acknowledge(paths: ProjectPaths, orchestration: str, one: Acknowledged) -> None:
    """Replaces an earlier one. Raises: OSError."""
    path = _file(paths, orchestration)
    paths.make_state()
    make_private(path.parent)
    replace_json(path, {"by": one.by, "at": one.at, "note": one.note, "until": one.until})


def withdraw(paths: ProjectPaths, orchestration: str) -> None:
    """Raises: OSError."""
    _file(paths, orchestration).unlink(missing_ok=True)


def acknowledged(paths: ProjectPaths, orchestration: str) -> Acknowledged | None:
    """The latest; whether it still counts, :meth:`Acknowledged.holds` says. Raises: OSError."""
    try:
        values = parse_json(read_own(_file(paths, orchestration)))
        until = values["until"]
        return Acknowledged(
            str(values["by"]), float(values["at"]), str(values["note"]), None if until is None else float(until)
        )
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return None
