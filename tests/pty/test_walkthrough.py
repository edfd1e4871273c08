"""The walk-through of the original in a real terminal, by keys alone."""

from __future__ import annotations

from pathlib import Path

import pytest
from orch_tui.tui.workbench.model import Workbench

from tests.pty.harness import PtyApp, orch_tui
from tests.tui.seed import sample_project, structure, write_orchestration


def press(app: PtyApp, keys: str, shows: str) -> None:
    """Send keys and wait for what they must show."""
    app.send(keys)
    app.wait_for(shows)


@pytest.mark.parametrize("size", [(120, 40), (80, 24)])
def test_from_the_empty_orchestration_to_the_four_phases(tmp_path: Path, size: tuple[int, int]) -> None:
    # GIVEN a project with an empty orchestration, first in the list
    project = sample_project(tmp_path)
    write_orchestration(project, "aaa", 'name = "AAA"\n')
    with PtyApp(orch_tui(project.root), size=size) as app:
        app.wait_for("AAA")
        press(app, "\r", "No phases yet")
        # WHEN tasks are added in the wrong order: component, Enter, configuration, +
        press(app, "a", "Esc closes")
        for words, text, shows in (
            ("sql", "performance", "1 task added"),
            ("sql", "cipient", "2 tasks added"),
            ("file writer", "recipients", "3 tasks added"),
            ("file extractor", "campaigns", "4 tasks added"),
            ("sqlite extractor", "email", "5 tasks added"),
        ):
            app.send(words)
            app.wait_for(words)
            press(app, "\r", "back to components")
            app.send(text)
            app.wait_for(text)
            press(app, "+", shows)
            press(app, "\x1b", "Esc closes")
        app.send("\x1b")
        app.wait_gone("Esc closes")
        press(app, "g", "take the place of the present ones")
        app.send("\r")
        app.wait_gone("take the place")
        # AND the second transformation is marked, moved to a phase that is typed, and that phase moves up
        app.send("ggjjjjj")
        press(app, " ", "1 marked")
        press(app, "m", "Move SQL")
        app.send("Second Transformation Phase")
        app.wait_for("New phase Second")
        press(app, "\r", "4 Second Transformation Phase")
        press(app, "[", "3 Second Transformation Phase")
        press(app, "s", "AAA ─ saved")
        # THEN the program leaves without a question, and the file has the phases of the sample
        app.send("q")
        assert app.exit_code() == 0
        assert app.restored()
    saved, wanted = Workbench.open(project, "aaa").value, Workbench.open(project, "campaigns").value
    assert structure(saved) == structure(wanted)


def test_nothing_is_sent_while_nothing_changes(tmp_path: Path) -> None:
    # GIVEN the workbench, quiet
    project = sample_project(tmp_path)
    with PtyApp(orch_tui(project.root)) as app:
        app.wait_for("Campaigns")
        press(app, "\r", "Components")
        app.settle(1.0)
        # WHEN nothing is pressed THEN no byte comes
        assert app.pump(2.0) == b""


def test_an_edit_survives_kill_9(tmp_path: Path) -> None:
    # GIVEN an unsaved edit whose draft had the time to be written
    project = sample_project(tmp_path)
    draft = project.paths.drafts / "campaigns.toml"
    with PtyApp(orch_tui(project.root)) as app:
        app.wait_for("Campaigns")
        press(app, "\r", "Extractor phase")
        press(app, "x", "unsaved")
        app.wait_until(draft.exists, "the draft")
        # WHEN the program is killed
        app.signal(9)
        assert app.exit_code() == -9
    # THEN the next one offers the edit and restores it
    with PtyApp(orch_tui(project.root)) as app:
        app.wait_for("Campaigns")
        press(app, "\r", "edits that were not saved")
        press(app, "r", "● unsaved")
        app.wait_for("disabled")
