"""Drawing with few bytes: only the cells that have changed, and in a flood only as often as a slow line can take."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise

from rich.ansi import SGR_STYLE_MAP
from rich.cells import cell_len
from rich.color import Color
from rich.segment import Segment
from rich.style import Style
from textual.geometry import Region
from textual.strip import Strip

# Bytes of moving the cursor to a row, and of the colours of a piece of it.
_MOVE_BYTES, _COLOUR_BYTES = 10, 42
# Blinking writes no bytes but distracts; hidden text is text.
_NOT_SHOWN = {"5", "6", "8"}


@lru_cache(maxsize=512)
def sgr_style(sgr: str) -> Style:
    """A Rich style from the parameters of an SGR sequence; what is unknown is passed over."""
    codes = iter(sgr.split(";"))
    style = Style.null()
    for code in codes:
        if code in ("38", "48"):
            color = _color(next(codes, ""), codes)
            if color is not None:
                style += Style(color=color) if code == "38" else Style(bgcolor=color)
        elif code.isdecimal() and len(code) <= 3 and code not in _NOT_SHOWN:
            style += Style.parse(SGR_STYLE_MAP.get(int(code), ""))
    return style


def _color(kind: str, codes: Iterator[str]) -> Color | None:
    numbers = []
    for _ in range({"5": 1, "2": 3}.get(kind, 0)):
        code = next(codes, "")
        numbers.append(min(255, int(code)) if code.isdecimal() and len(code) <= 3 else 0)
    if kind == "5":
        return Color.from_ansi(numbers[0])
    return Color.from_rgb(*numbers) if kind == "2" else None


def strip_of(text: str, base: Style, layers: list[tuple[int, int, Style]], column: int, width: int) -> Strip:
    """A row: ``text`` in ``base``, laid over with styles from character to character, ``width`` cells of it.

    Of cells that several layers cover, a later layer's style is on top.
    """
    first, last, left = _seen(text, column, width)
    # Of a line with thousands of colours only those in view cost time.
    layers = [layer for layer in layers if (layer[0] < last and layer[1] > first) or layer[1] > len(text)]
    edges = sorted({first, last, *(edge for start, end, _ in layers for edge in (start, end) if first < edge < last)})
    segments = []
    for begin, end in pairwise(edges):
        style = base
        for start, stop, over in layers:
            if start <= begin and end <= stop:
                style += over
        segments.append(Segment(text[begin:end], style))
    # A selection or a cursor goes on to the right edge.
    tail = base
    for _, stop, over in layers:
        if stop > len(text):
            tail += over
    return Strip(segments).crop_extend(left, left + width, tail)


def _seen(text: str, column: int, width: int) -> tuple[int, int, int]:
    """The characters from, to that are in view, and how many cells of the first one are not."""
    if text.isascii():
        return min(column, len(text)), min(column + width, len(text)), 0
    cells, first, left, last = 0, len(text), 0, len(text)
    for at, character in enumerate(text):
        size = cell_len(character)
        if first == len(text) and cells + size > column:
            first, left = at, column - cells
        if cells >= column + width:
            last = at
            break
        cells += size
    return first, max(first, last), left


def changed(old: Strip, new: Strip, y: int) -> Region | None:
    """The cells of a row that differ, from the first to the last one.

    One region a row: Textual 8.2 paints all that is left of a region again, for each of them.
    """
    if old == new:
        return None
    width = new.cell_length
    if old.cell_length != width or not (_narrow(old.text) and _narrow(new.text)):
        return Region(0, y, width, 1)
    cells = _different(old, new)
    return Region(cells[0], y, cells[-1] + 1 - cells[0], 1) if cells else None


def _narrow(text: str) -> bool:
    """Whether each character is one cell wide, so that cells can be compared as characters."""
    return text.isascii() or all(cell_len(character) == 1 for character in set(text))


def _different(old: Strip, new: Strip) -> list[int]:
    if [(len(one.text), one.style) for one in old] == [(len(one.text), one.style) for one in new]:
        return [x for x, (one, other) in enumerate(zip(old.text, new.text, strict=True)) if one != other]
    cells = [[(char, segment.style) for segment in strip for char in segment.text] for strip in (old, new)]
    return [x for x, (one, other) in enumerate(zip(*cells, strict=True)) if one != other]


def cost(strip: Strip, region: Region) -> int:
    """About how many bytes painting this region of a row takes, what is left of it included."""
    pieces, x = 0, 0
    for segment in strip:
        if x >= region.right:
            break
        pieces += 1
        x += segment.cell_length
    return _MOVE_BYTES + region.right + _COLOUR_BYTES * pieces


class Allowance:
    """Bytes that may be painted: ``burst`` at once, ``rate`` a second in the long run.

    One painting may take more than is left; the next one waits until that is made up for.
    """

    def __init__(self, rate: float, burst: float) -> None:
        self._rate = rate
        self._burst = burst
        self._left = burst
        self._at: float | None = None

    def spend(self, amount: float) -> None:
        self._left -= amount

    def ready(self, now: float) -> bool:
        """Whether something may be painted now; ``now`` in seconds."""
        if self._at is not None:
            self._left = min(self._burst, self._left + (now - self._at) * self._rate)
        self._at = now
        return self._left > 0
