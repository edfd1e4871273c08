"""One look at all bytes of a CSV file: whether DuckDB reads it as our grammar does, and how many records it has.

DuckDB's parser is several times as fast as ours. It is given a file only when the file is *regular*: one kind of line
end outside quotes, quotes nowhere but around whole fields, no escape, no comment, no empty line where that is a
record. Then both grammars mean the same; the number of records, counted here, is compared with what DuckDB found.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import field

from orch_tui.components.kit.csv.dialect import Dialect
from orch_tui.model.dataclass import dataclass
from orch_tui.model.errors import UserError

_CHUNK = 2**19


@dataclass(slots=True)
class Layout:
    """What the bytes of a file's body say. ``longest`` is a number that no record is longer than, in bytes."""

    records: int = 0
    blanks: int = 0
    longest: int = _CHUNK
    regular: bool = True
    ends: dict[bytes, int] = field(default_factory=lambda: {b"\r\n": 0, b"\n": 0, b"\r": 0})

    @property
    def line_end(self) -> str | None:
        """The one line end of the body; None when it has several kinds."""
        used = [end.decode() for end, count in self.ends.items() if count]
        return (used or ["\n"])[0] if len(used) <= 1 else None


def look_through(body: io.BufferedReader, dialect: Dialect, delimiter: str, columns: int, place: Place) -> Layout:
    """Read ``body`` (it begins with a record) to its end.

    Raises:
        UserError: a byte is not UTF-8, with its line; or the file is cut, where that can be told.
    """
    return _Look(dialect, delimiter, columns, place).through(body)


@dataclass(frozen=True, slots=True)
class Place:
    """For messages: what people call the file, and how many lines come before the body."""

    label: str
    lines: int = 0

    def not_utf8(self, error: UnicodeDecodeError, before: int) -> UserError:
        """``before`` are the line ends of the body before the bytes that could not be decoded."""
        line = 1 + self.lines + before + error.object.count(b"\n", 0, error.start)
        return UserError(
            f"{self.label} line {line} is not UTF-8 (byte 0x{error.object[error.start]:02x}); set the parameter "
            'encoding, as in encoding = "cp1252"'
        )


class _Look:
    def __init__(self, dialect: Dialect, delimiter: str, columns: int, place: Place) -> None:
        self._place = place
        self._layout = Layout()
        self._quote = dialect.quote.encode()
        self._comment = dialect.comment.encode()
        escape = dialect.escape if dialect.escape != dialect.quote else ""
        self._escape = escape.encode()
        self._columns = columns
        self._inside = False
        mark = delimiter.encode()
        self._marks = (mark, b"\n", b"\r")
        self._lines = 0
        if len(mark) > 1 or len(self._quote) > 1:
            # DuckDB knows marks of one byte only.
            self._layout.regular = False

    def through(self, body: io.BufferedReader) -> Layout:
        layout = self._layout
        outside, since = b"", 0
        for piece in _whole_lines(body):
            self._decodable(piece)
            outside = self._outside(piece)
            ends = self._count_ends(outside)
            self._count_records(outside, ends)
            if self._escape and self._escape in piece:
                layout.regular = False
            # No record is longer than the pieces without a line end outside quotes, and the two around them.
            since += len(piece)
            layout.longest = max(layout.longest, since)
            if ends:
                since = len(piece)
            self._lines += ends if outside is piece and not layout.ends[b"\r"] else piece.count(b"\n")
        if outside and not outside.endswith((b"\n", b"\r")):
            layout.records += 1
        if layout.line_end is None or self._inside or (layout.blanks and self._columns == 1):
            layout.regular = False
        return layout

    def _decodable(self, piece: bytes) -> None:
        if not piece.isascii():
            try:
                piece.decode()
            except UnicodeDecodeError as error:
                raise self._place.not_utf8(error, self._lines) from error

    def _outside(self, piece: bytes) -> bytes:
        """What is not between quotes; each stretch between quotes (and each doubled quote) is one quote."""
        quote = self._quote
        if not quote or (not self._inside and quote not in piece):
            return piece
        parts = piece.split(quote)
        starts_inside, self._inside = self._inside, self._inside != (len(parts) % 2 == 0)
        outside = parts[1::2] if starts_inside else parts[::2]
        self._check_quotes(outside, starts_inside)
        return (quote if starts_inside else b"") + quote.join(outside) + (quote if self._inside else b"")

    def _check_quotes(self, outside: list[bytes], starts_inside: bool) -> None:
        """Beside a quoted stretch stands a delimiter, a line end or (a doubled quote) nothing."""
        last = len(outside) - 1
        edges = {0, last}
        for number in edges if outside else ():
            self._check(outside[number], number > 0 or starts_inside, number < last or self._inside)
        for text in set(outside[1:-1]):
            self._check(text, True, True)

    def _check(self, text: bytes, after_quote: bool, before_quote: bool) -> None:
        if not text:
            return
        if (after_quote and not text.startswith(self._marks)) or (before_quote and not text.endswith(self._marks)):
            self._layout.regular = False

    def _count_ends(self, outside: bytes) -> int:
        feeds = outside.count(b"\n")
        if b"\r" not in outside:
            self._layout.ends[b"\n"] += feeds
            return feeds
        both = outside.count(b"\r\n")
        feeds, returns = feeds - both, outside.count(b"\r") - both
        ends = self._layout.ends
        ends[b"\r\n"] += both
        ends[b"\n"] += feeds
        ends[b"\r"] += returns
        return both + feeds + returns

    def _count_records(self, outside: bytes, ends: int) -> None:
        layout = self._layout
        comment = self._comment
        if comment and (outside.startswith(comment) or any(end + comment in outside for end in (b"\n", b"\r"))):
            layout.regular = False
        blanks = 0
        twice = (b"\n\n", b"\r\r", b"\n\r") if b"\r" in outside else (b"\n\n",)
        if outside.startswith((b"\n", b"\r")) or any(ends in outside for ends in twice):
            blanks = outside.splitlines().count(b"")
        layout.records += ends - blanks
        layout.blanks += blanks


def _whole_lines(body: io.BufferedReader) -> Iterator[bytes]:
    """The bytes in pieces that end with a line end, but for the last; CR and LF stay together."""
    waiting: list[bytes] = []
    while data := body.read(_CHUNK):
        cut = data.rfind(b"\n") + 1 or data.rfind(b"\r", 0, -1) + 1
        if not cut:
            waiting.append(data)
            continue
        yield b"".join([*waiting, data[:cut]])
        waiting = [data[cut:]] if cut < len(data) else []
    if waiting:
        yield b"".join(waiting)
