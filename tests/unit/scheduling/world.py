"""A world with clocks, machines and disasters in which schedulers are tried: all is simulated, nothing waits."""

from __future__ import annotations

import heapq
import itertools
import random
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from orch_tui.model.orchestration.starts import IfRunning
from orch_tui.scheduling.decide import Start
from orch_tui.scheduling.due_times import delay_of
from orch_tui.scheduling.outage import Moment, Sign
from orch_tui.scheduling.scheduler import Key, Scheduler
from orch_tui.scheduling.values import ON_TIME, Mark, Outcome, Pause, Record, Watched, Why

HOUR = 3600.0


class MemoryLedger:
    """A ledger without a disk, that refuses to be told two things of one time."""

    def __init__(self) -> None:
        self._mark: Mark | None = None
        self.kept: list[Record] = []
        """In the order of their times, of which no two are the same: so they can be looked for by halves."""

    def mark(self) -> Mark | None:
        return self._mark

    def set_mark(self, mark: Mark) -> None:
        self._mark = mark

    def records(self, after: float) -> Sequence[Record]:
        return self.kept[bisect_right(self.kept, after, key=lambda one: one.last) :]

    def covering(self, first: float, last: float) -> Sequence[Record]:
        """The records of a time from ``first`` to ``last``."""
        begin = bisect_left(self.kept, first, key=lambda one: one.last)
        return self.kept[begin : bisect_right(self.kept, last, key=lambda one: one.at)]

    def settle(self, record: Record) -> bool:
        if self.covering(record.at, record.last):
            return False
        self._put(record)
        return True

    def replace(self, at: float, record: Record | None) -> None:
        number = bisect_left(self.kept, at, key=lambda one: one.at)
        if number < len(self.kept) and self.kept[number].at == at:
            del self.kept[number]
        if record is not None:
            self._put(record)

    def _put(self, record: Record) -> None:
        self.kept.insert(bisect_left(self.kept, record.at, key=lambda one: one.at), record)

    def drop_reasons(self, after: float) -> None:
        kept = []
        for one in self.kept:
            if one.outcome is not Outcome.NOT_STARTED or one.last <= after:
                kept.append(one)
            elif one.at <= after:
                kept.append(Record(one.at, one.outcome, after, one.count, why=one.why, detail=one.detail))
        self.kept = kept


