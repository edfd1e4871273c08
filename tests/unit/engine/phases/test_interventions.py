"""What people do to a run is recorded, and done to the queue of the phase that is under way."""

from __future__ import annotations

from collections.abc import Callable

from orch_tui.engine.phases.interventions import InterventionDesk
from orch_tui.engine.phases.phase_queue import PhaseQueue
from orch_tui.model.clocks.run_time import RunTime
from orch_tui.model.events import events
from orch_tui.model.events.events import Event
from orch_tui.model.events.interventions import Intervention, InterventionKind
from orch_tui.model.run.plan import Decision, PlannedPhase, PlannedTask, RunPlan
from orch_tui.model.run.run_start import initial_state
from orch_tui.model.run.runstate import RunHeader, RunState
from orch_tui.model.status import Status

AT = 1_790_000_000.0


class _Pen:
    """Folds what is recorded."""

    def __init__(self, plan: RunPlan) -> None:
        self.state: RunState = initial_state(RunHeader("r", "o", "O", AT, "ann", {}), plan)
        self.now: Callable[[], RunTime] = lambda: RunTime(AT)
        self.durable: list[str] = []

    def record(self, event: Event, *, durable: bool = False) -> None:
        self.state.apply(event)
        if durable:
            self.durable.append(event.type)


class _Phase:
    """A phase of two tasks that is under way, nothing of it started."""

    def __init__(self) -> None:
        self.tasks = [PlannedTask(name, f"command/{name}", name, "p", Decision.RUN) for name in "ab"]
        plan = RunPlan("o", "O", (PlannedPhase("p", "P", tuple(self.tasks), 2),))
        self.pen = _Pen(plan)
        self.pen.record(events.executor(AT, pid=1, start=(0, 0), host="h", boot_id="b", by="ann"))
        self.pen.record(events.phase_started(AT, "p"))
        self.queue = PhaseQueue(2, self.tasks, AT)
        self.desk = InterventionDesk(plan, self.pen)
        self.desk.open("p", self.queue)

    def do(self, kind: InterventionKind, task: str | None = None, limit: int | None = None) -> bool:
        number = len(self.pen.durable)
        return self.desk.carry_out(Intervention(f"i{number}", kind, "ann", "", task, None, limit))


def test_a_limit_holds_for_what_starts_next() -> None:
    one = _Phase()
    a, b = one.tasks
    assert one.queue.next([a]) is a
    one.queue.remove(a)
    # GIVEN a task that runs, beside which another could start
    assert one.queue.next([a]) is b
    # WHEN only one may run at once THEN the other waits for it, and what was done is on the disk
    assert one.do(InterventionKind.LIMIT, limit=1)
    assert one.queue.next([a]) is None and one.queue.next([]) is b
    assert one.pen.durable == ["intervened"]


def test_what_is_held_is_not_given_out_until_it_is_released() -> None:
    one = _Phase()
    a, b = one.tasks
    # WHEN a task is held THEN the other comes first, and the phase is not held for it
    assert one.do(InterventionKind.HOLD, "a")
    assert one.queue.next([]) is b and not one.desk.held
    # WHEN it is released THEN it is there again
    assert one.do(InterventionKind.RELEASE, "a")
    one.queue.remove(b)
    assert one.queue.next([b]) is a
    # WHEN all is held THEN nothing is to be started
    assert one.do(InterventionKind.HOLD) and one.desk.held


def test_a_task_that_is_skipped_leaves_the_queue_and_nothing_is_done_twice() -> None:
    one = _Phase()
    # WHEN a task is skipped THEN only the other is left
    assert one.do(InterventionKind.SKIP, "a")
    one.queue.remove(one.tasks[1])
    assert one.queue.empty
    # AND the same again, and what cannot be done, are neither done nor recorded
    assert not one.desk.carry_out(Intervention("i0", InterventionKind.SKIP, "ann", "", "a", None, None))
    assert not one.do(InterventionKind.SKIP, "a")
    assert one.pen.durable == ["intervened"]


def test_a_task_that_failed_while_its_phase_is_held_can_be_tried_again() -> None:
    one = _Phase()
    a, b = one.tasks
    # GIVEN a held phase, one task of which has failed
    assert one.do(InterventionKind.HOLD)
    one.queue.remove(a)
    one.pen.record(events.spawning(AT, "a", 1))
    one.pen.record(events.ended(AT, "a", 1, Status.ERROR, "exit code 1"))
    assert one.desk.undecided
    # WHEN it is to be tried again THEN it is in the queue once more, and nothing is to be decided
    assert one.do(InterventionKind.RETRY, "a") and not one.desk.undecided
    one.queue.remove(b)
    assert one.queue.next([]) is a


def test_what_is_to_be_tried_again_of_an_earlier_phase_waits_for_no_slot_of_this_one() -> None:
    # GIVEN a failed task, and a phase under way that is not its own
    one = _Phase()
    one.queue.remove(one.tasks[0])
    one.pen.record(events.spawning(AT, "a", 1))
    one.pen.record(events.ended(AT, "a", 1, Status.ERROR, "exit code 1"))
    later = PhaseQueue(2, [], AT)
    one.desk.open("q", later)
    # WHEN somebody wants it tried again THEN whether it is done or refused, this phase does not get it
    one.do(InterventionKind.RETRY, "a")
    assert later.empty
