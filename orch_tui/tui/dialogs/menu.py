"""A menu of actions: for the mouse, and for whoever does not know the keys yet."""

from __future__ import annotations

from collections.abc import Sequence

from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Static

from orch_tui.tui import text
from orch_tui.tui.actions import Action, bindings
from orch_tui.tui.actions import workbench as actions
from orch_tui.tui.breakpoints import HEIGHTS
from orch_tui.tui.dialogs.base import SHEET, Dialog
from orch_tui.tui.dialogs.key_list import KeyList, Line
from orch_tui.tui.keymap import shown_keys
from orch_tui.tui.widgets.line_tree import LineList


class _MenuList(KeyList):
    """A single click chooses."""

    def clicked(self, index: int, x: int) -> bool:
        if self.selectable(index):
            self.go(index)
            self.action_choose()
        return True


class Menu(Dialog[str | None]):
    """Dismissed with the id of the action that was chosen, by Enter, a click or its own key, or with None."""

    CSS_PATH = SHEET
    VERTICAL_BREAKPOINTS = HEIGHTS
    BINDINGS = bindings(actions.DIALOGS, "menu")

    def __init__(self, title: str, choices: Sequence[tuple[Action, Sequence[str]]]) -> None:
        """``choices`` are actions, each with its keys by Textual's names."""
        super().__init__()
        self._title = title
        self._by_key = {key: action.id for action, keys in reversed(choices) for key in keys}
        self._lines = [
            Line(action.id, action.group, shown_keys(keys[:1]), action.label, action.tooltip, True)
            for action, keys in choices
        ]
        self.list = _MenuList(id="menu")
        self._whole = Static(id="whole")

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog", classes="wide menu") as dialog:
            dialog.border_title = text.line(self._title)
            dialog.border_subtitle = text.line("Enter, a click or its key does it, Esc closes")
            yield self.list
            yield self._whole

    def on_mount(self) -> None:
        self.list.show(self._lines)
        self.set_focus(self.list)
        self._tell()

    def on_key(self, event: events.Key) -> None:
        """The keys that are shown do what stands beside them, also those that go about in other lists."""
        if (action_id := self._by_key.get(event.key)) is not None:
            event.stop()
            self.dismiss(action_id)

    def on_line_list_moved(self, event: LineList.Moved) -> None:
        event.stop()
        self._tell()

    def on_line_list_chosen(self, event: LineList.Chosen) -> None:
        event.stop()
        self.action_enter()

    def action_enter(self) -> None:
        if (chosen := self.list.chosen) is not None:
            self.dismiss(chosen.id)

    def _tell(self) -> None:
        """What the row under the cursor says, whole: beside its key it may be cut."""
        chosen = self.list.chosen
        self._whole.update(text.lines(chosen.tooltip if chosen else ""))
