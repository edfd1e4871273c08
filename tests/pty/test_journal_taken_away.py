"""A screen that executes a run, and one that watches it, when the run's journal is taken away."""

from __future__ import annotations

from pathlib import Path

from tests.pty.harness import PtyApp, orch_tui
from tests.support.deletions import Deletion, moved_project, some, state
from tests.support.engine_kit import until
from tests.support.projects import living, make_project, start, wait_for_file

# In a session of its own, and with nothing of the task's but the tag in its environment.
HIDDEN = "setsid sh -c 'echo $$ > hidden; exec sleep 600' >/dev/null 2>&1 & until [ -s hidden ]; do sleep 0.01; done; "
TASK = "touch started; echo $$ > pid; exec sleep 600"


def _project(root: Path) -> Path:
    phases = {"First": {"a": f"cd {root}; {HIDDEN}{TASK}"}, "Second": {"b": f"touch {root}/second"}}
    return make_project(root / "p", {"main": phases})


def _screen(project: Path, until_shown: str) -> PtyApp:
    app = PtyApp(orch_tui(project), environment={"ORCH_TUI_CONFIG": str(project.parent / "no.toml")})
    app.wait_for("Main")
    app.send("\r")
    app.wait_for(until_shown)
    return app


def _over(root: Path) -> bool:
    return not living(root / "pid") and not living(root / "hidden")


def _still_works(app: PtyApp) -> None:
    """It takes keys, and ends as it should."""
    app.settle()
    app.send("q")
    assert app.exit_code() == 0, app.text()
    assert app.restored() and "Traceback" not in app.text()


@some(state, moved_project)
def test_a_screen_that_executes_the_run_ends_its_tasks_and_goes_on(tmp_path: Path, delete: Deletion) -> None:
    # GIVEN a run that a screen executes
    project = _project(tmp_path)
    with _screen(project, "Problems") as app:
        app.send("R")
        app.wait_for("2 will run")
        app.send("\r")
        app.wait_until((tmp_path / "started").exists, "the task to begin")
        app.wait_for("processing  0/2")
        # WHEN
        delete(project, "main")
        # THEN nothing of the run is left, nothing new was started, and the screen is as it was
        app.wait_until(lambda: _over(tmp_path), "the task to be ended")
        _still_works(app)
    assert not (tmp_path / "second").exists()


@some(state)
def test_a_screen_that_watches_the_run_goes_on(tmp_path: Path, delete: Deletion) -> None:
    # GIVEN a run that another process executes, and a screen that shows it
    project = _project(tmp_path)
    process = start(project, "run", "main", "--project", str(project), cwd=tmp_path)
    wait_for_file(tmp_path / "started", process)
    with _screen(project, "processing  0/2") as app:
        # WHEN
        delete(project, "main")
        process.communicate(timeout=60)
        # THEN
        until(lambda: _over(tmp_path))
        _still_works(app)
