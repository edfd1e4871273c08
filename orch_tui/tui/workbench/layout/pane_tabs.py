"""The tabs of a narrow workbench: one line, one word for each pane."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from textual import events
from textual.content import Content
from textual.message import Message
from textual.widget import Widget


class PaneTabs(Widget):
    """``tabs`` are (id, label); the active one is drawn as such."""

    @dataclass
    class Picked(Message):
        """A click on a tab."""

        pane: str

    def __init__(self, tabs: Sequence[tuple[str, str]], *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._tabs = list(tabs)
        self._active = tabs[0][0]

    def show(self, active: str, labels: Sequence[str] | None = None) -> None:
        """Make a tab the active one, and give the tabs other labels."""
        tabs = [(tab, label) for (tab, _), label in zip(self._tabs, labels, strict=True)] if labels else self._tabs
        if (active, tabs) != (self._active, self._tabs):
            self._active, self._tabs = active, tabs
            self.refresh()

    def render(self) -> Content:
        return Content("").join(
            [
                Content.styled(f" {label} ", "bold $text-primary reverse" if tab == self._active else "$text-muted")
                for tab, label in self._tabs
            ]
        )

    def on_click(self, event: events.Click) -> None:
        event.stop()
        end = 0
        for tab, label in self._tabs:
            end += len(label) + 2
            if event.x < end:
                self.post_message(self.Picked(tab))
                return
