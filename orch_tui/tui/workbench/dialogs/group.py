"""Group tasks by component type, or arrange them by their data: what it would make, before it is done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

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


class Grouping(StrEnum):
    """What the phases are made of; or that nothing is done but to go to the first row."""

    TYPE = "type"
    DATA = "data"
    FIRST_ROW = "first-row"


_TITLES = {Grouping.TYPE: "Group tasks by component type", Grouping.DATA: "Arrange tasks by their data"}
_HINTS = {
    Grouping.TYPE: "These phases take the place of the present ones. u takes it back.",
    Grouping.DATA: "Each task comes into the first phase behind all that write what it reads. u takes it back.",
}


@dataclass(frozen=True, slots=True)
class Proposal:
    """``phases`` are the names of the phases to come, each with its number of tasks and their first names.
    ``changes`` is False where they are the present ones."""

    phases: Sequence[tuple[str, int, Sequence[str]]]
    changes: bool = True

    def rows(self) -> list[Row]:
        return [
            Row(
                (
                    Part(f" {number} ", "dim"),
                    Part(safe_line(name, 60), "heading"),
                    Part(f"  {safe_line(', '.join(names), 300)}", "dim"),
                ),
                (Part(f"{counted(count, 'task')} "),),
            )
            for number, (name, count, names) in enumerate(self.phases, 1)
        ]


class GroupPreview(Dialog[Grouping | None]):
    """Dismissed with what is to be done. It begins with the first of the two that would change something."""

    CSS_PATH = look.DIALOG
    VERTICAL_BREAKPOINTS = look.HEIGHTS
    BINDINGS = bindings(actions.DIALOGS, "group")

    def __init__(self, by_type: Proposal, by_data: Proposal) -> None:
        super().__init__()
        self._proposals = {Grouping.TYPE: by_type, Grouping.DATA: by_data}
        self._shown = Grouping.TYPE if by_type.changes or not by_data.changes else Grouping.DATA

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog", classes="medium"):
            yield RowList([], driven=True, id="preview")
            yield Static(id="hint")
            with Horizontal(id="buttons"):
                yield Button(line("Group"), id="group", compact=True, variant="primary")
                yield Button(line("By data"), id="other", compact=True)
                yield Button(line("Cancel"), id="cancel", compact=True)

    def on_mount(self) -> None:
        self._show()
        self.set_focus(self.query_one("#group"))

    def _show(self) -> None:
        proposal, by_type = self._proposals[self._shown], self._shown is Grouping.TYPE
        self.query_one("#dialog").border_title = line(_TITLES[self._shown])
        rows = self.query_one(RowList)
        rows.show(proposal.rows())
        rows.styles.height = len(proposal.phases)
        same = "" if proposal.changes else "It is so already. "
        self.query_one("#hint", Static).update(line(same + _HINTS[self._shown]))
        self.query_one("#group", Button).label = line("Group" if by_type else "Arrange")
        self.query_one("#other", Button).label = line("By data" if by_type else "By type")

    def on_line_list_chosen(self, event: LineList.Chosen) -> None:
        event.stop()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        event.stop()
        if event.button.id == "other":
            self.action_other()
        else:
            self.dismiss(self._shown if event.button.id == "group" else None)

    def action_accept(self) -> None:
        focused = self.focused.id if self.focused is not None else None
        if focused == "other":
            self.action_other()
        else:
            self.dismiss(None if focused == "cancel" else self._shown)

    def action_other(self) -> None:
        """The other of the two."""
        self._shown = Grouping.DATA if self._shown is Grouping.TYPE else Grouping.TYPE
        self._show()

    def action_first_row(self) -> None:
        self.dismiss(Grouping.FIRST_ROW)
