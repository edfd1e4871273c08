"""What the parts that own editing, saving, drafts, files and tests ask of the screen they work for."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from textual.message import Message
    from textual.timer import Timer
    from textual.worker import Worker

    from orch_tui.model.configuration import Configuration
    from orch_tui.tui.app import OrchApp


class Page(Protocol):
    """The panes around the form."""

    @property
    def app(self) -> OrchApp: ...

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


class Background(Protocol):
    """What goes on beside the keys: later, or as a worker of the screen."""

    @property
    def is_attached(self) -> bool: ...

    def set_timer(self, delay: float, callback: Callable[[], Any]) -> Timer: ...

    def set_interval(self, interval: float, callback: Callable[[], Any]) -> Timer: ...

    def post_message(self, message: Message) -> bool: ...

    def in_background(self, work: Coroutine[Any, Any, Any], group: str, description: str) -> Worker[Any]: ...

    def in_thread(self, work: Callable[[], Any], group: str, description: str) -> Worker[Any]: ...
