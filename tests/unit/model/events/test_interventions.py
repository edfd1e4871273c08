"""What people do to a run, as its state has it: any of it, in any order, at any moment that is allowed."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st
from orch_tui.model.events import events
from orch_tui.model.events.interventions import Intervention, InterventionKind
from orch_tui.model.failure import FailureKind
from orch_tui.model.run.intervening import awaiting, refusal
from orch_tui.model.run.plan import Decision, PlannedPhase, PlannedTask, RunPlan
from orch_tui.model.run.run_start import initial_state, plan_of
from orch_tui.model.run.runstate import RunHeader, RunState, fold
from orch_tui.model.run.waits import is_held, waits_for
from orch_tui.model.status import Status

T = 1_790_000_000.0
TASKS = ("a", "b", "c")


def fresh() -> RunState:
    first = tuple(PlannedTask(name, f"c/{name}", name, "p", Decision.RUN) for name in ("a", "b"))
    last = (PlannedTask("c", "c/c", "c", "q", Decision.RUN),)
    plan = RunPlan("o", "O", (PlannedPhase("p", "P", first, 2), PlannedPhase("q", "Q", last, 1, own_limit=True)))
    state = initial_state(RunHeader("r", "o", "O", T, "ann"), plan)
    begun = [
        events.executor(T, pid=1, start=(1, 1), host="h", boot_id="b", by="ann"),
        events.phase_started(T, "p"),
    ]
    return fold(state, begun)


def _work(state: RunState, task: str, succeeds: bool) -> list[events.Event]:
    """What its executor would write next of a task of the first phase: it starts, or it ends."""
    known = state.tasks[task]
    number = len(known.attempts)
    if known.status is Status.WAITING and not is_held(state, known) and state.phases[known.phase].started is not None:
        return [events.spawning(T, task, number + 1)]
    if known.status is Status.PROCESSING:
        status, kind = (Status.SUCCESS, None) if succeeds else (Status.ERROR, FailureKind.USER)
        return [events.ended(T, task, number, status, "exit code 1", kind=kind)]
    return []


wishes = st.builds(
    Intervention,
    st.integers(0, 10**9).map(str),
    st.sampled_from(InterventionKind),
    st.just("ann"),
    st.sampled_from(["", "why"]),
    st.none() | st.sampled_from([*TASKS, "none"]),
    st.none() | st.sampled_from(["p", "q", "none"]),
    st.none() | st.integers(1, 9),
)
steps = st.one_of(wishes, st.tuples(st.sampled_from(TASKS), st.booleans()))


@given(st.lists(steps, max_size=25))
def test_whatever_is_allowed_gives_one_state_that_agrees_with_itself(
    done: list[Intervention | tuple[str, bool]],
) -> None:
    state, written = fresh(), list[events.Event]()
    for step in done:
        if isinstance(step, tuple):
            new = _work(state, *step)
        else:
            new = [] if refusal(state, step) else [events.intervened(T, step)]
        fold(state, new)
        written += new
        # THEN what is counted is what there is
        assert Counter({k: n for k, n in state.counts.items() if n}) == Counter(t.status for t in state.tasks.values())
        assert state.phases["p"].active == sum(state.tasks[t].status is Status.PROCESSING for t in ("a", "b"))
        failed = [task.id for task in state.tasks.values() if task.status is Status.ERROR]
        assert state.first_failure in failed if failed else state.first_failure is None
        for task in state.tasks.values():
            # AND nothing runs that is held, what is marked or skipped is final, and every wait has a reason
            assert task.attempts or task.status.final or waits_for(state, task) is not None
            assert not task.marked_done or task.status is Status.WARNING
            assert not task.set_aside or task.status is Status.SKIPPED
            assert task.attempts == [] or len(task.attempts) <= task.max_attempts
        assert {task.id for task in awaiting(state)} <= set(failed)
    # AND what stands twice in a journal is done once: whoever takes the run over sees the same
    again = fold(fold(fresh(), written), [event for event in written if event.type == events.EventType.INTERVENED])
    assert {t.id: (t.status, t.because, t.granted) for t in again.tasks.values()} == {
        t.id: (t.status, t.because, t.granted) for t in state.tasks.values()
    }
    assert [phase.max_parallel for phase in plan_of(again).phases] == [p.max_parallel for p in state.phases.values()]


def test_an_intervention_of_a_newer_program_is_passed_over() -> None:
    state = fresh()
    fold(state, [events.Event("intervened", T, {"id": "x", "kind": "rewind", "by": "ann"})])
    assert state.interventions.all == []
