"""The base of all lists and trees of the workbench: rows drawn line by line, however many there are.

Textual's own ``Tree`` measures every node and ``OptionList`` every option when something changes (10,000 rows take
0.1 s to 1 s); here only the rows in view are ever drawn, and a cursor move draws two of them.
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import ClassVar

from textual import events, on
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from orch_tui.tui.actions import bindings
from orch_tui.tui.actions import workbench as actions
from orch_tui.tui.widgets.row_painter import CURSOR, CURSOR_BLURRED, STYLES, Part, Row, RowPainter

# Whoever writes a list gets what its rows are made of from the same place.
__all__ = ["LineList", "Part", "Row"]


class LineList(ScrollView, can_focus=True):
    """Rows with a cursor. A subclass says how many there are, how one looks and which can have the cursor."""

    BINDINGS = bindings((*actions.LIST, *actions.LIST_TOP))
    COMPONENT_CLASSES: ClassVar[set[str]] = {f"line-list--{name}" for name in (*STYLES, CURSOR, CURSOR_BLURRED)}
    DEFAULT_CSS = "LineList { overflow-x: hidden; }"
    shows_place = True
    """Whether the row of the cursor is marked without the focus too: where it says what other panes are about."""
    # A drag moves rows or does nothing; text is selected with the terminal's own means (Shift and drag).
    ALLOW_SELECT = False

    @dataclass
    class OfRow(Message):
        """Something happened to a row."""

        list: LineList
        index: int

        @property
        def control(self) -> LineList:
            return self.list

    class Moved(OfRow):
        """The cursor is on another row."""

    class Chosen(OfRow):
        """Enter, or a double click."""

    class MenuAsked(OfRow):
        """A right click on the row."""

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self.cursor = 0
        self.empty_text = ""
        self.driven = False
        self.painter = RowPainter(self)
        self._rows_drawn: dict[int, Row] = {}
        self._turn = 0

    # abstractmethod without ABCMeta, which Textual's metaclass excludes: it is the type checker that looks at it.
    @abstractmethod
    def count(self) -> int:
        """How many rows there are."""

    @abstractmethod
    def row(self, index: int) -> Row:
        """How the row looks; asked for the rows in view only."""

    def selectable(self, index: int) -> bool:
        """Whether the cursor can be on the row."""
        return True

    def clicked(self, index: int, x: int) -> bool:
        """A click on cell ``x`` of the row that is more than going there; True when it was handled."""
        return False

    def reload(self) -> None:
        """The rows are others: measure and draw anew; the cursor stays where it is or at the end."""
        self._rows_drawn.clear()
        self.cursor = _nearest(self, self.cursor)
        size = Size(1, self.count())
        if size != self.virtual_size:
            self.virtual_size = size
        self.refresh()
        self._scroll_to_cursor()

    def refresh_rows(self, *indexes: int) -> None:
        """Draw only these rows again."""
        top, height, width = round(self.scroll_y), self.size.height, self.size.width
        regions = [Region(0, index - top, width, 1) for index in indexes if top <= index < top + height]
        if regions:
            self.refresh(*regions)

    def refresh_changed(self, limit: int | None = None) -> int:
        """Draw those cells in view again that are different now, in at most ``limit`` rows; how many rows that were.

        The rows take turns, so that with a limit each of them is drawn again after a while.
        """
        if not self.is_on_screen or not self.size.height:
            return 0
        top, width = round(self.scroll_y), self.size.width
        visible = range(top, min(self.count(), top + self.size.height))
        start = self._turn % max(1, len(visible))
        regions: list[Region] = []
        for index in (*visible[start:], *visible[:start]):
            if limit is not None and len(regions) >= limit:
                self._turn = index - top
                break
            was, row = self._rows_drawn.get(index), self.row(index)
            if row != was:
                first, after = (0, width) if was is None else self.painter.different(was, row, width)
                regions.append(Region(first, index - top, after - first, 1))
        if regions:
            self.refresh(*regions)
        return len(regions)

    @property
    def is_on_screen(self) -> bool:
        """Whether it can be seen: neither hidden with its pane nor on a screen below another."""
        return (
            self.is_attached and self.screen.is_current and all(node.display for node in self.ancestors_with_self[:-1])
        )

    def go(self, index: int, *, step: int = 1) -> None:
        """Put the cursor on the row, or on the next one in the direction of ``step`` that can have it."""
        new = _nearest(self, index, step)
        if new == self.cursor or not self.count():
            return
        old, self.cursor = self.cursor, new
        self.refresh_rows(old, new)
        self._scroll_to_cursor()
        self.post_message(self.Moved(self, new))

    def _scroll_to_cursor(self) -> None:
        height = self.size.height
        if not height:
            return
        top = round(self.scroll_y)
        # The row above the first selectable one is a heading worth seeing.
        wanted = 0 if self.cursor == _nearest(self, 0) else self.cursor
        if wanted < top:
            self.scroll_to(y=wanted, animate=False, immediate=True, force=True)
        elif self.cursor >= top + height:
            self.scroll_to(y=self.cursor - height + 1, animate=False, immediate=True, force=True)

    def on_resize(self) -> None:
        self._scroll_to_cursor()

    def notify_style_update(self) -> None:
        self.painter.forget_styles()
        super().notify_style_update()

    @on(events.Focus)
    @on(events.Blur)
    def _draw_cursor(self) -> None:
        self.refresh_rows(self.cursor)

    @property
    def shows_cursor(self) -> bool:
        """Whether the cursor is drawn as the focused one; also in a list that is ``driven`` by a text field."""
        return self.has_focus or self.driven

    def render_lines(self, crop: Region) -> list[Strip]:
        """Its lines, each as :meth:`render_line` gives it where nothing frames them: what Textual does for each line
        takes as long as the line."""
        if self.styles.gutter or self.opacity < 1 or self.text_selection is not None:
            return super().render_lines(crop)
        strips = [self.render_line(y) for y in crop.line_range]
        _, background = self.background_colors
        for one in self.get_line_filters():
            strips = [strip.apply_filter(one, background) for strip in strips]
        first, after = crop.column_span
        return strips if (first, after) == (0, self.size.width) else [strip.crop(first, after) for strip in strips]

    def render_line(self, y: int) -> Strip:
        index, width = y + round(self.scroll_y), self.size.width
        if index >= self.count():
            text = self.empty_text if y == 0 and not self.count() else ""
            return self.painter.kept(Row((Part(text, "dim"),)), width, "")
        cursor = ""
        if index == self.cursor and self.selectable(index):
            cursor = CURSOR if self.shows_cursor else CURSOR_BLURRED if self.shows_place else ""
        row = self._rows_drawn[index] = self.row(index)
        return self.painter.kept(row, width, cursor)

    def action_cursor_down(self) -> None:
        self.go(self.cursor + 1)

    def action_cursor_up(self) -> None:
        self.go(self.cursor - 1, step=-1)

    def action_page_down(self) -> None:
        self.go(self.cursor + max(1, self.size.height - 1), step=-1)

    def action_page_up(self) -> None:
        self.go(self.cursor - max(1, self.size.height - 1))

    def action_first_row(self) -> None:
        self.go(0)

    action_top_row = action_first_row

    def action_last_row(self) -> None:
        self.go(self.count() - 1, step=-1)

    def action_choose(self) -> None:
        if self.count() and self.selectable(self.cursor):
            self.post_message(self.Chosen(self, self.cursor))

    def on_click(self, event: events.Click) -> None:
        event.stop()
        place = event.get_content_offset(self)
        index = round(self.scroll_y) + place.y if place is not None else -1
        if place is None or not 0 <= index < self.count():
            return
        if event.button != 1:
            self.go(index)
            self.post_message(self.MenuAsked(self, index))
            return
        if event.chain == 1 and self.clicked(index, place.x):
            return
        if self.selectable(index):
            self.go(index)
        if event.chain == 2:
            self.action_choose()


def _nearest(rows: LineList, index: int, step: int = 1) -> int:
    count = rows.count()
    index = max(0, min(index, count - 1))
    for direction in (step, -step):
        at = index
        while 0 <= at < count:
            if rows.selectable(at):
                return at
            at += direction
    return index


class ScreenList(LineList, inherit_bindings=False):
    """The list of a screen whose own key Enter is, so that its footer says what it does."""

    BINDINGS = bindings(action for action in (*actions.LIST, *actions.LIST_TOP) if action.id != "list.choose")
