"""What values the columns of SQLite have, which lets any value into any column, and how they are stored."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from orch_tui.components.dbapi.settle import Finding, FirstOf, date, padded, timestamp, truth
from orch_tui.model.dataclass import dataclass
from orch_tui.storage.duckdb import quoted

KINDS = ("blob", "integer", "real", "text")
EXACT = 2**53
"""The largest integer up to which a double holds all."""
_TIME = padded(
    "case when length({x}) = 10 then {x} || ' 00:00:00' else left({x}, 10) || replace(substr({x}, 11, 1), 'T', ' ')"
    " || substr({x}, 12) end"
)
"""``2024-01-31``, ``2024-01-31T10:00:00.250`` and ``2024-01-31 10:00:00.25`` as DuckDB writes a time."""


@dataclass(frozen=True, slots=True)
class Column:
    """``kinds`` are the kinds (blob, integer, real, text) of its values; ``exact``: a double holds its integers."""

    name: str
    declared: str
    kinds: frozenset[str]
    exact: bool = True


@dataclass(frozen=True, slots=True)
class Way:
    """How a column is stored: the type hoped for, how its values tell it (None: it is sure), what makes them fit."""

    kind: str
    finding: Finding | None = None
    convert: Callable[[Any], Any] | None = None
    remark: str | None = None

    @property
    def collected(self) -> str:
        """The DuckDB type while rows arrive."""
        return self.kind if self.finding is None else self.finding.collected


def look_at(
    connection: sqlite3.Connection,
    source: str,
    arguments: Sequence[Any],
    names: Sequence[str],
    declared: Mapping[str, str],
) -> tuple[list[Column], int]:
    """The kinds of values that each column really has, since SQLite lets any value into any column; and how many rows.

    Raises:
        sqlite3.Error: the rows cannot be read.
    """
    columns, total = [], 0
    # SQLite allows 2,000 columns in a result; slices stay below it.
    for start in range(0, len(names), 300):
        part = names[start : start + 300]
        asked = ", ".join(
            f"count(case typeof({quoted(name)}) when '{kind}' then 1 end)" for name in part for kind in KINDS
        )
        total, *found = connection.execute(f"select count(*), {asked} from {source}", arguments).fetchone()
        for n, name in enumerate(part):
            counts = found[n * len(KINDS) : (n + 1) * len(KINDS)]
            kinds = frozenset(kind for kind, count in zip(KINDS, counts, strict=True) if count)
            exact = kinds != {"integer", "real"} or _doubles(connection, source, arguments, quoted(name))
            columns.append(Column(name, declared.get(name, ""), kinds, exact))
    return columns, total


def _doubles(connection: sqlite3.Connection, source: str, arguments: Sequence[Any], name: str) -> bool:
    """True when all integers of the column are ones that a double holds."""
    # A query of the user's with a condition behind it needs a name of its own.
    beyond = f"typeof({name}) = 'integer' and {name} not between {-EXACT} and {EXACT}"
    return (
        connection.execute(f"select 1 from (select * from {source}) where {beyond} limit 1", arguments).fetchone()
        is None
    )


def _is_time(declared: str) -> bool:
    return declared.startswith(("DATE", "TIMESTAMP"))


def way_of(column: Column) -> Way:
    """How a column's values are stored; with a sentence to log where they have no type together."""
    kinds, name = column.kinds, column.name
    if not kinds:
        return Way(_from_declaration(column.declared))
    if kinds == {"integer"}:
        return _sure(truth("BIGINT")) if "BOOL" in column.declared else Way("BIGINT")
    if kinds == {"real"} or (kinds == {"integer", "real"} and column.exact):
        return Way("DOUBLE")
    if kinds == {"text"}:
        return _text_way(column)
    if kinds == {"blob"}:
        return Way("BLOB")
    if "blob" in kinds:
        return Way("BLOB", convert=_bytes, remark=f'"{name}" holds {_and(kinds)} values; they are stored as bytes')
    why = "" if "text" in kinds else f", since no number holds integers beyond {EXACT} and fractions"
    return Way("VARCHAR", convert=str, remark=f'"{name}" holds {_and(kinds)} values; they are stored as text{why}')


def _and(kinds: frozenset[str]) -> str:
    *most, last = sorted(kinds)
    return f"{', '.join(most)} and {last}"


def _sure(finding: Finding) -> Way:
    return Way(finding.kind, finding)


def _text_way(column: Column) -> Way:
    if column.declared == "DATE":
        # Days where there are days only, times where some have a time of day.
        return _sure(FirstOf((date(), timestamp(_TIME))))
    return _sure(timestamp(_TIME)) if _is_time(column.declared) else Way("VARCHAR")


def _bytes(value: Any) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode()


def _from_declaration(declared: str) -> str:
    """SQLite's own rules of affinity (https://sqlite.org/datatype3.html, 3.1), for a column without a value."""
    if "BOOL" in declared:
        return "BOOLEAN"
    if "INT" in declared:
        return "BIGINT"
    if declared == "DATE":
        return "DATE"
    if _is_time(declared):
        return "TIMESTAMP"
    if "CHAR" in declared or "CLOB" in declared or "TEXT" in declared or declared in ("", "JSON", "UUID"):
        return "VARCHAR"
    if "BLOB" in declared:
        return "BLOB"
    return "DOUBLE"
