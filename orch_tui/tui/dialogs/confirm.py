"""A question with a few answers, each with a key of its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Generic, TypeVar

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.events import Key
from textual.widgets import Button, Static

from orch_tui.tui.actions import app, bindings
from orch_tui.tui.dialogs.base import Dialog
from orch_tui.tui.text import line, lines

T = TypeVar("T")


class Confirm(Dialog[T | None], Generic[T]):
    """Dismissed with the value of the answer, or with None on Escape.

    ``choices`` are (key, label, value): one letter or digit answers at once; Tab and Enter work too. The first one
    has the focus.
    """

    CSS_PATH = "confirm.tcss"
    BINDINGS = bindings(app.ACTIONS, "dialog", "question")

    def __init__(self, question: str, choices: Sequence[tuple[str, str, T]], detail: str = "") -> None:
        super().__init__()
        self._question = question
        self._choices = list(choices)
        self._detail = detail

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog"):
            yield Static(lines(self._question, "bold"), id="question")
            if self._detail:
                yield Static(lines(self._detail), id="detail")
            with Horizontal(id="choices"):
                for number, (key, label, _) in enumerate(self._choices):
                    caption = Content.assemble((key, "bold $text-primary"), "  ", line(label))
                    yield Button(caption, id=f"choice-{number}", compact=True)

    def on_mount(self) -> None:
        self.query(Button).first().focus()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        event.stop()
        self.dismiss(self._choices[int((event.button.id or "choice-0").rpartition("-")[2])][2])

    def on_key(self, event: Key) -> None:
        for key, _, value in self._choices:
            if event.key == key or event.character == key:
                event.stop()
                self.dismiss(value)
                return

    def action_next(self) -> None:
        self.focus_next()

    def action_previous(self) -> None:
        self.focus_previous()
