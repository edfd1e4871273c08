"""Who waits for slots of a pool, in the order in which they came, whichever process looks.

Without it a task that needs several slots would never find them free together while others take single ones. Each that
waits has a file, named by when it came; what the first of them need is kept for them. Whoever waits shows again and
again that it still does: a place of a process that was killed, is stopped or does something else keeps nothing.
"""

from __future__ import annotations

import hashlib
import os
import time
from pathlib import Path

from orch_tui.model.dataclass import dataclass
from orch_tui.project.files.own_files import NotOwnFile, create_own, open_own, read_own, stat_own
from orch_tui.project.paths import make_private

FRESH = 5.0
"""Seconds after which a place that was not shown again keeps nothing."""
_FORGOTTEN = 3600.0
"""Seconds after which it is taken away."""
_WHO_BYTES = 1000


@dataclass(frozen=True, slots=True)
class Place:
    """One that waits: ``who`` it is in words, and the ``weight`` that it needs. ``fresh``: it waits still."""

    path: str
    weight: int
    who: str
    fresh: bool


class PoolLine:
    """Those who wait for slots of one pool, or for memory. All methods raise OSError when their files cannot be read or
    written."""

    def __init__(self, directory: Path) -> None:
        """``directory`` holds the places; :meth:`orch_tui.project.paths.ProjectPaths.pool_line` names it."""
        self._directory = directory

    def places(self) -> list[Place]:
        """All that wait, the one that came first before the others."""
        try:
            names = sorted(os.listdir(self._directory))
        except FileNotFoundError:
            return []
        return [place for name in names if (place := self._place(name)) is not None]

    def _place(self, name: str) -> Place | None:
        parts = name.split(".")
        if len(parts) != 3 or not (parts[0].isdecimal() and parts[1].isdecimal()):
            return None
        path = os.path.join(self._directory, name)
        try:
            age = abs(time.time() - stat_own(path).st_mtime)
            if age > _FORGOTTEN:
                os.unlink(path)
                return None
            who = read_own(path, _WHO_BYTES).decode("utf-8", "replace")
        except (FileNotFoundError, NotOwnFile):
            # It has got its slots meanwhile, or is none of ours.
            return None
        return Place(path, int(parts[1]), who, age <= FRESH)

    def before(self, who: str) -> list[Place]:
        """Those that still wait and came before ``who``; all of them when it does not wait yet."""
        found = []
        for place in self.places():
            if place.who == who:
                break
            if place.fresh:
                found.append(place)
        return found

    def wait(self, who: str, weight: int) -> None:
        """Take a place, or show that it is still wanted."""
        mine = next((place for place in self.places() if place.who == who), None)
        if mine is not None:
            descriptor = open_own(mine.path)
            try:
                os.utime(descriptor)
            finally:
                os.close(descriptor)
            return
        make_private(self._directory)
        key = hashlib.sha256(who.encode()).hexdigest()[:16]
        create_own(self._directory / f"{time.time_ns():020d}.{weight}.{key}", who.encode()[:_WHO_BYTES])

    def leave(self, who: str) -> None:
        """It has got what it waited for, or does not want it any more."""
        for place in self.places():
            if place.who == who:
                os.unlink(place.path)
