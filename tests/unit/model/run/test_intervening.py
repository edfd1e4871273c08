"""What can be done to a run now, and why not: one sentence for each refusal."""

from __future__ import annotations

import pytest
from orch_tui.model.events import events
from orch_tui.model.events.events import Event
from orch_tui.model.events.interventions import Intervention, InterventionKind
from orch_tui.model.failure import FailureKind
from orch_tui.model.run.intervening import awaiting, needs_decision, refusal
from orch_tui.model.run.plan import Decision, PlannedPhase, PlannedTask, RunPlan
from orch_tui.model.run.run_start import initial_state
from orch_tui.model.run.runstate import RunHeader, RunState, fold
from orch_tui.model.status import Status

from tests.support.reasons import in_words

T = 1_790_000_000.0
K = InterventionKind
STARTED = events.phase_started(T, "p")
ENDED = (STARTED, events.phase_ended(T, "p", Status.SUCCESS))


def state_after(*more: Event, tolerated: bool = False) -> RunState:
    """Phase ``p`` with ``a`` and ``b``, then phase ``q`` with ``c``."""
    first = tuple(
        PlannedTask(name, f"c/{name}", name, "p", Decision.RUN, continue_on_failure=tolerated) for name in ("a", "b")
    )
    last = (PlannedTask("c", "c/c", "c", "q", Decision.RUN),)
    plan = RunPlan("o", "O", (PlannedPhase("p", "P", first, 2), PlannedPhase("q", "Q", last, 1)))
    state = initial_state(RunHeader("r", "o", "O", T, "ann"), plan)
    begun = events.executor(T, pid=1, start=(1, 1), host="h", boot_id="b", by="ann")
    return fold(state, [begun, *more])


def runs(task: str = "a") -> tuple[Event, ...]:
    return (STARTED, events.spawning(T, task, 1))


def ends(status: Status, kind: FailureKind | None = None, task: str = "a") -> tuple[Event, ...]:
    return (*runs(task), events.ended(T + 1, task, 1, status, "why", kind=kind))


def wish(
    kind: InterventionKind, task: str | None = None, phase: str | None = None, limit: int | None = None
) -> Intervention:
    return Intervention(f"{kind.value} {task} {phase}", kind, "ann", task=task, phase=phase, limit=limit)


def held(task: str | None = None, phase: str | None = None) -> Event:
    return events.intervened(T, Intervention("h", K.HOLD, "bob", task=task, phase=phase))


FAILED = ends(Status.ERROR, FailureKind.USER)


