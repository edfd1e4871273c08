"""The keys that work where the focus is, read from the live bindings: to look up, to search, to start one from here."""

from __future__ import annotations

from typing import Any

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.screen import Screen
from textual.widgets import Input, Static

from orch_tui.model.texts.text import counted
from orch_tui.tui import text
from orch_tui.tui.actions import BY_ID, bindings
from orch_tui.tui.actions import app as actions
from orch_tui.tui.dialogs.finding import FindingDialog
from orch_tui.tui.dialogs.key_list import KeyList, Line
from orch_tui.tui.filtering import filter_words
from orch_tui.tui.keymap import shown_keys
from orch_tui.tui.widgets.line_tree import LineList


def live_keys(screen: Screen[Any]) -> list[Line]:
    """What has the focus first, the program last; a key that something nearer has taken is left out."""
    keys: dict[str, list[str]] = {}
    lines: dict[str, tuple[str, str, str, bool]] = {}
    for key, active in screen.active_bindings.items():
        binding = active.binding
        if not binding.id or binding.system:
            continue
        action = BY_ID.get(binding.id)
        group = (action.group or action.context.capitalize()) if action else "More"
        keys.setdefault(binding.id, []).append(key)
        lines.setdefault(binding.id, (group, binding.description, binding.tooltip, active.enabled))
    return [
        Line(name, group, shown_keys(keys[name]), label, tooltip, enabled)
        for name, (group, label, tooltip, enabled) in lines.items()
    ]


class HelpScreen(FindingDialog[str | None]):
    """Made when it is opened, for the screen below and what has the focus there.

    Dismissed with the id of the action that is to be done on the screen below, or with None.
    """

    CSS_PATH = "help.tcss"
    BINDINGS = bindings(actions.ACTIONS, "help")
    # Not the field, which comes first and is not to be seen yet.
    AUTO_FOCUS = "#keys"

    def __init__(self, below: Screen[Any]) -> None:
        # Held here: a key that is pressed at once comes before it is in the tree.
        super().__init__(Input(placeholder="Words of a key or of what it does", id="words", compact=True))
        self._lines = live_keys(below)
        about = [getattr(node, "HELP", None) for node in (below.focused, below) if node is not None]
        self._about = next((one for one in about if one), "")
        self.list = KeyList(id="keys")
        self.field.display = False
        self.field.disabled = True
        self._whole = Static(id="whole")

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog") as dialog:
            dialog.border_title = "Keys that work here"
            dialog.border_subtitle = "Enter does it · / filters · Esc closes · : finds any action"
            if self._about:
                yield Static(text.lines(self._about), id="about")
            yield self.field
            yield self.list
            yield self._whole

    def on_mount(self) -> None:
        self.list.show(self._lines)
        self.list.focus()
        self._tell()

    @property
    def driven(self) -> LineList:
        return self.list

    def narrow(self, text: str) -> None:
        words = filter_words(text)
        self.list.show([line for line in self._lines if line.fits(words)])
        self._tell()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self._take()

    def on_line_list_moved(self, event: LineList.Moved) -> None:
        event.stop()
        self._tell()

    def on_line_list_chosen(self, event: LineList.Chosen) -> None:
        event.stop()
        self._take()

    def _tell(self) -> None:
        """What the row under the cursor says, whole: beside the keys it may be cut."""
        line = self.list.chosen
        found = len(self.list.lines)
        of = f"{found} of {counted(len(self._lines), 'key')}" if found < len(self._lines) else ""
        self._whole.update(text.lines(line.tooltip if line else of))

    def _take(self) -> None:
        line = self.list.chosen
        if line is None:
            return
        if line.enabled:
            self.dismiss(line.id)
        else:
            self.notify(f"{line.label} does not work now.", severity="warning", markup=False)

    def action_filter(self) -> None:
        """Show the field that narrows the list."""
        self.field.display = True
        self.field.disabled = False
        self.field.focus()
        self.list.driven = True

    def action_close(self) -> None:
        """Take the filter away; without one, close."""
        if not self.field.display:
            self.dismiss(None)
            return
        self.field.value = ""
        self.field.display = False
        self.field.disabled = True
        self.list.driven = False
        self.list.focus()
