"""The part of a log that is in view: rows of lines, wrapped or not, a cursor, and moving about. Without Textual."""

from __future__ import annotations

from collections import OrderedDict
from typing import NamedTuple

from rich.cells import cell_len, chop_cells

from orch_tui.runs.log.index import Blocks
from orch_tui.runs.log.lines import Line, clean

_KEPT_LINES = 256


class Spot(NamedTuple):
    """A row: the line that begins at byte ``offset``, and which of its wrapped rows."""

    offset: int
    row: int = 0


class Row(NamedTuple):
    """Characters ``start`` to ``end`` of a line's shown text."""

    offset: int
    line: Line
    start: int
    end: int


class Viewport:
    """``top`` is the first row in view; ``cursor`` the offset of the line with the cursor; ``column`` in cells."""

    def __init__(self, blocks: Blocks | None = None) -> None:
        self.width = 80
        self.height = 24
        self.wrap = False
        self.follow = True
        self.column = 0
        self.top = Spot(0)
        self.cursor = 0
        self.blocks = blocks or Blocks()
        self._lines: OrderedDict[int, tuple[Line, int]] = OrderedDict()

    # --- what is there ---

    def show(self, blocks: Blocks) -> None:
        """Another file, or the same one after it was cut: everything that was known of its lines is forgotten."""
        self.blocks = blocks
        self._lines.clear()
        self.top, self.cursor = Spot(0), 0
        self.to_end()

    def resize(self, width: int, height: int) -> None:
        """The room for rows, in cells; the cursor stays in view, the end if it is followed."""
        self.width, self.height = max(1, width), max(1, height)
        self.top = Spot(self.top.offset)
        self.settle()

    def set_wrap(self, wrap: bool) -> None:
        self.wrap, self.column, self.top = wrap, 0, Spot(self.top.offset)
        self.settle()

    def settle(self) -> None:
        """Bring the view in order after the log or the room has changed."""
        if self.follow:
            self.to_end()
        else:
            self.top = min(self.top, self.end_top())
            self._cursor_into_view()

    def line(self, offset: int) -> Line:
        return self._line(offset)[0]

    def _line(self, offset: int) -> tuple[Line, int]:
        """The line that begins at ``offset``, and where the next one begins."""
        found = self._lines.get(offset)
        if found is not None:
            self._lines.move_to_end(offset)
            return found
        end = self.blocks.end_of(offset)
        raw = self.blocks.read(offset, end) if end - offset > self.blocks.block_size else self._from_block(offset, end)
        complete = end < self.blocks.size or raw.endswith(b"\n")
        found = (clean(raw, complete=complete), end)
        if complete:
            self._lines[offset] = found
            if len(self._lines) > _KEPT_LINES:
                self._lines.popitem(last=False)
        return found

    def _from_block(self, offset: int, end: int) -> bytes:
        base = offset // self.blocks.block_size * self.blocks.block_size
        if end - base <= self.blocks.block_size:
            return self.blocks.block(base // self.blocks.block_size)[offset - base : end - base]
        return self.blocks.read(offset, end)

    def rows(self) -> list[Row]:
        """What is to be drawn, from the top; at most ``height``, fewer at the end of a short log."""
        rows: list[Row] = []
        offset, skip = self.top
        while len(rows) < self.height and offset < self.blocks.size:
            line, end = self._line(offset)
            for start, stop in self._cuts(line)[skip:]:
                rows.append(Row(offset, line, start, stop))
            offset, skip = end, 0
        return rows[: self.height]

    def _cuts(self, line: Line) -> list[tuple[int, int]]:
        """The rows of a line as slices of its text."""
        text = line.shown
        if not self.wrap or len(text) * 2 <= self.width or cell_len(text) <= self.width:
            return [(0, len(text))]
        if text.isascii():
            return [(at, min(at + self.width, len(text))) for at in range(0, len(text), self.width)]
        cuts, at = [], 0
        for piece in chop_cells(text, self.width):
            cuts.append((at, at + len(piece)))
            at += len(piece)
        return cuts

    def _height_of(self, offset: int) -> int:
        return len(self._cuts(self.line(offset))) if self.wrap else 1

    # --- moving ---

    def back(self, spot: Spot, rows: int) -> Spot:
        """The row that many rows above, or the first one."""
        offset, row = spot
        while rows > row and offset > 0:
            rows -= row + 1
            offset = self.blocks.start_before(offset)
            row = self._height_of(offset) - 1
        return Spot(offset, max(0, row - rows))

    def forth(self, spot: Spot, rows: int) -> Spot:
        """The row that many rows below, or the last one."""
        offset, row = spot
        while True:
            height = self._height_of(offset)
            if row + rows < height:
                return Spot(offset, row + rows)
            end = self.blocks.end_of(offset)
            if end >= self.blocks.size:
                return Spot(offset, height - 1)
            rows -= height - row
            offset, row = end, 0

    def end_top(self) -> Spot:
        """The top row when the last one is at the bottom."""
        last = self.blocks.last
        return self.back(Spot(last, self._height_of(last) - 1 if self.blocks.size else 0), self.height - 1)

    def to_end(self) -> None:
        """Show the end and stay there while the log grows."""
        self.follow = True
        self.top, self.cursor = self.end_top(), self.blocks.last

    def to_start(self) -> None:
        self.follow = False
        self.top, self.cursor = Spot(0), 0

    def go(self, offset: int) -> None:
        """Put the cursor on a line; when it is not in view, bring it to the middle."""
        self.follow = False
        self.cursor = offset
        if not self._in_view(offset):
            self.top = min(self.back(Spot(offset), self.height // 2), self.end_top())

    def move(self, lines: int) -> None:
        """The cursor down, up when negative; down from the last line follows the log again."""
        if lines > 0 and self.cursor >= self.blocks.last:
            self.to_end()
            return
        self.follow = False
        for _ in range(abs(lines)):
            if lines < 0:
                self.cursor = self.blocks.start_before(self.cursor)
            elif (end := self.blocks.end_of(self.cursor)) < self.blocks.size:
                self.cursor = end
        self._view_to_cursor()

    def scroll(self, rows: int) -> None:
        """The view down, up when negative; the cursor comes along. Down to the end follows the log again."""
        end = self.end_top()
        if rows < 0:
            self.top = self.back(self.top, -rows)
        elif self.top < end:
            self.top = min(self.forth(self.top, rows), end)
        self.follow = rows > 0 and self.top == end
        if self.follow:
            self.cursor = self.blocks.last
        self._cursor_into_view()

    def to_fraction(self, fraction: float) -> None:
        """The view to a part of the file, 0.0 its beginning, 1.0 its end."""
        if fraction >= 1:
            self.to_end()
            return
        self.follow = False
        self.top = min(Spot(self.blocks.start_at(int(self.blocks.size * max(0.0, fraction)))), self.end_top())
        self._cursor_into_view()

    def shift(self, cells: int) -> None:
        """Sideways, as far as the longest line in view."""
        longest = max((cell_len(row.line.shown) for row in self.rows()), default=0)
        self.column = 0 if self.wrap else max(0, min(self.column + cells, max(0, longest - self.width)))

    def reveal(self, offset: int, start: int, end: int) -> None:
        """Go sideways until characters of a line are in view."""
        text = self.line(offset).shown
        left, right = cell_len(text[:start]), cell_len(text[:end])
        if not self.wrap and not (self.column <= left and right <= self.column + self.width):
            self.column = max(0, left - self.width // 3) if right > self.width else 0

    def _bottom(self) -> Spot:
        return self.forth(self.top, self.height - 1) if self.blocks.size else Spot(0)

    def _in_view(self, offset: int) -> bool:
        return self.top <= Spot(offset) and Spot(offset) <= self._bottom()

    def _view_to_cursor(self) -> None:
        whole = Spot(self.cursor, self._height_of(self.cursor) - 1)
        if whole > self._bottom():
            self.top = self.back(whole, self.height - 1)
        if Spot(self.cursor) < self.top:
            self.top = Spot(self.cursor)

    def _cursor_into_view(self) -> None:
        if self.cursor < self.top.offset:
            self.cursor = self.top.offset
        elif Spot(self.cursor) > (bottom := self._bottom()):
            self.cursor = bottom.offset

    # --- where ---

    @property
    def seen(self) -> int:
        """Bytes up to the end of the last row in view."""
        return self.blocks.size if self.follow else self.blocks.end_of(self._bottom().offset)
