"""Group tasks by component type: what it would make, before it is done."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widgets import Button, Static

from orch_tui.model.texts.text import counted, safe_line
from orch_tui.tui.actions import bindings
from orch_tui.tui.actions import workbench as actions
from orch_tui.tui.dialogs.base import Dialog
from orch_tui.tui.text import line
from orch_tui.tui.widgets.line_tree import LineList, Part, Row
from orch_tui.tui.widgets.row_list import RowList
from orch_tui.tui.workbench.layout import look


class GroupPreview(Dialog[str]):
    """Dismissed with ``group``, ``top`` (the second ``g`` of a vim user) or an empty text."""

    CSS_PATH = look.DIALOG
    VERTICAL_BREAKPOINTS = look.HEIGHTS
    BINDINGS = bindings(actions.DIALOGS, "group")

    def __init__(self, phases: Sequence[tuple[str, int, Sequence[str]]]) -> None:
        """``phases`` are the names of the phases to come, each with its number of tasks and their first names."""
        super().__init__()
        self._rows = [
            Row(
                (
                    Part(f" {number} ", "dim"),
                    Part(safe_line(name, 60), "heading"),
                    Part(f"  {safe_line(', '.join(names), 300)}", "dim"),
                ),
                (Part(f"{counted(count, 'task')} "),),
            )
            for number, (name, count, names) in enumerate(phases, 1)
        ]

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog", classes="medium") as dialog:
            dialog.border_title = line("Group tasks by component type")
            yield RowList(self._rows, driven=True, id="preview")
            yield Static(line("These phases take the place of the present ones. u takes it back."), id="hint")
            with Horizontal(id="buttons"):
                yield Button(line("Group"), id="group", compact=True, variant="primary")
                yield Button(line("Cancel"), id="cancel", compact=True)

    def on_mount(self) -> None:
        self.query_one(RowList).styles.height = len(self._rows)
        self.set_focus(self.query_one("#group"))

    def on_line_list_chosen(self, event: LineList.Chosen) -> None:
        event.stop()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        event.stop()
        self.dismiss("group" if event.button.id == "group" else "")

    def action_accept(self) -> None:
        self.dismiss("" if self.focused is not None and self.focused.id == "cancel" else "group")

    def action_first_row(self) -> None:
        self.dismiss("top")
