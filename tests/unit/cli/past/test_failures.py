"""``orch-tui failures``."""

from __future__ import annotations

import json
from pathlib import Path

from orch_tui.model.status import Status
from orch_tui.project.paths import ProjectPaths

from tests.support.commands import command_here
from tests.support.past_runs import BEGIN, Past, write_past
from tests.support.projects import make_project


def test_failures_are_listed_by_what_they_say(tmp_path: Path) -> None:
    # GIVEN failures of two kinds in two orchestrations
    make_project(tmp_path, {"alpha": {"P": {"load": "true"}}, "beta": {"P": {"load": "true"}}})
    paths = ProjectPaths(tmp_path)
    assert "0 failures in 0 runs" in command_here(tmp_path, "failures").stderr
    for number in range(3):
        write_past(paths, Past("alpha", BEGIN + number * 60, Status.ERROR, why=f"timeout after {number} s"))
    write_past(paths, Past("alpha", BEGIN + 300))
    last = write_past(paths, Past("beta", BEGIN + 400, Status.ERROR, why="no such table: raw"))
    # WHEN they are listed
    result = command_here(tmp_path, "failures")
    # THEN a line for each kind says how often, what cured it, and the latest run
    lines = result.stdout.splitlines()
    assert lines[0].split("  ")[0].strip() == "times" and len(lines) == 3
    assert lines[1].split()[0] == "3" and "Load: timeout after 2 s" in lines[1] and "alpha" in lines[1]
    assert lines[2].endswith(last) and "no such table: raw" in lines[2]
    assert result.stderr == "4 failures in 5 runs, 2 kinds\n"
    # AND for programs, of one orchestration, of those of which a search holds
    found = json.loads(command_here(tmp_path, "failures", "--json").stdout)
    assert [(one["count"], one["cures"]) for one in found] == [(3, {"rerun": 1, "again": 2}), (1, {"not-yet": 1})]
    assert found[0]["pattern"] == "timeout after # s" and len(found[0]["runs"]) == 3
    assert len(json.loads(command_here(tmp_path, "failures", "beta", "--json").stdout)) == 1
    assert len(json.loads(command_here(tmp_path, "failures", "-w", "error~table", "--json").stdout)) == 1
    wrong = command_here(tmp_path, "failures", "--where", "status=")
    assert wrong.returncode == 2 and "--where: a value is missing" in wrong.stderr
