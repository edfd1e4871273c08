"""The lines at the top and at the bottom of every screen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from rich.cells import cell_len
from textual import events
from textual.content import Content
from textual.screen import Screen
from textual.widget import Widget

from orch_tui.tui.keymap import show_key

_HELP, _BACK = "app.help", "escape"
_KEY, _LABEL, _OFF = "bold $footer-key-foreground", "$footer-description-foreground", "$text-disabled"


class TitleBar(Widget):
    """What is open on the left, numbers on the right; the left side is cut when there is no room."""

    DEFAULT_CSS = "TitleBar { dock: top; height: 1; }"

    def __init__(self, left: Content | None = None, right: Content | None = None, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._left = left or Content("")
        self._right = right or Content("")

    def show(self, left: Content, right: Content) -> None:
        """Both sides; nothing is painted when they are what they were."""
        if (left, right) != (self._left, self._right):
            self._left, self._right = left, right
            self.refresh()

    def render(self) -> Content:
        room = self.size.width - 2
        left = self._left.truncate(max(0, room), ellipsis=True)
        gap = room - left.cell_length - self._right.cell_length
        if gap < 2:
            return Content.assemble(" ", left)
        return Content.assemble(" ", left, " " * gap, self._right)


class _Key(NamedTuple):
    id: str
    key: str
    shown: str
    label: str
    enabled: bool


class KeyBar(Widget):
    """The keys that matter here, one widget for all of them: a focus change that alters no key paints nothing.

    Takes the live bindings of its screen that have ``show`` set; a click presses the key.
    """

    DEFAULT_CSS = "KeyBar { dock: bottom; height: 1; }"
    ALLOW_SELECT = False

    def __init__(self, *, first: Sequence[str] = (), id: str | None = None) -> None:
        """``first``: ids of the actions that matter most, in their order; the others follow as far as there is room."""
        super().__init__(id=id)
        self._rank = {action: number for number, action in enumerate(first)}
        self._keys: list[_Key] = []
        self._places: list[tuple[int, int, str]] = []

    def on_mount(self) -> None:
        self.screen.bindings_updated_signal.subscribe(self, self._changed)
        self._changed(self.screen)

    def _changed(self, screen: Screen[object]) -> None:
        if not self.is_attached:
            return
        found: dict[str, _Key] = {}
        for key, (_, binding, enabled, _) in screen.active_bindings.items():
            name = binding.id or binding.action
            if binding.show and name not in found:
                found[name] = _Key(name, key, show_key(key), binding.description, enabled)
        keys = sorted(found.values(), key=lambda one: (one.id == _HELP, self._rank.get(one.id, len(self._rank))))
        if keys != self._keys:
            self._keys = keys
            self.refresh()

    def render(self) -> Content:
        shown, room = [*self._keys], self.size.width - 1
        # The help has all the others, and nobody should have to look for the way back.
        going = [one for one in shown if one.id != _HELP and one.key != _BACK]
        while going and sum(map(_cells, shown)) > room:
            shown.remove(going.pop())
        parts: list[Content | tuple[str, str]] = [Content(" ")]
        self._places, at = [], 1
        for one in shown:
            parts.append((one.shown, _KEY if one.enabled else _OFF))
            parts.append((f" {one.label}  ", _LABEL if one.enabled else _OFF))
            self._places.append((at, at + _cells(one) - 2, one.key))
            at += _cells(one)
        return Content.assemble(*parts)

    def on_click(self, event: events.Click) -> None:
        event.stop()
        for start, end, key in self._places:
            if start <= event.x < end:
                self.app.simulate_key(key)


def _cells(one: _Key) -> int:
    return cell_len(one.shown) + cell_len(one.label) + 3
