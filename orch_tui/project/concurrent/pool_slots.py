"""The slots of pools: who holds them at this moment, whichever process looks."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence

from orch_tui.model.dataclass import dataclass
from orch_tui.project.concurrent.locks import holder_of
from orch_tui.project.concurrent.pool_line import PoolLine
from orch_tui.project.paths import ProjectPaths

_NAMED = 3
"""Holders that are named where there are more of them."""


@dataclass(frozen=True, slots=True)
class PoolUse:
    """``holders`` are those who have slots of the pool, in words, with how many each; ``waiting`` those who wait for
    some, the one that came first before the others."""

    name: str
    size: int
    holders: tuple[tuple[str, int], ...] = ()
    waiting: tuple[str, ...] = ()

    @property
    def taken(self) -> int:
        return sum(slots for _, slots in self.holders)

    @property
    def words(self) -> str:
        """The first of its holders."""
        return named([name for name, _ in self.holders])

    def words_for(self, who: str) -> str:
        """The same for one that waits; when slots are free, for whom they are kept."""
        first = self.waiting[0] if self.waiting else who
        kept = f"kept for {first}" if first != who and self.taken < self.size else ""
        return ", ".join(part for part in (self.words, kept) if part)


def named(holders: Sequence[str]) -> str:
    """The first of several holders in words, and how many more there are."""
    more = f" and {len(holders) - _NAMED} more" if len(holders) > _NAMED else ""
    return ", ".join(holders[:_NAMED]) + more


def use_of(paths: ProjectPaths, pool: str, size: int) -> PoolUse:
    """Who holds slots of a pool now; also those beyond its ``size``, which it had when they were taken."""
    try:
        names = os.listdir(paths.pool_lock(pool, 0).parent)
    except OSError:
        return PoolUse(pool, size)
    slots = sorted(int(name[:-5]) for name in names if name.endswith(".lock") and name[:-5].isdecimal())
    found = (holder_of(paths.pool_lock(pool, slot)) for slot in slots)
    holders = tuple(Counter(holder for holder in found if holder is not None).items())
    return PoolUse(
        pool, size, holders, tuple(place.who for place in PoolLine(paths.pool_line(pool)).places() if place.fresh)
    )


def who_waits(run: str, orchestration: str, task: str) -> str:
    """A task in words, as it holds slots and waits for them: ``run 2026… of "daily" (task load)``."""
    return f'run {run} of "{orchestration}" (task {task})'
