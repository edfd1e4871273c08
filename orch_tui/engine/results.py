"""What a task says of its work in ``result.json``. Written by programs we do not know: nothing in it is trusted."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from orch_tui.model.text import safe_line
from orch_tui.model.values import Value, decode_all
from orch_tui.project.attempt_dir import result_file
from orch_tui.project.masking.files import is_masked, withheld
from orch_tui.project.own_files import open_own

_LIMIT = 4 << 20


def read_result(directory: Path) -> dict[str, Any]:
    """The object in an attempt's ``result.json``; empty when there is none or it is no object (or over 4 MiB).

    Without its texts as long as secrets may be in them.
    """
    try:
        fd = open_own(result_file(directory))
    except OSError:
        return {}
    try:
        data = os.read(fd, _LIMIT)
    except OSError:
        return {}
    finally:
        os.close(fd)
    try:
        result = json.loads(data)
        if not isinstance(result, dict):
            return {}
        known: dict[str, Any] = result if is_masked(directory) else withheld(result)
    except (ValueError, RecursionError):
        # Also what is nested deeper than the parser goes, or than what looks through it.
        return {}
    return known


def read_told(directory: Path) -> dict[str, Any]:
    """What conditions may ask for of it: ``rows`` and ``files`` (numbers), ``tables`` (rows written, by name) and
    ``metrics`` (numbers, texts and flags, by name)."""
    result = read_result(directory)
    tables = {
        str(table["table"]): _count(table.get("written")) for table in _objects(result, "tables") if "table" in table
    }
    files = [_count(file.get("rows")) for file in _objects(result, "files")]
    metrics = result.get("metrics")
    if not (tables or files or isinstance(metrics, dict)):
        return {}
    kept = metrics.items() if isinstance(metrics, dict) else ()
    simple = {name: value for name, value in kept if isinstance(value, str | bool | float) or _is_small(value)}
    return {"rows": sum(tables.values()) + sum(files), "tables": tables, "files": len(files), "metrics": simple}


def read_values(directory: Path) -> tuple[dict[str, Value], list[str]]:
    """The variables that the program sets, and a sentence for each that cannot be taken. None while it may hold
    secrets."""
    result = read_result(directory)
    return decode_all(result["variables"]) if "variables" in result else ({}, [])


def _objects(result: dict[str, Any], key: str) -> list[dict[str, Any]]:
    items = result.get(key)
    return [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []


def _count(value: Any) -> int:
    return value if _is_small(value) and value > 0 else 0


def _is_small(value: Any) -> bool:
    """A whole number that conditions can reckon with: they have 64 bits."""
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**62


def read_warning(directory: Path) -> str | None:
    """The sentence with which a task that exits with 0 asks to end in warning."""
    warning = read_result(directory).get("warning")
    return safe_line(warning, 400) if isinstance(warning, str) and warning.strip() else None
