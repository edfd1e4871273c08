"""Looks at all jobs of one executor together: at the files that their nodes leave, and now and then at the queue.

However many jobs there are, the queue is asked once in two seconds at most, and more rarely while nothing waits in it.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Iterable, Set
from pathlib import Path

from orch_tui.engine.backends.remote.file_watch import FILES, FileWatch, Followed
from orch_tui.engine.backends.slurm.commands import NoAnswer, Row, cancel, look
from orch_tui.engine.backends.slurm.states import is_over

LOOK = 2.0
"""Seconds between two questions to the queue, at least."""
_FIRST_LOOK = 1.5
_LOOK_RUNNING = 6.0
"""The same while every job that is followed has begun."""
_OF_ITS_TIME = 10.0
"""How many times as long as its answer takes the queue is left alone: many executors ask the same controller, and what
begins and ends is in files."""
_MUTE_AFTER = 2
"""Questions without an answer after which people are told."""


class Seen(Followed):
    """``row`` is the job as the queue has it. ``missing_since`` is when the first of the ``misses`` answers came, one
    after the other, that did not have it.
    """

    def __init__(self, directory: Path, name: str, note: Callable[[str, str], None]) -> None:
        super().__init__(directory, name, note)
        self.row: Row | None = None
        self.misses = 0
        self.missing_since = 0.0
        self.asked_at = 0.0


class Watch(FileWatch[Seen]):
    """Of one backend in one executor."""

    def __init__(self, backend: str) -> None:
        super().__init__()
        self._backend = backend
        self._unwanted: set[str] = set()
        self._asking: asyncio.Task[None] | None = None
        self._next_look = 0.0
        self._unanswered = 0
        self._mute_said = False

    def _begin(self) -> None:
        # What begins at once needs no reason why it waits.
        self._next_look = max(self._next_look, time.monotonic() + _FIRST_LOOK)

    def _leave(self) -> None:
        if self._asking is not None:
            self._asking.cancel()
            self._asking = None

    def drop(self, name: str) -> None:
        """A job that nobody wants any more: it would not begin, and is taken out of the queue when it is seen there."""
        self._unwanted.add(name)

    def hurry(self) -> None:
        """Ask the queue as soon as that may be."""
        self._next_look = min(self._next_look, time.monotonic() + FILES)

    def answered(self) -> None:
        """The queue has answered a question, whoever asked it. Where nobody hears that now, it is told later."""
        self._unanswered = 0
        if self._mute_said and self._seen:
            self._note("info", f"the queue of {self._backend} answers again")
            self._mute_said = False

    async def _look_further(self, now: float) -> None:
        if now >= self._next_look and (self._asking is None or self._asking.done()):
            self._next_look = now + (LOOK if self._waiting() else _LOOK_RUNNING)
            self._asking = asyncio.ensure_future(self._ask())

    def _waiting(self) -> bool:
        return any(not seen.begun or seen.misses for seen in self._seen.values())

    async def _ask(self) -> None:
        asked, names = time.monotonic(), self._seen.keys() | self._unwanted
        try:
            rows = await look(names)
        except NoAnswer as error:
            self._unanswered += 1
            self._next_look = asked + LOOK
            if self._unanswered >= _MUTE_AFTER and not self._mute_said:
                self._mute_said = True
                self._note("warning", f"the queue of {self._backend} does not answer ({error}); tasks that run go on")
            return
        self.answered()
        now = time.monotonic()
        self._next_look = max(self._next_look, now + (now - asked) * _OF_ITS_TIME)
        self._take(rows, asked, names)

    def _take(self, rows: Iterable[Row], asked: float, names: Set[str]) -> None:
        """What the queue has told of the jobs of these names, of which it was asked at this time."""
        # Of two with one name, the one that is not over: the controller had forgotten the other.
        known: dict[str, Row] = {}
        for row in rows:
            before = known.get(row.name)
            if before is None or is_over(before.state):
                known[row.name] = row
        for seen in [self._seen[name] for name in names & self._seen.keys()]:
            found = known.get(seen.name)
            if found is None:
                if seen.asked_at > asked:
                    # It came into the queue after this question.
                    continue
                seen.missing_since = seen.missing_since if seen.misses else time.monotonic()
                seen.misses += 1
                seen.row = None
                seen.changed.set()
            else:
                seen.misses = 0
                if found != seen.row:
                    seen.row = found
                    seen.changed.set()
        for name in self._unwanted & known.keys():
            if is_over(known[name].state):
                self._unwanted.discard(name)
            else:
                task = asyncio.ensure_future(cancel(name))
                task.add_done_callback(_taken)


def _taken(task: asyncio.Task[bool]) -> None:
    with contextlib.suppress(asyncio.CancelledError):
        # What was not taken is seen in the queue again.
        task.exception()
