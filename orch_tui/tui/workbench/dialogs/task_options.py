"""The options of one or several tasks (retry, timeouts, limits, variables), and those of a phase."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from typing import TypeVar

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.widget import Widget
from textual.widgets import Button, Input, Static, TextArea

from orch_tui.model.orchestration.orchestration import Phase, Task, TaskOptions
from orch_tui.tui.actions import bindings
from orch_tui.tui.actions import workbench as actions
from orch_tui.tui.dialogs.fields import VARIABLES, Field, FormErrors, FormValues
from orch_tui.tui.dialogs.filled_in import FilledInDialog
from orch_tui.tui.dialogs.option_rows import option_rows, show_errors, text_area
from orch_tui.tui.text import line
from orch_tui.tui.workbench.dialogs.task_options_form import (
    MIXED,
    PHASE_FIELDS,
    TASK_FIELDS,
    form_values,
    phase_values,
    read_form,
    read_phase,
)
from orch_tui.tui.workbench.layout import look
from orch_tui.tui.workbench.model import OptionChanges, PhaseChanges

C = TypeVar("C")


class OptionsDialog(FilledInDialog[C | None]):
    """Empty fields take the defaults, which are shown in them. Errors stand under their field."""

    CSS_PATH = look.DIALOG
    VERTICAL_BREAKPOINTS = look.HEIGHTS
    BINDINGS = bindings(actions.DIALOGS, "options")

    def __init__(self, title: str, fields: Sequence[Field], before: FormValues) -> None:
        super().__init__()
        self._title = title
        self._fields = fields
        self.before = before

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog", classes="medium") as dialog:
            dialog.border_title = line(f"Options of {self._title}")
            dialog.border_subtitle = line("Enter takes it, Tab goes on, Esc cancels")
            with VerticalScroll(id="fields", can_focus=False):
                yield from option_rows(self._fields, self.before)
                yield from self.more()
            with Horizontal(id="buttons"):
                yield Button(line("Accept"), id="accept", compact=True, variant="primary")
                yield Button(line("Cancel"), id="cancel", compact=True)

    def more(self) -> Iterator[Widget]:
        """What stands below the fields."""
        yield from ()

    @abstractmethod
    def read(self, texts: Mapping[str, str]) -> C:
        """What was changed. Raises: FormErrors."""

    @property
    def places(self) -> list[str]:
        """The names of what can be wrong, from the top down."""
        return [field.name for field in self._fields]

    def on_mount(self) -> None:
        self.set_focus(self.query_one(f"#{self._fields[0].name}"))

    def action_accept(self) -> None:
        texts = {field.name: self.query_one(f"#{field.name}", Input).value for field in self._fields}
        try:
            changes = self.read(texts)
        except FormErrors as error:
            show_errors(self, self.places, error.errors)
            return
        self.dismiss(changes)


class TaskOptionsDialog(OptionsDialog[OptionChanges]):
    def __init__(self, title: str, tasks: Sequence[Task], defaults: TaskOptions) -> None:
        super().__init__(title, TASK_FIELDS, form_values(tasks, defaults))

    def more(self) -> Iterator[Widget]:
        yield Static(line("Variables, one a line: name = value"), classes="variables-label")
        area = text_area(VARIABLES, self.before.variables)
        area.placeholder = MIXED if VARIABLES in self.before.mixed else ""
        yield area
        yield Static(id=f"{VARIABLES}-error", classes="error")

    @property
    def places(self) -> list[str]:
        return [*super().places, VARIABLES]

    def read(self, texts: Mapping[str, str]) -> OptionChanges:
        return read_form(self.before, texts, self.query_one(f"#{VARIABLES}", TextArea).text)


class PhaseOptionsDialog(OptionsDialog[PhaseChanges]):
    def __init__(self, title: str, phase: Phase, defaults: TaskOptions, limit: int) -> None:
        super().__init__(title, PHASE_FIELDS, phase_values(phase, defaults, limit))

    def read(self, texts: Mapping[str, str]) -> PhaseChanges:
        return read_phase(self.before, texts)
