"""What people do to a run, carried out by its executor: recorded first, then done to the queue under way."""

from __future__ import annotations

from orch_tui.engine.phases.phase_queue import PhaseQueue
from orch_tui.engine.record.recorder import Pen
from orch_tui.model.events import events
from orch_tui.model.events.interventions import Intervention, InterventionKind
from orch_tui.model.run.intervening import awaiting, refusal
from orch_tui.model.run.plan import PlannedTask, RunPlan
from orch_tui.model.status import Status


class InterventionDesk:
    """What was done is in the state of the run, so that whoever takes the run over goes on with it."""

    def __init__(self, plan: RunPlan, recorder: Pen) -> None:
        self._tasks: dict[str, PlannedTask] = {task.id: task for task in plan.tasks()}
        self._recorder = recorder
        self._state = recorder.state
        self._phase = ""
        self._queue: PhaseQueue | None = None

    def open(self, phase: str, queue: PhaseQueue) -> None:
        """A phase is under way, with this queue."""
        self._phase, self._queue = phase, queue
        for task in self._state.interventions.held_tasks():
            queue.hold(task)

    def close(self) -> None:
        """No phase is under way."""
        self._queue = None

    def carry_out(self, one: Intervention) -> bool:
        """False when it was done already, or cannot be done: whoever asked finds out why by the same rules."""
        if one.id in self._state.interventions or refusal(self._state, one):
            return False
        self._recorder.record(events.intervened(self._recorder.now(), one), durable=True)
        if self._queue is not None:
            self._do(self._queue, one)
        return True

    def _do(self, queue: PhaseQueue, one: Intervention) -> None:
        if one.kind is InterventionKind.LIMIT:
            queue.limit_to(self._state.phases[self._phase].max_parallel)
        if one.task is None:
            return
        match one.kind:
            case InterventionKind.HOLD:
                queue.hold(one.task)
            case InterventionKind.RELEASE:
                queue.release(one.task)
            case InterventionKind.SKIP | InterventionKind.APPROVE | InterventionKind.REJECT:
                task = self._state.task(one.task)
                # An approval has no parts.
                if task.parts is None:
                    queue.take_out({one.task})
                else:
                    queue.take_out({part.id for part in task.parts.states if part.set_aside})
            case InterventionKind.RETRY if self._state.task(one.task).phase == self._phase:
                queue.add_all(self._again(one.task))

    def _again(self, task_id: str) -> list[PlannedTask]:
        """What people want tried again: of an array its parts that had failed, which wait now."""
        task = self._state.task(task_id)
        if task.parts is None:
            return [task.planned if task.planned.item is not None else self._tasks[task_id]]
        return [part.planned for part in task.parts.states if part.status is Status.WAITING and part.granted]

    @property
    def held(self) -> bool:
        """Whether nothing of the phase under way is to be started now."""
        return self._state.interventions.hold_over(self._phase) is not None

    @property
    def undecided(self) -> bool:
        """Whether the phase stays open for a decision about a task that failed while it is held."""
        return self.held and bool(awaiting(self._state))
