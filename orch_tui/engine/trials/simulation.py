"""How long a run would take: the executor's own rules, over durations that are given, by a clock that is only moved.

Phases are entered and left by :class:`Walk` and tasks are given out by :class:`PhaseQueue`, as in a run; in the place
of processes there is a list of ends. Nothing waits and nothing is started.
"""

from __future__ import annotations

import heapq
import itertools
from collections import Counter
from collections.abc import Mapping
from dataclasses import field

from orch_tui.engine.phases.phase_queue import PhaseQueue
from orch_tui.engine.phases.walk import Walk
from orch_tui.engine.trials.stage import Stage
from orch_tui.model.dataclass import dataclass
from orch_tui.model.events import events
from orch_tui.model.run.memory import memory_of
from orch_tui.model.run.plan import PlannedPhase, PlannedTask, RunPlan
from orch_tui.model.run.pools import pool_of
from orch_tui.model.run.run_start import initial_state
from orch_tui.model.run.runstate import RunHeader
from orch_tui.model.status import Status

_ID = BY = "simulation"
_MEMORY = ""
"""The key of memory beside pools, whose names are never empty."""
LOOK_AGAIN = 0.5
"""Seconds after which an executor looks again at a configuration or a pool that others have."""


@dataclass(frozen=True, slots=True)
class Simulated:
    """``seconds`` from the first event to the last, ``ends`` when each task ended, in seconds from the start. ``last``
    are the tasks that their phases, and so the run, waited for."""

    seconds: float
    ends: Mapping[str, float] = field(default_factory=dict)
    last: tuple[str, ...] = ()


def simulate(
    plan: RunPlan, seconds: Mapping[str, float], pools: Mapping[str, int], memory: int | None = None
) -> Simulated:
    """Play a run in which every task succeeds and takes as long as ``seconds`` says by its id (none: no time).

    ``pools`` are the sizes of the project's pools, ``memory`` the bytes that all its tasks may have together (None for
    any); nobody else uses them.
    """
    sizes = {**pools, **({} if memory is None else {_MEMORY: memory})}
    header = RunHeader(_ID, plan.orchestration, plan.name, 0.0, BY, plan.variables, plan.partial, plan.rerun_of)
    stage = Stage(initial_state(header, plan), 0.0)
    stage.record(events.executor(0.0, pid=1, start=(0, 0), host=BY, boot_id=BY, by=BY))
    walk = Walk(plan, stage)
    ends: dict[str, float] = {}
    last: list[str] = []
    for phase in plan.phases:
        if walk.enters(phase):
            stage.record(events.phase_started(stage.now(), phase.id))
            of_phase = _Playing(phase, seconds, sizes, stage).play(walk.left(phase))
            if of_phase:
                last.append(max(of_phase, key=lambda task: of_phase[task]))
            ends |= of_phase
            walk.ended(phase)
        walk.leaves(phase)
    walk.end()
    return Simulated(stage.now(), ends, tuple(last))


class _Playing:
    """The tasks of one phase."""

    def __init__(
        self, phase: PlannedPhase, seconds: Mapping[str, float], sizes: Mapping[str, int], stage: Stage
    ) -> None:
        """``sizes`` are those of what tasks share: pools by name, memory as :data:`_MEMORY`."""
        self._phase = phase
        self._seconds = seconds
        self._sizes = sizes
        self._stage = stage
        self._running: dict[str, PlannedTask] = {}
        self._ends: list[tuple[float, int, str]] = []
        self._taken: Counter[str] = Counter()
        # Who waits for what, with how much of it, in the order in which they came.
        self._lines: dict[str, dict[str, int]] = {}

    def play(self, tasks: list[PlannedTask]) -> dict[str, float]:
        """When each of them ended."""
        ended: dict[str, float] = {}
        queue = PhaseQueue(self._phase.max_parallel, tasks, self._stage.now())
        while not queue.empty or self._running:
            pause = queue.promote(self._stage.now())
            self._admit(queue)
            due = [self._ends[0][0]] if self._ends else []
            # What sleeps may wake before the next one ends; after admitting, it may be another that wakes first.
            if not queue.empty and (pause := queue.promote(self._stage.now())) is not None:
                due.append(self._stage.now() + pause)
            if not due:
                # Nothing would ever wake it: it waits for people.
                break
            self._stage.move_to(min(due))
            while self._ends and self._ends[0][0] <= self._stage.now():
                at, _, task = heapq.heappop(self._ends)
                ended[task] = at
                self._end(task)
        return ended

    def _admit(self, queue: PhaseQueue) -> None:
        now, full = self._stage.now(), set[str]()
        while (task := queue.next(list(self._running.values()))) is not None:
            queue.remove(task)
            if self._is_kept_waiting(task, full):
                queue.put_back(task, now + LOOK_AGAIN)
                continue
            self._stage.record(events.spawning(now, task.id, 1))
            self._running[task.id] = task
            self._taken.update(self._needs(task))
            heapq.heappush(self._ends, (now + self._seconds.get(task.id, 0.0), len(self._ends), task.id))

    def _needs(self, task: PlannedTask) -> dict[str, int]:
        """What it takes of what is limited, in the order in which it asks for it."""
        pool, slots = pool_of(task)
        needs = {}
        for what, amount in ((pool, slots), (_MEMORY, memory_of(task))):
            if amount and (size := self._sizes.get(what)):
                needs[what] = min(amount, size)
        return needs

    def _is_kept_waiting(self, task: PlannedTask, full: set[str]) -> bool:
        """Whether its configuration is in use, or too little is free of what it needs: less what is kept for those who
        came before. ``full`` is what somebody has found so a moment ago, and takes in what this one does."""
        needs = self._needs(task)
        if full & needs.keys() or any(one.configuration == task.configuration for one in self._running.values()):
            return True
        for what, wanted in needs.items():
            line = self._lines.setdefault(what, {})
            kept = sum(amount for _, amount in itertools.takewhile(lambda place: place[0] != task.id, line.items()))
            if self._taken[what] + kept + wanted > self._sizes[what]:
                line.setdefault(task.id, wanted)
                full.add(what)
                return True
            line.pop(task.id, None)
        return False

    def _end(self, task_id: str) -> None:
        task = self._running.pop(task_id)
        self._taken.subtract(self._needs(task))
        self._stage.record(events.ended(self._stage.now(), task_id, 1, Status.SUCCESS, ""))
