"""The runs that go on now, followed for their progress. Without Textual; reading is for a thread."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from orch_tui.model.clocks.machine_clock import MACHINE, MachineClock
from orch_tui.project.history import RunSummary
from orch_tui.project.journal.file import BrokenJournal
from orch_tui.project.paths import ProjectPaths
from orch_tui.runs.live.control import grace_words
from orch_tui.runs.live.feed import RunFeed
from orch_tui.runs.live.head import Head, head_of
from orch_tui.runs.live.view import RunModel, running_tasks
from orch_tui.runs.planning.estimates import read_estimates, tasks_to_run
from orch_tui.tui.task_names import own_name

MOST = 50
"""Runs that are followed at once; of more, only the state is told."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How a run stands, the names of its tasks that have a process, and how long those get when they are stopped."""

    run: str
    head: Head
    running: tuple[str, ...]
    grace: str


class LiveRuns:
    """Follows the journals of runs, each from where it was read last."""

    def __init__(self, paths: ProjectPaths, clock: MachineClock = MACHINE) -> None:
        self._paths, self._clock = paths, clock
        self._followed: dict[str, _Followed] = {}

    def read(self, live: Sequence[RunSummary]) -> Mapping[str, Progress]:
        """How these runs stand, by orchestration.

        One that cannot be read is left out. Runs that are not asked for any more are forgotten.
        """
        before, self._followed = self._followed, {}
        found = {}
        for run in live[:MOST]:
            known = before.get(run.orchestration)
            try:
                one = known if known is not None and known.model.directory == run.directory else self._follow(run)
                one.model.take(one.feed.read())
            except (OSError, BrokenJournal):
                continue
            self._followed[run.orchestration] = one
            found[run.orchestration] = _progress(one.model)
        return found

    def _follow(self, run: RunSummary) -> _Followed:
        feed = RunFeed(run.directory, self._paths, self._clock)
        state, live = feed.open()
        estimates = read_estimates(self._paths, run.orchestration, before=run.id, tasks=tasks_to_run(state))
        model = RunModel(run.directory, state, live=live, estimates=estimates, machine=self._clock)
        return _Followed(feed, model)


@dataclass(frozen=True, slots=True)
class _Followed:
    feed: RunFeed
    model: RunModel


def _progress(model: RunModel) -> Progress:
    running = running_tasks(model)
    names = tuple(own_name(task.name) for task in running)
    return Progress(model.directory.name, head_of(model, model.now()), names, grace_words(running))
