"""The panes of the workbench: side by side where there is room, else as tabs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from textual.screen import Screen
from textual.widget import Widget

from orch_tui.tui.workbench import look
from orch_tui.tui.workbench.widgets.pane_tabs import PaneTabs

TABS = (("tasks", "1 Tasks"), ("components", "2 Components"), ("sequence", "3 Sequence"))


class Panes:
    """``panes`` are by their name: the container, and what in it takes the focus first."""

    def __init__(self, screen: Screen[None], tabs: PaneTabs, panes: Mapping[str, tuple[Widget, Widget]]) -> None:
        self._screen = screen
        self._tabs = tabs
        self._panes = panes
        self._pane = next(iter(panes))

    def apply(self) -> None:
        """The screen may have another size."""
        narrow = self._screen.size.width < look.NARROW
        for pane, (container, _) in self._panes.items():
            # Not by a class: what is typed after the key must find the focus where it will be.
            container.display = not narrow or pane == self._pane
        self._tabs.show(self._pane)

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
        self._screen.set_class(shown, "-run")

    def keys_changed(self) -> None:
        """Other keys can do something now: the footer is made anew."""
        self._screen.refresh_bindings()

    def name(self, labels: Sequence[str]) -> None:
        """Give the tabs other words."""
        self._tabs.show(self._pane, labels)
