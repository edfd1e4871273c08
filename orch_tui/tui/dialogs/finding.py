"""Dialogs in which one types to find a row of a list below the field."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from typing import Any, TypeVar

from textual.widgets import Input

from orch_tui.tui.dialogs.base import Dialog
from orch_tui.tui.widgets.line_tree import LineList

T = TypeVar("T")


class FindingDialog(Dialog[T]):
    """What is typed into ``field`` narrows a list, whose cursor is moved by the field's own keys.

    Keys that are bound with priority are handled at once, while letters wait in the field's queue, and the field says
    later that it has changed: whoever types fast chooses from what fits all the letters before the key (:meth:`do`).
    """

    def __init__(self, field: Input) -> None:
        super().__init__()
        field.cursor_blink = False
        self.field = field
        self._narrowed = field.value

    @property
    @abstractmethod
    def driven(self) -> LineList:
        """The list that the keys move."""

    @abstractmethod
    def narrow(self, text: str) -> None:
        """Show what fits the text."""

    def moved(self) -> None:
        """The cursor is on another row: by a key, at once; the list says it later."""

    def do(self, act: Callable[[], Any]) -> None:
        """Do it when everything typed before has narrowed the list."""

        def then() -> None:
            self._catch_up()
            act()

        self.in_turn(self.field, then)

    def _catch_up(self) -> None:
        if self.field.value != self._narrowed:
            self._narrowed = self.field.value
            self.narrow(self._narrowed)

    def _move(self, move: Callable[[LineList], None]) -> None:
        def act() -> None:
            # Which list it is may be another one by now.
            move(self.driven)
            self.moved()

        if self.focused is self.field:
            self.do(act)
        else:
            act()

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        self._catch_up()

    def action_down(self) -> None:
        self._move(LineList.action_cursor_down)

    def action_up(self) -> None:
        self._move(LineList.action_cursor_up)

    def action_page_down(self) -> None:
        self._move(LineList.action_page_down)

    def action_page_up(self) -> None:
        self._move(LineList.action_page_up)
