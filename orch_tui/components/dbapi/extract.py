"""The way of rows from a database server into the only output; the two servers differ in the :class:`Reader`."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Any

from orch_tui.components.dbapi.growing import Last, last_of, remember, require_growing
from orch_tui.components.dbapi.names import require
from orch_tui.components.dbapi.parameters import Source
from orch_tui.components.dbapi.pipe import LineTooLongError
from orch_tui.components.dbapi.session import Work
from orch_tui.components.dbapi.settle import Types
from orch_tui.components.dbapi.sql_source import require_kept_rows
from orch_tui.components.dbapi.stop import stoppable
from orch_tui.components.dbapi.streams import Rows, store
from orch_tui.components.dbapi.values import Column, Converter
from orch_tui.components.kit.component import Context
from orch_tui.components.kit.drift import check_shape
from orch_tui.components.kit.sql import ParquetSink, connect, duckdb_explained, row_batches, tell_content, usable_names
from orch_tui.model.texts.text import counted


class Reader(Work):
    """Reads one table or query within one snapshot, without holding the rows."""

    @abstractmethod
    def start(self, last: Last | None) -> list[Column]:
        """Begin with all rows, or those beyond ``last``; returns the columns, under the server's names for them.

        Raises: UserError when table or column are not there; the driver's errors.
        """

    @abstractmethod
    def csv(self, columns: Sequence[Column], told: Callable[[int], None]) -> AbstractContextManager[Rows]:
        """The rows as a stream, as often as it is asked for, always those of one moment.

        Args:
            columns: those of :meth:`start`, under the names that they are stored by.
            told: how many rows have come.

        Raises: LineTooLongError where a row cannot go that way; the driver's errors.
        """

    @abstractmethod
    def open(self) -> None:
        """Begin to read the rows one by one. Raises: the driver's errors."""

    @abstractmethod
    def fetchmany(self, count: int) -> list[tuple[Any, ...]]:
        """The next rows, none at the end. Raises: the driver's errors."""

    @abstractmethod
    def estimate(self) -> int | None:
        """About how many rows the whole table has, where the server knows without counting."""


def require_columns(source: Source, columns: Sequence[Column], where: str) -> None:
    """The columns that ``source`` names are in ``where``. Raises: UserError."""
    names = [column.name for column in columns]
    for name in source.columns:
        require(name, names, "column", where)
    if source.incremental_column:
        require_growing(columns, source.incremental_column, None, where)


def extract(reader: Reader, source: Source, ctx: Context) -> None:
    """Read the rows into the only output.

    Raises:
        UserError: the server, the table or a column is not there or not usable.
    """
    require_kept_rows(ctx.only_output(), source.incremental_column)
    last = last_of(ctx, source.incremental_column)
    with duckdb_explained(f"the rows of {reader.shown} cannot be stored"), stoppable():
        _store(reader, source, ctx, last)


def _store(reader: Reader, source: Source, ctx: Context, last: Last | None) -> None:
    output = ctx.only_output()
    con = connect(ctx, threads=1, memory_limit="256MB")
    with reader:
        found = reader.start(last)
        growing = None
        if source.incremental_column:
            growing = require_growing(found, source.incremental_column, last, reader.shown)
        names, remarks = usable_names([column.name for column in found])
        for sentence in remarks:
            ctx.log(sentence)
        columns = [replace(column, name=name) for name, column in zip(names, found, strict=True)]
        total = None if last else reader.estimate()
        convert, types = (
            Converter([one.convert for one in columns]),
            Types(con, [(one.name, one.kind, one.finding) for one in columns]),
        )
        fields = [(one.name, one.collected) for one in columns]

        def told(rows: int) -> None:
            ctx.progress(rows, total if total and total >= rows else None, "rows")

        try:
            stored = store(con, fields, types, lambda: reader.csv(columns, told), output.path)
        except LineTooLongError:
            reader.open()
            with ParquetSink(con, fields, output.path, types) as sink:
                for rows, size in row_batches(reader.fetchmany):
                    sink.add(convert(rows), size)
                    told(sink.rows)
            stored = sink.rows
    ctx.log(f"{counted(stored, 'row')} and {counted(len(columns), 'column')} from {reader.shown}")
    ctx.metrics["rows_read"] = stored
    types.report(ctx, strict=source.strict)
    kept = tell_content(ctx, output, con, stored)
    check_shape(ctx, output, kept, stored, strict=source.strict)
    if growing and source.incremental_column:
        at = found.index(growing)
        remember(con, ctx, source.incremental_column, columns[at], types.settled[at], output.path)
