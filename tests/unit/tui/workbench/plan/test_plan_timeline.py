"""When each task of a plan would run."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
from orch_tui.model.orchestration.orchestration import Orchestration, Phase, Task
from orch_tui.runs.live.timeline import Bar, Span
from orch_tui.tui.workbench.plan.plan_timeline import Planner, PlanTimeline

from tests.support import strategies


def sample(limit: int | None = None) -> Orchestration:
    return Orchestration(
        "o",
        "O",
        phases=(
            Phase("p", "P", (Task("a", "x/a"), Task("b", "x/b"), Task("off", "x/c", enabled=False)), limit),
            Phase("q", "Q", (Task("c", "x/c"),)),
        ),
    )


def planned(value: Orchestration, seconds: dict[str, float]) -> PlanTimeline:
    planner = Planner()
    planner.learn(seconds)
    return planner.plan(value, 10)


def test_phases_follow_one_another_and_tasks_of_a_phase_run_together() -> None:
    # GIVEN durations of earlier runs
    timeline = planned(sample(), {"a": 4.0, "b": 8.0, "c": 8.0})
    # THEN the second phase begins after the longest task of the first, which the run waits for
    assert timeline.task("p", "a") == Bar(0, 0, 4)
    assert timeline.task("p", "b") == Bar(0, 0, 8, critical=True)
    assert timeline.task("q", "c") == Bar(8, 8, 16, critical=True)
    assert (timeline.span("p"), timeline.span("q")) == (Span(0, 0, 8), Span(8, 8, 16))
    assert (timeline.seconds, timeline.starts) == (16, [0, 8])
    # AND what is disabled has no place
    assert timeline.task("p", "off") is None and timeline.task("no", "a") is None and timeline.span("no") is None


def test_a_limit_puts_tasks_of_a_phase_one_after_another() -> None:
    timeline = planned(sample(limit=1), {"a": 4.0, "b": 4.0, "c": 8.0})
    assert timeline.task("p", "b") == Bar(0, 4, 8, critical=True)


def test_what_never_ran_takes_as_long_as_the_others_usually_do() -> None:
    timeline = planned(sample(), {"a": 4.0, "b": 4.0})
    bar = timeline.task("q", "c")
    assert bar is not None and not bar.known and bar.end - bar.start == 4
    assert (timeline.known, timeline.running, timeline.timed) == (2, 3, True)


def test_without_earlier_runs_all_are_alike_and_none_is_critical() -> None:
    timeline = planned(sample(), {})
    bars = [timeline.task("p", "a"), timeline.task("p", "b"), timeline.task("q", "c")]
    assert bars == [Bar(0, 0, 1, known=False), Bar(0, 0, 1, known=False), Bar(1, 1, 2, known=False)]
    assert not timeline.timed


def test_a_part_has_only_what_would_run() -> None:
    planner = Planner()
    planner.learn({"a": 4.0, "b": 8.0, "c": 8.0})
    whole = planner.plan(sample(), 10)
    part = planner.plan(sample(), 10, {"a"}.__contains__)
    assert (part.seconds, part.task("p", "b"), part.span("q"), part.starts) == (4, None, None, [0])
    # AND it leaves no trace in what is planned later
    assert planner.plan(sample(), 10) == whole


def test_after_an_edit_only_what_it_changed_is_planned_anew() -> None:
    # GIVEN a plan, and the phases in another order
    planner = Planner()
    before = sample()
    planner.learn({"a": 4.0, "b": 8.0, "c": 8.0})
    first = planner.plan(before, 10)
    second = planner.plan(replace(before, phases=before.phases[::-1]), 10)
    # THEN the phases are as they were, at other times
    assert all(second.phases[phase] is first.phases[phase] for phase in ("p", "q"))
    assert second.span("q") == Span(0, 0, 8) and second.span("p") == Span(8, 8, 16)
    # AND with another limit, or when more is known, they are not
    assert planner.plan(before, 1).phases["p"] is not first.phases["p"]
    assert planner.learn({"a": 1.0}) and not planner.learn({"a": 1.0})
    assert planner.plan(before, 10).seconds == 2


@given(
    orchestration=strategies.orchestrations(),
    seconds=st.dictionaries(st.integers(0, 20), st.floats(0, 10**6)),
    limit=st.integers(1, 4),
)
def test_tasks_of_a_phase_are_inside_it_and_never_more_at_once_than_allowed(
    orchestration: Orchestration, seconds: dict[int, float], limit: int
) -> None:
    # GIVEN any orchestration with any durations
    ids = [task.id for task in orchestration.tasks()]
    planner = Planner()
    planner.learn({ids[index]: value for index, value in seconds.items() if index < len(ids)})
    timeline = planner.plan(orchestration, limit)
    end = 0.0
    for phase in orchestration.phases:
        bars = [bar for task in phase.tasks if (bar := timeline.task(phase.id, task.id)) is not None]
        assert len(bars) == sum(task.enabled for task in phase.tasks)
        span = timeline.span(phase.id)
        assert (span is None) == (not bars)
        if span is None:
            continue
        # THEN each phase begins where the one before ends
        assert span.start >= end
        end = span.end
        allowed = phase.max_parallel or orchestration.max_parallel or limit
        for bar in bars:
            assert span.start <= bar.start < bar.end <= span.end
            assert sum(one.start <= bar.start < one.end for one in bars) <= allowed
