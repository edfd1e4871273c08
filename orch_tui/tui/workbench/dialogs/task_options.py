"""The options of one or several tasks: retry, timeouts, limits, variables."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.widgets import Button, Input, Static, TextArea

from orch_tui.model.orchestration.orchestration import Task, TaskOptions
from orch_tui.tui.actions import bindings
from orch_tui.tui.actions import workbench as actions
from orch_tui.tui.dialogs.base import Dialog
from orch_tui.tui.dialogs.fields import VARIABLES, FormErrors, FormValues
from orch_tui.tui.dialogs.option_rows import option_rows, show_errors, text_area
from orch_tui.tui.text import line
from orch_tui.tui.workbench.dialogs.task_options_form import FIELDS, MIXED, form_values, read_form
from orch_tui.tui.workbench.layout import look
from orch_tui.tui.workbench.model import OptionChanges


class TaskOptionsDialog(Dialog[OptionChanges | None]):
    """Empty fields take the defaults, which are shown in them. Errors stand under their field."""

    CSS_PATH = look.DIALOG
    VERTICAL_BREAKPOINTS = look.HEIGHTS
    BINDINGS = bindings(actions.DIALOGS, "options")

    def __init__(self, title: str, tasks: Sequence[Task], defaults: TaskOptions) -> None:
        super().__init__()
        self._title = title
        self._before: FormValues = form_values(tasks, defaults)

    def compose(self) -> ComposeResult:
        before = self._before
        with Vertical(id="dialog", classes="medium") as dialog:
            dialog.border_title = line(f"Options of {self._title}")
            dialog.border_subtitle = line("Enter takes it, Tab goes on, Esc cancels")
            with VerticalScroll(id="fields", can_focus=False):
                yield from option_rows(FIELDS, before)
                yield Static(line("Variables, one a line: name = value"), classes="variables-label")
                area = text_area(VARIABLES, before.variables)
                area.placeholder = MIXED if VARIABLES in before.mixed else ""
                yield area
                yield Static(id=f"{VARIABLES}-error", classes="error")
            with Horizontal(id="buttons"):
                yield Button(line("Accept"), id="accept", compact=True, variant="primary")
                yield Button(line("Cancel"), id="cancel", compact=True)

    def on_mount(self) -> None:
        self.set_focus(self.query_one("#retry_attempts"))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.action_accept()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        event.stop()
        if event.button.id == "accept":
            self.action_accept()
        else:
            self.dismiss(None)

    def action_accept(self) -> None:
        texts = {field.name: self.query_one(f"#{field.name}", Input).value for field in FIELDS}
        variables = self.query_one(f"#{VARIABLES}", TextArea).text
        try:
            changes = read_form(self._before, texts, variables)
        except FormErrors as error:
            show_errors(self, [*(field.name for field in FIELDS), VARIABLES], error.errors)
            return
        self.dismiss(changes)
