"""A run as the screen follows it: feed, fold, marks, rows."""

from __future__ import annotations

from pathlib import Path

import pytest
from orch_tui.model.clocks.run_time import BootTime, RunTime
from orch_tui.model.events import events
from orch_tui.model.events.events import Event
from orch_tui.model.events.reasons import Cause, Reason
from orch_tui.model.failure import FailureKind
from orch_tui.model.orchestration.each import Each
from orch_tui.model.run.plan import Decision, PlannedPhase, PlannedTask, RunPlan
from orch_tui.model.run.run_start import initial_state
from orch_tui.model.run.runstate import RunHeader, RunState, fold
from orch_tui.model.status import Status
from orch_tui.model.usage import Usage
from orch_tui.project.journal.file import Journal
from orch_tui.project.paths import ProjectPaths, make_private
from orch_tui.runs.live.feed import Batch, RunFeed
from orch_tui.runs.live.head import head_of
from orch_tui.runs.live.view import RunModel, read_written
from orch_tui.runs.past.compare import compare
from orch_tui.runs.planning.estimates import Estimates, read_estimates, tasks_to_run
from orch_tui.tui.widgets.line_tree import Row
from orch_tui.tui.workbench.tree.run_rows import about_task, head_rows, planned_state, task_state, wait_rows

from tests.support.clocks import stopped_at
from tests.support.reasons import in_words

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
    return RunModel(Path("/runs") / HEADER.id, state, live=live, estimates=estimates, machine=stopped_at(T0))


def text(rows: list[Row]) -> str:
    return "\n".join("".join(part.text for part in (*row.left, *row.right)) for row in rows)


def test_what_is_left_is_the_end_of_the_timeline() -> None:
    # GIVEN a run of 6 s: one task of 10 s under way, one of 4 s over, then one of 5 s
    usual = Estimates(15.0, 16.0, task_medians={"a": 10.0, "b": 4.0, "c": 5.0})
    state = begun(*started("a", T0), *started("b", T0), events.ended(T0 + 4, "b", 1, Status.SUCCESS))
    # WHEN it is looked at after 6 s, and after 21 s, when the first has still not ended
    early, late = head_of(model(state, usual), RunTime(T0 + 6)), head_of(model(state, usual), RunTime(T0 + 21))
    # THEN 9 s are left; then those of the last task, whatever earlier runs took as a whole
    assert (early.left, early.longer) == (9.0, False)
    assert (late.left, late.longer) == (5.0, True)


def test_a_run_that_continues_another_has_a_time_left_too() -> None:
    # GIVEN a run in which the first phase is reused
    tasks = (
        PlannedTask("a", "command/a", "A", "p", Decision.REUSED, in_words("reused")),
        PlannedTask("b", "c/b", "B", "p", Decision.RUN),
    )
    state = begun(
        *started("b", T0), phases=RunPlan("o", "O", (PlannedPhase("p", "P", tasks, 2),), partial=True, rerun_of="x")
    )
    one = model(state, Estimates(None, None, task_medians={"a": 100.0, "b": 8.0}))
    assert head_of(one, RunTime(T0 + 3)).left == 5.0


def test_without_an_earlier_run_nothing_is_said_to_be_left() -> None:
    state = begun(*started("a", T0), *started("b", T0), events.ended(T0 + 4, "b", 1, Status.SUCCESS))
    assert head_of(model(state), RunTime(T0 + 6)).left is None
    # nor does a duration of what has ended already tell anything
    assert head_of(model(state, Estimates(task_medians={"b": 4.0})), RunTime(T0 + 6)).left is None
    # nor is anything left of what has ended, or stands still
    known = Estimates(task_medians={"a": 9.0})
    assert head_of(model(state, known, live=False), RunTime(T0 + 6)).left is None
    state.apply(events.run_ended(T0 + 9, Status.SUCCESS, None, 9.0, {}))
    assert head_of(model(state, known), RunTime(T0 + 9)).left is None


def test_a_run_that_nobody_executes_is_interrupted_and_its_clock_stands_still() -> None:
    one = model(begun(*started("a", T0 + 2)), live=False)
    head = head_of(one, RunTime(T0 + 500))
    assert (head.word, head.elapsed) == ("interrupted", 2.0)
    assert "takes the run over" in one.why(one.state.tasks["a"], RunTime(T0 + 500))


