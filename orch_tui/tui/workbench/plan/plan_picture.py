"""Below a short plan, where there is room: its sequence as boxes and arrows, which changes with every edit."""

from __future__ import annotations

from collections.abc import Callable

from orch_tui.runs.sequence.values import Sequence
from orch_tui.tui.sequence.frame import SequenceFrame


class PlanPicture(SequenceFrame):
    """Draws what it is told to when it is in view; until then nothing is worked out."""

    centred = True

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(" No phases yet", id=id)
        self._make: Callable[[], Sequence] | None = None

    def follow(self, make: Callable[[], Sequence]) -> None:
        """The plan is another one: ``make`` says how it looks."""
        self._make = make
        self._draw_now()

    def on_show(self) -> None:
        """There is room for it now."""
        self._draw_now()

    def _draw_now(self) -> None:
        if self.display and self.is_attached and self._make is not None:
            self.draw(self._make())
