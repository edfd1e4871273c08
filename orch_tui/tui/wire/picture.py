"""What a terminal shows, cell by cell."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from unicodedata import category

from rich.cells import get_character_cell_size

from orch_tui.tui.wire.pen import DEFAULT, Pen, on_blank

CONTINUED = ""
"""The text of a cell that the wide character before it covers."""


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
    """The cells of pieces of text. Characters without a width join the cell before; controls are left out."""
    texts: list[str] = []
    pens: list[Pen] = []
    for text, pen in pieces:
        blank = on_blank(pen)
        if text.isascii() and text.isprintable():
            texts += text
            pens += [pen] * len(text) if " " not in text else [blank if mark == " " else pen for mark in text]
            continue
        for mark in text:
            width = width_of(mark)
            if width > 0:
                texts.append(mark)
                pens.append(blank if mark == " " else pen)
                if width == 2:
                    texts.append(CONTINUED)
                    pens.append(pen)
            elif width == 0 and texts:
                _join(texts, mark)
    return Row(texts, pens)


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
