"""The parts of an array in a run, and what they make of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Self

from orch_tui.model.events.interventions import InterventionKind
from orch_tui.model.events.reasons import Cause, Reason
from orch_tui.model.orchestration.each import parts_of
from orch_tui.model.run.attempt_state import AttemptState
from orch_tui.model.run.phase_state import TaskState
from orch_tui.model.status import FINAL, UNDER_WAY, Status, worst

FAILED = (Status.ERROR, Status.TERMINATED, Status.CANCELLED)
_WHOLE = {"rows", "files"}


class Parts:
    """``states`` are in the order of their numbers, the first has number 1. ``counts`` says how many of them are in
    each state, ``under_way`` are those that run now. Costs of a change do not grow with their number until the last of
    them has ended."""

    __slots__ = ("counts", "failed", "states", "under_way")

    def __init__(self, states: Sequence[TaskState]) -> None:
        self.states = states
        self.counts: Counter[Status] = Counter(part.status for part in states)
        self.failed = 0
        self.under_way: dict[str, TaskState] = {}

    @classmethod
    def unfold(cls, array: TaskState, at: float, data: Mapping[str, Any], executor: int) -> Self:
        """Out of the event that its turn has come."""
        states = [TaskState(planned, Status.WAITING) for planned in parts_of(array.planned, data["items"])]
        reason = Reason.of(Cause.REUSED, run=data.get("run", ""))
        for number in data.get("reused", ()):
            if number <= len(states):
                states[number - 1].status, states[number - 1].because = Status.SKIPPED, reason
        array.attempts.append(AttemptState(1, at, executor=executor))
        return cls(states)

    @property
    def items(self) -> list[str]:
        """What they are run for, in the order of their numbers."""
        return [part.planned.item.text for part in self.states if part.planned.item is not None]

    @property
    def ended(self) -> int:
        """How many have a final state."""
        return sum(self.counts[status] for status in FINAL)

    def changed(self, part: TaskState, before: Status) -> None:
        """A part has another state, or the same again."""
        self.counts[before] -= 1
        self.counts[part.status] += 1
        if part.status in UNDER_WAY:
            self.under_way[part.id] = part
        else:
            self.under_way.pop(part.id, None)

    def state(self, array: TaskState) -> tuple[Status, Reason | None]:
        """What the parts make of the array now; its attempt is brought up to date with them."""
        whole = array.attempts[0]
        if self.ended < len(self.states):
            if whole.started is None and self.under_way:
                begun = (part.attempts[-1] for part in self.under_way.values() if part.attempts)
                whole.started = min((one.started or one.spawned for one in begun), default=None)
            whole.ended, whole.status, whole.reason, array.kind = None, Status.PROCESSING, "", None
            return self._going(), None
        status = worst(map(_counted, self.states))
        return status, self._end(array, whole, status)

    def _going(self) -> Status:
        counts = self.counts
        if not counts[Status.PROCESSING]:
            if counts[Status.TERMINATING]:
                return Status.TERMINATING
            if counts[Status.QUEUED]:
                return Status.QUEUED
        return Status.PROCESSING

    def _end(self, array: TaskState, whole: AttemptState, status: Status) -> Reason | None:
        """All have ended: fill in the attempt of the array, and say why it is no success."""
        attempts = [part.attempts[-1] for part in self.states if part.attempts]
        ends = [one.ended for one in attempts if one.ended is not None]
        whole.ended = max([whole.spawned, *ends])
        whole.status = status
        whole.results = _together([one.results for one in attempts if one.status in (Status.SUCCESS, Status.WARNING)])
        bad = [part for part in self.states if _counted(part) is status] if status is not Status.SUCCESS else []
        failed = [part for part in bad if part.kind is not None]
        told = failed or bad
        if not told:
            array.kind = whole.kind = None
            return None
        first = min(told, key=TaskState.ended_at)
        array.kind = whole.kind = first.kind
        word = "error" if failed and status is Status.WARNING else "skipped" if first.set_aside else status.value
        fields = {"number": len(told), "total": len(self.states), "status": word}
        reason = Reason.of(Cause.PARTS_ENDED, **fields, part=first.id, why=first.reason)
        whole.reason = reason.sentence
        return reason

    def bad(self) -> Iterator[TaskState]:
        """Those that failed, were stopped or cancelled, in the order of their numbers; tolerated failures too."""
        if any(self.counts[status] for status in (*FAILED, Status.WARNING)):
            yield from (p for p in self.states if p.status in FAILED or (p.status is Status.WARNING and p.kind))

    def telling(self) -> TaskState | None:
        """The part whose log says most of how the array stands: the first one that failed, else one that runs, else the
        last that ended; None before the first has begun."""
        first = min(self.bad(), key=TaskState.ended_at, default=None)
        if first is not None and first.attempts:
            return first
        if self.under_way:
            return next(iter(self.under_way.values()))
        return max((part for part in self.states if part.attempts), key=TaskState.ended_at, default=None)

    def meant_by(self, kind: InterventionKind) -> list[TaskState]:
        """The parts that something is done to that people do to the array: those that failed, or to skip it those that
        wait."""
        if kind is InterventionKind.SKIP:
            return [part for part in self.states if part.status is Status.WAITING]
        return list(self.bad())


def _counted(part: TaskState) -> Status:
    """What people skipped is a warning of the whole."""
    return Status.WARNING if part.set_aside else part.status


def _together(results: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What programs told, as sums: ``rows`` and ``files``, and the rows of each table."""
    whole: dict[str, Any] = {}
    for one in results:
        _add(whole, {name: one[name] for name in _WHOLE & one.keys()})
        if isinstance(tables := one.get("tables"), dict):
            _add(whole.setdefault("tables", {}), tables)
    return whole


def _add(sums: dict[str, Any], numbers: Mapping[str, Any]) -> None:
    # A journal may have been edited by a person.
    for name, number in numbers.items():
        if isinstance(number, int):
            sums[name] = sums.get(name, 0) + number
