"""How a row of a list is drawn: pieces in named styles, cut where the room ends, under the cursor or not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.scroll_view import ScrollView
from textual.strip import Strip


class Part(NamedTuple):
    """A piece of a row: safe text and one of the names in :data:`STYLES`.

    A ``picture`` is made of blocks and blanks: a cursor shown by reversed colours would turn it into its negative.
    """

    text: str
    style: str = "text"
    picture: bool = False


class Row(NamedTuple):
    """``left`` is cut with an ellipsis where the room ends; ``right`` is kept and stands at the right edge."""

    left: tuple[Part, ...]
    right: tuple[Part, ...] = ()


STYLES = ("text", "dim", "strong", "heading", "accent", "success", "warning", "error", "marked")
_KEPT_STRIPS = 512
CURSOR, CURSOR_BLURRED = "cursor", "cursor-blurred"


class RowPainter:
    """Draws rows in the styles that the style sheet gives a list."""

    def __init__(self, view: ScrollView) -> None:
        self._view = view
        self._styles: dict[tuple[str, str, bool], Style] = {}
        self._strips: dict[tuple[Row, int, str], Strip] = {}

    def forget_styles(self) -> None:
        """The style sheet or the theme is another."""
        self._styles.clear()
        self._strips.clear()

    def style(self, name: str, cursor: str, picture: bool = False) -> Style:
        """One of :data:`STYLES`, laid over with that of the ``cursor`` unless it is empty."""
        key = (name, cursor, picture)
        style = self._styles.get(key)
        if style is None:
            over = self._view.get_component_rich_style(f"line-list--{cursor}", partial=True) if cursor else None
            if cursor == CURSOR and over is not None and not (picture and over.reverse):
                name = self._under_cursor(name, reverse=bool(over.reverse))
            style = self._view.get_component_rich_style(f"line-list--{name}")
            if over is not None and not (picture and over.reverse):
                style += over
            self._styles[key] = style
        return style

    @staticmethod
    def _under_cursor(name: str, *, reverse: bool) -> str:
        """The style that a piece has on the ground of the cursor."""
        if reverse:
            # Reversed colours would make a patchwork of grounds: the row is one, and its words say the rest.
            return "strong" if name in ("strong", "heading", "marked") else "text"
        # What is dim elsewhere could not be read there.
        return "text" if name == "dim" else name

    def kept(self, row: Row, width: int, cursor: str) -> Strip:
        """The same strip for the same row: all that is made of strips on their way to the terminal is kept by them."""
        key = (row, width, cursor)
        strip = self._strips.get(key)
        if strip is None:
            if len(self._strips) >= _KEPT_STRIPS:
                self._strips.clear()
            strip = self._strips[key] = self.strip(row, width, cursor)
        return strip

    def strip(self, row: Row, width: int, cursor: str) -> Strip:
        """The row as ``width`` cells; ``cursor`` is empty, :data:`CURSOR` or :data:`CURSOR_BLURRED`."""
        right_width = sum(cell_len(part.text) for part in row.right)
        # The bar lies over the last cell: what is on the right leaves it free, a text cut on the left must as well.
        bar = 0 if row.right else self._view.scrollbar_size_vertical
        room = max(0, width - right_width - (1 if row.right else bar))
        segments = []
        for number, part in enumerate(row.left):
            size = cell_len(part.text)
            if size > room:
                text = f"{set_cell_size(part.text, room - 1)}…" if room > 0 else ""
                segments.append(self._segment(part, text, cursor))
                room = 0
                break
            if size == room and number + 1 < len(row.left) and any(rest.text for rest in row.left[number + 1 :]):
                segments.append(self._segment(part, f"{set_cell_size(part.text, size - 1)}…", cursor))
                room = 0
                break
            segments.append(self._segment(part, part.text, cursor))
            room -= size
        plain = self.style("text", cursor)
        segments.append(Segment(" " * (room + (1 if row.right else bar)), plain))
        right = _with_their_edges(row.right) if cursor else row.right
        segments += [self._segment(part, part.text, cursor) for part in right]
        return Strip(segments).crop_extend(0, width, plain)

    def _segment(self, part: Part, text: str, cursor: str) -> Segment:
        return Segment(text, self.style(part.style, cursor, part.picture))

    def different(self, was: Row, row: Row, width: int) -> tuple[int, int]:
        """The columns from the first to behind the last that two rows do not share."""
        cells = [
            [(character, segment.style) for segment in self.strip(one, width, "") for character in segment.text]
            for one in (was, row)
        ]
        if any(len(one) != width for one in cells):
            # Wide characters: columns are not characters.
            return 0, width
        apart = [column for column, (old, new) in enumerate(zip(*cells, strict=True)) if old != new]
        return (apart[0], apart[-1] + 1) if apart else (0, 0)


def _with_their_edges(parts: Sequence[Part]) -> list[Part]:
    """Blanks beside a picture belong to it: of a reversed cursor they would be blocks that touch it."""
    around = (None, *parts, None)
    return [
        part._replace(picture=True)
        if not part.text.strip() and any(one is not None and one.picture for one in (before, after))
        else part
        for before, part, after in zip(around, parts, around[2:], strict=False)
    ]
