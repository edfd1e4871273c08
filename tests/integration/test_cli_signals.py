"""Signals to ``orch-tui run``: cancel, kill, hang-up; nothing is left behind and the exit code tells."""

from __future__ import annotations

import json
import os
import pty
import resource
import signal
import subprocess
import termios
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.commands import command_here
from tests.support.projects import argv, end, environment, latest_run, living, make_project, orch, start, wait_for_file

POLITE = "echo $$ > pid; trap 'echo bye; exit 0' TERM; touch started; while :; do sleep 0.05; done"
STUBBORN = "trap '' TERM; sleep 600 & echo $! > pid; touch started; while :; do wait; done"


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_cancels_gracefully_and_is_the_exit_code(tmp_path: Path, number: int, code: int) -> None:
    # GIVEN a running task that ends when it is asked to, and another that comes later
    project = make_project(tmp_path, {"daily": {"First": {"a": POLITE}, "Second": {"later": "true"}}})
    process = start(project, "run", "daily")
    wait_for_file(project / "started", process)
    # WHEN
    process.send_signal(number)
    output = process.communicate(timeout=30)[0]
    # THEN the process is gone, the state is honest and says by whom
    assert process.returncode == code, output
    assert not living(project / "pid")
    state = json.loads(command_here(project, "show", "daily", "--json").stdout)
    tasks = {task["id"]: task["status"] for phase in state["phases"] for task in phase["tasks"]}
    assert tasks == {"a": "terminated", "later": "cancelled"}
    assert ("Ctrl-C" if number == signal.SIGINT else "SIGTERM") in state["cancelled_by"]
    # AND the task had its chance
    assert "bye" in command_here(project, "logs", "daily", "a").stdout


def test_ctrl_c_reaches_the_tasks_of_a_nested_run(tmp_path: Path) -> None:
    # GIVEN a run whose task is another run, whose task is running
    nested = {"Only": {"nested": {"configuration": "orchestration/inner"}}}
    project = make_project(tmp_path, {"inner": {"First": {"a": POLITE}}, "outer": nested})
    process = start(project, "run", "outer")
    wait_for_file(project / "started", process)
    # WHEN
    process.send_signal(signal.SIGINT)
    output = process.communicate(timeout=30)[0]
    # THEN both are over, and both journals say so
    assert process.returncode == 130, output
    assert not living(project / "pid")
    inner, outer = (json.loads(command_here(project, "show", name, "--json").stdout) for name in ("inner", "outer"))
    assert (inner["status"], outer["status"]) == ("terminated", "terminated")
    assert inner["parent"] == f"outer/{outer['id']}/nested"


def test_ctrl_c_while_waiting_for_its_turn_starts_nothing(tmp_path: Path) -> None:
    # GIVEN a run, and another one that waits for it
    project = make_project(tmp_path, {"daily": {"First": {"a": POLITE}}})
    first = start(project, "run", "daily")
    wait_for_file(project / "started", first)
    waiting = start(project, "run", "daily", "--wait")
    assert waiting.stdout is not None
    assert "waiting for" in waiting.stdout.readline()
    # WHEN
    waiting.send_signal(signal.SIGINT)
    # THEN
    assert waiting.wait(30) == 130
    end(first)
    first.communicate()
    assert len(list((project / ".orch" / "runs" / "daily").iterdir())) == 1


def test_a_second_ctrl_c_kills_at_once(tmp_path: Path) -> None:
    # GIVEN a task that ignores TERM, with a grace time longer than any test may take
    project = make_project(tmp_path, {"daily": {"First": {"a": STUBBORN}}}, '[defaults]\ngrace = "1h"\n')
    process = start(project, "run", "daily")
    wait_for_file(project / "started", process)
    assert process.stdout is not None
    # WHEN Ctrl-C comes, and another when the first one has been told
    process.send_signal(signal.SIGINT)
    assert any("being cancelled" in line for line in process.stdout)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=30)
    # THEN
    assert process.returncode == 130
    assert not living(project / "pid")


def test_kill_leaves_an_interrupted_run_that_is_told_honestly(tmp_path: Path) -> None:
    # GIVEN a running task and its executor, which is killed
    task = "touch started; until test -e go; do sleep 0.05; done; echo survived"
    project = make_project(tmp_path, {"daily": {"First": {"a": task}}})
    process = start(project, "run", "daily")
    wait_for_file(project / "started", process)
    process.kill()
    process.communicate()
    # WHEN one looks at it while the task still runs
    shown, watched = (orch(project, name, "daily") for name in ("show", "watch"))
    # THEN
    assert "interrupted" in shown.stdout
    assert "Command · a (a) was running: still running" in shown.stdout
    assert watched.returncode == 1
    assert "interrupted: no process executes run" in watched.stdout
    # AND when the task has ended since
    (project / "go").touch()
    wait_for_file(latest_run(project, "daily") / "tasks" / "a" / "1" / "exit", filled=True)
    state = json.loads(command_here(project, "show", "daily", "--json").stdout)
    assert state["interrupted"] is True
    assert state["phases"][0]["tasks"][0]["finding"]["verdict"] == "finished"
    assert "survived" in orch(project, "logs", "daily", "a", "-f").stdout


