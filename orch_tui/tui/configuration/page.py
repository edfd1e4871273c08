"""What the parts that own editing, saving, drafts, files and tests ask of the screen they work for."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, Protocol

from textual.message import Message

from orch_tui.tui.background import in_background

if TYPE_CHECKING:
    from textual.screen import Screen
    from textual.timer import Timer

    from orch_tui.model.components.configuration import Configuration
    from orch_tui.tui.application import Application


class Page(Protocol):
    """The panes around the form."""

    @property
    def app(self) -> Application: ...

    def show_title(self) -> None:
        """The name, and whether everything is saved, have changed."""

    def show_facts(self, configuration: Configuration) -> None:
        """What stands beside the form, for what would be saved now."""

    def notice(self, text: str) -> None:
        """Sentences above the form until the next ones; empty to take them away."""

    async def rebuild(self) -> None:
        """Show what was read from the file."""

    def leave(self, ref: str | None) -> None:
        """Close, with the configuration's reference where it has a file."""


class Came(Message):
    """Something came out of a thread; ``take`` hands it to the part that waits for it."""

    def __init__(self, take: Callable[[], Any]) -> None:
        super().__init__()
        self.take = take


class Background:
    """What goes on beside the keys: later, in a worker of the screen, or in a thread."""

    def __init__(self, screen: Screen[Any]) -> None:
        self._screen = screen

    def later(self, seconds: float, act: Callable[[], Any]) -> Timer:
        """Do it once."""
        return self._screen.set_timer(seconds, act)

    def each(self, seconds: float, act: Callable[[], Any]) -> Timer:
        """Do it again and again."""
        return self._screen.set_interval(seconds, act)

    def tell(self, take: Callable[[], Any]) -> None:
        """Let the screen take in what came out of a thread, unless it is gone by now: then nobody wants it."""
        if self._screen.is_attached:
            self._screen.post_message(Came(take))

    def worker(self, work: Callable[[], Coroutine[Any, Any, Any]], group: str, description: str) -> None:
        """Do it as a worker of the screen: it may wait for answers."""
        in_background(self._screen, work, group, description)

    def thread(self, work: Callable[[], Any], group: str, description: str) -> None:
        """Do it in a thread."""
        self._screen.run_worker(work, group=group, description=description, thread=True, exit_on_error=False)
