"""The life of a run over a real SSH server on loopback: the line drops, somebody leaves, somebody else looks."""

from __future__ import annotations

import os
import pwd
import shlex
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from orch_tui.engine.processes.process import tagged
from orch_tui.model.status import Status
from orch_tui.project.history import run_ids
from orch_tui.project.journal.file import is_executed, read_run
from orch_tui.project.project import Project

from tests.pty.harness import PtyApp
from tests.servers.tools import program
from tests.support.engine_kit import make_commands, until

ROOT = Path(__file__).resolve().parents[2]
WAIT = "echo begin >> trace/a; while [ ! -e go ]; do sleep 0.02; done; echo end >> trace/a"
_CONFIG = """\
ListenAddress 127.0.0.1
Port {port}
HostKey {home}/host
PidFile none
AuthorizedKeysFile {home}/user.pub
AuthenticationMethods publickey
PermitRootLogin yes
StrictModes no
UsePAM no
PrintMotd no
PrintLastLog no
"""


@dataclass
class Server:
    """An SSH server of this test alone, for the user who runs it."""

    home: Path
    port: int
    process: subprocess.Popen[bytes]

    def login(self, command: str = "") -> list[str]:
        """The command line of a login with a terminal; without a command, into the login shell."""
        options = (
            "BatchMode=yes",
            "StrictHostKeyChecking=no",
            f"UserKnownHostsFile={self.home}/known",
            "LogLevel=ERROR",
        )
        user = pwd.getpwuid(os.getuid()).pw_name
        argv = ["ssh", "-tt", "-F", "/dev/null", "-i", f"{self.home}/user", "-p", str(self.port)]
        argv += [part for option in options for part in ("-o", option)]
        return [*argv, f"{user}@127.0.0.1", *([command] if command else [])]

    def sessions(self) -> list[int]:
        """The server's own processes of the logins; not what runs in them."""
        children = _children()
        found, left = [], [self.process.pid]
        while left:
            for pid, name in children.get(left.pop(), ()):
                if name.startswith("sshd"):
                    found.append(pid)
                    left.append(pid)
        return found


def _children() -> dict[int, list[tuple[int, str]]]:
    found: dict[int, list[tuple[int, str]]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                text = (entry / "stat").read_text()
            except OSError:
                continue
            name, _, rest = text.partition("(")[2].rpartition(")")
            found.setdefault(int(rest.split()[1]), []).append((int(entry.name), name))
    return found


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    daemon = program("sshd", "/usr/sbin", "/usr/local/sbin")
    program("ssh")
    home = tmp_path_factory.mktemp("sshd")
    for key in ("host", "user"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(home / key)], check=True)
    if os.getuid() == 0:
        # Where it goes to have no privileges; on a machine whose own server never started it is missing.
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
    made = _start(daemon, home)
    try:
        yield made
    finally:
        for pid in made.sessions():
            os.kill(pid, signal.SIGTERM)
        made.process.terminate()
        made.process.wait(10)


def _start(daemon: Path, home: Path) -> Server:
    for _ in range(5):
        # It cannot be told to take any free port: another process may be faster than it.
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        (home / "config").write_text(_CONFIG.format(port=port, home=home))
        with (home / "log").open("wb") as log:
            process = subprocess.Popen([str(daemon), "-D", "-e", "-f", str(home / "config")], stderr=log)
        end = time.monotonic() + 10
        while process.poll() is None and time.monotonic() < end:
            try:
                with socket.create_connection(("127.0.0.1", port), 1):
                    return Server(home, port, process)
            except ConnectionRefusedError:
                time.sleep(0.02)
        process.kill()
        process.wait()
    raise AssertionError((home / "log").read_text())


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    made = make_commands(tmp_path / "p", {"P1": {"a": WAIT}, "P2": {"b": "echo begin end >> trace/b"}})
    (made.root / "trace").mkdir()
    yield made
    # Whatever a failed test left behind ends with it.
    (made.root / "go").touch()


def _command(project: Project, *words: str) -> str:
    """What a person types on the server. A login has an environment of its own."""
    given = {"PYTHONPATH": str(ROOT), "LC_ALL": "C.UTF-8", "ORCH_TUI_CONFIG": str(project.root / "none.toml")}
    setting = [f"{name}={value}" for name, value in given.items()]
    return shlex.join(["env", *setting, sys.executable, "-m", "orch_tui", "--project", str(project.root), *words])


