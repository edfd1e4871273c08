"""Component ``sqlite-extractor``: a table or query of a SQLite database, whole or what is new."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import Field, model_validator

from orch_tui.components import kit
from orch_tui.components.kit import Context, UserError
from orch_tui.components.sqlite_files import declared_types, explain, open_read_only, require_table
from orch_tui.components.tabular import ParquetSink, connect, listed, quoted, row_batches, usable_names
from orch_tui.model.configuration import WriteMode
from orch_tui.model.text import safe_line


class Parameters(kit.Parameters):
    """What to read from which database."""

    database: str = Field(
        min_length=1, title="Database", description="The SQLite file, relative to the project; it is only read."
    )
    table: str | None = Field(
        None, min_length=1, title="Table", description="The table or view to read; or give a query."
    )
    query: str | None = Field(
        None,
        min_length=1,
        title="Query",
        description="One SELECT in SQLite's SQL; or give a table.",
        json_schema_extra={"x-widget": "sql"},
    )
    incremental_column: str | None = Field(
        None,
        min_length=1,
        title="Incremental column",
        description="A column that only grows, such as an id or a time of change: later runs read only rows beyond "
        "the largest value read so far.",
    )

    @model_validator(mode="after")
    def _one_source(self) -> Parameters:
        if (self.table is None) == (self.query is None):
            raise ValueError("give either table or query, and not both")
        return self


@dataclass(frozen=True, slots=True)
class Column:
    """``classes`` counts what the values are (SQLite's typeof), ``shapes`` tells which texts have a common form."""

    name: str
    declared: str
    classes: dict[str, int]
    booleans: bool = False
    dates: bool = False
    timestamps: bool = False


def run(parameters: Parameters, ctx: Context) -> None:
    """Read the rows into the only output.

    Raises:
        UserError: database, table, query or column are not there or not usable.
    """
    output = ctx.only_output()
    if parameters.incremental_column and output.mode is WriteMode.FULL:
        raise UserError(
            f'with incremental_column the output "{output.name}" would lose all older rows; '
            'set its mode to "incremental" (with a primary_key) or "append"'
        )
    path = ctx.resolve(parameters.database)
    shown = str(path.relative_to(ctx.project)) if path.is_relative_to(ctx.project) else str(path)
    connection = open_read_only(path, shown)
    try:
        # One transaction: the types are found out from exactly the rows that are read.
        connection.execute("begin")
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
        source = f"({(parameters.query or '').strip().rstrip(';')}\n)"
    names = _column_names(connection, source, shown)
    where, arguments = _new_rows(parameters, ctx, names, shown)
    columns = look_at(connection, f"{source}{where}", arguments, names, declared)
    total = sum(columns[0].classes.values())
    kinds, remarks = [], []
    for column in columns:
        kind, remark = duckdb_type(column)
        kinds.append(kind)
        if remark:
            remarks.append(remark)
    safe_names, renamed = usable_names(names)
    for sentence in [*renamed, *remarks]:
        ctx.log(sentence)
    con = connect(ctx)
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
    if column.casefold() not in {name.casefold() for name in names}:
        raise UserError(f'{shown} has no column "{safe_line(column)}" to go by; the columns are {listed(names, 40)}')
    last = ctx.state.get("last") if ctx.state.get("column") == column else None
    if last is None:
        ctx.log(f"first extraction: all rows; later ones read where {column} is larger than the largest now")
        return "", ()
    ctx.log(f"rows where {column} is larger than {last}")
    return f" where {quoted(column)} > ?", (last,)


def _remember(
    connection: sqlite3.Connection, column: str, source: str, arguments: tuple[Any, ...], ctx: Context, names: list[str]
) -> None:
    last = connection.execute(f"select max({quoted(column)}) from {source}", arguments).fetchone()[0]
    if isinstance(last, bytes):
        raise UserError(f'incremental_column "{safe_line(column)}" holds binary values, which have no useful order')
    if last is not None:
        ctx.next_state = {"column": column, "last": last}


_DATE = "[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]"
_TIME = "[0-9][0-9]:[0-9][0-9]:[0-9][0-9]"


def look_at(
    connection: sqlite3.Connection,
    source: str,
    arguments: Sequence[Any],
    names: Sequence[str],
    declared: dict[str, str],
) -> list[Column]:
    """What the values of each column really are: SQLite lets any value into any column. One pass over the rows.

    Raises:
        sqlite3.Error: the rows cannot be read.
    """
    columns = []
    # SQLite allows 2,000 columns in a result; nine sums each stay below it in slices.
    for start in range(0, len(names), 150):
        part = names[start : start + 150]
        sums = ", ".join(_sums(name, declared.get(name, "")) for name in part)
        row = connection.execute(f"select {sums} from {source}", arguments).fetchone()
        for position, name in enumerate(part):
            values = [int(value or 0) for value in row[position * 9 : position * 9 + 9]]
            integers, reals, texts, blobs, nulls, odd, not_dates, not_times, unreal = values
            columns.append(
                Column(
                    name,
                    declared.get(name, ""),
                    {"integer": integers, "real": reals, "text": texts, "blob": blobs, "null": nulls},
                    booleans=odd == 0,
                    dates=not_dates == 0 and unreal == 0,
                    timestamps=not_times == 0 and unreal == 0,
                )
            )
    return columns


def _sums(name: str, declared: str) -> str:
    column = quoted(name)
    classes = [f"sum(typeof({column}) = '{kind}')" for kind in ("integer", "real", "text", "blob", "null")]
    checks = ["0", "0", "0", "0"]
    if "BOOL" in declared:
        checks[0] = f"sum({column} not in (0, 1))"
    if _is_time(declared):
        checks[1] = f"sum({column} not glob '{_DATE}')"
        checks[2] = (
            f"sum({column} not glob '{_DATE}' and {column} not glob '{_DATE}[ T]{_TIME}'"
            f" and not ({column} glob '{_DATE}[ T]{_TIME}.[0-9]*' and ltrim(substr({column}, 21), '0123456789') = ''))"
        )
        # A shape alone lets 2026-02-30 pass; SQLite's own calendar would move it into March.
        checks[3] = (
            f"sum(typeof({column}) = 'text' and ifnull(date({column}, '+0 days') <> substr({column}, 1, 10), 1))"
        )
    return ", ".join([*classes, *checks])


def _is_time(declared: str) -> bool:
    return declared.startswith(("DATE", "TIMESTAMP"))


def duckdb_type(column: Column) -> tuple[str, str | None]:
    """The type a column is stored with, and a sentence to log when the declared one is not what its values are."""
    there = [kind for kind in ("integer", "real", "text", "blob") if column.classes[kind]]
    if not there:
        return _from_declaration(column.declared), None
    if there == ["integer"]:
        return ("BOOLEAN" if "BOOL" in column.declared and column.booleans else "BIGINT"), None
    if set(there) <= {"integer", "real"}:
        return "DOUBLE", None
    if there == ["text"]:
        return _text_type(column)
    if "blob" in there:
        mixed = f'"{column.name}" holds {" and ".join(there)} values; they are stored as bytes'
        return "BLOB", mixed if len(there) > 1 else None
    return "VARCHAR", f'"{column.name}" holds {" and ".join(there)} values; they are stored as text'


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
    text = [n for n, k in enumerate(kinds) if k == "VARCHAR" and columns[n].classes["text"] != _values(columns[n])]
    blobs = [n for n, k in enumerate(kinds) if k == "BLOB" and columns[n].classes["blob"] != _values(columns[n])]
    if not text and not blobs:
        return lambda rows: rows

    def convert(rows: list[tuple[Any, ...]]) -> list[list[Any]]:
        result = [list(row) for row in rows]
        for row in result:
            for n in text:
                if row[n] is not None and not isinstance(row[n], str):
                    row[n] = str(row[n])
            for n in blobs:
                if row[n] is not None and not isinstance(row[n], bytes):
                    row[n] = str(row[n]).encode()
        return result

    return convert


def _values(column: Column) -> int:
    return sum(column.classes.values()) - column.classes["null"]


if __name__ == "__main__":
    kit.main(Parameters, run)
