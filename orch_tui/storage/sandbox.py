"""SQL that people write about tables: it reads files of the storage and nothing else, and writes none."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from orch_tui.model.errors import UserError
from orch_tui.storage.duckdb import folded, literal, open_database, parquet, quoted

if TYPE_CHECKING:
    import duckdb

    from orch_tui.storage.tables import TableInfo

THIS = "this"
"""What people call the table that they look at."""


def open_sandbox(root: Path, memory: str, *, threads: int = 2) -> duckdb.DuckDBPyConnection:
    """Of the storage at ``root``, within this memory; it spills to the storage's own temporary files.

    Raises: duckdb.Error.
    """
    connection = open_database(root / ".tmp", memory_limit=memory, threads=threads)
    connection.execute(f"set allowed_directories = [{literal(str(root) + '/')}]")
    connection.execute("set enable_external_access = false")
    connection.execute("set lock_configuration = true")
    return connection


def one_select(connection: duckdb.DuckDBPyConnection, query: str) -> str:
    """The text of the only statement, which reads. Raises: UserError, duckdb.Error."""
    import duckdb

    statements = connection.extract_statements(query)
    if len(statements) != 1 or statements[0].type is not duckdb.StatementType.SELECT:
        raise UserError("only one statement that reads can be run here: select, from, with, summarize or describe")
    return statements[0].query.strip().rstrip(";")


def offer_tables(
    connection: duckdb.DuckDBPyConnection,
    stored: Iterable[TableInfo],
    text: str,
    files: Mapping[str, Path],
    file_of: Callable[[TableInfo], Path],
) -> None:
    """Each of the ``stored`` tables that the text names is there as ``bucket.table``.

    ``files`` take the place of what is stored, by table; the one without a name is ``this``. ``file_of`` brings those
    that are named to this machine. Raises: duckdb.Error, and what it raises.
    """
    said = folded(text)
    named: dict[str, TableInfo | Path] = {other.table: other for other in stored if other.problem is None}
    for table, other in {**named, **files}.items():
        bucket, _, name = table.partition("/")
        if table and folded(name) not in said:
            continue
        file = other if isinstance(other, Path) else file_of(other)
        if not table:
            connection.execute(f"create or replace view {THIS} as select * from {parquet(file)}")
        else:
            connection.execute(f"create schema if not exists {quoted(bucket)}")
            connection.execute(
                f"create or replace view {quoted(bucket)}.{quoted(name)} as select * from {parquet(file)}"
            )
