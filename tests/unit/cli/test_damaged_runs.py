"""A damaged journal is one run's error in every command: a sentence for that run, and the others as they were."""

from __future__ import annotations

import fcntl
import json
import os
from pathlib import Path

import pytest
from orch_tui.cli.main import run_command_line
from orch_tui.engine.runs.reconcile import inspect_run
from orch_tui.engine.runs.start import RunRefused
from orch_tui.engine.runs.takeover import take_over
from orch_tui.model.clocks.run_time import RunTime
from orch_tui.project.journal.file import BrokenJournal
from orch_tui.project.newest_runs import NewestRuns
from orch_tui.project.paths import ProjectPaths
from orch_tui.project.project import Project, open_project
from orch_tui.runs.live.feed import RunFeed
from orch_tui.runs.live.head import head_of
from orch_tui.runs.live.nested import NestedRuns
from orch_tui.runs.live.timeline import timeline_of
from orch_tui.runs.live.view import RunModel
from orch_tui.runs.planning.estimates import read_estimates
from orch_tui.tui.home.state.model import read_runs, spark
from orch_tui.tui.workbench.tree.run_rows import about_phase, about_task, head_rows, phase_state, task_state, wait_rows

from tests.support.commands import NoScreen
from tests.support.damage import AFTER, BEFORE, RUN, T0, damaged, put_runs, whole_journals
from tests.support.projects import make_project

