"""Rows of a server as CSV, through a pipe into DuckDB or out of it: none of them becomes Python's.

Every value arrives as the server's own text, so that it gets the type which that text says. DuckDB works in a thread of
its own and the main thread has the other end, since only there a signal can end it all.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from threading import Thread
from typing import TYPE_CHECKING, Any, Self

from orch_tui.components.dbapi.streams import Rows
from orch_tui.model.dataclass import dataclass
from orch_tui.storage.duckdb import literal, quoted

if TYPE_CHECKING:
    import duckdb

Chunk = tuple[bytes, int]
"""Whole lines of CSV, and how many there are."""
LONGEST = 2**20
"""Bytes of a line beyond which DuckDB's parser would need much memory."""
_BUFFER = 4 * LONGEST
_PIPE = 2**20
_F_SETPIPE_SZ = 1031
"""Linux's: https://man7.org/linux/man-pages/man2/F_GETPIPE_SZ.2const.html"""


class LineTooLongError(Exception):
    """A row is longer than :data:`LONGEST`."""


@dataclass(frozen=True, slots=True)
class CsvColumn:
    """A column of the CSV: its name, the type that its texts are parsed as, and what is made of it (``{}``).

    Nothing is made of one that is there for the lines' sake: a line without anything is no row.
    """

    name: str
    parsed: str = "VARCHAR"
    made: str | None = "{}"


MARK = CsvColumn("\x1fmark", made=None)


@contextmanager
def piped(
    columns: Sequence[CsvColumn], chunks: Iterator[Chunk], told: Callable[[int], None] = lambda rows: None
) -> Iterator[Rows]:
    """The rows of the chunks: CSV with commas, double quotes and LF, where nothing between commas is null.

    Args:
        columns: by their order.
        chunks: read in this thread, the first of them at once.
        told: how many rows were handed over, after each chunk.

    Raises:
        Exception: those of ``chunks``.
    """
    first = next(chunks, (b"", 0))
    reading, writing = os.pipe()
    feed = _Feed(first, chunks, told, reading, writing)
    try:
        width = len(first[0]) // max(1, first[1])
        yield Rows(_relation(columns, f"/dev/fd/{reading}"), width, feed.run)
    finally:
        feed.close()


def _relation(columns: Sequence[CsvColumn], path: str) -> str:
    parsed = ", ".join(f"{literal(column.name)}: {literal(column.parsed)}" for column in columns)
    made = ", ".join(
        f"{column.made.format(quoted(column.name))} as {quoted(column.name)}" for column in columns if column.made
    )
    options = (
        f"auto_detect = false, columns = {{{parsed}}}, delim = ',', quote = '\"', escape = '\"', new_line = '\\n', "
        "header = false, comment = '', nullstr = '', allow_quoted_nulls = false, compression = 'none', "
        f"max_line_size = {LONGEST}, buffer_size = {_BUFFER}, filename = false, hive_partitioning = false"
    )
    return f"(select {made} from read_csv({literal(path)}, {options}))"


class _Feed:
    """One end of the pipe is DuckDB's, the other ours."""

    def __init__(
        self, first: Chunk, chunks: Iterator[Chunk], told: Callable[[int], None], reading: int, writing: int
    ) -> None:
        self._first = first
        self._chunks = chunks
        self._told = told
        self._ends = {"reading": reading, "writing": writing}
        self._rows = 0
        _widen(writing)

    def close(self) -> None:
        for end in list(self._ends):
            self._close(end)

    def _close(self, end: str) -> None:
        if (descriptor := self._ends.pop(end, None)) is not None:
            os.close(descriptor)

    def run(self, con: duckdb.DuckDBPyConnection, statement: str) -> tuple[Any, ...] | None:
        """The first row of the statement's answer, while it is fed. Raises: duckdb.Error; those of the chunks."""
        worker = _Statement(con, statement, lambda: self._close("reading"))
        worker.start()
        try:
            self._write()
        except BaseException:
            con.interrupt()
            raise
        finally:
            self._close("writing")
            worker.join()
        answer = worker.answer()
        if answer is not None and answer[0] != self._rows:
            raise RuntimeError(f"{self._rows} rows were read and {answer[0]} would be stored")
        return answer

    def _write(self) -> None:
        descriptor = self._ends["writing"]
        chunk: Chunk | None = self._first
        while chunk is not None:
            data, rows = memoryview(chunk[0]), chunk[1]
            try:
                while data:
                    data = data[os.write(descriptor, data) :]
            except BrokenPipeError:
                # DuckDB has stopped reading, and says why.
                return
            self._rows += rows
            self._told(self._rows)
            chunk = next(self._chunks, None)


class CsvOut:
    """The rows of a query as CSV: commas, double quotes, LF, and ``""`` for an empty text.

    Use as a context manager; ``rows`` is their number when all chunks have been taken.
    """

    def __init__(
        self, con: duckdb.DuckDBPyConnection, query: str, *, quoted_columns: Sequence[str] = (), null: str = ""
    ) -> None:
        """``quoted_columns`` are in quotes whatever their texts are. ``null`` is what stands for one, never quoted."""
        self._con = con
        self._query = query
        self._options = f"format csv, header false, delimiter ',', quote '\"', nullstr {literal(null)}"
        if quoted_columns:
            self._options += f", force_quote ({', '.join(map(quoted, quoted_columns))})"
        self.rows = 0

    def __enter__(self) -> Self:
        self._reading, writing = os.pipe()
        _widen(writing)
        target = literal(f"/dev/fd/{writing}")
        statement = f"copy ({self._query}) to {target} ({self._options})"
        # More threads would only hold rows for the one that writes.
        self._con.execute("set threads = 1")
        self._worker = _Statement(self._con, statement, lambda: os.close(writing))
        self._worker.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None:
            self._con.interrupt()
        # DuckDB cannot write any more, if it still does.
        os.close(self._reading)
        self._worker.join()

    def chunks(self) -> Iterator[bytes]:
        """What DuckDB writes, as it comes. Raises: duckdb.Error."""
        while chunk := os.read(self._reading, _PIPE):
            yield chunk
        self._worker.join()
        answer = self._worker.answer()
        self.rows = int(answer[0]) if answer else 0


class _Statement(Thread):
    def __init__(self, con: duckdb.DuckDBPyConnection, statement: str, done: Callable[[], None]) -> None:
        super().__init__(name="duckdb", daemon=True)
        self._con = con
        self._statement = statement
        self._done = done
        self._row: tuple[Any, ...] | None = None
        self._error: BaseException | None = None

    def run(self) -> None:
        try:
            self._row = self._con.execute(self._statement).fetchone()
        except BaseException as error:  # noqa: BLE001 - raised in the thread that waits
            self._error = error
        finally:
            # Whoever still writes is told so.
            self._done()

    def answer(self) -> tuple[Any, ...] | None:
        """Raises: what the statement raised."""
        if self._error is not None:
            raise self._error
        return self._row


def _widen(descriptor: int) -> None:
    """Let the pipe hold more at once, where the system can do that and lets us."""
    import fcntl

    try:
        fcntl.fcntl(descriptor, getattr(fcntl, "F_SETPIPE_SZ", _F_SETPIPE_SZ), _PIPE)
    except OSError:
        return
