"""Texts from Adform into a typed table: dates, ids and numbers by the name of the column, as far as the values keep it.

Types must not depend on what one day's values happen to be: a metric that is whole numbers today and has decimals
tomorrow would change the type of its column from run to run.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from orch_tui.components.http.json.exact_json import Number, dumps
from orch_tui.model.texts.text import safe_line
from orch_tui.storage.duckdb import quoted
from orch_tui.storage.values.inference import comes_back
from orch_tui.storage.values.observed import number_text

if TYPE_CHECKING:
    import duckdb


class Kind(StrEnum):
    """What a column holds, if its values agree; text otherwise."""

    DATE = "DATE"
    ID = "id"
    COUNT = "count"
    NUMBER = "DOUBLE"
    BOOLEAN = "BOOLEAN"
    JSON = "JSON"
    TEXT = "VARCHAR"


@dataclass(frozen=True, slots=True)
class Column:
    name: str
    kind: Kind


_COUNT = re.compile(r"(^|_)(impressions|clicks|conversions|visits|views|leads|installs)$")


def dimension_kind(name: str) -> Kind:
    """By a name in snake case: ``date`` is a date, ``campaign_id`` an id, anything else a text."""
    if name == "date" or name.endswith("_date"):
        return Kind.DATE
    return Kind.ID if name == "id" or name.endswith("_id") else Kind.TEXT


def metric_kind(name: str) -> Kind:
    """By a name in snake case: what is counted is whole, anything else a number."""
    return Kind.COUNT if _COUNT.search(name) else Kind.NUMBER


def as_text(value: Any) -> str | None:
    """A value of JSON as the text that :func:`typed` starts from, a number without zeros at its end; None where there
    is no value."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Number):
        exact, nearest = value.value, float(value.text)
        # 1.50 and 1e2 are written so by some, and are the numbers 1.5 and 100.
        same = exact.is_finite() and Decimal(repr(nearest)) == exact
        return number_text(nearest) if same and value.text != "-0" else value.text
    if isinstance(value, float):
        return number_text(value)
    return str(value) if isinstance(value, int) else dumps(value)


def typed(
    con: duckdb.DuckDBPyConnection,
    columns: Sequence[Column],
    log: Callable[[str], None],
    before: Mapping[str, str] | None = None,
) -> Callable[[str], str]:
    """The query that gives texts their types, for :class:`~orch_tui.components.kit.sql.ParquetSink`.

    ``before`` are the types that the table has: an id that was a text once, or a count with decimals, stays so.
    """
    settled = before or {}

    def final(source: str) -> str:
        tests = [test for column in columns for test in _tests(column)]
        row = con.execute(f"select {', '.join(tests)} from {source}").fetchone() if tests else ()
        found = iter(row or ())
        chosen = []
        for column in columns:
            examples = [next(found) for _ in _tests(column)]
            chosen.append(f"{_cast(column, examples, log, settled.get(column.name))} as {quoted(column.name)}")
        return f"select {', '.join(chosen)} from {source}"

    return final


def _tests(column: Column) -> list[str]:
    """Aggregates, each of which is a value that does not fit (null if all do)."""
    name = quoted(column.name)
    whole = f"cast(try_cast({name} as bigint) as varchar) is distinct from {name}"
    unfit = {
        # Adform gives dates with a time of midnight.
        Kind.DATE: [f"{_day(name)} is null or not regexp_full_match(substr({name}, 11), '(T00:00:00.*)?')"],
        Kind.ID: [whole],
        Kind.COUNT: [whole, f"not {comes_back(name, 'DOUBLE')}"],
        Kind.NUMBER: [f"not {comes_back(name, 'DOUBLE')}"],
        Kind.BOOLEAN: [f"{name} not in ('true', 'false')"],
        Kind.JSON: [f"not json_valid({name})"],
        Kind.TEXT: [],
    }[column.kind]
    return [f"min({name}) filter ({name} is not null and ({condition}))" for condition in unfit]


def _day(name: str) -> str:
    return f"try_cast(substr({name}, 1, 10) as date)"


def _cast(column: Column, examples: Sequence[str | None], log: Callable[[str], None], settled: str | None) -> str:
    name = quoted(column.name)
    if column.kind is Kind.TEXT or (column.kind is Kind.ID and settled == "VARCHAR"):
        return name
    if examples[-1] is not None and not (column.kind is Kind.COUNT and examples[0] is None):
        # An id may well be a text; anything else is a surprise.
        if column.kind is not Kind.ID:
            example = safe_line(examples[-1], 60)
            log(f'"{safe_line(column.name, 60)}" holds values such as "{example}"; they are stored as text')
        return name
    match column.kind:
        case Kind.DATE:
            return _day(name)
        case Kind.ID:
            return f"cast({name} as bigint)"
        case Kind.COUNT:
            # A count of more than 53 bits is no DOUBLE, whatever the table has.
            whole = examples[0] is None and (settled != "DOUBLE" or examples[1] is not None)
            return f"cast({name} as {'bigint' if whole else 'double'})"
    return f"cast({name} as {column.kind.value})"


def pieces(rows: Sequence[Sequence[Any]]) -> tuple[list[list[str | None]], int]:
    """Rows as texts, and about how many bytes they are."""
    texts = [[as_text(value) for value in row] for row in rows]
    return texts, sum(len(value) for row in texts for value in row if value)
