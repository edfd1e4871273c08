"""A program on a pseudo-terminal of its own, as a terminal emulator has it."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import signal
import struct
import subprocess
import termios
import threading
from collections.abc import Mapping, Sequence
from typing import Self

_READ_BYTES = 65536
LARGEST = 500
"""Columns or rows that a terminal may have here; a person's largest screen has fewer."""


class PseudoTerminal:
    """Started by :meth:`start`, ended by :meth:`hang_up`, which ends the terminal and never the program by force.

    What becomes of a program whose terminal goes away is its own affair: a run that it executes may go on.
    """

    def __init__(self, master: int) -> None:
        self._master = master
        self._readable = asyncio.Event()
        self._writable = asyncio.Event()
        self._open = True
        asyncio.get_running_loop().add_reader(master, self._readable.set)

    @classmethod
    def start(cls, argv: Sequence[str], environment: Mapping[str, str], columns: int, rows: int) -> Self:
        """Start a program as the leader of a session with this terminal; within a loop. Raises: OSError."""
        master, slave = os.openpty()
        try:
            os.set_blocking(master, False)
            _set_size(master, columns, rows)
            # Not by asyncio, which kills what still runs when it is closed.
            process = subprocess.Popen(
                argv,
                stdin=slave,
                stdout=slave,
                stderr=slave,
                env=dict(environment),
                start_new_session=True,
                preexec_fn=_take_terminal,
            )
        except BaseException:
            os.close(master)
            raise
        finally:
            os.close(slave)
        # It is waited for, so that nothing of it is left, and by nobody who would have to stay for it.
        threading.Thread(target=process.wait, name=f"wait for {process.pid}", daemon=True).start()
        return cls(master)

    async def read(self) -> bytes:
        """What the program has drawn since; empty when it has ended or the terminal is gone.

        Who does not read stops the program's drawing, as a slow line does.
        """
        while self._open:
            self._readable.clear()
            try:
                return os.read(self._master, _READ_BYTES)
            except BlockingIOError:
                await self._readable.wait()
            except OSError:
                # The program's side is closed (EIO).
                break
        return b""

    async def write(self, data: bytes) -> None:
        """Type ``data``; waits while the program does not read. What comes after its end is dropped."""
        loop = asyncio.get_running_loop()
        while data and self._open:
            try:
                data = data[os.write(self._master, data) :]
            except BlockingIOError:
                self._writable.clear()
                loop.add_writer(self._master, self._writable.set)
                try:
                    await self._writable.wait()
                finally:
                    if self._open:
                        loop.remove_writer(self._master)
            except OSError:
                return

    def resize(self, columns: int, rows: int) -> None:
        """Tell the program the size of its terminal, in cells; what cannot be one is brought near."""
        if self._open:
            _set_size(self._master, columns, rows)

    def hang_up(self) -> None:
        """Take the terminal away (SIGHUP for the program's session). Again: nothing."""
        if not self._open:
            return
        self._open = False
        loop = asyncio.get_running_loop()
        loop.remove_reader(self._master)
        loop.remove_writer(self._master)
        os.close(self._master)
        # Whoever waits sees that it is gone.
        self._readable.set()
        self._writable.set()


def _take_terminal() -> None:
    # In the new process: its standard input becomes the terminal that controls its session.
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    # A server under nohup ignores it, and a program that inherits that would outlive its page.
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


def _set_size(master: int, columns: int, rows: int) -> None:
    size = struct.pack("HHHH", _bounded(rows), _bounded(columns), 0, 0)
    with contextlib.suppress(OSError):
        fcntl.ioctl(master, termios.TIOCSWINSZ, size)


def _bounded(cells: int) -> int:
    return min(max(cells, 1), LARGEST)
