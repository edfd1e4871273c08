"""When each task of a plan would run. Pure: no Textual, no files."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import NamedTuple

from orch_tui.model.orchestration.orchestration import Orchestration, Phase
from orch_tui.runs.live.timeline import SHORTEST, Bar, Span


class Place(NamedTuple):
    """When a task would run, in seconds from the start of its phase; ``known``: earlier runs tell how long it takes."""

    start: float
    end: float
    known: bool


@dataclass(frozen=True, slots=True)
class PlannedPhaseTime:
    """A phase by itself: ``places`` of its tasks by their ids. ``known`` of its ``running`` tasks have a duration from
    earlier runs; ``last`` is the one for which the whole run waits, empty where nothing tells which."""

    phase: Phase
    limit: int
    places: Mapping[str, Place]
    seconds: float
    running: int
    known: int
    last: str = ""


@dataclass(frozen=True, slots=True)
class PlanTimeline:
    """Phases one after another, tasks of each in parallel up to its limit; ``begins`` are seconds from the start.

    ``known`` of the ``running`` tasks, those that would run, have a duration from earlier runs.
    """

    phases: Mapping[str, PlannedPhaseTime] = field(default_factory=dict)
    begins: Mapping[str, float] = field(default_factory=dict)
    seconds: float = 0.0
    running: int = 0
    known: int = 0

    @property
    def timed(self) -> bool:
        """Whether the seconds mean anything: earlier runs tell how long some task takes."""
        return self.known > 0

    @property
    def starts(self) -> Sequence[float]:
        """When phases begin."""
        return [start for phase, start in self.begins.items() if self.phases[phase].running]

    def task(self, phase: str, task: str) -> Bar | None:
        """When the task would run; None for one that would not."""
        mine = self.phases.get(phase)
        place = mine.places.get(task) if mine is not None else None
        if mine is None or place is None:
            return None
        # Made for the rows in view only: for thousands of tasks bars take longer than an edit may.
        begin = self.begins[phase]
        return Bar(begin, begin + place.start, begin + place.end, known=place.known, critical=task == mine.last)

    def span(self, phase: str) -> Span | None:
        """When the phase would run; None for one without a task that would."""
        mine = self.phases.get(phase)
        if mine is None or not mine.running:
            return None
        start = self.begins[phase]
        return Span(start, start, start + mine.seconds)


class Planner:
    """Keeps what it found of each phase: after an edit only the phases that it changed are looked at again, and none
    after an undo."""

    def __init__(self) -> None:
        self._seconds: Mapping[str, float] = {}
        self._usual = 1.0
        self._phases: dict[str, PlannedPhaseTime] = {}
        self._before: dict[str, PlannedPhaseTime] = {}

    def learn(self, seconds: Mapping[str, float]) -> bool:
        """``seconds`` are durations by task id; True when they are others than before."""
        if seconds == self._seconds:
            return False
        self._seconds = seconds
        self._usual = median(seconds.values()) if seconds else 1.0
        self._phases, self._before = {}, {}
        return True

    @property
    def known(self) -> Mapping[str, float]:
        """Seconds by task id, where earlier runs tell them."""
        return self._seconds

    def seconds(self, task: str) -> float | None:
        """How long the task usually takes; None where no earlier run tells."""
        return self._seconds.get(task)

    def plan(self, value: Orchestration, max_parallel: int, runs: Callable[[str], bool] | None = None) -> PlanTimeline:
        """When each task would run; one without a known duration takes as long as the median of the others (or 1 s).

        ``max_parallel`` is the project's limit; ``runs`` says which tasks a part of it would run, None for all.
        """
        found: dict[str, PlannedPhaseTime] = {}
        starts: dict[str, float] = {}
        start, running, known = 0.0, 0, 0
        for phase in value.phases:
            limit = phase.max_parallel or value.max_parallel or max_parallel
            kept = self._kept(phase, limit) if runs is None else None
            if kept is None:
                kept = self._phase(phase, limit, runs)
            found[phase.id], starts[phase.id] = kept, start
            start += kept.seconds
            running += kept.running
            known += kept.known
        if runs is None and [*map(id, found.values())] != [*map(id, self._phases.values())]:
            self._phases, self._before = found, self._phases
        return PlanTimeline(found, starts, start, running, known)

    def _kept(self, phase: Phase, limit: int) -> PlannedPhaseTime | None:
        """What was found of the phase, if it is the same as in one of the last two plans."""
        for kept in (self._phases.get(phase.id), self._before.get(phase.id)):
            if kept is not None and kept.phase is phase and kept.limit == limit:
                return kept
        return None

    def _phase(self, phase: Phase, limit: int, runs: Callable[[str], bool] | None) -> PlannedPhaseTime:
        slots = [0.0] * max(1, min(limit, len(phase.tasks)))
        places: dict[str, Place] = {}
        end, last, known, usual = 0.0, "", 0, max(self._usual, SHORTEST)
        for task in phase.tasks:
            if not task.enabled or (runs is not None and not runs(task.id)):
                continue
            seconds = self._seconds.get(task.id)
            begins = slots[0]
            ends = begins + (usual if seconds is None else max(seconds, SHORTEST))
            heapq.heapreplace(slots, ends)
            known += seconds is not None
            places[task.id] = Place(begins, ends, seconds is not None)
            if ends > end:
                end, last = ends, task.id
        # Where nothing is known all are alike, and no path through them is longer than another.
        return PlannedPhaseTime(phase, limit, places, end, len(places), known, last if self._seconds else "")
