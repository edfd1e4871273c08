"""What the data components share about DuckDB: errors of the user, names of columns, rows that become Parquet files."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from threading import Event, Thread
from typing import TYPE_CHECKING, Any

from orch_tui.components import kit
from orch_tui.components.kit.component import Context, Output
from orch_tui.model.errors import UserError
from orch_tui.model.texts.text import one_line, safe_line
from orch_tui.storage.duckdb import Column, describe, folded, literal, parquet, quoted, readable, scan
from orch_tui.storage.tables import Content
from orch_tui.storage.values.parquet import ROW_GROUP, CarriedColumns, write_parquet

if TYPE_CHECKING:
    import duckdb

_PART_ROWS = 100_000
_PART_BYTES = 64 * 2**20
_GROUP_BYTES = 32 * 2**20
_WIDE = 1_500
"""Columns beyond which half a gigabyte may not be enough."""


def listed(names: Iterable[str], limit: int = 12) -> str:
    """Names for a sentence: ``a, b, c and 7 more``."""
    all_names = [safe_line(name, 60) for name in names]
    shown = ", ".join(all_names[:limit])
    return f"{shown} and {len(all_names) - limit} more" if len(all_names) > limit else shown


@contextmanager
def duckdb_explained(what: str) -> Iterator[None]:
    """Turn DuckDB's errors into errors of the user that begin with ``what``; a fault of DuckDB itself stays one.

    Raises:
        UserError: the statement cannot be run, and why.
    """
    import duckdb

    try:
        yield
    except duckdb.InternalException:
        raise
    except duckdb.Error as error:
        raise UserError(f"{what}: {readable(error)}") from error


def connect(ctx: Context, *, threads: int = 2, memory_limit: str = "1GB") -> duckdb.DuckDBPyConnection:
    """The kit's connection, which can say how far a statement is (:func:`query_progress`)."""
    con = kit.connect(ctx, threads=threads, memory_limit=memory_limit)
    # DuckDB estimates its progress only with the bar, which must not be drawn into the log.
    con.execute("set enable_progress_bar = true")
    con.execute("set enable_progress_bar_print = false")
    return con


def memory_for(columns: int) -> str:
    """The memory limit of a connection for tables with so many columns, of which DuckDB holds a vector each."""
    return "512MB" if columns <= _WIDE else "1GB"


def tell_content(ctx: Context, output: Output, con: duckdb.DuckDBPyConnection, rows: int) -> list[Column]:
    """Say that the file of ``output`` is complete and has so many rows; its columns, as DuckDB reads them there.

    Publishing would open a database of its own to find that out. Raises: duckdb.Error.
    """
    columns = describe(con, parquet(output.path))
    ctx.outputs[output.name] = replace(output, content=Content(rows, columns))
    return columns


def usable_names(names: Sequence[str]) -> tuple[list[str], list[str]]:
    """Column names that are there, printable and different from each other (case does not count), and what changed.

    Which column gets which name does not depend on their order, as far as their names differ at all: a name that comes
    once is kept, and of several that differ in their case only, the first by its letters is. Columns of the same name
    are told apart by their order.

    Returns:
        The names, and one sentence for each that had to be changed.
    """
    clean = [one_line(raw).strip() for raw in names]
    written = {folded(name) for name in clean if name}
    taken: set[str] = set()
    result = [""] * len(clean)
    # Columns without a name come last: what they are called is nobody's name.
    for at in sorted(range(len(clean)), key=lambda at: (not clean[at], clean[at], at)):
        wanted = clean[at] or f"column{at + 1}"
        name, number = wanted, 1
        while folded(name) in taken or (folded(name) in written and name != clean[at]):
            number += 1
            name = f"{wanted}_{number}"
        taken.add(folded(name))
        result[at] = name
    remarks = []
    for position, (before, name) in enumerate(zip(clean, result, strict=True), start=1):
        if not before:
            remarks.append(f'column {position} has no name; it is called "{name}"')
        elif name != before:
            remarks.append(f'the name "{before}" comes more than once; column {position} is called "{name}"')
    return result, remarks


