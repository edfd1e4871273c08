"""The state of a run as a fold of its events: the same for the screen, a second terminal, history and JSON."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Self

from orch_tui.model.attempt_state import AttemptState
from orch_tui.model.durations import show_duration
from orch_tui.model.events import Event, EventType, FailureKind, decision_of
from orch_tui.model.orchestration import TaskOptions
from orch_tui.model.plan import Decision, PlannedPhase, PlannedTask, RunPlan
from orch_tui.model.reasons import Cause, Reason, decode_reason
from orch_tui.model.rules import After, Rule, RuleDecision
from orch_tui.model.status import Status


@dataclass(slots=True)
class TaskState:
    """``planned`` is what the run was started with; the rest is what became of it."""

    planned: PlannedTask
    status: Status = Status.CREATED
    because: Reason | None = None
    kind: str | None = None
    until: float | None = None
    cancelled_by: str | None = None
    attempts: list[AttemptState] = field(default_factory=list)

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
        """The number that its last attempt can have."""
        return 1 + (self.options.retry.attempts if self.options.retry else 0) + self.uncounted

    @property
    def attempt(self) -> AttemptState | None:
        """The latest attempt."""
        return self.attempts[-1] if self.attempts else None

    @property
    def reused(self) -> bool:
        """Skipped, because what an earlier run gave still holds."""
        return self.status is Status.SKIPPED and self.because is not None and self.because.cause is Cause.REUSED

    @property
    def succeeded(self) -> bool:
        """True when its last attempt did its work, with a warning or without."""
        last = self.attempt
        return last is not None and last.status in (Status.SUCCESS, Status.WARNING) and last.kind is None


@dataclass(slots=True)
class PhaseState:
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
    def handled(self) -> bool:
        """A rule took care of its failure: for the run it is a warning."""
        return self.taken is not None and self.status.final and After.of(self.status) is After.FAILURE


@dataclass(frozen=True, slots=True)
class RunHeader:
    """What is fixed when a run starts. ``by`` says who or what started it."""

    id: str
    orchestration: str
    name: str
    created: float
    by: str
    variables: Mapping[str, str] = field(default_factory=dict, hash=False)
    partial: bool = False
    rerun_of: str | None = None
    parent: str | None = None


class RunState:
    """Built by :func:`fold`; ``apply`` costs the same for the first event and for the millionth.

    ``executors`` are the processes that took the run in hand, in order: the fields of their events, with ``at``.
    ``latest`` is the latest time in the journal.
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

    @property
    def has_rules(self) -> bool:
        """Whether a phase has rules, so that what tasks tell is asked for later."""
        return any(phase.rules for phase in self.phases.values())

    @property
    def finished(self) -> bool:
        return self.status.final

    @property
    def reason(self) -> str:
        """Why it ended or ends as it does, in words; empty where there is nothing to say."""
        return self.because.sentence if self.because is not None else ""

    def apply(self, event: Event) -> None:
        """Take one event in. Events of unknown kinds are passed over: a newer program may have written them."""
        if event.at > self.latest:
            self.latest = event.at
        handler = _HANDLERS.get(event.type)
        if handler is not None:
            handler(self, event.at, event.data)

    def why(self, task: TaskState, now: float) -> str:
        """One reason in words why a task that has not started waits; else the reason it has."""
        reason = self.waits_for(task)
        if reason is None:
            return ""
        if self._is_waiting(task) and task.until is not None and task.until > now and reason is task.because:
            return f"{reason.sentence} in {show_duration(task.until - now)}"
        return reason.sentence

    def waits_for(self, task: TaskState) -> Reason | None:
        """The same as a value: what a task that has not started waits for; else the reason it has."""
        if not self._is_waiting(task):
            return task.because
        phase = self.phases[task.phase]
        if phase.started is None:
            return self._not_reached(phase)
        if task.because is not None:
            return task.because
        if phase.active:
            return Reason.of(Cause.LIMIT, taken=phase.active, limit=phase.max_parallel)
        return Reason(Cause.ABOUT_TO_START)

    @staticmethod
    def _is_waiting(task: TaskState) -> bool:
        return task.status in (Status.WAITING, Status.CREATED)

    def _not_reached(self, phase: PhaseState) -> Reason:
        current = next((p for p in self.phases.values() if p.started is not None and p.ended is None), None)
        if current is None:
            return Reason.of(Cause.PHASE_NOT_REACHED, phase=phase.id, name=phase.name)
        left = sum(not self.tasks[task].status.final for task in current.tasks)
        return Reason.of(Cause.PHASE_NOT_FINISHED, phase=current.id, name=current.name, left=left)

    def _set(self, task: TaskState, status: Status, because: Reason | None = None, until: float | None = None) -> None:
        phase = self.phases[task.phase]
        active = (Status.PROCESSING, Status.TERMINATING)
        phase.active += (status in active) - (task.status in active)
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

    def _phase_skipped(self, at: float, data: Mapping[str, Any]) -> None:
        phase = self.phases[data["phase"]]
        phase.status, phase.because = Status(data["status"]), _because(data)
        for task in map(self.tasks.__getitem__, phase.tasks):
            if not task.status.final:
                self._set(task, phase.status, phase.because)

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
            task.attempts.append(AttemptState(data["attempt"], at, executor=len(self.executors) - 1))
        self._set(task, Status.PROCESSING)

    def _started(self, at: float, data: Mapping[str, Any]) -> None:
        if attempt := self._attempt(data):
            attempt.started, attempt.pid = at, data["pid"]
            attempt.start = (data["start"][0], data["start"][1])

    def _killing(self, at: float, data: Mapping[str, Any]) -> None:
        if attempt := self._attempt(data):
            attempt.killing, attempt.killing_at = data["why"], at
            self._set(self.tasks[data["task"]], Status.TERMINATING, Reason.said(data["why"]))

    def _ended(self, at: float, data: Mapping[str, Any]) -> None:
        task, status, reason = self.tasks[data["task"]], Status(data["status"]), data.get("reason", "")
        if attempt := self._attempt(data):
            ended = data.get("ended_at")
            attempt.ended, attempt.status, attempt.reason = at if ended is None else ended, status, reason
            attempt.kind, attempt.exit_code = data.get("kind"), data.get("exit")
            attempt.leftovers = data.get("leftovers", 0)
            attempt.results = json.loads(data["results"]) if "results" in data else {}
            # Older programs tried nothing again that was lost, unless it never began: they said no more than that.
            never_began = attempt.kind == FailureKind.LOST and "retry_at" in data
            attempt.counts = not data.get("uncounted", never_began)
        task.kind = data.get("kind")
        if "retry_at" in data:
            self._set(task, Status.WAITING, Reason(Cause.RETRY), data["retry_at"])
        else:
            self._set(task, status, Reason.said(reason) if reason else None)

    def _settled(self, at: float, data: Mapping[str, Any]) -> None:
        task = self.tasks[data["task"]]
        task.kind = data.get("kind")
        self._set(task, Status(data["status"]), _because(data))

    def _cancel(self, at: float, data: Mapping[str, Any]) -> None:
        if "task" in data:
            self.tasks[data["task"]].cancelled_by = data["by"]
        else:
            self.cancelled_by = data["by"]
            self.status, self.because = Status.TERMINATING, Reason.of(Cause.CANCELLED, by=data["by"])

    def _note(self, at: float, data: Mapping[str, Any]) -> None:
        self.notes.append((at, data["level"], data["text"]))

    def _run_ended(self, at: float, data: Mapping[str, Any]) -> None:
        self.status, self.because, self.ended = Status(data["status"]), _because(data), at

    def _attempt(self, data: Mapping[str, Any]) -> AttemptState | None:
        attempts = self.tasks[data["task"]].attempts
        return attempts[-1] if attempts and attempts[-1].number == data["attempt"] else None


