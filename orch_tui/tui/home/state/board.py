"""What the home screen knows of runs beyond the rows in view: what goes on and what failed. No Textual."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field, replace
from typing import TYPE_CHECKING

from orch_tui.inbox.values import ItemKind
from orch_tui.model.dataclass import dataclass
from orch_tui.model.status import Status
from orch_tui.project.project import Project

if TYPE_CHECKING:
    from orch_tui.inbox.values import Item
    from orch_tui.model.clocks.machine_clock import MachineClock
    from orch_tui.model.orchestration.triggers import Trigger
    from orch_tui.project.history import RunSummary
    from orch_tui.runs.live.head import Head
    from orch_tui.tui.home.state.inbox_look import InboxBoard
    from orch_tui.tui.home.state.live import LiveRuns, Progress
    from orch_tui.tui.home.state.sweep import Sweep


@dataclass(frozen=True, slots=True)
class Look:
    """What one look at the project's runs has found, by orchestration. ``inbox``: what fails or is not sent."""

    last: Mapping[str, RunSummary] = field(default_factory=dict)
    progress: Mapping[str, Progress] = field(default_factory=dict)
    looked: Mapping[str, str] = field(default_factory=dict)
    inbox: tuple[Item, ...] = ()

    def running(self) -> list[RunSummary]:
        """Those that go on, the earliest first."""
        return sorted((run for run in self.last.values() if run.live), key=lambda run: run.id)

    def unanswered(self) -> list[Head]:
        """How those runs stand whose executor does nothing for them."""
        return [one.head for one in self.progress.values() if one.head.no_answer is not None]

    def is_new_failure(self, orchestration: str) -> bool:
        """Its last run failed, or was interrupted, and nobody has looked at it since or takes care of it."""
        run = self.last.get(orchestration)
        if any(item.acknowledged and item.orchestration == orchestration for item in self.inbox):
            return False
        if run is None or run.live or self.looked.get(orchestration, "") >= run.id:
            return False
        return run.status is Status.ERROR or run.interrupted

    def is_repaired(self, orchestration: str) -> bool:
        """It works again, and nobody has looked since."""
        return any(item.orchestration == orchestration and item.kind is ItemKind.REPAIRED for item in self.inbox)

    def waiting(self) -> list[Item]:
        """What waits for somebody to take care of it, without the new failures; the latest first."""
        items = [item for item in self.inbox if item.acknowledged is None]
        found = [item for item in items if not (item.orchestration and self.is_new_failure(item.orchestration))]
        return sorted(found, key=lambda item: -item.since)

    def new_failures(self) -> list[RunSummary]:
        """The latest first."""
        found = [run for name, run in self.last.items() if self.is_new_failure(name)]
        return sorted(found, key=lambda run: run.id, reverse=True)


class Board:
    """The newest look. :meth:`read` is for a thread, one at a time; all else for that of the screen."""

    def __init__(self, project: Project, clock: MachineClock) -> None:
        self._project, self._clock = project, clock
        self._sweep: Sweep | None = None
        self._live: LiveRuns | None = None
        self._inbox: InboxBoard | None = None
        self.look = Look()

    def read(self, orchestrations: Sequence[str], triggers: Sequence[tuple[str, Trigger]] = ()) -> Look:
        """Look at all runs, and at what ``triggers`` have found, each with the id of its orchestration. Reads files."""
        # Nothing of it is needed for the first picture.
        from orch_tui.project.looked import read_looked
        from orch_tui.tui.home.state.inbox_look import InboxBoard
        from orch_tui.tui.home.state.sweep import Sweep

        self._sweep = self._sweep or Sweep(self._project.paths)
        last = self._sweep.read(orchestrations)
        looked = read_looked(self._project.paths)
        self._inbox = self._inbox or InboxBoard(self._project.paths)
        return Look(last, self._progress(last.values()), looked, self._inbox.read(last, looked, triggers))

    def _progress(self, last: Iterable[RunSummary]) -> Mapping[str, Progress]:
        going = [run for run in last if run.live]
        if not going and self._live is None:
            return {}
        from orch_tui.tui.home.state.live import LiveRuns

        self._live = self._live or LiveRuns(self._project.paths, self._clock)
        return self._live.read(going)

    def looked_at(self, orchestration: str) -> None:
        """A person has seen how its last run ended. Raises: OSError."""
        from orch_tui.project.looked import keep_looked

        run = self.look.last.get(orchestration)
        if run is not None and (self.look.is_new_failure(orchestration) or self.look.is_repaired(orchestration)):
            self.look = replace(self.look, looked={**self.look.looked, orchestration: run.id})
            keep_looked(self._project.paths, orchestration, run.id)
