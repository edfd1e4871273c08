"""Why a task of a run has not started: one reason, out of all that the run knows. Pure."""

from __future__ import annotations

from orch_tui.model.clocks.run_time import RunTime
from orch_tui.model.events.reasons import Cause, Reason
from orch_tui.model.run.phase_state import PhaseState
from orch_tui.model.run.runstate import RunState, TaskState
from orch_tui.model.status import Status
from orch_tui.model.texts.durations import show_duration
from orch_tui.model.texts.text import safe_line


def why(state: RunState, task: TaskState, now: RunTime) -> str:
    """One reason in words why a task that has not started waits; else the reason it has."""
    reason = waits_for(state, task)
    if reason is None:
        return ""
    if is_waiting(task) and task.until is not None and task.until > now and reason is task.because:
        if reason.cause is Cause.ASKED:
            return f"{reason.sentence}, {show_duration(task.until - now)} left"
        return f"{reason.sentence} in {show_duration(task.until - now)}"
    return reason.sentence


def waits_for(state: RunState, task: TaskState) -> Reason | None:
    """The same as a value: what a task that has not started waits for; else the reason it has."""
    if not is_waiting(task):
        return task.because
    phase = state.phases[task.phase]
    if (held := _held(state, task)) is not None:
        return held
    if phase.started is None:
        return _not_reached(state, phase)
    if task.because is not None:
        return task.because
    if (full := _full_array(state, task)) is not None:
        return full
    if phase.active:
        return Reason.of(Cause.LIMIT, taken=phase.active, limit=phase.max_parallel)
    return Reason(Cause.ABOUT_TO_START)


def _full_array(state: RunState, task: TaskState) -> Reason | None:
    """What a part waits for of whose array as many run as may."""
    array = state.tasks.get(task.planned.array)
    if array is None or array.parts is None or array.planned.max_parallel is None:
        return None
    taken, limit = len(array.parts.under_way), array.planned.max_parallel
    return Reason.of(Cause.LIMIT, taken=taken, limit=limit) if taken >= limit else None


def is_waiting(task: TaskState) -> bool:
    """It has not ended and does not run."""
    return task.status in (Status.WAITING, Status.CREATED)


def is_held(state: RunState, task: TaskState) -> bool:
    """It waits because people hold it, its phase or the run."""
    return is_waiting(task) and _held(state, task) is not None


def _held(state: RunState, task: TaskState) -> Reason | None:
    reached = state.phases[task.phase].started is not None
    return state.interventions.why_held(task.planned.array or task.id, task.phase, reached=reached)


def _not_reached(state: RunState, phase: PhaseState) -> Reason:
    current = next((p for p in state.phases.values() if p.started is not None and p.ended is None), None)
    if current is None:
        return Reason.of(Cause.PHASE_NOT_REACHED, phase=phase.id, name=phase.name)
    left = sum(not state.tasks[task].status.final for task in current.tasks)
    hold = state.interventions.hold_over(current.id)
    if not left and hold is not None:
        # It stays open for what people decide about its failures.
        what = "run" if hold.phase is None else f'phase "{safe_line(current.name, 80)}"'
        return Reason.of(Cause.HELD, what=what, by=hold.by, note=hold.note)
    return Reason.of(Cause.PHASE_NOT_FINISHED, phase=current.id, name=current.name, left=left)