def _because(data: Mapping[str, Any]) -> Reason | None:
    return decode_reason(data.get("because"), data.get("reason"))


_HANDLERS: dict[str, Callable[[RunState, float, Mapping[str, Any]], None]] = {
    EventType.EXECUTOR.value: RunState._executor,
    EventType.PHASE_STARTED.value: RunState._phase_started,
    EventType.PHASE_ENDED.value: RunState._phase_ended,
    EventType.PHASE_SKIPPED.value: RunState._phase_skipped,
    EventType.DECIDED.value: RunState._decided,
    EventType.WAITING.value: RunState._waiting,
    EventType.SPAWNING.value: RunState._spawning,
    EventType.STARTED.value: RunState._started,
    EventType.KILLING.value: RunState._killing,
    EventType.ENDED.value: RunState._ended,
    EventType.SETTLED.value: RunState._settled,
    EventType.CANCEL.value: RunState._cancel,
    EventType.NOTE.value: RunState._note,
    EventType.RUN_ENDED.value: RunState._run_ended,
}


def initial_state(header: RunHeader, plan: RunPlan) -> RunState:
    """The state before the first event: what the plan skips or reuses is skipped already."""
    phases = [
        PhaseState(p.id, p.name, [task.id for task in p.tasks], p.max_parallel, rules=p.rules, decision=p.decision)
        for p in plan.phases
    ]
    return RunState(header, phases, map(TaskState.of, plan.tasks()))


def plan_of(state: RunState) -> RunPlan:
    """The plan that a run was started with, from its journal alone: definitions may have changed since."""
    phases = []
    for phase in state.phases.values():
        tasks = tuple(_planned(state.tasks[task]) for task in phase.tasks)
        phases.append(PlannedPhase(phase.id, phase.name, tasks, phase.max_parallel, phase.rules, phase.decision))
    header = state.header
    return RunPlan(header.orchestration, header.name, tuple(phases), header.variables, header.partial, header.rerun_of)


def _planned(task: TaskState) -> PlannedTask:
    if task.status is Status.SKIPPED and not task.attempts:
        return replace(task.planned, decision=Decision.SKIPPED, because=task.because)
    return task.planned


def fold(state: RunState, events: Iterable[Event]) -> RunState:
    """Apply the events in order and return the state."""
    for event in events:
        state.apply(event)
    return state
