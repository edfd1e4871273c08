"""The panes of the workbench: side by side where there is room, else as tabs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import IntEnum

from textual.screen import Screen
from textual.widget import Widget

from orch_tui.tui.workbench import look
from orch_tui.tui.workbench.widgets.pane_tabs import PaneTabs

TABS = (("tasks", "1 Tasks"), ("components", "2 Components"), ("sequence", "3 Sequence"))


class Room(IntEnum):
    """How much of the screen the pane with the focus has."""

    SHARED = 0
    HALF = 1
    ALL = 2


class Panes:
    """``panes`` are by their name: the container, and what in it takes the focus first.

    While a run is shown, the components leave their columns to it until they get the focus.
    """

    def __init__(self, screen: Screen[None], tabs: PaneTabs, panes: Mapping[str, tuple[Widget, Widget]]) -> None:
        self._screen = screen
        self._tabs = tabs
        self._panes = panes
        self._pane = next(iter(panes))
        self._room = Room.SHARED
        self._with_run = False

    def apply(self) -> None:
        """The screen may have another size."""
        half = self._room is Room.HALF and not self._narrow
        for pane, (container, _) in self._panes.items():
            # Not by a class: what is typed after the key must find the focus where it will be.
            container.display = pane == self._pane or self._is_beside(pane)
            container.set_class(half and pane == self._pane, "-half")
        self._screen.set_class(self._room is not Room.SHARED, "-enlarged")
        self._tabs.show(self._pane)

    @property
    def _narrow(self) -> bool:
        return self._screen.size.width < look.NARROW

    def _is_beside(self, pane: str) -> bool:
        """Whether a pane without the focus is in view."""
        if self._narrow or self._room is Room.ALL:
            return False
        return not (self._with_run and pane == "components")

    def resize(self, step: int) -> bool:
        """Give the pane with the focus more or less of the screen; False when there is no more, or no less."""
        room = min(max(self._room + step, Room.SHARED), Room.ALL)
        if room == self._room:
            return False
        self._room = Room(room)
        self.apply()
        return True

    def show(self, pane: str) -> None:
        """Bring a pane into view."""
        if pane != self._pane:
            self._pane = pane
            self.apply()

    def go_to(self, pane: str, widget: Widget | None = None) -> None:
        """Bring a pane into view and give it, or a widget in it, the focus."""
        self.show(pane)
        self._screen.set_focus(widget or self._panes[pane][1])

    def follow_focus(self, widget: Widget) -> None:
        """A widget got the focus: its pane is in view."""
        for pane, (container, _) in self._panes.items():
            if container in widget.ancestors_with_self:
                self.show(pane)

    @property
    def width(self) -> int:
        """Columns of the screen."""
        return self._screen.size.width

    @property
    def focused(self) -> Widget | None:
        """What has the focus."""
        return self._screen.focused

    def show_run(self, shown: bool) -> None:
        """A run takes the place of sequence and problems, or leaves it to them."""
        self._with_run = shown
        self._screen.set_class(shown, "-run")
        self.apply()

    def keys_changed(self) -> None:
        """Other keys can do something now: the footer is made anew."""
        self._screen.refresh_bindings()

    def name(self, labels: Sequence[str]) -> None:
        """Give the tabs other words."""
        self._tabs.show(self._pane, labels)
