"""Component ``sqlite-extractor``: a table or query of a SQLite database, whole or what is new."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import Field

from orch_tui.components import kit
from orch_tui.components.dbapi.settle import Finding, FirstOf, Settled, Types, date, padded, timestamp, truth
from orch_tui.components.dbapi.sql_source import (
    IncrementalColumn,
    SqlSource,
    query_field,
    require_kept_rows,
    saved_last,
    tell_start,
)
from orch_tui.components.dbapi.values import Converter
from orch_tui.components.kit.component import Context, UserError
from orch_tui.components.kit.sql import ParquetSink, connect, duckdb_explained, listed, row_batches, usable_names
from orch_tui.components.sqlite.database_files import (
    counted_tables,
    declared_types,
    explain,
    open_read_only,
    require_table,
)
from orch_tui.model.texts.text import counted, safe_line
from orch_tui.storage.duckdb import folded, quoted

_KINDS = ("blob", "integer", "real", "text")
_EXACT = 2**53
"""The largest integer up to which a double holds all."""
_INFINITE = "9e999"
_TIME = padded(
    "case when length({x}) = 10 then {x} || ' 00:00:00' else left({x}, 10) || replace(substr({x}, 11, 1), 'T', ' ')"
    " || substr({x}, 12) end"
)
"""``2024-01-31``, ``2024-01-31T10:00:00.250`` and ``2024-01-31 10:00:00.25`` as DuckDB writes a time."""


class Database(kit.Parameters):
    """Where the database is; as the last base of the parameters, it comes first on the form."""

    database: str = Field(
        min_length=1, title="Database", description="The SQLite file, relative to the project; it is only read."
    )


class Parameters(SqlSource, Database):
    """What to read from which database."""

    query: str | None = query_field("SQLite's")
    incremental_column: IncrementalColumn = None


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


def run(parameters: Parameters, ctx: Context) -> None:
    """Read the rows into the only output.

    Raises:
        UserError: database, table, query or column are not there or not usable.
    """
    require_kept_rows(ctx.only_output(), parameters.incremental_column)
    path = ctx.resolve(parameters.database)
    shown = str(path.relative_to(ctx.project)) if path.is_relative_to(ctx.project) else str(path)
    connection = open_read_only(path, shown)
    try:
        # One transaction: the types are found out from exactly the rows that are read.
        connection.execute("begin")
        with duckdb_explained(f"the rows of {shown} cannot be stored"):
            _extract(connection, parameters, ctx, shown)
    except sqlite3.Error as error:
        raise UserError(explain(error, shown)) from error
    finally:
        connection.close()


def _extract(connection: sqlite3.Connection, parameters: Parameters, ctx: Context, shown: str) -> None:
    output = ctx.only_output()
    declared: dict[str, str] = {}
    if parameters.table is not None:
        table = require_table(connection, parameters.table, shown)
        declared, source = declared_types(connection, table), quoted(table)
    else:
        source = f"({parameters.statement}\n)"
    names = _column_names(connection, source, shown)
    where, arguments = _new_rows(parameters, ctx, names, shown)
    columns, total = look_at(connection, f"{source}{where}", arguments, names, declared)
    ways = [way_of(column) for column in columns]
    safe_names, renamed = usable_names(names)
    for sentence in [*renamed, *(way.remark for way in ways if way.remark)]:
        ctx.log(sentence)
    con = connect(ctx, threads=1, memory_limit="256MB")
    cursor = connection.execute(f"select * from {source}{where}", arguments)
    convert = Converter([way.convert for way in ways])
    types = Types(con, [(name, way.kind, way.finding) for name, way in zip(safe_names, ways, strict=True)])
    fields = [(name, way.collected) for name, way in zip(safe_names, ways, strict=True)]
    with ParquetSink(con, fields, output.path, types) as sink:
        for rows, size in row_batches(cursor.fetchmany):
            sink.add(convert(rows), size)
            ctx.progress(sink.rows, total, "rows")
    ctx.log(f"{counted(sink.rows, 'row')} and {counted(len(names), 'column')} from {shown}")
    ctx.metrics["rows_read"] = sink.rows
    for column, one in zip(columns, types.settled, strict=True):
        if one.beyond:
            ctx.log(_not_declared(column, one))
    if parameters.incremental_column:
        _remember(connection, parameters.incremental_column, f"{source}{where}", arguments, ctx, columns)


def _not_declared(column: Column, found: Settled) -> str:
    stored = "text" if found.kind == "VARCHAR" else found.kind
    return (
        f'"{safe_line(column.name, 60)}" is declared {safe_line(column.declared, 60)}, but '
        f"{counted(found.beyond, 'value')} cannot be that, such as {safe_line(found.example, 60)}; stored as {stored}"
    )


def _column_names(connection: sqlite3.Connection, source: str, shown: str) -> list[str]:
    try:
        cursor = connection.execute(f"select * from {source} limit 0")
    except sqlite3.Error as error:
        # Locks and broken files are not the query's fault.
        if isinstance(error, sqlite3.OperationalError) and "locked" not in str(error):
            raise UserError(f"the query fails on {shown}: {safe_line(str(error), 300)}") from error
        raise
    return [str(item[0]) for item in cursor.description]


def _new_rows(parameters: Parameters, ctx: Context, names: list[str], shown: str) -> tuple[str, tuple[Any, ...]]:
    column = parameters.incremental_column
    if column is None:
        return "", ()
    _require_column(column, names, shown)
    last = saved_last(ctx, column)
    tell_start(ctx, column, last)
    if last is None:
        return "", ()
    # Nothing is larger than a number without an end: it would be new in every run.
    return f" where {quoted(column)} > ? and {_finite(quoted(column))}", (last,)


def _finite(column: str) -> str:
    return f"(typeof({column}) <> 'real' or abs({column}) < {_INFINITE})"


def _require_column(column: str, names: list[str], shown: str) -> None:
    if folded(column) not in {folded(name) for name in names}:
        raise UserError(f'{shown} has no column "{safe_line(column)}" to go by; the columns are {listed(names, 40)}')


def _remember(
    connection: sqlite3.Connection,
    name: str,
    source: str,
    arguments: tuple[Any, ...],
    ctx: Context,
    columns: Sequence[Column],
) -> None:
    kinds = next(column.kinds for column in columns if folded(column.name) == folded(name))
    if "blob" in kinds:
        raise UserError(f'incremental_column "{safe_line(name)}" holds binary values, which have no useful order')
    before = (
        {"text" if isinstance(saved, str) else "integer"} if (saved := saved_last(ctx, name)) is not None else set()
    )
    if "text" in kinds | before and (kinds | before) - {"text"}:
        # Every text is larger than every number: no number would be new again.
        raise UserError(
            f'incremental_column "{safe_line(name)}" holds texts and numbers, which have no useful order; choose '
            "another column, or say in a query what its values should be"
        )
    column = quoted(name)
    finite = f"max(case when {_finite(column)} then {column} end)"
    last = connection.execute(f"select {finite} from (select * from {source})", arguments).fetchone()[0]
    if last is not None:
        ctx.next_state = {"column": name, "last": last}


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
            f"count(case typeof({quoted(name)}) when '{kind}' then 1 end)" for name in part for kind in _KINDS
        )
        total, *found = connection.execute(f"select count(*), {asked} from {source}", arguments).fetchone()
        for n, name in enumerate(part):
            counts = found[n * len(_KINDS) : (n + 1) * len(_KINDS)]
            kinds = frozenset(kind for kind, count in zip(_KINDS, counts, strict=True) if count)
            exact = kinds != {"integer", "real"} or _doubles(connection, source, arguments, quoted(name))
            columns.append(Column(name, declared.get(name, ""), kinds, exact))
    return columns, total


def _doubles(connection: sqlite3.Connection, source: str, arguments: Sequence[Any], name: str) -> bool:
    """True when all integers of the column are ones that a double holds."""
    # A query of the user's with a condition behind it needs a name of its own.
    beyond = f"typeof({name}) = 'integer' and {name} not between {-_EXACT} and {_EXACT}"
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
    why = "" if "text" in kinds else f", since no number holds integers beyond {_EXACT} and fractions"
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


def test_connection(parameters: Parameters, ctx: Context) -> str:
    """Opens the database and looks whether the table is there or the query can be understood; reads no rows.

    Raises:
        UserError: it cannot be opened, or there is no such table or column.
    """
    path = ctx.resolve(parameters.database)
    shown = str(path.relative_to(ctx.project)) if path.is_relative_to(ctx.project) else str(path)
    connection = open_read_only(path, shown, timeout=10)
    try:
        there = f"opened {shown}: {counted_tables(connection)}"
        if parameters.table is not None:
            table = require_table(connection, parameters.table, shown)
            source, what = quoted(table), f'"{safe_line(table, 60)}" has'
        else:
            source, what = f"({parameters.statement}\n)", "the query gives"
        names = _column_names(connection, source, shown)
        if parameters.incremental_column:
            _require_column(parameters.incremental_column, names, shown)
        return f"{there}; {what} {len(names)} columns"
    except sqlite3.Error as error:
        raise UserError(explain(error, shown)) from error
    finally:
        connection.close()


if __name__ == "__main__":
    kit.main(Parameters, run, test=test_connection)
