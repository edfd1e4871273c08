"""Component ``sqlite-extractor``: a table or query of a SQLite database, whole or what is new."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from pydantic import Field

from orch_tui.components import kit
from orch_tui.components.dbapi.settle import Settled, Types
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
from orch_tui.components.kit.sql import (
    ParquetSink,
    connect,
    duckdb_explained,
    listed,
    row_batches,
    tell_content,
    usable_names,
)
from orch_tui.components.sqlite.arrow import ArrowSource, arrow_errors, store_arrow
from orch_tui.components.sqlite.database_files import (
    counted_tables,
    declared_types,
    explain,
    open_by_uri,
    open_read_only,
    require_table,
)
from orch_tui.components.sqlite.kinds import Column, Way, look_at, way_of
from orch_tui.model.dataclass import dataclass
from orch_tui.model.texts.text import counted, safe_line
from orch_tui.storage.duckdb import folded, quoted

if TYPE_CHECKING:
    import duckdb

_INFINITE = "9e999"
_FIRST = 1_000
"""Rows that say the kinds of values at first."""
_WIDEST = 300
"""Columns beyond which Arrow is not tried: SQLite allows 2,000 in a result, and some travel as two."""


class Database(kit.Parameters):
    """Where the database is; as the last base of the parameters, it comes first on the form."""

    database: str = Field(
        min_length=1, title="Database", description="The SQLite file, relative to the project; it is only read."
    )


class Parameters(SqlSource, Database):
    """What to read from which database."""

    query: str | None = query_field("SQLite's")
    incremental_column: IncrementalColumn = None


def run(parameters: Parameters, ctx: Context) -> None:
    """Read the rows into the only output.

    Raises:
        UserError: database, table, query or column are not there or not usable.
    """
    require_kept_rows(ctx.only_output(), parameters.incremental_column)
    path = ctx.resolve(parameters.database)
    shown = str(path.relative_to(ctx.project)) if path.is_relative_to(ctx.project) else str(path)
    connection, uri = open_by_uri(path, shown)
    try:
        # One transaction: the types are found out from exactly the rows that are read.
        connection.execute("begin")
        with duckdb_explained(f"the rows of {shown} cannot be stored"):
            _Extraction(connection, uri, parameters, ctx, shown).run()
    except sqlite3.Error as error:
        raise UserError(explain(error, shown)) from error
    finally:
        connection.close()


@dataclass(frozen=True, slots=True)
class _Stored:
    """What was stored: how many rows, of which columns, in which types, and who tells values of the same moment."""

    rows: int
    columns: Sequence[Column]
    ways: Sequence[Way]
    types: Types


class _Extraction:
    """One run, on a connection in a transaction: by Arrow where the columns allow, else row by row through Python."""

    def __init__(
        self, connection: sqlite3.Connection, uri: str, parameters: Parameters, ctx: Context, shown: str
    ) -> None:
        self._connection = connection
        self._uri = uri
        self._parameters = parameters
        self._ctx = ctx
        self._shown = shown
        self._declared: dict[str, str] = {}
        if parameters.table is not None:
            table = require_table(connection, parameters.table, shown)
            self._declared, self._source = declared_types(connection, table), quoted(table)
        else:
            self._source = f"({parameters.statement}\n)"
        self._names = _column_names(connection, self._source, shown)
        self._safe_names, self._renamed = usable_names(self._names)
        self._where, self._arguments = _new_rows(parameters, ctx, self._names, shown)

    def run(self) -> None:
        """Read the rows. Raises: UserError; sqlite3.Error; duckdb.Error."""
        stored = self._by_arrow() or self._by_python()
        ctx = self._ctx
        for sentence in [*self._renamed, *(way.remark for way in stored.ways if way.remark)]:
            ctx.log(sentence)
        ctx.log(f"{counted(stored.rows, 'row')} and {counted(len(self._names), 'column')} from {self._shown}")
        ctx.metrics["rows_read"] = stored.rows
        for column, one in zip(stored.columns, stored.types.settled, strict=True):
            if one.beyond:
                ctx.log(_not_declared(column, one))

    def _types(self, con: duckdb.DuckDBPyConnection, ways: Sequence[Way]) -> Types:
        return Types(con, [(name, way.kind, way.finding) for name, way in zip(self._safe_names, ways, strict=True)])

    def _look(self, relation: str) -> tuple[list[Column], int]:
        return look_at(self._connection, relation, self._arguments, self._names, self._declared)

    def _by_arrow(self) -> _Stored | None:
        """None where it cannot be done, and nothing was done: whatever it was, the other way says what is wrong."""
        if self._arguments or len(self._names) > _WIDEST:
            return None
        unusable: tuple[type[Exception], ...] = (ImportError, *arrow_errors())
        try:
            with ArrowSource(self._uri) as source:
                for relation in (f"(select * from {self._source} limit {_FIRST})", self._source):
                    columns, _ = self._look(relation)
                    if (stored := self._stored_by(source, columns)) is not None:
                        self._remember(stored.columns, lambda query: source.value(connect(self._ctx), query))
                        return stored
        except unusable:
            return None
        return None

    def _stored_by(self, source: ArrowSource, columns: Sequence[Column]) -> _Stored | None:
        """None where a value is of a kind that its column was not said to have."""
        ctx, ways = self._ctx, [way_of(column) for column in columns]
        # Arrow's batches lie beside what DuckDB takes.
        con = connect(ctx, memory_limit="256MB")
        types = self._types(con, ways)
        named = list(zip(self._safe_names, columns, ways, strict=True))
        try:
            width = source.value(con, f"select coalesce(avg({_width(self._names)}), 0) from ({self._first()})")
            rows = store_arrow(con, source, self._source, named, types, int(width), ctx.only_output().path)
            if rows is not None:
                tell_content(ctx, ctx.only_output(), con, rows)
        except arrow_errors():
            ctx.only_output().path.unlink(missing_ok=True)
            return None
        finally:
            con.close()
        if rows is None:
            return None
        ctx.progress(rows, rows, "rows")
        return _Stored(rows, columns, ways, types)

    def _first(self) -> str:
        return f"select * from {self._source} limit {_FIRST}"

    def _by_python(self) -> _Stored:
        ctx, rows_of = self._ctx, f"{self._source}{self._where}"
        columns, total = self._look(rows_of)
        ways = [way_of(column) for column in columns]
        con = connect(ctx, threads=1, memory_limit="256MB")
        cursor = self._connection.execute(f"select * from {rows_of}", self._arguments)
        convert = Converter([way.convert for way in ways])
        types = self._types(con, ways)
        fields = [(name, way.collected) for name, way in zip(self._safe_names, ways, strict=True)]
        with ParquetSink(con, fields, ctx.only_output().path, types) as sink:
            for rows, size in row_batches(cursor.fetchmany):
                sink.add(convert(rows), size)
                ctx.progress(sink.rows, total, "rows")
        tell_content(ctx, ctx.only_output(), con, sink.rows)
        self._remember(columns, lambda query: self._connection.execute(query, self._arguments).fetchone()[0])
        return _Stored(sink.rows, columns, ways, types)

    def _remember(self, columns: Sequence[Column], value: Callable[[str], Any]) -> None:
        """Keep the largest value for the next run; ``value`` tells that of a query, of the moment of the rows."""
        if self._parameters.incremental_column:
            _remember(value, self._parameters.incremental_column, f"{self._source}{self._where}", self._ctx, columns)


def _not_declared(column: Column, found: Settled) -> str:
    stored = "text" if found.kind == "VARCHAR" else found.kind
    return (
        f'"{safe_line(column.name, 60)}" is declared {safe_line(column.declared, 60)}, but '
        f"{counted(found.beyond, 'value')} cannot be that, such as {safe_line(found.example, 60)}; stored as {stored}"
    )


def _width(names: Sequence[str]) -> str:
    """SQLite's expression of about how many bytes a row has."""
    return " + ".join(f"coalesce(octet_length({quoted(name)}), 0)" for name in names)


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


def _remember(value: Callable[[str], Any], name: str, source: str, ctx: Context, columns: Sequence[Column]) -> None:
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
    last = value(f"select {finite} from (select * from {source})")
    if last is not None:
        ctx.next_state = {"column": name, "last": last}


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
