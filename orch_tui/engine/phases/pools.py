"""Pools: how many tasks of the project may use something at once, counted over all its runs and processes.

A slot of a pool is a lock file, held by the process that executes the run and, by inheritance, by the task's own: it is
free as soon as the last of them is gone, whatever ended it. Who finds too few of them free waits in line.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping

from orch_tui.model.dataclass import dataclass
from orch_tui.model.events.reasons import Cause, Reason
from orch_tui.model.run.plan import PlannedTask
from orch_tui.model.run.pools import pool_of
from orch_tui.project.concurrent.locks import Lock
from orch_tui.project.concurrent.pool_line import PoolLine
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
        self._waiting: dict[str, PoolLine] = {}

    def take(self, task: PlannedTask, who: str) -> Taken | Reason:
        """The slots that the task needs, all at once, or why it has to wait. ``who`` is the task in words.

        What those need that came before is left for them. A pool that the project does not have any more holds nobody
        up. Raises: OSError.
        """
        pool, wanted = pool_of(task)
        size = self._sizes.get(pool, 0)
        if not size:
            return Taken()
        line, wanted = PoolLine(self._paths.pool_line(pool)), min(wanted, size)
        kept = sum(min(place.weight, size) for place in line.before(who))
        locks = self._free_slots(pool, size, wanted + kept, who)
        if len(locks) == wanted + kept:
            for lock in locks[wanted:]:
                lock.close()
            self._leave(line, who)
            return Taken(tuple(locks[:wanted]))
        for lock in locks:
            lock.close()
        line.wait(who, wanted)
        self._waiting[who] = line
        use = use_of(self._paths, pool, size)
        # What was free a moment ago is told as taken, unless it is kept for others.
        taken = use.taken if kept else max(use.taken, size - wanted + 1)
        return Reason.of(Cause.POOL, pool=pool, taken=taken, size=size, holders=use.words_for(who))

    def _free_slots(self, pool: str, size: int, wanted: int, who: str) -> list[Lock]:
        """As many free slots as are ``wanted``, or all that there are if these are fewer."""
        locks: list[Lock] = []
        for number in range(size):
            if len(locks) == wanted:
                break
            if (lock := Lock.acquire(self._paths.pool_lock(pool, number), who)) is not None:
                locks.append(lock)
        return locks

    def _leave(self, line: PoolLine, who: str) -> None:
        # An executor before this one may have waited for the same task: only where there is a line, there is a place.
        self._waiting.pop(who, None)
        line.leave(who)

    def leave_all(self) -> None:
        """Nothing waits any more. What cannot be taken away now keeps nothing a moment later."""
        while self._waiting:
            who, line = self._waiting.popitem()
            with contextlib.suppress(OSError):
                line.leave(who)
