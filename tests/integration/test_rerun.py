"""Running several runs again: a preview, one after another of each orchestration, and what is left out."""

from __future__ import annotations

from pathlib import Path

import pytest
from orch_tui.model.status import Status
from orch_tui.project.history import RunSummary, runs
from orch_tui.project.journal.file import read_run
from orch_tui.project.paths import ProjectPaths

from tests.support.commands import command_here
from tests.support.past_runs import BEGIN, Past, write_past
from tests.support.projects import make_project


@pytest.fixture
def paths(tmp_path: Path) -> ProjectPaths:
    """Runs that fail until there is a file, of two orchestrations."""
    command = "echo {{ day }} >> days; test -e good"
    task = {"command": command}
    make_project(
        tmp_path,
        {"alpha": {"P": {"load": task, "more": "true"}}, "beta": {"P": {"send": "test -e good"}}},
        '[variables]\nday = "none"\n',
    )
    return ProjectPaths(tmp_path)


def of(paths: ProjectPaths, name: str) -> list[RunSummary]:
    return list(runs(paths, name))


def test_what_is_found_is_run_again_in_turn(paths: ProjectPaths) -> None:
    # GIVEN two failed runs of one orchestration, each with a variable, one of another, and one that succeeded
    for day in ("monday", "tuesday"):
        assert command_here(paths.root, "run", "alpha", "--var", f"day={day}", "--quiet").returncode == 1
    assert command_here(paths.root, "run", "beta", "--quiet").returncode == 1
    (paths.root / "good").write_text("")
    assert command_here(paths.root, "run", "beta", "--quiet").returncode == 0
    (paths.root / "days").unlink()
    # WHEN it is asked what would run THEN nothing is started, also where nobody can answer
    preview = command_here(paths.root, "runs", "--where", "status=error", "--rerun")
    assert preview.returncode == 2 and "give --yes where nobody can answer" in preview.stderr
    assert preview.stdout.count("1 will run, 1 reused") == 2 and "3 runs to start" in preview.stdout
    assert len(of(paths, "alpha")) == 2
    # WHEN it is done
    result = command_here(paths.root, "runs", "--where", "status=error", "--rerun", "--yes")
    assert result.returncode == 0, result.stdout + result.stderr
    assert "3 of 3 runs succeeded" in result.stdout
    # THEN each was gone on with, with its own variable, the earliest first
    assert (paths.root / "days").read_text() == "monday\ntuesday\n"
    second, first, *before = of(paths, "alpha")
    assert [run.continues for run in (first, second)] == [before[1].id, before[0].id]
    assert first.status is second.status is Status.SUCCESS and first.started < second.started  # type: ignore[operator]
    assert len(of(paths, "beta")) == 3
    # WHEN it is done once more THEN nothing is left to run
    again = command_here(paths.root, "runs", "--where", "status=error", "--rerun", "--yes")
    assert again.returncode == 2 and again.stdout.count("goes on from it already") == 3
    # AND one that succeeded is run whole, with the variables that it had
    assert command_here(paths.root, "rerun", first.id, "--yes").returncode == 0
    assert read_run(of(paths, "alpha")[0].directory).header.variables["day"] == "monday"


def test_what_cannot_be_run_again_is_said(paths: ProjectPaths) -> None:
    # GIVEN a damaged journal, a part of another run, one that nobody executes, one whose orchestration is gone
    damaged = write_past(paths, Past("alpha", BEGIN, Status.ERROR, why="x"))
    (paths.run("alpha", damaged) / "run.toml").write_text("damaged")
    write_past(paths, Past("alpha", BEGIN + 1, Status.ERROR, why="x", parent="beta/x/y"))
    write_past(paths, Past("alpha", BEGIN + 2, None))
    write_past(paths, Past("gone", BEGIN + 3, Status.ERROR, why="x"))
    # WHEN all are to be run again THEN each says why not, and nothing is started
    result = command_here(paths.root, "runs", "--where", "status=error or status=broken or is:interrupted", "--rerun")
    assert result.returncode == 2 and "0 runs to start; 4 cannot be run again" in result.stdout
    for why in ("its journal cannot be read", "it belongs to a task of another run", "it was interrupted", "gone"):
        assert f"nothing: {why}" in result.stdout or why in result.stdout
    assert len(of(paths, "alpha")) == 3


def test_one_that_fails_does_not_keep_the_others(paths: ProjectPaths) -> None:
    # GIVEN two failed runs that will fail again
    for _ in range(2):
        assert command_here(paths.root, "run", "beta", "--quiet").returncode == 1
    # WHEN they are run again THEN both are, and the exit code tells
    result = command_here(paths.root, "rerun", *(run.id for run in of(paths, "beta")), "--yes")
    assert result.returncode == 1 and "0 of 2 runs succeeded" in result.stdout
    assert len(of(paths, "beta")) == 4
    assert command_here(paths.root, "rerun", "beta", "--dry-run").stdout.endswith("1 run to start\n")
