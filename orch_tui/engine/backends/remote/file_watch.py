"""Looks at all attempts of one executor that other machines have, together: at the files that their nodes leave."""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Generic, TypeVar

from orch_tui.engine.backends.backend import NotStarted, Told
from orch_tui.engine.backends.remote import handoff
from orch_tui.engine.backends.remote.telling import Telling
from orch_tui.engine.processes.launcher import Exit, StopRequest

FILES = 0.1
_FILES_EACH = 0.0005
"""Seconds between two looks at the files, and for each attempt more: they are asked of a server."""
_OF_ITS_AGE, _RAREST = 0.05, 2.0
"""For how much of the time in which nothing has changed an attempt is left alone, and for how many seconds at most: a
thousand nodes with tasks of hours would keep a server busy with looks at what is as it was."""


class Followed:
    """What is known of one attempt now, for who follows it: ``changed`` is set with every change of ``files``.

    Times are the monotonic clock's.
    """

    def __init__(self, directory: Path, name: str, note: Callable[[str, str], None]) -> None:
        self.directory = directory
        self.name = name
        self.note = note
        self.files: frozenset[str] = frozenset()
        self.fault: BaseException | None = None
        self.changed = asyncio.Event()
        self._since: float | None = None
        self._looked = 0.0

    def is_due(self, now: float) -> bool:
        """Whether it is time to look at its files again."""
        if self._since is None:
            return True
        pause = min(_RAREST, (self._looked - self._since) * _OF_ITS_AGE)
        return now - self._looked >= pause

    def take_files(self, names: frozenset[str], now: float) -> None:
        """What its directory has at this time."""
        if names != self.files or self._since is None:
            self._since = now
        self._looked = now
        if names != self.files:
            self.files = names
            self.changed.set()

    def wake(self) -> None:
        """It was asked for something: its answer is looked for at once."""
        self._since = None
        self.changed.set()

    @property
    def begun(self) -> bool:
        return handoff.NODE in self.files


F = TypeVar("F", bound=Followed)


class FileWatch(Generic[F]):
    """Of one backend in one executor. What else a backend looks at begins with :meth:`_begin`, goes on in
    :meth:`_look_further` and ends with :meth:`_leave`."""

    def __init__(self) -> None:
        self._seen: dict[str, F] = {}
        self._task: asyncio.Task[None] | None = None

    @contextlib.contextmanager
    def attended(self, seen: F, stop: StopRequest) -> Iterator[None]:
        """While somebody waits for its end, a request to stop wakes it; afterwards nobody follows it."""
        stop.listen(seen.wake)
        try:
            yield
        finally:
            stop.listen(None)
            self.forget(seen)

    def follow(self, seen: F) -> None:
        self._seen[seen.name] = seen
        if self._task is None or self._task.done():
            self._begin()
            self._task = asyncio.ensure_future(self._watch())

    def forget(self, seen: F) -> None:
        self._seen.pop(seen.name, None)
        if not self._seen and self._task is not None:
            self._task.cancel()
            self._task = None
            self._leave()

    def _begin(self) -> None:
        """The first is followed."""

    async def _look_further(self, now: float) -> None:
        """After each look at the files; ``now`` is the monotonic clock's."""

    def _leave(self) -> None:
        """Nobody follows any more."""

    def _note(self, level: str, text: str) -> None:
        if (one := next(iter(self._seen.values()), None)) is not None:
            one.note(level, text)

    async def _watch(self) -> None:
        try:
            while True:
                await self._look_at_files(time.monotonic())
                await self._look_further(time.monotonic())
                await asyncio.sleep(FILES + len(self._seen) * _FILES_EACH)
        except Exception as error:  # noqa: BLE001 - raised again by each that waits for what this sees
            for seen in self._seen.values():
                seen.fault = error
                seen.changed.set()

    async def _look_at_files(self, now: float) -> None:
        due = [seen for seen in self._seen.values() if seen.is_due(now)]
        if not due:
            return
        found = await asyncio.to_thread(handoff.listings, [seen.directory for seen in due])
        for seen, names in zip(due, found, strict=True):
            if names is not None:
                seen.take_files(names, now)


async def to_its_end(
    seen: Followed,
    telling: Telling,
    told: Told,
    look: Callable[[], Awaitable[Exit | None]],
    pause: Callable[[], float | None],
) -> Exit | None:
    """Look again whenever something has changed, or after ``pause`` seconds, until it has ended; None when its
    directory is gone.

    Raises: NotStarted; whatever the watch fell over.
    """
    while True:
        # Cleared before it is looked: what comes meanwhile is looked at next.
        seen.changed.clear()
        if seen.fault is not None:
            raise seen.fault
        try:
            telling.look(told, seen.files)
            if (end := await look()) is not None:
                return end
        except NotStarted:
            raise
        except OSError as error:
            if not os.path.isdir(seen.directory):
                return None
            telling.unreachable(told, error)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(seen.changed.wait(), pause())
