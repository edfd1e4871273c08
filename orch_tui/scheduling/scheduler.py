"""The scheduler's turns: look at every schedule, start what is due, record what is not started.

It remembers nothing that matters: what it would lose by being killed is found again in the records.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from orch_tui.model.orchestration.starts import CatchUp
from orch_tui.project.schedules.starts import cron_text
from orch_tui.scheduling.apart import each_apart
from orch_tui.scheduling.decide import Start, decide
from orch_tui.scheduling.due_times import due_after
from orch_tui.scheduling.ledger import Ledger
from orch_tui.scheduling.outage import Moment, Sign, why_late
from orch_tui.scheduling.values import Mark, Outcome, Pause, Record, Watched, Why

_TRIES = 5
_RETRY_DELAY = 5.0
"""Seconds before the second try of a start that came to nothing; the third waits twice as long, and so on."""
_AGAIN = 1.0
"""Seconds after which a turn that met somebody else's record is repeated."""

Key = tuple[str, str, float]
"""Orchestration, schedule and scheduled time."""


class Starter(Protocol):
    """Starts processes that claim a scheduled time and run the orchestration, whatever becomes of the scheduler."""

    def start(self, watched: Watched, start: Start) -> None:
        """Raises: OSError when no process could be started."""

    def ended(self) -> Iterable[tuple[Key, int]]:
        """The processes that ended since the last call, with their exit codes."""


@dataclass(slots=True)
class _Try:
    """What this scheduler has tried to start; ``after`` is when it may be tried again, in seconds the machine is up."""

    count: int = 0
    after: float = 0.0
    code: int = 0
    going: bool = False
    late: bool = False


def fingerprint(watched: Watched) -> str:
    """Changes when a schedule is due at other times, or was disabled: then it counts from that moment on."""
    if not watched.schedule.enabled:
        return "disabled"
    return hashlib.sha256(f"{cron_text(watched.schedule)}\n{watched.zone_name}".encode()).hexdigest()[:16]


def current_mark(watched: Watched, ledger: Ledger, now: float) -> Mark:
    """How far the schedule is settled; from now on, where it is seen like this for the first time.

    Raises: OSError when it cannot be read or kept.
    """
    mark, seen = ledger.mark(), fingerprint(watched)
    if mark is None or mark.seen != seen:
        mark = Mark(now, now, seen)
        ledger.set_mark(mark)
    elif mark.until > now:
        # The clock was set back: what lies ahead of it has not been yet.
        ledger.drop_reasons(now)
        mark = Mark(min(mark.since, now), now, seen)
        ledger.set_mark(mark)
    return mark


class Scheduler:
    """``ledger_of`` gives the records of a schedule; ``sign`` is the last sign of life of any scheduler before."""

    def __init__(self, ledger_of: Callable[[Watched], Ledger], starter: Starter, sign: Sign | None) -> None:
        self.sign = sign
        self._ledger_of = ledger_of
        self._starter = starter
        self._tries: dict[Key, _Try] = {}
        self._looked: dict[tuple[str, str], tuple[Watched, float | None]] = {}
        self._pauses: tuple[Pause, ...] = ()

    def turn(self, schedules: Sequence[Watched], pauses: tuple[Pause, ...], moment: Moment) -> float | None:
        """Do what is due at ``moment``; when the next turn is to be, in seconds since the epoch (None: not by itself).

        Raises: OSError when records cannot be read or written, or nothing can be started: nothing is lost by it, and
        all others have had their turn.
        """
        for key, code in self._starter.ended():
            tried = self._tries.setdefault(key, _Try())
            tried.count, tried.code, tried.going = tried.count + 1, code, False
            tried.after = moment.up + _RETRY_DELAY * tried.count
            self._looked.pop(key[:2], None)
        if pauses != self._pauses or self.sign is None or moment.now < self.sign.moment.now:
            self._looked.clear()
            self._pauses = pauses
        try:
            return each_apart(schedules, lambda watched: self._wake_of(watched, moment))
        finally:
            self._forget(moment)
            self.sign = Sign(moment)

    @property
    def busy(self) -> bool:
        """Whether a process that it started has not ended yet."""
        return any(tried.going for tried in self._tries.values())

    def _wake_of(self, watched: Watched, moment: Moment) -> float | None:
        """Look at a schedule, unless it said when it is to be looked at and that is not yet."""
        known = self._looked.get(watched.key)
        if known is None or known[0] != watched or (known[1] is not None and known[1] <= moment.now):
            # Not kept when it fails, so that the next turn looks again.
            self._looked.pop(watched.key, None)
            known = self._looked[watched.key] = watched, self._look_at(watched, moment)
        return known[1]

    def _look_at(self, watched: Watched, moment: Moment) -> float | None:
        ledger, now = self._ledger_of(watched), moment.now
        mark = current_mark(watched, ledger, now)
        if not watched.schedule.enabled:
            return None
        records = self._with_going(watched, ledger.records(mark.until))
        verdict = decide(watched, mark, records, now, self._pauses, lambda at: self._why(watched, at, moment))
        kept = [ledger.settle(record) for record in verdict.reasons]
        if not all(kept):
            # Somebody was faster with one of the times: look at what is left of them.
            return now + _AGAIN
        passed = next(due_after(watched, mark.until), None)
        if passed is not None and passed <= verdict.until:
            ledger.set_mark(replace(mark, until=verdict.until))
        wakes = [verdict.wake] if verdict.wake is not None else []
        for start in verdict.starts:
            wake = self._start(watched, ledger, start, moment)
            wakes += [wake] if wake is not None else []
        return min(wakes, default=None)

    def _with_going(self, watched: Watched, records: Sequence[Record]) -> Sequence[Record]:
        """The records, with a claim for each process that was started and has not claimed its time yet."""
        going = [key[2] for key, tried in self._tries.items() if tried.going and key[:2] == watched.key]
        claims = [Record(at, Outcome.CLAIMED) for at in going if not any(record.covers(at) for record in records)]
        return sorted([*records, *claims], key=lambda record: record.at) if claims else records

    def _why(self, watched: Watched, at: float, moment: Moment) -> Why:
        tried = self._tries.get((*watched.key, at))
        return Why.FAILED if tried is not None and tried.count else why_late(self.sign, moment, at)

    def _start(self, watched: Watched, ledger: Ledger, start: Start, moment: Moment) -> float | None:
        """Start it unless it is being started or has to wait; when to try again, if it is a matter of time."""
        key = (*watched.key, start.at)
        tried = self._tries.get(key, _Try())
        if self._held(watched, start):
            return None
        if tried.count >= _TRIES:
            ledger.settle(_failed(start.at, tried.code))
            return moment.now + _AGAIN
        if tried.after > moment.up:
            return moment.now + tried.after - moment.up
        self._starter.start(watched, start)
        tried.going, tried.late = True, start.late
        self._tries[key] = tried
        return None

    def _held(self, watched: Watched, start: Start) -> bool:
        """What is caught up runs one after another, and what is to be caught up in any case stays behind it."""
        if not start.late and watched.schedule.catch_up is not CatchUp.ALL:
            return False
        return any(tried.going and tried.late and key[:2] == watched.key for key, tried in self._tries.items())

    def _forget(self, moment: Moment) -> None:
        """Of what ended long ago nothing is tried again."""
        old = [key for key, tried in self._tries.items() if not tried.going and moment.up - tried.after > 3600]
        for key in old:
            del self._tries[key]


def _failed(at: float, code: int) -> Record:
    return Record(at, Outcome.NOT_STARTED, at, why=Why.FAILED, detail=f"exit code {code}")
