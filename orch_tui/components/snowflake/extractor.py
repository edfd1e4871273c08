"""Component ``snowflake-extractor``: a table or query of Snowflake, whole or what is new."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from pydantic import Field, field_validator, model_validator

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
from orch_tui.components.kit.drift import check_shape
from orch_tui.components.kit.sql import (
    ParquetSink,
    connect,
    duckdb_explained,
    listed,
    row_batches,
    tell_content,
    usable_names,
)
from orch_tui.components.snowflake.login import Login
from orch_tui.components.snowflake.session import Session, open_session
from orch_tui.components.snowflake.types import Column, converter, stored
from orch_tui.model.texts.text import counted, safe_line
from orch_tui.storage.duckdb import folded, quoted

_PART = r'(?:[A-Za-z_][A-Za-z0-9_$]*|"(?:[^"]|"")+")'
_TABLE = re.compile(rf"{_PART}(?:\.{_PART}){{0,2}}")
_INFINITE = "cast('inf' as float)"
_TEST_SECONDS = 8
"""For the login, and for the question: together well below the limit of 30 for a test."""


class Parameters(SqlSource, Login):
    """What to read, and where."""

    table: str | None = Field(
        None,
        min_length=1,
        title="Table",
        description='The table or view to read, as in SQL: orders, sales.orders, crm.sales."Orders". Or give a query.',
    )
    query: str | None = query_field("Snowflake's")
    columns: list[str] = Field(
        default_factory=list, title="Columns", description="Columns of the table to read, in order; all if empty."
    )
    where: str | None = Field(
        None,
        min_length=1,
        title="Where",
        description="A condition in Snowflake's SQL that rows of the table must meet.",
        json_schema_extra={"x-widget": "sql"},
    )
    incremental_column: IncrementalColumn = None
    strict: bool = Field(
        False, title="Strict", description="Fail, and publish nothing, when a column is gone or its type changed."
    )

    @field_validator("table")
    @classmethod
    def _a_name(cls, value: str | None) -> str | None:
        if value is not None and not _TABLE.fullmatch(value):
            raise ValueError(
                'is no name of a table; write name, schema.name or database.schema.name, and "…" around unusual names'
            )
        return value

    @model_validator(mode="after")
    def _query_says_all(self) -> Parameters:
        if self.query is not None and (self.columns or self.where):
            raise ValueError("columns and where belong to a table; a query says both itself")
        return self


@dataclass(frozen=True, slots=True)
class Reading:
    """The statement that gives the rows, and its columns. ``last`` is the largest value of the column to go by, once
    all are read."""

    sql: str
    columns: Sequence[Column]
    arguments: tuple[str, ...] = ()
    last: str | None = None


def run(parameters: Parameters, ctx: Context) -> None:
    """Read the rows into the only output.

    Raises:
        UserError: Snowflake does not let one in, table, query or columns are not usable, the connection broke.
    """
    output = ctx.only_output()
    require_kept_rows(output, parameters.incremental_column)
    with open_session(parameters, ctx) as session:
        ctx.log(f"connected to {parameters.shown} as {session.about()}")
        reading = plan(session, parameters, ctx)
        cursor = session.query(reading.sql, reading.arguments)
        ctx.log(f"Snowflake's id of the query: {cursor.sfqid}")
        with duckdb_explained("the rows from Snowflake cannot be stored"):
            columns, rows = _store(session, cursor, ctx, reading.columns)
    ctx.log(f"{counted(rows, 'row')} and {counted(len(columns), 'column')} from {source_name(parameters)}")
    ctx.metrics["rows_read"] = rows
    check_shape(ctx, output, columns, rows, strict=parameters.strict)
    if reading.last is not None:
        ctx.next_state = {"column": parameters.incremental_column, "last": reading.last}


def source_name(parameters: Parameters) -> str:
    """For sentences: the table, or "the query"."""
    return safe_line(parameters.table, 200) if parameters.table is not None else "the query"


def plan(session: Session, parameters: Parameters, ctx: Context) -> Reading:
    """Find out what is to be read. Raises: UserError when a column is not there or cannot be gone by."""
    source = _source(parameters)
    condition = f"\nwhere {parameters.where}" if parameters.where else ""
    there = [Column.of(item) for item in session.describe(f"select * from {source}{condition}")]
    wanted = [_find(name, there, parameters) for name in parameters.columns] or there
    columns = _as_text(wanted, ctx)
    named = bool(parameters.columns) or any(column.as_text for column in columns)
    chosen = ", ".join(column.selected for column in columns) if named else "*"
    if parameters.incremental_column:
        by = _find(parameters.incremental_column, there, parameters)
        beyond = _beyond(session, f"{source}{condition}", by, ctx, parameters.incremental_column)
        return Reading(f"select {chosen} from {beyond.source}", columns, beyond.arguments, beyond.last)
    return Reading(f"select {chosen} from {source}{condition}", columns)


def _as_text(columns: Sequence[Column], ctx: Context) -> list[Column]:
    """The columns, times of more than six digits behind the second as text: the connector would cut them."""
    fine = [column.name for column in columns if column.is_fine]
    if fine and len({column.name for column in columns}) < len(columns):
        ctx.warn(
            f"times in {listed(fine)} are read to the microsecond, since two columns of the query have one name; give "
            "each a name of its own"
        )
        return list(columns)
    return [replace(column, as_text=column.is_fine) for column in columns]


def _source(parameters: Parameters) -> str:
    if parameters.table is not None:
        return parameters.table
    # Inside of a SELECT nothing but a SELECT is understood, so a query can change nothing.
    return f"(\n{parameters.statement}\n)"


def _find(name: str, there: Sequence[Column], parameters: Parameters) -> Column:
    """The column of that name: exactly, or else in any case, as Snowflake's own names without quotes."""
    for column in there:
        if column.name == name:
            return column
    for column in there:
        if folded(column.name) == folded(name):
            return column
    names = listed((column.name for column in there), 40)
    raise UserError(f'{source_name(parameters)} has no column "{safe_line(name, 60)}"; the columns are {names}')


