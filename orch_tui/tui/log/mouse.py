"""The mouse in a log: the wheel moves, a drag selects, the column at the right is a scroll bar."""

from __future__ import annotations

from abc import abstractmethod

from rich.cells import get_character_cell_size
from textual import events
from textual.geometry import Offset
from textual.widget import Widget

from orch_tui.tui.log.selection import Selection
from orch_tui.tui.log.state import LogState

_WHEEL_ROWS, _SIDE_CELLS = 3, 8


class MouseView(Widget):
    """``state`` is what the mouse moves about in; ``update`` is called when it has."""

    state: LogState
    _drag: tuple[int, int] | None = None
    _on_bar = False

    # abstractmethod without ABCMeta, which Textual's metaclass excludes: it is the type checker that looks at it.
    @abstractmethod
    def update(self) -> None:
        """Paint what is different now."""

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        event.stop()
        self._wheel(sideways=event.shift, by=1)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        event.stop()
        self._wheel(sideways=event.shift, by=-1)

    def on_mouse_scroll_right(self, event: events.MouseScrollRight) -> None:
        event.stop()
        self._wheel(sideways=True, by=1)

    def on_mouse_scroll_left(self, event: events.MouseScrollLeft) -> None:
        event.stop()
        self._wheel(sideways=True, by=-1)

    def _wheel(self, *, sideways: bool, by: int) -> None:
        if sideways:
            self.state.view.shift(by * _SIDE_CELLS)
        elif by < 0 or not self.state.view.follow:
            self.state.view.scroll(by * _WHEEL_ROWS)
        self.update()

    def on_mouse_down(self, event: events.MouseDown) -> None:
        event.stop()
        place = event.get_content_offset_capture(self)
        if event.button != 1 or place.y >= self.state.view.height:
            return
        self._on_bar = place.x >= self.state.view.width
        self.capture_mouse()
        if self._on_bar:
            self._to_bar(place.y)
        else:
            self._drag = self._spot(place)

    def on_mouse_move(self, event: events.MouseMove) -> None:
        if self.app.mouse_captured is not self:
            return
        event.stop()
        place = event.get_content_offset_capture(self)
        view = self.state.view
        if self._on_bar:
            self._to_bar(place.y)
            return
        if self._drag is None:
            return
        if view.follow:
            # What is selected must not run away.
            view.follow = False
            self.state.hold()
        if place.y < 0:
            view.scroll(-1)
        elif place.y >= view.height:
            view.scroll(1)
            view.follow = False
        spot = self._spot(place)
        if spot is not None and (spot != self._drag or self.state.selection is not None):
            self.state.selection = Selection(self._drag, spot)
        self.update()

    def on_mouse_up(self, event: events.MouseUp) -> None:
        if self.app.mouse_captured is not self:
            return
        event.stop()
        self.release_mouse()
        spot, self._drag = self._drag, None
        selected = self.state.selection is not None and not self.state.selection.whole_lines
        if self._on_bar or spot is None:
            return
        if selected and self.state.selection is not None and self.state.selection.anchor == spot:
            return
        # A click without a drag: the selection is forgotten; in a log that is held, the cursor goes there.
        self.state.selection = None
        if not self.state.view.follow:
            self.state.go(spot[0])
        self.update()

    def _to_bar(self, y: int) -> None:
        self.state.view.to_fraction(y / max(1, self.state.view.height - 1))
        self.update()

    def _spot(self, place: Offset) -> tuple[int, int] | None:
        """The line and the character in it at a cell; the last row for what is below."""
        rows = self.state.view.rows()
        if not rows:
            return None
        row = rows[min(max(0, place.y), len(rows) - 1)]
        cells = max(0, place.x + self.state.view.column)
        at = row.start
        for character in row.line.shown[row.start : row.end]:
            cells -= get_character_cell_size(character)
            if cells < 0:
                break
            at += 1
        return row.offset, at
