"""Manners in a real terminal: idle, stalled, lost, suspended, ended by a signal, dumb."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from orch_tui.tui.signals import LEAVING

from tests.pty.harness import PtyApp, orch_tui

_FILES = {
    "orch.toml": 'name = "Test project"\n',
    "orchestrations/alpha.toml": 'name = "Alpha \\u001b]52;c;aGk=\\u0007[/x]"\n',
    "orchestrations/beta.toml": 'name = "Beta"\n',
}
HANGUP, TERMINATED, FAULT = 129, 143, 70


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name, text in _FILES.items():
        path = tmp_path / "project" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path / "project"


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str | None]:
    return {"ORCH_TUI_CONFIG": str(tmp_path / "config.toml"), "NO_COLOR": None, "TEXTUAL_THEME": None}


@pytest.fixture
def app(project: Path, environment: dict[str, str | None]) -> Iterator[PtyApp]:
    with PtyApp(orch_tui(project), environment=environment) as app:
        app.wait_for("Beta")
        yield app


def test_nothing_is_written_while_nothing_changes(app: PtyApp) -> None:
    # GIVEN a screen at rest, with the last of what is read for it
    app.wait_for("No phases yet")
    app.settle()
    before = app.cpu()
    # WHEN time passes, with the looks at the runs in it
    seen = app.pump(7)
    # THEN not one byte came, and hardly any work was done
    assert seen == b""
    assert app.cpu() - before < 0.5


def test_a_key_that_changes_one_row_costs_little(app: PtyApp) -> None:
    app.settle()
    app.send("j")
    app.wait_for("beta.toml")
    app.settle()
    before = len(app.log)
    app.send("k")
    app.wait_for("alpha.toml")
    app.settle()
    assert len(app.log) - before < 8000


def test_names_from_files_cannot_talk_to_the_terminal(app: PtyApp) -> None:
    app.settle()
    assert b"\x1b]52" not in app.log and "Alpha [/x]" in app.text()


def test_q_leaves_the_terminal_as_it_was(app: PtyApp) -> None:
    app.send("q")
    assert app.exit_code() == 0
    assert app.restored()


# (Source: the table of default actions in signal(7).) Python makes errors of calls of the two others, PIPE and XFSZ.
# One of each kind each time, all of them at length.
NAMED = {"ABRT", "HUP", "INT", "QUIT", "TERM", "USR1"}
SOME = sorted({*(int(signal.Signals[f"SIG{name}"]) for name in NAMED), signal.SIGRTMIN + 3})
OTHERS = [pytest.param(number, marks=pytest.mark.long) for number in sorted(LEAVING - set(SOME))]


@pytest.mark.parametrize("number", [*SOME, *OTHERS])
def test_a_signal_leaves_the_terminal_as_it_was(app: PtyApp, number: int) -> None:
    app.signal(number)
    assert app.exit_code() == 128 + number
    assert app.restored() and "Traceback" not in app.text()


@pytest.mark.parametrize("wait", [0.0, 0.2, *(pytest.param(wait, marks=pytest.mark.long) for wait in (0.1, 0.3, 0.5))])
def test_a_signal_while_it_starts_leaves_the_terminal_as_it_was(
    project: Path, environment: dict[str, str | None], wait: float
) -> None:
    # GIVEN a program that has just taken the terminal
    with PtyApp(orch_tui(project), environment=environment, cold=True) as app:
        app.wait_until(lambda: b"\x1b[?1049h" in app.log, "the terminal to be taken")
        app.pump(wait)
        # WHEN two signals come at once
        app.signal(signal.SIGTERM)
        app.signal(signal.SIGHUP)
        # THEN
        assert app.exit_code() in (TERMINATED, HANGUP)
        assert app.restored() and "Traceback" not in app.text()


def test_a_lost_terminal_ends_the_program(app: PtyApp) -> None:
    app.hang_up()
    assert app.exit_code() == HANGUP


def test_a_lost_terminal_is_noticed_without_a_signal(project: Path, environment: dict[str, str | None]) -> None:
    # GIVEN a program that is not of the terminal's session, and so gets no SIGHUP
    argv = ["sh", "-c", 'trap "" HUP; exec setsid --fork --wait "$@"', "sh", *orch_tui(project)]
    with PtyApp(argv, environment=environment) as app:
        app.wait_for("Beta")
        app.hang_up()
        assert app.exit_code() == HANGUP


def test_ctrl_z_stops_and_fg_draws_everything_again(app: PtyApp) -> None:
    # GIVEN a program that was put to sleep
    app.settle()
    app.send("\x1a")
    app.wait_until(lambda: app.state() == "T", "the program to stop")
    assert app.restored()
    app.screen.reset()
    # WHEN it is woken up
    app.signal(signal.SIGCONT)
    # THEN the screen is complete, and keys work
    app.wait_for("Test project")
    app.wait_for("Beta")
    app.send("j")
    app.wait_for("beta.toml")
    app.send("q")
    assert app.exit_code() == 0


def test_a_stray_sigcont_changes_nothing(app: PtyApp) -> None:
    app.signal(signal.SIGCONT)
    app.settle()
    app.send("j")
    app.wait_for("beta.toml")
    app.send("q")
    assert app.exit_code() == 0


def test_a_terminal_that_does_not_read_stops_nothing(project: Path, environment: dict[str, str | None]) -> None:
    # GIVEN a program that changes hundreds of cells at a time, far more than is read, then something once, and counts
    counter = project / "ticks"
    code = f"""
