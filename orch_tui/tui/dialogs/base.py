"""What all screens and dialogs share: they close once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from textual.await_complete import AwaitComplete
from textual.screen import ModalScreen, Screen
from textual.widget import Widget

T = TypeVar("T")
SHEET = Path(__file__).with_name("dialogs.tcss")
"""The frame of a dialog, for those that have no sheet of their own."""


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
    """A modal screen; it closes once, too. Textual takes the styles of the first base only."""

    def action_cancel(self) -> None:
        """Close without an answer."""
        self.dismiss(None)

    def in_turn(self, after: Widget, act: Callable[[], object]) -> None:
        """Do it when ``after`` has taken in what was typed before.

        Keys that are bound with priority are handled at once, while letters wait in the text field's own queue: whoever
        types fast would choose from what the list showed before the last letters.
        """
        after.call_later(act)
