"""The mouse in a log: the wheel moves, a drag selects, the column at the right is a scroll bar."""

from __future__ import annotations

from rich.cells import get_character_cell_size
from textual.geometry import Offset

from orch_tui.tui.log.motions import SIDE_CELLS
from orch_tui.tui.log.selection import Selection
from orch_tui.tui.log.state import LogState

_WHEEL_ROWS = 3


class Mouse:
    """Moves about in a log and selects in it; places are cells of the view."""

    def __init__(self, state: LogState) -> None:
        self._state = state
        self._drag: tuple[int, int] | None = None
        self._on_bar = False

    def wheel(self, *, sideways: bool, by: int) -> None:
        """One notch, down or to the right for 1, back for -1."""
        if sideways:
            self._state.view.shift(by * SIDE_CELLS)
        elif by < 0 or not self._state.view.follow:
            self._state.view.scroll(by * _WHEEL_ROWS)

    def press(self, place: Offset) -> bool:
        """True when a drag begins here."""
        if place.y >= self._state.view.height:
            return False
        self._on_bar = place.x >= self._state.view.width
        if self._on_bar:
            self._to_bar(place.y)
        else:
            self._drag = self._spot(place)
        return True

    def drag(self, place: Offset) -> bool:
        """While the button is held; True when something else is to be shown."""
        view = self._state.view
        if self._on_bar:
            self._to_bar(place.y)
            return True
        if self._drag is None:
            return False
        if view.follow:
            # What is selected must not run away.
            view.follow = False
            self._state.hold()
        if place.y < 0:
            view.scroll(-1)
        elif place.y >= view.height:
            view.scroll(1)
            view.follow = False
        spot = self._spot(place)
        if spot is not None and (spot != self._drag or self._state.selection is not None):
            self._state.selection = Selection(self._drag, spot)
        return True

    def release(self) -> bool:
        """True when something else is to be shown."""
        spot, self._drag = self._drag, None
        state = self._state
        selected = state.selection is not None and not state.selection.whole_lines
        if self._on_bar or spot is None:
            return False
        if selected and state.selection is not None and state.selection.anchor == spot:
            return False
        # A click without a drag: the selection is forgotten; in a log that is held, the cursor goes there.
        state.selection = None
        if not state.view.follow:
            state.go(spot[0])
        return True

    def _to_bar(self, y: int) -> None:
        self._state.view.to_fraction(y / max(1, self._state.view.height - 1))

    def _spot(self, place: Offset) -> tuple[int, int] | None:
        """The line and the character in it at a cell; the last row for what is below."""
        rows = self._state.view.rows()
        if not rows:
            return None
        row = rows[min(max(0, place.y), len(rows) - 1)]
        cells = max(0, place.x + self._state.view.column)
        at = row.start
        for character in row.line.shown[row.start : row.end]:
            cells -= get_character_cell_size(character)
            if cells < 0:
                break
            at += 1
        return row.offset, at