import sys
from pathlib import Path
from orch_tui.project.project import open_project
from orch_tui.tui.app import OrchApp
class Busy(OrchApp):
    ticks = 0
    def on_mount(self):
        super().on_mount()
        self.set_interval(0.01, self.tick)
    def tick(self):
        self.ticks += 1
        if self.ticks < 150:
            text = "".join(chr(97 + (self.ticks * 7 + i * i) % 26) for i in range(800))
            self.screen.query_one("#details").update(text)
        elif self.ticks == 150:
            # Where nobody else writes: the details are drawn again after each look at the runs.
            self.screen.query_one("#list").border_title = "Drawn in the stall"
        Path({str(counter)!r}).write_text(str(self.ticks))
app = Busy(open_project(Path(sys.argv[1])))
app.run()
sys.exit(app.return_code)
"""

    def ticks() -> int:
        return int(counter.read_text() or 0) if counter.exists() else 0

    with PtyApp([sys.executable, "-c", code, str(project)], environment=environment) as app:
        app.wait_for("Beta")
        # WHEN the terminal reads nothing while far more is drawn than it can hold
        _wait_without_reading(lambda: ticks() > 160)
        # THEN the program went on, and its screen is right once the terminal reads again
        app.screen.reset()
        app.wait_for("Test project")
        app.wait_for("Beta")
        app.wait_for("Drawn in the stall")
        app.send("q")
        assert app.exit_code() == 0
        assert app.restored()


def _wait_without_reading(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 30
    while not true():
        assert time.monotonic() < end, "the program stood still while its terminal did not read"
        time.sleep(0.02)


def test_a_fault_restores_the_terminal_and_names_its_report(project: Path, environment: dict[str, str | None]) -> None:
    # GIVEN a program with a fault in the action of a key
    code = """
import sys
from pathlib import Path
from orch_tui.tui import app
def fail(self):
    secret = "hunter2" + "-in-a-variable"
    raise RuntimeError("the fault")
