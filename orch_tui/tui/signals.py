"""What signals mean to the screen: leave with the terminal as it was, and afterwards, insist.

Handlers are in place from before the terminal is taken until after the runs of this process are settled. They raise
nothing: a ``KeyboardInterrupt`` within ``Thread.join`` makes Python 3.11 believe that the thread has ended
(https://github.com/python/cpython/issues/89437), and so a run's executor be left alone.
"""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from orch_tui.runs.live.stop_signals import ENDING

# Python lets these be errors of the call that caused them.
LEAVING = ENDING - {signal.SIGPIPE, signal.SIGXFSZ}
"""All that would end the process at once, and can be handled."""


class Signals:
    """The signals of one process; what comes while nobody listens is told to who listens next."""

    def __init__(self) -> None:
        self._waiting: list[int] = []
        self._listener: Callable[[int], object] | None = None
        self._interrupts_are_ours = True

    @contextmanager
    def installed(self) -> Iterator[Signals]:
        """Handle them until the block is left."""
        before = {number: signal.signal(number, self._on_signal) for number in LEAVING}
        try:
            yield self
        finally:
            for number, handler in before.items():
                signal.signal(number, handler if handler is not None else signal.SIG_DFL)

    def listen(self, listener: Callable[[int], object]) -> None:
        """Call ``listener`` for each signal, in the main thread wherever it is; first with those that came before.

        One that raises RuntimeError, as a closed event loop does, has not heard: the next listener is told.
        """
        self._listener = listener
        waiting, self._waiting = self._waiting, []
        for number in waiting:
            self._tell(number)

    def forget(self) -> None:
        """Nobody listens for now."""
        self._listener = None

    @contextmanager
    def interrupts_elsewhere(self) -> Iterator[None]:
        """Within the block Ctrl-C is meant for another program of the terminal."""
        self._interrupts_are_ours = False
        try:
            yield
        finally:
            self._interrupts_are_ours = True

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        if number != signal.SIGINT or self._interrupts_are_ours:
            self._tell(number)

    def _tell(self, number: int) -> None:
        if self._listener is not None:
            try:
                self._listener(number)
            except RuntimeError:
                self._listener = None
            else:
                return
        self._waiting.append(number)
