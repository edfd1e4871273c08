"""Versions of definitions on the command line: what a run used, git's commits beside them, the trash."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.support.commands import command_here
from tests.support.projects import latest_run, make_project, orch


def _json(project: Path, *arguments: str) -> Any:
    done = command_here(project, "definitions", *arguments, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def _git(project: Path, *arguments: str) -> str:
    identity = {f"GIT_{who}_{what}": "ann@example.org" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    command = ["git", "-C", str(project), *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True, env=os.environ | identity).stdout


def test_a_run_links_to_exactly_what_it_ran(tmp_path: Path) -> None:
    # GIVEN a run, and another one after its command was changed by hand
    project = make_project(tmp_path, {"daily": {"Load": {"a": "echo first"}}})
    assert orch(project, "run", "daily").returncode == 0
    first = latest_run(project, "daily").name
    file = project / "configurations/command/a.toml"
    text = file.read_text()
    file.write_text(f"# better\n{text.replace('first', 'second')}")
    assert orch(project, "run", "daily").returncode == 0
    # THEN each knows the version that it ran
    used = {run: _json(project, "used", run)["states"] for run in (first, "last")}
    versions = {
        run: {one["definition"]: one["version"] for one in states[0]["definitions"]} for run, states in used.items()
    }
    assert versions == {
        first: {"orchestration/daily": 1, "command/a": 1},
        "last": {"orchestration/daily": 1, "command/a": 2},
    }
    # AND that version is there, whole; going back to it says who and why
    assert command_here(project, "definitions", "show", "command/a", "1").stdout == text
    assert command_here(project, "definitions", "roll-back", "command/a", "1", "-n", "it was better").returncode == 0
    assert file.read_text() == text
    newest = _json(project, "versions", "command/a")["versions"][0]
    assert (newest["version"], newest["change"], newest["of"], newest["note"]) == (3, "rolled back", 1, "it was better")


def test_what_changed_is_told_by_lines_and_by_fields(tmp_path: Path) -> None:
    project = make_project(tmp_path, {"daily": {"Load": {"a": {"command": "true", "timeout": "1m"}}}})
    orch(project, "run", "daily")
    file = project / "orchestrations/daily.toml"
    file.write_text(file.read_text().replace("1m", "2m"))
    done = command_here(project, "definitions", "diff", "daily", "--exit-code")
    assert done.returncode == 1
    assert '-timeout = "1m"' in done.stdout and '+timeout = "2m"' in done.stdout
    told = _json(project, "diff", "daily", "1", "now")
    assert told["fields"] == [
        {"file": "orchestrations/daily.toml", "field": "phases[Load].tasks[a].timeout", "before": "1m", "after": "2m"}
    ]
    assert "timeout: '1m' → '2m'" in command_here(project, "definitions", "diff", "daily", "--fields").stdout


def test_commits_are_listed_with_versions_and_nothing_is_committed(tmp_path: Path) -> None:
    # GIVEN a project in a work tree, committed, then changed and run
    project = make_project(tmp_path, {"daily": {"Load": {"a": "echo first"}}})
    _git(project, "init", "-q")
    _git(project, "add", "-A")
    _git(project, "commit", "-qm", "As it began")
    before = _git(project, "rev-parse", "HEAD"), (project / ".git/index").read_bytes()
    file = project / "configurations/command/a.toml"
    committed = file.read_text()
    file.write_text(committed.replace("first", "second"))
    orch(project, "run", "daily")
    # WHEN its versions are listed THEN the commit is among them, and can be gone back to
    (commit,) = _json(project, "versions", "command/a")["commits"]
    assert (commit["subject"], commit["by"]) == ("As it began", "ann@example.org")
    assert command_here(project, "definitions", "roll-back", "command/a", commit["commit"][:8]).returncode == 0
    assert file.read_text() == committed
    # AND git has what it had
    assert (_git(project, "rev-parse", "HEAD"), (project / ".git/index").read_bytes()) == before


def test_the_trash_is_listed_and_given_back(tmp_path: Path) -> None:
    from orch_tui.project.project import open_project
    from orch_tui.project.saving.catalog import delete_orchestration

    project = make_project(tmp_path, {"daily": {"Load": {"a": "true"}}})
    text = (project / "orchestrations/daily.toml").read_text()
    delete_orchestration(open_project(project), "daily")
    assert [one["file"] for one in _json(project, "trash")] == ["orchestrations/daily.toml"]
    assert command_here(project, "definitions", "put-back").returncode == 0
    assert (project / "orchestrations/daily.toml").read_text() == text
    assert _json(project, "trash") == []
    assert "0 files" in command_here(project, "definitions", "put-back").stderr


@pytest.mark.parametrize("ref", ["", " ", "-", "../x", "a/b/c", "/x", "x" * 300], ids=lambda ref: f"{ref[:5]!r}")
def test_what_is_no_reference_is_said(tmp_path: Path, ref: str) -> None:
    project = make_project(tmp_path, {"daily": {"P": {"a": "true"}}})
    for command, *more in (("versions",), ("show", "now"), ("diff",), ("diff", "1", "now"), ("roll-back", "1")):
        done = command_here(project, "definitions", command, "--", ref, *more)
        assert done.returncode == 2, (command, done.stderr)
        assert "is neither the id of an orchestration nor COMPONENT/ID" in done.stderr
