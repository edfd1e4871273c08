"""The pools of a project as they stand: who has their slots, and who waits for some."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from orch_tui.model.dataclass import dataclass
from orch_tui.model.events.reasons import Cause
from orch_tui.model.run.pools import pool_of
from orch_tui.model.run.runstate import RunState, TaskState
from orch_tui.model.run.waits import waits_for
from orch_tui.project.concurrent.pool_slots import PoolUse, use_of, who_waits
from orch_tui.project.history import all_runs
from orch_tui.project.journal.file import BrokenJournal, read_run
from orch_tui.project.paths import ProjectPaths
from orch_tui.project.project import Project

_LOOK_BACK = 1000
"""Runs that are looked at; those that go on are among the newest."""


@dataclass(frozen=True, slots=True)
class PoolWait:
    """A task that waits for slots, ``weight`` of them."""

    run: str
    orchestration: str
    task: str
    weight: int

    @property
    def who(self) -> str:
        """It in words."""
        return who_waits(self.run, self.orchestration, self.task)


@dataclass(frozen=True, slots=True)
class PoolNow:
    """``waiting`` are in the order in which they get slots; those of one run behind its first are last."""

    use: PoolUse
    waiting: tuple[PoolWait, ...] = ()


def pools_now(project: Project) -> list[PoolNow]:
    """All pools of the project, by name."""
    sizes, waits = project.settings.pools, list(_waits(project.paths))
    found = []
    for name, size in sorted(sizes.items()):
        use = use_of(project.paths, name, size)
        place = {who: number for number, who in enumerate(use.waiting)}
        mine = sorted((wait for pool, wait in waits if pool == name), key=lambda one: place.get(one.who, len(place)))
        found.append(PoolNow(use, tuple(mine)))
    return found


def _waits(paths: ProjectPaths) -> Iterator[tuple[str, PoolWait]]:
    for summary in islice(all_runs(paths), _LOOK_BACK):
        if summary.broken is None and not summary.status.final and summary.live:
            try:
                state = read_run(summary.directory)
            except (OSError, BrokenJournal):
                # Its own list says what is wrong with it.
                continue
            yield from ((pool, _wait(state, task)) for pool, task in _waiting(state))


def _waiting(state: RunState) -> Iterator[tuple[str, TaskState]]:
    for task in state.tasks.values():
        reason = None if task.status.final else waits_for(state, task)
        if reason is not None and reason.cause is Cause.POOL:
            yield str(reason.fields["pool"]), task


def _wait(state: RunState, task: TaskState) -> PoolWait:
    return PoolWait(state.header.id, state.header.orchestration, task.id, pool_of(task.planned)[1])
