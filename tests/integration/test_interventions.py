"""What people do to a run while it goes on, in runs of real processes: from the command line, and over a takeover."""

from __future__ import annotations

import json
import os
import random
import signal
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from orch_tui.engine.requests.requests import ask
from orch_tui.engine.runs.start import ActiveRun, RunRequest, plan_run
from orch_tui.model.clocks.run_time import RunTime
from orch_tui.model.events.interventions import Intervention, InterventionKind
from orch_tui.model.events.reasons import Cause
from orch_tui.model.run.plan import Decision
from orch_tui.model.run.runstate import RunState
from orch_tui.model.run.waits import waits_for, why
from orch_tui.model.status import Status
from orch_tui.project.journal.file import is_executed, read_run
from orch_tui.project.project import Project, open_project

from tests.support.commands import command_here
from tests.support.engine_kit import begin, make_commands, statuses, until
from tests.support.projects import end, latest_run, make_project, start

UNTIL_GO = "touch began-$ORCH_TASK_ID; until test -e go; do sleep 0.02; done"


def tell(run: ActiveRun, *words: str) -> str:
    """A command about the run, which has to be done."""
    command, *rest = words
    done = command_here(_root(run), command, run.id, *rest)
    assert done.returncode == 0, done.stderr
    return done.stdout


def refused(run: ActiveRun, *words: str) -> str:
    command, *rest = words
    done = command_here(_root(run), command, run.id, *rest)
    assert done.returncode == 1, done.stdout
    return done.stderr


def _root(run: ActiveRun) -> Path:
    return run.directory.parents[3]


def begun(root: Path, phases: Mapping[str, Mapping[str, Any]], task: str = "slow", settings: str = "") -> ActiveRun:
    """A run whose task ``task`` runs already."""
    run = begin(make_commands(root, phases, settings))
    until(lambda: (root / f"began-{task}").exists())
    return run


def ended(run: ActiveRun) -> RunState:
    assert run.wait(60) is not None, "the run did not end"
    return read_run(run.directory)


def shown(run: ActiveRun) -> dict[str, Any]:
    value: dict[str, Any] = json.loads(command_here(_root(run), "show", run.id, "--json").stdout)
    return value


def test_a_run_that_is_held_starts_nothing_and_goes_on_when_it_is_released(tmp_path: Path) -> None:
    # GIVEN a run of which one task runs
    run = begun(tmp_path, {"One": {"slow": UNTIL_GO}, "Two": {"next": "true"}})
    # WHEN it is held
    told = tell(run, "hold", "--reason", "the source is being repaired")
    assert "the run is held, by " in told and told.endswith(": the source is being repaired\n")
    (tmp_path / "go").touch()
    until(lambda: read_run(run.directory).phases["two"].started is not None)
    # THEN what ran ends, nothing starts, and the task says why it waits
    state = read_run(run.directory)
    assert state.tasks["slow"].status is Status.SUCCESS and not state.tasks["next"].attempts
    because = waits_for(state, state.tasks["next"])
    assert because is not None and because.cause is Cause.HELD
    assert because.fields["what"] == "run" and because.fields["note"] == "the source is being repaired"
    assert shown(run)["held"]["reason"] == "the source is being repaired"
    # AND it cannot be held twice
    assert "is held already, by " in refused(run, "hold")
    # WHEN it is released THEN it goes on, and all of it stands in its journal
    tell(run, "release")
    state = ended(run)
    assert statuses(state) == {"slow": Status.SUCCESS, "next": Status.SUCCESS}
    assert [one.kind for one in state.interventions.all] == [InterventionKind.HOLD, InterventionKind.RELEASE]
    assert "has ended already" in refused(run, "hold")


def test_a_breakpoint_keeps_one_task_and_a_held_phase_all_of_it(tmp_path: Path) -> None:
    # GIVEN a run with a breakpoint at a task, and a phase that is held, before they are reached
    phases = {
        "One": {"slow": UNTIL_GO, "other": "true"},
        "Two": {"stop": "true", "beside": "true"},
        "Three": {"last": "true"},
    }
    run = begun(tmp_path, phases)
    tell(run, "hold", "--task", "stop")
    tell(run, "hold", "--phase", "three")
    # WHEN the run comes there
    (tmp_path / "go").touch()
    until(lambda: read_run(run.directory).tasks["beside"].status.final)
    # THEN the others run
    state = read_run(run.directory)
    assert state.tasks["stop"].status is Status.WAITING and why(state, state.tasks["stop"], RunTime(0)).startswith(
        "task held by "
    )
    assert why(state, state.tasks["last"], RunTime(0)).startswith("phase held by ")
    tell(run, "release", "--task", "stop")
    until(lambda: read_run(run.directory).phases["two"].ended is not None)
    until(lambda: read_run(run.directory).phases["three"].started is not None)
    assert not read_run(run.directory).tasks["last"].attempts
    tell(run, "release", "--phase", "three")
    assert set(statuses(ended(run)).values()) == {Status.SUCCESS}


