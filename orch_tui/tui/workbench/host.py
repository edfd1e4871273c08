"""What the controllers of the workbench need: the services of a screen, and the cursor of the tree."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

if TYPE_CHECKING:
    from textual.message import Message
    from textual.screen import Screen
    from textual.timer import Timer

    from orch_tui.model.components.fault import Fault
    from orch_tui.tui.application import Application, SayAs
    from orch_tui.tui.workbench.model import Item

T = TypeVar("T")


class Says(Protocol):
    """Speaks to the person."""

    def say(self, text: str, severity: SayAs = "information", seconds: float = 6.0) -> None:
        """Show a sentence in the corner for a while."""

    def key_of(self, action_id: str) -> str:
        """The first key of an action, as people write it."""


class Asks(Says, Protocol):
    """Shows dialogs."""

    async def push(self, dialog: Screen[T], take: Callable[[T | None], None] | None = None) -> None:
        """Show a dialog; ``take`` gets its answer. What is typed right after the key goes into it."""

    async def ask(self, dialog: Screen[T]) -> T | None:
        """Show a dialog and wait for its answer, in the background."""

    def show_screen(self, screen: Screen[T], take: Callable[[T | None], None] | None = None) -> None:
        """Put another screen on top; ``take`` gets its answer."""

    def in_background(self, work: Callable[[], Coroutine[Any, Any, None]], group: str, description: str) -> None:
        """Let something go on; what went on in the same group is broken off."""

    def stop_background(self, group: str) -> None:
        """Break off what goes on in the group."""


class Times(Protocol):
    """Does things later."""

    def set_timer(self, delay: float, callback: Callable[[], None]) -> Timer:
        """Once, after so many seconds."""

    def set_interval(self, interval: float, callback: Callable[[], None]) -> Timer:
        """Again and again, so many seconds apart."""

    def call_later(self, callback: Callable[..., object], *arguments: Any) -> bool:
        """When what is going on is done."""

    def on_its_thread(self, callback: Callable[..., object], *arguments: Any) -> None:
        """At once on the thread of the screen, later from another one."""


class Posts(Protocol):
    """Takes messages, in their order."""

    def post_message(self, message: Message) -> bool:
        """Handle the message later; from any thread."""


class Opens(Protocol):
    """Goes elsewhere in the program, or out of it."""

    @property
    def orch_app(self) -> Application:
        """The program."""

    def edit_file(self, path: Path) -> bool:
        """Open a file in the person's editor and wait."""

    def open_configuration(self, ref: str, fault: Fault | None = None) -> None:
        """Show the form of a configuration, at what made a task fail."""

    def new_configuration(self, component_id: str) -> None:
        """Show the form of a configuration to be made."""

    def open_run(self, orchestration_id: str, directory: Path) -> None:
        """Show a run in the workbench of its orchestration."""


class Rows(Protocol):
    """The cursor of the tree."""

    cursor: int

    @property
    def item(self) -> Item | None:
        """What the cursor is on; of a part its array."""

    @property
    def items(self) -> list[Item]:
        """All that the cursor can be on."""

    def go(self, index: int, *, step: int = 1) -> None:
        """Put the cursor on a row."""

    def go_to(self, item_id: str) -> bool:
        """Put the cursor on a task or phase; False when it is not there."""
