"""The first rows of a Parquet file as texts that are safe to show."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from orch_tui.model.errors import UserError
from orch_tui.model.text import safe_line
from orch_tui.storage.duckdb import Column, describe, open_database, parquet, quoted, readable

CELL_LIMIT = 200
"""Characters of a value that are shown at most."""


@dataclass(frozen=True, slots=True)
class FilePreview:
    """``rows`` are the first of ``count``; None is a null. ``columns`` are (name, DuckDB type)."""

    columns: tuple[Column, ...]
    count: int
    rows: tuple[tuple[str | None, ...], ...]


def cell_text(column: str, kind: str) -> str:
    """SQL for the text of a cell: lists and structs as DuckDB shows them, anything else as it comes back."""
    from orch_tui.storage.conversion import text_of
    from orch_tui.storage.types import parse_type

    return f"cast({column} as varchar)" if parse_type(kind).nested else text_of(column, kind)


def preview_file(path: Path, spill: Path, rows: int = 200) -> FilePreview:
    """Columns, number of rows and the first of them. Raises: UserError when the file cannot be read."""
    import duckdb

    source = parquet(path)
    with open_database(spill, threads=1) as connection:
        try:
            columns = describe(connection, source)
            cells = ", ".join(f"left({cell_text(quoted(name), kind)}, {CELL_LIMIT})" for name, kind in columns)
            found = connection.execute(f"select {cells} from {source} limit {max(0, int(rows))}").fetchall()
            counted = connection.execute(f"select count(*) from {source}").fetchone()
        except duckdb.Error as error:
            raise UserError(f"{path.name} cannot be read: {readable(error)}") from error
    shown = tuple(tuple(None if cell is None else safe_line(str(cell)) for cell in row) for row in found)
    return FilePreview(tuple(columns), int(counted[0]) if counted else 0, shown)
