"""Copies of objects on this machine, for DuckDB and for tasks: as the objects, they never change.

A copy is there whole or not at all. DuckDB could read from the store itself, through Python; that was measured with 43
MB on a loopback (1,500,000 rows, 30 November 2026): a look at some rows 0.5-1.6 s each against 0.1 s from a copy, which
comes in 0.6 s once, and queries of two threads failed in it (obstore 0.12.1 with fsspec, DuckDB 2.0). A task needs its
inputs as files in any case.
"""

from __future__ import annotations

import contextlib
import secrets
import shutil
import time
from collections.abc import Callable
from pathlib import Path

from orch_tui.project.files.own_files import require_own
from orch_tui.project.paths import make_private
from orch_tui.storage.tables import number_of

_OLD = 3600.0
"""Seconds after which what came in half belongs to nobody."""


class Copies:
    """Below ``root``, for one address: ``<bucket>/<table>/<name>``."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def home(self, table: str) -> Path:
        return self._root / table

    def at_hand(self, table: str, name: str, fetch: Callable[[Path], None]) -> Path:
        """The copy, which ``fetch`` brings if it is not there. Raises: what it raises; OSError."""
        file = self.home(table) / name
        try:
            require_own(file)
            return file
        except FileNotFoundError:
            pass
        make_private(file.parent)
        self._sweep(file.parent)
        part = file.with_name(f".{name}.{secrets.token_hex(4)}.part")
        try:
            fetch(part)
            part.replace(file)
        finally:
            part.unlink(missing_ok=True)
        return file

    def keep(self, table: str, made: Path, name: str) -> None:
        """What was sent to the store from here is its copy. Raises: OSError."""
        made.replace(self.home(table) / name)

    def give(self, table: str, name: str, fetch: Callable[[Path], None], target: Path) -> None:
        """A file of one's own: who writes into it does not write into what others read. Raises: as at_hand."""
        file = self.at_hand(table, name, fetch)
        target.unlink(missing_ok=True)
        shutil.copyfile(file, target)

    def drop(self, table: str, name: str) -> None:
        (self.home(table) / name).unlink(missing_ok=True)

    def retain(self, table: str, names: set[str], newest: int) -> None:
        """Of versions before the newest only these are worth their room."""
        for path in self.home(table).glob("*.parquet"):
            number = number_of(path.name)
            if number is not None and number < newest and path.name not in names:
                with contextlib.suppress(OSError):
                    path.unlink(missing_ok=True)

    def _sweep(self, home: Path) -> None:
        for path in home.glob(".*.part"):
            with contextlib.suppress(OSError):
                if time.time() - path.stat().st_mtime > _OLD:
                    path.unlink(missing_ok=True)