def test_every_wait_has_its_reason() -> None:
    # GIVEN two slots, both taken, a third task of the phase and a later phase
    one = model(begun(*started("a", T0), *started("b", T0), phases=plan(p=["a", "b", "x"], q=["c"])))
    # WHEN the waits are listed
    shown = text(wait_rows(one, RunTime(T0 + 1), 60))
    # THEN each says why
    assert "limit 2 of 2 taken" in shown
    assert 'phase "P" not finished (3 left)' in shown


def test_a_task_that_used_more_than_usual_says_so() -> None:
    usual = Estimates(task_peaks={"a": 100 * 2.0**20}, task_cpus={"a": 4.0})

    def marks(peak: int | None, cpu: float | None) -> list[str]:
        used = Usage(peak_memory=peak, cpu=cpu)
        end = events.ended(T0 + 9, "a", 1, Status.SUCCESS, usage=used)
        one = model(begun(*started("a", T0), end), usual)
        return one.marks(one.state.tasks["a"], RunTime(T0 + 10))

    assert marks(149 * 2**20, 5.9) == marks(None, None) == []
    assert marks(300 * 2**20, 61.0) == [
        "300.0 MiB of memory, usually 100.0 MiB",
        "1:01 of CPU, usually 4.0 s",
    ]


def test_a_task_without_output_is_quiet_after_a_minute_and_long_after_a_fifth_more() -> None:
    one = model(begun(*started("a", T0)), Estimates(task_means={"a": 50.0}))
    task = one.state.tasks["a"]
    one.take(Batch((), live=True, outputs={"a": BootTime(20)}))
    assert one.marks(task, RunTime(T0 + 55)) == []
    assert one.marks(task, RunTime(T0 + 70)) == ["longer than usual (50 s)"]
    assert one.marks(task, RunTime(T0 + 90)) == ["longer than usual (50 s)", "quiet for 1:10"]
    assert "quiet" in text([Row((), task_state(one, task, RunTime(T0 + 90)))])


def test_a_reused_task_looks_as_in_the_preview() -> None:
    # GIVEN a run that reuses one task of an earlier run, and skips another
    tasks = (
        PlannedTask("a", "command/a", "A", "p", Decision.REUSED, in_words("reused from run 20261121T140000.000Z-bb")),
        PlannedTask("b", "command/b", "B", "p", Decision.SKIPPED, in_words("disabled")),
        PlannedTask("c", "command/c", "C", "p", Decision.RUN),
    )
    one = model(begun(phases=RunPlan("o", "O", (PlannedPhase("p", "P", tasks, 2),))))
    # THEN the first one says so, and the other one not
    assert "✔ reused" in text([Row((), task_state(one, one.state.tasks["a"], RunTime(T0 + 1)))])
    assert "– skipped" in text([Row((), task_state(one, one.state.tasks["b"], RunTime(T0 + 1)))])


def test_changes_are_told_once() -> None:
    one = model(begun())
    one.changes()
    assert one.take(
        Batch((*started("a", T0), events.phase_skipped(T0, "q", Status.SKIPPED, in_words("why"))), live=True)
    )
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
    assert "✘ error" in text([Row((), task_state(one, task, RunTime(T0 + 9)))])
    assert "3.0 s" in text([Row((), task_state(one, task, RunTime(T0 + 9)))])
    assert "exit code 1: [no], after 3.0 s" in text(about_task(one, task, RunTime(T0 + 9), 60))


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


def _recorded(
    paths: ProjectPaths,
    number: int,
    seconds: float,
    status: Status = Status.SUCCESS,
    *,
    partial: bool = False,
    phases: RunPlan | None = None,
) -> None:
    """A run of ``o`` that took so long, and its task ``a`` as long."""
    directory = paths.run("o", f"2026-{number}")
    make_private(directory)
    header = RunHeader(f"2026-{number}", "o", "O", T0, "x", partial=partial)
    journal = Journal.create(directory, header, phases or plan(p=["a"]))
    journal.append(events.executor(T0, pid=1, start=(1, 1), host="h", boot_id="b", by="x"))
    for event in (*started("a", T0), events.ended(T0 + seconds, "a", 1, status)):
        journal.append(event)
    journal.append(events.run_ended(T0 + seconds, status, None, seconds, {status: 1}))
    journal.close()