_RUN_COMMANDS = (
    ("show", RUN),
    ("show", RUN, "--json"),
    ("show", RUN, "a"),
    ("show", RUN, "a", "--json"),
    ("show", RUN, "a", "--command"),
    ("show", RUN, "a", "--config"),
    ("logs", RUN),
    ("logs", RUN, "a"),
    ("watch", RUN),
    ("cancel", RUN, "--task", "zzz"),
    ("run", "o", "--rerun-failed", RUN, "--dry-run"),
)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A project with the orchestration that the journals are of."""
    tasks = {"a": "true", "b": "true", "n": "true", "c": "true", "r": "true"}
    return make_project(
        tmp_path / "p", {"o": {"P": {key: tasks[key] for key in "abn"}, "Q": {"c": "true", "r": "true"}}}
    )


def _seen(capsys: pytest.CaptureFixture[str], root: Path, *arguments: str) -> tuple[int, str, str]:
    code = run_command_line([*arguments, "--project", str(root)], NoScreen())
    out, err = capsys.readouterr()
    return code, out, err


def _old(directory: Path) -> None:
    """Written long ago, so that nobody waits for another process to go on with it."""
    os.utime(directory / "run.toml", (T0, T0))


def test_the_run_is_told_as_broken_and_all_else_is_there(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    # GIVEN the newest of three runs with `seconds = "x"`, which once made the whole project unusable
    paths = ProjectPaths(root)
    put_runs(paths.runs("o"), b"")
    text = whole_journals(AFTER)["success"].replace("seconds = 8.0", 'seconds = "x"')
    (paths.run("o", AFTER) / "run.toml").write_text(text)
    # THEN lists have it among the others
    code, out, _ = _seen(capsys, root, "list")
    assert code == 0 and "broken" in out
    code, out, _ = _seen(capsys, root, "runs", "--json")
    states = {run["id"]: run["state"] for run in json.loads(out)}
    assert code == 0 and states == {AFTER: "broken", RUN: "broken", BEFORE: "success"}
    _, out, _ = _seen(capsys, root, "runs", "o")
    assert "seconds is 'x'" in out and "success" in out
    # AND what is asked of it is refused in one sentence with place and remedy
    for command in (("show", AFTER), ("logs", AFTER), ("watch", AFTER), ("run", "--resume", AFTER)):
        code, _, err = _seen(capsys, root, *command)
        assert code == 2 and err.count("\n") == 1, command
        assert f"{paths.run('o', AFTER)}/run.toml:" in err and "moved away" in err
    # AND others are shown
    code, out, _ = _seen(capsys, root, "show", BEFORE)
    assert code == 0 and f"run {BEFORE}" in out


def test_a_run_whose_journal_was_damaged_while_it_runs_can_be_stopped(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # GIVEN a run that is executed (its lock is held) and whose journal has a record that cannot be
    directory = put_runs(ProjectPaths(root).runs("o"), whole_journals()["going"].encode())
    with (directory / "run.toml").open("ab") as journal:
        journal.write(b'[[event]]\ntype = "ended"\nat = 5\n\n')
        journal.flush()
        fcntl.flock(journal, fcntl.LOCK_EX)
        # WHEN
        code, _, err = _seen(capsys, root, "cancel", RUN, "--no-wait")
        # THEN its executor is asked all the same, and what is wrong is said
        assert code == 0 and "run.toml:" in err and "asked run" in err
        assert json.loads(next((directory / "control").glob("*.json")).read_text())["action"] == "cancel"
        # AND a task of it, which nobody can name, is not
        code, _, err = _seen(capsys, root, "cancel", RUN, "--task", "a", "--no-wait")
        assert code == 2 and "run.toml:" in err
    # AND with nobody who executes it, there is nobody to ask
    code, _, err = _seen(capsys, root, "cancel", RUN)
    assert code == 2 and "run.toml:" in err


def _use_everything(project: Project, directory: Path) -> None:
    """What the screen and the engine make of one run; BrokenJournal is the one way out."""
    paths = project.paths
    spark(read_runs(NewestRuns(paths), "o").summaries)
    read_estimates(paths, "o")
    try:
        feed = RunFeed(directory, paths)
        state, _ = feed.open()
    except BrokenJournal:
        return
    model = RunModel(directory, state, live=False)
    model.take(feed.read(model.running()))
    NestedRuns(paths).read(model, feed)
    for live in (True, False):
        model.live = live
        for task in state.tasks.values():
            task_state(model, task, RunTime(T0 + 9), wide=True)
            about_task(model, task, RunTime(T0 + 9), 60)
        for phase in state.phases.values():
            phase_state(model, phase, RunTime(T0 + 9))
            about_phase(model, phase, 60)
        head_rows(head_of(model, RunTime(T0 + 9)), model, 60)
        wait_rows(model, RunTime(T0 + 9), 60)
        timeline_of(model, RunTime(T0 + 9))
    inspect_run(directory, state)


def _take_over(project: Project, directory: Path) -> None:
    try:
        run = take_over(project, directory, by="test")
    except (BrokenJournal, RunRefused):
        return
    assert run.wait(60) is not None


def _attack(root: Path, capsys: pytest.CaptureFixture[str], numbers: range, *, every: int) -> dict[int, int]:
    """Damaged journals in the midst of whole ones, and all commands on them; how often each exit code was seen."""
    project, codes = open_project(root), dict[int, int]()
    for number in numbers:
        directory = put_runs(project.paths.runs("o"), damaged(number))
        _old(directory)
        commands = (("list",), ("runs", "o"), ("runs", "--json"), *_RUN_COMMANDS)
        try:
            for command in commands if number % every == 0 else (commands[number % len(commands)],):
                code, out, err = _seen(capsys, root, *command)
                assert code in (0, 1, 2) and "Traceback" not in err, command
                assert command[0] not in ("list", "runs") or (code == 0 and "broken: orch" not in out)
                codes[code] = codes.get(code, 0) + 1
            _use_everything(project, directory)
            if number % every == 0:
                _take_over(project, directory)
        except Exception as error:
            raise AssertionError(f"damage {number}") from error
    return codes


def test_no_command_breaks_on_damaged_journals(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    codes = _attack(root, capsys, range(120), every=12)
    assert codes[0] and codes[2]


@pytest.mark.long
def test_no_command_breaks_on_damaged_journals_at_length(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    codes = _attack(root, capsys, range(5000), every=4)
    with capsys.disabled():
        print(codes)
