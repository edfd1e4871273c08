"""What all screens and dialogs share: they close once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from textual import events, on
from textual.await_complete import AwaitComplete
from textual.screen import ModalScreen, Screen
from textual.widget import Widget

from orch_tui.tui.widgets.bars import KeyBar

T = TypeVar("T")
SHEET = Path(__file__).with_name("dialogs.tcss")
"""What stands in the frames of several dialogs: a hint, a question, buttons."""


class FullScreen(Screen[T]):
    """A screen that a second answer does not close again.

    Textual's ``dismiss`` takes away whatever screen is on top. A key that was pressed twice, or a key and the click it
    was faster than, would close this one and then the screen below it, or fail for want of one.
    """

    def dismiss(self, result: T | None = None) -> AwaitComplete:
        """Close with the result; nothing happens when it is closed already."""
        if self.app.screen is not self:
            return AwaitComplete()
        return super().dismiss(result)


class Dialog(ModalScreen[T], FullScreen[T]):
    """A modal screen with a frame around the container ``#dialog``; it closes once, too.

    Textual takes the styles of the first base only. What a dialog has of its own stands in a sheet.
    """

    DEFAULT_CSS = """
    Dialog {
        align: center middle;
        & #dialog {
            border: round $primary;
            border-title-color: $text-primary;
            border-title-style: bold;
            border-subtitle-color: $text-muted;
            background: $surface;
            padding: 0 1;
            height: auto;
            max-height: 92%;
        }
        & #dialog.medium { width: 76; max-width: 94%; }
        & #dialog.wide { width: 96; max-width: 94%; }
    }
    """

    @on(events.Mount)
    def _show_its_keys(self) -> None:
        # Those of what it lies over do nothing now.
        if not self.query(KeyBar):
            self.mount(KeyBar())

    def action_cancel(self) -> None:
        """Close without an answer."""
        self.dismiss(None)

    def in_turn(self, after: Widget, act: Callable[[], object]) -> None:
        """Do it when ``after`` has taken in what was typed before.

        Keys that are bound with priority are handled at once, while letters wait in the text field's own queue: whoever
        types fast would choose from what the list showed before the last letters.
        """
        after.call_later(act)
