"""What a terminal shows, cell by cell."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from unicodedata import category

from rich.cells import get_character_cell_size, split_graphemes

from orch_tui.tui.wire.pen import DEFAULT, Pen, on_blank

CONTINUED = ""
"""The text of a cell that the wide character before it covers."""
_JOINER, _SELECTOR = "\u200d", "\ufe0f"
"""By these Rich counts several characters as one, or a narrow one as wide."""


class Row:
    """One line: the text and the pen of each cell, in two lists of the same length."""

    __slots__ = ("pens", "texts")

    def __init__(self, texts: list[str], pens: list[Pen]) -> None:
        self.texts = texts
        self.pens = pens

    @classmethod
    def blank(cls, width: int) -> Row:
        return cls([" "] * width, [DEFAULT] * width)

    def copy(self) -> Row:
        return Row(self.texts.copy(), self.pens.copy())

    def same(self, other: Row) -> bool:
        return self.texts == other.texts and self.pens == other.pens

    def put(self, x: int, cells: Row) -> None:
        """Replace cells from column ``x`` on, as far as the row goes. Halves of wide characters become blanks."""
        width = min(len(cells.texts), len(self.texts) - x)
        if width <= 0:
            return
        end = x + width
        if self.texts[x] == CONTINUED and x:
            self.texts[x - 1] = " "
        if end < len(self.texts) and self.texts[end] == CONTINUED:
            self.texts[end] = " "
        self.texts[x:end] = cells.texts[:width]
        self.pens[x:end] = cells.pens[:width]
        if self.texts[x] == CONTINUED:
            self.texts[x] = " "
        if _is_wide(self.texts[end - 1]):
            self.texts[end - 1] = " "


def cells(pieces: Iterable[tuple[str, Pen]]) -> Row:
    """The cells of pieces of text, as many as Rich counts for each: what stands beside it was laid out by that.

    Characters without a width join the cell before; controls are left out. What Rich counts as wide and no two
    terminals draw alike (emoji that are joined, or made of a letter by a selector) is its first character, with blanks
    up to that width.
    """
    texts: list[str] = []
    pens: list[Pen] = []
    for text, pen in pieces:
        blank = on_blank(pen)
        if text.isascii() and text.isprintable():
            texts += text
            pens += [pen] * len(text) if " " not in text else [blank if mark == " " else pen for mark in text]
            continue
        for mark in _characters(text) if _JOINER in text or _SELECTOR in text else text:
            width = width_of(mark[0])
            if width > 0:
                texts.append(mark)
                pens.append(blank if mark == " " else pen)
                if width == 2:
                    texts.append(CONTINUED)
                    pens.append(pen)
            elif width == 0:
                if texts:
                    _join(texts, mark)
            else:
                never_sent = get_character_cell_size(mark)
                texts += " " * never_sent
                pens += [blank] * never_sent
    return Row(texts, pens)


def _characters(text: str) -> Iterator[str]:
    """What is sent of each character of a text in which some are made of several, and blanks up to its width."""
    while text.startswith(_JOINER):
        # It takes along what follows, also where there is nothing before it.
        text = text[2:]
    for start, end, cell_count in split_graphemes(text)[0]:
        marks = text[start:end].partition(_JOINER)[0]
        width = width_of(marks[0]) if marks and marks[0] != _SELECTOR else -1
        if width >= 0:
            yield marks[0] + "".join(mark for mark in marks[1:] if mark != _SELECTOR and width_of(mark) == 0)
        yield from " " * (cell_count - max(width, 0))


def _join(texts: list[str], mark: str) -> None:
    at = len(texts) - 1
    if texts[at] == CONTINUED and at:
        at -= 1
    texts[at] += mark


@lru_cache(8192)
def width_of(mark: str) -> int:
    """Columns of one character: 0 for one that joins the one before, -1 for one that is never sent.

    Those are controls, and format characters: they turn the direction of text, or join emoji into one whose width no
    two terminals agree on.
    """
    if category(mark) in ("Cc", "Cf", "Cs", "Zl", "Zp"):
        return -1
    return get_character_cell_size(mark)


@lru_cache(8192)
def _is_wide(text: str) -> bool:
    return bool(text) and width_of(text[0]) == 2
