"""One line of text, checked while it is typed."""

from __future__ import annotations

from collections.abc import Callable

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Input, Static

from orch_tui.tui.actions import app, bindings
from orch_tui.tui.dialogs.base import Dialog
from orch_tui.tui.text import line


class Prompt(Dialog[str | None]):
    """Dismissed with the text, or with None on Escape.

    ``validate`` gives the sentence that says what is wrong with a text, None when it may be taken. What is typed as a
    ``secret`` is not shown.
    """

    CSS_PATH = "prompt.tcss"
    BINDINGS = bindings(app.ACTIONS, "dialog")

    def __init__(
        self,
        title: str,
        value: str = "",
        validate: Callable[[str], str | None] | None = None,
        placeholder: str = "",
        hint: str = "Enter takes it, Esc changes nothing",
        *,
        secret: bool = False,
    ) -> None:
        super().__init__()
        self._title = title
        self._value = value
        self._validate = validate or (lambda _: None)
        self._placeholder = placeholder
        self._hint = hint
        self._secret = secret

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog") as dialog:
            dialog.border_title = line(self._title)
            yield Input(self._value, placeholder=self._placeholder, id="text", compact=True, password=self._secret)
            yield Static(line(self._hint), id="hint")

    def on_mount(self) -> None:
        self.query_one(Input).cursor_blink = False
        self.query_one(Input).focus()

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        # An unchanged text is no mistake yet.
        self._show(None if event.value == self._value else self._validate(event.value))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        wrong = self._validate(event.value)
        if wrong is None:
            self.dismiss(event.value)
        else:
            self._show(wrong)

    def _show(self, wrong: str | None) -> None:
        hint = self.query_one("#hint", Static)
        hint.update(line(wrong or self._hint))
        hint.set_class(wrong is not None, "wrong")
