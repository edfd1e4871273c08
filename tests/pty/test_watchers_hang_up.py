"""A terminal that hangs up under those who only watch a run: they end at once, and the run does not notice."""

from __future__ import annotations

import shlex
import signal
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from subprocess import Popen
from typing import Any

import pytest
from orch_tui.model.status import Status
from orch_tui.project.journal.file import is_executed, read_run

from tests.pty.harness import PtyApp, orch_tui
from tests.support.engine_kit import until
from tests.support.owned import descendants
from tests.support.projects import end, latest_run, make_project, start, wait_for_file

QUIET = "echo first line; touch started; while [ ! -e go ]; do sleep 0.05; done"
LOUD = "echo first line; touch started; while [ ! -e go ]; do echo more; sleep 0.02; done"
WATCHERS = {
    "watch": ("watch", "main"),
    "logs of a task": ("logs", "main", "a", "-f"),
    "logs of a run": ("logs", "main", "-f"),
    "raw logs": ("logs", "main", "a", "-f", "--raw"),
    "screen": (),
}
_HUNG_UP = {-signal.SIGHUP, 128 + signal.SIGHUP}
_IGNORING = ["sh", "-c", 'trap "" HUP; exec "$@"', "sh"]


@dataclass
class Watched:
    """A run that another process, without a terminal, executes until there is a file ``go``."""

    project: Path
    executor: Popen[str]

    def argv(self, watcher: str) -> list[str]:
        words = WATCHERS[watcher]
        command = [sys.executable, "-m", "orch_tui", *words, "--project", str(self.project)]
        return command if words else orch_tui(self.project)

    def terminal(self, argv: list[str]) -> PtyApp:
        return PtyApp(argv, environment={"ORCH_TUI_CONFIG": str(self.project / "no.toml"), "PS1": "login$ "})

    def is_watched_by(self, watcher: str, terminal: PtyApp) -> None:
        """Wait until the terminal shows something of the run."""
        if watcher == "screen":
            terminal.wait_for("Main")
            terminal.send("\r")
            terminal.wait_for("processing  0/2")
        else:
            word = b"processing" if watcher == "watch" else b"first line"
            terminal.wait_until(lambda: word in terminal.log, word.decode())

    def goes_on(self) -> None:
        """The executor is the one it was, and brings the run to its end."""
        directory = latest_run(self.project, "main")
        assert self.executor.poll() is None and is_executed(directory)
        (self.project / "go").touch()
        said, _ = self.executor.communicate(timeout=30)
        state = read_run(directory)
        assert self.executor.returncode == 0 and "Traceback" not in said, said
        assert state.status is Status.SUCCESS and not state.cancelled_by
        assert [executor["pid"] for executor in state.executors] == [self.executor.pid]
        assert all(len(task.attempts) == 1 for task in state.tasks.values())


@pytest.fixture(params=[QUIET, pytest.param(LOUD, marks=pytest.mark.long)], ids=["quiet", "loud"])
def watched(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Watched]:
    project = make_project(tmp_path / "p", {"main": {"First": {"a": request.param}, "Second": {"b": "true"}}})
    made = Watched(project, start(project, "run", "main"))
    wait_for_file(project / "started", made.executor)
    until(lambda: read_run(latest_run(project, "main")).tasks["a"].status is Status.PROCESSING)
    yield made
    (project / "go").touch()
    end(made.executor)


def _faultless(terminal: PtyApp, watched: Watched) -> None:
    assert b"Traceback" not in terminal.log and b"fault of orch-tui" not in terminal.log
    assert not [*(watched.project / ".orch").rglob("*.txt")], "a fault was reported"


def some(*short: str) -> pytest.MarkDecorator:
    """Parametrizes ``watcher``: these always, the others by hand with ``-m long``."""
    marked: list[Any] = [one if one in short else pytest.param(one, marks=pytest.mark.long) for one in WATCHERS]
    return pytest.mark.parametrize("watcher", marked)


@some("watch", "screen")
def test_a_terminal_that_is_closed_ends_who_watches_and_not_the_run(watched: Watched, watcher: str) -> None:
    # GIVEN who watches a run, as the leader of the session (as under "ssh -t host orch-tui watch")
    with watched.terminal(watched.argv(watcher)) as terminal:
        watched.is_watched_by(watcher, terminal)
        # WHEN the line drops
        terminal.hang_up()
        # THEN it is gone
        assert terminal.exit_code() in _HUNG_UP
        _faultless(terminal, watched)
    # AND the run never noticed
    watched.goes_on()


@some("raw logs")
def test_a_login_that_is_lost_ends_who_watches_and_not_the_run(watched: Watched, watcher: str) -> None:
    # GIVEN who watches a run, below an interactive shell
    with watched.terminal(["bash", "--norc", "-i"]) as terminal:
        terminal.wait_for("login$")
        terminal.send(shlex.join(watched.argv(watcher)) + "\n")
        watched.is_watched_by(watcher, terminal)
        # WHEN the line drops
        terminal.hang_up()
        # THEN shell and watcher are gone, and the run never noticed
        terminal.exit_code()
        until(lambda: not any(process.parent != watched.executor.pid for process in _programs(watched)))
        _faultless(terminal, watched)
    watched.goes_on()


def _programs(watched: Watched) -> list[Any]:
    """Living processes of the program, but the one that executes the run."""
    living = [process for process in descendants() if process.state not in "ZX"]
    return [process for process in living if process.pid != watched.executor.pid and "orch_tui" in process.words]


@some("logs of a run")
def test_a_hang_up_by_signal_leaves_the_terminal_as_it_was(watched: Watched, watcher: str) -> None:
    # GIVEN who watches a run on a terminal that stays
    with watched.terminal(watched.argv(watcher)) as terminal:
        watched.is_watched_by(watcher, terminal)
        # WHEN
        terminal.signal(signal.SIGHUP)
        # THEN
        assert terminal.exit_code() in _HUNG_UP
        assert terminal.restored()
        _faultless(terminal, watched)
    watched.goes_on()


@some("logs of a task")
def test_a_closed_terminal_is_noticed_without_a_signal(watched: Watched, watcher: str) -> None:
    # GIVEN who watches a run and ignores the signal, as below "nohup", also while nothing new is to be told
    with watched.terminal([*_IGNORING, *watched.argv(watcher)]) as terminal:
        watched.is_watched_by(watcher, terminal)
        # WHEN
        terminal.hang_up()
        # THEN it does not stay until the run has ended
        assert terminal.exit_code() in {0, 128 + signal.SIGHUP}
        _faultless(terminal, watched)
    watched.goes_on()
