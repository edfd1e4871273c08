"""Textual's frames by way of a :class:`Wire`: what Textual wants drawn becomes cells, and the wire says what to send.

Textual 8.2 sends every row of a region that was refreshed, whole; one cell that changed costs hundreds of bytes.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Protocol

from rich.color import ColorSystem
from rich.console import COLOR_SYSTEMS
from rich.style import Style
from textual._compositor import ChopsUpdate, CompositorUpdate, LayoutUpdate
from textual._context import visible_screen_stack
from textual.strip import Strip

from orch_tui.tui.wire.palette import fitting
from orch_tui.tui.wire.pen import DEFAULT, Pen
from orch_tui.tui.wire.picture import Row, cells
from orch_tui.tui.wire.wire import Wire

if TYPE_CHECKING:
    from textual.app import App
    from textual.geometry import Offset
    from textual.screen import Screen

_ATTRIBUTES = (
    "bold", "dim", "italic", "underline", "blink", "blink2", "reverse", "conceal", "strike", "underline2", "frame",
    "encircle", "overline",
)  # fmt: skip
_KEPT_STRIPS = 4096
_AT_ONCE = 256
"""Bytes that a terminal draws in one go anyway; more are put between the marks of a synchronized update."""


class Terminal(Protocol):
    """The driver, as far as frames need it."""

    @property
    def epoch(self) -> int:
        """Grows whenever the terminal may show something else than what was written to it."""

    @property
    def ready(self) -> bool:
        """Whether a frame that is written now would arrive."""

    def write(self, data: str) -> None: ...


@lru_cache(8192)
def pen_of(style: Style | None, colours: ColorSystem) -> Pen:
    """Rich's style as SGR codes for a terminal with that many colours."""
    if style is None:
        return DEFAULT
    attributes = sum(1 << bit for bit, name in enumerate(_ATTRIBUTES) if getattr(style, name))
    foreground, background = style.color, style.bgcolor
    return Pen(
        attributes,
        _code(";".join(fitting(foreground, colours).get_ansi_codes()), "39") if foreground else "",
        _code(";".join(fitting(background, colours).get_ansi_codes(False)), "49") if background else "",
        style.link or "",
    )


def _code(sgr: str, default: str) -> str:
    return "" if sgr == default else sgr


class Frames:
    """The frames of one app, written to one terminal."""

    def __init__(self, wire: Wire, terminal: Terminal) -> None:
        self._wire = wire
        self._terminal = terminal
        self._epoch = terminal.epoch
        self._strips: dict[int, tuple[Strip, Row]] = {}
        self._cursor: Offset | None = None

    def show(self, app: App[Any], screen: Screen[Any], update: CompositorUpdate) -> None:
        """Write an update of the screen, and where the cursor is; nothing when both are there already."""
        if not self._known() and not isinstance(update, LayoutUpdate):
            visible_screen_stack.set(app._background_screens)
            update = screen._compositor.render_full_update()
        console = app.console
        colours = COLOR_SYSTEMS.get(console.color_system or "truecolor", ColorSystem.TRUECOLOR)
        size = screen.outer_size
        try:
            text = self.bytes_of(update, (size.width, size.height), colours)
        except Exception as error:  # noqa: BLE001 - as Textual does: a widget's fault ends the app with its report
            app._handle_exception(error)
            return
        cursor = size.clamp_offset(app.cursor_position)
        if not text and cursor == self._cursor:
            return
        self._cursor = cursor
        text += f"\x1b[{cursor.y + 1};{cursor.x + 1}H"
        if len(text) > _AT_ONCE:
            app._begin_update()
            self._terminal.write(text)
            app._end_update()
        else:
            self._terminal.write(text)

    def _known(self) -> bool:
        """False when the next frame has to be a whole one."""
        if self._terminal.epoch != self._epoch:
            self._epoch = self._terminal.epoch
            self._wire.forget()
        return self._wire.known

    def bytes_of(self, update: CompositorUpdate, size: tuple[int, int], colours: ColorSystem) -> str:
        """What has to be sent for an update; empty when the terminal shows it already."""
        if isinstance(update, LayoutUpdate):
            pieces = self._of_layout(update, colours)
        elif isinstance(update, ChopsUpdate):
            pieces = self._of_chops(update, colours)
        else:
            raise TypeError(f"no frame can be made of {type(update).__name__}")
        return self._wire.frame(pieces, size)

    def _of_layout(self, update: LayoutUpdate, colours: ColorSystem) -> Iterator[tuple[int, int, Row]]:
        for y, line in enumerate(update.strips, update.region.y):
            x = update.region.x
            for strip in line:
                yield x, y, self._cells(strip, colours)
                x += strip.cell_length

    def _of_chops(self, update: ChopsUpdate, colours: ColorSystem) -> Iterator[tuple[int, int, Row]]:
        """Whole pieces of lines: what is alike is found by comparing, so that nothing has to be cut."""
        done: set[tuple[int, int]] = set()
        for y, first, last in update.spans:
            for end, (x, strip) in zip(update.chop_ends[y], update.chops[y].items(), strict=False):
                if strip is None or x >= last or end <= first or (x, y) in done:
                    continue
                done.add((x, y))
                yield x, y, self._cells(strip, colours)

    def _cells(self, strip: Strip, colours: ColorSystem) -> Row:
        """Widgets give the same strips again and again; each is taken apart once."""
        known = self._strips.get(id(strip))
        if known is not None and known[0] is strip:
            return known[1]
        row = cells((text, pen_of(style, colours)) for text, style, control in strip if not control)
        if len(self._strips) >= _KEPT_STRIPS:
            self._strips.clear()
        self._strips[id(strip)] = strip, row
        return row
