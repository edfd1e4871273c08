"""A run as bars in time: what was, what is, and what earlier runs let expect. Pure: no files."""

from __future__ import annotations

import heapq
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice
from statistics import median
from typing import NamedTuple

from orch_tui.model.phase_state import PhaseState
from orch_tui.model.run_time import RunTime
from orch_tui.model.runstate import TaskState
from orch_tui.model.status import Status
from orch_tui.runs.view import RUNNING, RunModel

_SAMPLE = 500
RAN = frozenset(Status) - {Status.SKIPPED, Status.CANCELLED, Status.CREATED, Status.WAITING}
"""States of a task that has begun."""


class Column(NamedTuple):
    """A phase in time, in seconds from the start of the run; ``number`` counts from 1."""

    number: int
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class LiveBar:
    """A task in time, in seconds from the start of the run: it ran, or runs, from ``start`` to ``done``.

    ``end`` is what is expected of a task that has not ended, ``critical`` the one that its phase waited for.
    ``level`` is how deep it is nested; a bar with ``heading`` is a phase of a nested run.
    """

    task: str
    name: str
    status: Status
    start: float
    done: float
    end: float
    critical: bool = False
    level: int = 0
    heading: bool = False


class LiveTimeline(NamedTuple):
    """``seconds`` is where the last bar ends."""

    bars: tuple[LiveBar, ...]
    columns: tuple[Column, ...]
    seconds: float


def live_timeline(model: RunModel, now: RunTime) -> LiveTimeline:
    """Bars of all tasks in the order of the phases."""
    state = model.state
    zero = state.started or state.header.created
    until = state.ended or (model.last_trace() if model.interrupted else now)
    medians = model.estimates.task_medians
    nominal = median(medians.values()) if medians else _usual_here(model)
    bars: list[LiveBar] = []
    columns: list[Column] = []
    start = (state.started or now) - zero
    for number, phase in enumerate(state.phases.values(), 1):
        begins = phase.started - zero if phase.started is not None else start
        mine = _phase_bars(model, phase, begins, until - zero, medians, nominal)
        last = max((bar for bar in mine if bar.status in RAN or bar.end > bar.start), key=_end, default=None)
        for bar in mine:
            bars.append(_critical(bar) if bar is last and phase.ended is not None else bar)
            child = model.children.get(bar.task)
            if child is not None:
                bars += _nested(child, now, zero, model)
        if last is not None:
            columns.append(Column(number, begins, last.end))
            start = max(begins, last.end)
    return LiveTimeline(tuple(bars), tuple(columns), max((bar.end for bar in bars), default=0.0))


def time_left(model: RunModel, now: RunTime, timeline: LiveTimeline | None = None) -> float | None:
    """Seconds to the end of the last bar; None when no earlier run tells anything of what has not ended yet.

    ``timeline`` is that of the model now, for who has it already.
    """
    state, medians = model.state, model.estimates.task_medians
    if state.finished or not model.live or model.no_answer is not None:
        return None
    if not any(task.id in medians for task in state.tasks.values() if not task.status.final):
        return None
    zero = state.started or state.header.created
    return max(0.0, zero + (timeline or live_timeline(model, now)).seconds - now)


def _usual_here(model: RunModel) -> float:
    """Where no earlier run tells anything, the tasks of this one do."""
    ended = (task.attempts[-1].seconds for task in model.state.tasks.values() if task.attempts)
    known = list(islice((seconds for seconds in ended if seconds is not None), _SAMPLE))
    return median(known) if known else 1.0


def _end(bar: LiveBar) -> float:
    return bar.end


def _critical(bar: LiveBar) -> LiveBar:
    return LiveBar(bar.task, bar.name, bar.status, bar.start, bar.done, bar.end, critical=True, level=bar.level)


def _phase_bars(
    model: RunModel, phase: PhaseState, begins: float, until: float, medians: Mapping[str, float], nominal: float
) -> list[LiveBar]:
    """Tasks that have not begun are put where a slot becomes free, as the executor would."""
    zero_tasks = [model.state.tasks[task] for task in phase.tasks]
    bars: list[LiveBar | None] = []
    slots: list[float] = []
    for task in zero_tasks:
        bar = _ran(model, task, until, medians.get(task.id))
        bars.append(bar)
        if bar is not None and task.status in RUNNING:
            slots.append(bar.end)
    free = max(1, phase.max_parallel) - len(slots)
    slots += [max(begins, until)] * min(max(free, 0), len(zero_tasks)) if phase.started is not None else []
    slots = slots or [begins] * max(1, min(phase.max_parallel, len(zero_tasks)))
    heapq.heapify(slots)
    found = []
    for task, bar in zip(zero_tasks, bars, strict=True):
        if bar is None:
            at = slots[0]
            if task.status.final or model.finished:
                bar = LiveBar(task.id, task.name, task.status, at, at, at, level=model.depth)
            else:
                ends = at + max(medians.get(task.id, nominal), 0.001)
                heapq.heapreplace(slots, ends)
                bar = LiveBar(task.id, task.name, task.status, at, at, ends, level=model.depth)
        found.append(bar)
    return found


def _ran(model: RunModel, task: TaskState, until: float, usual: float | None) -> LiveBar | None:
    """The bar of a task that has begun, None for one that has not."""
    if not task.attempts:
        return None
    zero = model.state.started or model.state.header.created
    start = (task.attempts[0].started or task.attempts[0].spawned) - zero
    last = task.attempts[-1]
    done = last.ended - zero if last.ended is not None else until
    end = done
    if not task.status.final and usual is not None:
        end = max(done, (last.started or last.spawned) - zero + usual)
    return LiveBar(task.id, task.name, task.status, start, max(start, done), max(start, end), level=model.depth)


def _nested(child: RunModel, now: RunTime, zero: float, outer: RunModel) -> list[LiveBar]:
    """``now`` and ``zero`` are by the clock of the outer run."""
    ahead, level = outer.clock.ahead_of(child.clock), outer.depth + 1
    shift = (child.state.started or child.state.header.created) + ahead - zero
    bars: list[LiveBar] = []
    inner = {bar.task: bar for bar in live_timeline(child, RunTime(now - ahead)).bars}
    for phase in child.state.phases.values():
        bars.append(LiveBar("", phase.name, phase.status, shift, shift, shift, level=level, heading=True))
        for task in phase.tasks:
            bar = inner.get(task)
            if bar is not None:
                bars.append(
                    LiveBar("", bar.name, bar.status, bar.start + shift, bar.done + shift, bar.end + shift, level=level)
                )
    return bars
