"""Component ``mysql-extractor``: a table or query of a MySQL or MariaDB database, whole or what is new."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from pydantic import Field

from orch_tui.components import kit
from orch_tui.components.dbapi.extract import Reader, extract, require_columns
from orch_tui.components.dbapi.growing import Last, require_growing
from orch_tui.components.dbapi.names import require
from orch_tui.components.dbapi.parameters import Source
from orch_tui.components.dbapi.pipe import MARK, LineTooLongError, piped
from orch_tui.components.dbapi.streams import Rows, stored_errors
from orch_tui.components.dbapi.values import Column
from orch_tui.components.kit.component import Context, UserError
from orch_tui.components.kit.sql import listed
from orch_tui.components.mysql.row_lines import csv_column, is_streamed, line_of
from orch_tui.components.mysql.server import Mysql, MysqlServer, quoted
from orch_tui.components.mysql.types import FLOAT, MysqlField, reading
from orch_tui.model.texts.text import counted

if TYPE_CHECKING:
    from orch_tui.components.mysql.driver import Stream
    from orch_tui.components.mysql.lines import LinesOut

_NOT_PREPARED = 1295
"""The error for a statement that cannot be prepared."""


class Parameters(Source, MysqlServer):
    """What to read from which database."""

    tinyint1_as_boolean: bool = Field(
        True,
        title="TINYINT(1) is boolean",
        description="MySQL's own convention. Set it to false where such columns hold other numbers than 0 and 1.",
    )


class MysqlReader(Reader):
    """Lines that the server makes, or an unbuffered cursor, in a read-only transaction with a consistent snapshot: all
    rows are of one moment, also when they are read again.

    Source: https://dev.mysql.com/doc/refman/8.4/en/commit.html
    """

    session: Mysql

    def __init__(self, parameters: Parameters, ctx: Context, *, quick: bool = False) -> None:
        self.session = Mysql(parameters, ctx, quick=quick)
        self._ctx = ctx
        self.parameters = parameters
        self.table: str | None = None
        self._stream: Stream | None = None
        self._lines: LinesOut | None = None
        self._plain, self._line = "", ""
        self._names: list[str] = []
        self._floats: set[str] = set()

    def prepare(self) -> None:
        # For the session: a statement such as DROP TABLE ends a transaction, and then it is not read-only any more.
        self.session.execute("set session transaction isolation level repeatable read, read only")
        self.session.execute("start transaction with consistent snapshot, read only")

    def leave(self) -> None:
        for one in (self._stream, self._lines):
            if one is not None:
                one.leave()

    def start(self, last: Last | None) -> list[Column]:
        if self.parameters.table is not None:
            return self._start_table(last)
        self._look_for_floats()
        self._plain = self.query(last)
        fields = self._lines_of_query()
        if not self._line:
            # What such a query gives is known when it runs.
            self.open()
            assert self._stream is not None
            fields = self._stream.fields()
        if not fields:
            raise UserError(f"the query on {self.shown} gives no rows at all; write a SELECT")
        return self.columns(
            [replace(field, code=FLOAT) if field.name.casefold() in self._floats else field for field in fields]
        )

    def _start_table(self, last: Last | None) -> list[Column]:
        source, fields = self.look()
        json = self._json_columns()
        names = [field.name for field in fields]
        wanted = [require(name, names, "column", f"{self.table} in {self.shown}") for name in self.parameters.columns]
        chosen = [fields[names.index(name)] for name in wanted or names]
        columns = [self._column(field, is_json=field.name in json) for field in chosen]
        values = [_value(field) for field in chosen]
        rows = f"from {source}"
        if last is not None:
            growing = require_growing(columns, last.column, last, self.shown)
            rows += f" where {self._beyond(values[columns.index(growing)], last)}"
        self._plain, self._line = f"select {', '.join(values)} {rows}", f"select {line_of(chosen, values)} {rows}"
        return columns

    def _lines_of_query(self) -> list[MysqlField]:
        """The columns of a query that can be read as lines."""
        import pymysql

        from orch_tui.components.mysql.driver import described

        if not is_streamed(self.parameters.statement):
            return []
        try:
            fields = described(self.session.con, self._plain)
            values = [f"source.{quoted(field.name)}" for field in fields]
            statement = f"select {line_of(fields, values)} from ({self._plain}\n) as source" if fields else ""
            described(self.session.con, statement)
        except pymysql.Error:
            # It may have columns of one name, or be none at all: then the query itself says so.
            return []
        self._line = statement
        return fields

    def query(self, last: Last | None = None) -> str:
        """The statement that reads the query, or what is beyond ``last``."""
        query = self.parameters.statement
        if last is None and not self.parameters.columns and not self._floats:
            # As it is: in parentheses two columns must not have one name, and the order of rows is nobody's.
            return query
        columns = ", ".join(self._of_query(name) for name in self.parameters.columns or self._names) or "*"
        where = f" where {self._beyond(f'source.{quoted(last.column)}', last)}" if last is not None else ""
        return f"select {columns} from ({query}\n) as source{where}"

    def _of_query(self, name: str) -> str:
        column = f"source.{quoted(name)}"
        return f"{column} + 0e0 as {quoted(name)}" if name.casefold() in self._floats else column

    def _look_for_floats(self) -> None:
        """Of a FLOAT in a query the server would write six digits; the columns are named where there is one."""
        import pymysql

        from orch_tui.components.mysql.driver import described

        try:
            fields = described(self.session.con, self.parameters.statement)
        except pymysql.Error as error:
            if error.args[:1] != (_NOT_PREPARED,):
                raise
            return
        floats = {field.name.casefold() for field in fields if field.code == FLOAT}
        if floats and len({field.name.casefold() for field in fields}) < len(fields):
            self._ctx.warn(
                f"{listed(sorted(floats))} of the query is a FLOAT, of which six digits are read, since two columns "
                "have one name; give each column a name of its own"
            )
        elif floats:
            self._floats, self._names = floats, [field.name for field in fields]

    def look(self) -> tuple[str, list[MysqlField]]:
        """The table's quoted name and its columns. Reads no row."""
        from orch_tui.components.mysql.driver import Stream

        self.table = require(self.parameters.table or "", list(self.session.tables()), "table", self.shown)
        source = quoted(self.table)
        with self.session.con.cursor(Stream) as cursor:
            cursor.execute(f"select * from {source} limit 0")
            return source, cursor.fields()

    def columns(self, fields: Sequence[MysqlField]) -> list[Column]:
        """The columns of these fields, but for which texts are JSON."""
        return [self._column(field) for field in fields]

    def _column(self, field: MysqlField, *, is_json: bool = False) -> Column:
        read = reading(field, booleans=self.parameters.tinyint1_as_boolean)
        return Column(
            field.name, "JSON" if is_json and read.kind == "VARCHAR" else read.kind, read.convert, read.finding
        )

    def _json_columns(self) -> set[str]:
        """MariaDB's JSON is a text with a rule; the protocol says text."""
        if not self.session.is_mariadb:
            return set()
        rows = self.session.execute(
            "select constraint_name from information_schema.check_constraints where constraint_schema = database()"
            " and table_name = %s and level = 'Column' and check_clause like 'json_valid(%%'",
            (self.table,),
        )
        return {str(name) for (name,) in rows}

    def _beyond(self, value: str, last: Last) -> str:
        if last.family == "text":
            # The state compares texts by code points, as DuckDB does, and not by the column's collation.
            return f"cast(convert({value} using utf8mb4) as binary) > {self.session.con.escape(last.value)}"
        if last.family == "time":
            return f"{value} > '{str(last.value).removesuffix('+00')}'"
        return f"{value} > {number_of(last)}"

    @contextmanager
    def csv(self, columns: Sequence[Column], told: Callable[[int], None]) -> Iterator[Rows]:
        if not self._line:
            raise LineTooLongError
        from orch_tui.components.mysql.lines import LinesOut

        parsed = [csv_column(column) for column in columns]
        if len(columns) == 1:
            parsed.insert(0, MARK)
        readable: tuple[type[Exception], ...] = (*stored_errors(), LineTooLongError)
        self._lines = LinesOut(self.session, self._line)
        try:
            with piped(parsed, self._lines.chunks(), told) as rows:
                yield rows
        except readable:
            self._lines.take_back()
            raise

    def open(self) -> None:
        """Begin to read value by value, if they are not on their way already."""
        from orch_tui.components.mysql.driver import Stream

        if self._stream is None:
            self._stream = self.session.con.cursor(Stream)
            self._stream.execute(self._plain)

    def fetchmany(self, count: int) -> list[tuple[Any, ...]]:
        assert self._stream is not None
        return list(self._stream.fetchmany(count))

    def estimate(self) -> int | None:
        if self.table is None:
            # The rows of the statement may be on their way: the connection can do one thing at a time.
            return None
        rows = self.session.execute(
            "select table_rows from information_schema.tables where table_schema = database() and table_name = %s",
            (self.table,),
        )
        return int(rows[0][0]) if rows and rows[0][0] else None


