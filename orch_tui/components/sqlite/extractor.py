"""Component ``sqlite-extractor``: a table or query of a SQLite database, whole or what is new."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pydantic import Field

from orch_tui.components import kit
from orch_tui.components.dbapi.sql_source import (
    IncrementalColumn,
    SqlSource,
    query_field,
    require_kept_rows,
    saved_last,
    tell_start,
)
from orch_tui.components.kit.component import Context, UserError
from orch_tui.components.kit.sql import (
    ParquetSink,
    connect,
    duckdb_explained,
    listed,
    quoted,
    row_batches,
    usable_names,
)
from orch_tui.components.sqlite.database_files import (
    counted_tables,
    declared_types,
    explain,
    open_read_only,
    require_table,
)
from orch_tui.model.text import safe_line


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
    """``low`` and ``high`` are the first and last kind (blob, integer, real, text) of its values, None without any."""

    name: str
    declared: str
    low: str | None
    high: str | None
    booleans: bool = False
    dates: bool = False
    timestamps: bool = False

    @property
    def mixed(self) -> bool:
        return self.low != self.high


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
    kinds, remarks = [], []
    for column in columns:
        kind, remark = duckdb_type(column)
        kinds.append(kind)
        if remark:
            remarks.append(remark)
    safe_names, renamed = usable_names(names)
    for sentence in [*renamed, *remarks]:
        ctx.log(sentence)
    con = connect(ctx, threads=1, memory_limit="256MB")
    cursor = connection.execute(f"select * from {source}{where}", arguments)
    convert = _converter(kinds, columns)
    with ParquetSink(con, list(zip(safe_names, kinds, strict=True)), output.path) as sink:
        for rows, size in row_batches(cursor.fetchmany):
            sink.add(convert(rows), size)
            ctx.progress(sink.rows, total, "rows")
    ctx.log(f"{sink.rows} rows and {len(names)} columns from {shown}")
    if parameters.incremental_column:
        _remember(connection, parameters.incremental_column, f"{source}{where}", arguments, ctx, names)


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
    return ("", ()) if last is None else (f" where {quoted(column)} > ?", (last,))


def _require_column(column: str, names: list[str], shown: str) -> None:
    if column.casefold() not in {name.casefold() for name in names}:
        raise UserError(f'{shown} has no column "{safe_line(column)}" to go by; the columns are {listed(names, 40)}')


def _remember(
    connection: sqlite3.Connection, column: str, source: str, arguments: tuple[Any, ...], ctx: Context, names: list[str]
) -> None:
    last = connection.execute(f"select max({quoted(column)}) from {source}", arguments).fetchone()[0]
    if isinstance(last, bytes):
        raise UserError(f'incremental_column "{safe_line(column)}" holds binary values, which have no useful order')
    if last is not None:
        ctx.next_state = {"column": column, "last": last}


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
    for start in range(0, len(names), 500):
        part = names[start : start + 500]
        kinds = [f"nullif(typeof({quoted(name)}), 'null')" for name in part]
        ends = ", ".join(f"min({kind}), max({kind})" for kind in kinds)
        total, *found = connection.execute(f"select count(*), {ends} from {source}", arguments).fetchone()
        columns += [Column(name, declared.get(name, ""), found[2 * n], found[2 * n + 1]) for n, name in enumerate(part)]
    return [_with_shape(connection, source, arguments, column) for column in columns], total


def _with_shape(connection: sqlite3.Connection, source: str, arguments: Sequence[Any], column: Column) -> Column:
    """The column with its flags set: do the values keep what the declared type promises?"""
    name = quoted(column.name)
    if column.low == column.high == "integer" and "BOOL" in column.declared:
        return replace(column, booleans=_always(connection, source, arguments, f"{name} in (0, 1)"))
    if column.low == column.high == "text" and _is_time(column.declared):
        # Moving a date by no days makes SQLite's calendar put 30 February into March.
        day = f"date(substr({name}, 1, 10), '+0 days') is substr({name}, 1, 10)"
        time = (
            f"substr({name}, 11, 1) in (' ', 'T') and time(substr({name}, 12, 8)) is substr({name}, 12, 8)"
            f" and (length({name}) = 19 or (substr({name}, 20, 1) = '.' and length({name}) > 20"
            f" and ltrim(substr({name}, 21), '0123456789') = ''))"
        )
        return replace(
            column,
            dates=_always(connection, source, arguments, f"{name} is null or ({day} and length({name}) = 10)"),
            timestamps=_always(
                connection, source, arguments, f"{name} is null or ({day} and (length({name}) = 10 or ({time})))"
            ),
        )
    return column


def _always(connection: sqlite3.Connection, source: str, arguments: Sequence[Any], condition: str) -> bool:
    """True when no row breaks the condition (a condition that is null does not count as broken)."""
    # A query of the user's with a condition behind it needs a name of its own.
    rows = connection.execute(f"select 1 from (select * from {source}) where not ({condition}) limit 1", arguments)
    return rows.fetchone() is None


def _is_time(declared: str) -> bool:
    return declared.startswith(("DATE", "TIMESTAMP"))


def duckdb_type(column: Column) -> tuple[str, str | None]:
    """The type a column is stored with, and a sentence to log when the declared one is not what its values are."""
    low, high = column.low, column.high
    if low is None:
        return _from_declaration(column.declared), None
    if low == high == "integer":
        return ("BOOLEAN" if column.booleans else "BIGINT"), None
    if {low, high} <= {"integer", "real"}:
        return "DOUBLE", None
    if low == high == "text":
        return _text_type(column)
    if low == "blob":
        mixed = f'"{column.name}" holds blob and {high} values; they are stored as bytes'
        return "BLOB", mixed if column.mixed else None
    return "VARCHAR", f'"{column.name}" holds {low} and text values; they are stored as text'


def _text_type(column: Column) -> tuple[str, str | None]:
    if not _is_time(column.declared):
        return "VARCHAR", None
    if column.dates and column.declared == "DATE":
        return "DATE", None
    if column.timestamps:
        return "TIMESTAMP", None
    return "VARCHAR", f'"{column.name}" is declared {column.declared}, but not all values are ISO dates; stored as text'


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


def _converter(
    kinds: Sequence[str], columns: Sequence[Column]
) -> Callable[[list[tuple[Any, ...]]], Sequence[Sequence[Any]]]:
    """What makes rows of mixed columns fit; the rows themselves where no column is mixed."""
    text = [n for n, kind in enumerate(kinds) if kind == "VARCHAR" and columns[n].mixed]
    blobs = [n for n, kind in enumerate(kinds) if kind == "BLOB" and columns[n].mixed]
    if not text and not blobs:
        return lambda rows: rows

    def convert(rows: list[tuple[Any, ...]]) -> list[list[Any]]:
        result = [list(row) for row in rows]
        for row in result:
            for n in text:
                if row[n] is not None:
                    row[n] = str(row[n])
            for n in blobs:
                if row[n] is not None and not isinstance(row[n], bytes):
                    row[n] = str(row[n]).encode()
        return result

    return convert


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
