"""A terminal driver that neither a stalled nor a lost terminal can stop.

Textual's own driver hands its output to a thread through a queue of 30 and waits when it is full: a terminal that
does not read (a frozen SSH link, Ctrl-S in a multiplexer) then freezes the event loop. This one drops frames
while the terminal does not read, and paints the whole screen once it does again. It touches private parts of
Textual 8.2 (``_writer_thread._queue``, ``_key_thread``); tests/pty holds it to what it promises.
"""

from __future__ import annotations

import asyncio
import os
import re
import select
import sys
from collections.abc import Callable
from threading import Thread
from time import monotonic

from textual import constants
from textual._parser import ParseError
from textual._xterm_parser import XTermParser
from textual.app import App
from textual.drivers.linux_driver import LinuxDriver
from textual.events import Key, Resize
from textual.message import Message

from orch_tui.tui.textual_patches.terminal_input import TerminalInput

_QUEUED_FRAMES = 30
_LOOK_AGAIN = 0.2
_GOODBYE_SECONDS = 2.0
_TICK = 0.1
_READ = 4096
_GONE = select.POLLHUP | select.POLLERR | select.POLLNVAL
_KEEP_TITLE, _OLD_TITLE = "\x1b[22;2t", "\x1b[23;2t"
"""What the terminal does with its title: put it aside, and take it from there."""
_MOST_CELLS = 4096
"""Columns or rows of a terminal, at most: a report of more is noise."""
_PARSER_FAULTS = (ArithmeticError, LookupError, ParseError, RuntimeError, TypeError, ValueError)
_MOUSE = re.compile(r"\x1b\[<[0-9]{1,4};-?[0-9]{1,5};-?[0-9]{1,5}[Mm]")


def is_known(sequence: str) -> bool:
    """Whether Textual's parser understands a whole escape sequence, and can live with what it says."""
    if _MOUSE.fullmatch(sequence):
        return True
    probe = XTermParser()
    try:
        messages = [*probe.feed(sequence)]
    except _PARSER_FAULTS:
        return False
    return probe._timeout_time is None and all(map(_is_sane, messages))


def _is_sane(message: Message) -> bool:
    match message:
        case Key(character=str(text)):
            # Halves of a character, which no file and no terminal can be given.
            return not any("\ud800" <= character <= "\udfff" for character in text)
        case Resize(size=size):
            return all(0 < cells <= _MOST_CELLS for cells in size)
    return True


