"""What can be done to a run now: whoever asks for it and whoever executes the run judge by the same rules. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orch_tui.model.clocks.run_time import RunTime
from orch_tui.model.events.interventions import ANSWERS, OF_A_TASK, Intervention, InterventionKind
from orch_tui.model.orchestration.approval import OnTimeout, complaint, may_answer, user_of
from orch_tui.model.run.phase_state import PhaseState
from orch_tui.model.run.runstate import RunState, TaskState
from orch_tui.model.status import UNDER_WAY, Status

if TYPE_CHECKING:
    from orch_tui.model.run.phase_state import Parts

MOST_AT_ONCE = 1_000_000
"""Tasks of a run that a limit may allow."""
_FAILED = (Status.ERROR, Status.TERMINATED, Status.CANCELLED)


def needs_decision(task: TaskState) -> bool:
    """It has failed, and the run would not go on after its phase."""
    return task.status in _FAILED and not task.continue_on_failure


def awaiting(state: RunState) -> list[TaskState]:
    """Failed tasks that keep a phase open, since it is held: somebody has to decide what becomes of them."""
    if state.finished or state.cancelled_by is not None:
        return []
    held = [phase for phase in state.phases.values() if _going(phase) and state.interventions.hold_over(phase.id)]
    return [task for phase in held for task in map(state.tasks.__getitem__, phase.tasks) if needs_decision(task)]


def _going(phase: PhaseState) -> bool:
    return phase.started is not None and phase.ended is None


def refusal(state: RunState, one: Intervention) -> str:
    """Why it cannot be carried out now, a sentence without a full stop; empty when it can."""
    if state.finished:
        return f"run {state.header.id} has ended already: {state.status.value}"
    if state.cancelled_by is not None:
        return f"run {state.header.id} is being cancelled by {state.cancelled_by}"
    if one.task is not None:
        task = state.task(one.task) if one.task in state else None
        return "the run has no such task" if task is None else _refusal_of_task(state, task, one)
    if one.kind in OF_A_TASK:
        return f"{one.kind.value} is about a task; name one"
    phase = state.phases.get(one.phase) if one.phase is not None else None
    if one.phase is not None and phase is None:
        return "the run has no such phase"
    if phase is not None and phase.status.final and one.kind is not InterventionKind.RELEASE:
        return f'phase "{phase.name}" has ended already: {phase.status.value}'
    if one.kind is InterventionKind.LIMIT:
        if one.limit is None or one.limit < 1:
            return "at least one task has to run at once"
        return f"at most {MOST_AT_ONCE} tasks can run at once" if one.limit > MOST_AT_ONCE else ""
    return _refusal_of_hold(state, one, f'phase "{phase.name}"' if phase is not None else f"run {state.header.id}")


def _refusal_of_hold(state: RunState, one: Intervention, what: str) -> str:
    held = state.interventions.hold(phase=one.phase, task=one.task)
    if one.kind is InterventionKind.RELEASE:
        return "" if held is not None else f"{what} is not held"
    return f"{what} is held already, by {held.by}" if held is not None else ""


def _refusal_of_task(state: RunState, task: TaskState, one: Intervention) -> str:
    what, waits = f"task {task.id}", task.status in (Status.WAITING, Status.CREATED)
    if one.kind is InterventionKind.LIMIT:
        return "a limit is about the run or a phase"
    if one.kind in ANSWERS:
        return _refusal_of_answer(task, one)
    if task.planned.item is not None and one.kind in (InterventionKind.HOLD, InterventionKind.RELEASE):
        return f"{what} is a part; hold or release {task.planned.array} as a whole"
    if task.parts is not None and one.kind not in (InterventionKind.HOLD, InterventionKind.RELEASE):
        return _refusal_of_parts(state, task, task.parts, one)
    if one.kind is InterventionKind.RELEASE:
        return _refusal_of_hold(state, one, what)
    if one.kind is InterventionKind.HOLD:
        ended = f"{what} has ended already: {task.status.value}" if task.status.final else ""
        return ended or _refusal_of_hold(state, one, what)
    if task.status in UNDER_WAY:
        return f"{what} is running; it can be stopped"
    if one.kind is InterventionKind.SKIP:
        return "" if waits else f"{what} has ended already: {task.status.value}"
    if task.question is not None:
        return f"{what} waits for an approval; approve or reject it"
    if waits:
        soon = one.kind is InterventionKind.RETRY and task.until is not None
        return "" if soon else f"{what} has not failed: it waits"
    tolerated = task.status is Status.WARNING and task.kind is not None and one.kind is InterventionKind.RETRY
    if task.marked_done or not (task.status in _FAILED or tolerated):
        return f"{what} has not failed: {task.status.value}"
    if not _going(state.phases[task.phase]):
        return f'phase "{state.phases[task.phase].name}" of {what} has ended; run again what failed'
    return ""


def _refusal_of_parts(state: RunState, task: TaskState, parts: Parts, one: Intervention) -> str:
    if not parts.meant_by(one.kind):
        return f"no part of {task.id} {'waits' if one.kind is InterventionKind.SKIP else 'has failed'}"
    phase = state.phases[task.phase]
    return "" if _going(phase) else f'phase "{phase.name}" of task {task.id} has ended; run again what failed'


def too_late(state: RunState, one: Intervention, now: RunTime) -> str:
    """Why an answer is none any more, though nobody has executed the run since its time was over; else empty."""
    task = state.task(one.task) if one.task is not None and one.task in state else None
    question = task.question if task is not None else None
    if one.kind not in ANSWERS or task is None or question is None or task.until is None or now <= task.until:
        return ""
    if state.interventions.why_held(task.id, task.phase, reached=True) is not None:
        return ""
    becomes = "approved" if question.on_timeout is OnTimeout.APPROVE else "rejected"
    return f"the time to answer task {task.id} is over; it is {becomes} when the run goes on"


def _refusal_of_answer(task: TaskState, one: Intervention) -> str:
    question = task.question
    if question is None:
        answered = task.attempt is not None and task.attempt.question is not None
        now = task.reason or task.status.value
        return f"task {task.id} has its answer already: {now}" if answered else f"task {task.id} asks nobody: {now}"
    if not may_answer(question, one.by):
        return f"task {task.id} is for {', '.join(question.approvers)} to answer, not for {user_of(one.by)}"
    wrong = complaint(question, one.given) if one.kind is InterventionKind.APPROVE else ""
    return f"the answer cannot be taken: {wrong}" if wrong else ""