@dataclass(frozen=True, slots=True)
class Beyond:
    """What is new: a source with its condition, the values for it, and the largest one."""

    source: str
    arguments: tuple[str, ...] = ()
    last: str | None = None


def _beyond(session: Session, source: str, by: Column, ctx: Context, wanted: str) -> Beyond:
    """The rows beyond the last run's largest value and up to the largest now; what comes later is for the next run."""
    if by.compared is None:
        raise UserError(
            f'"{safe_line(by.name, 60)}" has type {by.kind.lower() or "unknown"}, which does not grow; '
            "incremental_column needs a number, a date, a timestamp or a text"
        )
    column = quoted(by.name)
    saved = saved_last(ctx, wanted)
    last = saved if isinstance(saved, str) else None
    tell_start(ctx, wanted, last)
    inner = f"(\nselect * from {source}\n)"
    lower = ""
    arguments: tuple[str, ...] = ()
    if last is not None:
        lower, arguments = f"{column} > cast(? as {by.compared})", (last,)
    # Written by Snowflake itself, so that nanoseconds survive; FLOAT is the type that its text is not exact for.
    # Nothing is beyond a number without an end, and NaN is larger still.
    finite = f"max(case when {column} < {_INFINITE} then {column} end)"
    text = finite if by.kind == "REAL" else f"cast(max({column}) as varchar)"
    row = session.query(f"select {text} from {inner}{f' where {lower}' if lower else ''}", arguments).fetchone()
    newest = None if row is None or row[0] is None else repr(row[0]) if by.kind == "REAL" else str(row[0])
    upper = f"{column} <= cast(? as {by.compared})"
    none = f"{column} is null" + (f" or {column} >= {_INFINITE}" if by.kind == "REAL" else "")
    if newest is None:
        return Beyond(f"{inner} where {'1 = 0' if lower else none}")
    condition = f"{lower} and {upper}" if lower else f"({upper} or {none})"
    return Beyond(f"{inner} where {condition}", (*arguments, newest), newest)


def _store(session: Session, cursor: Any, ctx: Context, columns: Sequence[Column]) -> tuple[list[tuple[str, str]], int]:
    """Rows to Parquet; the columns as they are stored, and how many rows. Raises: UserError, duckdb.Error."""
    output = ctx.only_output()
    names, renamed = usable_names([column.name for column in columns])
    for sentence in renamed:
        ctx.log(sentence)
    con = connect(ctx, threads=1, memory_limit="256MB")
    total = cursor.rowcount if cursor.rowcount is not None and cursor.rowcount >= 0 else None
    convert, types = converter(columns), stored(con, columns, names)
    fields = [(name, column.collected) for name, column in zip(names, columns, strict=True)]
    with ParquetSink(con, fields, output.path, types) as sink, session.explained():
        for rows, size in row_batches(cursor.fetchmany):
            sink.add(convert(rows), size)
            ctx.progress(sink.rows, total, "rows")
        count = sink.rows
        if total is not None and count != total:
            raise UserError(f"Snowflake announced {counted(total, 'row')} and sent {count}; run the task again")
    for column, name, one in zip(columns, names, types.settled, strict=True):
        if column.is_json and one.beyond:
            ctx.log(f'"{name}" holds values that are not JSON, such as undefined; it is stored as text')
        elif column.as_text and one.kind != column.hoped:
            kind = "text" if one.kind == "VARCHAR" else one.kind
            ctx.log(f'"{name}" holds times that {column.hoped} cannot, with nanoseconds; it is stored as {kind}')
    return tell_content(ctx, output, con, count), count


def test_connection(parameters: Parameters, ctx: Context) -> str:
    """Logs in and has the table or the query compiled, which reads no rows and needs no warehouse.

    Raises:
        UserError: as :func:`run`.
    """
    with open_session(parameters, ctx, seconds=_TEST_SECONDS) as session:
        source = _source(parameters)
        condition = f"\nwhere {parameters.where}" if parameters.where else ""
        columns = [Column.of(item) for item in session.describe(f"select * from {source}{condition}")]
        for name in [*parameters.columns, *filter(None, [parameters.incremental_column])]:
            _find(name, columns, parameters)
        return (
            f"connected to {parameters.shown} as {session.about()}; {source_name(parameters)} has "
            f"{counted(len(columns), 'column')}: {listed((column.name for column in columns), 6)}"
        )


if __name__ == "__main__":
    kit.main(Parameters, run, test=test_connection)
