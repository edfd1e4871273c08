"""Dialogs that are filled in."""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar, TypeVar

from textual.widgets import Button, Input

from orch_tui.tui.dialogs.base import Dialog

T = TypeVar("T")


class FilledInDialog(Dialog[T]):
    """Enter in a line of text accepts what is filled in; a button does the action that its id names."""

    GOES_ON: ClassVar[bool] = False
    """Whether Enter goes on to the next line first, and accepts on the last one only."""

    @abstractmethod
    def action_accept(self) -> None:
        """Close with what is filled in, or say what is wrong with it."""

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        if self.GOES_ON and event.input is not self.query(Input).last():
            self.focus_next(Input)
        else:
            self.action_accept()

    async def on_button_pressed(self, event: Button.Pressed) -> None:
        event.stop()
        await self.run_action(event.button.id or "cancel")
