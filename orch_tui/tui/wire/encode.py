"""The bytes that turn what a terminal shows into something else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from orch_tui.tui.wire.pen import DEFAULT, Pen, change, on_blank
from orch_tui.tui.wire.picture import CONTINUED, Row

_BRIDGE = 4
"""So many cells that are right already are written anew rather than jumped over: a jump costs about as much."""
_LEAST_SORTED = 500
"""Bytes from which on another order of writing is tried."""
_LEAST_ERASED = 8
_LEAST_REPEATED = 6


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What the terminal can do besides writing cells.

    ``erase``: ECH and EL; ``erase_colours``: they leave the pen's background (terminfo's ``bce``); ``repeat``: REP;
    ``scroll``: a scrolling region, and lines deleted and inserted in it.
    """

    erase: bool = False
    erase_colours: bool = False
    repeat: bool = False
    scroll: bool = False


class Encoder:
    """Collects bytes, and knows where the cursor and which pen it leaves. Columns and lines count from 0."""

    def __init__(self, capabilities: Capabilities, begin: str = "") -> None:
        """``begin`` was written with the default pen, and left the cursor nobody knows where."""
        self._can = capabilities
        self._parts: list[str] = [begin] if begin else []
        self._pen = DEFAULT
        self._at: tuple[int, int] | None = None
        self._sure = False

    def text(self) -> str:
        """All of it, with the pen laid down."""
        self.use(DEFAULT)
        return "".join(self._parts)

    def raw(self, sequence: str) -> None:
        """A sequence after which the cursor is nobody knows where."""
        self._parts.append(sequence)
        self._at = None

    def use(self, pen: Pen) -> None:
        if pen != self._pen:
            self._parts.append(change(self._pen, pen))
            self._pen = pen

    def use_for_blanks(self, pen: Pen) -> None:
        """``pen`` as :func:`on_blank` gives it: a pen in use that draws blanks like it stays."""
        if on_blank(self._pen) != pen:
            self.use(pen)

    def move(self, x: int, y: int) -> None:
        if self._at == (x, y):
            return
        self._parts.append(_way(self._at, (x, y), self._sure))
        self._at, self._sure = (x, y), True

    def row(self, y: int, old: Row, new: Row) -> None:
        """What is different in one line."""
        for stretch in stretches(y, old, new):
            self.stretch(stretch)

    def stretch(self, stretch: Stretch) -> None:
        """Write these cells."""
        y, x, end, alike, row = stretch
        self.move(x, y)
        length, pen, text = end - x, row.pens[x], row.texts[x]
        if alike and text == " " and self._erase(x, y, length, end == len(row.texts), pen):
            return
        self._use_for(text if alike else "", pen)
        if alike and length >= _LEAST_REPEATED and self._can.repeat and _repeatable(text):
            self._parts.append(f"{text}\x1b[{length - 1}b")
        else:
            self._parts.append("".join(row.texts[x:end]))
        # Terminals differ in where the cursor is at the last column, and in how wide some characters are.
        self._at = (end, y) if end < len(row.texts) else None
        self._sure = self._sure and self._parts[-1].isascii()

    def _use_for(self, text: str, pen: Pen) -> None:
        if text == " ":
            self.use_for_blanks(pen)
        else:
            self.use(pen)

    def _erase(self, x: int, y: int, length: int, to_the_end: bool, pen: Pen) -> bool:
        """Blanks as one sequence, where it is shorter and shows the same."""
        if not self._can.erase or length < _LEAST_ERASED or pen.attributes or pen.link:
            return False
        if pen.background and not self._can.erase_colours:
            return False
        self.use_for_blanks(pen)
        # The cursor stays; what comes next may be elsewhere.
        self._parts.append("\x1b[K" if to_the_end else f"\x1b[{length}X")
        return True


@lru_cache(8192)
def _way(at: tuple[int, int] | None, to: tuple[int, int], sure: bool) -> str:
    """The shortest sequence that takes the cursor to a column and line (CUP, CHA, CUU, CUD, CUF, CUB, BS); ``sure``:
    its column is known, and not only its line."""
    x, y = to
    whole = f"\x1b[{y + 1};{x + 1}H" if x else f"\x1b[{y + 1}H"
    if at is None:
        return whole
    across = f"\x1b[{x + 1}G"
    if sure:
        by = x - at[0]
        across = min(
            across, "\b" * -by if by < 0 else _steps(by, "C"), _steps(abs(by), "D" if by < 0 else "C"), key=len
        )
    down = y - at[1]
    return min(whole, f"{_steps(abs(down), 'B' if down > 0 else 'A')}{across}", key=len)


