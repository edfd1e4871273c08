"""The bytes that turn what a terminal shows into something else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from orch_tui.tui.wire.pen import DEFAULT, Pen, change
from orch_tui.tui.wire.picture import CONTINUED, Row

_BRIDGE = 4
"""So many cells that are right already are written anew rather than jumped over: a jump costs about as much."""
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

    def __init__(self, capabilities: Capabilities) -> None:
        self._can = capabilities
        self._parts: list[str] = []
        self._pen = DEFAULT
        self._at: tuple[int, int] | None = None

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

    def move(self, x: int, y: int) -> None:
        if self._at == (x, y):
            return
        if self._at is not None and self._at[1] == y:
            self._parts.append(f"\x1b[{x + 1}G")
        else:
            self._parts.append(f"\x1b[{y + 1};{x + 1}H" if x else f"\x1b[{y + 1}H")
        self._at = (x, y)

    def row(self, y: int, old: Row, new: Row) -> None:
        """What is different in one line."""
        for start, end in runs(old, new):
            self._run(y, start, end, new)

    def _run(self, y: int, start: int, end: int, new: Row) -> None:
        self.move(start, y)
        texts, pens, x = new.texts, new.pens, start
        exact = True
        while x < end:
            length, alike = _stretch(texts, pens, x, end)
            if alike and texts[x] == " " and self._erase(x, y, length, length == len(texts) - x, pens[x]):
                exact = True
            elif alike and length >= _LEAST_REPEATED and self._can.repeat and _repeatable(texts[x]):
                self.use(pens[x])
                self._parts.append(f"{texts[x]}\x1b[{length - 1}b")
            else:
                self.use(pens[x])
                self._parts.append("".join(texts[x : x + length]))
                exact = exact and all(text.isascii() for text in texts[x : x + length])
            x += length
        # Terminals differ in how wide some characters are, and at the last column in where the cursor is.
        self._at = (end, y) if exact and end < len(texts) else None

    def _erase(self, x: int, y: int, length: int, to_the_end: bool, pen: Pen) -> bool:
        """Blanks as one sequence, where it is shorter and shows the same."""
        if not self._can.erase or length < _LEAST_ERASED or pen.attributes or pen.link:
            return False
        if pen.background and not self._can.erase_colours:
            return False
        self.use(pen)
        if to_the_end:
            self._parts.append("\x1b[K")
        else:
            self._parts.append(f"\x1b[{length}X\x1b[{x + length + 1}G")
        return True


def _repeatable(text: str) -> bool:
    """ncurses repeats only characters of one byte, so that terminals are not tried with others."""
    return len(text) == 1 and text.isascii()


def _stretch(texts: Sequence[str], pens: Sequence[Pen], start: int, end: int) -> tuple[int, bool]:
    """How many cells from ``start`` on have one pen, and whether they are all alike.

    It ends before a place from which on many are alike, so that those can be one stretch.
    """
    pen, alike, x = pens[start], 1, start + 1
    while x < end and pens[x] == pen:
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


def differences(encoder: Encoder, old: Sequence[Row], new: Mapping[int, Row]) -> None:
    """The lines of ``new`` (by their number) that differ from those shown."""
    for y in sorted(new):
        encoder.row(y, old[y], new[y])
