"""A run as bars in time."""

from __future__ import annotations

import pytest
from orch_tui.model.clocks.run_time import RunTime
from orch_tui.model.events import events
from orch_tui.model.failure import FailureKind
from orch_tui.model.status import Status
from orch_tui.runs.live.timeline import Bar, Span, Timeline, Try, timeline_of
from orch_tui.runs.live.view import RunModel, telling
from orch_tui.runs.planning.estimates import Estimates

from tests.support.reasons import in_words
from tests.unit.runs.live.test_view import T0, begun, model, plan, started

KNOWN = Estimates(task_medians={"a": 4.0, "b": 10.0, "c": 5.0})


def test_bars_of_what_was_is_and_will_be() -> None:
    # GIVEN one task over, one running, one of the next phase, with known durations
    one = model(begun(*started("a", T0), *started("b", T0), events.ended(T0 + 4, "a", 1, Status.SUCCESS)), KNOWN)
    # WHEN it is looked at after 6 s
    timeline = timeline_of(one, RunTime(T0 + 6))
    # THEN the first ended at 4, the second is expected until 10, the last from 10 to 15
    assert timeline.tasks == {
        "a": Bar(0, 0, 4, (Try(0, 4, Status.SUCCESS),)),
        "b": Bar(0, 0, 10, (Try(0, 6, Status.PROCESSING),)),
        "c": Bar(10, 10, 15),
    }
    # AND so are the phases, the second of which has not begun
    assert timeline.phases == {"p": Span(0, 6, 10, Status.PROCESSING), "q": Span(10, 10, 15)}
    assert timeline.seconds == 15 and timeline.starts == [0, 10]


def test_attempts_are_pieces_and_one_that_waits_for_the_next_is_expected_to_run_again() -> None:
    # GIVEN a task that failed after 2 s, and its next attempt, begun at 5
    again = (events.spawning(T0 + 5, "a", 2), events.started(T0 + 5, "a", 2, pid=2, start=(1, 1)))
    failed = events.ended(T0 + 2, "a", 1, Status.ERROR, "exit code 1", kind=FailureKind.USER, exit_code=1)
    # WHEN it is looked at after 6 s
    bar = timeline_of(model(begun(*started("a", T0), failed, *again), KNOWN), RunTime(T0 + 6)).tasks["a"]
    # THEN both are there, and the second is expected to take as long as usual
    assert bar.tries == (Try(0, 2, Status.ERROR), Try(5, 6, Status.PROCESSING))
    assert (bar.done, bar.end) == (6, 9)


def test_what_waits_in_a_queue_has_no_piece_until_it_begins_there() -> None:
    # GIVEN a task that was sent to a queue at once, and is there after 6 s
    sent = (
        events.spawning(T0, "a", 1, backend="cluster", name="orch-1"),
        events.queued(T0, "a", 1, "Resources", job="7"),
    )
    bar = timeline_of(model(begun(*sent), KNOWN), RunTime(T0 + 6)).tasks["a"]
    # THEN it waits from 0 to 6, and is expected to take as long as usual from now on
    assert (bar.free, bar.start, bar.end) == (0, 6, 10)
    # AND once it has begun, from then on
    began = events.started(T0 + 7, "a", 1, node="n1", job="7")
    bar = timeline_of(model(begun(*sent, began), KNOWN), RunTime(T0 + 8)).tasks["a"]
    assert (bar.free, bar.start, bar.end) == (0, 7, 11)


def test_what_waits_for_a_slot_is_free_when_its_phase_is() -> None:
    # GIVEN three tasks of which two may run at once
    one = model(
        begun(*started("a", T0), *started("b", T0), phases=plan(p=["a", "b", "d"])),
        Estimates(task_medians={"a": 4.0, "b": 10.0, "d": 1.0}),
    )
    bar = timeline_of(one, RunTime(T0 + 1)).tasks["d"]
    assert (bar.free, bar.start, bar.end) == (0, 4, 5)


def test_after_the_run_its_critical_path_is_marked_and_nothing_is_expected() -> None:
    # GIVEN a run whose first phase failed
    one = model(
        begun(
            *started("a", T0),
            *started("b", T0),
            events.ended(T0 + 4, "a", 1, Status.SUCCESS),
            events.ended(T0 + 7, "b", 1, Status.ERROR),
            events.phase_ended(T0 + 7, "p", Status.ERROR),
            events.phase_skipped(T0 + 7, "q", Status.SKIPPED, in_words('phase "P" failed')),
            events.run_ended(T0 + 7, Status.ERROR, None, 7, {}),
        ),
        KNOWN,
    )
    timeline = timeline_of(one, RunTime(T0 + 100))
    # THEN it waited for the second task, and what never ran has no place in time
    assert [task for task, bar in timeline.tasks.items() if bar.critical] == ["b"]
    assert timeline.tasks.keys() == {"a", "b"} and timeline.phases == {"p": Span(0, 7, 7, Status.ERROR)}


def test_a_nested_run_is_in_the_time_of_the_one_around_it() -> None:
    # GIVEN a nested run that began 3 s after the one around it
    inner = begun(*started("a", T0))
    inner.started = T0 + 3
    outer = model(begun(*started("a", T0)))
    outer.children["a"] = RunModel(outer.directory, inner, live=True, estimates=Estimates(task_medians={"c": 60.0}))
    timeline = timeline_of(outer, RunTime(T0 + 6))
    # THEN its phases and tasks are there, and the picture is as long as it is expected to take
    assert timeline.nested["a"].phases.keys() == {"p", "q"}
    assert timeline.nested["a"].tasks["c"].end == timeline.seconds > 60


def test_a_bar_moves_as_a_whole() -> None:
    bar = Bar(1, 2, 9, (Try(2, 4, Status.ERROR), Try(5, 6, Status.PROCESSING)), critical=True)
    assert bar.later(0) is bar
    assert bar.later(10) == Bar(11, 12, 19, (Try(12, 14, Status.ERROR), Try(15, 16, Status.PROCESSING)), critical=True)
    assert Timeline().task("p", "a") is None and Timeline().span("p") is None


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ((), None),
        (started("a", T0), "a"),
        ((*started("a", T0), events.ended(T0 + 4, "a", 1, Status.SUCCESS)), "a"),
        ((*started("a", T0), *started("b", T0 + 1), events.ended(T0 + 4, "b", 1, Status.ERROR)), "a"),
        (
            (
                *started("a", T0),
                *started("b", T0 + 1),
                events.ended(T0 + 4, "b", 1, Status.ERROR),
                events.ended(T0 + 5, "a", 1, Status.SUCCESS),
            ),
            "b",
        ),
    ],
)
def test_of_several_tasks_the_running_or_the_failed_one_tells_most(
    more: tuple[events.Event, ...], expected: str | None
) -> None:
    found = telling(begun(*more).tasks.values())
    assert (found.id if found is not None else None) == expected
