"""A cache of what journals say: a file of lines, each of which counts while the journal is the file it was made from.

A line is added in one write; a process that is killed meanwhile leaves a line that nobody can read, and two that write
at once leave a line twice, of which the later counts. The file may be deleted at any time.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from orch_tui.project.files.own_files import open_own, read_own, replace_own, write_all
from orch_tui.project.journal.file import JOURNAL
from orch_tui.project.paths import ProjectPaths, make_private

_FORMAT = 1
_SPARE = 200
"""Lines of runs that are gone, or stand there twice, that are not worth writing the file anew for."""
_OWN = 5


class Stamp(NamedTuple):
    """Which file a journal was: another one, or one that was written to, has another stamp."""

    inode: int
    size: int
    changed: int


class Line(NamedTuple):
    """What was said of the journal that had this stamp."""

    stamp: Stamp
    values: Sequence[Any]


def stamp_of(run: str) -> Stamp | None:
    """The stamp of the journal in the directory of a run; None when it cannot be looked at.

    Raises: FileNotFoundError, NotADirectoryError: there is no such run (any more).
    """
    try:
        status = os.stat(f"{run}/{JOURNAL}")
    except (FileNotFoundError, NotADirectoryError):
        raise
    except OSError:
        return None
    return Stamp(status.st_ino, status.st_size, status.st_mtime_ns)


class LineCache:
    """One file. Keys are texts; the values of a line are JSON, always as many."""

    def __init__(self, paths: ProjectPaths, name: str, width: int) -> None:
        self._paths = paths
        self._path: Path = paths.history / f"{name}.jsonl"
        self._width = _OWN + width
        self._lines = 0

    def read(self) -> Mapping[str, Line]:
        """What is known, by key; nothing where the file is not there, or not ours."""
        try:
            lines = [line for line in read_own(self._path).split(b"\n") if line]
        except OSError:
            lines = []
        self._lines = len(lines)
        known = {}
        for row in _rows(lines):
            if isinstance(row, list) and len(row) == self._width and row[0] == _FORMAT and isinstance(row[1], str):
                known[row[1]] = Line(Stamp(*row[2:_OWN]), row[_OWN:])
        return known

    def add(self, new: Mapping[str, Line], live: int) -> None:
        """Keep these as well, after :meth:`read`. ``live`` is how many lines can still be of use to anybody.

        Where it cannot be kept, all is only slower.
        """
        with contextlib.suppress(OSError):
            if self._lines + len(new) > 2 * live + _SPARE:
                # The next one that reads keeps what is there now.
                replace_own(self._path, b"")
            elif new:
                self._paths.make_state()
                make_private(self._path.parent)
                self._append(b"".join(_line(key, line) for key, line in new.items()))

    def _append(self, data: bytes) -> None:
        descriptor = open_own(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        try:
            # A line that somebody has not written to its end ends here.
            write_all(descriptor, b"\n" + data, self._path)
        finally:
            os.close(descriptor)


def _line(key: str, line: Line) -> bytes:
    row = [_FORMAT, key, *line.stamp, *line.values]
    return json.dumps(row, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace") + b"\n"


def _rows(lines: Sequence[bytes]) -> Iterable[Any]:
    try:
        rows: list[Any] = json.loads(b"[" + b",".join(lines) + b"]")
    except (ValueError, RecursionError):
        return _good_rows(lines)
    return rows


def _good_rows(lines: Sequence[bytes]) -> Iterator[Any]:
    for line in lines:
        with contextlib.suppress(ValueError, RecursionError):
            yield json.loads(line)
