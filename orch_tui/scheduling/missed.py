"""Scheduled times that were not started although they should have been, found with a scheduler or without.

What was recorded, and what nobody was there to record: times that passed without a record and without any run of the
orchestration that began when they were due.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass

from orch_tui.project.history import newest_ids, when_of
from orch_tui.project.paths import ProjectPaths
from orch_tui.project.project import DefinitionError, Project
from orch_tui.scheduling.due_times import delay_of, due_between
from orch_tui.scheduling.life import last_sign, scheduler_of
from orch_tui.scheduling.outage import Moment, Sign, why_late
from orch_tui.scheduling.pauses import read_pauses
from orch_tui.scheduling.scheduler import fingerprint
from orch_tui.scheduling.store import FileLedger
from orch_tui.scheduling.values import ON_TIME, Mark, Outcome, Pause, Watched, Why, pause_at
from orch_tui.scheduling.watching import schedules_of

LOOK_BACK = 7 * 86400.0
"""Seconds: what was missed longer ago is history."""
_EARLY = 5.0
"""Seconds by which a run may begin before the time that it is taken for: clocks of file names and of cron differ."""


@dataclass(frozen=True, slots=True)
class Missed:
    """A scheduled time without a run."""

    watched: Watched
    at: float
    why: Why
    detail: str = ""


def project_schedules(project: Project, only: str | None = None) -> list[Watched]:
    """All schedules, or those of one orchestration; what is in a file that cannot be read is left out."""
    found: list[Watched] = []
    for name in project.orchestration_ids() if only is None else [only]:
        with contextlib.suppress(DefinitionError):
            found += schedules_of(project.orchestration(name), project.settings.timezone)
    return found


def see(paths: ProjectPaths, schedules: Sequence[Watched], now: float) -> None:
    """Let schedules count from now on that nobody has seen as they are. Raises: OSError."""
    for watched in schedules:
        ledger = FileLedger(paths, watched)
        mark, seen = ledger.mark(), fingerprint(watched)
        if mark is None or mark.seen != seen:
            ledger.set_mark(Mark(now, now, seen))


def missed_times(paths: ProjectPaths, schedules: Sequence[Watched], moment: Moment) -> list[Missed]:
    """Those of the last days, the earliest first. Raises: OSError, DamagedPauses."""
    # A scheduler that is at work is about to settle what is open: only it knows what it does.
    alive = scheduler_of(paths) is not None
    pauses, sign = read_pauses(paths), last_sign(paths)
    found: list[Missed] = []
    for watched in schedules:
        if watched.schedule.enabled:
            found += _of_schedule(paths, watched, moment, pauses, None if alive else (sign,))
    return sorted(found, key=lambda one: one.at)


def _of_schedule(
    paths: ProjectPaths,
    watched: Watched,
    moment: Moment,
    pauses: tuple[Pause, ...],
    unattended: tuple[Sign | None] | None,
) -> list[Missed]:
    """``unattended`` holds the last sign of a scheduler where none is at work."""
    ledger = FileLedger(paths, watched)
    mark = ledger.mark()
    if mark is None or mark.seen != fingerprint(watched):
        # It was never looked at as it is: nobody knows since when it is so.
        return []
    since = max(mark.since, moment.now - LOOK_BACK)
    records = ledger.records(since)
    settled = [record for record in records if record.outcome is not Outcome.NOT_STARTED]
    found = [
        Missed(watched, at, record.why, record.detail)
        for record in records
        if record.why is not None and record.why.missed and record.last <= moment.now
        for at in due_between(watched, max(since, record.at - 1), record.last)
        if not any(one.covers(at) for one in settled)
    ]
    if unattended is not None:
        open_times = [
            at
            for at in due_between(watched, max(since, mark.until), moment.now - ON_TIME)
            if at + delay_of(watched, at) + ON_TIME < moment.now
            and not any(record.covers(at) for record in records)
            and pause_at(pauses, watched.orchestration, at) is None
        ]
        begun = _begun(paths, watched.orchestration, open_times[0]) if open_times else []
        found += [
            Missed(watched, at, why_late(unattended[0], moment, at))
            for at in open_times
            if not any(at - _EARLY <= begin <= at + delay_of(watched, at) + ON_TIME for begin in begun)
        ]
    return found


def _begun(paths: ProjectPaths, orchestration: str, since: float) -> list[float]:
    """When runs began that may be those of scheduled times from ``since`` on, whoever started them."""
    begun = []
    for run in newest_ids(paths, orchestration):
        at = when_of(run)
        if at is not None and at < since - _EARLY:
            break
        if at is not None:
            begun.append(at)
    return begun


def latest_by_schedule(missed: Sequence[Missed]) -> list[tuple[Missed, int]]:
    """For each schedule the last time that was missed, and how many there are, the latest first."""
    groups: dict[tuple[str, str], list[Missed]] = {}
    for one in missed:
        groups.setdefault(one.watched.key, []).append(one)
    last = [(group[-1], len(group)) for group in groups.values()]
    return sorted(last, key=lambda item: -item[0].at)
