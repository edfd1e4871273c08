"""A run that only looks: the flow is walked with outcomes that are assumed, and nothing is started.

Phases are entered, left and decided about by the same :class:`Walk` as in a run, over a state that events fold to; only
where an executor would start processes, an outcome is assumed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import field, replace
from typing import Any

from orch_tui.engine.attempts.attempts import failed_status
from orch_tui.engine.phases.walk import Walk
from orch_tui.engine.trials.stage import Stage
from orch_tui.model.dataclass import dataclass
from orch_tui.model.events import events
from orch_tui.model.events.events import Event
from orch_tui.model.events.interventions import InterventionKind
from orch_tui.model.events.reasons import Cause, Reason
from orch_tui.model.failure import FailureKind
from orch_tui.model.run.plan import Decision, PlannedPhase, PlannedTask, RunPlan
from orch_tui.model.run.run_start import initial_state
from orch_tui.model.run.runstate import RunHeader, RunState, TaskState
from orch_tui.model.status import Status
from orch_tui.model.variables.values import Value

BY = "rehearsal"
_ID = "rehearsal"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What is assumed of a task that would run. ``seconds`` are those of its last attempt; ``results`` are what its
    program would tell for conditions, ``values`` the variables that it would set. ``ended`` is when it ended in the run
    that is replayed, in seconds since the epoch."""

    status: Status = Status.SUCCESS
    seconds: float = 0.0
    attempts: int = 1
    exit_code: int | None = None
    error: str = ""
    kind: FailureKind | None = None
    results: Mapping[str, Any] = field(default_factory=dict, hash=False)
    values: Mapping[str, Value] = field(default_factory=dict, hash=False)
    ended: float | None = None


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """``state`` is that of a run that went as it was assumed. ``refusal`` is why a run could not be started now."""

    state: RunState
    refusal: str | None


def rehearse(plan: RunPlan, outcomes: Mapping[str, Outcome], at: float, replayed: RunState | None = None) -> Rehearsal:
    """Walk the flow of ``plan``; a task of which nothing is assumed succeeds and tells nothing.

    ``at`` is when it begins, in seconds since the epoch. With ``replayed`` it goes by the times of that run, and its
    own facts (``run.id`` and so on) are those of that run.
    """
    refusal, plan = plan.refusal, _unblocked(plan)
    header = RunHeader(_ID, plan.orchestration, plan.name, at, BY, plan.variables, plan.partial, plan.rerun_of)
    if replayed is not None:
        at = replayed.started or replayed.header.created
        header = replace(header, id=replayed.header.id, created=replayed.header.created, by=replayed.header.by)
    stage = Stage(initial_state(header, plan), at)
    stage.record(events.executor(at, pid=1, start=(0, 0), host=BY, boot_id=BY, by=BY))
    walk = Walk(plan, stage)
    for phase in plan.phases:
        _skip(plan, outcomes, replayed, stage)
        if walk.enters(phase):
            _play(phase, walk.left(phase), outcomes, stage)
            _move_to_end(phase, replayed, stage)
            walk.ended(phase)
        walk.leaves(phase)
    walk.end()
    return Rehearsal(stage.state, refusal)


def _skip(plan: RunPlan, outcomes: Mapping[str, Outcome], replayed: RunState | None, stage: Stage) -> None:
    """What people had skipped of a recorded run by now, also of phases that it did not come to."""
    known = {task.id: task for task in plan.tasks()}
    for one in () if replayed is None else replayed.interventions.all:
        if one.kind is not InterventionKind.SKIP or one.task not in known or one.at > stage.now():
            continue
        outcome = outcomes.get(one.task, Outcome())
        if outcome.status is Status.SKIPPED and not stage.state.tasks[one.task].status.final:
            for event in _events(known[one.task], outcome, stage.now()):
                stage.record(event)


def _unblocked(plan: RunPlan) -> RunPlan:
    """Tasks that could not be started now are part of the flow all the same."""

    def freed(task: PlannedTask) -> PlannedTask:
        return replace(task, decision=Decision.RUN) if task.decision is Decision.BLOCKED else task

    phases = tuple(replace(phase, tasks=tuple(map(freed, phase.tasks))) for phase in plan.phases)
    return replace(plan, phases=phases)


def _play(phase: PlannedPhase, tasks: list[PlannedTask], outcomes: Mapping[str, Outcome], stage: Stage) -> None:
    """All tasks of a phase begin at once; of two that set the same variable the one that ends later holds."""
    begun = stage.now()
    stage.record(events.phase_started(begun, phase.id))
    played = [(task, outcomes.get(task.id, Outcome())) for task in tasks]
    order = {task.id: number for number, (task, _) in enumerate(played)}
    for task, outcome in sorted(played, key=lambda one: (_end(one[1], begun), order[one[0].id])):
        for event in _events(task, outcome, begun):
            stage.record(event)
    stage.move_to(max((_end(outcome, begun) for _, outcome in played), default=begun))


