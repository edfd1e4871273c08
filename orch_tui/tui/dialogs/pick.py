"""Pick one of many by typing a part of its name."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from time import monotonic
from typing import NamedTuple

from textual import work
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Input

from orch_tui.model.texts.text import safe_line
from orch_tui.tui.actions import app as actions
from orch_tui.tui.actions import bindings
from orch_tui.tui.dialogs.finding import FindingDialog
from orch_tui.tui.filtering import filter_words, matches
from orch_tui.tui.text import line
from orch_tui.tui.widgets.line_tree import LineList, Part, Row

_PART_SECONDS = 0.1
"""Between two times that the list grows while more is read: each time all of it is searched."""


class Choice(NamedTuple):
    """``detail`` follows the label, ``right`` stands at the edge; one that is not ``enabled`` is shown only."""

    id: str
    label: str
    detail: str = ""
    right: str = ""
    enabled: bool = True


def fitting(choices: Sequence[Choice], text: str) -> list[Choice]:
    """Those that have all the words, labels that begin with the text first, labels that have it next."""
    words = filter_words(text)
    found = [one for one in choices if matches(f"{one.label} {one.detail} {one.id}", words)]
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
        # A label alone has the whole row.
        label = safe_line(one.label, self._label_width if one.detail else 200).ljust(self._label_width)
        detail = Part(f"  {safe_line(one.detail)}", "dim")
        return Row(
            (Part(f" {label}", "strong" if one.enabled else "dim"), detail),
            (Part(f"{one.right} ", "accent" if one.enabled else "dim"),),
        )


class Pick(FindingDialog[str | None]):
    """Dismissed with the id of the choice, or with None on Escape. ``tried`` is called with what has the cursor.

    ``more`` gives further choices in parts, in a thread, while the first ones are shown.
    """

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
        more: Callable[[], Iterator[list[Choice]]] | None = None,
    ) -> None:
        super().__init__(Input(placeholder=placeholder, id="words", compact=True))
        self._more, self._gone = more, threading.Event()
        self._title, self._choices = title, list(choices)
        self._tried, self._start = tried, start
        self._chose = False
        self.list = ChoiceList()

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog") as dialog:
            dialog.border_title = line(self._title)
            yield self.field
            yield self.list

    def on_mount(self) -> None:
        ids = [one.id for one in self._choices]
        self.list.show(self._choices, ids.index(self._start) if self._start in ids else 0)
        self.field.focus()
        if self._more is not None:
            self._read_more(self._more)

    def on_unmount(self) -> None:
        self._gone.set()

    @work(thread=True, group="more", description="read more to pick from")
    def _read_more(self, more: Callable[[], Iterator[list[Choice]]]) -> None:
        waiting: list[Choice] = []
        shown = monotonic()
        for part in more():
            if self._gone.is_set():
                return
            waiting += part
            if monotonic() - shown > _PART_SECONDS:
                self.call_later(self._add, waiting)
                waiting, shown = [], monotonic()
        if waiting and not self._gone.is_set():
            self.call_later(self._add, waiting)

    def _add(self, choices: list[Choice]) -> None:
        """Below those that are there; the cursor stays on what it is on."""
        self._choices += choices
        if not self.is_attached:
            return
        here = self.list.shown[self.list.cursor].id if self.list.cursor < self.list.count() else None
        shown = fitting(self._choices, self.field.value)
        at = next((number for number, one in enumerate(shown) if one.id == here), 0) if self._chose else 0
        self.list.show(shown, at)

    @property
    def driven(self) -> LineList:
        return self.list

    def narrow(self, text: str) -> None:
        self._chose = False
        self.list.show(fitting(self._choices, text))
        self._moved()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self._take(self.list.cursor)

    def on_line_list_moved(self, event: LineList.Moved) -> None:
        event.stop()
        self._chose = True
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
