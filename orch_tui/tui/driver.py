"""A terminal driver that neither a stalled nor a lost terminal can stop.

Textual's own driver hands its output to a thread through a queue of 30 and waits when it is full: a terminal that
does not read (a frozen SSH link, Ctrl-S in a multiplexer) then freezes the event loop. This one drops frames
while the terminal does not read, and paints the whole screen once it does again. It touches private parts of
Textual 8.2 (``_writer_thread._queue``, ``_key_thread``); tests/pty holds it to what it promises.
"""

from __future__ import annotations

import asyncio
import select
from collections.abc import Callable
from threading import Thread

from textual.app import App
from textual.drivers.linux_driver import LinuxDriver

_QUEUED_FRAMES = 30
_LOOK_AGAIN = 0.2
_GOODBYE_SECONDS = 2.0


class ResilientDriver(LinuxDriver):
    """See the module. ``on_lost`` is called in the event loop when the terminal has gone."""

    def __init__(
        self, app: App[object], *, debug: bool = False, mouse: bool = True, size: tuple[int, int] | None = None
    ) -> None:
        super().__init__(app, debug=debug, mouse=mouse, size=size)
        self.lost = False
        self.on_lost: Callable[[], object] | None = None
        self._dropping = False
        self._modes = False
        self._watcher: Thread | None = None

    def _watch(self, loop: asyncio.AbstractEventLoop) -> None:
        """Wait, without ever waking up before, for the terminal to go away.

        A process that is not of the terminal's session gets no SIGHUP; Textual's input thread would spin for ever.
        """
        poll = select.poll()
        poll.register(self.fileno, 0)
        while not any(event & (select.POLLHUP | select.POLLERR | select.POLLNVAL) for _, event in poll.poll()):
            continue
        if not loop.is_closed():
            loop.call_soon_threadsafe(self._on_lost)

    def start_application_mode(self) -> None:
        if self._watcher is None:
            self._watcher = Thread(
                target=self._watch, args=(asyncio.get_running_loop(),), name="terminal-watch", daemon=True
            )
            self._watcher.start()
        # Escape sequences that switch modes are no frames: none of them may be dropped.
        self._modes = True
        try:
            super().start_application_mode()  # type: ignore[no-untyped-call]
        finally:
            self._modes = False

    def stop_application_mode(self) -> None:
        self._modes = True
        try:
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
