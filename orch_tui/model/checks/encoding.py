"""Results of checks as JSON: in result.json, in the journal (without rows), in what commands print, and back."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

from orch_tui.model.checks.values import Check, CheckKind, CheckResult, CheckSeverity, Sample, Verdict
from orch_tui.model.checks.words import expected_words, found_words

MOST = 500
"""Results that are read of an attempt."""
MOST_IN_JOURNAL = 100
_SQL = 200


def result_json(result: CheckResult, *, rows: bool = True) -> dict[str, Any]:
    """One result. ``expected`` and ``found`` are for people, all other keys are values; ``rows`` with the sample."""
    check = result.check
    values: dict[str, Any] = {
        "table": check.table,
        "check": check.label,
        "kind": check.kind.value,
        "severity": check.severity.value,
        "verdict": result.verdict.value,
        "expected": expected_words(check),
        "found": found_words(result),
        "measure": result.measure,
        "columns": list(check.columns),
        "types": [list(pair) for pair in check.types],
        "values": list(check.values),
        "least": check.least,
        "greatest": check.greatest,
        "age": check.age,
        "sql": check.sql,
        "name": check.name,
        "wrong": [list(pair) for pair in result.wrong],
        "error": result.error,
    }
    if rows and result.sample.rows:
        values["sample"] = {"columns": list(result.sample.columns), "rows": [list(row) for row in result.sample.rows]}
    return {key: value for key, value in values.items() if value not in (None, "", [])}


def read_result_json(value: Any) -> CheckResult | None:
    """What :func:`result_json` wrote; None for anything else. Programs may write anything."""
    try:
        return _result(value)
    except (AttributeError, KeyError, TypeError, ValueError):
        return None


def read_results_json(values: Any) -> tuple[CheckResult, ...]:
    """Those of a list that can be read."""
    items = values[:MOST] if isinstance(values, list) else []
    return tuple(result for result in map(read_result_json, items) if result is not None)


def encode_results(results: Sequence[CheckResult]) -> str:
    """For the journal: short, without rows and without long SQL."""
    values = [result_json(result, rows=False) for result in results[:MOST_IN_JOURNAL]]
    for value in values:
        for key in ("expected", "found"):
            value.pop(key, None)
        if len(value.get("sql", "")) > _SQL:
            value["sql"] = value["sql"][:_SQL]
    return json.dumps(values, ensure_ascii=False)


def decode_results(text: str | None) -> tuple[CheckResult, ...]:
    """What :func:`encode_results` wrote; those of a newer program that are not known are passed over."""
    return read_results_json(json.loads(text)) if text else ()


def _result(value: Mapping[str, Any]) -> CheckResult:
    check = Check(
        CheckKind(value["kind"]),
        _text(value["table"]),
        CheckSeverity(value["severity"]),
        _texts(value.get("columns", [])),
        _pairs(value.get("types", [])),
        _texts(value.get("values", [])),
        _maybe_text(value.get("least")),
        _maybe_text(value.get("greatest")),
        _number(value.get("age")),
        _text(value.get("sql", "")),
        _text(value.get("name", "")),
    )
    sample = value.get("sample") or {"columns": [], "rows": []}
    columns = _texts(sample["columns"])
    rows = tuple(tuple(_maybe_text(cell) for cell in row) for row in sample["rows"] if len(row) == len(columns))
    return CheckResult(
        check,
        Verdict(value["verdict"]),
        _number(value.get("measure")),
        _pairs(value.get("wrong", [])),
        _text(value.get("error", "")),
        Sample(columns, rows),
    )


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is no text")
    return value


def _maybe_text(value: Any) -> str | None:
    return None if value is None else _text(value)


def _texts(value: Sequence[Any]) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise TypeError(f"{value!r} is no list")
    return tuple(_text(one) for one in value)


def _pairs(value: Sequence[Any]) -> tuple[tuple[str, str], ...]:
    return tuple((_text(first), _text(second)) for first, second in value)


def _number(value: Any) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise TypeError(f"{value!r} is no number")
    return value
