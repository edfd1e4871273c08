"""Rows as Parquet files: what is stored of a value whose type Parquet does not have, without changing the value.

DuckDB would write 128-bit integers as DOUBLE, times with an offset without it, intervals without their microseconds and
unions as numbered structs. Source: https://duckdb.org/docs/stable/data/parquet/overview, and each of them tried.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orch_tui.storage.duckdb import Column, columns_of, copy_options, literal, quoted
from orch_tui.storage.values.conversion import converted, holds
from orch_tui.storage.values.lattice import BIG
from orch_tui.storage.values.meeting import Side, inside
from orch_tui.storage.values.types import (
    ARRAY,
    DECIMAL_DIGITS,
    LIST,
    MAP,
    NULL_TYPE,
    STRUCT,
    TEXT,
    TUPLE,
    UNION,
    DataType,
    decimal,
    list_of,
    parse_type,
    walk,
)

if TYPE_CHECKING:
    import duckdb

ROW_GROUP = 122_880
"""Rows that DuckDB collects in memory for each thread before it writes them to Parquet, when nothing else is said."""

_INTEGERS = (DataType("BIGINT"), decimal(DECIMAL_DIGITS, 0))
_BY_TYPE = {
    "BIT": DataType(TEXT),
    "ENUM": DataType(TEXT),
    "TIMESTAMP_S": DataType("TIMESTAMP"),
    "TIMESTAMP_MS": DataType("TIMESTAMP"),
    UNION: DataType("JSON"),
}
# Parquet's interval: three unsigned numbers, the last of milliseconds. DuckDB 2.0.0 writes 24 hours as a day.
_INTERVAL = " and ".join(
    [f"datepart('{part}', {{0}}) >= 0" for part in ("year", "month", "day", "hour", "minute", "microsecond")]
    + ["datepart('hour', {0}) < 24", "datepart('microsecond', {0}) % 1000 = 0"]
)
_BY_VALUES: dict[str, Callable[[str], str]] = {
    "INTERVAL": _INTERVAL.format,
    "TIME WITH TIME ZONE": "suffix(cast({0} as varchar), '+00')".format,
}
"""Types that are stored as they are if this is true of each value, and as text if not."""


def write_parquet(con: duckdb.DuckDBPyConnection, query: str, path: Path, *, group: int = ROW_GROUP) -> int:
    """The rows of a query as a zstd Parquet file (0600), in row groups of ``group`` rows; returns how many.

    The columns have the types that :func:`stored_types` gives; the query runs more than once where that has to look at
    values.

    Raises:
        duckdb.Error: the query failed or the file cannot be written.
    """
    columns = columns_of(con, query)
    kinds = stored_types(con, f"({query})", columns)
    selected = [
        f"{converted(quoted(name), before, kind)} as {quoted(name)}"
        for (name, before), kind in zip(columns, kinds, strict=True)
    ]
    options = f"{copy_options()}, row_group_size {group}"
    row = con.execute(
        f"copy (select {', '.join(selected)} from ({query})) to {literal(str(path))} ({options})"
    ).fetchone()
    path.chmod(0o600)
    return int(row[0]) if row else 0


Run = Callable[["duckdb.DuckDBPyConnection", str], "tuple[Any, ...] | None"]
"""Runs a statement and gives the first row of its answer."""


def execute(con: duckdb.DuckDBPyConnection, statement: str) -> tuple[Any, ...] | None:
    """The usual :data:`Run`. Raises: duckdb.Error."""
    row: tuple[Any, ...] | None = con.execute(statement).fetchone()
    return row


def write_once(
    con: duckdb.DuckDBPyConnection, query: str, path: Path, *, group: int = ROW_GROUP, run: Run = execute
) -> int:
    """As :func:`write_parquet` for a query that can run only once, over a stream; returns how many rows.

    Its columns must have types that Parquet keeps.

    Raises:
        duckdb.Error: the query failed or the file cannot be written.
    """
    row = run(con, f"copy ({query}) to {literal(str(path))} ({copy_options()}, row_group_size {group})")
    path.chmod(0o600)
    return int(row[0]) if row else 0


def stored_types(con: duckdb.DuckDBPyConnection, relation: str, columns: Sequence[Column]) -> list[str]:
    """The type that each column gets in Parquet, at every depth: the same wherever Parquet keeps its values.

    ============================  ====================================================================================
    HUGEINT, UHUGEINT, BIGNUM     BIGINT if all values fit, else DECIMAL(38,0), else text
    INTERVAL                      itself if no value is negative or has microseconds or 24 hours, else text
    TIME WITH TIME ZONE           itself if all offsets are zero, else text
    BIT, ENUM                     text
    UNION                         JSON: ``{"member": value}``
    TIMESTAMP_S, TIMESTAMP_MS     TIMESTAMP
    ``T[3]``, a tuple             a list, a struct with the members ``element1``, ``element2``, ...
    nothing but nulls             text
    ============================  ====================================================================================

    Raises:
        duckdb.Error: the relation cannot be read.
    """
    kinds = []
    for name, text in columns:
        kind = parse_type(text)
        stored = _stored(con, (relation, quoted(name), kind))
        kinds.append(TEXT if stored.name == NULL_TYPE else text if stored == kind else str(stored))
    return kinds


class CarriedColumns:
    """Columns that pass through Parquet files on their way and come back with their types.

    What Parquet may not keep travels as DuckDB's text of it, whatever its values are.
    """

    def __init__(self, columns: Sequence[Column]) -> None:
        self._columns = [(quoted(name), kind, _is_kept(parse_type(kind))) for name, kind in columns]

    def there(self, source: str) -> str:
        """The query of the rows of ``source`` as they are written."""
        fields = [column if kept else f"cast({column} as varchar) as {column}" for column, _, kept in self._columns]
        return f"select {', '.join(fields)} from {source}"

    def back(self, source: str) -> str:
        """What was written as a relation with the types of the columns."""
        fields = [column if kept else f"cast({column} as {kind}) as {column}" for column, kind, kept in self._columns]
        return f"(select {', '.join(fields)} from {source})"


def _is_kept(kind: DataType) -> bool:
    lost = {"HUGEINT", "UHUGEINT", BIG, UNION, ARRAY, TUPLE, *_BY_TYPE, *_BY_VALUES}
    return not any(part.name in lost for part in walk(kind))


def _stored(con: duckdb.DuckDBPyConnection, side: Side) -> DataType:
    _, column, kind = side
    if kind.name in ("HUGEINT", "UHUGEINT", BIG):
        return _first(con, side, [holds(column, kind, integer) for integer in _INTEGERS], _INTEGERS)
    if test := _BY_VALUES.get(kind.name):
        return _first(con, side, [test(column)], (kind,))
    if kind.name in (LIST, ARRAY):
        values = column if kind.name == LIST else f"cast({column} as {kind.element}[])"
        return list_of(_stored(con, inside(side, f"unnest({values})", kind.element)))
    if kind.name == MAP:
        (_, key), (_, value) = kind.members
        keys = _stored(con, inside(side, f"unnest(map_keys({column}))", key))
        return DataType(MAP, (("", keys), ("", _stored(con, inside(side, f"unnest(map_values({column}))", value)))))
    if kind.name in (STRUCT, TUPLE):
        members = []
        for at, (name, member) in enumerate(kind.members, 1):
            place = literal(name) if kind.name == STRUCT else str(at)
            stored = _stored(con, inside(side, f"struct_extract({column}, {place})", member))
            members.append((name or f"element{at}", stored))
        return DataType(STRUCT, tuple(members))
    return _BY_TYPE.get(kind.name, kind)


def _first(con: duckdb.DuckDBPyConnection, side: Side, tests: Sequence[str], kinds: Sequence[DataType]) -> DataType:
    """The first of the types whose test all values pass; text if none."""
    tested = ", ".join(f"coalesce(bool_and({test}), true)" for test in tests)
    row = con.execute(f"select {tested} from {side[0]}").fetchone() or ()
    return next((kind for kind, passed in zip(kinds, row, strict=True) if passed), DataType(TEXT))
