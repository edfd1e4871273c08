"""Rows of a query as the server's own CSV, by COPY: several times as fast as values, and each with all its digits.

psycopg's own copy asks the event loop for each row; here libpq is asked directly, as
https://www.postgresql.org/docs/current/libpq-copy.html and https://www.psycopg.org/psycopg3/docs/api/pq.html say.
"""

from __future__ import annotations

import contextlib
import select
from collections.abc import Iterator
from typing import TYPE_CHECKING

from orch_tui.components.dbapi.pipe import LONGEST, Chunk, LineTooLongError

if TYPE_CHECKING:
    import psycopg
    from psycopg.pq.abc import PGresult

_CHUNK = 2**18
_SAVEPOINT = "savepoint orch_tui_copy"


class CopyOut:
    """One COPY within the transaction of a connection, which goes on after it whether all rows were read or not."""

    def __init__(self, con: psycopg.Connection[tuple[object, ...]], statement: str) -> None:
        self._con = con
        self._statement = f"copy ({statement}) to stdout (format csv)".encode()
        self._ended = False

    def chunks(self) -> Iterator[Chunk]:
        """The rows. Raises: psycopg.Error; LineTooLongError."""
        self._con.execute(_SAVEPOINT)
        libpq = self._con.pgconn
        libpq.send_query(self._statement)
        while libpq.flush():
            select.select([], [libpq.socket], [])
        self._result()
        lines: list[bytes | memoryview] = []
        size = 0
        take, add, longest, full = libpq.get_copy_data, lines.append, LONGEST // 2, _CHUNK
        while True:
            length, line = take(1)
            if length > 0:
                if length > longest:
                    raise LineTooLongError
                add(line)
                size += length
                if size >= full:
                    yield b"".join(lines), len(lines)
                    lines.clear()
                    size = 0
            elif length == 0:
                self._wait()
            else:
                break
        while self._result() is not None:
            pass
        self._ended = True
        if lines:
            yield b"".join(lines), len(lines)

    def take_back(self) -> None:
        """End what was not read to its end, so that the transaction can go on. Raises: psycopg.Error."""
        import psycopg

        libpq = self._con.pgconn
        if not self._ended and libpq.transaction_status == psycopg.pq.TransactionStatus.ACTIVE:
            # A server that is slow to take another connection, or takes none, sends the rest.
            with contextlib.suppress(psycopg.Error):
                self._con.cancel_safe(timeout=5)
            while (length := libpq.get_copy_data(1)[0]) >= 0:
                if length == 0:
                    self._wait()
            while libpq.get_result() is not None:
                pass
        self._con.execute(f"rollback to {_SAVEPOINT}")

    def _wait(self) -> None:
        # A signal is handled here.
        select.select([self._con.pgconn.socket], [], [])
        self._con.pgconn.consume_input()

    def _result(self) -> PGresult | None:
        """The next result, None behind the last one. Raises: psycopg.Error when it is the server's refusal."""
        import psycopg

        libpq = self._con.pgconn
        while libpq.is_busy():
            self._wait()
        result = libpq.get_result()
        if result is not None and result.status == psycopg.pq.ExecStatus.FATAL_ERROR:
            raise psycopg.errors.error_from_result(result, encoding="utf-8")
        return result
