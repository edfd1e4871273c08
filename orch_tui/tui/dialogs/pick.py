"""Pick one of many by typing a part of its name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Input

from orch_tui.model.text import safe_line
from orch_tui.tui.actions import app as actions
from orch_tui.tui.actions import bindings
from orch_tui.tui.dialogs.base import Dialog
from orch_tui.tui.text import line
from orch_tui.tui.widgets.line_tree import LineList, Part, Row


class Choice(NamedTuple):
    """``detail`` follows the label, ``right`` stands at the edge; one that is not ``enabled`` is shown only."""

    id: str
    label: str
    detail: str = ""
    right: str = ""
    enabled: bool = True


def fitting(choices: Sequence[Choice], text: str) -> list[Choice]:
    """Those that have all the words, labels that begin with the text first, labels that have it next."""
    words = text.casefold().split()
    found = [one for one in choices if all(word in f"{one.label} {one.detail} {one.id}".casefold() for word in words)]
    wanted = text.casefold().strip()

    def rank(one: Choice) -> tuple[bool, int]:
        label = one.label.casefold()
        return not one.enabled, 0 if label.startswith(wanted) else 1 if wanted in label else 2

    return sorted(found, key=rank) if wanted else found


class ChoiceList(LineList, can_focus=False, inherit_bindings=False):
    """Driven by the text field above it."""

    def __init__(self) -> None:
        super().__init__(id="choices")
        self.shown: Sequence[Choice] = ()
        self.empty_text = " Nothing has this name"
        self._label_width = 0

    def show(self, choices: Sequence[Choice], cursor: int = 0) -> None:
        self.shown = choices
        self._label_width = min(28, max((len(one.label) for one in choices), default=0))
        self.cursor = cursor
        self.reload()

    @property
    def shows_cursor(self) -> bool:
        return True

    def count(self) -> int:
        return len(self.shown)

    def row(self, index: int) -> Row:
        one = self.shown[index]
        label = safe_line(one.label, self._label_width).ljust(self._label_width)
        detail = Part(f"  {safe_line(one.detail)}", "dim")
        return Row(
            (Part(f" {label}", "strong" if one.enabled else "dim"), detail),
            (Part(f"{one.right} ", "accent" if one.enabled else "dim"),),
        )


class Pick(Dialog[str | None]):
    """Dismissed with the id of the choice, or with None on Escape. ``tried`` is called with what has the cursor."""

    CSS_PATH = "pick.tcss"
    BINDINGS = bindings(actions.ACTIONS, "dialog", "pick")

    def __init__(
        self,
        title: str,
        choices: Sequence[Choice],
        placeholder: str = "",
        *,
        tried: Callable[[str], None] | None = None,
        start: str | None = None,
    ) -> None:
        super().__init__()
        self._title, self._choices, self._placeholder = title, list(choices), placeholder
        self._tried, self._start = tried, start
        self.list = ChoiceList()

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog") as dialog:
            dialog.border_title = line(self._title)
            yield Input(placeholder=self._placeholder, id="words", compact=True)
            yield self.list

    def on_mount(self) -> None:
        self.query_one(Input).cursor_blink = False
        ids = [one.id for one in self._choices]
        self.list.show(self._choices, ids.index(self._start) if self._start in ids else 0)
        self.query_one(Input).focus()

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        self.list.show(fitting(self._choices, event.value))
        self._moved()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self._take(self.list.cursor)

    def on_line_list_moved(self, event: LineList.Moved) -> None:
        event.stop()
        self._moved()

    def on_line_list_chosen(self, event: LineList.Chosen) -> None:
        event.stop()
        self._take(event.index)

    def _moved(self) -> None:
        if self._tried is not None and self.list.cursor < self.list.count():
            self._tried(self.list.shown[self.list.cursor].id)

    def _take(self, index: int) -> None:
        if index >= self.list.count():
            return
        one = self.list.shown[index]
        if one.enabled:
            self.dismiss(one.id)
        else:
            self.notify(f"{one.label} does not work here ({one.right}).", severity="warning", markup=False)

    def action_down(self) -> None:
        self.list.action_cursor_down()

    def action_up(self) -> None:
        self.list.action_cursor_up()

    def action_page_down(self) -> None:
        self.list.action_page_down()

    def action_page_up(self) -> None:
        self.list.action_page_up()
