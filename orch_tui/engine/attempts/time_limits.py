"""How long an attempt may take: its own timeout, and what is left of the time for all attempts of its task."""

from __future__ import annotations

from typing import NamedTuple

from orch_tui.model.run.plan import PlannedTask
from orch_tui.model.run.runstate import TaskState
from orch_tui.model.texts.durations import show_duration


class TimeLimit(NamedTuple):
    """``seconds`` that an attempt may go on, None for any. ``total``: the time for all together is what ends first."""

    seconds: float | None
    total: float | None = None


def time_limit(task: PlannedTask, state: TaskState, now: float, *, begun: float | None = None) -> TimeLimit:
    """For an attempt that began at ``begun`` (None: that begins now)."""
    timeout, retry = task.options.timeout, task.options.retry
    left = None if timeout is None else max(0.0, timeout - (now - begun if begun is not None else 0.0))
    if retry is None or retry.total is None:
        return TimeLimit(left)
    over = end_of_all(task, state)
    whole = retry.total if over is None else max(0.0, over - now)
    return TimeLimit(left) if left is not None and left <= whole else TimeLimit(whole, retry.total)


def end_of_all(task: PlannedTask, state: TaskState) -> float | None:
    """When the time for all attempts of a task together is over; None without a limit, or before the first one."""
    retry = task.options.retry
    if retry is None or retry.total is None or not state.attempts:
        return None
    first = next((one for one in state.attempts[state.total_from :] if one.counts), None)
    return None if first is None else first.spawned + retry.total


def total_words(task: PlannedTask) -> str:
    retry = task.options.retry
    return f"all together may take {show_duration(retry.total if retry else None)} (retry.total)"
