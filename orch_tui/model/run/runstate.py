"""The state of a run as a fold of its events: the same for the screen, a second terminal, history and JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import field
from typing import Any, Self

from orch_tui.model.dataclass import dataclass
from orch_tui.model.events.events import Event, EventType, decision_of
from orch_tui.model.events.interventions import (
    ANSWERS,
    OF_A_TASK,
    Intervention,
    InterventionKind,
    Interventions,
    effect_of,
)
from orch_tui.model.events.reasons import STILL_HOLDS, Cause, Reason, decode_reason
from orch_tui.model.orchestration.approval import Question, recall_question
from orch_tui.model.orchestration.orchestration import TaskOptions
from orch_tui.model.orchestration.starts import BACKFILL_PREFIX
from orch_tui.model.run.attempt_state import AttemptState
from orch_tui.model.run.phase_state import PhaseState
from orch_tui.model.run.plan import Decision, PlannedTask
from orch_tui.model.status import UNDER_WAY, Status
from orch_tui.model.variables.values import SetValue, Value


@dataclass(slots=True)
class TaskState:
    """``planned`` is what the run was started with; the rest is what became of it. ``granted`` are attempts that people
    asked for beyond its retries; the time for all together counts from attempt ``total_from`` on, an index."""

    planned: PlannedTask
    status: Status = Status.CREATED
    because: Reason | None = None
    kind: str | None = None
    until: float | None = None
    cancelled_by: str | None = None
    attempts: list[AttemptState] = field(default_factory=list)
    granted: int = 0
    total_from: int = 0

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
        last = self.attempt
        worked = last is not None and last.status in (Status.SUCCESS, Status.WARNING) and last.kind is None
        return worked or self.marked_done


@dataclass(frozen=True, slots=True)
class ScheduledTime:
    """A time (seconds since the epoch) at which a schedule, named by its id, was due."""

    schedule: str
    at: float

    @property
    def of_backfill(self) -> bool:
        """Whether it is the end of an interval of a backfill."""
        return self.schedule.startswith(BACKFILL_PREFIX)


@dataclass(frozen=True, slots=True)
class RunHeader:
    """What is fixed when a run starts. ``by`` says who or what started it, ``scheduled`` for which scheduled time;
    ``as_it_ran`` and ``shadow`` are those of the plan."""

    id: str
    orchestration: str
    name: str
    created: float
    by: str
    variables: Mapping[str, str] = field(default_factory=dict, hash=False)
    partial: bool = False
    rerun_of: str | None = None
    parent: str | None = None
    scheduled: ScheduledTime | None = None
    as_it_ran: str | None = None
    shadow: bool = False


class RunState:
    """Built by :func:`fold`; ``apply`` costs the same for the first event and for the millionth.

    ``executors`` are the processes that took the run in hand, in order: the fields of their events, with ``at``.
    ``latest`` is the latest time in the journal. ``values`` are the variables that tasks have set, by name: of two that
    set the same one, the later holds. ``is_asked_about``: a phase has rules or a task expressions, so that what tasks
    tell is asked for later.
    """

    def __init__(self, header: RunHeader, phases: Iterable[PhaseState], tasks: Iterable[TaskState]) -> None:
        self.header = header
        self.phases = {phase.id: phase for phase in phases}
        self.tasks = {task.id: task for task in tasks}
        self.counts: Counter[Status] = Counter(task.status for task in self.tasks.values())
        self.status = Status.CREATED
        self.because: Reason | None = None
        self.started: float | None = None
        self.ended: float | None = None
        self.latest = header.created
        self.cancelled_by: str | None = None
        self.executors: list[Mapping[str, Any]] = []
        self.first_failure: str | None = None
        self.notes: list[tuple[float, str, str]] = []
        self.interventions = Interventions()
        self.values: dict[str, SetValue] = {}
        self.is_asked_about = any(phase.rules for phase in self.phases.values()) or any(
            task.planned.asks for task in self.tasks.values()
        )
        self._asked_of: dict[str, TaskState] = {}
        for task in self.tasks.values():
            self._keep_values(task, task.planned.left, None)

    @property
    def finished(self) -> bool:
        return self.status.final

    @property
    def reason(self) -> str:
        """Why it ended or ends as it does, in words; empty where there is nothing to say."""
        return self.because.sentence if self.because is not None else ""

    @property
    def asking(self) -> list[TaskState]:
        """The approvals that wait for their answer, in the order in which they were asked."""
        return [task for task in self._asked_of.values() if task.question is not None]

    def apply(self, event: Event) -> None:
        """Take one event in. Events of unknown kinds are passed over: a newer program may have written them."""
        if event.at > self.latest:
            self.latest = event.at
        handler = _HANDLERS.get(event.type)
        if handler is not None:
            handler(self, event.at, event.data)

    def _set(self, task: TaskState, status: Status, because: Reason | None = None, until: float | None = None) -> None:
        self.phases[task.phase].active += (status in UNDER_WAY) - (task.status in UNDER_WAY)
        self.counts[task.status] -= 1
        self.counts[status] += 1
        task.status, task.because, task.until = status, because, until
        if status is Status.ERROR and self.first_failure is None:
            self.first_failure = task.id

    def _executor(self, at: float, data: Mapping[str, Any]) -> None:
        self.executors.append({**data, "at": at})
        if self.started is None:
            self.started, self.status = at, Status.PROCESSING
            for task in self.tasks.values():
                if task.status is Status.CREATED:
                    self._set(task, Status.WAITING)

    def _phase_started(self, at: float, data: Mapping[str, Any]) -> None:
        phase = self.phases[data["phase"]]
        phase.status, phase.started = Status.PROCESSING, at

    def _phase_ended(self, at: float, data: Mapping[str, Any]) -> None:
        phase = self.phases[data["phase"]]
        phase.status, phase.ended = Status(data["status"]), at

    def _settle(self, task: TaskState, status: Status, because: Reason | None, at: float) -> None:
        """A state that no end of an attempt gave. What it asked nobody answers any more."""
        if (attempt := task.attempt) is not None and attempt.question is not None and attempt.ended is None:
            attempt.ended, attempt.status = at, status
        self._set(task, status, because)

    def _phase_skipped(self, at: float, data: Mapping[str, Any]) -> None:
        phase = self.phases[data["phase"]]
        phase.status, phase.because = Status(data["status"]), _because(data)
        for task in map(self.tasks.__getitem__, phase.tasks):
            if not task.status.final:
                self._settle(task, phase.status, phase.because, at)

    def _decided(self, at: float, data: Mapping[str, Any]) -> None:
        phase = self.phases[data["phase"]]
        # It is taken once: what stands again in a journal changes nothing.
        if phase.decision is None:
            phase.decision = decision_of(data)

    def _waiting(self, at: float, data: Mapping[str, Any]) -> None:
        self._set(self.tasks[data["task"]], Status.WAITING, _because(data), data.get("until"))

    def _spawning(self, at: float, data: Mapping[str, Any]) -> None:
        task = self.tasks[data["task"]]
        # A record that stands twice in a journal is no second attempt.
        if not self._attempt(data):
            task.attempts.append(AttemptState.spawned_by(len(self.executors) - 1, at, data))
        self._set(task, Status.PROCESSING)

    def _queued(self, at: float, data: Mapping[str, Any]) -> None:
        if attempt := self._attempt(data):
            attempt.job = data.get("job", attempt.job)
            self._set(self.tasks[data["task"]], Status.QUEUED, _because(data))

    def _started(self, at: float, data: Mapping[str, Any]) -> None:
        if attempt := self._attempt(data):
            attempt.begin(at, data)
            if (task := self.tasks[data["task"]]).status is Status.QUEUED:
                self._set(task, Status.PROCESSING)

    def _asked(self, at: float, data: Mapping[str, Any]) -> None:
        task = self.tasks[data["task"]]
        if not self._attempt(data):
            asked = AttemptState(data["attempt"], at, executor=len(self.executors) - 1)
            asked.question = recall_question(data["question"])
            task.attempts.append(asked)
            self._asked_of[task.id] = task
        self._set(task, Status.WAITING, Reason(Cause.ASKED), data.get("until"))

    def _killing(self, at: float, data: Mapping[str, Any]) -> None:
        if attempt := self._attempt(data):
            attempt.killing, attempt.killing_at = data["why"], at
            self._set(self.tasks[data["task"]], Status.TERMINATING, Reason.said(data["why"]))

    def _ended(self, at: float, data: Mapping[str, Any]) -> None:
        task, status, reason = self.tasks[data["task"]], Status(data["status"]), data.get("reason", "")
        if attempt := self._attempt(data):
            attempt.end(at, data)
            self._keep_values(task, attempt.values, attempt.ended)
        task.kind = data.get("kind")
        if "retry_at" in data:
            self._set(task, Status.WAITING, Reason(Cause.RETRY), data["retry_at"])
        else:
            self._set(task, status, Reason.said(reason) if reason else None)

    def _keep_values(self, task: TaskState, values: Mapping[str, Value], at: float | None) -> None:
        for name, value in values.items():
            self.values[name] = SetValue(value, task.id, at)

    def _settled(self, at: float, data: Mapping[str, Any]) -> None:
        task = self.tasks[data["task"]]
        task.kind = data.get("kind")
        self._settle(task, Status(data["status"]), _because(data), at)

    def _cancel(self, at: float, data: Mapping[str, Any]) -> None:
        if "task" in data:
            self.tasks[data["task"]].cancelled_by = data["by"]
        else:
            self.cancelled_by = data["by"]
            self.status, self.because = Status.TERMINATING, Reason.of(Cause.CANCELLED, by=data["by"])

    def _note(self, at: float, data: Mapping[str, Any]) -> None:
        self.notes.append((at, data["level"], data["text"]))

    def _intervened(self, at: float, data: Mapping[str, Any]) -> None:
        one = Intervention.of(data, at)
        if one is None or not self.interventions.add(one):
            return
        if one.kind is InterventionKind.LIMIT and one.limit is not None:
            for phase in self.phases.values():
                if one.phase == phase.id or (one.phase is None and not phase.own_limit and phase.ended is None):
                    phase.max_parallel = one.limit
        elif one.kind in OF_A_TASK and one.task is not None:
            self._intervene_in(self.tasks[one.task], one)

    def _intervene_in(self, task: TaskState, one: Intervention) -> None:
        effect = effect_of(one, why=task.reason, tolerated=task.continue_on_failure)
        if one.kind in ANSWERS:
            task.kind = effect.kind
            if (asked := task.attempt) is not None:
                asked.ended, asked.status, asked.kind, asked.values = one.at, effect.status, effect.kind, one.given
                asked.reason = effect.because.sentence if effect.because is not None else ""
            self._keep_values(task, one.given, one.at)
        elif one.kind is InterventionKind.RETRY:
            task.try_once_more()
        self._settle(task, effect.status, effect.because, one.at)
        if self.first_failure == task.id and task.status is not Status.ERROR:
            failed = [other for other in self.tasks.values() if other.status is Status.ERROR]
            self.first_failure = min(failed, key=TaskState.ended_at).id if failed else None

    def _run_ended(self, at: float, data: Mapping[str, Any]) -> None:
        self.status, self.because, self.ended = Status(data["status"]), _because(data), at

    def _attempt(self, data: Mapping[str, Any]) -> AttemptState | None:
        attempts = self.tasks[data["task"]].attempts
        return attempts[-1] if attempts and attempts[-1].number == data["attempt"] else None


def _because(data: Mapping[str, Any]) -> Reason | None:
    return decode_reason(data.get("because"), data.get("reason"))


_HANDLERS: dict[str, Callable[[RunState, float, Mapping[str, Any]], None]] = {
    kind.value: getattr(RunState, f"_{kind.value}") for kind in EventType
}
"""Each kind of event has a method of its name."""


def fold(state: RunState, events: Iterable[Event]) -> RunState:
    """Apply the events in order and return the state."""
    for event in events:
        state.apply(event)
    return state