def _end(outcome: Outcome, begun: float) -> float:
    return max(begun, outcome.ended) if outcome.ended is not None else begun + outcome.seconds


def _events(task: PlannedTask, outcome: Outcome, begun: float) -> Iterator[Event]:
    end = _end(outcome, begun)
    status = failed_status(task) if outcome.status is Status.ERROR else outcome.status
    if status is Status.SKIPPED:
        yield events.settled(end, task.id, status, Reason.of(Cause.SKIPPED_BY, by=BY, note=outcome.error))
        return
    if status is Status.CANCELLED and not outcome.attempts:
        yield events.settled(end, task.id, status, Reason.of(Cause.CANCELLED, by=BY), FailureKind.CANCEL)
        return
    if _never_began(outcome, status):
        # Conditions see how often it was tried.
        yield events.settled(end, task.id, status, Reason.said(outcome.error), outcome.kind or _kind_of(outcome))
        return
    start = max(begun, end - outcome.seconds)
    for number in range(1, max(1, outcome.attempts) + 1):
        last = number == max(1, outcome.attempts)
        yield events.spawning(start, task.id, number)
        if not last:
            yield events.ended(start, task.id, number, Status.ERROR, "", kind=FailureKind.USER, retry_at=start)
    yield events.ended(
        end,
        task.id,
        max(1, outcome.attempts),
        status,
        outcome.error,
        kind=outcome.kind or _kind_of(outcome),
        exit_code=outcome.exit_code,
        results=outcome.results,
        variables=outcome.values if status in (Status.SUCCESS, Status.WARNING) else {},
    )


def _never_began(outcome: Outcome, status: Status) -> bool:
    """It could not be started in the run that is replayed, and nothing else is assumed of it."""
    told = outcome.results or outcome.exit_code is not None
    return not outcome.attempts and not told and status in (Status.ERROR, Status.WARNING, Status.TERMINATED)


def _kind_of(outcome: Outcome) -> FailureKind | None:
    if outcome.status is Status.ERROR:
        return FailureKind.USER
    return FailureKind.CANCEL if outcome.status in (Status.CANCELLED, Status.TERMINATED) else None


def _move_to_end(phase: PlannedPhase, replayed: RunState | None, stage: Stage) -> None:
    recorded = replayed.phases.get(phase.id) if replayed is not None else None
    if recorded is not None and recorded.ended is not None:
        stage.move_to(recorded.ended)


def replayed_plan(state: RunState, today: RunPlan | None) -> RunPlan:
    """The plan of a recorded run, with the rules that its phases have ``today``."""
    rules = {} if today is None else {phase.id: phase.rules for phase in today.phases}
    phases = []
    for phase in state.phases.values():
        tasks = tuple(state.tasks[task].planned for task in phase.tasks)
        mine = rules.get(phase.id, phase.rules)
        # What was decided in the run that it continues stands before it begins; nothing of the phase has run then.
        before = phase.decision if phase.started is None and mine == phase.rules else None
        own = (mine, before, phase.own_limit, phase.known)
        phases.append(PlannedPhase(phase.id, phase.name, tasks, phase.max_parallel, *own))
    header = state.header
    return RunPlan(header.orchestration, header.name, tuple(phases), header.variables, header.partial, header.rerun_of)


def outcomes_of(state: RunState) -> dict[str, Outcome]:
    """What became of the tasks of a recorded run that ran, or that people or a cancellation kept from running."""
    return {task.id: outcome for task in state.tasks.values() if (outcome := _outcome_of(task)) is not None}


def _outcome_of(task: TaskState) -> Outcome | None:
    last = task.attempt
    if task.set_aside:
        return Outcome(Status.SKIPPED, error=task.reason)
    if last is None:
        # It could not be started, or was cancelled before.
        ended = task.status in (Status.ERROR, Status.WARNING, Status.CANCELLED, Status.TERMINATED)
        return Outcome(task.status, attempts=0, error=task.reason, kind=_failure(task.kind)) if ended else None
    if not task.status.final:
        return None
    return Outcome(
        task.status,
        last.seconds or 0.0,
        max(1, len(task.attempts) - task.uncounted),
        last.exit_code,
        last.reason,
        _failure(last.kind),
        last.results,
        last.values,
        last.ended,
    )


def _failure(kind: str | None) -> FailureKind | None:
    return None if kind is None else FailureKind(kind)
