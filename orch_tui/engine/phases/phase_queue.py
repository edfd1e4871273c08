"""Which task of a phase may start next: limits, delays, and those that wait for a lock. No clock of its own."""

from __future__ import annotations

import heapq
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from math import inf

from orch_tui.model.orchestration.approval import is_approval
from orch_tui.model.run.plan import PlannedTask


class PhaseQueue:
    """The tasks of one phase that do not run now. Times are seconds since the epoch.

    A task that waits for a time (its delay, its retry, another look at a lock) takes no slot; one that is held is not
    given out until it is released. An approval never takes a slot, and sleeps while it waits for its answer.
    """

    def __init__(
        self,
        max_parallel: int,
        tasks: Iterable[PlannedTask],
        now: float,
        resumed: Mapping[str, float] | None = None,
    ) -> None:
        """``resumed``: tasks that were waiting for a time when an earlier executor of the run ended, by id."""
        self._limit = max_parallel
        # Linked, not hashed only: taking the first of ten thousand must not walk over those taken before.
        self._ready: OrderedDict[str, PlannedTask] = OrderedDict()
        self._approvals: OrderedDict[str, PlannedTask] = OrderedDict()
        self._sleeping: list[tuple[float, int, PlannedTask]] = []
        self._held: set[str] = set()
        self._parked: dict[str, PlannedTask] = {}
        self._number = 0
        tasks = list(tasks)
        self._own_limits = any(task.max_parallel for task in tasks)
        for task in tasks:
            if resumed and task.id in resumed:
                self._sleep(task, resumed[task.id])
            elif task.options.delay:
                self._sleep(task, now + task.options.delay)
            else:
                self._shelf(task)[task.id] = task

    def _shelf(self, task: PlannedTask) -> OrderedDict[str, PlannedTask]:
        return self._approvals if is_approval(task.configuration) else self._ready

    def _sleep(self, task: PlannedTask, until: float) -> None:
        self._number += 1
        heapq.heappush(self._sleeping, (until, self._number, task))

    @property
    def empty(self) -> bool:
        return not (self._ready or self._approvals or self._sleeping or self._parked)

    def delayed(self) -> list[tuple[PlannedTask, float]]:
        """Tasks that sleep now, with the time when they wake."""
        return [(task, until) for until, _, task in sorted(self._sleeping)]

    def promote(self, now: float) -> float | None:
        """Wake the tasks whose time has come; the seconds until the next one's, None if none will wake by itself."""
        while self._sleeping and self._sleeping[0][0] <= now:
            _, _, task = heapq.heappop(self._sleeping)
            self._make_ready(task)
        return max(0.0, self._sleeping[0][0] - now) if self._sleeping and self._sleeping[0][0] < inf else None

    def _make_ready(self, task: PlannedTask) -> None:
        if task.id in self._held:
            self._parked[task.id] = task
        else:
            self._shelf(task)[task.id] = task

    def hold(self, task_id: str) -> None:
        """Do not give the task out, now or when its time comes, until it is released."""
        self._held.add(task_id)
        for shelf in (self._ready, self._approvals):
            if task_id in shelf:
                self._parked[task_id] = shelf.pop(task_id)

    def release(self, task_id: str) -> None:
        """Let a task that was held start in its turn."""
        self._held.discard(task_id)
        if task_id in self._parked:
            self._make_ready(self._parked.pop(task_id))

    def add(self, task: PlannedTask) -> None:
        """The task may start now, whatever it was waiting for."""
        self.take_out(task.id)
        self._make_ready(task)

    def limit_to(self, max_parallel: int) -> None:
        """So many may run at once from now on; more that run already go on."""
        self._limit = max_parallel

    def next(self, running: Sequence[PlannedTask]) -> PlannedTask | None:
        """The first ready task that the limits let start beside those that run.

        A limit of a task's own counts both ways: it starts only with fewer others, and no other joins it beyond.
        """
        if self._approvals:
            return next(iter(self._approvals.values()))
        if not self._ready:
            return None
        others = [task.max_parallel for task in running if task.max_parallel]
        room = len(running) < min([self._limit, *others])
        for task in self._ready.values():
            if task.max_parallel is None:
                if room:
                    return task
            elif len(running) < min([task.max_parallel, *others]):
                return task
            if not room and not self._own_limits:
                return None
        return None

    def remove(self, task: PlannedTask) -> None:
        """The task starts."""
        del self._shelf(task)[task.id]

    def put_back(self, task: PlannedTask, until: float) -> None:
        """The task waits for a time: its next attempt, room on the disk, another look at a lock that somebody has, or
        (without end: ``inf``) an answer."""
        self._sleep(task, until)

    def take_out(self, task_id: str | None) -> list[PlannedTask]:
        """Remove one task, or all with None, and return what was removed."""
        waiting = [
            *self._ready.values(),
            *self._approvals.values(),
            *(task for _, _, task in self._sleeping),
            *self._parked.values(),
        ]
        taken = [task for task in waiting if task_id in (None, task.id)]
        gone = {task.id for task in taken}
        self._ready = OrderedDict((key, task) for key, task in self._ready.items() if key not in gone)
        self._approvals = OrderedDict((key, task) for key, task in self._approvals.items() if key not in gone)
        self._sleeping = [item for item in self._sleeping if item[2].id not in gone]
        heapq.heapify(self._sleeping)
        self._parked = {key: task for key, task in self._parked.items() if key not in gone}
        return taken
