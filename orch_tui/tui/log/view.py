"""A log on screen: follows a file of any size, and paints only what has changed, as often as a slow line can take."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import ClassVar

from textual import events, on
from textual.binding import BindingType
from textual.message import Message
from textual.reactive import reactive
from textual.strip import Strip
from textual.widget import Widget

from orch_tui.runs.log.search import ERRORS
from orch_tui.tui.actions import bindings, handed_on
from orch_tui.tui.actions import log as actions
from orch_tui.tui.log.motions import MOTIONS
from orch_tui.tui.log.mouse import Mouse
from orch_tui.tui.log.paint import Allowance
from orch_tui.tui.log.picture import STYLES, LogPicture
from orch_tui.tui.log.selection import TooMuch
from orch_tui.tui.log.state import LogState

_TICK = 0.1
_QUIET_TICKS = 3
# What a flood may send to the terminal, in bytes a second, and how much a burst may, to be seen at once.
_RATE, _BURST = 3_000, 8_000
_TITLE_BYTES = 400


class LogView(Widget, can_focus=True):
    """``show`` another path at any time; ``follow`` is True while the end is shown as the log grows.

    The last row says what the view does; the column at the right is a scroll bar over the bytes of the file.
    """

    # In the order of the list, which is that of the footer.
    BINDINGS: ClassVar[list[BindingType]] = [
        binding
        for action in actions.LOG
        for binding in (handed_on([action]) if action.id in MOTIONS else bindings([action]))
    ]
    BINDING_GROUP_TITLE = "Log"
    HELP = "The log of one attempt of a task, as a terminal would have shown it."
    COMPONENT_CLASSES: ClassVar[set[str]] = {f"log-view--{name}" for name in STYLES}
    DEFAULT_CSS = """
    LogView {
        & > .log-view--cursor { background: $block-cursor-blurred-background; }
        & > .log-view--match { color: $background; background: $warning; }
        & > .log-view--match-here { color: $background; background: $warning; text-style: bold underline; }
        & > .log-view--selection { color: $block-cursor-foreground; background: $block-cursor-background; }
        & > .log-view--note { color: $text-muted; }
        & > .log-view--thumb { background: $scrollbar; }
        & > .log-view--track { background: $scrollbar-background; }
        & > .log-view--status { color: $text-muted; background: $panel; }
        & > .log-view--state { color: $text-success; }
        & > .log-view--error { color: $text-error; }
        & > .log-view--warning { color: $text-warning; text-style: bold; }
        &:ansi > .log-view--cursor { text-style: underline; }
        &:ansi > .log-view--match { color: ansi_yellow; background: ansi_default; text-style: reverse; }
        &:ansi > .log-view--match-here { color: ansi_yellow; background: ansi_default; text-style: bold reverse; }
        &:ansi > .log-view--selection { text-style: reverse; }
        &:ansi > .log-view--thumb { color: $scrollbar; background: ansi_default; text-style: reverse; }
    }
    """
    ALLOW_SELECT = False

    follow: reactive[bool] = reactive(True, init=False, repaint=False)

    @dataclass
    class Changed(Message):
        """Something else is shown: another place, another size."""

        view: LogView

        @property
        def control(self) -> LogView:
            return self.view

        def can_replace(self, message: Message) -> bool:
            return isinstance(message, LogView.Changed)

    @dataclass
    class CopyAsked(Message):
        """The person wants this text on the clipboard; the application does it."""

        view: LogView
        text: str

        @property
        def control(self) -> LogView:
            return self.view

    @dataclass
    class _Found(Message):
        offset: int | None
        around: bool

    def __init__(
        self,
        path: Path | None = None,
        *,
        position: bool = True,
        ended: bool = False,
        id: str | None = None,
        classes: str | None = None,
    ) -> None:
        """``position``: whether the last row has it too; else it is for whoever listens to :class:`Changed`.

        ``ended``: nobody writes into the log any more.
        """
        super().__init__(id=id, classes=classes)
        self.path = path
        self.state = LogState(lambda offset, around: self.post_message(self._Found(offset, around)))
        self.state.ended = ended
        self._picture = LogPicture(self, self.state, position=position)
        self._mouse = Mouse(self.state)
        self._position = position
        self._place = ""
        self._allowance = Allowance(_RATE, _BURST)
        self._pending = False
        self._quiet = 0
        self._progress: tuple[object, ...] = ()

    # --- life ---

    def on_mount(self) -> None:
        self.state.open(self.path)
        self.set_interval(_TICK, self._tick)

    def on_unmount(self) -> None:
        self.state.close()

    def show(self, path: Path | None, *, ended: bool = False) -> None:
        """Another log, from its end; None for none. ``ended``: nobody writes into it any more."""
        told, self.state.ended = self.state.ended, ended
        if path == self.path and self.state.log is not None:
            if told != ended:
                # The last row says so.
                self.update()
            return
        self.path = path
        if self.is_mounted:
            self.state.view.follow = True
            self.state.open(path)
            self.update()

    def search(self, text: str) -> None:
        """Mark and count the lines with the text, and go to the nearest one upwards; "" ends that."""
        try:
            self.state.search(text)
        except ValueError as error:
            self.state.note = str(error)
        self.update()

    def show_match(self, text: str, offset: int) -> None:
        """As :meth:`search`, but at the line that begins at ``offset``, which has it."""
        self.state.search_at(text, offset)
        self.update()

    @property
    def selected_text(self) -> str:
        """For whoever copies what is selected in the widget with the focus."""
        try:
            return self.state.copied() if self.state.selection is not None else ""
        except (TooMuch, OSError):
            return ""

    def _tick(self) -> None:
        if not self.screen.is_current:
            return
        # A log that is quiet is looked at less often.
        self._quiet += 1
        if self._quiet > 20 and self._quiet % _QUIET_TICKS and not self._pending and not self.state.looking:
            return
        if self.state.poll():
            self._quiet = 0
            self._pending = True
            if self.state.view.follow:
                self.state.note = ""
        # Counts go on in the background while nothing grows.
        progress = self.state.progress
        if (self._pending or progress != self._progress) and self._allowance.ready(monotonic()):
            self.state.view.settle()
            self._pending, self._progress = False, progress
            self._allowance.spend(self._paint())

    def update(self) -> None:
        """After something that a person did: at once, whatever it costs."""
        self.state.stretch()
        if self.follow and not self.state.view.follow:
            self.state.hold()
        self.follow = self.state.view.follow
        self._paint()

    def watch_follow(self, follow: bool) -> None:
        """Set from outside, or after the view has told so itself."""
        if follow == self.state.view.follow:
            return
        if follow:
            self.state.view.to_end()
        else:
            self.state.view.follow = False
            self.state.hold()
        self.update()

    # --- drawing ---

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._picture.forget_styles()
        self._paint()

    def on_resize(self) -> None:
        self.state.view.resize(self.size.width - 1, self.size.height - 1)
        self._picture.forget()
        self._paint()

    def render_line(self, y: int) -> Strip:
        return self._picture.strip(y)

    def _paint(self) -> int:
        """Have those cells painted that are others now; about how many bytes that is."""
        if not self.size or not self.is_mounted:
            return 0
        spent = self._picture.paint()
        place = self.state.position
        if spent or place != self._place:
            self._place = place
            self.post_message(self.Changed(self))
            spent += 0 if self._position else _TITLE_BYTES
        return spent

    # --- the mouse ---

    @on(events.MouseScrollDown)
    @on(events.MouseScrollUp)
    @on(events.MouseScrollRight)
    @on(events.MouseScrollLeft)
    def _wheel(self, event: events.MouseEvent) -> None:
        event.stop()
        sideways = event.shift or isinstance(event, events.MouseScrollRight | events.MouseScrollLeft)
        back = isinstance(event, events.MouseScrollUp | events.MouseScrollLeft)
        self._mouse.wheel(sideways=sideways, by=-1 if back else 1)
        self.update()

    def on_mouse_down(self, event: events.MouseDown) -> None:
        event.stop()
        if event.button == 1 and self._mouse.press(event.get_content_offset_capture(self)):
            self.capture_mouse()
            self.update()

    def on_mouse_move(self, event: events.MouseMove) -> None:
        if self.app.mouse_captured is self:
            event.stop()
            if self._mouse.drag(event.get_content_offset_capture(self)):
                self.update()

    def on_mouse_up(self, event: events.MouseUp) -> None:
        if self.app.mouse_captured is self:
            event.stop()
            self.release_mouse()
            if self._mouse.release():
                self.update()

    # --- moving about ---

    def action_do(self, action_id: str) -> None:
        """Move about, by one of :data:`MOTIONS`."""
        MOTIONS[action_id](self.state)
        self.update()

    def action_follow(self) -> None:
        self.follow = not self.follow

    # --- finding ---

    async def action_search(self) -> None:
        """Ask for what to search; what is typed right after the key goes into it."""
        from orch_tui.tui.log.search_line import LogSearch

        text = self.state.pattern.text if self.state.pattern is not None and self.state.pattern is not ERRORS else ""

        def typed(wanted: str | None) -> None:
            if wanted is not None:
                self.search(wanted)

        await self.app.push_screen(LogSearch(text), typed)

    async def action_next_match(self) -> None:
        await self._jump(forward=True)

    async def action_previous_match(self) -> None:
        await self._jump(forward=False)

    async def _jump(self, *, forward: bool) -> None:
        if self.state.jump(forward=forward):
            self.update()
        else:
            await self.action_search()

    def on_log_view__found(self, event: _Found) -> None:
        event.stop()
        self.state.arrive(event.offset, event.around)
        self.update()

    # --- selecting ---

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "do" and parameters == ("log.clear",):
            return self.state.selection is not None or self.state.pattern is not None
        return True

    def action_copy(self) -> None:
        try:
            text = self.state.copied()
        except TooMuch as error:
            self.state.note = str(error)
        except OSError as error:
            self.state.note = f"it cannot be read: {error.strerror or error}"
        else:
            self.state.selection = None
            self.post_message(self.CopyAsked(self, text))
        self.update()
