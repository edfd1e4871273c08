"""When schedules start something next, with pauses and delays."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from orch_tui.scheduling.due_times import delay_of, due_after
from orch_tui.scheduling.values import Pause, Watched, pause_at

_SEVERAL = 100
"""Pauses that follow each other are looked through up to so many."""


@dataclass(frozen=True, slots=True)
class NextStart:
    """What is started next, ``at`` seconds since the epoch."""

    orchestration: str
    at: float


def next_start_of(schedules: Iterable[Watched], pauses: tuple[Pause, ...], now: float) -> NextStart | None:
    """What is started next, pauses left out."""
    following = [(at, one.orchestration) for one in schedules if (at := next_due(one, pauses, now)) is not None]
    return NextStart(min(following)[1], min(following)[0]) if following else None


def next_due(watched: Watched, pauses: tuple[Pause, ...], now: float) -> float | None:
    """When a schedule starts its orchestration next, its delay included; None for never, or not until a pause ends."""
    if not watched.schedule.enabled:
        return None
    after = now - watched.schedule.jitter
    for _ in range(_SEVERAL):
        for at in due_after(watched, after):
            pause = pause_at(pauses, watched.orchestration, at)
            if pause is None and at + delay_of(watched, at) > now:
                return at + delay_of(watched, at)
            if pause is not None:
                if pause.end is None:
                    return None
                after = max(at, pause.end - 1)
                break
        else:
            return None
    return None


def next_starts(schedules: Sequence[Watched], pauses: tuple[Pause, ...], now: float, count: int) -> list[float]:
    """The next so many times at which one of the schedules starts its orchestration, pauses left out."""
    found: list[float] = []
    while len(found) < count:
        following = next_start_of(schedules, pauses, found[-1] if found else now)
        if following is None:
            break
        found.append(following.at)
    return found
