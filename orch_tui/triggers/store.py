"""What was seen of the facts of each trigger, on disk: ``.orch/triggers/<orchestration>/<trigger>.json``.

One file, replaced at once, holds what was seen and the occurrence that has not come to a run yet: facts become part of
exactly one occurrence, whatever is killed. Only the project's scheduler writes it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from orch_tui.model.texts.json_text import parse_json
from orch_tui.project.files.own_files import read_own, replace_json
from orch_tui.project.paths import ProjectPaths, make_private
from orch_tui.triggers.values import Occurrence, Seen


def _file(paths: ProjectPaths, orchestration: str, trigger: str) -> Path:
    return paths.state / "triggers" / orchestration / f"{trigger}.json"


def read_seen(paths: ProjectPaths, orchestration: str, trigger: str) -> Seen | None:
    """None when the trigger was never looked at, or what is kept of it cannot be read. Raises: OSError."""
    try:
        return _seen(parse_json(read_own(_file(paths, orchestration, trigger))))
    except (FileNotFoundError, ValueError, KeyError, TypeError, AttributeError):
        return None


def keep_seen(paths: ProjectPaths, orchestration: str, trigger: str, seen: Seen) -> None:
    """Raises: OSError."""
    path = _file(paths, orchestration, trigger)
    paths.make_state()
    make_private(path.parent)
    replace_json(path, _values(seen))


def _values(seen: Seen) -> dict[str, Any]:
    one = seen.going
    going = {"at": one.at, "variables": dict(one.variables), "words": one.words} if one is not None else None
    return {"what": seen.what, "facts": dict(seen.facts), "settled": seen.settled, "going": going}


def _seen(values: dict[str, Any]) -> Seen:
    one = values["going"]
    going = None
    if one is not None:
        variables = {str(name): str(text) for name, text in one["variables"].items()}
        going = Occurrence(float(one["at"]), variables, str(one["words"]))
    facts = {str(name): str(text) for name, text in values["facts"].items()}
    return Seen(str(values["what"]), facts, float(values["settled"]), going)
