"""Who has how much of the memory that a project gives to its tasks, whichever process looks.

A claim is a lock file with its bytes in its name, held by the process that executes the run and, by inheritance, by
the task's own: it is void as soon as the last of them is gone, whatever ended it. Claims are made one at a time, so
that two that fit alone are not both granted.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import time
from collections.abc import Iterator
from pathlib import Path

from orch_tui.model.dataclass import dataclass
from orch_tui.model.texts.pattern import pattern
from orch_tui.model.texts.sizes import write_size
from orch_tui.project.concurrent.locks import Lock, holder_of
from orch_tui.project.concurrent.pool_line import Place, PoolLine
from orch_tui.project.concurrent.pool_slots import named
from orch_tui.project.paths import ProjectPaths

MEMORY = ""
"""The key of memory beside pools, whose names are never empty."""
_TRIES = 10
_PAUSE = 0.005
_CLAIM = pattern(r"(\d{1,19})\.[0-9a-f]{16}\.lock", re.ASCII)


@dataclass(frozen=True, slots=True)
class MemoryUse:
    """``holders`` are those who have memory, in words, with how many bytes each; ``waiting`` those who wait for some,
    the one that came first before the others. ``size`` is what there is for all, in bytes."""

    size: int
    holders: tuple[tuple[str, int], ...] = ()
    waiting: tuple[Place, ...] = ()

    @property
    def taken(self) -> int:
        return sum(size for _, size in self.holders)

    def words_for(self, who: str) -> str:
        """Who has it, with how much, for one that waits; and for whom what is free is kept."""
        first = self.waiting[0].who if self.waiting else who
        kept = [f"kept for {first}"] if first != who and self.taken < self.size else []
        holders = [f"{holder} has {write_size(size)}" for holder, size in self.holders]
        return ", ".join([named(holders), *kept] if holders else kept) or "another task begins now"


class MemoryClaims:
    """All methods raise OSError when the files of claims cannot be read or written."""

    def __init__(self, paths: ProjectPaths) -> None:
        self._directory = paths.memory_claims
        self.line = PoolLine(self._directory / "waiting")

    def use(self, size: int) -> MemoryUse:
        holders = tuple((who, claimed) for _, who, claimed in self._claims() if who is not None)
        return MemoryUse(size, holders, tuple(place for place in self.line.places() if place.fresh))

    def claim(self, who: str, wanted: int, size: int) -> Lock | None:
        """Have ``wanted`` bytes of ``size`` for ``who``; None while they are not free, or kept for those before."""
        with self._alone() as alone:
            if not alone:
                return None
            taken = 0
            for path, holder, claimed in self._claims():
                if holder is None:
                    # Nobody has it open who could still mean it: claims are made only by who is alone here.
                    with contextlib.suppress(FileNotFoundError):
                        os.unlink(path)
                else:
                    taken += claimed
            kept = sum(min(place.weight, size) for place in self.line.before(who))
            if taken + kept + wanted > size:
                return None
            key = hashlib.sha256(who.encode()).hexdigest()[:16]
            return Lock.acquire(self._directory / f"{wanted}.{key}.lock", who)

    @contextlib.contextmanager
    def _alone(self) -> Iterator[bool]:
        """Whether nobody else is at it; who is takes a moment, unless it was stopped: that is not waited for."""
        lock = None
        for attempt in range(_TRIES):
            lock = Lock.acquire(self._directory / "claiming.lock", f"process {os.getpid()}")
            if lock is not None or attempt == _TRIES - 1:
                break
            time.sleep(_PAUSE)
        try:
            yield lock is not None
        finally:
            if lock is not None:
                lock.free()

    def _claims(self) -> Iterator[tuple[Path, str | None, int]]:
        """File, holder (None: it is void) and bytes of each claim."""
        try:
            names = sorted(os.listdir(self._directory))
        except FileNotFoundError:
            return
        for name in names:
            if found := _CLAIM.fullmatch(name):
                path = self._directory / name
                yield path, holder_of(path), int(found[1])
