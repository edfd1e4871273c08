"""A run as bars in time: what was, what is, and what earlier runs let expect. Pure: no files."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field, replace
from itertools import islice
from statistics import median
from typing import NamedTuple

from orch_tui.model.clocks.run_time import RunTime
from orch_tui.model.dataclass import dataclass
from orch_tui.model.run.intervening import awaiting
from orch_tui.model.run.phase_state import PhaseState
from orch_tui.model.run.runstate import TaskState
from orch_tui.model.status import Status
from orch_tui.runs.live.view import RUNNING, RunModel

_SAMPLE = 500
SHORTEST = 0.001
"""Seconds that are expected of a task at least: a bar of none would be nowhere."""


class Try(NamedTuple):
    """An attempt of a task in time, in seconds from the start of the run."""

    start: float
    end: float
    status: Status


@dataclass(frozen=True, slots=True)
class Bar:
    """A task in time, in seconds from the start of the run.

    From ``free`` on, when its phase began, it waits until ``start``; ``end`` is what is expected of a task that has not
    ended. ``tries`` are its attempts until now, without one for a plan. ``known``: earlier runs tell how long it takes.
    ``critical``: it ends last in its phase, so that the whole run waits for it.
    """

    free: float
    start: float
    end: float
    tries: tuple[Try, ...] = ()
    known: bool = True
    critical: bool = False

    @property
    def done(self) -> float:
        """Until when it has run."""
        return self.tries[-1].end if self.tries else self.start

    def later(self, seconds: float) -> Bar:
        """The same, so many seconds later."""
        if not seconds:
            return self
        tries = tuple([Try(one.start + seconds, one.end + seconds, one.status) for one in self.tries])
        # dataclasses.replace takes three times as long, which is felt when each row of a tree asks for its bar.
        places = self.free + seconds, self.start + seconds, self.end + seconds
        return Bar(*places, tries, self.known, self.critical)


class Span(NamedTuple):
    """A phase in time, in seconds from the start of the run: until ``done`` it has run, until ``end`` it is expected
    to."""

    start: float
    done: float
    end: float
    status: Status = Status.CREATED

    def later(self, seconds: float) -> Span:
        """The same, so many seconds later."""
        return Span(self.start + seconds, self.done + seconds, self.end + seconds, self.status)


@dataclass(frozen=True, slots=True)
class Timeline:
    """A run: ``tasks`` and ``phases`` by their ids, without those that have no place in time; ``seconds`` is where the
    last bar ends. ``nested`` are the runs of nested orchestrations by the ids of their tasks, in the same time."""

    tasks: Mapping[str, Bar] = field(default_factory=dict)
    phases: Mapping[str, Span] = field(default_factory=dict)
    seconds: float = 0.0
    nested: Mapping[str, Timeline] = field(default_factory=dict)

    @property
    def timed(self) -> bool:
        """Whether the seconds mean anything."""
        return True

    @property
    def starts(self) -> Sequence[float]:
        """When phases begin."""
        return [span.start for span in self.phases.values()]

    def task(self, phase: str, task: str) -> Bar | None:
        """The bar of a task of a phase."""
        return self.tasks.get(task)

    def span(self, phase: str) -> Span | None:
        """The place of a phase in time."""
        return self.phases.get(phase)


def timeline_of(model: RunModel, now: RunTime) -> Timeline:
    """The run as it stands at ``now``."""
    return _timeline(model, now, model.state.started or model.state.header.created)


def time_left(model: RunModel, now: RunTime, timeline: Timeline | None = None) -> float | None:
    """Seconds to the end of the last bar; None when no earlier run tells anything of what has not ended yet, and while
    people have to decide.

    ``timeline`` is that of the model now, for who has it already.
    """
    state, medians = model.state, model.estimates.task_medians
    if state.finished or not model.live or model.no_answer is not None or awaiting(state):
        return None
    if not any(task.id in medians for task in state.tasks.values() if not task.status.final):
        return None
    zero = state.started or state.header.created
    return max(0.0, zero + (timeline or timeline_of(model, now)).seconds - now)


def _timeline(model: RunModel, now: RunTime, zero: float) -> Timeline:
    """``zero`` is the time that the picture begins at, by the clock of the run."""
    state, estimates = model.state, model.estimates.task_medians
    until = (state.ended or (model.last_trace() if model.interrupted else now)) - zero
    usual = median(estimates.values()) if estimates else _usual_here(model)
    tasks: dict[str, Bar] = {}
    phases: dict[str, Span] = {}
    begins = (state.started or now) - zero
    for phase in state.phases.values():
        start = phase.started - zero if phase.started is not None else begins
        bars = dict(_phase_bars(model, phase, start, max(start, until), zero, usual))
        if not bars:
            continue
        last = max(bars, key=lambda task: bars[task].end)
        ends = bars[last].end
        if phase.ended is not None:
            bars[last] = replace(bars[last], critical=True)
        tasks |= bars
        done = start if phase.started is None else until if phase.ended is None else phase.ended - zero
        phases[phase.id] = Span(start, done, max(ends, done), phase.status)
        begins = max(start, ends)
    nested = {}
    for task, child in model.children.items():
        ahead = model.clock.ahead_of(child.clock)
        nested[task] = _timeline(child, RunTime(now - ahead), zero - ahead)
    ends = max((bar.end for bar in tasks.values()), default=0.0)
    return Timeline(tasks, phases, max([ends, *(one.seconds for one in nested.values())]), nested)


def _usual_here(model: RunModel) -> float:
    """Where no earlier run tells anything, the tasks of this one do."""
    ended = (task.attempts[-1].seconds for task in model.state.tasks.values() if task.attempts)
    known = list(islice((seconds for seconds in ended if seconds is not None), _SAMPLE))
    return median(known) if known else 1.0


def _phase_bars(
    model: RunModel, phase: PhaseState, start: float, until: float, zero: float, usual: float
) -> Iterator[tuple[str, Bar]]:
    """Tasks that have not begun are put where a slot becomes free, as the executor would."""
    tasks = [model.state.tasks[task] for task in phase.tasks]
    ran = {task.id: _ran(model, task, start, until, zero) for task in tasks if task.attempts}
    slots = [ran[task.id].end for task in tasks if task.status in RUNNING and task.attempts]
    free = max(1, phase.max_parallel) - len(slots)
    slots += [max(start, until) if phase.started is not None else start] * min(max(free, 0), len(tasks))
    heapq.heapify(slots)
    for task in tasks:
        if task.attempts:
            yield task.id, ran[task.id]
        elif not task.status.final and not model.finished:
            seconds = model.estimates.task_medians.get(task.id)
            at = slots[0]
            ends = at + max(usual if seconds is None else seconds, SHORTEST)
            heapq.heapreplace(slots, ends)
            yield task.id, Bar(start, at, ends, known=seconds is not None)


def bar_of_part(model: RunModel, part: TaskState, now: RunTime) -> Bar | None:
    """The bar of a part of an array; None before it has begun."""
    state = model.state
    if not part.attempts:
        return None
    zero, phase = state.started or state.header.created, state.phases[part.phase]
    until = (state.ended or (model.last_trace() if model.interrupted else now)) - zero
    return _ran(model, part, (phase.started or zero) - zero, until, zero)


def _ran(model: RunModel, task: TaskState, free: float, until: float, zero: float) -> Bar:
    """The bar of a task that has begun."""
    tries = []
    for attempt in task.attempts:
        queued = task.status is Status.QUEUED and attempt is task.attempts[-1]
        begins = until if queued else (attempt.started or attempt.spawned) - zero
        ends = attempt.ended - zero if attempt.ended is not None else until
        tries.append(Try(begins, max(begins, ends), attempt.status))
    usual, last = model.estimates.task_medians.get(task.id), tries[-1]
    end = last.end
    if not task.status.final and not model.finished:
        # One that waits for its next attempt will take as long again.
        again = last.start if task.status in RUNNING else max(until, last.end)
        end = max(until, again + (usual or 0.0))
    return Bar(min(free, tries[0].start), tries[0].start, end, tuple(tries), known=usual is not None)
