"""Values for declared variables that have none, asked before a run starts."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.widgets import Input, Static

from orch_tui.model.orchestration.orchestration import Variable
from orch_tui.model.texts.text import counted
from orch_tui.tui.actions import bindings
from orch_tui.tui.actions import run as actions
from orch_tui.tui.dialogs.filled_in import FilledInDialog
from orch_tui.tui.text import line
from orch_tui.tui.workbench.layout import look


class Variables(FilledInDialog[dict[str, str] | None]):
    """Dismissed with a value for each, or None. Enter goes to the next field, and on the last one accepts."""

    GOES_ON = True
    CSS_PATH = look.OWN
    BINDINGS = bindings(actions.DIALOGS, "variables")

    def __init__(self, variables: Sequence[Variable]) -> None:
        super().__init__()
        self._variables = variables

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog") as dialog:
            dialog.border_title = line(f"{counted(len(self._variables), 'variable')} without a value")
            dialog.border_subtitle = line("Enter goes on, Esc starts nothing")
            with VerticalScroll(can_focus=False):
                for number, variable in enumerate(self._variables):
                    yield Static(line(variable.name, "bold"), classes="name")
                    if variable.description:
                        yield Static(line(variable.description, limit=200), classes="description")
                    field = Input(id=f"value-{number}", compact=True)
                    field.cursor_blink = False
                    yield field
            yield Static(line(""), id="wrong")

    def on_mount(self) -> None:
        self.set_focus(self.query(Input).first())

    def action_accept(self) -> None:
        fields = list(self.query(Input))
        empty = next((number for number, field in enumerate(fields) if not field.value), None)
        if empty is not None:
            self.query_one("#wrong", Static).update(line(f"{self._variables[empty].name} needs a value."))
            self.set_focus(fields[empty])
            return
        self.dismiss({one.name: field.value for one, field in zip(self._variables, fields, strict=True)})
