"""Below a short plan, where there is room: its sequence as boxes and arrows, which changes with every edit."""

from __future__ import annotations

from collections.abc import Callable

from textual.message import Message

from orch_tui.runs.sequence.values import Sequence
from orch_tui.tui.sequence.frame import SequenceFrame

_FRAME = 2


class PlanPicture(SequenceFrame):
    """Draws what it is told to when it is in view; until then nothing is worked out."""

    centred = True

    class Drawn(Message):
        """It would fill another number of lines now."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(" No phases yet", id=id)
        self._make: Callable[[], Sequence] | None = None
        self._place: str | None = None
        self._height = 0

    def follow(self, make: Callable[[], Sequence]) -> None:
        """The plan is another one: ``make`` says how it looks."""
        self._make = make
        self._draw_now()

    def mark(self, id: str | None) -> None:
        """Mark the task, rule or phase that the tree's cursor is on."""
        self._place = id
        if self.picture is not None and self.display and id is not None:
            self.picture.go(id)

    def on_show(self) -> None:
        """There is room for it now."""
        self._draw_now()

    def _draw_now(self) -> None:
        if self.display and self.is_attached and self._make is not None:
            self.draw(self._make())
            if self.picture is not None:
                self.picture.shows_place = True
            self.mark(self._place)
            if (height := self.lines_wanted(self.screen.size.height)) != self._height:
                self._height = height
                self.post_message(self.Drawn())

    def lines_wanted(self, most: int) -> int:
        """How many of ``most`` lines it would fill, with its frame; all of them while nothing was drawn yet."""
        if self.picture is None or not self.size.width:
            return most
        # Without a line beside the frame: what is to be seen is that nothing is cut.
        return min(most, self.picture.lines_for(self.size.width, most - _FRAME) + _FRAME)
