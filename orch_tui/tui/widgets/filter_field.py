"""The line below a list in which words are typed that its rows must have."""

from __future__ import annotations

from textual import events, on
from textual.message import Message
from textual.widgets import Input

from orch_tui.tui.filtering import filter_words
from orch_tui.tui.widgets.line_tree import LineList


class FilterField(Input):
    """Not there until it is opened. Enter goes back to the list with the words, or closes the field without any; the
    arrows walk the list meanwhile."""

    # The look of a compact field would go before that of its class alone.
    DEFAULT_CSS = "FilterField.-textual-compact { height: 1; padding: 0 1; }"

    class Filtered(Message):
        """The text is another one."""

    def __init__(self, view: LineList, hint: str, *, id: str | None = None) -> None:
        super().__init__(placeholder=hint, id=id, compact=True)
        self.cursor_blink = self.display = False
        self._view = view

    @property
    def words(self) -> tuple[str, ...]:
        """What a row must have to be shown; none for all rows."""
        return filter_words(self.value)

    def open(self) -> None:
        """Show it, and let it have what is typed."""
        # Neither by a class nor later: what is typed after the key must find the focus where it will be.
        self.display = True
        self.screen.set_focus(self)

    def close(self) -> bool:
        """All rows again, and the list has the focus; False when it was closed already."""
        if not self.display:
            return False
        self.display = False
        self.value = ""
        self.screen.set_focus(self._view)
        return True

    @on(Input.Changed)
    def _changed(self, event: Input.Changed) -> None:
        event.stop()
        self.post_message(self.Filtered())

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        if self.words:
            self.screen.set_focus(self._view)
        else:
            self.close()

    def on_key(self, event: events.Key) -> None:
        if event.key in ("up", "down"):
            event.stop()
            step = 1 if event.key == "down" else -1
            self._view.go(self._view.cursor + step, step=step)
