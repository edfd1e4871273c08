"""Files as a client of a network file system sees them whose attributes and names are cached (nfs(5), ``lookupcache``).

What ``stat`` said of a path stays so; a name that was not there stays away until its directory is listed; what is
opened is as the server has it.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from typing import Any

import pytest


class NetworkFiles:
    """Of this process, until the test has ended. ``stale`` is how often something was answered out of the cache."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.stale = 0
        self._known: dict[str, os.stat_result] = {}
        self._absent: set[str] = set()
        self._open, self._listdir, self._scandir = os.open, os.listdir, os.scandir
        for name in ("stat", "lstat"):
            monkeypatch.setattr(os, name, self._stat_by(getattr(os, name)))
        monkeypatch.setattr(os, "open", self._opened)
        monkeypatch.setattr(os, "listdir", self._listed)

    def _stat_by(self, stat: Callable[..., os.stat_result]) -> Callable[..., os.stat_result]:
        def remembered(path: Any, *args: Any, **kwargs: Any) -> os.stat_result:
            if isinstance(path, int):
                return stat(path, *args, **kwargs)
            key = os.fspath(path)
            self._refuse_absent(key)
            now = stat(path, *args, **kwargs)
            known = self._known.setdefault(key, now)
            self.stale += known != now
            return known

        return remembered

    def _refuse_absent(self, key: Any) -> None:
        if key in self._absent:
            self.stale += 1
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), key)

    def _opened(self, path: Any, flags: int, *args: Any, **kwargs: Any) -> int:
        key = os.fspath(path)
        if not flags & os.O_CREAT:
            self._refuse_absent(key)
        try:
            return self._open(path, flags, *args, **kwargs)
        except FileNotFoundError:
            self._absent.add(key)
            raise

    def _listed(self, path: Any = ".") -> Any:
        names = self._listdir(path)
        if not isinstance(path, int):
            self._absent -= {os.path.join(os.fspath(path), name) for name in names}
        return names
