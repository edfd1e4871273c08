"""The last run of every orchestration, also of those that are not in view. Without Textual; for a thread."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence

from orch_tui.project.files.atomic import modified_ns
from orch_tui.project.history import RunSummary
from orch_tui.project.newest_runs import NewestRuns
from orch_tui.project.paths import ProjectPaths

_SETTLED_NS = 60_000_000_000


class Sweep:
    """Reads again only what may have changed: a new run changes its directory, and a run goes on until it has ended."""

    def __init__(self, paths: ProjectPaths) -> None:
        self._paths = paths
        self._newest = NewestRuns(paths)
        self._read: dict[str, tuple[int, RunSummary | None]] = {}

    def read(self, orchestrations: Sequence[str]) -> Mapping[str, RunSummary]:
        """By orchestration; those that never ran, or whose runs cannot be read, are left out."""
        self._read = {name: self._last(name) for name in orchestrations}
        return {name: run for name, (_, run) in self._read.items() if run is not None}

    def _last(self, orchestration: str) -> tuple[int, RunSummary | None]:
        try:
            stamp = modified_ns(self._paths.runs(orchestration))
        except OSError:
            return -1, None
        known = self._read.get(orchestration)
        # A run's directory is there before its journal: what has changed just now may not have been whole when read.
        settled = time.time_ns() - stamp > _SETTLED_NS
        if settled and known is not None and known[0] == stamp and (known[1] is None or known[1].status.final):
            return known
        try:
            return stamp, self._newest.latest(orchestration)
        except OSError:
            return stamp, None