def number_of(last: Last) -> str:
    """The number as SQL: of one with an exponent MySQL makes a DOUBLE, of one without a DECIMAL with all its digits."""
    if isinstance(last.value, float):
        text = repr(last.value)
        return text if "e" in text else f"{text}e0"
    return f"{last.value:f}" if isinstance(last.value, Decimal) else str(last.value)


def _value(field: MysqlField) -> str:
    # As it is, the server would write a FLOAT with six digits.
    return f"{quoted(field.name)} + 0e0" if field.code == FLOAT else quoted(field.name)


def run(parameters: Parameters, ctx: Context) -> None:
    """Read the rows into the only output.

    Raises:
        UserError: server, table, query or column are not there or not usable.
    """
    extract(MysqlReader(parameters, ctx), parameters, ctx)


def test_connection(parameters: Parameters, ctx: Context) -> str:
    """Who answers, and what is to be read. Raises: UserError."""
    with MysqlReader(parameters, ctx, quick=True) as reader:
        if parameters.table is not None:
            _, fields = reader.look()
            require_columns(parameters, reader.columns(fields), f"{reader.table} in {reader.shown}")
            return f"{reader.session.greeting()}; the table {reader.table} has {counted(len(fields), 'column')}"
        # To count the columns, the server would have to run the query.
        reader.session.execute(f"explain {reader.query()}")
        return f"{reader.session.greeting()}; the query can be run"


if __name__ == "__main__":
    kit.main(Parameters, run, test=test_connection)
