"""Which tasks run a configuration."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Static

from orch_tui.model.texts.text import counted, safe_line
from orch_tui.tui.actions import app as actions
from orch_tui.tui.actions import bindings
from orch_tui.tui.configuration.editor import User
from orch_tui.tui.dialogs.base import Dialog
from orch_tui.tui.text import line
from orch_tui.tui.widgets.line_tree import LineList, Part, Row
from orch_tui.tui.widgets.row_list import RowList


class UsedByScreen(Dialog[User | None]):
    """Dismissed with the task that was chosen, or with None on Escape."""

    CSS_PATH = "used_by.tcss"
    BINDINGS = bindings(actions.ACTIONS, "dialog")

    def __init__(self, ref: str, users: Sequence[User], reason: str = "") -> None:
        """``reason``: a sentence above the list."""
        super().__init__()
        self._ref = ref
        self._users = users
        self._reason = reason

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog") as dialog:
            dialog.border_title = line(f"{self._ref} is used by {counted(len(self._users), 'task')}")
            dialog.border_subtitle = line("Enter opens the task, Esc closes" if self._users else "Esc closes")
            if self._reason:
                yield Static(line(self._reason), id="reason")
            if self._users:
                yield RowList([_row(user) for user in self._users], pick=True, id="users")
            else:
                yield Static(line("No task runs this configuration; add it in a workbench."), id="none")

    def on_mount(self) -> None:
        for one in self.query(RowList):
            one.styles.height = min(len(self._users), 16)
            one.focus()

    def on_line_list_chosen(self, event: LineList.Chosen) -> None:
        event.stop()
        self.dismiss(self._users[event.index])


def _row(user: User) -> Row:
    left = (Part(f" {safe_line(user.orchestration_name, 40)}", "strong"), Part(f"  {safe_line(user.phase_name, 40)}"))
    return Row(left, (Part(f"{safe_line(user.task, 40)} ", "dim"),))
