"""What started a run: people by hand, a schedule, a trigger, a backfill, a task of another run."""

from __future__ import annotations

from enum import StrEnum

from orch_tui.model.orchestration.starts import BACKFILL_PREFIX, TRIGGER_PREFIX
from orch_tui.project.history import RunSummary


class Origin(StrEnum):
    """``RUN``: it is the run of a task of another run."""

    HAND = "hand"
    SCHEDULE = "schedule"
    TRIGGER = "trigger"
    BACKFILL = "backfill"
    RUN = "run"


def origin_of(run: RunSummary) -> Origin:
    """What a run was started by, as its header says."""
    if run.parent is not None:
        return Origin.RUN
    if run.scheduled is None:
        return Origin.HAND
    schedule = run.scheduled.schedule
    if schedule.startswith(TRIGGER_PREFIX):
        return Origin.TRIGGER
    return Origin.BACKFILL if schedule.startswith(BACKFILL_PREFIX) else Origin.SCHEDULE


def schedule_of(run: RunSummary) -> str:
    """The id of the schedule or trigger that started it; empty where none did."""
    return "" if run.scheduled is None else run.scheduled.schedule.removeprefix(TRIGGER_PREFIX)


def person_of(run: RunSummary) -> str:
    """``user@host`` of who started it; of a schedule, of the user as whom it was at work."""
    return run.by.rpartition(", ")[2].partition(" (")[0]