def _steps(count: int, letter: str) -> str:
    if not count:
        return ""
    return f"\x1b[{count if count > 1 else ''}{letter}"


def _repeatable(text: str) -> bool:
    """ncurses repeats only characters of one byte, so that terminals are not tried with others."""
    return len(text) == 1 and text.isascii()


def _stretch(texts: Sequence[str], pens: Sequence[Pen], start: int, end: int) -> tuple[int, bool]:
    """How many cells from ``start`` on have one pen, and whether they are all alike.

    Blanks that the pen draws as their own does go with it. It ends before a place from which on many are alike, so that
    those can be one stretch.
    """
    pen, alike, x = pens[start], 1, start + 1
    blank = on_blank(pen)
    while x < end and (pens[x] == pen or (texts[x] == " " and pens[x] == blank)):
        if texts[x] == texts[x - 1] and texts[x] != CONTINUED:
            alike += 1
        elif alike == x - start >= _LEAST_REPEATED:
            break
        else:
            alike = 1
        if alike == _LEAST_REPEATED and x + 1 - start > alike:
            return x + 1 - alike - start, False
        x += 1
    return x - start, alike == x - start


class Stretch(NamedTuple):
    """Cells ``start`` to before ``end`` of line ``y``, with one pen but for blanks; ``alike``: all of one text."""

    y: int
    start: int
    end: int
    alike: bool
    row: Row


def stretches(y: int, old: Row, new: Row) -> Iterator[Stretch]:
    """The cells of a line that are to be written, from left to right."""
    for start, end in runs(old, new):
        while start < end:
            length, alike = _stretch(new.texts, new.pens, start, end)
            yield Stretch(y, start, start + length, alike, new)
            start += length


def runs(old: Row, new: Row) -> Iterator[tuple[int, int]]:
    """From where to where cells have to be written: whole characters, and no gap that is not worth a jump."""
    if old.same(new):
        return
    start = end = -1
    for x, (was, now) in enumerate(
        zip(zip(old.texts, old.pens, strict=True), zip(new.texts, new.pens, strict=True), strict=True)
    ):
        if was == now:
            continue
        if start >= 0 and x - end > _BRIDGE:
            yield _whole(new, start, end)
            start = -1
        if start < 0:
            start = x
        end = x + 1
    if start >= 0:
        yield _whole(new, start, end)


def _whole(row: Row, start: int, end: int) -> tuple[int, int]:
    while start > 0 and row.texts[start] == CONTINUED:
        start -= 1
    while end < len(row.texts) and row.texts[end] == CONTINUED:
        end += 1
    return start, end


def differences(capabilities: Capabilities, old: Sequence[Row], new: Mapping[int, Row], *, begin: str = "") -> str:
    """The bytes for the lines of ``new`` (by their number) that differ from those shown, after ``begin``."""
    by_line = Encoder(capabilities, begin)
    for y in sorted(new):
        by_line.row(y, old[y], new[y])
    text = by_line.text()
    if len(text) - len(begin) < _LEAST_SORTED:
        return text
    by_pen = Encoder(capabilities, begin)
    for stretch in _sorted_by_pen(old, new):
        by_pen.stretch(stretch)
    return min(text, by_pen.text(), key=lambda one: len(one.encode()))


def _sorted_by_pen(old: Sequence[Row], new: Mapping[int, Row]) -> list[Stretch]:
    """Each pen is taken up once for all lines: where many rows change alike, most of the bytes are pens."""
    groups: dict[Pen, list[Stretch]] = {}
    for y in sorted(new):
        was = old[y]
        for stretch in stretches(y, was, new[y]):
            _, start, end, _, row = stretch
            # Written with its neighbours it costs less than a jump; alone it need not be written.
            if row.texts[start:end] != was.texts[start:end] or row.pens[start:end] != was.pens[start:end]:
                groups.setdefault(row.pens[start], []).append(stretch)
    return [stretch for pen in _in_order(groups) for stretch in groups[pen]]


def _in_order(groups: Mapping[Pen, list[Stretch]]) -> list[Pen]:
    """Pens that draw blanks alike one after another, and those of blanks behind them."""
    return sorted(groups, key=lambda pen: (on_blank(pen), pen == on_blank(pen)))
