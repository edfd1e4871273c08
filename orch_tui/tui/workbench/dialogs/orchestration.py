"""An orchestration itself: its name, what it is for, its variables, and what holds for all its tasks."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.widgets import Button, Input, Static, TextArea

from orch_tui.model.orchestration.orchestration import Orchestration
from orch_tui.model.texts.text import counted, safe_line
from orch_tui.project.definitions.settings import ProjectSettings
from orch_tui.tui.actions import bindings
from orch_tui.tui.actions import workbench as actions
from orch_tui.tui.dialogs.fields import VARIABLES, Field, FormErrors
from orch_tui.tui.dialogs.filled_in import FilledInDialog
from orch_tui.tui.dialogs.option_rows import option_rows, show_errors, text_area, text_row
from orch_tui.tui.text import line, lines
from orch_tui.tui.workbench.dialogs.orchestration_form import (
    DEFAULTS,
    DESCRIPTION,
    LIMIT,
    NAME,
    PLACES,
    Typed,
    orchestration_values,
    read_orchestration,
)
from orch_tui.tui.workbench.layout import look

if TYPE_CHECKING:
    from orch_tui.tui.application import Application


class OrchestrationDialog(FilledInDialog[Orchestration | None]):
    """Dismissed with the edited orchestration. Errors stand under their field.

    ``declare`` are names of variables that something uses and nothing declares: the form begins there.
    """

    CSS_PATH = look.DIALOG
    VERTICAL_BREAKPOINTS = look.HEIGHTS
    BINDINGS = bindings(actions.DIALOGS, "options")
    app: Application

    def __init__(self, value: Orchestration, settings: ProjectSettings, declare: Sequence[str] = ()) -> None:
        super().__init__()
        self._value = value
        self._timezone = settings.timezone
        self._before = orchestration_values(value, settings.defaults, settings.max_parallel)
        known = {variable.name for variable in value.variables}
        self._declare = [name for name in declare if name not in known]

    def compose(self) -> ComposeResult:
        value, before = self._value, self._before
        with Vertical(id="dialog", classes="medium") as dialog:
            dialog.border_title = line(f"Orchestration {safe_line(value.name, 60)}")
            dialog.border_subtitle = line("Ctrl-O takes it, Tab goes on, Esc cancels")
            with VerticalScroll(id="fields", can_focus=False):
                yield from text_row(Field(NAME, "Name", "its id and its history stay"), value.name)
                yield Static(line("What it is for"), classes="area-label")
                yield text_area(DESCRIPTION, value.description)
                yield Static(id=f"{DESCRIPTION}-error", classes="error")
                yield from option_rows([LIMIT], before)
                hint = "Variables, one a line: name = value  # what for; no = asks for it"
                yield Static(line(hint), classes="area-label")
                yield text_area(VARIABLES, self._variables())
                yield Static(id=f"{VARIABLES}-error", classes="error")
                yield Static(line("For all its tasks that set nothing else"), classes="area-label")
                yield from option_rows(DEFAULTS, before)
                yield Static(line("Schedules, triggers and alerts (the button below edits them)"), classes="area-label")
                yield Static(lines("\n".join(self._schedules())), id="schedules")
            with Horizontal(id="buttons"):
                yield Button(line("Accept"), id="accept", compact=True, variant="primary")
                yield Button(line("Schedules…"), id="starts", compact=True)
                yield Button(line("Cancel"), id="cancel", compact=True)

    def _schedules(self) -> list[str]:
        value = self._value
        others = [counted(len(value.triggers), "trigger"), counted(len(value.alerts), "alert")]
        told = [", ".join(others)] if value.triggers or value.alerts else []
        if not value.schedules:
            return told or ["None"]
        # Its words and times come from libraries that only an orchestration with schedules needs.
        from orch_tui.tui.workbench.dialogs.schedule_lines import schedule_lines

        return [*schedule_lines(value, self._timezone, self.app.project.paths, time.time()), *told]

    def action_starts(self) -> None:
        """Show what starts it; what is changed there is a part of what is accepted here."""
        from orch_tui.tui.starts.dialog import Keeper, StartsDialog

        before: list[Orchestration] = []

        def show(value: Orchestration) -> Orchestration:
            self._value = value
            self.query_one("#schedules", Static).update(lines("\n".join(self._schedules())))
            return value

        def change(new: Orchestration, what: str) -> Orchestration:
            before.append(self._value)
            return show(new)

        def undo() -> Orchestration | None:
            return show(before.pop()) if before else None

        self.app.push_screen(StartsDialog(self._value, self._timezone, Keeper(change, undo)))

    def _variables(self) -> str:
        lines = [*self._before.variables.splitlines(), *(f"{name} = " for name in self._declare)]
        return "\n".join(lines)

    def on_mount(self) -> None:
        first = self.query_one(f"#{VARIABLES if self._declare else NAME}")
        if isinstance(first, TextArea):
            row = first.document.line_count - len(self._declare)
            first.move_cursor((row, len(first.document.get_line(row))))
        self.set_focus(first)

    def action_accept(self) -> None:
        typed = Typed(
            self.query_one(f"#{NAME}", Input).value,
            self.query_one(f"#{DESCRIPTION}", TextArea).text,
            {field.name: self.query_one(f"#{field.name}", Input).value for field in (LIMIT, *DEFAULTS)},
            self.query_one(f"#{VARIABLES}", TextArea).text,
        )
        try:
            self.dismiss(read_orchestration(self._value, self._before, typed))
        except FormErrors as error:
            show_errors(self, PLACES, error.errors)