class Terminal:
    """The program as the leader of a session with a terminal of its own, as under ``ssh -t``."""

    def __init__(self, project: Path, *arguments: str, **more: str) -> None:
        self.master, slave = pty.openpty()
        termios.tcsetwinsize(self.master, (24, 80))
        self.process = subprocess.Popen(
            argv(*arguments),
            cwd=project,
            env=environment(**more),
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
            preexec_fn=lambda: __import__("fcntl").ioctl(0, termios.TIOCSCTTY, 0),
            text=True,
        )
        os.close(slave)
        self.open = True

    def hang_up(self) -> None:
        self.open = False
        os.close(self.master)

    def read_all(self) -> str:
        """Everything until the program has ended."""
        data = b""
        while True:
            try:
                block = os.read(self.master, 65536)
            except OSError:
                break
            if not block:
                break
            data += block
        return data.decode()


@pytest.fixture
def terminals() -> Iterator[list[Terminal]]:
    opened: list[Terminal] = []
    yield opened
    for terminal in opened:
        if terminal.open:
            terminal.hang_up()
        end(terminal.process)


HANGING = "touch started; until test -e go; do sleep 0.05; done"


def test_a_hang_up_does_not_end_the_run(tmp_path: Path, terminals: list[Terminal]) -> None:
    # GIVEN a run on a terminal
    project = make_project(tmp_path, {"daily": {"First": {"a": HANGING}, "Second": {"b": "echo hi"}}})
    terminals.append(terminal := Terminal(project, "run", "daily"))
    wait_for_file(project / "started", terminal.process)
    # WHEN the terminal is closed, and then the task goes on
    terminal.hang_up()
    (project / "go").touch()
    # THEN the run goes on to its end
    assert terminal.process.wait(30) == 0
    assert json.loads(command_here(project, "show", "daily", "--json").stdout)["status"] == "success"


def test_a_hang_up_cancels_where_the_project_says_so(tmp_path: Path, terminals: list[Terminal]) -> None:
    # GIVEN
    project = make_project(tmp_path, {"daily": {"First": {"a": POLITE}}}, 'on_hangup = "stop"\n')
    terminals.append(terminal := Terminal(project, "run", "daily"))
    wait_for_file(project / "started", terminal.process)
    # WHEN
    terminal.hang_up()
    # THEN
    assert terminal.process.wait(30) == 129
    assert not living(project / "pid")
    assert "hang-up" in json.loads(command_here(project, "show", "daily", "--json").stdout)["cancelled_by"]


def test_a_terminal_has_a_status_line_that_is_rewritten_and_taken_away(
    tmp_path: Path, terminals: list[Terminal]
) -> None:
    # GIVEN a run on a terminal
    project = make_project(tmp_path, {"daily": {"First": {"a": HANGING}}})
    terminals.append(terminal := Terminal(project, "run", "daily"))
    wait_for_file(project / "started", terminal.process)
    seen = ""
    while 'phase 1/1 "First"  Command · a' not in seen:
        seen += os.read(terminal.master, 4096).decode()
    # WHEN it ends
    (project / "go").touch()
    text = seen + terminal.read_all()
    # THEN finished tasks stay above, and the line is gone
    assert terminal.process.wait(30) == 0
    assert "● 0/1  00:0" in text
    assert "\x1b[32m✔ success" in text
    assert text.replace("\r\n", "\n").rstrip("\n").rpartition("\x1b[K")[2].startswith("\x1b[90m")


def test_no_color_and_dumb_terminals_get_plain_lines(tmp_path: Path, terminals: list[Terminal]) -> None:
    # GIVEN
    project = make_project(tmp_path, {"daily": {"First": {"a": "true"}}})
    # WHEN
    for options, variables in ((["--plain"], {"NO_COLOR": "1"}), ([], {"TERM": "dumb"})):
        terminals.append(terminal := Terminal(project, "run", "daily", *options, **variables))
        text = terminal.read_all()
        # THEN
        assert terminal.process.wait(30) == 0
        assert "✔ success" in text
        assert "\x1b" not in text


def test_the_screen_is_refused_without_a_terminal(tmp_path: Path) -> None:
    # GIVEN
    project = make_project(tmp_path, {"daily": {"First": {"a": "true"}}})
    for arguments in ((), (str(project),)):
        # WHEN
        done = orch(project, *arguments)
        # THEN
        assert done.returncode == 2
        assert "orch-tui run" in done.stderr


def test_a_journal_that_cannot_be_written_is_told_and_two_ctrl_c_end_the_run(tmp_path: Path) -> None:
    # GIVEN a limit on the size of files that the journal will hit (the disk of another project is not full)
    tasks = {"stubborn": STUBBORN} | {f"t{number:03}": "true" for number in range(60)}
    project = make_project(tmp_path, {"daily": {"First": tasks}}, '[defaults]\ngrace = "1h"\n')
    process = start(
        project, "run", "daily", preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (17000, 17000))
    )
    assert process.stdout is not None
    # WHEN it has said so
    assert any("the run waits until its journal can be written" in line for line in process.stdout)
    # AND Ctrl-C comes twice (two signals at the same moment would be one)
    process.send_signal(signal.SIGINT)
    assert any("a second Ctrl-C kills at once" in line for line in process.stdout)
    process.send_signal(signal.SIGINT)
    # THEN it can be ended, and says that its state is not all on the disk
    rest = process.stdout.read()
    assert process.wait(30) == 130
    assert "its journal could not be written to the end" in rest
    assert "Traceback" not in rest
    assert not living(project / "pid")
