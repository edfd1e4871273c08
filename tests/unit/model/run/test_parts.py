"""The state of an array is made of those of its parts."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

import pytest
from orch_tui.model.clocks.run_time import RunTime
from orch_tui.model.events import events
from orch_tui.model.events.events import Event
from orch_tui.model.events.interventions import Intervention, InterventionKind
from orch_tui.model.events.reasons import Cause, Reason
from orch_tui.model.failure import FailureKind
from orch_tui.model.orchestration.each import Each
from orch_tui.model.orchestration.orchestration import TaskOptions
from orch_tui.model.run.intervening import refusal
from orch_tui.model.run.phase_state import Parts
from orch_tui.model.run.plan import Decision, PlannedPhase, PlannedTask, RunPlan
from orch_tui.model.run.run_start import initial_state
from orch_tui.model.run.runstate import RunHeader, RunState, TaskState, fold
from orch_tui.model.run.waits import why
from orch_tui.model.status import Status

ITEMS = ("de", "fr", "it")


def state_with(*happened: Event, **more: object) -> RunState:
    """A run of an array with three parts, and of a task beside it, after these events."""
    array = PlannedTask("load", "command/l", "Load", "p", Decision.RUN, each=Each(items=ITEMS), **more)  # type: ignore[arg-type]
    other = PlannedTask("other", "command/o", "Other", "p", Decision.RUN)
    plan = RunPlan("o", "O", (PlannedPhase("p", "P", (array, other), 3),))
    state = initial_state(RunHeader("r", "o", "O", 0.0, "me"), plan)
    first = [
        events.executor(1, pid=1, start=(1, 1), host="h", boot_id="b", by="me"),
        events.phase_started(1, "p"),
        events.unfolded(2, "load", ITEMS),
    ]
    return fold(state, [*first, *happened])


def ran(number: int, status: Status = Status.SUCCESS, at: float = 5, **more: object) -> Sequence[Event]:
    part = f"load@{number}"
    kind = FailureKind.USER if status is Status.ERROR else None
    return (events.spawning(3, part, 1), events.ended(at, part, 1, status, "no" if kind else "", kind=kind, **more))  # type: ignore[arg-type]


def array_of(state: RunState) -> TaskState:
    return state.tasks["load"]


def test_an_array_counts_as_one_task_and_its_parts_take_the_slots() -> None:
    # WHEN two of three parts run
    state = state_with(events.spawning(3, "load@1", 1), events.spawning(4, "load@3", 1))
    # THEN the run has two tasks, of which one goes on, and two slots of the phase are taken
    assert (state.counts[Status.PROCESSING], state.counts[Status.WAITING]) == (1, 1)
    assert state.phases["p"].active == 2
    assert [unit.id for unit in state.units()] == ["load@1", "load@2", "load@3", "other"]
    # AND it began when the first of them did
    assert array_of(state).attempts[0].started == 3


@pytest.mark.parametrize(
    ("ends", "status", "reason"),
    [
        ([Status.SUCCESS] * 3, Status.SUCCESS, ""),
        ([Status.SUCCESS, Status.ERROR, Status.ERROR], Status.ERROR, "2 of 3 parts failed; load@3: no"),
        ([Status.SUCCESS, Status.CANCELLED, Status.ERROR], Status.ERROR, "1 of 3 parts failed; load@3: no"),
        ([Status.SUCCESS, Status.SUCCESS, Status.CANCELLED], Status.CANCELLED, "1 of 3 parts was cancelled; load@3"),
        ([Status.SUCCESS, Status.WARNING, Status.SUCCESS], Status.WARNING, "1 of 3 parts ended in warning; load@2"),
    ],
)
def test_when_all_parts_have_ended_so_has_the_array(ends: list[Status], status: Status, reason: str) -> None:
    # WHEN all but the last have ended
    happened = [event for number, end in enumerate(ends, 1) for event in ran(number, end, at=10 - number)]
    state = state_with(*happened[:-1])
    # THEN it goes on
    assert array_of(state).status is Status.PROCESSING
    # WHEN the last one has
    state.apply(happened[-1])
    # THEN it has ended as they have, which is said, and it took until the last end
    array = array_of(state)
    assert (array.status, array.reason) == (status, reason)
    assert (array.attempts[0].ended, array.attempts[0].status) == (9, status)
    assert state.phases["p"].active == 0
    assert array.succeeded is (status in (Status.SUCCESS, Status.WARNING))


def test_a_tolerated_failure_of_a_part_is_one_of_the_array() -> None:
    happened = (*ran(1), *ran(2), events.spawning(3, "load@3", 1))
    end = events.ended(5, "load@3", 1, Status.WARNING, "exit code 1", kind=FailureKind.USER)
    array = array_of(state_with(*happened, end))
    assert (array.status, array.reason) == (Status.WARNING, "1 of 3 parts failed; load@3: exit code 1")
    assert not array.succeeded


def test_the_first_failure_is_told_at_once_and_is_that_of_the_array() -> None:
    state = state_with(*ran(2, Status.ERROR))
    assert state.first_failure == "load" and array_of(state).telling.id == "load@2"
    # AND a part that waits for its next attempt has not failed
    again = (events.spawning(3, "load@1", 1), events.ended(5, "load@1", 1, Status.ERROR, "no", retry_at=9.0))
    assert state_with(*again).first_failure is None


def test_parts_of_an_earlier_run_are_not_run_again() -> None:
    # GIVEN an array of which two parts succeeded in the run that this one continues, and a number that there is not
    array = PlannedTask("load", "command/l", "Load", "p", Decision.RUN, each=Each(items=ITEMS))
    plan = RunPlan("o", "O", (PlannedPhase("p", "P", (array,), 3),))
    state = initial_state(RunHeader("r", "o", "O", 0.0, "me"), plan)
    state.apply(events.unfolded(2, "load", ITEMS, [1, 3, 99], "before"))
    # THEN these are reused, and the third waits
    parts = [state.task(f"load@{number}") for number in (1, 2, 3)]
    assert [(part.status, part.reused) for part in parts] == [
        (Status.SKIPPED, True),
        (Status.WAITING, False),
        (Status.SKIPPED, True),
    ]
    assert parts[0].reason == "reused from run before"


def test_an_array_unfolds_once_and_for_all() -> None:
    # GIVEN a journal in which it stands twice
    state = state_with(*ran(1), events.unfolded(6, "load", ["x"]))
    # THEN the first time counts
    assert list(state.parts) == ["load@1", "load@2", "load@3"]
    assert state.task("load@1").status is Status.SUCCESS


def test_what_is_over_for_the_array_is_over_for_the_parts_that_are_left() -> None:
    # WHEN the phase of an array is cancelled of which one part has ended
    state = state_with(*ran(1), events.phase_skipped(9, "p", Status.CANCELLED, Reason.of(Cause.CANCELLED, by="ann")))
    # THEN the others are cancelled, and so is the array
    assert [state.task(f"load@{number}").status for number in (1, 2, 3)] == [
        Status.SUCCESS,
        Status.CANCELLED,
        Status.CANCELLED,
    ]
    assert array_of(state).reason == "2 of 3 parts were cancelled; load@2: cancelled by ann"


def test_rows_of_all_parts_are_those_of_the_array() -> None:
    told = {"rows": 2, "files": 1, "tables": {"raw/a": 2}, "metrics": {"x": 1}}
    # GIVEN parts that told of rows, one of them nonsense, as a journal may have it that a person edited
    state = state_with(*ran(1, results=told), *ran(2, results=told), *ran(3, results={"rows": "many", "tables": [1]}))
    assert array_of(state).attempts[0].results == {"rows": 4, "files": 2, "tables": {"raw/a": 4}}


def test_a_part_waits_for_the_limit_of_its_array() -> None:
    state = state_with(events.spawning(3, "load@1", 1), max_parallel=1)
    assert why(state, state.task("load@2"), RunTime(5.0)) == "limit 1 of 1 taken"


def test_what_people_do_to_an_array_is_done_to_the_parts_that_it_is_about() -> None:
    # GIVEN one part that failed and one that waits, in a phase that is held
    hold = Intervention("h", InterventionKind.HOLD, "ann", "")
    state = state_with(events.intervened(3, hold), *ran(1), *ran(2, Status.ERROR))

    def ask(kind: InterventionKind, task: str) -> str:
        return refusal(state, Intervention(f"{kind}-{task}", kind, "ann", "", task=task))

    # THEN a part cannot be held alone, and one that succeeded cannot be tried again
    assert ask(InterventionKind.HOLD, "load@3") == "task load@3 is a part; hold or release load as a whole"
    assert ask(InterventionKind.RETRY, "load@1") == "task load@1 has not failed: success"
    # WHEN the array is tried again
    assert ask(InterventionKind.RETRY, "load") == ""
    state.apply(events.intervened(6, Intervention("i", InterventionKind.RETRY, "ann", "", task="load")))
    # THEN the part that failed is, and nothing has failed any more
    assert state.task("load@2").status is Status.WAITING and state.task("load@1").status is Status.SUCCESS
    assert state.first_failure is None
    # WHEN what waits of it is skipped
    state.apply(events.intervened(7, Intervention("s", InterventionKind.SKIP, "ann", "", task="load")))
    # THEN that is a warning
    assert array_of(state).status is Status.WARNING
    assert array_of(state).reason == "2 of 3 parts were skipped; load@3: skipped by ann"


@pytest.mark.parametrize("kind", [InterventionKind.MARK_DONE, InterventionKind.RETRY])
def test_what_is_done_to_many_parts_asks_once_what_they_make_of_the_array(
    monkeypatch: pytest.MonkeyPatch, kind: InterventionKind
) -> None:
    # GIVEN an array all parts of which have failed
    state = state_with(*(event for number in (1, 2, 3) for event in ran(number, Status.ERROR)))
    assert state.first_failure == "load"
    # WHEN people do something to the whole array
    asked: list[str] = []
    state_of = Parts.state

    def counted(parts: Parts, array: TaskState) -> tuple[Status, Reason | None]:
        asked.append(array.id)
        return state_of(parts, array)

    monkeypatch.setattr(Parts, "state", counted)
    state.apply(events.intervened(6, Intervention("i", kind, "ann", "", task="load")))
    # THEN the cost of that is not squared with their number, and the array is no failure any more
    assert asked == ["load"]
    assert state.first_failure is None
    retried = kind is InterventionKind.RETRY
    assert array_of(state).status is (Status.PROCESSING if retried else Status.WARNING)
    assert state.counts[Status.ERROR] == 0


def test_a_part_is_a_task_with_an_item_and_without_what_is_of_the_whole() -> None:
    # GIVEN an array with a delay, a limit and a retry
    options = TaskOptions(timeout=5.0, delay=60.0)
    array = PlannedTask(
        "load", "command/l", "L", "p", Decision.RUN, options=options, max_parallel=2, each=Each(files="*.csv")
    )
    # WHEN it has parts
    unfolded = Parts.unfold(TaskState(array), 2.0, {"items": ["in/a.tar.gz", "b"]}, 0)
    first, second = (part.planned for part in unfolded.states)
    # THEN each is known by its number, and the delay was that of the whole
    assert (first.id, second.id, second.name) == ("load@1", "load@2", "L [b]")
    assert first.options == TaskOptions(timeout=5.0) and first.each is None and first.array == "load"
    # AND what its program can ask for is that of its item
    assert first.item is not None
    assert first.item.values == {
        "item": "in/a.tar.gz",
        "item_number": "1",
        "item_name": "a.tar.gz",
        "item_stem": "a",
    }
    # AND no part limits others by itself
    assert (array.own_limit, first.own_limit) == (None, None)


@pytest.mark.parametrize("seed", range(20))
def test_which_part_tells_does_not_depend_on_when_that_was_asked(seed: int) -> None:
    # GIVEN an array whose parts begin, end and are tried again in any order, several of them at one time
    chosen, state, begun = Random(seed), state_with(), [0, 0, 0]
    for at in range(8, 80):
        part = chosen.randrange(3)
        if chosen.random() < 0.5:
            begun[part] += 1
            state.apply(events.spawning(at // 4, f"load@{part + 1}", begun[part]))
        elif begun[part]:
            status = chosen.choice((Status.SUCCESS, Status.ERROR, Status.WARNING, Status.CANCELLED))
            kind = FailureKind.USER if status is Status.ERROR else None
            state.apply(events.ended(at // 4, f"load@{part + 1}", begun[part], status, kind=kind))
        parts = array_of(state).parts
        assert parts is not None
        # WHEN it is asked after each event THEN that is the answer of one who looks at all of them now
        looked = Parts(parts.states)
        looked.under_way = parts.under_way
        assert parts.telling() is looked.telling()


def test_a_part_that_failed_first_tells_until_it_is_tried_again() -> None:
    # GIVEN two parts that failed, the second one first
    state = state_with(*ran(1, Status.ERROR, at=9), *ran(2, Status.ERROR, at=7), *ran(3, at=8))
    assert array_of(state).telling.id == "load@2"
    # WHEN that is tried again, and succeeds
    state.apply(events.spawning(10, "load@2", 2))
    assert array_of(state).telling.id == "load@1"
    state.apply(events.ended(11, "load@2", 2, Status.SUCCESS))
    # THEN the other one tells
    assert array_of(state).telling.id == "load@1"
    # AND when nothing has failed, the one that ended last
    for event in (events.spawning(12, "load@1", 2), events.ended(13, "load@1", 2, Status.SUCCESS)):
        state.apply(event)
    assert array_of(state).telling.id == "load@1"
