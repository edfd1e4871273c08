"""The file changed on disk while it was being edited: the difference, and what to do."""

from __future__ import annotations

from typing import Literal

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widgets import Button, Static

from orch_tui.model.texts.text import safe_line
from orch_tui.project.saving.writer import ChangedOnDisk
from orch_tui.tui.actions import bindings
from orch_tui.tui.actions import workbench as actions
from orch_tui.tui.breakpoints import HEIGHTS
from orch_tui.tui.dialogs.base import SHEET, Dialog
from orch_tui.tui.text import line
from orch_tui.tui.widgets.line_tree import Part, Row
from orch_tui.tui.widgets.row_list import RowList

Answer = Literal["overwrite", "reload"]
_STYLES = {"+": "success", "-": "error", "@": "accent"}


class Conflict(Dialog[Answer | None]):
    """Dismissed with the answer, or None to stay and decide later."""

    CSS_PATH = SHEET
    VERTICAL_BREAKPOINTS = HEIGHTS
    BINDINGS = bindings(actions.DIALOGS, "conflict")

    def __init__(self, conflict: ChangedOnDisk) -> None:
        super().__init__()
        self._conflict = conflict

    def compose(self) -> ComposeResult:
        gone = not self._conflict.disk_text
        what = "is gone from the disk" if gone else "was changed on disk since it was read"
        rows = [
            Row((Part(safe_line(text, 400), _STYLES.get(text[:1], "text")),))
            for text in self._conflict.diff().splitlines()
        ]
        with Vertical(id="dialog", classes="wide") as dialog:
            dialog.border_title = line("Not saved yet")
            yield Static(line(f"{self._conflict.shown} {what}. What saving would change there:"), id="question")
            yield RowList(rows, id="difference")
            hint = "Overwrite keeps these edits, reload takes the file; undo brings these edits back then."
            yield Static(line(hint), id="hint")
            with Horizontal(id="buttons"):
                yield Button(line("o  Overwrite"), id="overwrite", compact=True)
                yield Button(line("r  Reload"), id="reload", compact=True, disabled=gone)
                yield Button(line("Esc  Decide later"), id="cancel", compact=True)

    def on_mount(self) -> None:
        self.set_focus(self.query_one(RowList))

    def on_button_pressed(self, event: Button.Pressed) -> None:
        event.stop()
        match event.button.id:
            case "overwrite":
                self.action_overwrite()
            case "reload":
                self.action_reload()
            case _:
                self.action_cancel()

    def action_overwrite(self) -> None:
        self.dismiss("overwrite")

    def action_reload(self) -> None:
        if self._conflict.disk_text:
            self.dismiss("reload")