class ParquetSink:
    """Rows from anywhere into one Parquet file, with memory that does not grow with their number.

    Rows are collected in a table in memory, which moves to a part file whenever it is large; the parts are joined at
    the end. Use as a context manager; ``path`` exists only when the block ended without an exception.

    ``final`` is the query of the file, given the name of what has all rows: for types that only all values tell.
    ``part_rows`` are collected at most.
    """

    def __init__(
        self,
        con: duckdb.DuckDBPyConnection,
        columns: Sequence[tuple[str, str]],
        path: Path,
        final: Callable[[str], str] = "select * from {}".format,
        part_rows: int | None = None,
    ) -> None:
        self._con = con
        self._final = final
        self._part_rows = part_rows or _PART_ROWS
        self._path = path
        self._parts: list[Path] = []
        self._pending = 0
        self._bytes = 0
        self._group = ROW_GROUP
        self.rows = 0
        self._carried = CarriedColumns(columns)
        fields = ", ".join(f"{quoted(name)} {kind}" for name, kind in columns)
        self._con.execute(f"create or replace temp table sink ({fields})")

    def __enter__(self) -> ParquetSink:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            if kind is None:
                self._finish()
        finally:
            for part in self._parts:
                part.unlink(missing_ok=True)
            self._con.execute("drop table if exists sink")

    def add(self, rows: Sequence[Sequence[Any]], size: int) -> None:
        """Append rows (in the order of the columns); ``size`` is about how many bytes they take."""
        with self._con.appender("sink") as appender:
            appender.append_rows(rows)
        self.rows += len(rows)
        self._pending += len(rows)
        self._bytes += size
        if self._pending >= self._part_rows or self._bytes >= _PART_BYTES:
            self._flush()

    def _flush(self) -> None:
        part = self._path.with_name(f".{self._path.name}.{len(self._parts):06d}")
        self._parts.append(part)
        # Of wide rows fewer, so that a row group takes about as much memory as of narrow ones.
        fitting = _GROUP_BYTES * self._pending // max(1, self._bytes)
        self._group = max(2048, min(self._group, fitting // 2048 * 2048))
        options = f"format parquet, compression lz4, row_group_size {self._group}"
        self._con.execute(f"copy ({self._carried.there('sink')}) to {literal(str(part))} ({options})")
        self._con.execute("truncate sink")
        self._pending = self._bytes = 0

    def _finish(self) -> None:
        source = "sink"
        if self._parts:
            if self._pending:
                self._flush()
            source = self._carried.back(scan("read_parquet", self._parts))
        stored = write_parquet(self._con, self._final(source), self._path, group=self._group)
        if stored != self.rows:
            raise RuntimeError(f"{self.rows} rows were read and {stored} would be stored")


def row_batches(
    fetchmany: Callable[[int], list[tuple[Any, ...]]], limit: int = 10_000, size: int = 8 * 2**20
) -> Iterator[tuple[list[tuple[Any, ...]], int]]:
    """Batches of a cursor that stay about ``size`` bytes, however wide a row is, each with its size in bytes."""
    count = 100
    while rows := fetchmany(count):
        step = max(1, len(rows) // 100)
        sample = rows[::step]
        width = sum(len(value) if isinstance(value, str | bytes) else 8 for row in sample for value in row)
        average = max(1, width // len(sample))
        yield rows, average * len(rows)
        count = max(10, min(limit, size // average))


@contextmanager
def query_progress(
    con: duckdb.DuckDBPyConnection, report: Callable[[int, int, str], None], text: str
) -> Iterator[None]:
    """Report the per cent of the statement that runs on ``con`` meanwhile, twice a second, as DuckDB estimates it."""
    done = Event()

    def watch() -> None:
        while not done.wait(0.5):
            percent = con.query_progress()
            if 0 <= percent <= 100:
                report(int(percent), 100, text)

    thread = Thread(target=watch, name="progress", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
