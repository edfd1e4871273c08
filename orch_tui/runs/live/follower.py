"""A run's state, followed from its journal: the same for the process that executes it and for any other."""

from __future__ import annotations

from pathlib import Path

from orch_tui.engine.record.run_clock import now_of
from orch_tui.model.clocks.run_time import RunTime
from orch_tui.model.events.events import Event
from orch_tui.model.run.runstate import RunState
from orch_tui.project.journal.file import JOURNAL, JournalReader, is_executed

POLL = 0.25
"""Seconds between two looks at a journal that somebody else writes."""


class Follower:
    """``state`` has taken in every event that :meth:`poll` returned. Raises as ``JournalReader`` does."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._reader = JournalReader(directory / JOURNAL)
        self._first, _ = self._reader.poll()
        self.state: RunState = self._reader.initial()

    def poll(self) -> list[Event]:
        """What is new. The caller applies each event to ``state`` when it tells of it."""
        if self._first:
            events, self._first = self._first, []
            return events
        events, restarted = self._reader.poll()
        if restarted:
            self.state = self._reader.initial()
        return events

    def catch_up(self) -> RunState:
        """The state as the journal has it now."""
        while events := self.poll():
            for event in events:
                self.state.apply(event)
        return self.state

    def now(self) -> RunTime:
        """Now, by the clock of the run."""
        return now_of(self.state)

    @property
    def interrupted(self) -> bool:
        """True when the run has not ended and nobody executes it. Looks at the lock first, then at the journal."""
        if self.state.finished or is_executed(self.directory):
            return False
        return not self.catch_up().finished
