"""What of the application overrides private methods of Textual's: how frames leave, and what a fault does."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from textual.app import App, ScreenError
from textual.css.query import NoMatches
from textual.events import Event, Key
from textual.widget import MountError

from orch_tui.tui.textual_patches import (
    first_size,
    first_styles,
    frugal,
    light_strips,
    rule_lookup,
    sheets,
    titles,
    unstyled,
)
from orch_tui.tui.textual_patches.guard import has, is_version
from orch_tui.tui.textual_patches.keys_in_turn import KeysInTurn

if TYPE_CHECKING:
    from rich.console import RenderableType
    from textual.screen import Screen

    from orch_tui.tui.textual_patches.driver import ResilientDriver
    from orch_tui.tui.wire.textual_frames import Frames

_PARTS_GONE = (NoMatches, MountError, ScreenError)


class TerminalParts(NamedTuple):
    """``update`` is what Textual draws partial and whole frames with."""

    driver: type[ResilientDriver]
    frames: type[Frames]
    update: type[Any]


@cache
def terminal_parts() -> TerminalParts | None:
    """Our driver and frames; None where Textual is not the one that they were written for."""
    if not is_version():
        return None
    try:
        from textual._compositor import ChopsUpdate, CompositorUpdate, LayoutUpdate
        from textual._parser import Parser
        from textual.drivers._writer_thread import WriterThread
        from textual.drivers.linux_driver import LinuxDriver

        from orch_tui.tui.textual_patches.driver import ResilientDriver
        from orch_tui.tui.wire.textual_frames import Frames
    except ImportError:
        return None
    expected = (
        has(LinuxDriver, "run_input_thread", "self")
        and has(LinuxDriver, "_sigcont_application", "self", "_")
        and has(Parser, "feed", "self", "data")
        and has(Parser, "tick", "self")
        and has(WriterThread, "write", "self", "text")
        and has(ChopsUpdate, "__init__", "self", "chops", "spans", "chop_ends")
        and has(LayoutUpdate, "__init__", "self", "strips", "region")
        and has(App, "_display", "self", "screen", "renderable")
        and all(has(App, part) for part in ("_begin_update", "_end_update", "_background_screens"))
    )
    return TerminalParts(ResilientDriver, Frames, CompositorUpdate) if expected else None


class PatchedApp(App[int], inherit_bindings=False):
    """An application that survives its terminal, sends little to it, and shows nobody's local variables."""

    def __init__(self) -> None:
        parts = terminal_parts()
        super().__init__(driver_class=parts.driver if parts is not None else None)
        first_size.install()
        first_styles.install()
        frugal.install()
        light_strips.install()
        rule_lookup.install()
        titles.install()
        unstyled.install()
        sheets.install()
        sheets.keep_parsed(self.stylesheet)
        self.fault: BaseException | None = None
        self._frames: Frames | None = None
        self._keys = KeysInTurn(self, lambda worker: worker.group in self.asking_groups)

    async def on_event(self, event: Event) -> None:
        """A key is sent on when those before it have done what they do."""
        if not isinstance(event, Key):
            await super().on_event(event)
        elif event.is_forwarded or not self._keys.must_wait(event):
            came_back = event.is_forwarded
            await super().on_event(event)
            if came_back or not event.is_forwarded:
                self._keys.is_done(event)

    @property
    def terminal_driver(self) -> ResilientDriver | None:
        """Our driver of the terminal; None without one, or with another."""
        parts = terminal_parts()
        return self._driver if parts is not None and isinstance(self._driver, parts.driver) else None

    def _display(self, screen: Screen[Any], renderable: RenderableType | None) -> None:
        """Send what is different from what the terminal shows, instead of whole rows."""
        driver, parts = self.terminal_driver, terminal_parts()
        live = self._running and not (self._closed or self._batch_count or self.is_headless)
        if driver is None or parts is None or not live or not isinstance(renderable, parts.update):
            super()._display(screen, renderable)
            return
        if self._frames is None:
            from orch_tui.tui.wire.capabilities import of_terminal
            from orch_tui.tui.wire.wire import Wire

            self._frames = parts.frames(Wire(of_terminal()), driver)
        if driver.ready:
            self._frames.show(self, screen, renderable)
        self.post_display_hook()

    def _handle_exception(self, error: Exception) -> None:
        """Textual would print the values of local variables, which may be secrets."""
        if self._exit and isinstance(error, _PARTS_GONE):
            # Keys that were pressed last, and a screen that was just coming, find that its parts have gone already.
            self._close_messages_no_wait()
            return
        self._return_code = self.fault_code
        if self._exception is None:
            self._exception = error
            self._exception_event.set()
            self.fault = error
            self.keep_fault(error)
        self._close_messages_no_wait()

    def panic(self, *renderables: RenderableType) -> None:
        self._return_code = self.fault_code
        super().panic(*renderables)

    asking_groups: frozenset[str] = frozenset()
    """Groups of the workers in which a key goes on that asks something or opens another screen."""
    fault_code = 70
    """The exit code of the process after a fault."""

    def keep_fault(self, error: Exception) -> None:
        """Write the report of a fault."""
