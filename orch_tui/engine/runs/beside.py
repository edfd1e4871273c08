"""Runs of one orchestration that go on beside each other: those of a backfill. All others have it alone."""

from __future__ import annotations

from orch_tui.model.run.runstate import ScheduledTime
from orch_tui.project.concurrent.locks import holder_of
from orch_tui.project.history import judge_by
from orch_tui.project.paths import ProjectPaths


def is_beside(paths: ProjectPaths, orchestration: str, scheduled: ScheduledTime | None, rerun_of: str | None) -> bool:
    """Whether a run goes on beside others of its kind: those of a backfill, and what repeats one of them."""
    while scheduled is None and rerun_of is not None:
        try:
            before = judge_by(paths.run(orchestration, rerun_of))
        except FileNotFoundError:
            return False
        scheduled, rerun_of = before.scheduled, before.continues
    return scheduled is not None and scheduled.of_backfill


def lock_holder(paths: ProjectPaths, orchestration: str) -> str:
    """A sentence on who has the orchestration's lock."""
    return holder_of(paths.orchestration_lock(orchestration)) or "by a backfill, or another process"
