"""The newest runs of orchestrations, looked at again and again: what has not changed is not listed again."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

from orch_tui.project.files.atomic import modified_ns
from orch_tui.project.files.own_files import stat_own
from orch_tui.project.history import RunSummary, newest_ids, run_directories, summarize
from orch_tui.project.journal.file import JOURNAL
from orch_tui.project.paths import ProjectPaths

_KEPT = 64
_SETTLED_NS = 3_000_000_000
"""The coarsest clock of a file system: what changes within it, after the directory was listed, leaves no trace."""


class _Listed(NamedTuple):
    """The newest names in a directory that was changed at ``changed`` (nanoseconds); ``whole``: there are no others."""

    changed: int
    names: list[str]
    whole: bool


class NewestRuns:
    """For any thread: what two find out at once is found out twice."""

    def __init__(self, paths: ProjectPaths) -> None:
        self._paths = paths
        self._listed: dict[str, _Listed] = {}

    def ids(self, orchestration: str, count: int) -> list[str]:
        """Newest first, at most so many. Raises: OSError."""
        directory = self._paths.runs(orchestration)
        try:
            changed = modified_ns(directory)
        except FileNotFoundError:
            self._listed.pop(orchestration, None)
            return []
        known = self._listed.get(orchestration)
        if known is None or known.changed != changed:
            begun = time.time_ns()
            names = run_directories(self._paths, orchestration)
            known = _Listed(changed, names[:_KEPT], len(names) <= _KEPT)
            if not 0 <= begun - changed <= _SETTLED_NS:
                self._listed[orchestration] = known
        # A run's directory is there before its journal.
        with_journal = (name for name in known.names if os.path.exists(f"{directory}/{name}/{JOURNAL}"))
        found = list(islice(with_journal, count))
        if len(found) == count or known.whole:
            return found
        return list(islice(newest_ids(self._paths, orchestration), count))

    def runs(self, orchestration: str, count: int) -> Iterator[RunSummary]:
        """Newest first, at most so many. Raises: OSError."""
        for run in self.ids(orchestration, count):
            try:
                yield summarize(self._paths.run(orchestration, run))
            except FileNotFoundError:
                continue

    def latest(self, orchestration: str) -> RunSummary | None:
        """Raises: OSError."""
        return next(self.runs(orchestration, 1), None)

    def journal_size(self, orchestration: str, run: str) -> int:
        """In bytes; -1 where it cannot be looked at."""
        try:
            return stat_own(self._paths.run(orchestration, run) / JOURNAL).st_size
        except OSError:
            return -1
