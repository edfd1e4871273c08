"""The logs of several tasks as one, each line behind the name of its task, in a colour of its own."""

from __future__ import annotations

import os
import shutil
import tempfile
import weakref
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from rich.cells import cell_len, set_cell_size

from orch_tui.project.files.own_files import open_own, write_all
from orch_tui.runs.log.lines import last_state

_COLOURS = (36, 35, 34, 33, 32, 96, 95, 94)
"""SGR codes of names; not red, which says that something is wrong."""
_WIDEST = 24
_FIRST, _BLOCK = 1 << 18, 1 << 18
"""Bytes of a log that are taken when it is met first, from its end, and with each look after that."""


class LogSource(NamedTuple):
    """The log of an attempt. ``ended``: nobody writes into it any more."""

    name: str
    path: Path
    ended: bool


class MergedLog:
    """A file of its own that grows as the logs grow, for as long as this object is there.

    Lines stand in the order in which they were met. What was there before the first look has no times by which lines
    could be ordered: one log stands after the other then, the one that was written last at the end.
    """

    def __init__(self) -> None:
        self._directory: Path | None = None
        self._number = 0
        self._key: object = None
        self._read: dict[Path, _Reading] = {}

    @property
    def path(self) -> Path | None:
        """Where it is; None before :meth:`show`."""
        return self._directory / str(self._number) if self._directory is not None else None

    def show(self, key: object, sources: Sequence[LogSource]) -> Path:
        """Take over what is new in these logs; another ``key`` begins anew. Raises: OSError."""
        if self._directory is None:
            self._directory = Path(tempfile.mkdtemp(prefix="orch-tui-"))
            weakref.finalize(self, shutil.rmtree, self._directory, ignore_errors=True)
        if key != self._key:
            self._directory.joinpath(str(self._number)).unlink(missing_ok=True)
            self._key, self._read, self._number = key, {}, self._number + 1
        path = self._directory / str(self._number)
        width = min(_WIDEST, max((cell_len(one.name) for one in sources), default=0))
        met = [one for one in sources if one.path not in self._read]
        for one in sorted(met, key=lambda source: _written(source.path)):
            colour = _COLOURS[len(self._read) % len(_COLOURS)]
            self._read[one.path] = _Reading(f"\x1b[{colour}m{_fitted(one.name, width)}\x1b[0m │ ".encode())
        known = {one.path: one for one in sources}
        text = b"".join(
            line for place, reading in self._read.items() if place in known for line in reading.new(known[place])
        )
        if text or not path.exists():
            descriptor = open_own(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
            try:
                write_all(descriptor, text, path)
            finally:
                os.close(descriptor)
        return path


class _Reading:
    """How far one log was read, and its last line for as long as that has no end."""

    def __init__(self, prefix: bytes) -> None:
        self._prefix = prefix
        self._at: int | None = None
        self._rest = b""
        self._done = False

    def new(self, source: LogSource) -> Iterator[bytes]:
        """The lines that came since, with their prefix."""
        if self._done:
            return
        data = self._bytes(source.path)
        *lines, self._rest = (self._rest + data).split(b"\n")
        # Of an attempt that has ended, all is there once nothing more is read.
        self._done = source.ended and not data
        if self._done and self._rest:
            lines, self._rest = [*lines, self._rest], b""
        for one in lines:
            yield self._prefix + last_state(one) + b"\n"

    def _bytes(self, path: Path) -> bytes:
        try:
            descriptor = open_own(path)
        except OSError:
            # Not there yet, or no longer: the run says so itself.
            return b""
        try:
            size = os.fstat(descriptor).st_size
            if self._at is None:
                self._at = max(0, size - _FIRST)
                if self._at:
                    self._at = os.pread(descriptor, _BLOCK, self._at).find(b"\n") + self._at + 1
            data = os.pread(descriptor, _BLOCK, min(self._at, size))
        finally:
            os.close(descriptor)
        self._at = min(self._at, size) + len(data)
        return data


def _written(path: Path) -> float:
    try:
        return path.lstat().st_mtime
    except OSError:
        return float("inf")


def _fitted(name: str, width: int) -> str:
    if cell_len(name) > width:
        return f"{set_cell_size(name, width - 1)}…"
    return set_cell_size(name, width)
