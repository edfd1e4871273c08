"""Component ``postgres-extractor``: a table or query of a PostgreSQL database, whole or what is new."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from orch_tui.components import kit
from orch_tui.components.dbapi.extract import Reader, extract, require_columns
from orch_tui.components.dbapi.growing import Last, require_growing
from orch_tui.components.dbapi.names import require
from orch_tui.components.dbapi.parameters import Source
from orch_tui.components.dbapi.pipe import MARK, LineTooLongError, piped
from orch_tui.components.dbapi.streams import Rows, stored_errors
from orch_tui.components.dbapi.values import Column
from orch_tui.components.kit.component import Context
from orch_tui.components.postgres.copying import CopyOut
from orch_tui.components.postgres.server import Postgres, PostgresServer, qualified
from orch_tui.components.postgres.types import AS_TEXT, PostgresType, csv_column, reading
from orch_tui.model.texts.text import counted

if TYPE_CHECKING:
    import psycopg


class Parameters(Source, PostgresServer):
    """What to read from which database."""


class PostgresReader(Reader):
    """COPY in a read-only transaction at the level repeatable read: all rows are of one moment, also when they are read
    again, as other types or by a named cursor.

    Source: https://www.psycopg.org/psycopg3/docs/advanced/cursors.html#server-side-cursors
    """

    session: Postgres

    def __init__(self, parameters: Parameters, ctx: Context, *, quick: bool = False) -> None:
        self.session = Postgres(parameters, ctx, read_only=True, quick=quick)
        self.parameters = parameters
        self._cursor: psycopg.ServerCursor[tuple[Any, ...]]
        self._values, self._from = "", ""
        self.table: str | None = None

    def start(self, last: Last | None) -> list[Column]:
        source, columns = self.look()
        chosen = self._chosen([column.name for column, _ in columns])
        # Names of a query may come twice; numbers do not.
        aliases = ", ".join(f"c{n}" for n in range(len(columns)))
        values = ", ".join(columns[n][1].format(f"c{n}") for n in chosen)
        statement = f"from {source} as source({aliases})"
        if last is not None:
            names = [column.name for column, _ in columns]
            growing = require_growing([column for column, _ in columns], last.column, last, self.shown)
            n = names.index(growing.name)
            statement += f" where {_beyond(columns[n][1].format(f'c{n}'), growing, last, self.session.con)}"
        self._values, self._from = values, statement
        return [columns[n][0] for n in chosen]

    @contextmanager
    def csv(self, columns: Sequence[Column], told: Callable[[int], None]) -> Iterator[Rows]:
        parsed = [csv_column(column.name, column.kind, column.finding) for column in columns]
        values = self._values
        if len(columns) == 1:
            parsed, values = [MARK, *parsed], f"1, {values}"
        readable: tuple[type[Exception], ...] = (*stored_errors(), LineTooLongError)
        copy = CopyOut(self.session.con, f"select {values} {self._from}")
        try:
            with piped(parsed, copy.chunks(), told) as rows:
                yield rows
        except readable:
            copy.take_back()
            raise

    def open(self) -> None:
        """Begin to read row by row."""
        # All rows are read, so a plan that gives the first ones soon is the wrong one.
        self.session.set_local("cursor_tuple_fraction", "1")
        for name in AS_TEXT:
            self.session.con.adapters.register_loader(name, _text_loader())
        self._cursor = self.session.con.cursor("orch_tui")
        self._cursor.execute(f"select {self._values} {self._from}".encode())

    def look(self) -> tuple[str, list[tuple[Column, str]]]:
        """What to read from, and its columns, each with the expression that gives its values. Runs no query."""
        parameters = self.parameters
        if parameters.table is not None:
            schema = parameters.schema_name
            self.table = require(
                parameters.table, list(self.session.tables(schema)), "table", f"schema {schema} of {self.shown}"
            )
            source = qualified(schema, self.table)
        else:
            source = f"({parameters.statement}\n)"
        found = self.session.con.execute(f"select * from {source} as source limit 0".encode()).description or []
        types = self._types(found)
        columns = []
        for item in found:
            name, built_in, kind, category = types[item.type_code]
            known = PostgresType(name, built_in, kind, category, item.precision, item.scale)
            read = reading(known)
            columns.append((Column(item.name, read.kind, finding=read.finding), read.expression))
        return source, columns

    def _types(self, found: list[psycopg.Column]) -> dict[int, tuple[str, bool, str, str]]:
        rows = self.session.con.execute(
            "select oid::bigint, typname::text, typnamespace = 'pg_catalog'::regnamespace, typtype::text,"
            " typcategory::text from pg_catalog.pg_type where oid = any(%s::oid[])",
            ([item.type_code for item in found],),
        ).fetchall()
        return {oid: (name, built_in, kind, category) for oid, name, built_in, kind, category in rows}

    def _chosen(self, names: list[str]) -> list[int]:
        wanted = self.parameters.columns
        return [names.index(require(name, names, "column", self.where)) for name in wanted] or list(range(len(names)))

    @property
    def where(self) -> str:
        """What has the columns, for a message."""
        return f"{self.table} in {self.shown}" if self.table else f"the query on {self.shown}"

    def fetchmany(self, count: int) -> list[tuple[Any, ...]]:
        return self._cursor.fetchmany(count)

    def estimate(self) -> int | None:
        if self.table is None:
            return None
        row = self.session.con.execute(
            "select reltuples::bigint from pg_catalog.pg_class where oid = %s::regclass",
            (qualified(self.parameters.schema_name, self.table),),
        ).fetchone()
        return int(row[0]) if row and row[0] > 0 else None


def _beyond(value: str, growing: Column, last: Last, con: psycopg.Connection[Any]) -> str:
    """The condition for what is new. Without the values that have no end: they would be new in every run."""
    from psycopg import sql

    if last.family == "text":
        # The state compares texts by code points, as DuckDB does, and not by the database's language.
        return f'{value} collate "C" > {sql.Literal(last.value).as_string(con)}'
    if last.family == "time":
        text = str(last.value)
        limit = f"{text.replace(' (BC)', '')} BC" if "(BC)" in text else text
        return f"{value} > {sql.Literal(limit).as_string(con)} and {value} < 'infinity'"
    beyond = f"{value} > {sql.Literal(last.value).as_string(con)}"
    if growing.kind in ("FLOAT", "DOUBLE"):
        return f"{beyond} and {value} < 'infinity'"
    # Older servers have no infinite numeric to compare with.
    return f"{beyond} and {value}::text not in ('NaN', 'Infinity')" if growing.finding else beyond


def _text_loader() -> Any:
    from psycopg.types.string import TextLoader

    return TextLoader


def run(parameters: Parameters, ctx: Context) -> None:
    """Read the rows into the only output.

    Raises:
        UserError: server, table, query or column are not there or not usable.
    """
    extract(PostgresReader(parameters, ctx), parameters, ctx)


def test_connection(parameters: Parameters, ctx: Context) -> str:
    """Who answers, and what is to be read. Raises: UserError."""
    with PostgresReader(parameters, ctx, quick=True) as reader:
        _, columns = reader.look()
        require_columns(parameters, [column for column, _ in columns], reader.where)
        what = f"the table {parameters.schema_name}.{reader.table}" if reader.table else "the query"
        return f"{reader.session.greeting()}; {what} has {counted(len(columns), 'column')}"


if __name__ == "__main__":
    kit.main(Parameters, run, test=test_connection)