def _directory(project: Project) -> Path:
    return project.paths.run("o", run_ids(project.paths, "o")[0])


def _begin(terminal: PtyApp, project: Project, face: str) -> None:
    """Until the first task runs."""
    if face == "screen":
        terminal.wait_for("Phases")
        terminal.send("\r")
        terminal.wait_for("Problems")
        terminal.send("R")
        terminal.wait_for("2 will run")
        terminal.send("\r")
        terminal.wait_for("processing")
    terminal.wait_until(
        lambda: (
            (project.root / "trace" / "a").exists()
            and bool(run_ids(project.paths, "o"))
            and read_run(_directory(project)).tasks["a"].attempts[-1].pid is not None
        ),
        "the task",
    )


def _words(face: str) -> tuple[str, ...]:
    return ("run", "o") if face == "run" else ()


def _seen_live_to_its_end(server: Server, project: Project) -> None:
    """A second login sees the run go on, on the screen and in ``watch``, and both see its end."""
    until(lambda: is_executed(_directory(project)))
    with (
        PtyApp(server.login(_command(project))) as screen,
        PtyApp(server.login(_command(project, "watch", "o"))) as watch,
    ):
        screen.wait_for("Phases")
        screen.send("\r")
        screen.wait_for("processing  0/2")
        watch.wait_for("phase 1")
        assert not read_run(_directory(project)).finished
        (project.root / "go").touch()
        screen.wait_for("success  2/2")
        watch.wait_for("2 tasks: 2 success")
        assert watch.exit_code() == 0
        screen.send("q")
        assert screen.exit_code() == 0
    state = read_run(_directory(project))
    # No task ran twice, none was forgotten, nothing is left.
    assert state.status is Status.SUCCESS and [len(task.attempts) for task in state.tasks.values()] == [1, 1]
    assert {p.name: p.read_text().split() for p in (project.root / "trace").iterdir()} == {
        "a": ["begin", "end"],
        "b": ["begin", "end"],
    }
    until(lambda: not tagged(sorted(_directory(project).glob("tasks/*/*"))))


@pytest.mark.parametrize("end", ["client", "session"])
@pytest.mark.parametrize("face", ["run", "screen"])
def test_a_dropped_line_leaves_the_run_going_on(server: Server, project: Project, face: str, end: str) -> None:
    # GIVEN a run that was started over SSH
    with PtyApp(server.login(_command(project, *_words(face)))) as terminal:
        _begin(terminal, project, face)
        # WHEN the person's end of the line, or the server's, is gone without a word
        if end == "client":
            terminal.signal(signal.SIGKILL)
            terminal.exit_code()
        else:
            for pid in server.sessions():
                os.kill(pid, signal.SIGKILL)
            assert terminal.exit_code() != 0
        # THEN a second login finds it going on
        _seen_live_to_its_end(server, project)


def test_leaving_gives_the_shell_back_and_the_login_ends(server: Server, project: Project) -> None:
    # GIVEN the screen, started from a login shell
    with PtyApp(server.login()) as terminal:
        terminal.send("PS1='login'$((40+2))'> '\n")
        terminal.wait_for("login42>")
        terminal.send(_command(project) + "\n")
        _begin(terminal, project, "screen")
        # WHEN it is left with the run going on
        terminal.send("q")
        terminal.wait_for("Leave it running")
        terminal.send("l")
        left = time.monotonic()
        # THEN the shell is back, and the login ends at once: nothing of the run holds the terminal
        terminal.wait_for("login42>")
        terminal.send("echo here $((40+3))\n")
        terminal.wait_for("here 43")
        terminal.send("exit 5\n")
        assert terminal.exit_code() == 5
        assert time.monotonic() - left < 15
        _seen_live_to_its_end(server, project)


def test_ctrl_c_over_the_line_stops_the_run(server: Server, project: Project) -> None:
    with PtyApp(server.login(_command(project, "run", "o"))) as terminal:
        _begin(terminal, project, "run")
        terminal.send("\x03")
        assert terminal.exit_code() == 130
    assert read_run(_directory(project)).status is Status.TERMINATED
    assert not tagged(sorted(_directory(project).glob("tasks/*/*")))
