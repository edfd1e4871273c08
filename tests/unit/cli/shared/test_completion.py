"""What a shell is offered: commands, and the names that a project has."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.projects import ROOT

SAMPLE = ROOT / "sample_configs"


def offered(line: list[str], cwd: Path = SAMPLE) -> list[str]:
    """The names offered for the last word of ``line``, as bash would be given them."""
    env = {**os.environ, "COMP_WORDS": " ".join(line), "COMP_CWORD": str(len(line) - 1)}
    env["_ORCH_TUI_COMPLETE"] = "bash_complete"
    argv = [sys.executable, "-m", "orch_tui"]
    env["PYTHONPATH"] = str(ROOT)
    found = subprocess.run(argv, cwd=cwd, env=env, capture_output=True, text=True, timeout=60)
    assert found.stderr == ""
    return [item.partition(",")[2] for item in found.stdout.splitlines() if item]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (["orch-tui", "can"], {"cancel"}),
        (["orch-tui", "run", "camp"], {"campaigns", "campaigns-to-mailchimp"}),
        (["orch-tui", "check", "fl"], {"flights"}),
        (["orch-tui", "run", "campaigns", "--only", "campaign-p"], {"campaign-performance"}),
        (["orch-tui", "component", "schema", "sqlite"], {"sqlite-extractor", "sqlite-writer"}),
        (["orch-tui", "watch", "las"], {"last"}),
        (["orch-tui", "test", "sql/campaign-p"], {"sql/campaign-performance"}),
    ],
)
def test_names_of_the_project_are_offered(line: list[str], expected: set[str]) -> None:
    assert expected <= set(offered(line))


def test_phases_of_the_orchestration_named_before(tmp_path: Path) -> None:
    # GIVEN a project in another place, named by its option
    project = shutil.copytree(SAMPLE, tmp_path / "p", ignore=shutil.ignore_patterns(".orch", "out"))
    line = ["orch-tui", "run", "campaigns", "--project", str(project), "--from-phase", ""]
    # WHEN its phases are asked for THEN they are there
    assert "writer-phase" in offered(line, tmp_path)


@pytest.mark.parametrize("line", [["orch-tui", "run", "c"], ["orch-tui", "show", "last", "x"]])
def test_nothing_is_offered_where_there_is_no_project(tmp_path: Path, line: list[str]) -> None:
    assert offered(line, tmp_path) == []


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_of_each_shell(shell: str) -> None:
    script = subprocess.run(
        [sys.executable, "-m", "orch_tui", "completion", shell], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert (script.returncode, script.stderr) == (0, "")
    assert "_ORCH_TUI_COMPLETE" in script.stdout and "orch-tui" in script.stdout
    if shutil.which(shell):
        # WHEN the shell itself reads it THEN it is no syntax error
        option = "--no-execute" if shell == "fish" else "-n"
        subprocess.run([shell, option], input=script.stdout, text=True, check=True, timeout=60)
