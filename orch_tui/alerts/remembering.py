"""What is remembered of an orchestration between two looks at its runs, on disk."""

from __future__ import annotations

from typing import Any

from orch_tui.alerts.files import memory_file
from orch_tui.alerts.values import Memory
from orch_tui.model.texts.json_text import parse_json
from orch_tui.project.files.own_files import read_own, replace_json
from orch_tui.project.paths import ProjectPaths, make_private


def recall(paths: ProjectPaths, orchestration: str) -> Memory | None:
    """None where nothing is remembered, or it cannot be read. Raises: OSError."""
    try:
        return _memory(parse_json(read_own(memory_file(paths, orchestration))))
    except (FileNotFoundError, ValueError, KeyError, TypeError, AttributeError):
        return None


def remember(paths: ProjectPaths, orchestration: str, memory: Memory) -> None:
    """Raises: OSError."""
    path = memory_file(paths, orchestration)
    paths.make_state()
    make_private(path.parent)
    replace_json(path, _values(memory))


def _values(memory: Memory) -> dict[str, Any]:
    return {
        "since": memory.since,
        "seen": memory.seen,
        "open": list(memory.open),
        "broken": sorted(memory.broken),
        "failing": dict(memory.failing),
        "missed": dict(memory.missed),
    }


def _memory(values: dict[str, Any]) -> Memory:
    return Memory(
        float(values["since"]),
        str(values["seen"]),
        tuple(map(str, values["open"])),
        frozenset(map(str, values["broken"])),
        {str(scope): str(run) for scope, run in values["failing"].items()},
        {str(name): float(at) for name, at in values["missed"].items()},
    )
