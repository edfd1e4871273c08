"""A screen's services for its controllers: the person, the background, other places of the program."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from pathlib import Path
from threading import get_ident
from typing import TYPE_CHECKING, Any, TypeVar, cast

from textual.message import Message
from textual.screen import Screen
from textual.timer import Timer
from textual.widgets import Input

from orch_tui.tui.actions import BY_ID
from orch_tui.tui.background import in_background
from orch_tui.tui.dialogs.prompt import Prompt
from orch_tui.tui.keymap import keys_of

if TYPE_CHECKING:
    from orch_tui.model.components.fault import Fault
    from orch_tui.tui.application import Application, SayAs

T = TypeVar("T")


class ScreenServices:
    """All protocols of :mod:`orch_tui.tui.workbench.host` but the cursor, by Textual."""

    def __init__(self, screen: Screen[None]) -> None:
        self._screen = screen
        self._thread = get_ident()

    @property
    def orch_app(self) -> Application:
        return cast("Application", self._screen.app)

    def say(self, text: str, severity: SayAs = "information", seconds: float = 6.0) -> None:
        self.orch_app.say(text, severity, seconds)

    def key_of(self, action_id: str) -> str:
        return self.orch_app.key_of(action_id)

    def keys_of(self, action_id: str) -> tuple[str, ...]:
        """All keys of an action, by Textual's names."""
        return keys_of(BY_ID[action_id], self.orch_app.config.keys)

    async def push(self, dialog: Screen[T], take: Callable[[T | None], None] | None = None) -> None:
        await self.orch_app.push_screen(dialog, take)
        if isinstance(dialog, Prompt):
            dialog.set_focus(dialog.query_one(Input))

    async def ask(self, dialog: Screen[T]) -> T | None:
        return await self.orch_app.push_screen_wait(dialog)

    def show_screen(self, screen: Screen[T], take: Callable[[T | None], None] | None = None) -> None:
        self.orch_app.push_screen(screen, take)

    def in_background(self, work: Callable[[], Coroutine[Any, Any, None]], group: str, description: str) -> None:
        in_background(self._screen, work, group, description, exclusive=True)

    def stop_background(self, group: str) -> None:
        self._screen.workers.cancel_group(self._screen, group)

    def set_timer(self, delay: float, callback: Callable[[], None]) -> Timer:
        return self._screen.set_timer(delay, callback)

    def set_interval(self, interval: float, callback: Callable[[], None]) -> Timer:
        return self._screen.set_interval(interval, callback)

    def call_later(self, callback: Callable[..., object], *arguments: Any) -> bool:
        return self._screen.call_later(callback, *arguments)

    def on_its_thread(self, callback: Callable[..., object], *arguments: Any) -> None:
        if get_ident() == self._thread:
            callback(*arguments)
        else:
            self.call_later(callback, *arguments)

    def post_message(self, message: Message) -> bool:
        return self._screen.post_message(message)

    def edit_file(self, path: Path) -> bool:
        return self.orch_app.edit_file(path)

    def open_configuration(self, ref: str, fault: Fault | None = None) -> None:
        self.orch_app.open_configuration(ref, fault)

    def new_configuration(self, component_id: str) -> None:
        from orch_tui.tui.configuration.new_configuration import NewConfigurationScreen

        self.show_screen(NewConfigurationScreen(component_id))

    def close(self) -> None:
        """Leave the screen."""
        self._screen.dismiss(None)

    def open_run(self, orchestration_id: str, directory: Path) -> None:
        self.orch_app.open_run(orchestration_id, directory)
