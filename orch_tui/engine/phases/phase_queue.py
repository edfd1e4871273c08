"""Which task of a phase may start next: limits, delays, and those that wait for a lock. No clock of its own."""

from __future__ import annotations

import heapq
from collections import OrderedDict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from math import inf

from orch_tui.model.orchestration.approval import is_approval
from orch_tui.model.run.plan import PlannedTask


class _Lane:
    """The parts of one array that are ready. While one of them waits for what they share (its configuration, its pool,
    memory), it is ``blocked`` by that one, and no other is tried."""

    __slots__ = ("array", "blocked", "limit", "parts")

    def __init__(self, array: str, limit: int | None) -> None:
        self.array = array
        self.limit = limit
        self.blocked: str | None = None
        self.parts: OrderedDict[str, PlannedTask] = OrderedDict()

    def first(self, running: Sequence[PlannedTask]) -> PlannedTask | None:
        """The part that may start beside those that run, as far as the array goes."""
        if self.blocked is not None or not self.parts:
            return None
        if self.limit is not None and sum(task.array == self.array for task in running) >= self.limit:
            return None
        return next(iter(self.parts.values()))


class PhaseQueue:
    """The tasks of one phase that do not run now. Times are seconds since the epoch.

    A task that waits for a time (its delay, its retry, another look at a lock) takes no slot; one that is held is not
    given out until it is released. An approval never takes a slot, and sleeps while it waits for its answer. The parts
    of an array stand in its place.
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
        self._ready: OrderedDict[str, PlannedTask | _Lane] = OrderedDict()
        self._approvals: OrderedDict[str, PlannedTask] = OrderedDict()
        self._sleeping: list[tuple[float, int, PlannedTask]] = []
        self._held: set[str] = set()
        self._parked: dict[str, PlannedTask] = {}
        self._number = 0
        tasks = list(tasks)
        self._own_limits = any(task.own_limit for task in tasks)
        for task in tasks:
            if resumed and task.id in resumed:
                self._sleep(task, resumed[task.id])
            elif task.options.delay:
                self._sleep(task, now + task.options.delay)
            else:
                self._shelve(task)

    def _shelve(self, task: PlannedTask, *, first: bool = False) -> None:
        if task.item is None:
            (self._approvals if is_approval(task.configuration) else self._ready)[task.id] = task
            return
        lane = self._lane(task.array)
        if lane is None:
            lane = self._ready[task.array] = _Lane(task.array, task.max_parallel)
        lane.parts[task.id] = task
        if first:
            lane.parts.move_to_end(task.id, last=False)

    def _lane(self, array: str) -> _Lane | None:
        lane = self._ready.get(array)
        return lane if isinstance(lane, _Lane) else None

    def unfold(self, array: PlannedTask, parts: Iterable[PlannedTask]) -> None:
        """The turn of an array has come: its parts are ready, in its place."""
        self._ready[array.id] = lane = _Lane(array.id, array.max_parallel)
        lane.parts.update((part.id, part) for part in parts)
        self._ready.move_to_end(array.id, last=False)

    def _sleep(self, task: PlannedTask, until: float) -> None:
        self._number += 1
        heapq.heappush(self._sleeping, (until, self._number, task))

    @property
    def empty(self) -> bool:
        return not (self._sleeping or self._parked or self._approvals or any(map(_has_any, self._ready.values())))

    def delayed(self) -> list[tuple[PlannedTask, float]]:
        """Tasks that sleep now, with the time when they wake."""
        return [(task, until) for until, _, task in sorted(self._sleeping)]

    def promote(self, now: float) -> float | None:
        """Wake the tasks whose time has come; the seconds until the next one's, None if none will wake by itself."""
        while self._sleeping and self._sleeping[0][0] <= now:
            _, _, task = heapq.heappop(self._sleeping)
            lane = self._lane(task.array) if task.item is not None else None
            if lane is not None and lane.blocked == task.id:
                lane.blocked = None
                self._shelve(task, first=True)
            else:
                self._make_ready(task)
        return max(0.0, self._sleeping[0][0] - now) if self._sleeping and self._sleeping[0][0] < inf else None

    def _make_ready(self, task: PlannedTask) -> None:
        if task.id in self._held:
            self._parked[task.id] = task
        else:
            self._shelve(task)

    def hold(self, task_id: str) -> None:
        """Do not give the task out, now or when its time comes, until it is released."""
        self._held.add(task_id)
        if task_id in self._approvals:
            self._parked[task_id] = self._approvals.pop(task_id)
        elif isinstance(task := self._ready.get(task_id), PlannedTask):
            self._parked[task_id] = task
            del self._ready[task_id]

    def release(self, task_id: str) -> None:
        """Let a task that was held start in its turn."""
        self._held.discard(task_id)
        if task_id in self._parked:
            self._make_ready(self._parked.pop(task_id))

    def add(self, task: PlannedTask) -> None:
        """The task may start now, whatever it was waiting for."""
        self.add_all([task])

    def add_all(self, tasks: Collection[PlannedTask]) -> None:
        """The same for several."""
        self.take_out({task.id for task in tasks})
        for task in tasks:
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
        others = [limit for task in running if (limit := task.own_limit)]
        room = len(running) < min([self._limit, *others])
        for entry in self._ready.values():
            task = self._of_lane(entry, running) if isinstance(entry, _Lane) else entry
            if task is None:
                continue
            limit = task.own_limit
            if limit is None:
                if room:
                    return task
            elif len(running) < min([limit, *others]):
                return task
            if not room and not self._own_limits:
                return None
        return None

    def _of_lane(self, lane: _Lane, running: Sequence[PlannedTask]) -> PlannedTask | None:
        return None if lane.array in self._held else lane.first(running)

    def remove(self, task: PlannedTask) -> None:
        """The task starts."""
        lane = self._lane(task.array) if task.item is not None else None
        if lane is not None:
            del lane.parts[task.id]
        elif is_approval(task.configuration):
            del self._approvals[task.id]
        else:
            del self._ready[task.id]

    def put_back(self, task: PlannedTask, until: float, *, shared: bool = False) -> None:
        """The task waits for a time: its next attempt, room on the disk, another look at a lock that somebody has, or
        (without end: ``inf``) an answer. With ``shared`` other parts of its array would wait for the same."""
        lane = self._lane(task.array) if shared and task.item is not None else None
        if lane is not None:
            lane.blocked = task.id
        self._sleep(task, until)

    def take_out(self, ids: Collection[str] | None) -> list[PlannedTask]:
        """Remove tasks, or all with None, and return what was removed; with an array all of its parts."""
        waiting = [
            *(task for entry in self._ready.values() for task in _tasks_in(entry)),
            *self._approvals.values(),
            *(task for _, _, task in self._sleeping),
            *self._parked.values(),
        ]
        taken = [task for task in waiting if ids is None or task.id in ids or (task.array and task.array in ids)]
        gone = {task.id for task in taken}
        self._ready = OrderedDict((key, entry) for key, entry in self._ready.items() if key not in gone)
        for lane in [entry for entry in self._ready.values() if isinstance(entry, _Lane)]:
            lane.parts = OrderedDict((key, part) for key, part in lane.parts.items() if key not in gone)
            lane.blocked = None if lane.blocked in gone else lane.blocked
        self._approvals = OrderedDict((key, task) for key, task in self._approvals.items() if key not in gone)
        self._sleeping = [item for item in self._sleeping if item[2].id not in gone]
        heapq.heapify(self._sleeping)
        self._parked = {key: task for key, task in self._parked.items() if key not in gone}
        return taken


def _tasks_in(entry: PlannedTask | _Lane) -> Iterator[PlannedTask]:
    if isinstance(entry, _Lane):
        yield from entry.parts.values()
    else:
        yield entry


def _has_any(entry: PlannedTask | _Lane) -> bool:
    return not isinstance(entry, _Lane) or bool(entry.parts)