class ResilientDriver(LinuxDriver):
    """See the module.

    ``on_lost`` is called in the event loop when the terminal has gone, ``on_not_utf8`` when it first sends text in
    another encoding.
    """

    def __init__(
        self, app: App[object], *, debug: bool = False, mouse: bool = True, size: tuple[int, int] | None = None
    ) -> None:
        super().__init__(app, debug=debug, mouse=mouse, size=size)
        # Textual draws on standard error: whoever keeps complaints in a file would have the picture there.
        assert sys.__stdout__ is not None
        self._file = sys.__stdout__
        self.lost = False
        self.on_lost: Callable[[], object] | None = None
        self.on_not_utf8: Callable[[], object] | None = None
        self._dropping = False
        self.epoch = 0
        self._modes = False
        self._title = ""
        self._watcher: Thread | None = None

    def has_terminal(self) -> bool:
        """Whether the terminal is still there: a hang-up can also be a signal that somebody sent."""
        poll = select.poll()
        poll.register(self.fileno, 0)
        return not any(event & _GONE for _, event in poll.poll(0))

    def _watch(self, loop: asyncio.AbstractEventLoop) -> None:
        """Wait, without ever waking up before, for the terminal to go away.

        A process that is not of the terminal's session gets no SIGHUP; Textual's input thread would spin for ever.
        """
        poll = select.poll()
        poll.register(self.fileno, 0)
        while not any(event & _GONE for _, event in poll.poll()):
            continue
        if not loop.is_closed():
            loop.call_soon_threadsafe(self._on_lost)

    # Input

    def run_input_thread(self) -> None:
        """Read what the terminal sends until the application leaves it."""
        source, parser, told = TerminalInput(is_known, constants.ESCAPE_DELAY), XTermParser(self._debug), False
        poll = select.poll()
        poll.register(self.fileno, select.POLLIN)
        while not self.exit_event.is_set():
            if poll.poll(_TICK * 1000):
                try:
                    data = os.read(self.fileno, _READ)
                except OSError:
                    # The terminal has gone; that is for the other thread.
                    return
                if not data:
                    # Nothing to read although there was: not every terminal says that it has gone. Do not spin.
                    self.exit_event.wait(_TICK)
                pieces = source.feed(data, monotonic())
            else:
                pieces = source.waited(monotonic())
            for piece in pieces:
                parser = self._parse(parser, piece)
            if source.not_utf8 and not told:
                told = True
                self._loop.call_soon_threadsafe(self._on_not_utf8)

    def _parse(self, parser: XTermParser, piece: str) -> XTermParser:
        """Pass on what a piece of input means; the parser for the next one."""
        if piece == "\x1b":
            self.process_message(Key("escape", piece))
            return parser
        try:
            messages = [*parser.feed(piece)]
            if parser._timeout_time is not None:
                # The piece is whole, so that waiting for more of it could only swallow what is pressed next.
                parser._timeout_time = 0.0
                messages += parser.tick()
        except _PARSER_FAULTS:
            # A parser that failed once is finished.
            renewed = XTermParser(self._debug)
            renewed.mouse_pixels = parser.mouse_pixels
            renewed.terminal_size, renewed.terminal_pixel_size = parser.terminal_size, parser.terminal_pixel_size
            return renewed
        for message in messages:
            self.process_message(message)
        if parser.terminal_pixel_size is not None and 0 in parser.terminal_pixel_size:
            # A terminal that does not know its pixels counts the mouse in cells.
            parser.terminal_pixel_size = parser.terminal_size
        return parser

    def _on_not_utf8(self) -> None:
        if self.on_not_utf8 is not None:
            self.on_not_utf8()

    @property
    def ready(self) -> bool:
        """Whether a frame that is written now would reach the terminal."""
        writer = self._writer_thread
        return not (self.lost or self._dropping) and writer is not None and writer.is_alive()

    def start_application_mode(self) -> None:
        # The terminal shows an empty screen then, whatever was written before.
        self.epoch += 1
        if self._watcher is None:
            self._watcher = Thread(
                target=self._watch, args=(asyncio.get_running_loop(),), name="terminal-watch", daemon=True
            )
            self._watcher.start()
        # Escape sequences that switch modes are no frames: none of them may be dropped.
        self._modes = True
        try:
            super().start_application_mode()  # type: ignore[no-untyped-call]
            self._write_title(_KEEP_TITLE)
        finally:
            self._modes = False

    def set_title(self, title: str) -> None:
        """The title of the terminal's window until the application leaves it; ``title`` is one safe line."""
        before, self._title = self._title, title
        self._write_title("" if before else _KEEP_TITLE)

    def _write_title(self, first: str) -> None:
        if self._title:
            self.write(f"{first}\x1b]2;{self._title}\x07")

    def stop_application_mode(self) -> None:
        self._modes = True
        try:
            if self._title:
                self.write(_OLD_TITLE)
            super().stop_application_mode()
        finally:
            self._modes = False

    def write(self, data: str) -> None:
        """Queue output; a frame is dropped when the terminal does not keep up."""
        writer = self._writer_thread
        if self.lost or writer is None or not writer.is_alive():
            return
        # Unbounded: whether it is too long is decided here, without ever waiting.
        writer._queue.maxsize = 0
        if not self._modes:
            if self._dropping:
                return
            if writer._queue.qsize() >= _QUEUED_FRAMES:
                self._dropping = True
                self.epoch += 1
                self._later()
                return
        writer._queue.put_nowait(data)

    def _on_lost(self) -> None:
        if self.on_lost is not None:
            self.on_lost()

    def _later(self) -> None:
        asyncio.get_running_loop().call_later(_LOOK_AGAIN, self._recover)

    def _recover(self) -> None:
        writer = self._writer_thread
        if self.lost or writer is None or not writer.is_alive():
            return
        if writer._queue.qsize():
            self._later()
            return
        self._dropping = False
        self._app.screen.refresh(layout=True)

    def close(self) -> None:
        """Let the writer finish, for a bounded time: a terminal that does not read cannot keep the process."""
        writer = self._writer_thread
        if writer is None:
            return
        writer._queue.maxsize = 0
        writer._queue.put_nowait(None)
        writer.join(_GOODBYE_SECONDS)

    def hang_up(self) -> None:
        """The terminal is gone for good: write nothing more, and end the thread that reads it."""
        self.lost = True
        self.exit_event.set()

    def _sigcont_application(self, *_: object) -> None:
        key_thread = self._key_thread
        # A stray SIGCONT while the program runs would start a second input thread.
        running = key_thread is not None and key_thread.is_alive()
        if not self.lost and self._writer_thread is not None and not running:
            super()._sigcont_application()
