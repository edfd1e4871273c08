"""How long a run would take: the executor's own rules, over durations that are given, by a clock that is only moved.

Phases are entered and left by :class:`Walk` and tasks are given out by :class:`PhaseQueue`, as in a run; in the place
of processes there is a list of ends. Nothing waits and nothing is started.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Mapping
from dataclasses import field

from orch_tui.engine.phases.phase_queue import PhaseQueue
from orch_tui.engine.phases.walk import Walk
from orch_tui.engine.trials.stage import Stage
from orch_tui.model.dataclass import dataclass
from orch_tui.model.events import events
from orch_tui.model.run.plan import PlannedPhase, PlannedTask, RunPlan
from orch_tui.model.run.pools import pool_of
from orch_tui.model.run.run_start import initial_state
from orch_tui.model.run.runstate import RunHeader
from orch_tui.model.status import Status

_ID = BY = "simulation"
LOOK_AGAIN = 0.5
"""Seconds after which an executor looks again at a configuration or a pool that others have."""


@dataclass(frozen=True, slots=True)
class Simulated:
    """``seconds`` from the first event to the last, ``ends`` when each task ended, in seconds from the start. ``last``
    are the tasks that their phases, and so the run, waited for."""

    seconds: float
    ends: Mapping[str, float] = field(default_factory=dict)
    last: tuple[str, ...] = ()


def simulate(plan: RunPlan, seconds: Mapping[str, float], pools: Mapping[str, int]) -> Simulated:
    """Play a run in which every task succeeds and takes as long as ``seconds`` says by its id (none: no time).

    ``pools`` are the sizes of the project's pools, which nobody else uses.
    """
    header = RunHeader(_ID, plan.orchestration, plan.name, 0.0, BY, plan.variables, plan.partial, plan.rerun_of)
    stage = Stage(initial_state(header, plan), 0.0)
    stage.record(events.executor(0.0, pid=1, start=(0, 0), host=BY, boot_id=BY, by=BY))
    walk = Walk(plan, stage)
    ends: dict[str, float] = {}
    last: list[str] = []
    for phase in plan.phases:
        if walk.enters(phase):
            stage.record(events.phase_started(stage.now(), phase.id))
            of_phase = _Playing(phase, seconds, pools, stage).play(walk.left(phase))
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
        self, phase: PlannedPhase, seconds: Mapping[str, float], pools: Mapping[str, int], stage: Stage
    ) -> None:
        self._phase = phase
        self._seconds = seconds
        self._pools = pools
        self._stage = stage
        self._running: dict[str, PlannedTask] = {}
        self._ends: list[tuple[float, int, str]] = []
        self._taken: Counter[str] = Counter()

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
        now = self._stage.now()
        while (task := queue.next(list(self._running.values()))) is not None:
            queue.remove(task)
            if self._is_kept_waiting(task):
                queue.put_back(task, now + LOOK_AGAIN)
                continue
            self._stage.record(events.spawning(now, task.id, 1))
            self._running[task.id] = task
            pool, wanted = pool_of(task)
            self._taken[pool] += min(wanted, self._pools.get(pool, 0))
            heapq.heappush(self._ends, (now + self._seconds.get(task.id, 0.0), len(self._ends), task.id))

    def _is_kept_waiting(self, task: PlannedTask) -> bool:
        """Whether its configuration is in use, or too little of its pool is free."""
        pool, wanted = pool_of(task)
        size = self._pools.get(pool, 0)
        if size and self._taken[pool] + min(wanted, size) > size:
            return True
        return any(other.configuration == task.configuration for other in self._running.values())

    def _end(self, task_id: str) -> None:
        task = self._running.pop(task_id)
        pool, wanted = pool_of(task)
        self._taken[pool] -= min(wanted, self._pools.get(pool, 0))
        self._stage.record(events.ended(self._stage.now(), task_id, 1, Status.SUCCESS, ""))
