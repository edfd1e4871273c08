"""The state of a run as a fold of its events: the same for the screen, a second terminal, history and JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import field
from functools import lru_cache
from sys import intern
from typing import Any

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
from orch_tui.model.events.reasons import Cause, Reason, decode_reason
from orch_tui.model.orchestration.approval import recall_question
from orch_tui.model.orchestration.starts import BACKFILL_PREFIX
from orch_tui.model.run.attempt_state import AttemptState
from orch_tui.model.run.phase_state import Parts, PhaseState
from orch_tui.model.run.phase_state import TaskState as TaskState
from orch_tui.model.status import UNDER_WAY, Status
from orch_tui.model.variables.values import SetValue, Value


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
    tell is asked for later. ``parts`` are those of all arrays that have unfolded, by their ids.
    """

    def __init__(self, header: RunHeader, phases: Iterable[PhaseState], tasks: Iterable[TaskState]) -> None:
        self.header = header
        self.phases = {phase.id: phase for phase in phases}
        self.tasks = {task.id: task for task in tasks}
        self.parts: dict[str, TaskState] = {}
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
        self._changing: TaskState | None = None
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

    def task(self, id: str) -> TaskState:
        """A task or a part of one. Raises: KeyError."""
        found = self.tasks.get(id)
        return found if found is not None else self.parts[id]

    def __contains__(self, id: object) -> bool:
        """Whether a task or a part of one has this id."""
        return id in self.tasks or id in self.parts

    def units(self) -> Iterator[TaskState]:
        """What has attempts of its own: tasks, and the parts of arrays in their place."""
        for task in self.tasks.values():
            if task.parts is None:
                yield task
            else:
                yield from task.parts.states

    def apply(self, event: Event) -> None:
        """Take one event in. Events of unknown kinds are passed over: a newer program may have written them."""
        if event.at > self.latest:
            self.latest = event.at
        handler = _HANDLERS.get(event.type)
        if handler is not None:
            handler(self, event.at, event.data)

    def _set(self, task: TaskState, status: Status, because: Reason | None = None, until: float | None = None) -> None:
        array = self.tasks.get(task.planned.array) if task.planned.item is not None else None
        if task.parts is None:
            self.phases[task.phase].active += (status in UNDER_WAY) - (task.status in UNDER_WAY)
        if array is None:
            self.counts[task.status] -= 1
            self.counts[status] += 1
        before, task.status, task.because, task.until = task.status, status, because, until
        if status is Status.ERROR and self.first_failure is None:
            self.first_failure = task.id if array is None else array.id
        if array is not None and array.parts is not None:
            array.parts.changed(task, before)
            if array is not self._changing:
                self._set(array, *array.parts.state(array))

    def _change_parts(self, array: TaskState, parts: Iterable[TaskState], change: Callable[[TaskState], None]) -> None:
        """Change these of an array. What they make of it is asked when all have changed: once the last of them has
        ended, that costs as much as there are parts."""
        self._changing = array
        try:
            for part in parts:
                change(part)
        finally:
            self._changing = None
        if array.parts is not None:
            self._set(array, *array.parts.state(array))

    def _unfolded(self, at: float, data: Mapping[str, Any]) -> None:
        task = self.task(data["task"])
        if task.parts is not None or task.planned.item is not None:
            # Once and for all: what stands again in a journal changes nothing.
            return
        task.parts = Parts.unfold(task, at, data, len(self.executors) - 1)
        self.phases[task.phase].active -= task.status in UNDER_WAY
        self.parts |= {part.id: part for part in task.parts.states}
        self._set(task, *task.parts.state(task))

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
        if task.parts is not None:
            left = [part for part in task.parts.states if not part.status.final]
            self._change_parts(task, left, lambda part: self._settle(part, status, because, at))
            return
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
        self._set(self.task(data["task"]), Status.WAITING, _because(data), data.get("until"))

    def _spawning(self, at: float, data: Mapping[str, Any]) -> None:
        task = self.task(data["task"])
        # A record that stands twice in a journal is no second attempt.
        if not self._attempt(data):
            task.attempts.append(AttemptState.spawned_by(len(self.executors) - 1, at, data))
        self._set(task, Status.PROCESSING)

    def _queued(self, at: float, data: Mapping[str, Any]) -> None:
        if attempt := self._attempt(data):
            attempt.job = data.get("job", attempt.job)
            self._set(self.task(data["task"]), Status.QUEUED, _because(data))

    def _started(self, at: float, data: Mapping[str, Any]) -> None:
        if attempt := self._attempt(data):
            attempt.begin(at, data)
            if (task := self.task(data["task"])).status is Status.QUEUED:
                self._set(task, Status.PROCESSING)

    def _asked(self, at: float, data: Mapping[str, Any]) -> None:
        task = self.task(data["task"])
        if not self._attempt(data):
            asked = AttemptState(data["attempt"], at, executor=len(self.executors) - 1)
            asked.question = recall_question(data["question"])
            task.attempts.append(asked)
            self._asked_of[task.id] = task
        self._set(task, Status.WAITING, Reason(Cause.ASKED), data.get("until"))

    def _killing(self, at: float, data: Mapping[str, Any]) -> None:
        if attempt := self._attempt(data):
            attempt.killing, attempt.killing_at = data["why"], at
            self._set(self.task(data["task"]), Status.TERMINATING, Reason.said(data["why"]))

    def _ended(self, at: float, data: Mapping[str, Any]) -> None:
        task, status, reason = self.task(data["task"]), Status(data["status"]), data.get("reason", "")
        if attempt := self._attempt(data):
            attempt.end(at, data)
            self._keep_values(task, attempt.values, attempt.ended)
        task.kind = intern(data["kind"]) if "kind" in data else None
        if "retry_at" in data:
            self._set(task, Status.WAITING, Reason(Cause.RETRY), data["retry_at"])
        else:
            self._set(task, status, _said(reason) if reason else None)

    def _keep_values(self, task: TaskState, values: Mapping[str, Value], at: float | None) -> None:
        for name, value in values.items():
            self.values[name] = SetValue(value, task.id, at)

    def _settled(self, at: float, data: Mapping[str, Any]) -> None:
        task = self.task(data["task"])
        task.kind = data.get("kind")
        self._settle(task, Status(data["status"]), _because(data), at)

    def _cancel(self, at: float, data: Mapping[str, Any]) -> None:
        if "task" in data:
            task = self.task(data["task"])
            for one in (task, *(task.parts.states if task.parts is not None else ())):
                one.cancelled_by = data["by"]
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
            task = self.task(one.task)
            if task.parts is None:
                self._intervene_in(task, one)
            else:
                self._change_parts(task, task.parts.meant_by(one.kind), lambda part: self._intervene_in(part, one))
            self._forget_failure_of(task)

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

    def _forget_failure_of(self, task: TaskState) -> None:
        """People have done something to it, or to its array: it may be no failure any more."""
        first = self.tasks.get(self.first_failure or "")
        if first is not None and first.id in (task.id, task.planned.array) and first.status is not Status.ERROR:
            failed = [other for other in self.tasks.values() if other.status is Status.ERROR]
            self.first_failure = min(failed, key=TaskState.ended_at).id if failed else None

    def _run_ended(self, at: float, data: Mapping[str, Any]) -> None:
        self.status, self.because, self.ended = Status(data["status"]), _because(data), at

    def _attempt(self, data: Mapping[str, Any]) -> AttemptState | None:
        task = self.task(data["task"])
        attempts = task.attempts if task.parts is None else ()
        return attempts[-1] if attempts and attempts[-1].number == data["attempt"] else None


_said = lru_cache(maxsize=256)(Reason.said)
"""Thousands of tasks that end for one reason share it."""


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
