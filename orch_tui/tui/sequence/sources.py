"""What a picture of the sequence is drawn from: an orchestration with its newest run, read in a thread."""

from __future__ import annotations

import asyncio
from pathlib import Path

from orch_tui.model.clocks.machine_clock import MachineClock
from orch_tui.project.history import newest_ids
from orch_tui.project.journal.file import BrokenJournal, is_executed
from orch_tui.project.paths import ProjectPaths
from orch_tui.runs.live.feed import RunFeed
from orch_tui.runs.live.view import RunModel
from orch_tui.runs.planning.estimates import read_estimates, tasks_to_run
from orch_tui.runs.sequence.values import Sequence, sequence_of_run


class RunSequence:
    """Follows the newest run of an orchestration from the moment that somebody executes it."""

    def __init__(self, paths: ProjectPaths, orchestration: str, clock: MachineClock) -> None:
        self._paths, self._orchestration, self._clock = paths, orchestration, clock
        self._feed: RunFeed | None = None
        self._model: RunModel | None = None

    async def look(self) -> Sequence | None:
        """The run as it stands; None as long as none goes on. A run that has ended meanwhile stays."""
        return await asyncio.to_thread(self._look)

    def _look(self) -> Sequence | None:
        try:
            if self._model is None or self._feed is None or self._model.finished:
                self._open()
            elif self._model.moving:
                self._model.take(self._feed.read(self._model.running()))
        except (OSError, BrokenJournal):
            # The list of orchestrations says what is wrong with a run; here what was last seen stays.
            return None
        return sequence_of_run(self._model, self._model.now()) if self._model is not None else None

    def _open(self) -> None:
        directory = self._newest()
        if directory is None or not is_executed(directory):
            return
        self._feed = RunFeed(directory, self._paths, self._clock)
        state, live = self._feed.open()
        estimates = read_estimates(self._paths, self._orchestration, before=directory.name, tasks=tasks_to_run(state))
        self._model = RunModel(directory, state, live=live, estimates=estimates, machine=self._clock)

    def _newest(self) -> Path | None:
        newest = next(iter(newest_ids(self._paths, self._orchestration)), None)
        return self._paths.run(self._orchestration, newest) if newest else None
