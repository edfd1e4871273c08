"""A menu of actions: for the mouse, and for whoever does not know the keys yet."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import Vertical

from orch_tui.tui.actions import Action, bindings
from orch_tui.tui.actions import workbench as actions
from orch_tui.tui.breakpoints import HEIGHTS
from orch_tui.tui.dialogs.base import SHEET, Dialog
from orch_tui.tui.text import line
from orch_tui.tui.widgets.line_tree import LineList, Part, Row
from orch_tui.tui.widgets.row_list import RowList


class Menu(Dialog[Action | None]):
    """Dismissed with the action that was chosen, or None."""

    CSS_PATH = SHEET
    VERTICAL_BREAKPOINTS = HEIGHTS
    BINDINGS = bindings(actions.DIALOGS, "menu")

    def __init__(self, title: str, choices: Sequence[tuple[Action, str]]) -> None:
        """``choices`` are actions, each with the key as it is shown."""
        super().__init__()
        self._title = title
        self._choices = choices

    def compose(self) -> ComposeResult:
        rows = [
            Row((Part(f" {key:<7}", "accent"), Part(f"{action.label:<15}"), Part(action.tooltip, "dim")))
            for action, key in self._choices
        ]
        with Vertical(id="dialog", classes="medium menu") as dialog:
            dialog.border_title = line(self._title)
            dialog.border_subtitle = line("Enter or a click does it, Esc closes")
            yield RowList(rows, pick=True, id="menu")

    def on_mount(self) -> None:
        self.set_focus(self.query_one(RowList))

    def on_line_list_chosen(self, event: LineList.Chosen) -> None:
        event.stop()
        self.dismiss(self._choices[event.index][0])

    def action_enter(self) -> None:
        self.dismiss(self._choices[self.query_one(RowList).cursor][0])
