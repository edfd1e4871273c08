"""The sequence as a picture."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from orch_tui.model.orchestration import Orchestration, Phase, Task
from orch_tui.tui.workbench.timeline import Timeline, draw_bar, draw_header, plan_timeline

from tests.support import strategies


def lines(timeline: Timeline, width: int, *, ascii_only: bool = False) -> list[str]:
    return [
        "".join(span.text for span in draw_bar(timeline, bar, width, ascii_only=ascii_only)).rstrip()
        for bar in timeline.bars
    ]


def sample(limit: int | None = None) -> Orchestration:
    return Orchestration(
        "o",
        "O",
        phases=(
            Phase("p", "P", (Task("a", "x/a"), Task("b", "x/b"), Task("off", "x/c", enabled=False)), limit),
            Phase("q", "Q", (Task("c", "x/c"),)),
        ),
    )


def test_phases_follow_one_another_and_tasks_of_a_phase_run_together() -> None:
    # GIVEN durations of earlier runs
    timeline = plan_timeline(sample(), {"a": 4.0, "b": 8.0, "c": 8.0}, 10)
    # THEN the picture has two columns, the second after the longest task of the first
    assert draw_header(timeline, 16) == "1       2       "
    assert lines(timeline, 16) == ["████    ┊", "████████┊", "off     ┊", "        ████████"]
    assert timeline.seconds == 16.0
    # AND the run waits for the longest task of each phase
    assert [bar.task for bar in timeline.bars if bar.critical] == ["b", "c"]


def test_a_limit_puts_tasks_of_a_phase_one_after_another() -> None:
    # GIVEN a phase that runs one task at a time
    timeline = plan_timeline(sample(limit=1), {"a": 4.0, "b": 4.0, "c": 8.0}, 10)
    # THEN its tasks follow one another
    assert lines(timeline, 16)[:2] == ["████    ┊", "    ████┊"]


def test_unknown_durations_are_drawn_differently_and_have_an_ascii_twin() -> None:
    # GIVEN one task that never ran: it takes as long as the others usually do
    timeline = plan_timeline(sample(), {"a": 4.0, "b": 4.0}, 10)
    assert (timeline.known, timeline.running) == (2, 3)
    assert lines(timeline, 8)[3] == "    ░░░░"
    # THEN in ASCII both are still different
    assert lines(timeline, 8, ascii_only=True) == ["####|", "####|", "off |", "    ::::"]


def test_an_orchestration_without_tasks_is_an_empty_picture() -> None:
    # GIVEN nothing to run WHEN it is planned THEN there is nothing to draw
    timeline = plan_timeline(Orchestration("o", "O", phases=(Phase("p", "P"),)), {}, 10)
    assert timeline.bars == ()
    assert draw_header(timeline, 10) == " " * 10


@given(
    orchestration=strategies.orchestrations(),
    seconds=st.dictionaries(st.integers(0, 20), st.floats(0, 10**6)),
    width=st.integers(1, 90),
    ascii_only=st.booleans(),
)
def test_every_line_is_exactly_as_wide_as_asked(
    orchestration: Orchestration, seconds: dict[int, float], width: int, ascii_only: bool
) -> None:
    # GIVEN any orchestration with any durations
    ids = [task.id for task in orchestration.tasks()]
    known = {ids[index]: value for index, value in seconds.items() if index < len(ids)}
    # WHEN it is drawn
    timeline = plan_timeline(orchestration, known, 2)
    # THEN each task has a line of the right width with a bar that can be seen
    assert [bar.task for bar in timeline.bars] == ids
    assert len(draw_header(timeline, width)) == width
    for bar in timeline.bars:
        spans = draw_bar(timeline, bar, width, ascii_only=ascii_only)
        assert sum(len(span.text) for span in spans) == width
        if bar.runs:
            assert any(span.text.strip() for span in spans if span.kind in ("known", "unknown", "critical"))