app.OrchApp.action_theme = fail
sys.exit(app.run_app(Path(sys.argv[1])))
"""
    (project / ".orch").mkdir()
    with PtyApp([sys.executable, "-c", code, str(project)], size=(160, 40), environment=environment) as app:
        app.wait_for("Beta")
        app.send("\x1bOQ")
        # THEN
        assert app.exit_code() == FAULT
        assert app.restored()
        found = re.search(r"The report is (\S+\.txt)", app.text().replace("\n", ""))
        assert found, app.text()
        report = Path(found.group(1)).read_text()
        assert "RuntimeError: the fault" in report and "-in-a-variable" not in report.replace('"-in-a-variable"', "")
        assert b"hunter2-in" not in app.log


def test_the_editor_gets_the_terminal_and_gives_it_back(
    project: Path, tmp_path: Path, environment: dict[str, str | None]
) -> None:
    # GIVEN an editor that shows what it got, waits for a line, and survives Ctrl-C
    editor = tmp_path / "editor.sh"
    editor.write_text("#!/bin/sh\ntrap 'echo interrupted' INT\necho editing $1\nread line || read line\nread line\n")
    editor.chmod(0o755)
    with PtyApp(orch_tui(project), environment={**environment, "VISUAL": str(editor)}, size=(200, 40)) as app:
        app.wait_for("Beta")
        app.send("F")
        app.wait_for("editing")
        assert "alpha.toml" in app.text()
        app.send("\x03")
        app.wait_for("interrupted")
        app.send("\n\n")
        # THEN the screen is back, complete
        app.wait_for("Test project")
        app.wait_for("Beta")
        app.send("q")
        assert app.exit_code() == 0


def test_resizing_uses_the_new_size(app: PtyApp) -> None:
    app.wait_for("Phases")
    app.settle()
    app.resize(80, 24)
    # there is no room for all columns
    app.wait_until(lambda: "Phases" not in app.text() and "Tasks" in app.text(), "the columns of a small terminal")
    app.wait_for("Beta")


@pytest.mark.parametrize(
    ("wanted", "unwanted"),
    [
        ({"NO_COLOR": "1"}, rb"\x1b\[[0-9;]*\b(?:3[0-7]|4[0-7]|9[0-7]|10[0-7]|38|48)(?:;[0-9]+)*m"),
        ({"TERM": "xterm", "COLORTERM": None}, rb"\x1b\[[0-9;]*\b[34]8;[25];"),
    ],
    ids=["no colour", "sixteen colours"],
)
def test_no_more_colours_than_there_are(
    project: Path, environment: dict[str, str | None], wanted: dict[str, str | None], unwanted: bytes
) -> None:
    with PtyApp(orch_tui(project), environment={**environment, **wanted}, cold=True) as app:
        app.wait_for("Beta")
        app.settle()
        assert not re.findall(unwanted, app.log)
        # the row of the cursor can be told from the others
        assert re.search(rb"\x1b\[(?:[0-9]+;)*7(?:;[0-9]+)*m", app.log)
        app.send("q")
        assert app.exit_code() == 0


@pytest.mark.parametrize("few", [{"NO_COLOR": "1"}, {"TERM": "xterm", "COLORTERM": None}], ids=["none", "sixteen"])
def test_with_few_colours_a_dialog_leaves_in_view_what_is_behind_it(
    project: Path, environment: dict[str, str | None], few: dict[str, str | None]
) -> None:
    dialogs = {
        "n": "New orchestration",
        "c": "Rename orchestration",
        "\x10": "Find",
        "\x1bOQ": "Theme",
        "?": "Help",
    }
    with PtyApp(orch_tui(project), environment={**environment, **few}, cold=True) as app:
        app.wait_for("No phases yet")
        app.settle()
        frame, home = app.screen.display[-2], app.text()
        for keys, title in dialogs.items():
            # WHEN one of them is opened
            app.send(keys)
            app.wait_for(title)
            app.settle()
            # THEN the lines at the top and at the bottom are still there, but for the keys: they are the dialog's
            assert "Test project" in app.text() and app.screen.display[-2] == frame, title
            assert "Esc" in app.screen.display[-1] and "Open" not in app.screen.display[-1], title
            app.send("\x1b")
            app.wait_until(lambda: app.text() == home, "the end of the dialog")


def test_a_terminal_that_cannot_show_it_is_told_what_to_use(project: Path, environment: dict[str, str | None]) -> None:
    with PtyApp(orch_tui(project), environment={**environment, "TERM": "dumb"}, size=(200, 5), cold=True) as app:
        assert app.exit_code() == 2
        assert "orch-tui list" in app.text() and "\x1b" not in app.log.decode()


def test_without_a_terminal_it_says_what_to_use(project: Path) -> None:
    done = subprocess.run(
        orch_tui(project), stdin=subprocess.DEVNULL, capture_output=True, text=True, env={**os.environ, "TERM": "xterm"}
    )
    assert done.returncode == 2 and done.stdout == ""
    assert "orch-tui watch" in done.stderr and "Traceback" not in done.stderr


def test_without_a_mouse_no_mouse_is_asked_for(project: Path, environment: dict[str, str | None]) -> None:
    with PtyApp(orch_tui(project, mouse=False), environment=environment) as app:
        app.wait_for("Beta")
        app.settle()
        assert b"\x1b[?1000h" not in app.log and b"\x1b[?1003h" not in app.log


def test_wrong_settings_are_said_before_the_start_and_the_rest_holds(
    project: Path, tmp_path: Path, environment: dict[str, str | None]
) -> None:
    (tmp_path / "config.toml").write_text('[keys]\n"home.nwe" = "x"\n"app.help" = "f9"\n')
    with PtyApp(orch_tui(project), environment=environment, size=(160, 40)) as app:
        app.wait_for("F9 Help")
        assert b'did you mean "home.new"' in app.log[: app.log.index(b"\x1b[?1049h")]


def test_complaints_may_go_to_a_file(project: Path, environment: dict[str, str | None], tmp_path: Path) -> None:
    # GIVEN standard error in a file WHEN the program starts
    log = tmp_path / "err.log"
    with PtyApp(["sh", "-c", f'exec "$@" 2> {log}', "sh", *orch_tui(project)], environment=environment) as app:
        # THEN the picture is on the terminal, and no part of it in the file
        app.wait_for("Beta")
        app.send("q")
        assert app.exit_code() == 0
    assert log.read_text() == ""
