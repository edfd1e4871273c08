"""The answer to an approval: its fields with their types, and a note."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.widgets import Input, Static

from orch_tui.model.orchestration.approval import AnswerFault, Question, parse_answer, parse_value
from orch_tui.model.variables.values import Value, text_of
from orch_tui.runs.people.approvals import field_words
from orch_tui.tui.actions import bindings
from orch_tui.tui.actions import run as actions
from orch_tui.tui.dialogs.filled_in import FilledInDialog
from orch_tui.tui.text import line
from orch_tui.tui.workbench.layout import look


class Answer(NamedTuple):
    """``values`` are those of the fields, by name."""

    values: Mapping[str, Value]
    note: str


class Approve(FilledInDialog[Answer | None]):
    """Dismissed with the answer, or None. Enter goes to the next field, and on the last one approves."""

    GOES_ON = True
    CSS_PATH = look.OWN
    BINDINGS = bindings(actions.DIALOGS, "answer")

    def __init__(self, question: Question) -> None:
        super().__init__()
        self._question = question

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog") as dialog:
            dialog.border_title = line("Approve")
            dialog.border_subtitle = line("Enter goes on and approves, Esc leaves it open")
            with VerticalScroll(can_focus=False):
                yield Static(line(self._question.text, limit=1000), classes="description")
                for number, one in enumerate(self._question.fields):
                    yield Static(line(field_words(one), limit=200), classes="name")
                    yield Input("" if one.default is None else text_of(one.default), id=f"value-{number}", compact=True)
                yield Static(line("A note: it stands in the journal, and may be empty"), classes="name")
                yield Input(id="note", compact=True)
            yield Static(line(""), id="wrong")

    def on_mount(self) -> None:
        for field in self.query(Input):
            field.cursor_blink = False
        self.set_focus(self.query(Input).first())

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        number = (event.input.id or "").removeprefix("value-")
        if number.isdecimal():
            self._say("" if not event.value else self._complaint(int(number), event.value))

    def _complaint(self, number: int, text: str) -> str:
        try:
            parse_value(self._question.fields[number], text)
        except AnswerFault as error:
            return str(error)
        return ""

    def _say(self, wrong: str) -> None:
        self.query_one("#wrong", Static).update(line(wrong))

    def action_accept(self) -> None:
        *fields, note = self.query(Input)
        given = {one.name: field.value for one, field in zip(self._question.fields, fields, strict=True) if field.value}
        try:
            values = parse_answer(self._question, given)
        except AnswerFault as error:
            self._say(str(error))
            return
        self.dismiss(Answer(values, note.value.strip()))
