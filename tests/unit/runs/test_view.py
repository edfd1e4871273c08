"""A run as the screen follows it: feed, fold, marks, bars, rows."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from orch_tui.model import events
from orch_tui.model.events import Event, FailureKind
from orch_tui.model.plan import REUSED, Decision, PlannedPhase, PlannedTask, RunPlan
from orch_tui.model.runstate import RunHeader, RunState, fold, initial_state
from orch_tui.model.status import Status
from orch_tui.project.journal.file import Journal
from orch_tui.project.paths import ProjectPaths, make_private
from orch_tui.runs.compare import compare
from orch_tui.runs.estimates import Estimates, read_estimates
from orch_tui.runs.feed import Batch, RunFeed
from orch_tui.runs.view import RunModel, read_written
from orch_tui.tui.run_rows import about_task, head_rows, planned_state, task_state, wait_rows
from orch_tui.tui.run_timeline import draw_live, live_timeline, scale
from orch_tui.tui.widgets.line_tree import Row

T0 = 1_795_359_600.0
HEADER = RunHeader("20261122T140000.000Z-aa", "o", "O", T0, "ann@host")


def plan(**phases: list[str]) -> RunPlan:
    return RunPlan(
        "o",
        "O",
        tuple(
            PlannedPhase(
                key, key.upper(), tuple(PlannedTask(t, f"command/{t}", f"C · {t}", key, Decision.RUN) for t in tasks), 2
            )
            for key, tasks in phases.items()
        ),
    )


def begun(*more: Event, phases: RunPlan | None = None) -> RunState:
    """A run whose first phase has begun at T0."""
    first = [
        events.executor(T0, pid=1, start=(1, 1), host="h", boot_id="b", by="ann@host"),
        events.phase_started(T0, "p"),
    ]
    return fold(initial_state(HEADER, phases or plan(p=["a", "b"], q=["c"])), [*first, *more])


def started(task: str, at: float, attempt: int = 1) -> tuple[Event, Event]:
    return events.spawning(at, task, attempt), events.started(at, task, attempt, pid=9, start=(1, 1))


def model(state: RunState, estimates: Estimates | None = None, *, live: bool = True) -> RunModel:
    return RunModel(Path("/runs") / HEADER.id, state, live=live, estimates=estimates)


def text(rows: list[Row]) -> str:
    return "\n".join("".join(part.text for part in (*row.left, *row.right)) for row in rows)


def test_the_head_counts_down_from_the_median_of_earlier_runs() -> None:
    # GIVEN a run of 6 s, where earlier ones took 10 s (median) and 11 s (mean)
    one = model(begun(*started("a", T0)), Estimates(10.0, 11.0))
    # WHEN it is looked at after 6 s, and after 14 s
    early, late = one.head(T0 + 6), one.head(T0 + 14)
    # THEN 4 s are left at first; later none, and it takes longer than usual
    assert (early.left, early.longer) == (4.0, False)
    assert (late.left, late.longer) == (0.0, True)


def test_a_run_that_nobody_executes_is_interrupted_and_its_clock_stands_still() -> None:
    one = model(begun(*started("a", T0 + 2)), live=False)
    head = one.head(T0 + 500)
    assert (head.word, head.elapsed) == ("interrupted", 2.0)
    assert "takes the run over" in one.why(one.state.tasks["a"], T0 + 500)


def test_every_wait_has_its_reason() -> None:
    # GIVEN two slots, both taken, a third task of the phase and a later phase
    one = model(begun(*started("a", T0), *started("b", T0), phases=plan(p=["a", "b", "x"], q=["c"])))
    # WHEN the waits are listed
    shown = text(wait_rows(one, T0 + 1, 60))
    # THEN each says why
    assert "limit 2 of 2 taken" in shown
    assert 'phase "P" not finished (3 left)' in shown


def test_a_task_without_output_is_quiet_after_a_minute_and_long_after_a_fifth_more() -> None:
    one = model(begun(*started("a", T0)), Estimates(task_means={"a": 50.0}))
    task = one.state.tasks["a"]
    one.take(Batch((), live=True, outputs={"a": T0 + 20}))
    assert one.marks(task, T0 + 55) == []
    assert one.marks(task, T0 + 70) == ["longer than usual (50 s)"]
    assert one.marks(task, T0 + 90) == ["longer than usual (50 s)", "quiet for 1:10"]
    assert "quiet" in text([Row((), task_state(one, task, T0 + 90))])


def test_a_reused_task_looks_as_in_the_preview() -> None:
    # GIVEN a run that reuses one task of an earlier run, and skips another
    tasks = (
        PlannedTask("a", "command/a", "A", "p", Decision.REUSED, f"{REUSED}20261121T140000.000Z-bb"),
        PlannedTask("b", "command/b", "B", "p", Decision.SKIPPED, "disabled"),
        PlannedTask("c", "command/c", "C", "p", Decision.RUN),
    )
    one = model(begun(phases=RunPlan("o", "O", (PlannedPhase("p", "P", tasks, 2),))))
    # THEN the first one says so, and the other one not
    assert "✔ reused" in text([Row((), task_state(one, one.state.tasks["a"], T0 + 1))])
    assert "– skipped" in text([Row((), task_state(one, one.state.tasks["b"], T0 + 1))])


def test_changes_are_told_once() -> None:
    one = model(begun())
    one.changes()
    assert one.take(Batch((*started("a", T0), events.phase_skipped(T0, "q", Status.SKIPPED, "why")), live=True))
    assert one.changes() == {"a", "q", "c"}
    assert one.changes() == set()
    assert not one.take(Batch((), live=True))


def test_a_task_tells_its_attempt_status_and_duration() -> None:
    one = model(
        begun(
            *started("a", T0),
            events.ended(T0 + 3, "a", 1, Status.ERROR, "exit code 1: [no]", kind=FailureKind.USER, exit_code=1),
        )
    )
    task = one.state.tasks["a"]
    assert "✘ error" in text([Row((), task_state(one, task, T0 + 9))])
    assert "3.0 s" in text([Row((), task_state(one, task, T0 + 9))])
    assert "exit code 1: [no], after 3.0 s" in text(about_task(one, task, T0 + 9, 60))


def test_bars_of_what_was_is_and_will_be() -> None:
    # GIVEN one task over, one running, one of the next phase, with known durations
    one = model(
        begun(*started("a", T0), *started("b", T0), events.ended(T0 + 4, "a", 1, Status.SUCCESS)),
        Estimates(task_medians={"a": 4.0, "b": 10.0, "c": 5.0}),
    )
    # WHEN it is drawn after 6 s
    a, b, c = live_timeline(one, T0 + 6).bars
    # THEN the first ended at 4, the second is expected until 10, the last from 10 to 15
    assert (a.start, a.done, a.end) == (0, 4, 4)
    assert (b.start, b.done, b.end) == (0, 6, 10)
    assert (c.start, c.done, c.end) == (10, 10, 15)
    assert [cells.text for cells in draw_live(b, 20.0, 20)] == ["", "██████", "░░░░", " " * 10]


@given(st.floats(0, 1e5), st.floats(0, 1e5), st.floats(0, 1e5), st.integers(1, 200), st.sampled_from(list(Status)))
def test_a_bar_is_always_as_wide_as_its_place(
    start: float, run: float, rest: float, width: int, status: Status
) -> None:
    from orch_tui.tui.run_timeline import LiveBar

    bar = LiveBar("t", "T", status, start, start + run, start + run + rest)
    assert sum(len(cells.text) for cells in draw_live(bar, bar.end, width)) == width


def test_the_scale_changes_in_steps() -> None:
    assert scale(10.0, 9.9) == 10.0
    assert scale(10.0, 10.1) > 12
    assert scale(100.0, 10.0) < 20


def test_a_feed_reads_what_is_new_and_sees_who_executes(tmp_path: Path) -> None:
    # GIVEN a journal that somebody writes
    directory = tmp_path / "runs" / HEADER.id
    make_private(directory)
    journal = Journal.create(directory, HEADER, plan(p=["a"]))
    feed = RunFeed(directory)
    state, live = feed.open()
    assert live and state.status is Status.CREATED
    # WHEN an event comes, a task has written, and the writer goes
    journal.append(events.executor(T0, pid=1, start=(1, 1), host="h", boot_id="b", by="x"))
    (directory / "tasks" / "a" / "1").mkdir(parents=True)
    (directory / "tasks" / "a" / "1" / "log").write_text("x")
    batch = feed.read([("a", 1)])
    journal.close()
    # THEN the feed has each of them
    assert [event.type for event in batch.events] == ["executor"]
    assert batch.live and batch.outputs.keys() == {"a"}
    assert not feed.read().live


def test_estimates_are_of_the_last_successful_runs_that_were_complete(tmp_path: Path) -> None:
    # GIVEN runs of 1 s, 3 s and 8 s with success, a failed one, and a partial one
    paths = ProjectPaths(tmp_path)
    for number, (seconds, status, partial) in enumerate(
        (
            (1.0, Status.SUCCESS, False),
            (3.0, Status.SUCCESS, False),
            (8.0, Status.SUCCESS, False),
            (99.0, Status.ERROR, False),
            (77.0, Status.SUCCESS, True),
        )
    ):
        directory = paths.run("o", f"2026-{number}")
        make_private(directory)
        header = RunHeader(f"2026-{number}", "o", "O", T0, "x", partial=partial)
        journal = Journal.create(directory, header, plan(p=["a"]))
        for event in (*started("a", T0), events.ended(T0 + seconds, "a", 1, status)):
            journal.append(event)
        journal.append(events.run_ended(T0 + seconds, status, "", seconds, {status: 1}))
        journal.close()
    # WHEN they are read
    found = read_estimates(paths, "o")
    # THEN the run has median 3 s and mean 4 s; its task counts in the partial one, too
    assert (found.run_median, found.run_mean) == (3.0, 4.0)
    assert found.task_medians == {"a": 5.5}
    assert read_estimates(paths, "o", before="2026-2").run_mean == 2.0
    assert read_estimates(paths, "nothing") == Estimates()


def test_what_tasks_wrote_comes_from_a_file_that_may_hold_anything(tmp_path: Path) -> None:
    for task, body in (("a", '{"tables": [{"table": "x/\\u001b[31mt", "rows": 3}, 7]}'), ("b", "[1"), ("c", "7")):
        (tmp_path / "tasks" / task / "1").mkdir(parents=True)
        (tmp_path / "tasks" / task / "1" / "result.json").write_text(body)
    found = read_written(tmp_path, [("a", 1), ("b", 1), ("c", 1), ("gone", 1)])
    assert [(one.name, one.rows) for one in found["a"]] == [("x/t", 3)]
    assert found["b"] == found["c"] == found["gone"] == ()


@pytest.mark.parametrize(
    ("decision", "reason", "shown"),
    [
        (Decision.RUN, "failed in run 20261122T1-aa", "failed  ● will run"),
        (Decision.RUN, "edited since run 2026", "edited  ● will run"),
        (Decision.REUSED, "reused from run 2026", "✔ reused"),
        (Decision.SKIPPED, "disabled", "disabled  – skipped"),
        (Decision.BLOCKED, "secret [X] is not set; put it into …", "secret [X] is not set…  ✘ blocked"),
    ],
)
def test_the_preview_says_what_and_why(decision: Decision, reason: str, shown: str) -> None:
    assert text([Row((), planned_state(PlannedTask("t", "c/t", "T", "p", decision, reason)))]) == shown


def test_two_runs_are_compared_task_by_task() -> None:
    phases = plan(p=["a", "b"], q=["c"])
    old = begun(
        *started("a", T0),
        events.ended(T0 + 2, "a", 1, Status.SUCCESS),
        *started("b", T0),
        events.ended(T0 + 2, "b", 1, Status.ERROR, "no", kind=FailureKind.USER),
        phases=phases,
    )
    new = begun(
        *started("a", T0),
        events.ended(T0 + 9, "a", 1, Status.SUCCESS),
        *started("b", T0),
        events.ended(T0 + 2, "b", 1, Status.SUCCESS),
        phases=plan(p=["a", "b", "n"]),
    )
    found = {one.task: one.verdict for one in compare(old, new)}
    assert found == {"a": "slower", "b": "repaired", "n": "new", "c": "gone"}


def test_head_and_waits_hold_text_from_outside() -> None:
    header = RunHeader("r", "o", "O", T0, "ann\x1b]52;c;x\x07 [/bold]")
    one = RunModel(Path("/r"), initial_state(header, plan(p=["a"])), live=True)
    assert "ann [/bold]" in text(head_rows(one.head(T0), one, 60))