def test_a_task_that_waits_can_be_skipped_and_the_run_says_so(tmp_path: Path) -> None:
    # GIVEN a run with a task that waits for its turn, and one of a later phase
    run = begun(
        tmp_path,
        {"One": {"slow": UNTIL_GO, "b": "true"}, "Two": {"c": "true", "d": "true"}},
        settings="max_parallel = 1",
    )
    # WHEN both are skipped
    for task in ("b", "c"):
        tell(run, "skip", task, "--reason", "not today")
    assert "is running; it can be stopped" in refused(run, "skip", "slow")
    (tmp_path / "go").touch()
    state = ended(run)
    # THEN the others run, and the run is a warning that says why
    assert statuses(state) == {"slow": Status.SUCCESS, "b": Status.SKIPPED, "c": Status.SKIPPED, "d": Status.SUCCESS}
    assert state.status is Status.WARNING
    for task in ("b", "c"):
        because = state.tasks[task].because
        assert because is not None and because.cause is Cause.SKIPPED_BY and because.fields["note"] == "not today"
    assert ": skipped by " in state.reason and "and 1 more" in state.reason


def test_a_task_that_waits_for_its_retry_is_tried_at_once(tmp_path: Path) -> None:
    # GIVEN a task that fails once and would wait an hour
    once = "test -e failed || { touch failed; exit 1; }"
    phases = {"One": {"slow": UNTIL_GO, "t": {"command": once, "retry": '{ attempts = 1, delay = "1h" }'}}}
    run = begun(tmp_path, phases)
    until(lambda: read_run(run.directory).tasks["t"].until is not None)
    # WHEN somebody wants it now
    tell(run, "retry", "t")
    until(lambda: read_run(run.directory).tasks["t"].status is Status.SUCCESS)
    # THEN it used the retry that it had
    assert read_run(run.directory).tasks["t"].max_attempts == 2
    (tmp_path / "go").touch()
    assert ended(run).status is Status.SUCCESS


def held_with_a_failure(root: Path, command: str = "test -e repaired") -> ActiveRun:
    """A run that is held, whose phase has ended but for the decision about the task ``t``, which failed."""
    run = begun(root, {"One": {"slow": UNTIL_GO, "t": command}, "Two": {"next": "true"}})
    until(lambda: read_run(run.directory).tasks["t"].status.final)
    tell(run, "hold")
    (root / "go").touch()
    until(lambda: read_run(run.directory).tasks["slow"].status.final)
    return run


def test_a_failed_task_is_tried_again_within_the_run(tmp_path: Path) -> None:
    # GIVEN a run that is held with a failed task
    run = held_with_a_failure(tmp_path)
    # THEN it says what it waits for
    value = shown(run)
    assert value["awaiting"] == ["t"] and value["first_failure"]["task"] == "t"
    assert (
        "waits for a decision about t: try again, mark as done, or release"
        in command_here(tmp_path, "show", run.id).stdout
    )
    # WHEN what was wrong is repaired, the task tried again and the run released
    (tmp_path / "repaired").touch()
    tell(run, "retry", "t", "--reason", "repaired")
    assert "has not failed" in refused(run, "mark-done", "next")
    tell(run, "release")
    state = ended(run)
    # THEN the run is a success: one attempt more than it was to have
    assert state.status is Status.SUCCESS and statuses(state)["next"] is Status.SUCCESS
    assert [attempt.status for attempt in state.tasks["t"].attempts] == [Status.ERROR, Status.SUCCESS]
    assert state.tasks["t"].max_attempts == 2 and state.first_failure is None


