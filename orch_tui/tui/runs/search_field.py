"""The field in which runs are looked for: it completes fields and their words, and says below how each is written."""

from __future__ import annotations

from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Input, Static

from orch_tui.runs.past.query import about_last_word, search_words
from orch_tui.tui.text import line, lines
from orch_tui.tui.widgets.choice_input import ChoiceInput

_EMPTY = 'words, or status=error who=ann error~"timed out" took>5m since=3 days ago'


class SearchField(Vertical):
    """Not there until it is opened. What is said below it goes when the focus leaves it."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._input = ChoiceInput("", search_words, _EMPTY, "words")
        self.display = False

    def compose(self) -> ComposeResult:
        yield self._input
        yield Static(id="about-words")

    def on_mount(self) -> None:
        self._tell()

    @property
    def text(self) -> str:
        """What is looked for."""
        return self._input.value

    def open(self, text: str | None = None) -> Input:
        """Show it, with a text in it; what may have the focus."""
        # Not by a class: what is typed after the key must find the focus where it will be.
        self.display = True
        if text is not None:
            self._input.value = text
        return self._input

    def close(self) -> None:
        """Nothing is looked for any more."""
        self._input.value = ""
        self.display = False

    def _tell(self) -> None:
        about = self.query_one("#about-words", Static)
        about.display = self._input.has_focus
        completed = self._input.completions()
        about.update(lines(completed) if completed else line(about_last_word(self.text)))

    def on_input_changed(self, event: Input.Changed) -> None:
        self._tell()

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        self._tell()

    def on_descendant_blur(self, event: events.DescendantBlur) -> None:
        self._tell()
