"""Where the body of a CSV file begins: the one place that decides which lines come before the header.

Lines here are what a text editor shows: they end with CR LF, LF or CR, and quotes mean nothing yet.
"""

from __future__ import annotations

import codecs
import io
import itertools
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from orch_tui.components.files.csv_layout import Place
from orch_tui.components.files.source import Source
from orch_tui.components.files.unpack import open_bytes
from orch_tui.components.kit.csv.dialect import Dialect
from orch_tui.components.kit.csv.grammar import Fields, Grammar, Irregular
from orch_tui.model.dataclass import dataclass
from orch_tui.model.errors import UserError

_DELIMITERS = (",", ";", "\t", "|")
_END = re.compile(rb"\r\n|\n|\r(?=.)", re.DOTALL)
_EXCEL = re.compile(rb'"?sep=([^\r\n"])"?(?:[\r\n]|$)', re.IGNORECASE)
_SAMPLE_LINES = 500
_SAMPLE_RECORDS = 50


@dataclass(frozen=True, slots=True)
class Head:
    """``offset`` bytes (a byte order mark among them) and ``lines`` lines come before the first record."""

    offset: int
    lines: int
    delimiter: str
    first: Fields

    @property
    def plain(self) -> bool:
        """Nothing comes before the first record: DuckDB skips lines by rules of its own, and trips over a mark."""
        return self.offset == 0


def find_head(source: Source, dialect: Dialect) -> Head | None:
    """The beginning of a UTF-8 file's body, its delimiter and its first record; None when it has no record.

    Before the body come the lines that are to be skipped, empty ones, comments, and the line ``sep=;`` with which a
    spreadsheet names its delimiter.

    Raises:
        UserError: the file cannot be read, or what it begins with is not UTF-8.
    """
    with open_bytes(source) as file:
        offset, lines, named = _skip(file, dialect)
    delimiter = dialect.delimiter or named or ("\t" if source.format == "tsv" else None)
    delimiter = delimiter or _find_delimiter(source, dialect, offset, lines)
    with open_body(source, offset) as body:
        records = Grammar(dialect, delimiter, source.label).records(_text(body, source, lines), lines + 1, Irregular())
        first = next(records, None)
    return None if first is None else Head(offset, lines, delimiter, first[1])


@contextmanager
def open_body(source: Source, offset: int) -> Iterator[io.BufferedReader]:
    """The unpacked bytes from ``offset`` on. Raises: UserError as :func:`open_bytes`."""
    with open_bytes(source) as file:
        _advance(file, offset)
        yield file


def body_lines(source: Source, head: Head) -> Iterator[str]:
    """The lines of the body with their ends. Raises: UserError for a byte that is not UTF-8, with its line."""
    with open_body(source, head.offset) as body:
        yield from _text(body, source, head.lines)


def _text(body: io.BufferedReader, source: Source, before: int) -> Iterator[str]:
    count = 0
    try:
        for line in io.TextIOWrapper(body, encoding="utf-8", newline=""):
            yield line
            count += 1
    except UnicodeDecodeError as error:
        # What was decoded and not handed out yet is a part of the line in which the error's bytes begin.
        raise Place(source.label, before).not_utf8(error, count) from error


def _advance(file: io.BufferedReader, offset: int) -> None:
    while offset:
        got = len(file.read(min(offset, 2**20)))
        if not got:
            return
        offset -= got


def _skip(file: io.BufferedReader, dialect: Dialect) -> tuple[int, int, str | None]:
    """How many bytes and lines come before the body, and the delimiter that such a line names."""
    window, number, named = _Window(file), 0, None
    if window.start(3) == codecs.BOM_UTF8:
        window.drop(3)
    comment = dialect.comment.encode()
    while start := window.start(32):
        if number >= dialect.skip_lines and not start.startswith((b"\r", b"\n")):
            excel = _EXCEL.match(start) if named is None else None
            if excel:
                named = excel[1].decode("latin-1")
            elif not comment or not start.startswith(comment):
                break
        window.skip_line()
        number += 1
    return window.offset, number, named


class _Window:
    """The bytes of a file at ``offset``, which goes forward."""

    def __init__(self, file: io.BufferedReader) -> None:
        self._file = file
        self._data = b""
        self.offset = 0

    def start(self, size: int) -> bytes:
        while len(self._data) < size and (more := self._file.read(2**16)):
            self._data += more
        return self._data[:size]

    def drop(self, size: int) -> None:
        self._data = self._data[size:]
        self.offset += size

    def skip_line(self) -> None:
        while (end := _END.search(self._data)) is None:
            # A CR at the end of what was read may be half of CR LF.
            self.drop(len(self._data) - self._data.endswith(b"\r"))
            more = self._file.read(2**16)
            if not more:
                self.drop(len(self._data))
                return
            self._data += more
        self.drop(end.end())


def _find_delimiter(source: Source, dialect: Dialect, offset: int, lines: int) -> str:
    """The candidate that gives the same number (two or more) of columns in most of the first lines."""
    with open_body(source, offset) as body:
        sample = list(itertools.islice(_text(body, source, lines), _SAMPLE_LINES))
    best, best_score = ",", (0.0, 0)
    for delimiter in _DELIMITERS:
        if delimiter in (dialect.quote, dialect.escape, dialect.comment):
            continue
        widths = _widths(Grammar(dialect, delimiter, source.label), sample)
        if not widths:
            continue
        width, count = Counter(widths).most_common(1)[0]
        if width > 1 and (count / len(widths), width) > best_score:
            best, best_score = delimiter, (count / len(widths), width)
    return best


def _widths(grammar: Grammar, sample: list[str]) -> list[int]:
    widths: list[int] = []
    try:
        for _, fields in itertools.islice(grammar.records(sample, 1, Irregular()), _SAMPLE_RECORDS):
            widths.append(len(fields))
    except UserError:
        # With another delimiter the quotes may be right; a record that the sample cuts says nothing either.
        pass
    return widths
