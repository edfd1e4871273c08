"""The text that an attempt ran and the command that starts it by hand, from the run, the failure card and the log."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from orch_tui.project.project import Project
from orch_tui.tui.log.viewer import LogViewerScreen
from orch_tui.tui.runs.attempt_text import AttemptTextScreen
from textual.pilot import Pilot

from tests.support.engine_kit import make_commands, run, write_command
from tests.tui.driving import said, text_of, until, workbench


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A run that failed, and an edit of what failed."""
    monkeypatch.delenv("TMUX", raising=False)
    project = make_commands(tmp_path, {"First": {"good": "true", "bad": "echo [/no] ${TOKEN}; exit 3"}})
    monkeypatch.setenv("TOKEN", "hunter2-hunter2")
    run(project)
    write_command(tmp_path, "bad", "echo [/no] ${TOKEN}; exit 0")
    return project


def _copied(project: Project) -> str:
    return max((project.paths.state / "copied").iterdir(), key=lambda path: path.stat().st_mtime_ns).read_text()


async def _failed_run(pilot: Pilot[int], screen: object) -> None:
    await pilot.press("w")
    await until(pilot, lambda: getattr(screen, "run_shown", None) is not None, "the run")


async def test_what_was_edited_since_the_failure_is_shown(project: Project) -> None:
    async with workbench(project, "o") as (pilot, screen):
        await _failed_run(pilot, screen)
        # WHEN the text of the failed task is asked for on its card
        await pilot.press("exclamation_mark", "t")
        await until(pilot, lambda: isinstance(pilot.app.screen, AttemptTextScreen), "the text")
        # THEN the difference and the text are there, with references for secrets
        shown = text_of(pilot)
        assert "command/bad as attempt 1 ran it" in shown and "edited since" in shown
        assert '-command = "echo [/no] ${TOKEN}; exit 3"' in shown
        assert '+command = "echo [/no] ${TOKEN}; exit 0"' in shown
        # AND Esc goes back to the run
        await pilot.press("escape")
        assert pilot.app.screen is screen and screen.run_shown is not None
        # AND of a task that was not edited it is said
        await screen.desk.do("workbench.pane-tree")
        screen.phase_tree.go_to("good")
        await pilot.press("t")
        await until(pilot, lambda: isinstance(pilot.app.screen, AttemptTextScreen), "the text")
        assert "not edited since" in text_of(pilot) and "From then to now" not in text_of(pilot)


@pytest.mark.parametrize("where", ["tree", "card", "log"])
async def test_the_command_is_copied_and_works(project: Project, where: str) -> None:
    async with workbench(project, "o") as (pilot, screen):
        await _failed_run(pilot, screen)
        screen.phase_tree.go_to("bad")
        if where == "card":
            await pilot.press("exclamation_mark", "y")
        elif where == "tree":
            await pilot.press("Y")
        else:
            await pilot.press("L")
            await until(pilot, lambda: isinstance(pilot.app.screen, LogViewerScreen), "the log")
            await pilot.press("C")
        # THEN which way it went is said, and what must be set
        await until(pilot, lambda: "set these secrets in your shell first: TOKEN" in said(pilot), "the sentence")
        assert "sent to the terminal's clipboard" in said(pilot) and ".orch/copied/" in said(pilot)
    # AND what was copied can be pasted
    text = _copied(project)
    assert "hunter2" not in text
    done = subprocess.run(["/bin/sh"], input=text, capture_output=True, text=True, timeout=30, check=False)
    assert (done.returncode, done.stdout) == (3, "[/no] *****\n")
    shutil.rmtree(done.stderr.partition("data folder: ")[2].strip())


async def test_an_attempt_whose_files_are_gone_says_so(project: Project) -> None:
    async with workbench(project, "o", size=(80, 24)) as (pilot, screen):
        await _failed_run(pilot, screen)
        shutil.rmtree(next(project.paths.runs("o").iterdir()) / "tasks" / "bad")
        screen.phase_tree.go_to("bad")
        await pilot.press("t", "Y")
        await until(pilot, lambda: said(pilot).count("the files of this attempt are gone") == 2, "the sentences")


async def test_the_text_is_shown_from_the_log_of_its_attempt(project: Project) -> None:
    async with workbench(project, "o", size=(80, 24)) as (pilot, screen):
        await _failed_run(pilot, screen)
        screen.phase_tree.go_to("bad")
        await pilot.press("L")
        await until(pilot, lambda: isinstance(pilot.app.screen, LogViewerScreen), "the log")
        await pilot.press("t")
        await until(pilot, lambda: isinstance(pilot.app.screen, AttemptTextScreen), "the text")
        assert "From then to now" in text_of(pilot)
