"""What a task says of its work in ``result.json``. Written by programs we do not know: nothing in it is trusted."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orch_tui.model.dataclass import dataclass
from orch_tui.model.texts.text import counted, safe_line, valid_id
from orch_tui.model.variables.values import Value, decode_all
from orch_tui.project.attempt_dir import result_file
from orch_tui.project.files.own_files import read_own
from orch_tui.project.masking.files import is_masked, withheld

if TYPE_CHECKING:
    from orch_tui.model.checks.values import CheckResult
    from orch_tui.model.events.row_results import RowResult

_LIMIT = 4 << 20
MOST_TOLD = 1000
"""Metrics that conditions may ask for, and tables."""
MOST_NAME = 200
"""Characters of the name of one."""
MOST_TEXT = 1000
"""Characters of a metric that is a text."""
MOST_BYTES = 64 << 10
"""Of all metrics and tables together, as JSON: they are written into the journal with the end of every attempt."""


@dataclass(frozen=True, slots=True)
class Told:
    """What conditions may ask for of a result, by name, and a sentence for each kind of thing that was left out."""

    values: dict[str, Any] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)


def read_result(directory: Path) -> dict[str, Any]:
    """The object in an attempt's ``result.json``; empty when there is none or it is no object (or over 4 MiB).

    Without its texts as long as secrets may be in them.
    """
    return read_result_or_why(directory)[0]


def read_result_or_why(directory: Path) -> tuple[dict[str, Any], str | None]:
    """As :func:`read_result`, and why nothing of it counts, in a sentence; None where there is none, or it is read."""
    try:
        data = read_own(result_file(directory), _LIMIT + 1)
    except FileNotFoundError:
        return {}, None
    except OSError as error:
        return {}, f"it cannot be read: {error.strerror or error}"
    if len(data) > _LIMIT:
        return {}, f"it is over {_LIMIT >> 20} MiB, more than is read; write what is long into a table or file"
    try:
        result = json.loads(data)
        if not isinstance(result, dict):
            return {}, "it is no JSON object"
        known: dict[str, Any] = result if is_masked(directory) else withheld(result)
    except RecursionError:
        # Deeper than the parser goes, or than what looks through it.
        return {}, "it is nested too deeply"
    except ValueError as error:
        return {}, f"it is no JSON: {safe_line(str(error), 100)}"
    return known, None


def told_in(result: dict[str, Any]) -> Told:
    """What conditions may ask for of a result: ``rows`` and ``files`` (numbers), ``tables`` (rows written, by name) and
    ``metrics`` (numbers, texts and flags, by name)."""
    tables = {
        str(table["table"]): _count(table.get("written")) for table in _objects(result, "tables") if "table" in table
    }
    files = [_count(file.get("rows")) for file in _objects(result, "files")]
    metrics = result.get("metrics")
    if not (tables or files or isinstance(metrics, dict)):
        return Told()
    selection = _Selection(MOST_BYTES)
    told = {
        "rows": sum(tables.values()) + sum(files),
        "files": len(files),
        "metrics": selection.of("metric", metrics if isinstance(metrics, dict) else {}),
        "tables": selection.of("table", tables),
    }
    return Told(told, selection.left_out)


class _Selection:
    """Takes what conditions can use out of what a program told, up to the limits."""

    def __init__(self, room: int) -> None:
        self._room = room
        self.left_out: list[str] = []

    def of(self, kind: str, values: Mapping[str, Any]) -> dict[str, Any]:
        """Those that can be taken, the first ones where they are too many or too large."""
        taken: dict[str, Any] = {}
        left: dict[str, list[str]] = {}
        for name, value in values.items():
            why = self._fault(name, value) or (len(taken) >= MOST_TOLD and f"more than {MOST_TOLD}")
            size = len(json.dumps({name: value}, default=str)) if not why else 0
            if not why and size > self._room:
                why = f"more than {MOST_BYTES >> 10} KiB in all"
            if why:
                left.setdefault(why, []).append(name)
                continue
            self._room -= size
            taken[name] = value
        for why, names in left.items():
            first = safe_line(json.dumps(names[0], ensure_ascii=False), 60)
            more = f" and {counted(len(names) - 1, f'other {kind}')}" if len(names) > 1 else ""
            self.left_out.append(f"rules cannot ask for the {kind} {first}{more}: {why}")
        return taken

    def _fault(self, name: str, value: Any) -> str | None:
        if len(name) > MOST_NAME:
            return f"a name of more than {MOST_NAME} characters"
        if isinstance(value, float) and not math.isfinite(value):
            return f"{value} is no number to reckon with"
        if isinstance(value, str) and len(value) > MOST_TEXT:
            return f"a text of more than {MOST_TEXT} characters"
        if isinstance(value, str | bool | float) or _is_small(value):
            return None
        return "neither a text, a flag nor a number of 62 bits"


def values_in(result: dict[str, Any]) -> tuple[dict[str, Value], list[str]]:
    """The variables that the program sets, and a sentence for each that cannot be taken. None while it may hold
    secrets."""
    return decode_all(result["variables"]) if "variables" in result else ({}, [])


def _objects(result: dict[str, Any], key: str) -> list[dict[str, Any]]:
    items = result.get(key)
    return [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []


def _count(value: Any) -> int:
    return value if _is_small(value) and value > 0 else 0


def _is_small(value: Any) -> bool:
    """A whole number that conditions can reckon with: they have 64 bits."""
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**62


def read_checks(directory: Path) -> tuple[CheckResult, ...]:
    """As :func:`checks_in`, of an attempt's ``result.json``."""
    return checks_in(read_result(directory))


def checks_in(result: dict[str, Any]) -> tuple[CheckResult, ...]:
    """What the checks of its outputs found. None while it may hold secrets."""
    if not (found := result.get("checks")):
        return ()
    # Only the outputs of attempts with checks are told of.
    from orch_tui.model.checks.encoding import read_results_json

    return read_results_json(found)


def rows_in(result: dict[str, Any]) -> tuple[RowResult, ...]:
    """How the rows of its configuration ended. None while it may hold secrets, or where there are none."""
    if not (found := result.get("rows")):
        return ()
    from orch_tui.model.events.row_results import decode_rows

    return decode_rows(found)


def read_candidate_id(directory: Path) -> str | None:
    """The candidate that waits, when a check refused what it wrote."""
    candidate = read_result(directory).get("candidate")
    return candidate if isinstance(candidate, str) and valid_id(candidate) else None


def read_warning(directory: Path) -> str | None:
    """The sentence with which a task that exits with 0 asks to end in warning."""
    warning = read_result(directory).get("warning")
    return safe_line(warning, 400) if isinstance(warning, str) and warning.strip() else None
