"""The walk-through of the original in a real terminal, by keys alone."""

from __future__ import annotations

from pathlib import Path

import pytest
from orch_tui.tui.workbench.model import Workbench

from tests.pty.harness import PtyApp, orch_tui
from tests.tui.seed import sample_project, structure, write_orchestration

SIZES = pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 50)], ids=str)
MOST_KEYS = 45
"""Besides the name of a phase, which is as long as it is."""
MOST_KEYS_TO_A_LOG = 7


class Hands:
    """Presses keys one after another, each when what the one before must show is there, and counts them."""

    def __init__(self, app: PtyApp) -> None:
        self._app = app
        self.pressed = 0

    def press(self, keys: str, shows: str) -> None:
        self._app.send(keys)
        self.pressed += len(keys)
        self._app.wait_for(shows)

    def type(self, text: str) -> None:
        self.press(text, text)

    def leave(self, key: str, gone: str) -> None:
        self._app.send(key)
        self.pressed += 1
        self._app.wait_gone(gone)


@SIZES
def test_from_the_empty_orchestration_to_the_four_phases(tmp_path: Path, size: tuple[int, int]) -> None:
    # GIVEN a project with an empty orchestration, first in the list
    project = sample_project(tmp_path)
    write_orchestration(project, "aaa", 'name = "AAA"\n')
    name = "Second Transformation Phase"
    with PtyApp(orch_tui(project.root), size=size) as app:
        app.wait_for("AAA")
        hands = Hands(app)
        hands.press("\r", "No phases yet")
        # WHEN tasks are added in the wrong order: a component by a part of its name, Enter, its configurations
        hands.press("a", "Esc closes")
        for words, adding, shows in (
            ("sql", ("+", "\x1b[B", "+"), "2 tasks added"),
            ("wri", ("\x1b[B", "+"), "3 tasks added"),
            ("file", ("cam", "+"), "4 tasks added"),
            ("lite", ("+",), "5 tasks added"),
        ):
            hands.type(words)
            hands.press("\r", "back to components")
            for keys in adding:
                app.send(keys)
                hands.pressed += 1 if keys.startswith("\x1b") else len(keys)
                app.settle(0.1)
            app.wait_for(shows)
            hands.press("\x1b", "Esc closes")
        hands.leave("\x1b", "Esc closes")
        # AND grouped by the type of their components
        hands.press("g", "take the place of the present ones")
        hands.leave("\r", "take the place")
        # AND the second transformation is moved to a phase that is typed, and that phase moves up
        hands.press("Gkk", "New recipients")
        hands.press("m", "Move SQL")
        app.send(name)
        app.wait_for("New phase Second")
        hands.press("\r", f"4 {name}")
        hands.press("[", f"3 {name}")
        hands.press("s", "AAA ─ saved")
        assert hands.pressed <= MOST_KEYS, hands.pressed
        # THEN the program leaves without a question, and the file has the phases of the sample
        app.send("q")
        assert app.exit_code() == 0
        assert app.restored()
    saved, wanted = Workbench.open(project, "aaa").value, Workbench.open(project, "campaigns").value
    assert structure(saved) == structure(wanted)


@SIZES
def test_from_nothing_to_the_first_log(tmp_path: Path, size: tuple[int, int]) -> None:
    # GIVEN a project that was never opened
    project = sample_project(tmp_path)
    with PtyApp(orch_tui(project.root), size=size) as app:
        app.wait_for("Campaigns")
        hands = Hands(app)
        # WHEN its first orchestration is opened and run, and the log of a task asked for
        hands.press("\r", "Extractor phase")
        hands.press("R", "5 will run")
        hands.press("\r", "5/5")
        hands.press("gj", "Campaigns")
        hands.press("L", "Log of")
        # THEN the log is there
        app.wait_for("60 rows")
        assert hands.pressed <= MOST_KEYS_TO_A_LOG, hands.pressed


def test_nothing_is_sent_while_nothing_changes(tmp_path: Path) -> None:
    # GIVEN the workbench, quiet
    project = sample_project(tmp_path)
    with PtyApp(orch_tui(project.root)) as app:
        app.wait_for("Campaigns")
        app.send("\r")
        app.wait_for("Components")
        app.settle(1.0)
        # WHEN nothing is pressed THEN no byte comes
        assert app.pump(2.0) == b""


def test_an_edit_survives_kill_9(tmp_path: Path) -> None:
    # GIVEN an unsaved edit whose draft had the time to be written
    project = sample_project(tmp_path)
    draft = project.paths.drafts / "campaigns.toml"
    with PtyApp(orch_tui(project.root)) as app:
        app.wait_for("Campaigns")
        app.send("\r")
        app.wait_for("Extractor phase")
        app.send("x")
        app.wait_for("unsaved")
        app.wait_until(draft.exists, "the draft")
        # WHEN the program is killed
        app.signal(9)
        assert app.exit_code() == -9
    # THEN the next one offers the edit and restores it
    with PtyApp(orch_tui(project.root)) as app:
        app.wait_for("Campaigns")
        app.send("\r")
        app.wait_for("edits that were not saved")
        app.send("r")
        app.wait_for("● unsaved")
        app.wait_for("disabled")
