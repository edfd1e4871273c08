"""Writes events to the journal and folds them, in one order, and survives a full disk."""

from __future__ import annotations

import errno
import os
from collections import deque
from collections.abc import Callable, Iterable
from typing import Protocol

from orch_tui.model.clocks.run_time import RunTime
from orch_tui.model.events import events
from orch_tui.model.events.events import Event
from orch_tui.model.run.runstate import RunState
from orch_tui.project.journal.file import Journal, JournalFull


class Pen(Protocol):
    """Writes events down, and folds them."""

    @property
    def state(self) -> RunState: ...

    @property
    def now(self) -> Callable[[], RunTime]: ...

    def record(self, event: Event, *, durable: bool = False) -> None: ...


class Recorder:
    """The executor's pen.

    While the disk is full, events wait in memory in their order and ``blocked`` says so: nothing new may be started,
    what runs goes on. ``flush`` tries again.
    """

    def __init__(self, journal: Journal, state: RunState, now: Callable[[], RunTime]) -> None:
        self.journal = journal
        self.state = state
        self.now = now
        self.blocked: str | None = None
        self._backlog: deque[Event] = deque()
        self._unsynced = False

    def record(self, event: Event, *, durable: bool = False) -> None:
        """``durable`` waits until it is on the disk."""
        self.state.apply(event)
        self._unsynced = self._unsynced or durable
        if self._backlog:
            self._backlog.append(event)
            return
        try:
            self.journal.append(event)
        except JournalFull as error:
            self._backlog.append(event)
            self._report(str(error))
            return
        if self._unsynced:
            self._sync()

    def keep(self, others: Iterable[int] = ()) -> None:
        """Wait until all that was recorded is on the disk, and what was written into ``others``, which are descriptors.
        For any thread. Raises: OSError when that cannot be."""
        if self._backlog:
            raise OSError(errno.ENOSPC, f"the journal cannot be written ({self.blocked})", str(self.journal.path))
        try:
            self.journal.sync()
        except JournalFull as error:
            raise OSError(errno.ENOSPC, str(error), str(self.journal.path)) from error
        for descriptor in others:
            os.fdatasync(descriptor)

    def _sync(self) -> bool:
        """The records are in the file whatever the disk says: they are never written twice."""
        try:
            self.journal.sync()
        except JournalFull as error:
            if self.blocked is None:
                self._report(str(error))
            return False
        self._unsynced = False
        return True

    def _report(self, reason: str) -> None:
        self.blocked = reason
        note = events.note(self.now(), "error", f"the journal cannot be written, nothing new is started: {reason}")
        self.state.apply(note)
        try:
            self.journal.append_in_reserve(note)
        except JournalFull:
            # No room even for the note: the reason stays in `blocked` and the backlog is written once there is room.
            return

    def flush(self) -> bool:
        """Try to write what waits; True when nothing does any more."""
        while self._backlog:
            try:
                self.journal.append(self._backlog[0])
            except JournalFull as error:
                self.blocked = str(error)
                return False
            self._backlog.popleft()
        if self._unsynced and not self._sync():
            return False
        if self.blocked is not None:
            self.blocked = None
            self.record(events.note(self.now(), "info", "the journal can be written again"))
        return not self._backlog
