"""What every test of the screen starts from: the same terminal, no person's own settings, a small project."""

from __future__ import annotations

import inspect
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from orch_tui.model.events import events
from orch_tui.model.run.plan import Decision, PlannedPhase, PlannedTask, RunPlan
from orch_tui.model.run.runstate import RunHeader
from orch_tui.model.status import Status
from orch_tui.project.journal.file import Journal
from orch_tui.project.paths import make_private
from orch_tui.project.project import Project, open_project
from textual.pilot import Pilot

from tests.tui.settling import settled, waiting

__all__ = ["waiting"]

# 22 November 2026, 15:00 UTC; runs of the tests are dated from here back.
NOW = 1_795_359_600.0


@pytest.fixture(autouse=True)
def same_terminal(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """True colour, UTC, and a configuration file that is not there."""
    for name in ("NO_COLOR", "TEXTUAL_THEME", "TEXTUAL_COLOR_SYSTEM"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COLORTERM", "truecolor")
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("ORCH_TUI_CONFIG", str(tmp_path / "no-config.toml"))
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.fixture
def snap_compare(snap_compare: Callable[..., bool]) -> Callable[..., bool]:
    """Compares the picture of a screen that has come to rest."""

    def compare(
        app: Any,
        terminal_size: tuple[int, int] = (80, 24),
        run_before: Callable[[Pilot[Any]], Awaitable[None] | None] | None = None,
    ) -> bool:
        async def play(pilot: Pilot[Any]) -> None:
            if run_before is not None:
                played = run_before(pilot)
                if inspect.isawaitable(played):
                    await played
            await settled(pilot)

        return snap_compare(app, terminal_size=terminal_size, run_before=play)

    return compare


_FILES = {
    "orch.toml": 'name = "Test project"\n',
    "configurations/command/one.toml": 'name = "One"\n[parameters]\ncommand = "true"\n',
    "orchestrations/alpha.toml": """\
# kept
name = "Alpha"
description = "The first one."
[[phases]]
name = "Extract"
[[phases.tasks]]
configuration = "command/one"
[[phases]]
name = "Load"
[[phases.tasks]]
configuration = "command/one"
[[phases.tasks]]
configuration = "command/one"
""",
    "orchestrations/beta.toml": """\
name = "Beta [/usr/bin] [bold]x"
[[phases]]
name = "Only"
[[phases.tasks]]
configuration = "command/gone"
""",
    "orchestrations/broken.toml": 'name = "Broken\n',
}


def write_files(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return root


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """Three orchestrations: a good one, one with markup in its name and a configuration that is gone, a broken one."""
    return open_project(write_files(tmp_path / "project", _FILES))


@pytest.fixture
def empty_project(tmp_path: Path) -> Project:
    return open_project(write_files(tmp_path / "empty", {"orch.toml": 'name = "Empty"\n'}))


@dataclass
class MakeRun:
    """Writes the journals of runs."""

    project: Project
    number: int = 0

    def __call__(
        self, orchestration: str, end: Status | None = Status.SUCCESS, *, seconds: float = 5.0, at: float = NOW - 3600
    ) -> str:
        """A run that ended so, or that nobody executes any more; its id."""
        self.number += 1
        run = f"20261122-{self.number:06}"
        directory = self.project.paths.run(orchestration, run)
        make_private(directory)
        task = PlannedTask("t", "command/one", "T", "p", Decision.RUN)
        plan = RunPlan(orchestration, orchestration, (PlannedPhase("p", "P", (task,), 1),))
        journal = Journal.create(directory, RunHeader(run, orchestration, orchestration, at, "ann@host"), plan)
        if end is not None:
            journal.append(events.run_ended(at + seconds, end, None, seconds, {end: 1}))
        journal.close()
        return run


@pytest.fixture
def make_run(project: Project) -> MakeRun:
    return MakeRun(project)