def test_what_tasks_use_is_usual_from_three_runs_on(tmp_path: Path) -> None:
    paths = ProjectPaths(tmp_path)
    for number, peak in enumerate((10, None, 20, 60)):
        directory = paths.run("o", f"2026-{number}")
        directory.mkdir(parents=True)
        journal = Journal.create(directory, RunHeader(directory.name, "o", "O", T0, "x"), plan(p=["a"]))
        end = events.ended(T0 + 1, "a", 1, Status.SUCCESS, usage=Usage(peak_memory=peak, cpu=2.0 if peak else None))
        for event in (*started("a", T0), end, events.run_ended(T0 + 1, Status.SUCCESS, None, 1.0, {})):
            journal.append(event)
        journal.close()
        if number == 2:
            assert read_estimates(paths, "o").task_peaks == {}
    found = read_estimates(paths, "o")
    assert (found.task_peaks, found.task_cpus) == ({"a": 30.0}, {"a": 2.0})


def test_estimates_are_of_successful_tries_and_of_complete_runs(tmp_path: Path) -> None:
    # GIVEN runs of 1 s, 3 s and 8 s with success, a failed one, and a partial one
    paths = ProjectPaths(tmp_path)
    for number, seconds in enumerate((1.0, 3.0, 8.0)):
        _recorded(paths, number, seconds)
    _recorded(paths, 3, 99.0, Status.ERROR)
    _recorded(paths, 4, 77.0, partial=True)
    # WHEN they are read
    found = read_estimates(paths, "o")
    # THEN the run has median 3 s and mean 4 s; its task counts in the partial one, too
    assert (found.run_median, found.run_mean) == (3.0, 4.0)
    assert found.task_medians == {"a": 5.5}
    # AND of how it ended the newest counts
    assert found.task_ends == {"a": Status.SUCCESS}
    assert read_estimates(paths, "o", before="2026-4").task_ends == {"a": Status.ERROR}
    assert read_estimates(paths, "nothing") == Estimates()


def test_what_is_usual_takes_three_runs(tmp_path: Path) -> None:
    # GIVEN two runs THEN it is known how long the task takes, and not what is usual
    paths = ProjectPaths(tmp_path)
    for number, seconds in enumerate((1.0, 3.0)):
        _recorded(paths, number, seconds)
    assert read_estimates(paths, "o") == Estimates(task_medians={"a": 2.0}, task_ends={"a": Status.SUCCESS})
    # WHEN there is a third THEN it is; for a run before it, it is not
    _recorded(paths, 2, 8.0)
    assert read_estimates(paths, "o").task_means == {"a": 4.0}
    assert read_estimates(paths, "o", before="2026-2") == Estimates(
        task_medians={"a": 2.0}, task_ends={"a": Status.SUCCESS}
    )


def test_runs_of_other_tasks_tell_nothing_of_the_whole_run(tmp_path: Path) -> None:
    # GIVEN three runs of one task WHEN one was added, or another is disabled
    paths = ProjectPaths(tmp_path)
    for number in range(3):
        _recorded(paths, number, 3.0)
    assert read_estimates(paths, "o", tasks={"a"}).run_mean == 3.0
    for tasks in ({"a", "b"}, {"b"}):
        found = read_estimates(paths, "o", tasks=tasks)
        # THEN what the whole run takes is not known, and what the task takes is
        assert found.run_mean is None and found.task_means == {"a": 3.0}
    # and a task that is skipped from the beginning is none of the run's
    skipped = PlannedTask("b", "command/b", "B", "p", Decision.SKIPPED, in_words("disabled"))
    (phase,) = plan(p=["a"]).phases
    both = RunPlan("o", "O", (PlannedPhase("p", "P", (*phase.tasks, skipped), 2),))
    for number in range(3, 6):
        _recorded(paths, number, 5.0, phases=both)
    assert tasks_to_run(begun(phases=both)) == {"a"}
    assert read_estimates(paths, "o", tasks={"a"}).run_mean == 4.0


def test_a_try_that_succeeded_counts_in_a_run_that_failed(tmp_path: Path) -> None:
    paths = ProjectPaths(tmp_path)
    directory = paths.run("o", "2026-1")
    make_private(directory)
    journal = Journal.create(directory, RunHeader("2026-1", "o", "O", T0, "x"), plan(p=["a", "b"]))
    for event in (*started("a", T0), events.ended(T0 + 4, "a", 1, Status.SUCCESS)):
        journal.append(event)
    journal.append(events.run_ended(T0 + 5, Status.ERROR, None, 5, {Status.ERROR: 1}))
    journal.close()
    assert read_estimates(paths, "o") == Estimates(task_medians={"a": 4.0}, task_ends={"a": Status.SUCCESS})