def test_a_failed_task_that_is_marked_as_done_lets_the_run_go_on_and_says_so_for_ever(tmp_path: Path) -> None:
    # GIVEN a run that is held with a failed task
    run = held_with_a_failure(tmp_path, "echo no such table >&2; exit 3")
    later = waits_for(read_run(run.directory), read_run(run.directory).tasks["next"])
    assert later is not None and later.cause is Cause.HELD and later.sentence.startswith("run held by ")
    # WHEN somebody did its work by hand
    tell(run, "mark-done", "t", "--reason", "loaded by hand")
    assert "has not failed" in refused(run, "mark-done", "t")
    tell(run, "release")
    state = ended(run)
    # THEN the run goes on, is a warning, and tells it and the failure
    assert statuses(state) == {"slow": Status.SUCCESS, "t": Status.WARNING, "next": Status.SUCCESS}
    assert state.status is Status.WARNING and state.first_failure is None
    because = state.tasks["t"].because
    assert because is not None and because.cause is Cause.MARKED_DONE
    assert because.sentence.startswith("it failed (exit code 3: no such table) and was marked as done by ")
    assert because.sentence.endswith(": loaded by hand") and because.sentence in state.reason
    # AND who continues the run does not do it again
    plan = plan_run(open_project(tmp_path), RunRequest("o", rerun=run.id))
    assert {task.decision for task in plan.tasks()} == {Decision.REUSED}


def test_a_held_run_with_a_failure_ends_as_it_would_have_when_it_is_released_or_cancelled(tmp_path: Path) -> None:
    for name, words in (("released", "release"), ("cancelled", "cancel")):
        root = tmp_path / name
        root.mkdir()
        run = held_with_a_failure(root)
        command_here(root, words, run.id)
        state = ended(run)
        assert state.status is Status.ERROR and statuses(state)["t"] is Status.ERROR
        assert not state.tasks["next"].attempts


def test_the_limit_of_a_run_is_changed_but_not_that_of_a_phase_with_one_of_its_own(tmp_path: Path) -> None:
    # GIVEN a run that may run one task at a time, with a phase that says so itself
    project = make_commands(
        tmp_path, {"One": {"slow": UNTIL_GO, "b": UNTIL_GO, "c": UNTIL_GO}, "Two": {"d": "true"}}, "max_parallel = 1"
    )
    path = tmp_path / "orchestrations" / "o.toml"
    path.write_text(path.read_text().replace('name = "Two"', 'name = "Two"\nmax_parallel = 1'))
    run = begin(Project(project.root))
    until(lambda: (tmp_path / "began-slow").exists())
    # WHEN it may run two
    tell(run, "limit", "2")
    # THEN two run, no more, and the other phase keeps its own
    until(lambda: (tmp_path / "began-b").exists())
    state = read_run(run.directory)
    assert not state.tasks["c"].attempts and why(state, state.tasks["c"], RunTime(0)) == "limit 2 of 2 taken"
    assert (state.phases["one"].max_parallel, state.phases["two"].max_parallel) == (2, 1)
    tell(run, "limit", "5", "--phase", "two")
    assert read_run(run.directory).phases["two"].max_parallel == 5
    (tmp_path / "go").touch()
    assert ended(run).status is Status.SUCCESS


def test_what_is_asked_of_a_run_that_nobody_executes_is_done_when_it_is_resumed(tmp_path: Path) -> None:
    # GIVEN a run whose executor was killed
    project = make_project(
        tmp_path,
        {
            "daily": {
                "One": {"a": "touch began-a; until test -e go; do sleep 0.02; done"},
                "Two": {"b": "true", "c": "true"},
            }
        },
    )
    process = start(project, "run", "daily")
    try:
        until(lambda: (project / "began-a").exists())
    finally:
        process.kill()
        process.communicate()
    run = latest_run(project, "daily")
    until(lambda: not is_executed(run))
    # WHEN it is held and a task skipped
    done = command_here(project, "hold", run.name, "--task", "b")
    assert done.returncode == 0 and "no process executes run" in done.stdout
    assert command_here(project, "skip", run.name, "c").returncode == 0
    # AND what waits already is counted
    assert "is held already, by " in command_here(project, "hold", run.name, "--task", "b").stderr
    for wish in ("release", "hold"):
        assert command_here(project, wish, run.name, "--task", "b").returncode == 0
    # AND it is resumed
    (project / "go").touch()
    resumed = start(project, "run", "--resume", run.name)
    try:
        until(lambda: read_run(run).phases["two"].started is not None)
        state = read_run(run)
        # THEN both hold before anything starts
        assert state.tasks["c"].status is Status.SKIPPED and not state.tasks["b"].attempts
        assert command_here(project, "release", run.name, "--task", "b").returncode == 0
        output = resumed.communicate(timeout=60)[0]
    finally:
        end(resumed)
    assert "task b is held, by " in output and "task c is skipped, by " in output
    assert resumed.returncode == 0 and read_run(run).status is Status.WARNING


