"""Looking at one table: windows of its rows, in an order, with a filter, or the result of a line of SQL.

Nothing is read but what is asked for: a window is found by the numbers of its rows, which a Parquet file keeps by
group; an order or a filter is a list of such numbers. DuckDB works within little memory and spills to the disk.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from orch_tui.model.dataclass import dataclass
from orch_tui.model.errors import UserError
from orch_tui.storage.duckdb import Column, columns_of, count, folded, literal, parquet, quoted, readable
from orch_tui.storage.preview import CELL_LIMIT, Cells, cell_text, safe_cells, shown_cell, shown_cells
from orch_tui.storage.sandbox import offer_tables, one_select, open_sandbox
from orch_tui.storage.storage import Storage
from orch_tui.storage.tables import StorageError, TableInfo
from orch_tui.storage.values.conversion import text_of
from orch_tui.storage.values.types import parse_type

if TYPE_CHECKING:
    import duckdb

R = TypeVar("R")
WHOLE_LIMIT = 100_000
"""Characters of a cell that is asked for alone."""
MEMORY = "256MB"
RESULT_ROWS = 1_000_000
"""Rows of a result of SQL that are kept, at most."""
_NUMBERS, _RESULT = "temp.main.numbers", "temp.main.result"
_ALL = "from this"
_NUMERIC = frozenset(
    {"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "UHUGEINT",
     "BIGNUM", "FLOAT", "DOUBLE", "DECIMAL"}
)  # fmt: skip


class Order(NamedTuple):
    column: str
    descending: bool = False


@dataclass(frozen=True, slots=True)
class Asked:
    """What is looked at: the rows that have all ``words`` somewhere, in an order; or those of ``query`` instead."""

    words: tuple[str, ...] = ()
    order: Order | None = None
    query: str = ""


class Found(NamedTuple):
    """``columns`` are (name, DuckDB type); ``cut``: a query has more rows than are kept."""

    columns: tuple[Column, ...]
    rows: int
    cut: bool = False


class ColumnFacts(NamedTuple):
    """Of the rows that are looked at. ``least`` and ``greatest`` are texts, None where there is none."""

    name: str
    kind: str
    rows: int
    nulls: int
    distinct: int | None
    least: str | None
    greatest: str | None


def is_number(kind: str) -> bool:
    """Whether values of a DuckDB type are numbers."""
    return parse_type(kind).name in _NUMERIC


class TableBrowser:
    """One table, for one thread at a time; :meth:`interrupt` is for any other.

    Every method that reads raises UserError with a sentence when DuckDB cannot.
    """

    def __init__(self, storage: Storage, info: TableInfo) -> None:
        self.info = info
        self._storage = storage
        self._connection: duckdb.DuckDBPyConnection | None = None
        self._columns: tuple[Column, ...] = info.columns
        self._rows = info.rows
        self._numbered = False
        self._is_result = False

    # What is looked at

    def look(self, asked: Asked) -> Found:
        """Look at this from now on. The rows of the view before are forgotten, also when it fails."""
        self._numbered = self._is_result = False
        self._columns, self._rows = self.info.columns, self.info.rows
        query = asked.query or (_ALL if self._hides_numbers else "")
        found = self._run(self._query, query) if query else self._run(self._number, asked)
        self._is_result = bool(query)
        self._columns, self._rows = found.columns, found.rows
        return found

    def window(self, first: int, rows: int) -> list[Cells]:
        """So many rows from the row ``first`` on (0 is the first); texts cut to :data:`CELL_LIMIT`, None for null."""
        return self._run(self._window, first, rows)

    def cell(self, row: int, column: int) -> str | None:
        """One cell, up to :data:`WHOLE_LIMIT` characters of it."""
        found = self._run(self._select, shown_cell(self._columns[column], WHOLE_LIMIT), row, 1)
        return found[0][0] if found else None

    def facts(self, column: int) -> ColumnFacts:
        """Nulls, distinct values, the least and the greatest one of a column."""
        return self._run(self._facts, column)

    def interrupt(self) -> None:
        """End what another thread is waiting for; it gets an error."""
        if self._connection is not None:
            self._connection.interrupt()

    def close(self) -> None:
        """Whatever it held is gone; nothing can be asked any more."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    # How it is found

    def _run(self, do: Callable[..., R], *arguments: object) -> R:
        import duckdb

        try:
            return do(*arguments)
        except duckdb.InterruptException as error:
            raise UserError("it was broken off") from error
        except duckdb.Error as error:
            if not self._storage.has(self.info.table, self.info.current):
                raise StorageError(
                    f'version {self.info.version} of table "{self.info.table}" is not kept any more; read it again'
                ) from error
            raise UserError(readable(error)) from error

    @property
    def _database(self) -> duckdb.DuckDBPyConnection:
        """Reads files of the storage and nothing else, and writes none."""
        if self._connection is None:
            self._connection = open_sandbox(self._storage.root, MEMORY)
        return self._connection

    @property
    def _hides_numbers(self) -> bool:
        """A column of this name hides the number of the row: the table is then kept like a result."""
        return any(folded(name) == "file_row_number" for name, _ in self.info.columns)

    @property
    def _source(self) -> str:
        return parquet(self._file)

    @property
    def _file(self) -> Path:
        """Raises: StorageError."""
        return self._storage.shown_file(self.info)

    def _number(self, asked: Asked) -> Found:
        """The numbers of the rows that fit, in their order; none are needed for all rows as they come."""
        if not asked.words and asked.order is None:
            return Found(self.info.columns, self.info.rows)
        fits = " and ".join(_has(word, self.info.columns) for word in asked.words) or "true"
        order = ""
        if asked.order is not None:
            direction = "desc" if asked.order.descending else "asc"
            order = f"order by {quoted(asked.order.column)} {direction} nulls last, file_row_number"
        self._database.execute(
            f"create or replace temp table numbers as select file_row_number as number from {self._source} "
            f"where {fits} {order}"
        )
        self._numbered = True
        return Found(self.info.columns, count(self._database, _NUMBERS))

    def _query(self, query: str) -> Found:
        """The result is kept, so that all of it can be looked at; what it may read are tables of the storage."""
        text = one_select(self._database, query)
        offer_tables(self._database, self._storage.tables(), text, {"": self._file}, self._storage.shown_file)
        self._database.execute(
            f"create or replace temp table result as select * from (\n{text}\n) limit {RESULT_ROWS + 1}"
        )
        rows = count(self._database, _RESULT)
        columns = columns_of(self._database, f"select * from {_RESULT}")
        return Found(tuple(columns), min(rows, RESULT_ROWS), rows > RESULT_ROWS)

    def _window(self, first: int, rows: int) -> list[Cells]:
        return self._select(shown_cells(self._columns), first, rows)

    def _select(self, shown: str, first: int, rows: int) -> list[Cells]:
        after = first + rows
        if self._is_result:
            query = f"select {shown} from {_RESULT} where rowid >= {first} and rowid < {after} order by rowid"
        elif self._numbered:
            numbers = f"select number, rowid as place from {_NUMBERS} where rowid >= {first} and rowid < {after}"
            wanted = self._database.execute(f"select number, place from ({numbers}) order by place").fetchall()
            if not wanted:
                return []
            listed = ", ".join(str(number) for number, _ in wanted)
            query = f"select {shown}, file_row_number from {self._source} where file_row_number in ({listed})"
            by_number = {row[-1]: row[:-1] for row in self._database.execute(query).fetchall()}
            return [safe_cells(by_number[number]) for number, _ in wanted]
        else:
            query = (
                f"select {shown} from {self._source} where file_row_number >= {first} and file_row_number < {after} "
                "order by file_row_number"
            )
        return [safe_cells(row) for row in self._database.execute(query).fetchall()]

    def _facts(self, column: int) -> ColumnFacts:
        name, kind = self._columns[column]
        value = quoted(name)
        ordered = not parse_type(kind).nested
        distinct = f"count(distinct {value})" if ordered else "null"
        ends = [
            f"left({text_of(f'{end}({value})', kind)}, {CELL_LIMIT})" if ordered else "null" for end in ("min", "max")
        ]
        source = _RESULT if self._is_result else self._source
        if self._numbered:
            source = f"(select * from {source} where file_row_number in (select number from {_NUMBERS}))"
        query = f"select count(*), count({value}), {distinct}, {', '.join(ends)} from {source}"
        row = self._database.execute(query).fetchone()
        assert row is not None  # An aggregate always has one.
        least, greatest = safe_cells(row[3:])
        return ColumnFacts(name, kind, row[0], row[0] - row[1], row[2], least, greatest)


def _has(word: str, columns: Sequence[Column]) -> str:
    """SQL for rows with a word in any of their cells; capital letters do not matter."""
    cells = [f"contains(lower({cell_text(quoted(name), kind)}), lower({literal(word)}))" for name, kind in columns]
    return f"({' or '.join(f'coalesce({cell}, false)' for cell in cells)})"
