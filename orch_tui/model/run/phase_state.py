"""The states of phases, of tasks, and of the parts of arrays within a run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field, replace
from typing import Any, Self

from orch_tui.model.dataclass import dataclass
from orch_tui.model.events.interventions import InterventionKind
from orch_tui.model.events.reasons import STILL_HOLDS, Cause, Reason
from orch_tui.model.orchestration.approval import Question
from orch_tui.model.orchestration.orchestration import TaskOptions
from orch_tui.model.orchestration.rules import After, Rule, RuleDecision
from orch_tui.model.run.attempt_state import AttemptState
from orch_tui.model.run.plan import Decision, PlannedTask
from orch_tui.model.status import FINAL, UNDER_WAY, Status, worst
from orch_tui.model.usage import Usage
from orch_tui.model.variables.values import Value


@dataclass(slots=True)
class PhaseState:
    """``known`` is what conditions may ask of a phase that is reused, as it was in the run that it is reused from."""

    id: str
    name: str
    tasks: list[str]
    max_parallel: int
    status: Status = Status.CREATED
    because: Reason | None = None
    started: float | None = None
    ended: float | None = None
    active: int = 0
    rules: tuple[Rule, ...] = ()
    decision: RuleDecision | None = None
    own_limit: bool = False
    known: Mapping[str, Any] = field(default_factory=dict)

    @property
    def reason(self) -> str:
        """Why it was passed over, in words; empty where there is nothing to say."""
        return self.because.sentence if self.because is not None else ""

    @property
    def taken(self) -> Rule | None:
        """The rule that was taken when it had ended."""
        if self.decision is None or self.decision.taken is None or self.decision.taken >= len(self.rules):
            return None
        return self.rules[self.decision.taken]

    @property
    def outcome(self) -> After | None:
        """After what its rules are tried; None before it has ended. What is decided after a phase that did not run is
        decided about one that is reused, which has succeeded."""
        if not self.status.final:
            return None
        return After.SUCCESS if self.started is None and self.decision is not None else After.of(self.status)

    @property
    def handled(self) -> bool:
        """A rule took care of its failure: for the run it is a warning."""
        return self.taken is not None and self.outcome is After.FAILURE


@dataclass(slots=True)
class TaskState:
    """``planned`` is what the run was started with; the rest is what became of it. ``granted`` are attempts that people
    asked for beyond its retries; the time for all together counts from attempt ``total_from`` on, an index.

    ``parts`` are those of an array that has unfolded: its state is made of theirs, and its one attempt is all of them.
    """

    planned: PlannedTask
    status: Status = Status.CREATED
    because: Reason | None = None
    kind: str | None = None
    until: float | None = None
    cancelled_by: str | None = None
    attempts: list[AttemptState] = field(default_factory=list)
    granted: int = 0
    total_from: int = 0
    parts: Parts | None = None

    @classmethod
    def of(cls, planned: PlannedTask) -> Self:
        """Before the first event: what the plan skips or reuses is skipped already."""
        if planned.decision in (Decision.SKIPPED, Decision.REUSED):
            return cls(planned, Status.SKIPPED, planned.because)
        return cls(planned)

    @property
    def id(self) -> str:
        return self.planned.id

    @property
    def name(self) -> str:
        return self.planned.name

    @property
    def configuration(self) -> str:
        return self.planned.configuration

    @property
    def phase(self) -> str:
        return self.planned.phase

    @property
    def digest(self) -> str:
        return self.planned.digest

    @property
    def continue_on_failure(self) -> bool:
        return self.planned.continue_on_failure

    @property
    def options(self) -> TaskOptions:
        return self.planned.options

    @property
    def variables(self) -> Mapping[str, str]:
        return self.planned.variables

    @property
    def reason(self) -> str:
        """Why it waits or ended as it did, in words; empty where there is nothing to say."""
        return self.because.sentence if self.because is not None else ""

    @property
    def uncounted(self) -> int:
        """Attempts that use up no retry."""
        return sum(not attempt.counts for attempt in self.attempts)

    @property
    def max_attempts(self) -> int:
        """The number that its last attempt can have: never less than that of one that began, or is about to."""
        allowed = 1 + (self.options.retry.attempts if self.options.retry else 0) + self.granted + self.uncounted
        if self.parts is not None:
            return 1
        # A journal may have more than its task's options tell: of an older program, or edited by a person.
        begun = self.attempts[-1].number if self.attempts else 0
        # A question that waits for its answer is no try that failed.
        return max(allowed, begun + (self.status is Status.WAITING and self.question is None))

    def attempt_words(self, number: int) -> str:
        """``attempt 2 of 3``."""
        return f"attempt {number} of {max(number, self.max_attempts)}"

    @property
    def attempt(self) -> AttemptState | None:
        """The latest attempt."""
        return self.attempts[-1] if self.attempts else None

    @property
    def telling(self) -> TaskState:
        """Whose log says most of how it stands: its own, or that of one of its parts."""
        return (self.parts.telling() if self.parts is not None else None) or self

    @property
    def reused(self) -> bool:
        """Skipped, because what an earlier run gave still holds."""
        return self.status is Status.SKIPPED and self.because is not None and self.because.cause in STILL_HOLDS

    def ended_at(self) -> float:
        """When its last attempt ended, for the order of tasks; 0 for one without."""
        return (self.attempt.ended if self.attempt is not None else None) or 0.0

    def try_once_more(self) -> None:
        """People want it to start now: with an attempt beyond its retries if it had ended."""
        if self.status.final:
            self.granted += 1
            self.total_from = len(self.attempts)
            self.kind = self.cancelled_by = None

    @property
    def values(self) -> Mapping[str, Value]:
        """The variables that it set, in its last attempt or in the run that it is reused from."""
        return self.attempt.values if self.attempt is not None else self.planned.left

    @property
    def question(self) -> Question | None:
        """What it asks people now; None when it asks nothing, or nothing any more."""
        return None if self.status.final or self.attempt is None or self.attempt.ended else self.attempt.question

    @property
    def marked_done(self) -> bool:
        """It failed, and people said that it counts as done."""
        return self.because is not None and self.because.cause is Cause.MARKED_DONE

    @property
    def set_aside(self) -> bool:
        """People skipped it."""
        return self.because is not None and self.because.cause is Cause.SKIPPED_BY

    @property
    def succeeded(self) -> bool:
        """True when its last attempt did its work, with a warning or without, or people say that it is done."""
        if self.parts is not None:
            return self.status in (Status.SUCCESS, Status.WARNING) and self.kind is None
        last = self.attempt
        worked = last is not None and last.status in (Status.SUCCESS, Status.WARNING) and last.kind is None
        return worked or self.marked_done or self.nothing_to_do

    @property
    def nothing_to_do(self) -> bool:
        """An array for which there was nothing, which its task allows."""
        return self.status is Status.SUCCESS and self.because is not None and self.because.cause is Cause.NO_ITEMS


FAILED = (Status.ERROR, Status.TERMINATED, Status.CANCELLED)
_WHOLE = {"rows", "files"}


def _is_bad(part: TaskState) -> bool:
    return part.status in FAILED or (part.status is Status.WARNING and part.kind is not None)


def _number(part: TaskState) -> int:
    return part.planned.item.number if part.planned.item is not None else 0


def _by_failure(part: TaskState) -> tuple[float, int] | None:
    return (part.ended_at(), _number(part)) if _is_bad(part) else None


def _by_last_end(part: TaskState) -> tuple[float, int] | None:
    return (-part.ended_at(), _number(part)) if part.attempts else None


class Parts:
    """``states`` are in the order of their numbers, the first has number 1. ``counts`` says how many of them are in
    each state, ``under_way`` are those that run now, ``reused`` is the number of those that succeeded in an earlier
    run. Costs of a change do not grow with their number until the last of them has ended."""

    __slots__ = ("_first_bad", "_last", "counts", "failed", "reused", "states", "under_way")

    def __init__(self, states: Sequence[TaskState]) -> None:
        self.states = states
        self.counts: Counter[Status] = Counter(part.status for part in states)
        self.failed = 0
        self.reused = sum(part.reused for part in states) if self.counts[Status.SKIPPED] else 0
        self.under_way: dict[str, TaskState] = {}
        # Few runs have arrays.
        from orch_tui.model.run.foremost import Foremost

        self._first_bad = Foremost(_by_failure)
        self._last = Foremost(_by_last_end)

    @classmethod
    def unfold(cls, array: TaskState, at: float, data: Mapping[str, Any], executor: int) -> Self:
        """Out of the event that its turn has come."""
        states = [TaskState(planned, Status.WAITING) for planned in _parts_of(array.planned, data["items"])]
        for numbers, cause in (("reused", Cause.REUSED), ("left_out", Cause.NOT_RUN_THEN)):
            reason = Reason.of(cause, run=data.get("run", ""))
            for number in data.get(numbers, ()):
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
        self._first_bad.changed(part)
        self._last.changed(part)

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
        whole.usage = Usage.together([one.usage for one in attempts if one.usage is not None])
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
            yield from filter(_is_bad, self.states)

    def telling(self) -> TaskState | None:
        """The part whose log says most of how the array stands: the first one that failed, else one that runs, else the
        last that ended; None before the first has begun."""
        first = self._first_bad.of(self.states)
        if first is not None and first.attempts:
            return first
        if self.under_way:
            return next(iter(self.under_way.values()))
        return self._last.of(self.states)

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


def _parts_of(task: PlannedTask, items: Sequence[str]) -> list[PlannedTask]:
    """The parts of a task, each a task by itself. The delay is that of the task as a whole."""
    # Few runs have arrays.
    from orch_tui.model.orchestration.each import Item, part_id

    options = replace(task.options, delay=None) if task.options.delay else task.options
    files = task.each is not None and bool(task.each.files)
    one = replace(task, options=options, each=None, sets=())
    return [
        replace(one, id=part_id(task.id, number), name=f"{task.name} [{text}]", item=Item(task.id, number, text, files))
        for number, text in enumerate(items, 1)
    ]
