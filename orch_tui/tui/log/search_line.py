"""The line at the bottom in which one types what to search a log for."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.widgets import Input, Static

from orch_tui.runs.log.search import pattern
from orch_tui.tui.actions import app, bindings
from orch_tui.tui.dialogs.base import Dialog
from orch_tui.tui.text import line


class LogSearch(Dialog[str | None]):
    """Dismissed with the text ("" ends a search), or with None on Escape."""

    CSS_PATH = "search_line.tcss"
    BINDINGS = bindings(app.ACTIONS, "dialog")

    def __init__(self, value: str = "") -> None:
        super().__init__()
        self._value = value

    def compose(self) -> ComposeResult:
        with Horizontal(id="bar"):
            yield Static("/", id="slash")
            yield Input(
                self._value, placeholder="text, or /regular expression; capitals count if there are any", compact=True
            )
            yield Static("", id="wrong")

    def on_mount(self) -> None:
        field = self.query_one(Input)
        field.cursor_blink = False
        self.set_focus(field)

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        self.query_one("#wrong", Static).update("")

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        try:
            pattern(event.value)
        except ValueError as error:
            self.query_one("#wrong", Static).update(line(str(error), limit=70))
        else:
            self.dismiss(event.value)
