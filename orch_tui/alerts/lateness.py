"""What is late: a run that takes longer than usual, a deadline that is not or will not be kept, a long silence.

Pure but for what it is given to ask: the clock is an argument.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from orch_tui.project.history import RunSummary
from orch_tui.scheduling.due_times import last_due
from orch_tui.scheduling.values import Pause, Watched, pause_at

_FLOOR = 60.0
"""Seconds over the usual time below which nothing is too long: that of short runs is mostly chance."""
_EARLY = 5.0
"""Seconds by which a run may begin before the scheduled time that it is taken for: clocks differ."""
_DAY = 86400.0


@dataclass(frozen=True, slots=True)
class Due:
    """A deadline: ``at`` (seconds since the epoch) what began from ``begin`` on was to be done; only the run ``run``,
    where it is not empty."""

    begin: float
    at: float
    zone: tzinfo
    run: str = ""


def slow_from(began: float, usual: float, percent: float) -> float:
    """When a run that began then takes longer than usual; ``usual`` is seconds."""
    return began + max(usual * (1 + percent / 100), usual + _FLOOR)


def deadline_after(begin: float, minutes: int, zone: tzinfo) -> float:
    """The first time after ``begin`` at which the clock of a zone shows so many minutes after midnight.

    A time that is left out when the clock is set forward is the same distance after midnight as the clock would have
    shown without the change.
    """
    local = datetime.fromtimestamp(begin, zone)
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
    for days in range(3):
        day = midnight + timedelta(days=days)
        at = day.replace(hour=minutes // 60, minute=minutes % 60).timestamp()
        if at > begin:
            return at
    raise ValueError(f"no time of day: {minutes} minutes after midnight")


def deadlines(
    schedules: Sequence[Watched], minutes: int, pauses: tuple[Pause, ...], since: float, now: float
) -> Iterator[Due]:
    """That of the last scheduled time of each schedule, and of the one before where its deadline was not yet."""
    seen: set[float] = set()
    for watched in schedules:
        if not watched.schedule.enabled:
            continue
        begin: float | None = now + 1
        for _ in range(2):
            begin = last_due(watched, begin - 1) if begin is not None else None
            if begin is None or begin < max(since, now - 2 * _DAY):
                break
            at = deadline_after(begin, minutes, watched.zone)
            if at not in seen and pause_at(pauses, watched.orchestration, begin) is None:
                seen.add(at)
                yield Due(begin, at, watched.zone)


def is_kept(due: Due, runs: Sequence[RunSummary]) -> bool:
    """Whether a run that began for it has succeeded; ``runs`` are those of the orchestration."""
    return any(
        run.started is not None
        and due.run in ("", run.id)
        and run.started >= due.begin - _EARLY
        and run.status.final
        and run.status in ("success", "warning")
        and run.broken is None
        and run.parent is None
        for run in runs
    )


def expected_end(due: Due, runs: Sequence[RunSummary], usual: float | None, now: float) -> float | None:
    """When it is likely to be done, if earlier runs tell anything: from the run that goes on, or from a start now."""
    if usual is None:
        return None
    live = next((run for run in runs if run.live and run.started is not None and run.parent is None), None)
    began = live.started if live is not None and live.started is not None else now
    return max(now, began + usual)


def last_success(runs: Iterable[RunSummary]) -> RunSummary | None:
    """The latest run that succeeded, with a warning or without; ``runs`` are the newest first."""
    for run in runs:
        if run.broken is None and run.parent is None and run.status in ("success", "warning"):
            return run
    return None


def ended_at(run: RunSummary) -> float:
    """When a run ended; when it began, where that is not known."""
    return (run.started or 0.0) + (run.seconds or 0.0)
