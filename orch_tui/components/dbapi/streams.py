"""Rows that reach DuckDB as a stream, without becoming Python's: stored by one reading where all have their types."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING

from orch_tui.components.dbapi.settle import Types
from orch_tui.model.dataclass import dataclass
from orch_tui.storage.duckdb import Column, literal, scan
from orch_tui.storage.values.assumed import is_broken
from orch_tui.storage.values.parquet import ROW_GROUP, CarriedColumns, Run, execute, write_once, write_parquet

if TYPE_CHECKING:
    import duckdb

_GROUP_BYTES = 32 * 2**20


@dataclass(frozen=True, slots=True)
class Rows:
    """A stream of rows that can be read once: what stands behind ``from``, about how many bytes a row has, and how a
    statement over it is run."""

    relation: str
    width: int
    run: Run = execute

    @property
    def group(self) -> int:
        """Rows of a row group, so that one takes about as much memory of wide rows as of narrow ones."""
        return max(2048, min(ROW_GROUP, _GROUP_BYTES // max(1, self.width) // 2048 * 2048))


def stored_errors() -> tuple[type[Exception], ...]:
    """What DuckDB raises when it cannot store a row: the source is intact and can be read again."""
    import duckdb

    return (duckdb.Error,)


def store(
    con: duckdb.DuckDBPyConnection,
    columns: Sequence[Column],
    types: Types,
    begin: Callable[[], AbstractContextManager[Rows]],
    path: Path,
) -> int:
    """Write the rows as a Parquet file; how many.

    They are read once more, from the same snapshot, where a value has not the type that is hoped for: then all of them
    lie in a file beside ``path`` until their types are settled.

    Args:
        con: with the settings of the task.
        columns: name and type while rows arrive.
        types: of these columns; settled afterwards.
        begin: begins to read the rows, again with each call. Leaving the block ends the reading; errors of the source
            are raised there.
        path: exists only if all went well.

    Raises:
        duckdb.Error: a row cannot be stored.
        RuntimeError: another number of rows was stored than arrived.
    """
    try:
        with begin() as rows:
            return write_once(con, types.hoped(rows.relation), path, group=rows.group, run=rows.run)
    except Exception as error:
        path.unlink(missing_ok=True)
        if not is_broken(error):
            raise
    part = path.with_name(f".{path.name}.collected")
    carried = CarriedColumns(columns)
    try:
        with begin() as rows:
            group = rows.group
            options = f"format parquet, compression lz4, row_group_size {group}"
            done = rows.run(con, f"copy ({carried.there(rows.relation)}) to {literal(str(part))} ({options})")
        collected = int(done[0]) if done else 0
        stored = write_parquet(con, types(carried.back(scan("read_parquet", [part]))), path, group=group)
    finally:
        part.unlink(missing_ok=True)
    if stored != collected:
        raise RuntimeError(f"{collected} rows were read and {stored} would be stored")
    return stored
