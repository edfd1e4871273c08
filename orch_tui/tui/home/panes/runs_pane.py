"""The newest runs of the orchestration under the cursor, where there is room for them.

The list itself is imported after the first picture: it would come later otherwise.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual.containers import Vertical

if TYPE_CHECKING:
    from orch_tui.project.history import RunSummary
    from orch_tui.tui.runs.run_list import RunList


class RunsPane(Vertical):
    """Shows what it is told; its list can have the focus, and Enter is a key of the screen."""

    HELP = "The newest runs of the orchestration under the cursor. Enter shows one; H has all of them."

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.border_title = "Runs"
        self._list: RunList | None = None
        self._told: Sequence[RunSummary] = ()
        self._drawn: Sequence[RunSummary] | None = None

    @property
    def chosen(self) -> RunSummary | None:
        """The run under the cursor while the list has the focus."""
        return self._list.chosen if self._list is not None and self._list.has_focus else None

    def show(self, runs: Sequence[RunSummary]) -> None:
        """Show these, newest first; only what is different is drawn, and nothing where there is no room."""
        self._told = runs
        if self.display and runs != self._drawn:
            self._draw()

    def on_show(self) -> None:
        """The terminal has grown."""
        self.show(self._told)

    def _draw(self) -> None:
        self._drawn = self._told
        if self._list is None:
            self._begin()
        if self._list is not None:
            self._list.show(self._told)

    def _begin(self) -> None:
        from orch_tui.tui.runs.run_list import RunList
        from orch_tui.tui.widgets.list_head import ListHead

        self._list = RunList(id="runs-list")
        self._list.shows_place = False
        self._list.empty_text = " No run yet: R starts one"
        self.mount(ListHead(self._list), self._list)
