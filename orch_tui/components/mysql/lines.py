"""Rows of a statement as lines of CSV that the server itself has made: a row is one text and not a value for each
column. PyMySQL takes ten times as long for the same rows.

The driver's packets are taken apart here, many at once, as
https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_basic_packets.html and
https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_com_query_response_text_resultset.html have them.
Import it inside functions: the driver may not be installed.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pymysql
from pymysql.constants import CR
from pymysql.err import raise_mysql_exception

from orch_tui.components.dbapi.pipe import LONGEST, Chunk, LineTooLongError
from orch_tui.components.mysql.driver import Stream
from orch_tui.components.mysql.row_lines import END

if TYPE_CHECKING:
    from orch_tui.components.mysql.server import Mysql

_READ = 2**18
_CHUNK = 2**18
_HEADER = 4
_NULL, _TWO_BYTES, _EIGHT_BYTES, _ERROR = 0xFB, 0xFC, 0xFE, 0xFF
"""First bytes of a packet's text: what it is, or how many bytes tell its length. Smaller ones are the length."""
_LARGEST = 0xFFFFFF
"""Bytes of a packet that goes on in the next one."""
_WIDEST = LONGEST // 2
"""Bytes of a row that DuckDB's parser takes in any case."""


class LinesOut:
    """One statement of a session, which goes on after it in the same transaction whether all rows were read or not."""

    def __init__(self, session: Mysql, statement: str) -> None:
        self._session = session
        self._con: Any = session.con
        self._statement = statement
        self._stream: Stream | None = None
        self._rest = b""

    def chunks(self) -> Iterator[Chunk]:
        """The rows. Raises: pymysql.Error; LineTooLongError."""
        self._stream = self._con.cursor(Stream)
        self._stream.execute(self._statement)
        lines: list[bytes] = []
        size = 0
        while not self._ended():
            self._rest += self._read()
            read = len(self._rest)
            found, self._rest = taken_apart(self._rest)
            lines += found
            size += read - len(self._rest)
            if size >= _CHUNK:
                yield _joined(lines)
                lines, size = [], 0
        self.leave()
        if lines:
            yield _joined(lines)

    def leave(self) -> None:
        """Forget what was not read. Raises nothing."""
        if self._stream is not None:
            self._stream.leave()
        self._stream = None

    def take_back(self) -> None:
        """End what was not read to its end, so that the transaction can go on. Raises: pymysql.Error, OSError."""
        if self._stream is None:
            return
        self._session.cancel()
        self._skip()
        self.leave()
        self._session.settle()

    def _skip(self) -> None:
        goes_on = False
        while True:
            rest, at = self._rest, 0
            # What a packet begins with says nothing where it goes on with the one before.
            while (end := _end_of(rest, at)) and (goes_on or rest[at + _HEADER] < _EIGHT_BYTES or end - at > LONGEST):
                goes_on = _length(rest, at) == _LARGEST
                at = end
            self._rest = rest[at:]
            if not goes_on and self._ended(failing=False):
                return
            self._rest += self._read()

    def _read(self) -> bytes:
        """What has come, at least one byte. Raises: pymysql.OperationalError."""
        try:
            data: bytes = self._con._rfile.read1(_READ)
        except OSError as error:
            self._con._force_close()
            raise pymysql.OperationalError(CR.CR_SERVER_LOST, f"Lost connection during a query ({error})") from error
        if not data:
            self._con._force_close()
            raise pymysql.OperationalError(CR.CR_SERVER_LOST, "Lost connection during a query")
        return data

    def _ended(self, *, failing: bool = True) -> bool:
        """Whether what comes next is the end of the rows, which is taken. Raises: pymysql.Error, if ``failing``."""
        rest = self._rest
        end = _end_of(rest)
        if not end or not _is_last(rest):
            return False
        self._rest = rest[end:]
        if rest[_HEADER] == _ERROR and failing:
            self.leave()
            raise_mysql_exception(rest[_HEADER:end])
        return True


def taken_apart(data: bytes) -> tuple[list[bytes], bytes]:
    """The lines of whole packets, without what ends them, and the rest: a packet that has not come whole, or is no row.

    Raises:
        LineTooLongError: a row is too long to be a line, for us or for the server.
    """
    pieces = data.split(END)
    rest = pieces.pop()
    try:
        # Of short rows, in almost all cases: the length that a piece says it has is the one that it has.
        lines = [piece[_HEADER + 1 :] for piece in pieces if piece[_HEADER] == len(piece) - 3 < _NULL]
    except IndexError:
        lines = []
    if len(lines) != len(pieces) or (_end_of(rest) and not _is_last(rest)) or _length(rest) > _WIDEST:
        return _one_by_one(data)
    return lines, rest


def _one_by_one(data: bytes) -> tuple[list[bytes], bytes]:
    lines = []
    at, last = 0, len(data)
    while last - at > _HEADER:
        length = data[at] | data[at + 1] << 8 | data[at + 2] << 16
        first = data[at + _HEADER]
        if first == _NULL or length > _WIDEST:
            raise LineTooLongError
        end = at + _HEADER + length
        if first >= _EIGHT_BYTES or end > last:
            break
        begin = at + (5 if first < _NULL else 7 if first == _TWO_BYTES else 8)
        lines.append(data[begin : end - len(END)])
        at = end
    return lines, data[at:]


def _length(data: bytes, at: int = 0) -> int:
    """Of the packet that begins there, without its header; 0 where that has not come."""
    return int.from_bytes(data[at : at + 3], "little") if len(data) >= at + _HEADER else 0


def _end_of(data: bytes, at: int = 0) -> int:
    """Where the packet ends that begins there; 0 where it has not come whole."""
    end = at + _HEADER + _length(data, at)
    return end if len(data) >= end else 0


def _is_last(data: bytes) -> bool:
    """Whether the packet that begins here is no row. A text whose length takes eight bytes is longer than this."""
    return data[_HEADER] == _ERROR or (data[_HEADER] == _EIGHT_BYTES and _length(data) < 9)


def _joined(lines: list[bytes]) -> Chunk:
    lines.append(b"")
    return b"\n".join(lines), len(lines) - 1
