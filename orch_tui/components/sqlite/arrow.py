"""Rows of SQLite as Arrow, straight into DuckDB: for columns whose values are of the kinds that their first rows have.

SQLite lets any value into any column, and the driver takes the types of an Arrow column from its first rows: it turns
later numbers into texts without a word. So each value passes a guard in SQLite, which fails at one of another kind
(:data:`_STOP`), and a row before all others says the types. Where a guard fails, the rows go through Python instead.

Source: https://arrow.apache.org/adbc/current/driver/sqlite.html
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from orch_tui.components.dbapi.settle import Types
from orch_tui.components.dbapi.streams import Rows, store
from orch_tui.components.sqlite.database_files import BUSY
from orch_tui.components.sqlite.kinds import EXACT, Column, Way
from orch_tui.model.dataclass import dataclass
from orch_tui.storage.duckdb import columns_of, quoted

if TYPE_CHECKING:
    import duckdb

_STOP = "abs(-9223372036854775808)"
"""SQLite fails with "integer overflow". https://sqlite.org/lang_corefunc.html#abs"""
LONGEST = 8192
"""Bytes of a text or blob beyond which the driver's batches would take too much memory."""
_BATCH = 4 * 2**20
_TYPED = {"integer": "1", "real": "0.5", "text": "'x'", "blob": "x'00'"}
_ARRIVES = {"1": "BIGINT", "0.5": "DOUBLE", "'x'": "VARCHAR", "x'00'": "BLOB", "null": "BIGINT"}
"""The DuckDB type of a column by its first value, if all others are of that kind."""


class OtherKindError(Exception):
    """The first batch of rows has values of another kind in a column: the driver makes texts of numbers then."""


def arrow_errors() -> tuple[type[Exception], ...]:
    """What a source may raise, the driver's and DuckDB's; without the driver DuckDB's."""
    import duckdb

    try:
        from adbc_driver_manager import Error
    except ImportError:
        return (duckdb.Error, OtherKindError)
    return (duckdb.Error, OtherKindError, Error)


class ArrowSource:
    """A second connection to the same database, in one transaction. Use as a context manager.

    Raises:
        ImportError: the driver is not there.
        Exception: the driver's, when the database cannot be opened.
    """

    def __init__(self, uri: str) -> None:
        import adbc_driver_manager
        import adbc_driver_sqlite

        self._driver = adbc_driver_manager
        self._database = adbc_driver_sqlite.connect(uri)
        self._connection = adbc_driver_manager.AdbcConnection(self._database)

    def __enter__(self) -> Self:
        self._run("pragma query_only = on")
        self._run(f"pragma busy_timeout = {int(1000 * BUSY)}")
        self._connection.set_autocommit(False)
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()
        self._database.close()

    def _run(self, sql: str) -> None:
        with self._driver.AdbcStatement(self._connection) as statement:
            statement.set_sql_query(sql)
            statement.execute_update()

    @contextmanager
    def stream(self, sql: str, batch: int = 1024) -> Iterator[Any]:
        """An object that DuckDB can read once. Raises: the driver's exceptions."""
        statement = self._driver.AdbcStatement(self._connection)
        try:
            statement.set_options(**{"adbc.sqlite.query.batch_rows": str(batch)})
            statement.set_sql_query(sql)
            yield statement.execute_query()[0]
        finally:
            statement.close()

    def value(self, con: duckdb.DuckDBPyConnection, sql: str) -> Any:
        """The only value of a query."""
        with self.stream(sql) as answer:  # noqa: F841 (DuckDB finds it by its name)
            rows = con.execute("select * from answer").fetchall()
        return rows[0][0] if rows else None


@dataclass(frozen=True, slots=True)
class ArrowColumn:
    """One column on its way: what SQLite gives (one or two values), a value of that type for each, and what DuckDB
    makes of them (``{0}``, ``{1}``)."""

    given: tuple[str, ...]
    typed: tuple[str, ...]
    made: str


