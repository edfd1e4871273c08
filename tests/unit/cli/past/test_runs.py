"""``orch-tui runs`` and ``note``: which runs are listed, and what people noted of them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from orch_tui.model.status import Status
from orch_tui.project.paths import ProjectPaths

from tests.support.commands import command_here
from tests.support.past_runs import BEGIN, Past, write_past
from tests.support.projects import make_project


@pytest.fixture
def paths(tmp_path: Path) -> Iterator[ProjectPaths]:
    make_project(tmp_path, {"alpha": {"P": {"load": "true"}}, "beta": {"P": {"load": "true"}}})
    paths = ProjectPaths(tmp_path)
    paths.make_state()
    write_past(paths, Past("alpha", BEGIN))
    write_past(paths, Past("beta", BEGIN + 60, Status.ERROR, why="exit code 1: connection timeout", schedule="morning"))
    write_past(paths, Past("alpha", BEGIN + 120, Status.ERROR, why="no such table: raw", by="bob@host", seconds=90.0))
    yield paths


def listed(paths: ProjectPaths, *arguments: str) -> list[Any]:
    result = command_here(paths.root, "runs", "--json", *arguments)
    assert result.returncode == 0 and result.stderr == "", result.stderr
    found: list[Any] = json.loads(result.stdout)
    return found


def test_runs_are_searched_over_all_orchestrations(paths: ProjectPaths) -> None:
    # WHEN runs are searched THEN those are listed of which it holds, newest first
    both = listed(paths, "--where", "status=error")
    assert [run["orchestration"] for run in both] == ["alpha", "beta"]
    assert [run["trigger"] for run in both] == ["hand", "schedule"] and both[1]["schedule"] == "morning"
    assert [run["by"] for run in listed(paths, "-w", "who=bob took>1m")] == ["bob@host"]
    assert len(listed(paths, "alpha", "--where", "error~timeout")) == 0
    assert len(listed(paths, "--where", "")) == 3 and len(listed(paths, "--where", "", "-n", "2")) == 2
    # AND as a table, with how many there are
    result = command_here(paths.root, "runs", "--where", "timeout")
    assert "connection timeout" in result.stdout and result.stdout.count("\n") == 2
    assert result.stderr == "1 of 3 runs\n"
    nothing = command_here(paths.root, "runs", "--where", "since=1s")
    assert (nothing.returncode, nothing.stdout, nothing.stderr) == (0, "", "0 of 3 runs\n")


def test_a_search_that_means_nothing_is_a_sentence(paths: ProjectPaths) -> None:
    # WHEN it is no search THEN it says what is wrong, and exits as for wrong usage
    result = command_here(paths.root, "runs", "--where", "status=eror")
    assert result.returncode == 2 and result.stdout == ""
    assert result.stderr.startswith('error: --where: there is no status "eror"; did you mean "error"?')


def test_notes_are_shown_wherever_the_run_is(paths: ProjectPaths) -> None:
    run = listed(paths, "beta")[0]["id"]
    # GIVEN a run without notes
    assert "no note on run" in command_here(paths.root, "note", run).stderr
    # WHEN somebody notes something, and another by the name of the orchestration
    assert command_here(paths.root, "note", run, "the network", "was down").stdout == f"noted on run {run}\n"
    assert command_here(paths.root, "note", "beta", "řekl jsem adminům").returncode == 0
    # THEN it is listed, in runs, in show, for programs too, and found
    listing = command_here(paths.root, "note", run).stdout
    assert "the network was down" in listing and "řekl jsem adminům" in listing
    assert "note: řekl jsem adminům" in command_here(paths.root, "runs", "beta").stdout
    assert "the network was down" in command_here(paths.root, "show", run).stdout
    notes = json.loads(command_here(paths.root, "show", run, "--json").stdout)["notes"]
    assert [(note["level"], note["text"]) for note in notes] == [
        ("note", "the network was down"),
        ("note", "řekl jsem adminům"),
    ]
    assert [found["id"] for found in listed(paths, "-w", "note~network")] == [run]
    assert listed(paths, "-w", "network")[0]["notes"][0]["text"] == "the network was down"
    # WHEN one is taken away THEN the other stays
    assert command_here(paths.root, "note", run, "--remove", "1").stdout.endswith(": the network was down\n")
    assert [one["number"] for one in json.loads(command_here(paths.root, "note", run, "--json").stdout)] == [2]
    gone = command_here(paths.root, "note", run, "--remove", "1")
    assert gone.returncode == 2 and "has no note 1; its notes: 2" in gone.stderr


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("note", "last", "  "), "the note is empty"),
        (("note", "last", "x", "--remove", "1"), "--remove takes a note away"),
        (("note", "nowhere", "x"), 'neither a run nor an orchestration "nowhere"'),
    ],
)
def test_wrong_usage_of_note_is_a_sentence(paths: ProjectPaths, arguments: tuple[str, ...], says: str) -> None:
    # WHEN the command is wrong THEN nothing is noted
    result = command_here(paths.root, *arguments)
    assert result.returncode == 2 and says in result.stderr
    assert "no note" in command_here(paths.root, "note", "last").stderr
