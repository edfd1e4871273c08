"""What is to be done about a schedule at a moment: pure, with the clock and the records handed in."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from orch_tui.model.orchestration.starts import CatchUp
from orch_tui.scheduling.due_times import delay_of, due_after, due_between
from orch_tui.scheduling.values import ON_TIME, Mark, Outcome, Pause, Record, Watched, Why, pause_at

WhyLate = Callable[[float], Why]
"""Why nothing was started at a time (seconds since the epoch) that passed."""


@dataclass(frozen=True, slots=True)
class Start:
    """A scheduled time to be started now. ``late``: it is caught up, after what runs."""

    at: float
    late: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    """``reasons`` are records of times that are not started; ``until`` is how far all is settled once they are kept.

    ``wake`` is when something is to be done next, in seconds since the epoch; None for never.
    """

    starts: tuple[Start, ...]
    reasons: tuple[Record, ...]
    until: float
    wake: float | None


def decide(
    watched: Watched, mark: Mark, records: Sequence[Record], now: float, pauses: tuple[Pause, ...], why_late: WhyLate
) -> Verdict:
    """``records`` are those of times later than ``mark.until``, the earliest first."""
    open_times, waking, unsettled = [], [], []
    claimed = [record for record in records if record.outcome is Outcome.CLAIMED]
    for at in _without_record(due_between(watched, mark.until, now), records):
        begin = at + delay_of(watched, at)
        if begin > now:
            waking.append(begin)
            unsettled.append(at)
        else:
            open_times.append(at)
    reasons: list[tuple[float, Why, str]] = []
    waiting = []
    for at in open_times:
        pause = pause_at(pauses, watched.orchestration, at)
        if pause is None:
            waiting.append(at)
        else:
            reasons.append((at, Why.PAUSED, pause.reason))
    starts, given_up = _choose(watched, waiting, now)
    reasons += ((at, Why.TOO_LATE if too_old else why_late(at), "") for at, too_old in given_up)
    unsettled += [start.at for start in starts] + [record.at for record in claimed if record.at <= now]
    until = min([now, *(at - 1 for at in unsettled)])
    waking += _next_begin(watched, now)
    return Verdict(
        tuple(starts),
        tuple(_put_together(sorted(reasons), records, starts)),
        max(mark.until, until),
        min(waking, default=None),
    )


def _without_record(times: Iterable[float], records: Sequence[Record]) -> Iterable[float]:
    """The times that no record covers; both go forward."""
    left = list(records)
    for at in times:
        while left and left[0].last < at:
            left.pop(0)
        if not any(record.covers(at) for record in left):
            yield at


def _choose(watched: Watched, waiting: Sequence[float], now: float) -> tuple[list[Start], list[tuple[float, bool]]]:
    """Which times are started, and which are given up; of those, whether catching up had been asked for."""
    schedule = watched.schedule
    starts: list[Start] = []
    given_up: list[tuple[float, bool]] = []
    within = schedule.catch_up_within
    for at in waiting:
        lateness = now - at - delay_of(watched, at)
        if lateness <= ON_TIME:
            starts.append(Start(at))
        elif schedule.catch_up is CatchUp.NONE:
            given_up.append((at, False))
        elif within is not None and lateness > within:
            given_up.append((at, True))
        else:
            starts.append(Start(at, late=True))
    if schedule.catch_up is CatchUp.LAST:
        # One that is on time is the last, too.
        given_up += [(start.at, False) for start in starts[:-1] if start.late]
        starts = [start for number, start in enumerate(starts) if not start.late or number == len(starts) - 1]
    return starts, given_up


def _next_begin(watched: Watched, now: float) -> list[float]:
    """When the next time begins: not that of the first, where a later one has a shorter delay."""
    begins: list[float] = []
    for at in due_after(watched, now):
        if begins and at >= min(begins):
            break
        begins.append(at + delay_of(watched, at))
    return begins


def _put_together(
    reasons: Iterable[tuple[float, Why, str]], records: Sequence[Record], starts: Sequence[Start]
) -> Iterable[Record]:
    """One record for times that follow each other and have the same reason."""
    borders = sorted([*(record.at for record in records), *(start.at for start in starts)])
    current: Record | None = None
    for at, why, detail in reasons:
        while borders and current is not None and borders[0] <= current.at:
            borders.pop(0)
        same = current is not None and (current.why, current.detail) == (why, detail)
        if current is not None and same and not (borders and borders[0] < at):
            current = Record(current.at, Outcome.NOT_STARTED, at, current.count + 1, "", why, detail)
            continue
        if current is not None:
            yield current
        current = Record(at, Outcome.NOT_STARTED, at, 1, "", why, detail)
    if current is not None:
        yield current