@pytest.mark.parametrize(
    ("before", "one", "told"),
    [
        # The run, or a phase of it.
        ((), wish(K.HOLD), ""),
        ((held(),), wish(K.HOLD), "run r is held already, by bob"),
        ((held(),), wish(K.RELEASE), ""),
        ((), wish(K.RELEASE), "run r is not held"),
        ((held(phase="p"),), wish(K.RELEASE), "run r is not held"),
        ((), wish(K.HOLD, phase="p"), ""),
        ((held(phase="p"),), wish(K.HOLD, phase="p"), 'phase "P" is held already, by bob'),
        ((), wish(K.RELEASE, phase="q"), 'phase "Q" is not held'),
        ((), wish(K.HOLD, phase="x"), "the run has no such phase"),
        ((), wish(K.LIMIT, limit=1), ""),
        ((), wish(K.LIMIT, phase="p", limit=9), ""),
        ((), wish(K.LIMIT, limit=0), "at least one task has to run at once"),
        ((), wish(K.LIMIT), "at least one task has to run at once"),
        ((), wish(K.LIMIT, limit=10**12), "at most 1000000 tasks can run at once"),
        (ENDED, wish(K.HOLD, phase="p"), 'phase "P" has ended already'),
        (
            ENDED,
            wish(K.LIMIT, phase="p", limit=2),
            'phase "P" has ended',
        ),
        ((held(phase="p"), *ENDED), wish(K.RELEASE, phase="p"), ""),
        # What is about a task.
        ((), wish(K.SKIP), "skip is about a task; name one"),
        ((), wish(K.RETRY, phase="p"), "retry is about a task; name one"),
        ((), wish(K.MARK_DONE), "mark-done is about a task; name one"),
        ((), wish(K.APPROVE), "approve is about a task; name one"),
        ((), wish(K.SKIP, "x"), "the run has no such task"),
        ((), wish(K.LIMIT, "a", limit=1), "a limit is about the run or a phase"),
        ((), wish(K.HOLD, "a"), ""),
        ((held("a"),), wish(K.HOLD, "a"), "task a is held already, by bob"),
        ((held("a"),), wish(K.RELEASE, "a"), ""),
        ((), wish(K.RELEASE, "a"), "task a is not held"),
        (runs(), wish(K.HOLD, "a"), ""),
        (FAILED, wish(K.HOLD, "a"), "task a has ended already: error"),
        # A task that waits, runs, or has ended.
        ((), wish(K.SKIP, "a"), ""),
        (runs(), wish(K.SKIP, "a"), "task a is running; it can be stopped"),
        (runs(), wish(K.RETRY, "a"), "task a is running"),
        (runs(), wish(K.MARK_DONE, "a"), "task a is running"),
        (FAILED, wish(K.SKIP, "a"), "task a has ended already: error"),
        ((), wish(K.RETRY, "a"), "task a has not failed: it waits"),
        ((), wish(K.MARK_DONE, "a"), "task a has not failed: it waits"),
        (FAILED, wish(K.RETRY, "a"), ""),
        (FAILED, wish(K.MARK_DONE, "a"), ""),
        (ends(Status.SUCCESS), wish(K.RETRY, "a"), "task a has not failed: success"),
        (ends(Status.SUCCESS), wish(K.MARK_DONE, "a"), "task a has not failed: success"),
        # A warning is tried again where it stands for a failure, and is done already.
        (ends(Status.WARNING, FailureKind.USER), wish(K.RETRY, "a"), ""),
        (ends(Status.WARNING), wish(K.RETRY, "a"), "task a has not failed: warning"),
        (ends(Status.WARNING, FailureKind.USER), wish(K.MARK_DONE, "a"), "task a has not failed: warning"),
        (
            (*FAILED, events.phase_ended(T + 2, "p", Status.ERROR)),
            wish(K.RETRY, "a"),
            'phase "P" of task a has ended; run again what failed',
        ),
        # Nobody is asked anything here.
        ((), wish(K.APPROVE, "a"), "task a asks nobody"),
        (FAILED, wish(K.REJECT, "a"), "task a asks nobody: why"),
        # The run itself.
        ((events.cancel(T, "bob"),), wish(K.HOLD), "run r is being cancelled by bob"),
        (
            (events.run_ended(T, Status.SUCCESS, in_words("why"), 1.0, {}),),
            wish(K.HOLD),
            "run r has ended already: success",
        ),
    ],
)
def test_a_wish_is_granted_or_refused_with_a_reason(before: tuple[Event, ...], one: Intervention, told: str) -> None:
    said = refusal(state_after(*before), one)
    assert said.startswith(told) if told else said == ""


@pytest.mark.parametrize("status", [Status.ERROR, Status.TERMINATED])
def test_somebody_decides_of_failed_tasks_while_their_phase_is_held(status: Status) -> None:
    failed = ends(status, FailureKind.USER)
    # GIVEN a failed task THEN it needs a decision where the run would not go on without one
    assert needs_decision(state_after(*failed).tasks["a"])
    assert not needs_decision(state_after(*ends(Status.SUCCESS)).tasks["a"])
    assert not needs_decision(state_after(*ends(Status.WARNING, FailureKind.USER)).tasks["a"])
    assert not needs_decision(state_after(*failed, tolerated=True).tasks["a"])
    # AND the run waits for it only while something holds its phase
    assert awaiting(state_after(*failed)) == []
    for hold in (held(), held(phase="p")):
        assert [task.id for task in awaiting(state_after(hold, *failed))] == ["a"]
    assert awaiting(state_after(held(phase="q"), *failed)) == []
    # AND not where the phase or the run is over
    assert awaiting(state_after(held(), *failed, events.phase_ended(T, "p", Status.ERROR))) == []
    assert awaiting(state_after(held(), *failed, events.cancel(T, "bob"))) == []
