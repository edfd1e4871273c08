"""Values for the variables of a run, asked before it starts: for those without any, or other ones."""

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
    """Dismissed with a value for each, or None. Enter goes to the next field, and on the last one accepts.

    A variable that has a value may be given an empty one.
    """

    GOES_ON = True
    CSS_PATH = look.OWN
    BINDINGS = bindings(actions.DIALOGS, "variables")

    def __init__(self, variables: Sequence[Variable]) -> None:
        super().__init__()
        self._variables = variables

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog") as dialog:
            missing = sum(one.value is None for one in self._variables)
            title = f"{counted(missing, 'variable')} without a value" if missing else "Values of this run alone"
            dialog.border_title = line(title)
            dialog.border_subtitle = line("Enter goes on, Esc starts nothing" if missing else "Enter goes on, Esc back")
            with VerticalScroll(can_focus=False):
                for number, variable in enumerate(self._variables):
                    yield Static(line(variable.name, "bold"), classes="name")
                    if variable.description:
                        yield Static(line(variable.description, limit=200), classes="description")
                    field = Input(variable.value or "", id=f"value-{number}", compact=True)
                    field.cursor_blink = False
                    yield field
            yield Static(line(""), id="wrong")

    def on_mount(self) -> None:
        self.set_focus(self.query(Input).first())

    def action_accept(self) -> None:
        fields = list(self.query(Input))
        pairs = zip(self._variables, fields, strict=True)
        empty = next((at for at, (one, field) in enumerate(pairs) if one.value is None and not field.value), None)
        if empty is not None:
            self.query_one("#wrong", Static).update(line(f"{self._variables[empty].name} needs a value."))
            self.set_focus(fields[empty])
            return
        self.dismiss({one.name: field.value for one, field in zip(self._variables, fields, strict=True)})
