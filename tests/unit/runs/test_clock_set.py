"""What is said of a run that goes on stays right when somebody sets the machine's clock meanwhile."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from orch_tui.cli.follow.marks import EVERY, MarkTeller, head_words
from orch_tui.cli.show.task import print_task
from orch_tui.model.clocks.machine_clock import uptime
from orch_tui.model.events import events
from orch_tui.model.run.plan import Decision, PlannedPhase, PlannedTask, RunPlan
from orch_tui.model.run.run_start import initial_state
from orch_tui.model.run.runstate import RunHeader, RunState, fold
from orch_tui.model.status import Status
from orch_tui.project.attempt_dir import attempt_directory, log_file
from orch_tui.project.history import summarize
from orch_tui.project.project import open_project
from orch_tui.runs.live.feed import Batch, RunFeed
from orch_tui.runs.live.head import head_of
from orch_tui.runs.live.log_times import LogTimes
from orch_tui.runs.live.nested import NestedRuns
from orch_tui.runs.live.timeline import timeline_of
from orch_tui.runs.live.view import RunModel
from orch_tui.runs.planning.estimates import Estimates
from orch_tui.runs.sequence.values import sequence_of_run
from orch_tui.tui.home.state.live import LiveRuns
from orch_tui.tui.workbench.tree.run_rows import nested_lines, phase_state, task_state

from tests.support.engine_kit import make_commands
from tests.support.projects import make_project
from tests.support.set_clock import T0, UP, begun, executor, live_run, machine

HOUR = 3600.0
SET = pytest.mark.parametrize("set_by", [-HOUR, 0.0, HOUR], ids=["back", "not", "forward"])


def _state(*more: events.Event) -> RunState:
    task = PlannedTask("a", "command/a", "C · a", "p", Decision.RUN)
    state = initial_state(RunHeader("r", "o", "O", T0, "ann"), RunPlan("o", "O", (PlannedPhase("p", "P", (task,), 1),)))
    return fold(state, [executor(), events.phase_started(T0, "p"), *begun("a", T0), *more])


@SET
def test_how_long_it_takes_and_will_take(set_by: float) -> None:
    # GIVEN a task that usually takes 100 s WHEN it is looked at after 90 s and after 130 s
    usual = Estimates(100.0, 100.0, {"a": 100.0}, {"a": 100.0})
    early, late = (
        RunModel(Path("/r"), _state(), live=True, estimates=usual, machine=machine(after=after, set_by=set_by).clock)
        for after in (90.0, 130.0)
    )
    # THEN the run and its task are as old as that, and long only where they are
    head = head_of(early, early.now())
    assert (head.elapsed, head.left, head.longer) == (90.0, 10.0, False)
    assert head_words(early, early.now()).startswith("1:30, about 10 s left")
    assert early.marks(early.state.tasks["a"], early.now()) == ["quiet for 1:30"]
    assert head_of(late, late.now()).longer
    assert late.marks(late.state.tasks["a"], late.now())[0] == "longer than usual (1:40)"
    bar = timeline_of(early, early.now()).tasks["a"]
    assert (bar.start, bar.done, bar.end) == (0.0, 90.0, 100.0)
    assert sequence_of_run(early, early.now()).phases[0].tasks[0].seconds == 90.0
    state, task, phase = early.state, early.state.tasks["a"], early.state.phases["p"]
    assert "1:30" in "".join(part.text for part in task_state(early, task, early.now()))
    assert "1:30" in "".join(part.text for part in phase_state(early, phase, early.now()))
    # AND a retry is as far away as it is
    state.apply(events.ended(T0 + 90, "a", 1, Status.ERROR, "no", retry_at=T0 + 98))
    assert early.why(task, early.now()) == "retry in 8.0 s"


@SET
def test_a_nested_run_stands_where_it_began_by_the_clock_of_the_outer_one(set_by: float) -> None:
    # GIVEN a clock that is set 20 s after a run began, WHEN a nested run begins 30 s after it, and is looked at then
    clock = machine(after=45.0, set_by=set_by).clock
    outer = RunModel(Path("/o"), _state(), live=True, machine=clock)
    began = T0 + 30 + set_by
    inner = initial_state(
        RunHeader("i", "i", "I", began, "ann"),
        RunPlan("i", "I", (PlannedPhase("p", "P", (PlannedTask("x", "c/x", "X", "p", Decision.RUN),), 1),)),
    )
    fold(inner, [executor(began, UP + 30), events.phase_started(began, "p"), *begun("x", began)])
    outer.children["a"] = RunModel(Path("/i"), inner, live=True, depth=1, machine=clock)
    # THEN its bars are between 30 s and 45 s, and its rows say 15 s
    timeline = timeline_of(outer, outer.now()).nested["a"]
    heading, bar = timeline.phases["p"], timeline.tasks["x"]
    assert (heading.start, bar.start, bar.done) == (30.0, 30.0, 45.0)
    lines = nested_lines("a", outer.children["a"], timeline)
    assert [line.bar for line in lines] == [heading, bar]
    assert all("0:15" in "".join(part.text for part in line.right) for line in lines)


@SET
def test_a_nested_run_is_found_by_its_time(tmp_path: Path, set_by: float) -> None:
    # GIVEN an outer run, and two nested ones of its task: of an attempt before, and of that of 30 s after its start
    project = make_commands(tmp_path, {"P": {"x": "true"}})
    before, now = T0 + 10, T0 + 30 + set_by
    feed = RunFeed(
        project.paths.run("outer", "20261122T140000.000Z-aa"), project.paths, machine(after=40, set_by=0).clock
    )
    outer = RunModel(feed.directory, _state(), live=True, machine=machine(after=40, set_by=set_by).clock)
    parent = f"outer/{feed.directory.name}/a"
    with (
        live_run(project, "o", name="20261122T140010.000Z-aa", at=before, up=UP + 10, parent=parent),
        live_run(project, "o", name="20261122T140011.000Z-aa", at=now, up=UP + 30, parent=parent) as second,
    ):
        # THEN the later one is that of this attempt, and before it there was none for a later attempt
        assert feed.nested_run("a", 2, "o", T0 + 29, outer.clock) == second
        assert feed.nested_run("a", 3, "o", T0 + 35, outer.clock) is None


@SET
def test_a_log_is_as_old_as_it_is(tmp_path: Path, set_by: float) -> None:
    # GIVEN a task that wrote 100 s ago
    here, running = machine(after=200.0, set_by=0.0), [("a", 1)]
    log = log_file(attempt_directory(tmp_path, "a", 1))
    log.parent.mkdir(parents=True)
    log.write_text("one\n")
    os.utime(log, (here.wall - 100, here.wall - 100))
    model, times = RunModel(tmp_path, _state(), live=True, machine=here.clock), LogTimes(tmp_path, here.clock)
    task = model.state.tasks["a"]
    model.take(Batch((), live=True, outputs=times.look(running)))
    assert model.quiet(task, model.now()) == 100.0
    # WHEN the clock is set and 30 s go by THEN it is quiet for 130 s
    here.wall += set_by
    here.go_on(30)
    model.take(Batch((), live=True, outputs=times.look(running)))
    assert model.quiet(task, model.now()) == 130.0
    # WHEN it writes again THEN it is quiet no more, and from then on counted anew
    log.write_text("one\ntwo\n")
    os.utime(log, (here.wall, here.wall))
    model.take(Batch((), live=True, outputs=times.look(running)))
    assert model.quiet(task, model.now()) is None
    here.go_on(61)
    model.take(Batch((), live=True, outputs=times.look(running)))
    assert model.quiet(task, model.now()) == 61.0


def test_what_was_written_since_the_last_look_is_not_older_than_it(tmp_path: Path) -> None:
    # GIVEN a log that was looked at WHEN the clock goes forward an hour after something was written
    here, running = machine(after=200.0, set_by=0.0), [("a", 1)]
    log = log_file(attempt_directory(tmp_path, "a", 1))
    log.parent.mkdir(parents=True)
    log.write_text("one\n")
    os.utime(log, (here.wall - 5, here.wall - 5))
    times = LogTimes(tmp_path, here.clock)
    assert times.look(running) == {"a": UP + 195}
    log.write_text("one\ntwo\n")
    os.utime(log, (here.wall, here.wall))
    here.go_on(2)
    here.wall += HOUR
    # THEN it was written in between
    assert times.look(running) == {"a": UP + 200}


@SET
def test_whoever_watches_is_told_when_it_is_so(tmp_path: Path, set_by: float) -> None:
    # GIVEN a run that is watched
    project = make_commands(tmp_path, {"P": {"a": "true"}})
    state, told, here = _state(), list[str](), machine(after=50.0, set_by=0.0)
    log = log_file(attempt_directory(tmp_path, "a", 1))
    log.parent.mkdir(parents=True)
    log.write_text("")
    os.utime(log, (here.wall - 50, here.wall - 50))
    teller = MarkTeller(tmp_path, state, project.paths, told.append, here.clock)
    teller.look(state, live=True)
    assert told == []
    # WHEN the clock is set and 15 s go by THEN the task is quiet, for as long as it is
    here.wall += set_by
    here.go_on(15)
    teller.look(state, live=True)
    assert told == ["C · a is quiet: it has written nothing for 1:05"]
    # AND the next look is not put off
    here.go_on(EVERY + 70)
    teller.look(state, live=True)
    assert told[1:] == ["C · a is quiet: it has written nothing for 2:17"]


@SET
def test_the_home_screen_reads_how_old_a_run_is(tmp_path: Path, set_by: float) -> None:
    project = make_commands(tmp_path, {"P": {"a": "true"}})
    with live_run(project, "o", events.phase_started(T0, "p")) as directory:
        runs = LiveRuns(project.paths, machine(after=75.0, set_by=set_by).clock)
        assert runs.read([summarize(directory)])["o"].head.elapsed == 75.0


def test_a_task_of_a_run_that_is_shown_says_how_long_it_waits(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # GIVEN a run that began ten minutes ago, when the clock showed another year, and a retry an hour after its start
    project = make_commands(tmp_path, {"P": {"a": "true"}})
    phase = project.orchestration("o").phases[0].id
    failed = events.ended(T0 + 5, "a", 1, Status.ERROR, "no", retry_at=T0 + HOUR)
    more = (events.phase_started(T0, phase), *begun("a", T0), failed)
    with live_run(project, "o", *more, up=uptime() - 600) as directory:
        state, _ = RunFeed(directory).open()
        # WHEN it is shown THEN that is fifty minutes away
        print_task(project, state, directory, "a")
        assert "retry in 50:00" in capsys.readouterr().out.replace("49:59", "50:00")


@SET
def test_nested_runs_are_followed_on_the_same_machine(tmp_path: Path, set_by: float) -> None:
    # GIVEN an orchestration in an orchestration
    outer_task = {"o": {"configuration": "orchestration/o"}}
    project = open_project(make_project(tmp_path, {"o": {"P": {"a": "true"}}, "outer": {"Only": outer_task}}))
    began = T0 + 30 + set_by
    phase = project.orchestration("outer").phases[0].id
    first = (events.phase_started(T0, phase), *begun("o", T0 + 29))
    parent = "outer/20261122T140000.000Z-aa/o"
    with (
        live_run(project, "outer", *first) as outer,
        live_run(project, "o", name="20261122T140030.000Z-aa", at=began, up=UP + 30, parent=parent),
    ):
        here = machine(after=45.0, set_by=set_by)
        feed = RunFeed(outer, project.paths, here.clock)
        state, live = feed.open()
        model = RunModel(outer, state, live=live, machine=here.clock)
        # WHEN its nested run is looked for THEN it is found, and 15 s old
        assert NestedRuns(project.paths).read(model, feed)
        child = model.children["o"]
        assert head_of(child, child.now()).elapsed == 15.0
