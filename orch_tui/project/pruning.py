"""Deleting runs that the project does not keep."""

from __future__ import annotations

import shutil

from orch_tui.project.paths import ProjectPaths
from orch_tui.project.run_index import RunIndex


def prune_runs(paths: ProjectPaths, orchestration: str, *, keep: int, keep_days: float | None, now: float) -> list[str]:
    """Delete finished runs beyond the newest ``keep``, and those older than ``keep_days``; return their ids.

    A run that has not ended is never deleted: its processes may be alive, and its state is all that is known of it.
    """
    removed = []
    for number, summary in enumerate(RunIndex(paths).runs(orchestration)):
        old = keep_days is not None and summary.started is not None and now - summary.started > keep_days * 86400
        if (number >= keep or old) and summary.status.final and summary.broken is None and number > 0:
            # Renamed first: a reader sees the whole run or none of it.
            doomed = summary.directory.with_name(f".{summary.id}.deleted")
            try:
                summary.directory.rename(doomed)
            except FileNotFoundError:
                continue
            shutil.rmtree(doomed, ignore_errors=True)
            removed.append(summary.id)
    return removed
