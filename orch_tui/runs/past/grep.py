"""Finding text in the logs of all runs that are kept, in bounded memory, the newest run first.

What is searched is what a terminal would have shown; secrets were masked on their way into the logs.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from fnmatch import fnmatchcase
from pathlib import Path

from orch_tui.model.dataclass import dataclass
from orch_tui.project.attempt_dir import attempt_directory, log_file
from orch_tui.project.files.own_files import open_own
from orch_tui.project.history import RunSummary
from orch_tui.runs.log.lines import clean
from orch_tui.runs.log.search import Pattern

_BLOCK = 1 << 18
_LONGEST_LINE = 1 << 20
"""Bytes after which a line without an end is looked at as if it had one."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A line of a log. ``line`` counts from 1, ``offset`` is its first byte; ``text`` is safe to show."""

    run: RunSummary
    task: str
    attempt: int
    line: int
    offset: int
    text: str

    @property
    def log(self) -> Path:
        return log_file(attempt_directory(self.run.directory, self.task, self.attempt))


class LogSearch:
    """One search for what is ``wanted``. ``logs`` and ``bytes`` say how much was looked at, ``unreadable`` what could
    not be, and why."""

    def __init__(self, wanted: Pattern, task: str = "*", cancelled: Callable[[], bool] = lambda: False) -> None:
        """``task`` is an id, with ``*`` and ``?``; ``cancelled`` is asked between two blocks."""
        self.wanted = wanted
        self._task = task
        self._cancelled = cancelled
        self.logs = 0
        self.bytes = 0
        self.unreadable: list[tuple[Path, str]] = []

    def hits(self, runs: Iterable[RunSummary]) -> Iterator[Hit]:
        """Lines that match, as they are found."""
        for run in runs:
            for task, attempt in self._logs_of(run.directory):
                if self._cancelled():
                    return
                path = log_file(attempt_directory(run.directory, task, attempt))
                try:
                    for line, offset, raw in self._lines(path):
                        yield Hit(run, task, attempt, line, offset, clean(raw).shown)
                except FileNotFoundError:
                    # An attempt that is about to begin, or a run that is deleted meanwhile.
                    continue
                except OSError as error:
                    self.unreadable.append((path, error.strerror or str(error)))

    def _logs_of(self, run: Path) -> Iterator[tuple[str, int]]:
        for task in sorted(self._names(run / "tasks")):
            if fnmatchcase(task, self._task):
                numbers = (int(name) for name in self._names(run / "tasks" / task) if name.isdecimal())
                yield from ((task, number) for number in sorted(numbers))

    def _names(self, directory: Path) -> list[str]:
        try:
            return os.listdir(directory)
        except (FileNotFoundError, NotADirectoryError):
            return []
        except OSError as error:
            self.unreadable.append((directory, error.strerror or str(error)))
            return []

    def _lines(self, path: Path) -> Iterator[tuple[int, int, bytes]]:
        descriptor = open_own(path)
        try:
            self.logs += 1
            rest, base, number = b"", 0, 1
            while not self._cancelled():
                data = os.read(descriptor, _BLOCK)
                self.bytes += len(data)
                block = rest + data
                end = block.rfind(b"\n") + 1
                if not data or (not end and len(block) >= _LONGEST_LINE):
                    end = len(block)
                rest, block = block[end:], block[:end]
                at = 0
                for start in self.wanted.lines(block):
                    number += block.count(b"\n", at, start)
                    at = start
                    stop = block.find(b"\n", start)
                    yield number, base + start, block[start : stop if stop >= 0 else len(block)]
                number += block.count(b"\n", at)
                base += len(block)
                if not data:
                    return
        finally:
            os.close(descriptor)
