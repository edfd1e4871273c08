"""Rows for people to look at: texts that are cut and safe to show, of a table's file or of any other Parquet file."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from orch_tui.model.dataclass import dataclass
from orch_tui.model.errors import UserError
from orch_tui.model.texts.text import safe_line
from orch_tui.storage.duckdb import Column, count, describe, open_database, parquet, quoted, readable

if TYPE_CHECKING:
    import duckdb

CELL_LIMIT = 200
"""Characters of a value that are shown at most."""

Cells = tuple[str | None, ...]
"""A row; None is a null."""
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class FilePreview:
    """``rows`` are the first of ``count``. ``columns`` are (name, DuckDB type)."""

    columns: tuple[Column, ...]
    count: int
    rows: tuple[Cells, ...]


def cell_text(column: str, kind: str) -> str:
    """SQL for the text of a cell: lists and structs as DuckDB shows them, anything else as it comes back."""
    from orch_tui.storage.values.conversion import text_of
    from orch_tui.storage.values.types import parse_type

    return f"cast({column} as varchar)" if parse_type(kind).nested else text_of(column, kind)


def shown_cell(column: Column, limit: int = CELL_LIMIT) -> str:
    """SQL for at most ``limit`` characters of a cell."""
    name, kind = column
    return f"left({cell_text(quoted(name), kind)}, {limit})"


def shown_cells(columns: Iterable[Column], limit: int = CELL_LIMIT) -> str:
    """SQL for what a row shows of these columns."""
    return ", ".join(shown_cell(column, limit) for column in columns)


def safe_cells(row: Sequence[object]) -> Cells:
    """A row as DuckDB gave it, without anything that a terminal would take for a command."""
    return tuple(None if cell is None else safe_line(str(cell)) for cell in row)


def first_rows(path: Path, columns: Sequence[Column], spill: Path, rows: int, limit: int) -> list[Cells]:
    """The first rows of a Parquet file, at most ``rows``. Raises: UserError when DuckDB cannot read it."""
    return _read(path, spill, lambda connection: _first(connection, path, columns, rows, limit))


def preview_file(path: Path, spill: Path, rows: int = 200) -> FilePreview:
    """Columns, number of rows and the first of them. Raises: UserError when the file cannot be read."""

    def read(connection: duckdb.DuckDBPyConnection) -> FilePreview:
        columns = describe(connection, parquet(path))
        shown = _first(connection, path, columns, rows, CELL_LIMIT)
        return FilePreview(tuple(columns), count(connection, parquet(path)), tuple(shown))

    return _read(path, spill, read)


def _first(
    connection: duckdb.DuckDBPyConnection, path: Path, columns: Sequence[Column], rows: int, limit: int
) -> list[Cells]:
    query = f"select {shown_cells(columns, limit)} from {parquet(path)} limit {max(0, rows)}"
    return [safe_cells(row) for row in connection.execute(query).fetchall()]


def _read(path: Path, spill: Path, read: Callable[[duckdb.DuckDBPyConnection], R]) -> R:
    import duckdb

    with open_database(spill, threads=1) as connection:
        try:
            return read(connection)
        except duckdb.Error as error:
            raise UserError(f"{path.name} cannot be read: {readable(error)}") from error
