"""The pools of a project and its memory as they stand: who has how much of them, and who waits for some."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from itertools import islice

from orch_tui.model.dataclass import dataclass
from orch_tui.model.events.reasons import Cause, Reason
from orch_tui.model.run.memory import memory_of
from orch_tui.model.run.pools import pool_of
from orch_tui.model.run.runstate import RunState, TaskState
from orch_tui.model.run.waits import waits_for
from orch_tui.model.texts.sizes import parse_size
from orch_tui.project.concurrent.memory_claims import MEMORY, MemoryClaims, MemoryUse
from orch_tui.project.concurrent.pool_slots import PoolUse, use_of, who_waits
from orch_tui.project.history import all_runs
from orch_tui.project.journal.file import BrokenJournal, read_run
from orch_tui.project.paths import ProjectPaths
from orch_tui.project.project import Project

_LOOK_BACK = 1000
"""Runs that are looked at; those that go on are among the newest."""


@dataclass(frozen=True, slots=True)
class PoolWait:
    """A task that waits for slots, ``weight`` of them, or for so many bytes of memory."""

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
    """``waiting`` are in the order in which they get what they need; those of one run behind its first are last."""

    use: PoolUse | MemoryUse
    waiting: tuple[PoolWait, ...] = ()


def pools_now(project: Project) -> list[PoolNow]:
    """All pools of the project, by name, and last its memory, if that is limited."""
    settings, waits = project.settings, list(_waits(project.paths))
    uses: list[tuple[str, PoolUse | MemoryUse, list[str]]] = []
    for name, size in sorted(settings.pools.items()):
        slots = use_of(project.paths, name, size)
        uses.append((name, slots, list(slots.waiting)))
    if settings.memory is not None:
        memory = MemoryClaims(project.paths).use(settings.memory)
        uses.append((MEMORY, memory, [place.who for place in memory.waiting]))
    found = []
    for name, use, line in uses:
        place = {who: number for number, who in enumerate(line)}
        mine = [wait for limit, wait in waits if limit == name]
        found.append(PoolNow(use, tuple(sorted(mine, key=lambda one: place.get(one.who, len(place))))))
    return found


def limit_of(reason: Reason) -> dict[str, int]:
    """The pool that is waited for, or :data:`MEMORY`, with its size; empty when it is something else."""
    # A journal may say anything there.
    with contextlib.suppress(ValueError):
        if reason.cause is Cause.POOL:
            return {str(reason.fields["pool"]): int(reason.fields["size"])}
        if reason.cause is Cause.MEMORY:
            return {MEMORY: parse_size(str(reason.fields["size"]))}
    return {}


def _waits(paths: ProjectPaths) -> Iterator[tuple[str, PoolWait]]:
    for summary in islice(all_runs(paths), _LOOK_BACK):
        if summary.broken is None and not summary.status.final and summary.live:
            try:
                state = read_run(summary.directory)
            except (OSError, BrokenJournal):
                # Its own list says what is wrong with it.
                continue
            yield from ((limit, _wait(state, task, limit)) for limit, task in _waiting(state))


def _waiting(state: RunState) -> Iterator[tuple[str, TaskState]]:
    for task in state.tasks.values():
        reason = None if task.status.final else waits_for(state, task)
        for limit in limit_of(reason) if reason is not None else ():
            yield limit, task


def _wait(state: RunState, task: TaskState, limit: str) -> PoolWait:
    needed = memory_of(task.planned) if limit == MEMORY else pool_of(task.planned)[1]
    return PoolWait(state.header.id, state.header.orchestration, task.id, needed)
