"""How an attempt on another machine ends for the executor, and that nothing of it begins any more."""

from __future__ import annotations

import asyncio
import os
from dataclasses import replace

from orch_tui.engine.backends.backend import Told
from orch_tui.engine.backends.remote import handoff
from orch_tui.engine.backends.remote.handoff import End, Node
from orch_tui.engine.backends.remote.telling import Telling
from orch_tui.engine.backends.remote.words import last_words
from orch_tui.engine.processes.beside import beside
from orch_tui.engine.processes.launcher import AttemptSpec, Exit, StopRequest
from orch_tui.project.attempt_dir import log_file
from orch_tui.project.concurrent.locks import is_locked

_AGAIN = 1.0
"""Seconds until something is written again that the disk has not taken."""


class Ending:
    """Of one attempt; ``telling`` knows when people were told that it has begun."""

    def __init__(self, spec: AttemptSpec, telling: Telling) -> None:
        self._directory = spec.directory
        self._telling = telling

    async def end(self, end: Exit, seconds: float | None = None, *, write: bool = False) -> Exit:
        """With when it ended if another executor saw its beginning; what its node did not say is written down: until
        it is, the attempt counts as carried, and keeps its configuration from all others. Raises: OSError."""
        if write:
            # In a thread: it waits for the disk.
            await beside(lambda: handoff.write_end(self._directory, End(end)))
        if seconds is not None and self._telling.begun_at is not None:
            return replace(end, ended=self._telling.begun_at + seconds)
        return end

    def take_back(self) -> bool:
        """True when its node has not begun with it, and never will. Raises: OSError."""
        return handoff.forget_start(self._directory)

    async def close(self, end: Exit) -> Exit:
        """Nothing of it may begin any more, whatever comes out of the queue: that is how it ended. Raises: OSError."""
        handoff.claim(self._directory, Node(refused=end.unstarted))
        self.take_back()
        return await self.end(end, write=True)

    async def close_unasked(self, end: Exit, stop: StopRequest, told: Told) -> Exit:
        """As :meth:`close`, of one that nobody follows yet: again and again until the disk takes it, unless its
        directory is gone, or it is to be stopped at once."""
        while True:
            try:
                return await self.close(end)
            except OSError as error:
                if stop.now or not os.path.isdir(self._directory):
                    return end
                self._telling.unreachable(told, error)
            await asyncio.sleep(_AGAIN)

    async def by_others(self, end: End, why: str) -> Exit:
        """Its node was told to end it, and not by us."""
        return await self.end(replace(end.exit, code=None, stopped=None, lost=f"lost: {why}"), end.seconds)

    async def lost(self, why: str) -> Exit:
        """It began, and has left no answer; with the last words of the queue's log, and whether something of it still
        lives, which holds the lock of its log wherever it is."""
        words = f": {words}" if (words := last_words(self._directory)) else ""
        lives = "; something of it still runs where it was" if is_locked(log_file(self._directory)) else ""
        return await self.end(Exit(None, lost=f"lost: {why}, and it left no exit code{words}{lives}"), write=True)
