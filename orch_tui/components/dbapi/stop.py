"""A cancel that also reaches the server: the signal becomes an exception, so that a running statement can be ended."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_KINDS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


class Stopped(KeyboardInterrupt):
    """A signal asked the task to stop. A KeyboardInterrupt, because psycopg cancels its statement on that."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


@contextmanager
def stoppable() -> Iterator[None]:
    """TERM, INT and HUP raise :class:`Stopped` in the block, which is left with ``SystemExit`` (128 + signal).

    Without it they would end the process at once, and a statement would go on at the server until it sends rows.
    Outside the main thread, where Python has no say in signals, nothing changes.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(number: int, frame: FrameType | None) -> None:
        # Once: another signal must not interrupt what ends the statement.
        for kind in _KINDS:
            signal.signal(kind, signal.SIG_IGN)
        raise Stopped(number)

    before = {kind: signal.signal(kind, stop) for kind in _KINDS}
    try:
        yield
    except Stopped as stopped:
        raise SystemExit(128 + stopped.number) from None
    finally:
        for kind, handler in before.items():
            signal.signal(kind, handler)
