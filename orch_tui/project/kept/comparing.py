"""Two states of a definition, compared: line by line, and by the fields of its TOML. Pure."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Iterator, Mapping
from typing import Any

from orch_tui.model.dataclass import dataclass

_NAMES = ("id", "table", "name")
"""Keys by which the tables of an array are told apart: those of another place are the same table."""


@dataclass(frozen=True, slots=True)
class FieldChange:
    """``path`` is like ``phases[load].tasks[orders].timeout``; None stands for a field that is not there."""

    path: str
    before: Any
    after: Any


def line_difference(before: Mapping[str, str], after: Mapping[str, str]) -> list[str]:
    """A unified difference of each file that changed, by path; without line ends. Empty when nothing did."""
    lines: list[str] = []
    for path in sorted({*before, *after}):
        old, new = before.get(path, ""), after.get(path, "")
        names = (path if path in before else "/dev/null", path if path in after else "/dev/null")
        lines += difflib.unified_diff(old.splitlines(), new.splitlines(), *names, lineterm="")
    return lines


def field_changes(before: str, after: str) -> list[FieldChange] | None:
    """What changed by its fields, in the order of the newer text; None when one of them is no TOML."""
    try:
        old, new = (dict(_fields(tomllib.loads(text.removeprefix("\ufeff")))) for text in (before, after))
    except (ValueError, RecursionError):
        return None
    paths = [*new, *(path for path in old if path not in new)]
    return [FieldChange(path, old.get(path), new.get(path)) for path in paths if old.get(path) != new.get(path)]


def _fields(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Each value that is no table, by its path."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _fields(item, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list) and value and all(isinstance(item, dict) for item in value):
        names = _names(value)
        for name, item in zip(names, value, strict=True):
            yield from _fields(item, f"{path}[{name}]")
    else:
        yield path, value


def _names(tables: list[dict[str, Any]]) -> list[str]:
    """What tells the tables of an array apart: the first key that each has another value of, else their places."""
    for key in _NAMES:
        names = [str(table.get(key, "")) for table in tables]
        if all(names) and len(set(names)) == len(names):
            return names
    return [str(place) for place in range(1, len(tables) + 1)]
