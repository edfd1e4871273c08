"""Writing to the terminal or into a pipe: safe text, colours and glyphs where they can be shown, no fatal ends.

A pipe whose reader left and a terminal that is gone must not end a run: what cannot be written is dropped.
"""

from __future__ import annotations

import errno
import os
import select
import sys
import time
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from typing import TextIO

from orch_tui.cli.shared.errors import CliError, os_sentence
from orch_tui.model.status import STYLES, Status
from orch_tui.model.texts.pattern import pattern
from orch_tui.model.texts.text import safe_line, safe_lines

_COLORS = {"bright_black": 90, "red": 31, "green": 32, "yellow": 33, "blue": 34, "magenta": 35}
_PAINT = pattern(rf"(\x1b\[(?:[01]|{'|'.join(map(str, _COLORS.values()))})m)")
_ERASE = "\r\x1b[K"
_ASCII = str.maketrans(
    {**{s.glyph: s.ascii for s in STYLES.values()}, "·": "-", "…": "...", "–": "-", "→": "->", "│": "|"}
)


def shows_unicode(encoding: str | None, environment: Mapping[str, str]) -> bool:
    """Whether glyphs outside of ASCII can be shown.

    Python takes UTF-8 in the "C" locale too (PEP 538 sets LC_CTYPE, PEP 540), but whoever asked for "C" gets ASCII.
    """
    if not (encoding or "").lower().replace("-", "").startswith("utf"):
        return False
    names = [environment.get(name, "") for name in ("LC_ALL", "LC_CTYPE", "LANG")]
    if names[1] == "C.UTF-8" and names[2] in ("C", "POSIX"):
        names[1] = ""
    return next((name for name in names if name), "") not in ("C", "POSIX")


def cells(text: str) -> int:
    """How many columns of a terminal the text takes."""
    if text.isascii():
        return len(text)
    return sum(_char_cells(char) for char in text)


def _char_cells(char: str) -> int:
    if unicodedata.combining(char) or unicodedata.category(char) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def fit(text: str, width: int) -> str:
    """The text cut to ``width`` columns, its last character an ellipsis when something was cut."""
    if cells(text) <= width:
        return text
    used, kept = 0, []
    for char in text:
        used += _char_cells(char)
        if used > width - 1:
            break
        kept.append(char)
    return "".join(kept) + "…" if width > 0 else ""


def pad(text: str, width: int, *, right: bool = False) -> str:
    """The text in exactly ``width`` columns."""
    text = fit(text, width)
    blanks = " " * (width - cells(text))
    return blanks + text if right else text + blanks


