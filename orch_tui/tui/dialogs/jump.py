"""Jumping: a letter beside everything that can have the focus, and the focus goes where its letter is pressed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import product

from textual import events
from textual.app import ComposeResult
from textual.content import Content
from textual.geometry import Offset, Size
from textual.screen import ModalScreen, Screen
from textual.widget import Widget
from textual.widgets import Static

from orch_tui.tui.actions import app as actions
from orch_tui.tui.actions import bindings
from orch_tui.tui.dialogs.base import FullScreen

_LETTERS = "asdfghjklqwertyuiopzxcvbnm"
"""Those below the fingers first. None of them is Escape, so that it stays the way out."""


def labels(count: int) -> list[str]:
    """So many different ones, none the beginning of another: letters, or pairs of letters where these are too few."""
    if count <= len(_LETTERS):
        return list(_LETTERS[:count])
    return ["".join(pair) for pair in product(_LETTERS, repeat=2)][:count]


def targets(screen: Screen[object]) -> list[Widget]:
    """What can have the focus and is in view, from the top of the screen to its bottom."""
    shown = [widget for widget in screen.focus_chain if widget.is_on_screen and widget.visible and widget.region.area]
    return sorted(shown, key=lambda widget: (widget.region.y, widget.region.x))


class JumpScreen(ModalScreen[Widget | None], FullScreen[Widget | None]):
    """Dismissed with the widget whose label was pressed; any other key leaves all as it was."""

    BINDINGS = bindings(actions.ACTIONS, "dialog")
    DEFAULT_CSS = """
    JumpScreen {
        & .label {
            position: absolute;
            width: auto;
            height: 1;
            background: $warning;
            color: $background;
            text-style: bold;
        }
    }
    """

    def __init__(self, found: Sequence[Widget]) -> None:
        super().__init__()
        self._targets = dict(zip(labels(len(found)), found, strict=True))
        self._typed = ""
        self._drawn_for = Size()

    def compose(self) -> ComposeResult:
        self._drawn_for = self.app.size
        for label, place in _places(self._targets.items()):
            shown = Static(Content(f" {label.upper()} "), classes="label")
            shown.styles.offset = (place.x, place.y)
            yield shown

    def on_key(self, event: events.Key) -> None:
        event.stop()
        self._typed += (event.character or "").lower() or "\0"
        if (widget := self._targets.get(self._typed)) is not None:
            self.dismiss(widget)
        elif not any(label.startswith(self._typed) for label in self._targets):
            self.dismiss(None)

    def on_click(self, event: events.Click) -> None:
        event.stop()
        self.dismiss(None)

    def on_resize(self, event: events.Resize) -> None:
        if event.size != self._drawn_for:
            # Everything is elsewhere now.
            self.dismiss(None)

    def action_cancel(self) -> None:
        """Leave the focus where it was."""
        self.dismiss(None)


def _places(found: Iterable[tuple[str, Widget]]) -> list[tuple[str, Offset]]:
    """Each label at the upper left of its widget, one below the other where two would stand in one place."""
    taken: set[tuple[int, int]] = set()
    placed = []
    for label, widget in found:
        x, y = widget.region.offset
        while (x, y) in taken:
            y += 1
        taken.add((x, y))
        placed.append((label, Offset(x, y)))
    return placed
