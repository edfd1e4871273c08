"""The way of a run through its phases: which are run, which are passed over and why, and what the run ends as.

Whoever runs the tasks asks here before and after each phase. Whoever only rehearses asks here too: there is no other
reading of the rules.
"""

from __future__ import annotations

from orch_tui.engine.phases.rules import Rules, Way, ending_of
from orch_tui.engine.record.recorder import Pen
from orch_tui.model.events import events
from orch_tui.model.events.reasons import Cause, Reason
from orch_tui.model.orchestration.rules import After
from orch_tui.model.run.plan import Decision, PlannedPhase, PlannedTask, RunPlan
from orch_tui.model.run.runstate import TaskState
from orch_tui.model.status import Status, worst


class Walk:
    """From the first phase to the last, in order: :meth:`enters` and :meth:`leaves` each of them, then the end."""

    def __init__(self, plan: RunPlan, pen: Pen) -> None:
        self._plan = plan
        self._pen = pen
        self._state = pen.state
        self._rules = Rules(plan, pen)
        self._blocker: Reason | None = None
        self._way: Way | None = None

    def enters(self, phase: PlannedPhase, *, cancelled_by: str | None = None, under_way: bool = False) -> bool:
        """Whether tasks of the phase are to be run; one that is passed over is recorded as such.

        ``cancelled_by`` is who has cancelled the run, ``under_way``: tasks of the phase run already.
        """
        if self._way is not None and self._way.to == phase.id:
            self._way = None
        tasks = tasks_to_run(phase)
        if not self.left(phase) and self._state.phases[phase.id].status.final:
            return False
        if not tasks:
            self._pass_over(phase, Status.SKIPPED, _why_idle(phase))
        elif cancelled_by is not None and not under_way:
            self._pass_over(phase, Status.CANCELLED, Reason.of(Cause.RUN_CANCELLED, by=cancelled_by))
        elif self._blocker is not None:
            self._pass_over(phase, Status.SKIPPED, self._blocker)
        elif self._way is not None:
            self._pass_over(phase, Status.SKIPPED, self._way.because)
        else:
            return True
        return False

    def left(self, phase: PlannedPhase) -> list[PlannedTask]:
        """Its tasks that are to be run and have no final state yet."""
        return [task for task in tasks_to_run(phase) if not self._state.tasks[task.id].status.final]

    def ended(self, phase: PlannedPhase) -> None:
        """All its tasks have a final state: so has the phase."""
        status = worst(counted_as(self._state.tasks[task.id]) for task in tasks_to_run(phase))
        self._pen.record(events.phase_ended(self._pen.now(), phase.id, status), durable=True)

    def leaves(self, phase: PlannedPhase, *, cancelled: bool = False) -> None:
        """What comes after it is decided; a run that was ``cancelled`` tries no rules."""
        if self._blocker is None and self._way is None:
            self._way = None if cancelled else self._rules.after(phase)
            self._blocker = None if self._way is not None else self._blocks(phase)

    def _blocks(self, phase: PlannedPhase) -> Reason | None:
        """Why no phase after this one may start; None if it may."""
        status = worst(counted_as(self._state.tasks[task.id]) for task in tasks_to_run(phase))
        if status in (Status.SUCCESS, Status.WARNING):
            return None
        return Reason.of(Cause.PHASE_BEFORE, phase=phase.id, name=phase.name, status=status.value)

    def _pass_over(self, phase: PlannedPhase, status: Status, reason: Reason) -> None:
        self._pen.record(events.phase_skipped(self._pen.now(), phase.id, status, reason))

    def end(self, cancelled_by: str | None = None) -> Status:
        """The last event: what the run has ended as, and why."""
        states = [self._state.tasks[task.id] for task in self._plan.tasks() if task.decision is Decision.RUN]
        status = worst(map(self._weighed, states))
        reason = None
        if cancelled_by is not None:
            reason = Reason.of(Cause.CANCELLED, by=cancelled_by)
        elif (ending := ending_of(self._state.phases)) is not None:
            status, reason = ending
        elif status is not Status.SUCCESS:
            reason = _first_reason([state for state in states if self._weighed(state) is status])
        now = self._pen.now()
        seconds = now - (self._state.started or now)
        self._pen.record(events.run_ended(now, status, reason, seconds, self._state.counts), durable=True)
        return status

    def _weighed(self, state: TaskState) -> Status:
        """What a task's state means for the run: a failure that a rule took care of is a warning."""
        counted = counted_as(state)
        handled = self._state.phases[state.phase].handled and After.of(counted) is After.FAILURE
        return Status.WARNING if handled and counted is not Status.SKIPPED else counted


def tasks_to_run(phase: PlannedPhase) -> list[PlannedTask]:
    """Without those that are skipped or reused from the beginning."""
    return [task for task in phase.tasks if task.decision is Decision.RUN]


def _first_reason(bad: list[TaskState]) -> Reason:
    """The first one that went wrong, by time, and how many others did."""
    first = min(bad, key=lambda state: state.attempt.ended or 0.0 if state.attempt else float("inf"))
    return Reason.of(Cause.TASK_FAILED, task=first.id, name=first.name, why=first.reason, others=len(bad) - 1)


def _why_idle(phase: PlannedPhase) -> Reason:
    """Why none of its tasks runs."""
    reasons = {task.because for task in phase.tasks}
    if not reasons:
        return Reason(Cause.NO_TASKS)
    only = reasons.pop() if len(reasons) == 1 else None
    return only or Reason(Cause.NO_TASK_TO_RUN)


def counted_as(state: TaskState) -> Status:
    """What a task's state means for its phase and run: a tolerated failure is a warning, as is what people skipped."""
    if state.set_aside:
        return Status.WARNING
    if state.continue_on_failure and state.status in (Status.ERROR, Status.CANCELLED, Status.TERMINATED):
        return Status.WARNING
    return state.status