class Output:
    """One stream. A reader that left or a terminal that is gone is never an error.

    ``lost`` is called once when writing has failed for whatever reason, which is then no error either. Without it a
    full disk, say, raises CliError: output that somebody asked for must not be lost in silence.
    """

    def __init__(self, stream: TextIO | None = None, lost: Callable[[OSError], None] | None = None) -> None:
        self.stream = stream if stream is not None else sys.stdout
        self.lost = lost
        self.gone = False
        self.tty = _is_tty(self.stream) and os.environ.get("TERM") != "dumb"
        self.color = self.tty and not os.environ.get("NO_COLOR")
        self.unicode = shows_unicode(getattr(self.stream, "encoding", None), os.environ)

    @property
    def width(self) -> int:
        """Columns of the terminal; 100 where there is none."""
        try:
            return os.get_terminal_size(self.stream.fileno()).columns or 100
        except (OSError, ValueError, AttributeError):
            return int(os.environ.get("COLUMNS", "") or 100) if os.environ.get("COLUMNS", "").isdecimal() else 100

    def write(self, text: str, *, erase: bool = False) -> None:
        """Words for people; flushes. ``erase`` takes the status line away first. Raises: CliError, see the class.

        This is the guard that every text passes: of control characters and escape sequences only line ends, tabs and
        the colours of :meth:`paint` reach the stream, whoever forgot to make a name from outside safe.
        """
        self._emit(f"{_ERASE if erase else ''}{self._guarded(text)}")

    def rewrite(self, text: str) -> None:
        """The status line: one line that stays open and is written over. Raises: CliError."""
        self._emit(f"\r{self._guarded(text)}\x1b[K")

    def data(self, text: str) -> None:
        """Text that a program may read: as it is, but on a terminal guarded as words for people. Raises: CliError."""
        self._emit(safe_lines(text) if self.tty else text)

    def _guarded(self, text: str) -> str:
        if self.color:
            text = "".join(part if at % 2 else safe_lines(part) for at, part in enumerate(_PAINT.split(text)))
        else:
            text = safe_lines(text)
        return text if self.unicode else text.translate(_ASCII).encode("ascii", "replace").decode()

    def _emit(self, text: str) -> None:
        if self.gone:
            return
        try:
            encoding = getattr(self.stream, "encoding", None) or "utf-8"
            self.stream.write(text.encode(encoding, "replace").decode(encoding))
            self.stream.flush()
        except OSError as error:
            self._lose(error)

    def write_bytes(self, data: bytes) -> None:
        """Bytes as they are. Raises: CliError."""
        if self.gone:
            return
        try:
            self.stream.buffer.write(data)
            self.stream.flush()
        except OSError as error:
            self._lose(error)

    def _lose(self, error: OSError) -> None:
        self.gone = True
        silence(self.stream)
        if self.lost is not None:
            self.lost(error)
        elif error.errno not in (errno.EPIPE, errno.EIO):
            raise CliError(f"the output cannot be written: {os_sentence(error)}") from error

    def rest(self, seconds: float) -> None:
        """Wait, and no longer than until the reader of a pipe has left or the terminal is gone: ``gone`` is true then.

        For who may have nothing to write for hours. Source: POLLERR and POLLHUP in poll(2), which come unasked.
        """
        try:
            descriptor = self.stream.fileno()
        except (OSError, ValueError, AttributeError):
            time.sleep(seconds)
            return
        poll = select.poll()
        poll.register(descriptor, 0)
        if poll.poll(seconds * 1000):
            self._lose(BrokenPipeError(errno.EPIPE, os.strerror(errno.EPIPE)))

    def line(self, text: str = "") -> None:
        """One line; what it is made of should be on one line each, see ``safe_line``."""
        self.write(text + "\n")

    def lines(self, text: str) -> None:
        """A message of several lines, each made safe."""
        for line in text.split("\n"):
            self.line(safe_line(line))

    def paint(self, text: str, color: str) -> str:
        code = _COLORS.get(color)
        return f"\x1b[{code}m{text}\x1b[0m" if self.color and code else text

    def bold(self, text: str) -> str:
        return f"\x1b[1m{text}\x1b[0m" if self.color else text

    def status(self, status: Status, *, width: int = 0) -> str:
        """Glyph and word, in its colour; padded to ``width`` columns."""
        style = status.style
        return self.paint(f"{style.glyph if self.unicode else style.ascii} {style.word}".ljust(width), style.color)


def _is_tty(stream: TextIO) -> bool:
    try:
        return stream.isatty()
    except (OSError, ValueError):
        return False


def silence(stream: TextIO) -> None:
    """Let everything still written to the stream's descriptor vanish, the flush at the exit included."""
    try:
        descriptor = stream.fileno()
        null = os.open(os.devnull, os.O_RDWR)
    except (OSError, ValueError, AttributeError):
        return
    os.dup2(null, descriptor)
    os.close(null)


def print_table(
    out: Output, header: Iterable[str], rows: Iterable[Iterable[str]], *, right: Iterable[int] = ()
) -> None:
    """Aligned columns that fit the terminal; the widest columns are cut first. Pipes get everything."""
    table = [[safe_line(cell) for cell in row] for row in (header, *rows)]
    widths = [max(cells(cell) for cell in column) for column in zip(*table, strict=True)]
    if out.tty:
        widths = shrink(widths, out.width - 2 * (len(widths) - 1))
    numbers = set(right)
    for number, row in enumerate(table):
        parts = [
            pad(cell, width, right=at in numbers) for at, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        text = "  ".join(parts).rstrip()
        out.line(out.bold(text) if number == 0 else text)


def shrink(widths: list[int], room: int) -> list[int]:
    """Column widths that fit into ``room``: all wide columns are cut to one common width, 3 at least."""
    if sum(widths) <= room:
        return widths
    low, high = 3, max(widths)
    while low < high:
        middle = (low + high + 1) // 2
        if sum(min(width, middle) for width in widths) <= room:
            low = middle
        else:
            high = middle - 1
    return [min(width, low) for width in widths]


def local_time(at: float | None) -> str:
    """``2026-11-22 14:02:13`` in the local time zone; empty for None."""
    return "" if at is None else time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(at))
