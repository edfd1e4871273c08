"""What takes long on a big log, in threads of their own: counting its lines, counting matches, finding the next one.

A thread is told to end and let go, never waited for: it looks between two blocks. What it has found is read by
whoever wants to know, so that a flood of findings wakes nobody.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from orch_tui.runs.log.index import Blocks, LineCount
from orch_tui.runs.log.search import Pattern, Tally, find

# Seconds of rest for each second of work, so that the screen and the run have the processor: while a log is gone
# through for the first time, and while it grows.
_REST_FIRST = 0.5
_REST_GROWING = 20.0
_LOOK_AGAIN = 0.25


class Counting:
    """Goes through a log with a :class:`LineCount` or a :class:`Tally`, and on as it grows, until it is stopped."""

    def __init__(self, counter: LineCount | Tally, blocks: Blocks) -> None:
        self._counter = counter
        self._blocks = blocks.twin()
        self._stopped = threading.Event()
        self.problem: str | None = None
        threading.Thread(target=self._work, name="log-count", daemon=True).start()

    def stop(self) -> None:
        self._stopped.set()

    def _work(self) -> None:
        rest = _REST_FIRST
        try:
            while not self._stopped.is_set():
                begun = time.monotonic()
                if self._counter.step(self._blocks):
                    self._stopped.wait((time.monotonic() - begun) * rest)
                else:
                    rest = _REST_GROWING
                    self._stopped.wait(_LOOK_AGAIN)
                    self._blocks.grown()
        except OSError as error:
            # A disk that fails: what is in view says so itself when it is read.
            self.problem = str(error)


class Finding:
    """Looks for the next matching line, around the end when there is none on the way, and tells ``done``.

    ``done`` is called from the thread with the offset, None when nothing matches, and whether it went around the
    end; not at all after :meth:`stop`.
    """

    def __init__(
        self,
        blocks: Blocks,
        pattern: Pattern,
        offset: int,
        *,
        forward: bool,
        may_have: Callable[[int], bool],
        done: Callable[[int | None, bool], object],
    ) -> None:
        self._blocks = blocks.twin()
        self._pattern = pattern
        self._offset = offset
        self.forward = forward
        self._may_have = may_have
        self._done = done
        self._stopped = threading.Event()
        threading.Thread(target=self._work, name="log-find", daemon=True).start()

    def stop(self) -> None:
        self._stopped.set()

    def _find(self, offset: int) -> int | None:
        return find(
            self._blocks,
            self._pattern,
            offset,
            forward=self.forward,
            may_have=self._may_have,
            cancelled=self._stopped.is_set,
        )

    def _work(self) -> None:
        around = False
        try:
            found = self._find(self._offset)
            if found is None and not self._stopped.is_set():
                around = True
                found = self._find(-1 if self.forward else self._blocks.size)
        except OSError:
            # The file cannot be read any more: there is nothing to go to.
            found = None
        if not self._stopped.is_set():
            self._done(found, around)
