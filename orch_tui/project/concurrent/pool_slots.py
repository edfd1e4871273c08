"""The slots of pools: who holds them at this moment, whichever process looks."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass

from orch_tui.project.concurrent.locks import holder_of
from orch_tui.project.paths import ProjectPaths

_NAMED = 3
"""Holders that are named where there are more of them."""


@dataclass(frozen=True, slots=True)
class PoolUse:
    """``holders`` are those who have slots of the pool, in words, with how many each."""

    name: str
    size: int
    holders: tuple[tuple[str, int], ...] = ()

    @property
    def taken(self) -> int:
        return sum(slots for _, slots in self.holders)

    @property
    def words(self) -> str:
        """The first of its holders."""
        names = [name for name, _ in self.holders]
        more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
        return ", ".join(names[:_NAMED]) + more


def use_of(paths: ProjectPaths, pool: str, size: int) -> PoolUse:
    """Who holds slots of a pool now; also those beyond its ``size``, which it had when they were taken."""
    try:
        names = os.listdir(paths.pool_lock(pool, 0).parent)
    except OSError:
        return PoolUse(pool, size)
    slots = sorted(int(name[:-5]) for name in names if name.endswith(".lock") and name[:-5].isdecimal())
    found = (holder_of(paths.pool_lock(pool, slot)) for slot in slots)
    return PoolUse(pool, size, tuple(Counter(holder for holder in found if holder is not None).items()))
