"""A log on screen: follows a file of any size, and paints only what has changed, as often as a slow line can take."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import ClassVar

from rich.style import Style
from textual.message import Message
from textual.reactive import reactive
from textual.strip import Strip

from orch_tui.tui.actions import bindings
from orch_tui.tui.actions import log as actions
from orch_tui.tui.log.draw import draw
from orch_tui.tui.log.mouse import MouseView
from orch_tui.tui.log.paint import Allowance, changed, cost
from orch_tui.tui.log.search import ERRORS
from orch_tui.tui.log.selection import TooMuch
from orch_tui.tui.log.state import LogState

_TICK = 0.1
_QUIET_TICKS = 3
# What a flood may send to the terminal, in bytes a second, and how much a burst may, to be seen at once.
_RATE, _BURST = 3_000, 8_000
_TITLE_BYTES = 400
_SIDE_CELLS = 8
_STYLES = ("cursor", "match", "match-here", "selection", "note", "thumb", "track", "status", "state", "warning")


class LogView(MouseView, can_focus=True):
    """``show`` another path at any time; ``follow`` is True while the end is shown as the log grows.

    The last row says what the view does; the column at the right is a scroll bar over the bytes of the file.
    """

    BINDINGS = bindings(actions.LOG)
    BINDING_GROUP_TITLE = "Log"
    HELP = "The log of one attempt of a task, as a terminal would have shown it."
    COMPONENT_CLASSES: ClassVar[set[str]] = {f"log-view--{name}" for name in _STYLES}
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
        id: str | None = None,
        classes: str | None = None,
    ) -> None:
        """``position``: whether the last row has it too; else it is for whoever listens to :class:`Changed`."""
        super().__init__(id=id, classes=classes)
        self.path = path
        self.state = LogState(self._tell)
        self._position = position
        self._drawn: list[Strip] = []
        self._place = ""
        self._styles: dict[str, Style] = {}
        self._allowance = Allowance(_RATE, _BURST)
        self._pending = False
        self._quiet = 0
        self._progress: tuple[object, ...] = ()

    def _tell(self, offset: int | None, around: bool) -> None:
        self.post_message(self._Found(offset, around))

    # --- life ---

    def on_mount(self) -> None:
        self.state.open(self.path)
        self.set_interval(_TICK, self._tick)

    def on_unmount(self) -> None:
        self.state.close()

    def show(self, path: Path | None) -> None:
        """Another log, from its end; None for none."""
        if path == self.path and self.state.log is not None:
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
        self._styles.clear()
        super().notify_style_update()
        if self._drawn:
            self._drawn = []
            self._paint()

    def on_resize(self) -> None:
        self.state.view.resize(self.size.width - 1, self.size.height - 1)
        self._drawn = []
        self._paint()

    def render_line(self, y: int) -> Strip:
        return self._drawn[y] if y < len(self._drawn) else Strip.blank(self.size.width, self.rich_style)

    def _paint(self) -> int:
        """Draw all rows, have those cells painted that are others now; about how many bytes that is."""
        if not self.size or not self.is_mounted:
            return 0
        drawn = draw(self.state, self.size, self.rich_style, self._style, position=self._position)
        old, self._drawn = self._drawn, drawn
        spent = 0
        if len(old) != len(drawn):
            self.refresh()
            spent = self.size.width * self.size.height
        else:
            pairs = enumerate(zip(old, drawn, strict=True))
            regions = [region for y, (one, other) in pairs if (region := changed(one, other, y)) is not None]
            if regions:
                self.refresh(*regions)
                spent = sum(cost(drawn[region.y], region) for region in regions)
        place = self.state.position
        if spent or place != self._place:
            self._place = place
            self.post_message(self.Changed(self))
            spent += 0 if self._position else _TITLE_BYTES
        return spent

    def _style(self, name: str) -> Style:
        if name not in self._styles:
            full = name in ("thumb", "track", "status")
            self._styles[name] = self.get_component_rich_style(f"log-view--{name}", partial=not full)
        return self._styles[name]

    # --- moving about ---

    def action_down(self) -> None:
        self.state.view.move(1)
        self.update()

    def action_up(self) -> None:
        self.state.view.move(-1)
        self.update()

    def _page(self, rows: int) -> None:
        self.state.view.scroll(rows)
        self.update()

    def action_page_down(self) -> None:
        self._page(self.state.view.height - 1)

    def action_page_up(self) -> None:
        self._page(1 - self.state.view.height)

    def action_half_down(self) -> None:
        self._page(max(1, self.state.view.height // 2))

    def action_half_up(self) -> None:
        self._page(-max(1, self.state.view.height // 2))

    def action_start(self) -> None:
        self.state.view.to_start()
        self.update()

    def action_end(self) -> None:
        self.state.view.to_end()
        self.update()

    def action_follow(self) -> None:
        self.follow = not self.follow

    def _sideways(self, cells: int) -> None:
        self.state.view.shift(cells)
        self.update()

    def action_left(self) -> None:
        self._sideways(-_SIDE_CELLS)

    def action_right(self) -> None:
        self._sideways(_SIDE_CELLS)

    def action_line_start(self) -> None:
        self._sideways(-(1 << 30))

    def action_wrap(self) -> None:
        self.state.view.set_wrap(not self.state.view.wrap)
        self.update()

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

    def action_next_error(self) -> None:
        self.state.jump_to_error(forward=True)
        self.update()

    def action_previous_error(self) -> None:
        self.state.jump_to_error(forward=False)
        self.update()

    def on_log_view__found(self, event: _Found) -> None:
        event.stop()
        self.state.arrive(event.offset, event.around)
        self.update()

    # --- selecting ---

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "clear":
            return self.state.selection is not None or self.state.pattern is not None
        return True

    def action_clear(self) -> None:
        if self.state.selection is not None:
            self.state.selection = None
        else:
            self.state.end_search()
        self.update()

    def action_select(self) -> None:
        self.state.toggle_lines()
        self.update()

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
