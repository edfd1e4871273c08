"""What the screen costs: the time to its first picture against a bare Textual application, bytes at rest."""

from __future__ import annotations

import shutil
import statistics
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.pty.harness import PtyApp, orch_tui

_ROUNDS = 9
_BUDGET = 1.3
_SAMPLE = Path(__file__).resolve().parents[2] / "sample_configs"
_BARE = """
from textual.app import App
from textual.widgets import Static
class Bare(App):
    def compose(self):
        yield Static("Orchestrations")
Bare().run()
"""


def _first_picture(argv: Sequence[str], environment: dict[str, str | None]) -> float:
    """Seconds from the start of the process until the word is on the screen."""
    with PtyApp(argv, environment=environment) as app:
        app.wait_for("Orchestrations")
        return time.monotonic() - app.started


@pytest.mark.bench
def test_the_first_picture(tmp_path: Path) -> None:
    project = tmp_path / "project"
    shutil.copytree(_SAMPLE, project, ignore=shutil.ignore_patterns(".orch"))
    # Installed programs have their bytecode; a test run may have been told not to write any.
    environment: dict[str, str | None] = {
        "PYTHONDONTWRITEBYTECODE": None,
        "PYTHONPYCACHEPREFIX": str(tmp_path / "bytecode"),
        "ORCH_TUI_CONFIG": str(tmp_path / "config.toml"),
    }
    bare, ours = [sys.executable, "-c", _BARE], orch_tui(project)
    for argv in (bare, ours):
        _first_picture(argv, environment)
    # Turn by turn, so that a change of the machine's load hits both.
    pairs = [(_first_picture(bare, environment), _first_picture(ours, environment)) for _ in range(_ROUNDS)]
    base, time_ours = (statistics.median(column) for column in zip(*pairs, strict=True))
    ratio = statistics.median(mine / theirs for theirs, mine in pairs)
    print(f"\nfirst picture: bare {base * 1000:.0f} ms, orch-tui {time_ours * 1000:.0f} ms, ratio {ratio:.2f}")
    assert ratio <= _BUDGET


@pytest.mark.bench
def test_bytes_at_rest(tmp_path: Path) -> None:
    project = tmp_path / "project"
    shutil.copytree(_SAMPLE, project, ignore=shutil.ignore_patterns(".orch"))
    with PtyApp(orch_tui(project), environment={"ORCH_TUI_CONFIG": str(tmp_path / "config.toml")}) as app:
        app.wait_for("Orchestrations")
        app.settle()
        drawn, cpu = len(app.log), app.cpu()
        resting = len(app.pump(10))
        print(f"\nfirst picture {drawn} bytes; at rest {resting} bytes and {(app.cpu() - cpu) * 10:.1f} % CPU in 10 s")
        assert resting == 0
