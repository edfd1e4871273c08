"""The state of a run is a fold of its events."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st
from orch_tui.model.clocks.run_time import RunTime
from orch_tui.model.events import events
from orch_tui.model.events.events import Event
from orch_tui.model.failure import FailureKind
from orch_tui.model.run.plan import Decision, PlannedPhase, PlannedTask, RunPlan
from orch_tui.model.run.run_start import initial_state
from orch_tui.model.run.runstate import RunHeader, RunState, fold
from orch_tui.model.run.waits import why
from orch_tui.model.status import UNDER_WAY, Status

from tests.support.reasons import in_words

T = 1000.0
HEADER = RunHeader("r", "o", "O", T, "ann")
EXECUTOR = events.executor(T, pid=1, start=(1, 1), host="h", boot_id="b", by="ann")


def _state(*events_: Event) -> RunState:
    def task(name: str, phase: str, decision: Decision = Decision.RUN, reason: str = "") -> PlannedTask:
        return PlannedTask(name, f"c/{name}", name, phase, decision, in_words(reason) if reason else None)

    phases = (
        PlannedPhase(
            "p1", "One", (task("a", "p1"), task("b", "p1"), task("off", "p1", Decision.SKIPPED, "disabled")), 1
        ),
        PlannedPhase("p2", "Two", (task("c", "p2"),), 10),
    )
    return fold(initial_state(HEADER, RunPlan("o", "O", phases)), events_)


def test_what_the_plan_skips_is_skipped_before_the_first_event() -> None:
    state = _state()
    assert state.tasks["off"].status is Status.SKIPPED and state.tasks["off"].reason == "disabled"
    assert state.status is Status.CREATED and state.tasks["a"].status is Status.CREATED


def test_every_wait_has_its_reason() -> None:
    state = _state(EXECUTOR, events.phase_started(T, "p1"), events.spawning(T, "a", 1))
    assert why(state, state.tasks["b"], RunTime(T)) == "limit 1 of 1 taken"
    assert why(state, state.tasks["c"], RunTime(T)) == 'phase "One" not finished (2 left)'
    state.apply(events.waiting(T, "b", in_words("configuration in use by run 7")))
    assert why(state, state.tasks["b"], RunTime(T)) == "configuration in use by run 7"
    state.apply(events.ended(T, "a", 1, Status.ERROR, "exit code 1", kind=FailureKind.USER, retry_at=T + 8))
    assert why(state, state.tasks["a"], RunTime(T)) == "retry in 8.0 s"


def test_a_retry_is_not_a_failure_yet() -> None:
    state = _state(
        EXECUTOR,
        events.phase_started(T, "p1"),
        events.spawning(T, "a", 1),
        events.ended(T + 1, "a", 1, Status.ERROR, "exit code 1", kind=FailureKind.USER, exit_code=1, retry_at=T + 2),
    )
    assert state.first_failure is None and state.tasks["a"].status is Status.WAITING
    fold(state, [events.spawning(T + 2, "a", 2), events.ended(T + 3, "a", 2, Status.SUCCESS, exit_code=0)])
    assert state.tasks["a"].succeeded and [attempt.number for attempt in state.tasks["a"].attempts] == [1, 2]


def test_a_skipped_phase_settles_all_of_its_tasks_at_once() -> None:
    state = _state(EXECUTOR, events.phase_skipped(T, "p2", Status.SKIPPED, in_words('phase "One" failed')))
    assert state.tasks["c"].status is Status.SKIPPED and state.tasks["c"].reason == 'phase "One" failed'


def test_the_first_failure_is_the_first_in_time() -> None:
    state = _state(
        EXECUTOR,
        events.spawning(T, "b", 1),
        events.spawning(T, "a", 1),
        events.ended(T + 1, "b", 1, Status.ERROR, "exit code 2", kind=FailureKind.APPLICATION),
        events.ended(T + 2, "a", 1, Status.ERROR, "exit code 1", kind=FailureKind.USER),
    )
    assert state.first_failure == "b"


_TASKS = st.sampled_from(["a", "b", "c", "off"])
_FINAL = st.sampled_from([Status.SUCCESS, Status.WARNING, Status.ERROR, Status.TERMINATED])
_EVENTS = st.one_of(
    st.just(EXECUTOR),
    st.builds(lambda p: events.phase_started(T, p), st.sampled_from(["p1", "p2"])),
    st.builds(lambda t: events.waiting(T, t, in_words("why")), _TASKS),
    st.builds(lambda t, n: events.spawning(T, t, n), _TASKS, st.integers(1, 3)),
    st.builds(lambda t, n: events.started(T, t, n, pid=1, start=(1, 1)), _TASKS, st.integers(1, 3)),
    st.builds(lambda t, n: events.killing(T, t, n, "cancel", 1.0), _TASKS, st.integers(1, 3)),
    st.builds(lambda t, n, s: events.ended(T, t, n, s), _TASKS, st.integers(1, 3), _FINAL),
    st.builds(lambda t, s: events.settled(T, t, s, in_words("why")), _TASKS, _FINAL),
    st.builds(lambda p: events.phase_skipped(T, p, Status.SKIPPED, in_words("why")), st.sampled_from(["p1", "p2"])),
)


@given(st.lists(_EVENTS, max_size=40))
def test_counts_and_slots_agree_with_the_tasks_after_any_events(sequence: list[Event]) -> None:
    state = _state(*sequence)
    assert +state.counts == Counter(task.status for task in state.tasks.values())
    for phase in state.phases.values():
        active = [state.tasks[task].status in UNDER_WAY for task in phase.tasks]
        assert phase.active == sum(active)


@given(st.lists(_EVENTS, max_size=40), st.integers(0, 40))
def test_folding_in_two_parts_is_folding_at_once(sequence: list[Event], cut: int) -> None:
    parts = fold(_state(*sequence[:cut]), sequence[cut:])
    whole = _state(*sequence)
    assert parts.tasks == whole.tasks and parts.phases == whole.phases and parts.status is whole.status
