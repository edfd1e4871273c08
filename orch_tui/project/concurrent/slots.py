"""Files that screens keep of the same thing, each its own: none writes over another's, and what one left is found.

The first is called ``<stem><suffix>``, further ones ``<stem>~2<suffix>`` and so on (no id has a ``~``). A screen
holds a lock beside its own, which vanishes with its process: a file whose lock is free was left behind.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from orch_tui.project.concurrent.locks import Lock, holder_of, is_locked
from orch_tui.project.files.own_files import replace_own
from orch_tui.project.paths import lock_beside, make_private

_MARK = "~"


class Slot:
    """A file that this screen has to itself until :meth:`release`."""

    def __init__(self, path: Path, lock: Lock) -> None:
        self.path = path
        self._lock = lock

    def write(self, text: str) -> None:
        """Raises: OSError; what was there before is there still."""
        replace_own(self.path, text)

    def remove(self) -> None:
        """Take the file away; the slot stays this screen's. Raises: OSError."""
        self.path.unlink(missing_ok=True)

    def release(self) -> None:
        """Let others find what is in it."""
        with contextlib.suppress(OSError):
            lock_beside(self.path).unlink(missing_ok=True)
        self._lock.close()


class Slots:
    """All files of one thing. ``holder`` is a sentence for other screens: who keeps something here."""

    def __init__(self, directory: Path, stem: str, suffix: str, holder: str) -> None:
        self._directory = directory
        self._stem = stem
        self._suffix = suffix
        self._holder = holder

    def paths(self) -> list[Path]:
        """The files there are, the one that was written last first."""
        try:
            names = [
                entry.name for entry in os.scandir(self._directory) if stem_of(entry.name, self._suffix) == self._stem
            ]
        except OSError:
            return []
        return sorted((self._directory / name for name in names), key=_written, reverse=True)

    def left_behind(self) -> list[Path]:
        """Those of :meth:`paths` that no screen uses."""
        return [path for path in self.paths() if not is_locked(lock_beside(path))]

    def holders(self) -> list[str]:
        """Who keeps the other ones."""
        return [holder for path in self.paths() if (holder := holder_of(lock_beside(path))) is not None]

    def new(self) -> Slot:
        """A file that is not there yet. Raises: OSError."""
        make_private(self._directory)
        for path in self._names():
            if not os.path.lexists(path) and (slot := self.take(path)) is not None:
                # Somebody may have come, written and gone in between.
                if not os.path.lexists(path):
                    return slot
                slot.release()
        raise AssertionError("names do not end")

    def take(self, path: Path) -> Slot | None:
        """A file that was left behind; None when another screen uses it. Raises: OSError."""
        while True:
            lock = Lock.acquire(lock_beside(path), self._holder)
            if lock is None:
                return None
            # The one before may have taken the lock's file away with it.
            if lock.is_current():
                return Slot(path, lock)
            lock.close()

    def _names(self) -> Iterator[Path]:
        number, mark = 1, ""
        while True:
            yield self._directory / f"{self._stem}{mark}{self._suffix}"
            number += 1
            mark = f"{_MARK}{number}"


def stem_of(name: str, suffix: str) -> str | None:
    """What a file of this name is kept of; None for another file."""
    if not name.endswith(suffix) or name.startswith("."):
        return None
    return name.removesuffix(suffix).partition(_MARK)[0]


def renamed(path: Path, old: str, new: str) -> Path:
    """The file's name when what it is kept of is called otherwise."""
    return path.with_name(f"{new}{path.name.removeprefix(old)}")


def _written(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0
