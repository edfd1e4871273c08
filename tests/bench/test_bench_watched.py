"""What it costs a run to be watched on the screen of the process that executes it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from orch_tui.project.history import run_ids, summarize
from orch_tui.project.project import Project

from tests.pty.harness import PtyApp, orch_tui
from tests.support.engine_kit import make_commands

pytestmark = pytest.mark.bench
PHASES, TASKS = 10, 100


def _project(root: Path, command: str) -> Project:
    phases = {f"P{p}": {f"t{p}-{n}": command for n in range(TASKS)} for p in range(PHASES)}
    return make_commands(root, phases, "max_parallel = 8")


def _seconds(project: Project) -> float:
    summary = summarize(project.paths.run("o", run_ids(project.paths, "o")[0]))
    assert summary.state == "success" and summary.seconds is not None
    return summary.seconds


def _headless(project: Project) -> float:
    argv = [sys.executable, "-m", "orch_tui", "run", "o", "-q", "--project", str(project.root)]
    subprocess.run(argv, check=True)
    return _seconds(project)


def _watched(project: Project) -> tuple[float, float]:
    """Seconds of the run, and bytes to the terminal per second of it."""
    with PtyApp(orch_tui(project.root)) as terminal:
        terminal.wait_for("Phases")
        terminal.send("\r")
        terminal.wait_for("Components")
        terminal.send("R")
        terminal.wait_for("will run")
        before = len(terminal.log)
        terminal.send("\r")
        terminal.wait_for("processing")
        terminal.wait_until(lambda: "processing" not in terminal.text(), "the end")
        sent = len(terminal.log) - before
    seconds = _seconds(project)
    return seconds, sent / seconds


@pytest.mark.parametrize("command", ["/bin/true", "sleep 0.05"])
def test_a_thousand_tasks_watched_live(tmp_path: Path, command: str) -> None:
    first = _headless(_project(tmp_path / "a", command))
    watched, rate = _watched(_project(tmp_path / "b", command))
    second = _headless(_project(tmp_path / "c", command))
    ratio = watched / ((first + second) / 2)
    print(f"\n1,000 tasks '{command}' in 10 phases: watched {watched:.2f} s, headless {first:.2f} and {second:.2f} s,")
    print(f"  ratio {ratio:.2f} (budget 1.2), {rate / 1024:.1f} KB/s to the terminal")