def test_a_broken_journal_tells_nothing(tmp_path: Path) -> None:
    paths = ProjectPaths(tmp_path)
    _recorded(paths, 1, 4.0)
    broken = paths.run("o", "2026-2")
    make_private(broken)
    (broken / "run.toml").write_text("[run]\nid = ")
    assert read_estimates(paths, "o") == Estimates(task_medians={"a": 4.0}, task_ends={"a": Status.SUCCESS})


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
        (Decision.RUN, Reason.of(Cause.UNSUCCESSFUL, status="error", run="20261122T1-aa"), "error  ● will run"),
        (Decision.RUN, Reason.of(Cause.EDITED, run="2026"), "edited  ● will run"),
        (Decision.REUSED, Reason.of(Cause.REUSED, run="2026"), "✔ reused"),
        (Decision.SKIPPED, Reason(Cause.DISABLED), "disabled  – skipped"),
        (Decision.BLOCKED, Reason.said("secret [X] is not set; put it into …"), "secret [X] is not set…  ✘ blocked"),
    ],
)
def test_the_preview_says_what_and_why(decision: Decision, reason: Reason, shown: str) -> None:
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


def test_what_is_reused_counts_as_done_where_runs_are_compared() -> None:
    # GIVEN a run in which a succeeded and b failed, one that reuses a, and one in which a fails
    tasks = [PlannedTask(t, f"c/{t}", t, "p", Decision.RUN) for t in ("a", "b")]
    reused = PlannedTask("a", "c/a", "a", "p", Decision.REUSED, in_words("reused from run 20261121T140000.000Z-bb"))
    first, again, last = (
        begun(
            *(one for task, status in ended for one in (*started(task, T0), events.ended(T0 + 2, task, 1, status))),
            phases=RunPlan("o", "O", (PlannedPhase("p", "P", (planned, tasks[1]), 2),)),
        )
        for planned, ended in (
            (tasks[0], [("a", Status.SUCCESS), ("b", Status.ERROR)]),
            (reused, [("b", Status.SUCCESS)]),
            (tasks[0], [("a", Status.ERROR), ("b", Status.SUCCESS)]),
        )
    )
    # THEN nothing is "skipped now"
    assert [(one.verdict, one.reused_after) for one in compare(first, again)] == [("", True), ("repaired", False)]
    assert [(one.verdict, one.reused_before) for one in compare(again, last)] == [("fails now", True), ("", False)]


def test_head_and_waits_hold_text_from_outside() -> None:
    header = RunHeader("r", "o", "O", T0, "ann\x1b]52;c;x\x07 [/bold]")
    one = RunModel(Path("/r"), initial_state(header, plan(p=["a"])), live=True)
    assert "ann [/bold]" in text(head_rows(head_of(one, RunTime(T0)), one, 60))


@pytest.mark.parametrize(
    ("mean", "seconds", "longer"),
    [
        (100.0, 119.0, False),
        (100.0, 121.0, True),
        (1.0, 1.4, False),
        (1.0, 1.6, True),
        (0.1, 0.5, False),
        (0.1, 0.7, True),
    ],
)
def test_longer_than_usual_is_a_fifth_more_and_half_a_second_at_least(
    mean: float, seconds: float, longer: bool
) -> None:
    one = model(begun(*started("a", T0)), Estimates(task_means={"a": mean}))
    assert one.longer(one.state.tasks["a"], RunTime(T0 + seconds)) is longer


def test_what_a_part_of_an_array_did_is_a_trace_of_its_run() -> None:
    # GIVEN a run that was killed while the parts of an array went on, the last of which ended 30 s after its begin
    array = PlannedTask("load", "command/l", "Load", "p", Decision.RUN, each=Each(items=("de", "fr")))
    ended = events.ended(T0 + 30, "load@1", 1, Status.SUCCESS)
    happened = (events.unfolded(T0 + 1, "load", ("de", "fr")), *started("load@1", T0 + 1), ended)
    state = begun(*happened, phases=RunPlan("o", "O", (PlannedPhase("p", "P", (array,), 2),)))
    interrupted = model(state, live=False)
    # THEN it went on until then, as far as anybody knows
    assert interrupted.interrupted and interrupted.elapsed(RunTime(T0 + 500)) == 30
