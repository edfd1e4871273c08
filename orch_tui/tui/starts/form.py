"""The form of one schedule, trigger or alert; what it means is told while it is typed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.widget import Widget
from textual.widgets import Button, Input, Static, TextArea

from orch_tui.model.orchestration.starts import Schedule
from orch_tui.model.texts.text import safe_line
from orch_tui.project.schedules.time_zones import machine_zone_name, zone_names
from orch_tui.project.table_uses import table_uses
from orch_tui.tui.actions import bindings
from orch_tui.tui.actions import workbench as actions
from orch_tui.tui.breakpoints import HEIGHTS
from orch_tui.tui.dialogs.base import SHEET
from orch_tui.tui.dialogs.fields import VARIABLES, FormErrors
from orch_tui.tui.dialogs.filled_in import FilledInDialog
from orch_tui.tui.dialogs.option_rows import show_errors, text_area
from orch_tui.tui.starts.entries import (
    FIELDS,
    Entry,
    EntryField,
    EntryPlace,
    StartKind,
    Starts,
    has_variables,
    read_entry,
)
from orch_tui.tui.starts.entries import texts_of as texts_of_entry
from orch_tui.tui.starts.look import SHEET as OWN
from orch_tui.tui.starts.words import entry_words, preview
from orch_tui.tui.text import line, lines
from orch_tui.tui.widgets.choice_input import ChoiceInput

if TYPE_CHECKING:
    from orch_tui.tui.application import Application

_TIMEZONE = "timezone"
_BEGIN = {
    StartKind.SCHEDULE: "minute hour day month weekday: 30 5 * * 1-5 is every weekday at 5:30",
    StartKind.TRIGGER: "It starts when files have come, tables have new versions, or another one has ended.",
    StartKind.ALERT: "Without a word of what: the first failure, and when it works again.",
    StartKind.SHARED: "For every orchestration. Without a word of what: the first failure, and when it works again.",
}
"""What is told before anything is typed."""


class EntryForm(FilledInDialog[Entry | None]):
    """Dismissed with what was typed. Errors stand under their field; below all the words for it and its next starts."""

    CSS_PATH = [SHEET, OWN]  # noqa: RUF012
    VERTICAL_BREAKPOINTS = HEIGHTS
    BINDINGS = bindings(actions.DIALOGS, "options")
    app: Application

    def __init__(self, value: Starts, place: EntryPlace, timezone: str) -> None:
        """``timezone`` is the project's, empty for the machine's."""
        super().__init__()
        self._value, self._place, self._timezone = value, place, timezone
        self._fields = FIELDS[place.kind]
        self._known: dict[str, Sequence[str]] = {}
        self._names = [*(field.name for field in self._fields), *([VARIABLES] if has_variables(place.kind) else [])]

    def compose(self) -> ComposeResult:
        texts = texts_of_entry(self._value, self._place)
        what = "New " if self._place.index is None else ""
        with Vertical(id="dialog", classes="medium") as dialog:
            of = "" if self._place.kind is StartKind.SHARED else f" of {safe_line(self._value.own.name, 50)}"
            title = f"{what}{self._place.kind.one}{of}"
            dialog.border_title = line(f"{title[:1].upper()}{title[1:]}")
            dialog.border_subtitle = line("Enter takes it, Tab goes on, Esc cancels")
            with VerticalScroll(id="fields", can_focus=False):
                for field in self._fields:
                    yield from self._row(field, texts[field.name])
                if has_variables(self._place.kind):
                    yield Static(line("Variables of the run, one a line: name = value"), classes="area-label")
                    yield text_area(VARIABLES, texts[VARIABLES])
                    yield Static(id=f"{VARIABLES}-error", classes="error")
            yield Static(id="preview")
            with Horizontal(id="buttons"):
                yield Button(line("Accept"), id="accept", compact=True, variant="primary")
                yield Button(line("Cancel"), id="cancel", compact=True)

    def _row(self, field: EntryField, text: str) -> Iterator[Widget]:
        empty = self._timezone or machine_zone_name() if field.name == _TIMEZONE else field.empty
        given = ChoiceInput(text, lambda: self._choices(field), empty, field.name)
        label = Static(line(field.label), classes="label")
        hint = Static(line(field.hint), classes="beside", id=f"{field.name}-hint")
        yield Horizontal(label, given, hint, classes="field")
        yield Static(id=f"{field.name}-error", classes="error")

    def _choices(self, field: EntryField) -> Sequence[str]:
        """What may stand in a field; what has to be read for it is read when something is typed there."""
        if field.name not in self._known:
            value, project = self._value.own, self.app.project
            found: Mapping[str, Callable[[], Iterable[str]]] = {
                _TIMEZONE: zone_names,
                "tables": lambda: table_uses(project),
                "after": project.orchestration_ids,
                "tasks": lambda: (task.id for task in value.tasks()),
                "phases": lambda: (phase.id for phase in value.phases),
            }
            self._known[field.name] = tuple(found.get(field.name, lambda: field.choices)())
        return self._known[field.name]

    def on_mount(self) -> None:
        self.set_focus(self.query_one(f"#{self._fields[0].name}"))
        self._tell()

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        if isinstance(event.input, ChoiceInput):
            field = next(one for one in self._fields if one.name == event.input.id)
            self.query_one(f"#{field.name}-hint", Static).update(line(event.input.completions() or field.hint))
        self._tell()

    def on_text_area_changed(self, event: TextArea.Changed) -> None:
        event.stop()
        self._tell()

    def _typed(self) -> dict[str, str]:
        texts = {field.name: self.query_one(f"#{field.name}", Input).value for field in self._fields}
        return texts | ({VARIABLES: self.query_one(TextArea).text} if has_variables(self._place.kind) else {})

    def _tell(self) -> None:
        """What it means so far, and what is wrong with the fields in which something stands."""
        texts, errors, first = self._typed(), dict[str, str](), self._fields[0].name
        try:
            told = self._words(read_entry(self._value, self._place, texts))
        except FormErrors as error:
            told, errors = ([] if texts[first] else [_BEGIN[self._place.kind]]), error.errors
        self.query_one("#preview", Static).update(lines("\n".join(told)))
        # A field that nobody has come to yet is not wrong.
        for name in self._names:
            wrong = name in errors and bool(texts[name].strip())
            place = self.query_one(f"#{name}-error", Static)
            place.update(line(errors[name] if wrong else ""))
            place.set_class(wrong, "wrong")

    def _words(self, one: Entry) -> Sequence[str]:
        if isinstance(one, Schedule):
            from orch_tui.scheduling.pauses import held_pauses

            pauses = held_pauses(self.app.project.paths)
            return preview(one, self._value.own, self._timezone, pauses, self.app.clock.wall())
        return [entry_words(one, self._value.own, self._timezone)]

    def action_accept(self) -> None:
        try:
            self.dismiss(read_entry(self._value, self._place, self._typed()))
        except FormErrors as error:
            show_errors(self, self._names, error.errors)
