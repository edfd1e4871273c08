"""Pools: how many tasks of the project may use something at once, counted over all its runs and processes.

A slot of a pool is a lock file, held by the process that executes the run and, by inheritance, by the task's own: it is
free as soon as the last of them is gone, whatever ended it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from orch_tui.model.events.reasons import Cause, Reason
from orch_tui.model.run.plan import PlannedTask
from orch_tui.model.run.pools import pool_of
from orch_tui.project.concurrent.locks import Lock
from orch_tui.project.concurrent.pool_slots import use_of
from orch_tui.project.paths import ProjectPaths


@dataclass(frozen=True, slots=True)
class Taken:
    """The slots that a task got; none for a task without a pool."""

    locks: tuple[Lock, ...] = ()


class Pools:
    """``sizes`` are those of the project's pools, by name."""

    def __init__(self, paths: ProjectPaths, sizes: Mapping[str, int]) -> None:
        self._paths = paths
        self._sizes = sizes

    def take(self, task: PlannedTask, who: str) -> Taken | Reason:
        """The slots that the task needs, all at once, or why it has to wait. ``who`` is the task in words.

        A pool that the project does not have any more holds nobody up. Raises: OSError.
        """
        pool, wanted = pool_of(task)
        size = self._sizes.get(pool, 0)
        if not size:
            return Taken()
        wanted = min(wanted, size)
        locks: list[Lock] = []
        for number in range(size):
            if len(locks) == wanted:
                break
            if (lock := Lock.acquire(self._paths.pool_lock(pool, number), who)) is not None:
                locks.append(lock)
        if len(locks) == wanted:
            return Taken(tuple(locks))
        for lock in locks:
            lock.close()
        use = use_of(self._paths, pool, size)
        return Reason.of(Cause.POOL, pool=pool, taken=max(use.taken, size - wanted + 1), size=size, holders=use.words)