@dataclass
class World:
    """``true`` is time that only goes forward; the machine's clock shows it with an offset."""

    schedules: list[Watched]
    begin: float
    chance: random.Random
    pauses: tuple[Pause, ...] = ()
    true: float = 0.0
    offset: float = 0.0
    booted: float = -1000.0
    slept: float = 0.0
    boot: int = 1
    scheduler: Scheduler | None = None
    sign: Sign | None = None
    ledgers: dict[tuple[str, str], MemoryLedger] = field(default_factory=dict)
    runs: list[Key] = field(default_factory=list)
    running: dict[str, int] = field(default_factory=dict)
    failed: set[Key] = field(default_factory=set)
    alive: list[tuple[float, float]] = field(default_factory=list)
    """Spans of the machine's clock in which a scheduler was at work without any disaster."""

    def __post_init__(self) -> None:
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._numbers = itertools.count()
        self._ended: list[tuple[Key, int]] = []
        self._wake = 0
        self._span = self.now
        self.true = self.begin
        self._span = self.now
        self.booted = self.begin - 1000

    @property
    def now(self) -> float:
        return self.true + self.offset

    def moment(self) -> Moment:
        up = self.true - self.booted
        return Moment(self.now, up, up - self.slept, str(self.boot))

    def ledger(self, watched: Watched) -> MemoryLedger:
        return self.ledgers.setdefault(watched.key, MemoryLedger())

    def after(self, seconds: float, event: Callable[[], None]) -> None:
        heapq.heappush(self._events, (self.true + max(0.0, seconds), next(self._numbers), event))

    def run_until(self, true: float) -> None:
        while self._events and self._events[0][0] <= true:
            self.true, _, event = heapq.heappop(self._events)
            event()
        self.true = true

    # The scheduler

    def launch(self) -> None:
        if self.scheduler is None:
            self.scheduler = Scheduler(self.ledger, self, self.sign)
            self._ended = []
            self._span = self.now
            self.turn()

    def kill(self) -> None:
        if self.scheduler is not None:
            self.close_span()
            self.sign, self.scheduler = self.scheduler.sign, None
            self._wake += 1

    def close_span(self) -> None:
        """Something happens that a scheduler cannot be blamed for."""
        if self.scheduler is not None:
            self.alive.append((self._span, self.now))
        self._span = self.now

    def turn(self) -> None:
        if self.scheduler is None:
            return
        self._wake += 1
        wake = self.scheduler.turn(self.schedules, self.pauses, self.moment())
        if wake is not None:
            number = self._wake
            self.after(wake - self.now, lambda: self._woken(number))

    def _woken(self, number: int) -> None:
        if number == self._wake:
            self.turn()

    # The starter

    def start(self, watched: Watched, start: Start) -> None:
        key = (*watched.key, start.at)
        dies = self.chance.random()
        boot, owner = self.boot, self.scheduler
        if dies < 0.02:
            self.failed.add(key)
            self.after(0.3, lambda: self._end(key, 137, owner))
            return
        self.after(0.2, lambda: self._claim(watched, start, boot, owner, dies < 0.04))

    def _claim(self, watched: Watched, start: Start, boot: int, owner: Scheduler | None, dies: bool) -> None:
        """The process that was started: it claims its time, takes its turn, and runs."""
        key, ledger = (*watched.key, start.at), self.ledger(watched)
        if boot != self.boot or not ledger.settle(Record(start.at, Outcome.CLAIMED)):
            self._end(key, 0, owner)
            return
        self._take_turn(watched, start, boot, owner, dies)

    def _take_turn(self, watched: Watched, start: Start, boot: int, owner: Scheduler | None, dies: bool) -> None:
        key, ledger = (*watched.key, start.at), self.ledger(watched)
        if boot != self.boot:
            return
        if dies:
            # Claimed, and nobody has it any more.
            self.failed.add(key)
            ledger.replace(start.at, None)
            self._end(key, 137, owner)
        elif self.running.get(watched.orchestration):
            if watched.schedule.if_running is IfRunning.SKIP and not start.late:
                ledger.replace(start.at, Record(start.at, Outcome.NOT_STARTED, why=Why.STILL_RUNNING))
                self._end(key, 0, owner)
            else:
                self.after(20.0, lambda: self._take_turn(watched, start, boot, owner, dies))
        else:
            self.runs.append(key)
            self.running[watched.orchestration] = boot
            ledger.replace(start.at, Record(start.at, Outcome.STARTED, run=f"r{len(self.runs)}"))
            long = self.chance.choice((5.0, 60.0, 600.0, 4 * HOUR if self.chance.random() < 0.1 else 30.0))
            self.after(long, lambda: self._finish(watched, key, boot, owner))

    def _finish(self, watched: Watched, key: Key, boot: int, owner: Scheduler | None) -> None:
        if boot == self.boot:
            self.running.pop(watched.orchestration, None)
            self._end(key, 0, owner)

    def _end(self, key: Key, code: int, owner: Scheduler | None) -> None:
        if owner is self.scheduler and owner is not None:
            self._ended.append((key, code))
            self.turn()

    def ended(self) -> Iterable[tuple[Key, int]]:
        ended, self._ended = self._ended, []
        return ended

    # Disasters

    def disaster(self) -> None:
        what = self.chance.choice(("kill", "kill", "reboot", "sleep", "set"))
        if what == "kill":
            self.kill()
            self.after(self.chance.choice((0.0, 5.0, 50.0, 2 * HOUR)), self.launch)
        elif what == "reboot":
            self.kill()
            self.boot, self.slept = self.boot + 1, 0.0
            for watched in self.schedules:
                # The claims of processes that are gone with the machine are none any more.
                ledger = self.ledger(watched)
                gone = [one.at for one in ledger.kept if one.outcome is Outcome.CLAIMED]
                self.failed.update((*watched.key, at) for at in gone)
                ledger.kept = [one for one in ledger.kept if one.outcome is not Outcome.CLAIMED]
            self.running.clear()
            off = self.chance.choice((60.0, 600.0, 10 * HOUR, 50 * HOUR))
            self.after(off, self._boot)
        elif what == "sleep":
            self._sleep(self.chance.choice((30.0, 2 * HOUR, 9 * HOUR)))
        else:
            self.close_span()
            self.offset += self.chance.choice((-3 * HOUR, -100.0, -2.0, 2.0, 100.0, 3 * HOUR, -self.offset))
            self._span = self.now
            self.turn()
        self.after(self.chance.expovariate(1 / (30 * HOUR)), self.disaster)

    def _boot(self) -> None:
        self.booted = self.true - 20
        self.launch()

    def _sleep(self, seconds: float) -> None:
        """Nothing happens meanwhile but that the clock goes on."""
        self.close_span()
        self._events = [(max(at, self.true + seconds), number, event) for at, number, event in self._events]
        heapq.heapify(self._events)
        self.true += seconds
        self.slept += seconds
        self._span = self.now
        self.turn()

    def was_there(self, watched: Watched, at: float) -> bool:
        """Whether a scheduler was at work, without any disaster, all the time in which it was to be started."""
        begin = at + delay_of(watched, at)
        return any(first < begin and begin + ON_TIME + 1 < last for first, last in self.alive)
