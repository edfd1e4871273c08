"""A run on a real terminal: started, watched, left running, found again, stopped."""

from __future__ import annotations

from pathlib import Path

import pytest
from orch_tui.model.status import Status
from orch_tui.project.history import latest
from orch_tui.project.journal.file import is_executed, read_run
from orch_tui.project.paths import ProjectPaths

from tests.pty.harness import PtyApp, orch_tui
from tests.support.engine_kit import until
from tests.support.projects import make_project

GATE = 'while [ ! -e "$ORCH_PROJECT/gate" ]; do sleep 0.05; done'


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return make_project(tmp_path / "p", {"main": {"First": {"a": GATE}, "Second": {"b": "true"}}})


def start(root: Path, size: tuple[int, int] = (120, 40)) -> PtyApp:
    app = PtyApp(orch_tui(root), size=size, environment={"ORCH_TUI_CONFIG": str(root / "no.toml")})
    app.wait_for("Main")
    app.send("\r")
    return app


def run_directory(root: Path) -> Path:
    summary = latest(ProjectPaths(root), "main")
    assert summary is not None
    return summary.directory


def test_a_run_is_left_running_and_found_again(root: Path) -> None:
    # GIVEN a run that was started on the screen
    with start(root) as app:
        app.wait_for("Problems")
        app.send("R")
        app.wait_for("2 will run")
        app.send("\r")
        app.wait_for("processing  0/2")
        # WHEN the program is left, and the run is not stopped
        app.send("q")
        app.wait_for("Leave it running")
        app.send("l")
        assert app.exit_code() == 0
        assert app.restored()
    directory = run_directory(root)
    # THEN it goes on without a terminal
    until(lambda: is_executed(directory))
    assert not read_run(directory).finished
    # AND the next program shows it live, to its end
    with start(root, (80, 24)) as app:
        # The list of orchestrations says "processing", too: what is waited for is the run in its own screen.
        app.wait_for("3 Problems")
        app.wait_for("processing  0/2")
        (root / "gate").touch()
        app.send("3")
        app.wait_for("success  2/2")
    state = read_run(directory)
    assert state.status is Status.SUCCESS
    assert [len(task.attempts) for task in state.tasks.values()] == [1, 1]


def test_a_lost_line_does_not_end_the_run(root: Path) -> None:
    # GIVEN a run on a terminal
    with start(root) as app:
        app.wait_for("Problems")
        app.send("R")
        app.wait_for("2 will run")
        app.send("\r")
        app.wait_for("processing  0/2")
        # WHEN the line is cut
        app.hang_up()
        assert app.exit_code() == 129
    # THEN a successor brings it to its end
    directory = run_directory(root)
    until(lambda: is_executed(directory))
    (root / "gate").touch()
    until(lambda: read_run(directory).finished)
    assert read_run(directory).status is Status.SUCCESS


def test_a_second_terminal_watches_and_stops(root: Path) -> None:
    # GIVEN two terminals, one of which executes a run
    with start(root) as first, start(root) as second:
        for app in (first, second):
            app.wait_for("Problems")
        first.send("R")
        first.wait_for("2 will run")
        first.send("\r")
        # WHEN the other one, which shows it too, stops it
        second.wait_for("processing  0/2")
        second.send("X")
        second.wait_for("Stop this run?")
        second.send("n")
        # THEN both see its end, and after it not a byte comes
        for app in (first, second):
            app.wait_for("terminated  2/2")
        first.wait_until(lambda: b"Main 0/2" in first.log, "the title to say that neither of two has succeeded")
        first.settle()
        assert first.pump(4) == b""
