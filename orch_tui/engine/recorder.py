"""Writes events to the journal and folds them, in one order, and survives a full disk."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable

from orch_tui.model import events
from orch_tui.model.events import Event
from orch_tui.model.runstate import RunState
from orch_tui.project.journal.file import Journal, JournalFull


class Recorder:
    """The executor's pen.

    While the disk is full, events wait in memory in their order and ``blocked`` says so: nothing new may be started,
    what runs goes on. ``flush`` tries again.
    """

    def __init__(self, journal: Journal, state: RunState, now: Callable[[], float] = time.time) -> None:
        self.journal = journal
        self.state = state
        self.now = now
        self.blocked: str | None = None
        self._backlog: deque[tuple[Event, bool]] = deque()

    def record(self, event: Event, *, durable: bool = False) -> None:
        self.state.apply(event)
        if self._backlog:
            self._backlog.append((event, durable))
            return
        try:
            self.journal.append(event, durable=durable)
        except JournalFull as error:
            self._backlog.append((event, durable))
            self._report(str(error))

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
            event, durable = self._backlog[0]
            try:
                self.journal.append(event, durable=durable)
            except JournalFull as error:
                self.blocked = str(error)
                return False
            self._backlog.popleft()
        if self.blocked is not None:
            self.blocked = None
            self.record(events.note(self.now(), "info", "the journal can be written again"))
        return not self._backlog