def arrow_column(x: str, column: Column, way: Way) -> ArrowColumn | None:
    """How the values ``x`` of a column of these kinds travel; None where they only can as Python's."""
    kinds = column.kinds
    if not kinds:
        return ArrowColumn(
            (f"case when {x} is not null then {_STOP} end",), ("null",), f"cast(null as {way.collected})"
        )
    if kinds == {"integer"}:
        # The driver itself refuses every other kind in a column that began with integers.
        return ArrowColumn((x,), (_TYPED["integer"],), "{0}")
    if way.kind == "DOUBLE":
        # The driver itself refuses texts and blobs in a column that began with a real.
        within = f"{x} between {-EXACT} and {EXACT}"
        guarded = f"case when {within} then {x} when typeof({x}) = 'integer' then {_STOP} else {x} end"
        return ArrowColumn((guarded,), (_TYPED["real"],), "{0}")
    if len(kinds) == 1:
        (kind,) = kinds
        guarded = (
            f"case when typeof({x}) = '{kind}' and octet_length({x}) <= {LONGEST} then {x} "
            f"when {x} is null then null else {_STOP} end"
        )
        # The driver does not look whether a text is UTF-8.
        return ArrowColumn((guarded,), (_TYPED[kind],), "decode(encode({0}))" if kind == "text" else "{0}")
    if "blob" in kinds:
        return None
    # Integers have one text, also SQLite's; of a real it would write 15 digits.
    allowed = ", ".join(f"'{kind}'" for kind in sorted(kinds - {"real"}))
    elsewhere = f"{x} is null or typeof({x}) = 'real'" if "real" in kinds else f"{x} is null"
    text = (
        f"case when typeof({x}) in ({allowed}) and octet_length({x}) <= {LONGEST} then cast({x} as text) "
        f"when {elsewhere} then null else {_STOP} end"
    )
    real = f"case when typeof({x}) = 'real' then {x} end"
    made = "coalesce(decode(encode({0})), cast({1} as varchar))"
    return ArrowColumn((text, real), (_TYPED["text"], _TYPED["real"]), made)


def store_arrow(
    con: duckdb.DuckDBPyConnection,
    source: ArrowSource,
    relation: str,
    columns: Sequence[tuple[str, Column, Way]],
    types: Types,
    width: int,
    path: Path,
) -> int | None:
    """Write the rows of ``relation`` (SQL) as a Parquet file; how many; None where a column cannot travel so.

    Args:
        con: DuckDB's connection.
        source: the database.
        relation: what stands behind ``from`` in SQLite.
        columns: by their order: the name in the file, what is known of it, how it is stored.
        types: of these columns.
        width: bytes of a row, about.
        path: of the file.

    Raises:
        Exception: the driver's or DuckDB's, when a value has another kind than its column was said to have.
    """
    shape = _shape(relation, columns)
    if shape is None:
        return None
    batch = max(16, min(8192, _BATCH // max(1, width)))

    @contextmanager
    def begin() -> Iterator[Rows]:
        with source.stream(shape.statement, batch) as answer:
            con.register("sqlite_rows", answer)
            try:
                arrived = tuple(kind for _, kind in columns_of(con, "select * from sqlite_rows"))
                if arrived[1:] != shape.kinds:
                    raise OtherKindError
                yield Rows(shape.rows, width)
            finally:
                con.unregister("sqlite_rows")

    collected = [(name, way.collected) for name, _, way in columns]
    return store(con, collected, types, begin, path)


@dataclass(frozen=True, slots=True)
class _Shape:
    """The statement for SQLite, the DuckDB types that its columns must arrive with, and the rows of ``sqlite_rows``."""

    statement: str
    kinds: tuple[str, ...]
    rows: str


def _shape(relation: str, columns: Sequence[tuple[str, Column, Way]]) -> _Shape | None:
    given: list[str] = []
    typed: list[str] = []
    made: list[str] = []
    for at, (name, column, way) in enumerate(columns):
        one = arrow_column(f"c{at}", column, way)
        if one is None:
            return None
        names = [f"v{len(given) + part}" for part in range(len(one.given))]
        given += one.given
        typed += one.typed
        made.append(f"{one.made.format(*names)} as {quoted(name)}")
    source = f"with source({', '.join(f'c{at}' for at in range(len(columns)))}) as (select * from {relation})"
    statement = f"{source} select 1, {', '.join(typed)} union all select null, {', '.join(given)} from source"
    aliases = ", ".join(["first", *(f"v{at}" for at in range(len(given)))])
    rows = f"(select {', '.join(made)} from sqlite_rows as r({aliases}) where first is null)"
    return _Shape(statement, tuple(_ARRIVES[value] for value in typed), rows)