@pytest.mark.parametrize(
    "trials", [pytest.param(2, id="short"), pytest.param(100, id="at-length", marks=pytest.mark.long)]
)
def test_whenever_the_executor_is_killed_what_was_done_to_the_run_holds(tmp_path: Path, trials: int) -> None:
    seed = int(os.environ.get("ORCH_TUI_SEED") or (1 if os.environ.get("CI") else random.randrange(10**9)))
    kills = 0
    for number in range(trials):
        kills += _trial(tmp_path / str(number), random.Random(seed + number), f"seed {seed + number}")
    print(f"from seed {seed}: {trials} trials, {kills} kills")


def _request(wish: tuple[str, ...]) -> Intervention:
    kind, what = InterventionKind(wish[0]), wish[1] if len(wish) > 1 else None
    if kind is InterventionKind.LIMIT:
        return Intervention("", kind, "ann", limit=int(what or 1))
    return Intervention("", kind, "ann", task=what)


def _trial(root: Path, rng: random.Random, where: str) -> int:
    """Hold, skip, retry and mark as done while executors are killed; the number of kills that struck one."""
    root.mkdir()
    fails = "echo x >> tries-$ORCH_TASK_ID; test -e repaired"
    tasks = {"slow": UNTIL_GO, "again": fails, "done": "echo x >> tries-done; exit 4"}
    project = make_project(
        root, {"daily": {"One": tasks, "Two": {"skipped": "touch ran-skipped", "last": "echo x >> tries-last"}}}
    )
    process = start(project, "run", "daily")
    kills = 0
    try:
        until(lambda: (project / "began-slow").exists())
        run = latest_run(project, "daily")
        until(lambda: all(read_run(run).tasks[task].status.final for task in ("again", "done")))
        wishes = [
            ("hold",),
            ("skip", "skipped"),
            ("limit", "3"),
            ("mark-done", "done"),
            ("retry", "again"),
            ("release",),
        ]
        for wish in wishes:
            if wish[0] == "retry":
                (project / "repaired").touch()
                (project / "go").touch()
            if rng.random() < 0.5:
                # An earlier wish may wait for an executor that is not there yet: this one is judged with it.
                asked = command_here(project, wish[0], run.name, *wish[1:])
                assert asked.returncode == 0, asked.stdout + asked.stderr
                continue
            # At any moment: before it is read, when it is recorded, when it is done.
            ask(run, _request(wish))
            time.sleep(rng.random() * 0.4)
            kills += process.poll() is None
            process.send_signal(signal.SIGKILL)
            process.communicate(timeout=60)
            until(lambda: not is_executed(run))
            if not read_run(run).finished:
                process = start(project, "run", "--resume", run.name)
        process.communicate(timeout=60)
    finally:
        end(process)
    state = read_run(run)
    # THEN each wish was done once, and nothing is lost or repeated
    kinds = [one.kind.value for one in state.interventions.all]
    assert kinds == ["hold", "skip", "limit", "mark-done", "retry", "release"], f"{where}: {kinds}"
    assert statuses(state) == {
        "slow": Status.SUCCESS,
        "again": Status.SUCCESS,
        "done": Status.WARNING,
        "skipped": Status.SKIPPED,
        "last": Status.SUCCESS,
    }, f"{where}: {[(task.id, task.status, task.reason) for task in state.tasks.values()]}"
    assert state.status is Status.WARNING and not (project / "ran-skipped").exists(), where
    tries = {name: (project / f"tries-{name}").read_text().count("x") for name in ("again", "done", "last")}
    assert tries == {"again": 2, "done": 1, "last": 1}, f"{where}: {tries}"
    return kills


@pytest.mark.parametrize("command", ["cancel", "hold", "release"])
def test_a_task_behind_the_run_is_told_of_the_option(tmp_path: Path, command: str) -> None:
    make_commands(tmp_path, {"P": {"load": "true"}})
    told = command_here(tmp_path, command, "last", "load@1")
    assert told.returncode == 2 and "write --task load@1" in told.stderr
