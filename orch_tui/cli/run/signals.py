"""What signals mean while a run is executed here: cancel, cancel at once, go on without the terminal.

Handlers run in the main thread whatever it does, a write to a stalled terminal included; so they ask the run
themselves and wait for nothing.
"""

from __future__ import annotations

import errno
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Protocol

from orch_tui.engine.requests.requests import CancelRequest, who_am_i
from orch_tui.model.run.outcome import signal_name
from orch_tui.runs.live.stop_signals import ENDING

_WORDS = {int(signal.SIGINT): "Ctrl-C", int(signal.SIGHUP): "hang-up"}


class Cancellable(Protocol):
    def cancel(self, request: CancelRequest) -> None: ...


class Signals:
    """``received`` is the number of the signal that asked to stop first; None while none did."""

    def __init__(self, *, stop_on_hangup: bool = False, stopping: bool = False) -> None:
        """``stopping``: what is executed here is being stopped anyway, so the first signal asks to do that at once."""
        self.stop_on_hangup = stop_on_hangup
        self._stopping = stopping
        self.received: int | None = None
        self.hung_up = False
        self._requests: list[CancelRequest] = []
        self._run: Cancellable | None = None
        self._who = who_am_i()
        self._terminals = [descriptor for descriptor in (0, 1, 2) if _is_terminal(descriptor)]

    @contextmanager
    def installed(self) -> Iterator[Signals]:
        """Handle every signal that would end this process, until the block is left.

        What whoever started it lets it ignore (a hang-up with nohup, Ctrl-C in the background) stays ignored, all but
        TERM. The ends of children are seen again where that was ignored.
        """
        before = {number: signal.getsignal(number) for number in ENDING}
        for number, handler in before.items():
            if handler is not signal.SIG_IGN or number == signal.SIGTERM:
                signal.signal(number, self._on_signal)
        if signal.getsignal(signal.SIGCHLD) is signal.SIG_IGN:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        try:
            yield self
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def attach(self, run: Cancellable) -> None:
        """The run that signals are for from now on; what came before reaches it now."""
        self._run = run
        while self._requests:
            run.cancel(self._requests.pop(0))

    def pause(self, seconds: float) -> None:
        """Wait; a signal is noticed when the time is over, so keep it short."""
        if self.received is None:
            time.sleep(seconds)

    def lost_terminal(self, error: OSError) -> None:
        """Output failed. EIO means a terminal that is gone without a signal, anything else a reader that left."""
        if error.errno == errno.EIO:
            self._hang_up()

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        if number == signal.SIGHUP:
            self._hang_up()
        else:
            self._stop(number)

    def _hang_up(self) -> None:
        if self.hung_up:
            return
        self.hung_up = True
        forget_terminals(self._terminals)
        if self.stop_on_hangup:
            self._stop(signal.SIGHUP)

    def _stop(self, number: int) -> None:
        again = self._stopping or self.received is not None
        self.received = self.received if self.received is not None else number
        word = _WORDS.get(number) or signal_name(number)
        by = f"{self._who} ({word})" if number == signal.SIGINT else f"{word} to the process of {self._who}"
        request = CancelRequest(by=by, now=again)
        if self._run is not None:
            self._run.cancel(request)
        else:
            self._requests.append(request)


def _is_terminal(descriptor: int) -> bool:
    try:
        return os.isatty(descriptor)
    except OSError:
        return False


def forget_terminals(descriptors: list[int]) -> None:
    """From here on nothing reads from or writes to the terminal that is gone; files and pipes stay as they are."""
    null = os.open(os.devnull, os.O_RDWR)
    for descriptor in descriptors:
        os.dup2(null, descriptor)
    if null > 2:
        os.close(null)
