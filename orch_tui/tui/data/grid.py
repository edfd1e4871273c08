"""Rows and columns of a table, however many there are: only what is in view is drawn and asked for.

Textual's ``DataTable`` holds all rows and measures every cell; ``textual-fastdatatable`` holds them as an Arrow table
and takes cells from it while it paints. Here the rows come in windows, from a thread, when they come into view.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from orch_tui.tui.actions import bindings
from orch_tui.tui.actions import data as actions
from orch_tui.tui.data.cells import GridColumn, fitted, short_kind, shown, widths

PAGE = 200
"""Rows that are asked for at once."""
_PAGES = 24
_HEAD = 2
_GAP = 2
_STYLES = ("text", "dim", "null", "head", "sorted", "cursor", "row")
Row = Sequence[str | None]


class DataGrid(ScrollView, can_focus=True):
    """Says with :class:`Wanted` which rows it needs, and is given them with :meth:`put`."""

    BINDINGS = bindings(actions.GRID)
    COMPONENT_CLASSES: ClassVar[set[str]] = {f"data-grid--{name}" for name in _STYLES}
    DEFAULT_CSS = """
    DataGrid {
        background: transparent;
        scrollbar-size-vertical: 1;
        scrollbar-size-horizontal: 1;
        & > .data-grid--dim { color: $text-muted; }
        & > .data-grid--null { color: $text-muted; text-style: italic; }
        & > .data-grid--head { text-style: bold; }
        & > .data-grid--sorted { color: $text-primary; text-style: bold; }
        & > .data-grid--row { background: $block-cursor-blurred-background; }
        & > .data-grid--cursor {
            background: $block-cursor-background;
            color: $block-cursor-foreground;
            text-style: $block-cursor-text-style;
        }
    }
    """
    ALLOW_SELECT = False

    @dataclass
    class Wanted(Message):
        """Rows of a page that is in view are not there; ``first`` is the first of its :data:`PAGE` rows."""

        grid: DataGrid
        first: int

        def can_replace(self, message: Message) -> bool:
            return isinstance(message, DataGrid.Wanted) and message.first == self.first

    @dataclass
    class Moved(Message):
        """The cursor is on another cell."""

        grid: DataGrid

    @dataclass
    class HeadClicked(Message):
        """A click on the title of the column under the cursor."""

        grid: DataGrid

    @dataclass
    class Chosen(Message):
        """A double click on a cell."""

        grid: DataGrid

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.columns: Sequence[GridColumn] = ()
        self.rows = 0
        self.row = self.column = 0
        self.sorted: tuple[int, bool] | None = None
        self.empty_text = "No rows"
        self._pages: OrderedDict[int, Sequence[Row]] = OrderedDict()
        self._asked: set[int] = set()
        self._widths: list[int] = []
        self._ends: list[int] = []
        self._styles: dict[tuple[str, str], Style] = {}

    # What it shows

    def show(self, columns: Sequence[GridColumn], rows: int, sorted: tuple[int, bool] | None = None) -> None:
        """So many rows of these columns, none known yet. ``sorted``: by which column, and whether downward."""
        if list(columns) != list(self.columns):
            self.columns, self._widths, self.column = columns, widths(columns, ()), 0
        self.rows, self.sorted = rows, sorted
        self.row = max(0, min(self.row, rows - 1))
        self._pages.clear()
        self._asked.clear()
        self._measure()
        self.refresh()
        self._scroll_to_cursor()

    def put(self, first: int, rows: Sequence[Row]) -> None:
        """The rows of the page that begins at ``first``."""
        self._asked.discard(first)
        self._pages[first] = rows
        while len(self._pages) > _PAGES:
            self._pages.popitem(last=False)
        wider = widths(self.columns, rows, self._widths)
        if wider != self._widths:
            self._widths = wider
            self._measure()
            self.refresh()
        else:
            top = round(self.scroll_y)
            self.refresh(Region(0, max(0, first - top) + _HEAD, self.size.width, min(len(rows), self.size.height)))

    def forget(self, first: int) -> None:
        """The page could not be read: it is asked for again when it is drawn next."""
        self._asked.discard(first)

    def cell(self, row: int, column: int) -> str | None:
        """The text of a cell; None for a null and for what is not known."""
        page = self._pages.get(row - row % PAGE)
        return page[row % PAGE][column] if page is not None and row % PAGE < len(page) else None

    @property
    def held(self) -> int:
        """How many rows are in memory."""
        return sum(map(len, self._pages.values()))

    def _measure(self) -> None:
        self._ends = list(accumulate(size + _GAP for size in self._widths))
        size = Size(self._gutter + (self._ends[-1] if self._ends else 0), self.rows + _HEAD)
        if size != self.virtual_size:
            self.virtual_size = size

    @property
    def _room(self) -> Size:
        """Without the scroll bars, which lie over the last line and the last cells."""
        return self.scrollable_content_region.size

    @property
    def _gutter(self) -> int:
        return len(f"{max(1, self.rows):,}") + 3

    # How it looks

    def notify_style_update(self) -> None:
        self._styles.clear()
        super().notify_style_update()

    def _style(self, name: str, over: str = "") -> Style:
        style = self._styles.get((name, over))
        if style is None:
            style = self.get_component_rich_style(f"data-grid--{name}")
            if over:
                style += self.get_component_rich_style(f"data-grid--{over}", partial=True)
            self._styles[name, over] = style
        return style

    def render_line(self, y: int) -> Strip:
        width, plain = self.size.width, self._style("text")
        index = y - _HEAD + round(self.scroll_y)
        if not self.columns:
            return Strip.blank(width, plain)
        if y >= _HEAD and index >= self.rows:
            text = f"  {self.empty_text}" if index == 0 else ""
            return Strip([Segment(text, self._style("dim"))]).crop_extend(0, width, plain)
        # Only the columns in view: a table may have thousands of them.
        left, room = round(self.scroll_x), max(0, self._room.width - self._gutter)
        first = bisect_right(self._ends, left)
        seen = range(first, min(len(self.columns), bisect_left(self._ends, left + room) + 1))
        start = self._ends[first - 1] if first else 0
        if y < _HEAD:
            gutter, cells = Segment(" " * self._gutter, plain), self._head(y, seen)
        else:
            over = "row" if index == self.row else ""
            number = f"{index + 1:,}".replace(",", " ")
            gutter = Segment(f"{number:>{self._gutter - 2}}  ", self._style("dim", over))
            cells = self._cells(index, over, seen)
        shown_part = Strip(cells).crop_extend(left - start, left - start + room, plain)
        return Strip([gutter, *shown_part]).crop_extend(0, width, plain)

    def _head(self, y: int, seen: range) -> list[Segment]:
        segments = []
        for at in seen:
            column, width = self.columns[at], self._widths[at]
            if y > 0:
                text = fitted(short_kind(column.kind), width, right=column.number)
                segments.append(Segment(text + " " * _GAP, self._style("dim")))
                continue
            by = self.sorted is not None and self.sorted[0] == at
            # The sign of the order has room in the gap, so that no title is cut for it.
            mark = ("▼ " if self.sorted and self.sorted[1] else "▲ ") if by else " " * _GAP
            text = fitted(column.name, width, right=True) + mark if column.number else fitted(column.name, width)
            if by and not column.number:
                text = fitted(text.rstrip() + mark, width + _GAP)
            segments.append(
                Segment(text + " " * (width + _GAP - cell_len(text)), self._style("sorted" if by else "head"))
            )
        return segments

    def _cells(self, index: int, over: str, seen: range) -> list[Segment]:
        page = self._page(index - index % PAGE)
        if page is None or index % PAGE >= len(page):
            return [Segment(fitted("…", self._widths[at] + _GAP), self._style("dim", over)) for at in seen]
        row, segments = page[index % PAGE], []
        for at in seen:
            cell, column = row[at], self.columns[at]
            here = "cursor" if (index, at) == (self.row, self.column) and self.has_focus else over
            text = fitted(shown(cell, column), self._widths[at], right=column.number)
            segments.append(Segment(text, self._style("null" if cell is None else "text", here)))
            segments.append(Segment(" " * _GAP, self._style("text", over)))
        return segments

    def _page(self, first: int) -> Sequence[Row] | None:
        page = self._pages.get(first)
        if page is not None:
            self._pages.move_to_end(first)
        elif first not in self._asked:
            self._asked.add(first)
            self.post_message(self.Wanted(self, first))
        return page

    # The cursor

    def go(self, row: int, column: int) -> None:
        """Put the cursor on a cell, or on the nearest one that there is."""
        row = max(0, min(row, self.rows - 1))
        column = max(0, min(column, len(self.columns) - 1))
        if (row, column) == (self.row, self.column):
            return
        old, self.row, self.column = self.row, row, column
        self._refresh_rows(old, row)
        self._scroll_to_cursor()
        self.post_message(self.Moved(self))

    def _refresh_rows(self, *rows: int) -> None:
        top, width = round(self.scroll_y), self.size.width
        lines = {row - top + _HEAD for row in rows}
        regions = [Region(0, line, width, 1) for line in lines if _HEAD <= line < self.size.height]
        if regions:
            self.refresh(*regions)

    def _scroll_to_cursor(self) -> None:
        height, room = self._room.height - _HEAD, self._room.width - self._gutter
        if height <= 0 or not self._ends:
            return
        top, left = round(self.scroll_y), round(self.scroll_x)
        y = min(top, self.row) if self.row < top + height else self.row - height + 1
        end = self._ends[self.column]
        start = end - self._widths[self.column] - _GAP
        x = left if end <= left + room else end - room
        x = min(x, start)
        if (x, y) != (left, top):
            self.scroll_to(x=x, y=y, animate=False, immediate=True, force=True)

    def on_resize(self) -> None:
        self._scroll_to_cursor()

    def on_focus(self) -> None:
        self._refresh_rows(self.row)

    def on_blur(self) -> None:
        self._refresh_rows(self.row)

    @property
    def _height(self) -> int:
        return max(1, self._room.height - _HEAD - 1)

    def action_cursor_down(self) -> None:
        self.go(self.row + 1, self.column)

    def action_cursor_up(self) -> None:
        self.go(self.row - 1, self.column)

    def action_cursor_right(self) -> None:
        self.go(self.row, self.column + 1)

    def action_cursor_left(self) -> None:
        self.go(self.row, self.column - 1)

    def action_page_down(self) -> None:
        self.go(self.row + self._height, self.column)

    def action_page_up(self) -> None:
        self.go(self.row - self._height, self.column)

    def action_first_row(self) -> None:
        self.go(0, self.column)

    def action_last_row(self) -> None:
        self.go(self.rows - 1, self.column)

    def action_first_column(self) -> None:
        self.go(self.row, 0)

    def action_last_column(self) -> None:
        self.go(self.row, len(self.columns) - 1)

    def on_click(self, event: events.Click) -> None:
        event.stop()
        at = event.get_content_offset(self)
        if at is None or not self._ends or at.x < self._gutter:
            return
        column = min(bisect_right(self._ends, at.x - self._gutter + round(self.scroll_x)), len(self.columns) - 1)
        if at.y < _HEAD:
            self.go(self.row, column)
            self.post_message(self.HeadClicked(self))
            return
        self.go(at.y - _HEAD + round(self.scroll_y), column)
        if event.chain == 2:
            self.post_message(self.Chosen(self))
