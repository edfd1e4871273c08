"""Checks in words: what is expected, what was found. Nowhere else are sentences made of them."""

from __future__ import annotations

from collections.abc import Sequence

from orch_tui.model.checks.values import Check, CheckKind, CheckResult, Learned, Verdict
from orch_tui.model.texts.durations import show_duration, write_duration
from orch_tui.model.texts.text import counted, safe_line

_LISTED = 12
_LIMIT = 300


def expected_words(check: Check) -> str:
    """``at least 1 row``, ``no null in email``: what the check asks, without a full stop."""
    columns = _listed(check.columns)
    match check.kind:
        case CheckKind.COLUMNS:
            words = f"columns {_listed([f'{name} {kind}'.strip() for name, kind in check.types])}"
        case CheckKind.NOT_NULL:
            words = f"no null in {columns}"
        case CheckKind.UNIQUE:
            words = f"no two rows with the same {columns}"
        case CheckKind.ACCEPTED:
            words = f"{columns} is one of {_listed(check.values)}"
        case CheckKind.RANGE:
            words = f"{columns} {_between(check)}"
        case CheckKind.ROWS:
            words = f"{_between(check)} {'row' if check.greatest is None and check.least == '1' else 'rows'}"
        case CheckKind.FRESHNESS:
            words = f"the latest {columns} is at most {write_duration(check.age or 0.0)} old"
        case CheckKind.SQL:
            words = f"no row of: {check.name or check.sql}"
        case CheckKind.LEARNED:
            words = _learned(check, columns)
    return safe_line(words, _LIMIT)


def found_words(result: CheckResult) -> str:
    """``0 rows``, ``2 rows``, ``no column email``: what was found, without a full stop."""
    check, measure = result.check, result.measure
    if result.error:
        return safe_line(result.error, _LIMIT)
    if result.wrong:
        words = [f"{name} is {kind}" if kind else f"no column {name}" for name, kind in result.wrong]
        return safe_line(_listed(words), _LIMIT)
    if measure is None:
        return "no value" if check.kind is CheckKind.FRESHNESS else ""
    if check.kind is CheckKind.FRESHNESS:
        return f"{show_duration(measure)} old" if measure >= 0 else "in the future"
    if check.kind is CheckKind.LEARNED and check.name == Learned.NULLS:
        return f"{measure:.1%} null".replace("%", " %")
    if check.kind is CheckKind.LEARNED and check.name == Learned.SUM:
        return f"sum {number_words(measure)}"
    if check.kind is CheckKind.COLUMNS:
        return "all of them"
    return counted(int(measure), "row")


def result_words(result: CheckResult) -> str:
    """The whole: ``rows of raw/orders: expected at least 1 row, found 0 rows``."""
    name = safe_line(result.check.label, 100)
    return f"{name} of {result.check.table}: expected {expected_words(result.check)}, found {found_words(result)}"


def summary_words(results: Sequence[CheckResult]) -> str:
    """The first of them, and how many more there are."""
    more = f" (and {len(results) - 1} more)" if len(results) > 1 else ""
    return f"{result_words(results[0])}{more}" if results else ""


def verdict_counts(results: Sequence[CheckResult]) -> str:
    """``7 checks: 5 passed, 2 failed``."""
    verdicts = [result.verdict for result in results]
    parts = [f"{verdicts.count(verdict)} {verdict.value}" for verdict in Verdict if verdict in verdicts]
    return f"{counted(len(results), 'check')}: {', '.join(parts)}"


def number_words(value: float | str | None) -> str:
    """A number with its digits in groups."""
    try:
        number = float(value or 0)
    except ValueError:
        return safe_line(str(value), 60)
    return (f"{int(number):,}" if number.is_integer() and abs(number) < 1e15 else f"{number:,.6g}").replace(",", " ")


def _learned(check: Check, columns: str) -> str:
    if check.least is None and check.greatest is None:
        return f"{check.name or 'all'} {columns}".strip() + " as before, once there are enough versions"
    if check.name == Learned.NULLS:
        return f"at most {float(check.greatest or 0):.1%}".replace("%", " %") + f" null in {columns}, as before"
    what = f"a sum of {columns}" if check.name == Learned.SUM else "rows"
    return f"{what} {_between(check)}, as before"


def _between(check: Check) -> str:
    numbers = check.kind in (CheckKind.ROWS, CheckKind.LEARNED)
    least, greatest = (
        bound if bound is None else number_words(bound) if numbers else bound for bound in (check.least, check.greatest)
    )
    if least is not None and greatest is not None:
        return f"from {least} to {greatest}" if check.kind is not CheckKind.ROWS else f"{least} to {greatest}"
    return f"at least {least}" if least is not None else f"at most {greatest}"


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(names[:_LISTED])
    return f"{shown} and {len(names) - _LISTED} more" if len(names) > _LISTED else shown
