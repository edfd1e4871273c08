"""What is left of a run when its terminal or its program goes, by every way it can go, for the screen and for ``run``.

The columns are those of a table of peers: Ctrl-C, SIGTERM, a hang-up below a login shell, a hang-up of the session's
leader, SIGKILL. In each, no process is left by accident, and where the run goes on it is found again.
"""

from __future__ import annotations

import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from orch_tui.engine.processes.process import tagged
from orch_tui.model.run.runstate import RunState
from orch_tui.model.status import Status
from orch_tui.project.history import run_ids
from orch_tui.project.journal.file import is_executed, read_run
from orch_tui.project.project import Project

from tests.pty.harness import PtyApp, orch_tui
from tests.support.engine_kit import make_commands, statuses, until, write_command

WAIT = "echo begin >> trace/{0}; while [ ! -e go ]; do sleep 0.02; done; echo end >> trace/{0}"
PHASES = {"P1": {name: WAIT.format(name) for name in ("a", "b")}, "P2": {"c": "echo begin end >> trace/c"}}


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    made = make_commands(tmp_path, PHASES)
    (tmp_path / "trace").mkdir()
    yield made
    # Whatever a failed test left behind ends with it.
    (tmp_path / "go").touch()


def _command(project: Project, *words: str) -> list[str]:
    return [sys.executable, "-m", "orch_tui", *words, "--project", str(project.root)]


def _orch(project: Project, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(_command(project, *words), capture_output=True, text=True, timeout=60)


def _directory(project: Project) -> Path:
    return project.paths.run("o", run_ids(project.paths, "o")[0])


def _alive(project: Project) -> list[int]:
    """Processes of any attempt of the newest run."""
    return tagged(sorted(_directory(project).glob("tasks/*/*")))


def _under_way(project: Project) -> bool:
    root = project.root
    if not all((root / "trace" / name).exists() for name in ("a", "b")):
        return False
    attempts = [task.attempts for task in read_run(_directory(project)).tasks.values() if task.phase != "p2"]
    return all(found and found[-1].pid is not None for found in attempts)


def _ended(project: Project) -> RunState:
    """Let the tasks go, and wait for the end of the run."""
    (project.root / "go").touch()
    until(lambda: read_run(_directory(project)).finished)
    return read_run(_directory(project))


def _begin(terminal: PtyApp, project: Project, face: str) -> None:
    if face == "screen":
        terminal.wait_for("Phases")
        terminal.send("\r")
        terminal.wait_for("Components")
        terminal.send("R")
        terminal.wait_for("will run")
        terminal.send("\r")
    terminal.wait_until(lambda: bool(run_ids(project.paths, "o")) and _under_way(project), "the tasks")
    if face == "screen":
        terminal.wait_for("processing")


def _argv(project: Project, face: str) -> list[str]:
    return orch_tui(project.root) if face == "screen" else _command(project, "run", "o")


def _stopped(project: Project) -> None:
    state = read_run(_directory(project))
    assert statuses(state) == {"a": Status.TERMINATED, "b": Status.TERMINATED, "c": Status.CANCELLED}
    assert not _alive(project)


def _went_on(project: Project) -> None:
    """The tasks were never touched; somebody executes the run, and it ends as if nothing had happened."""
    assert len(_alive(project)) >= 2
    until(lambda: is_executed(_directory(project)))
    watched = subprocess.Popen(_command(project, "watch", "o"), stdout=subprocess.PIPE, text=True)
    state = _ended(project)
    said, _ = watched.communicate(timeout=30)
    assert watched.returncode == 0 and "success" in said
    assert state.status is Status.SUCCESS and all(len(task.attempts) == 1 for task in state.tasks.values())
    for name in ("a", "b", "c"):
        assert (project.root / "trace" / name).read_text().split() == ["begin", "end"]
    until(lambda: not _alive(project))


def test_ctrl_c_stops_run(project: Project) -> None:
    with PtyApp(_argv(project, "run")) as terminal:
        _begin(terminal, project, "run")
        terminal.send("\x03")
        assert terminal.exit_code() == 130
    _stopped(project)


def test_ctrl_c_in_the_screen_asks_and_insisting_stops_the_run(project: Project) -> None:
    with PtyApp(_argv(project, "screen")) as terminal:
        _begin(terminal, project, "screen")
        terminal.send("\x03")
        terminal.wait_for("again to leave")
        terminal.send("\x03")
        terminal.settle()
        assert not read_run(_directory(project)).finished
        terminal.send("\x03\x03")
        assert terminal.exit_code() == 130 and terminal.restored()
    _stopped(project)


@pytest.mark.parametrize(
    "first", ["x", "SIGTERM", *(pytest.param(name, marks=pytest.mark.long) for name in ("SIGINT", "SIGQUIT"))]
)
def test_ctrl_c_after_the_screen_kills_at_once(tmp_path: Path, first: str) -> None:
    # GIVEN a task that TERM does not end
    stubborn = "trap '' TERM; mkdir -p trace; touch trace/a; while [ ! -e go ]; do sleep 0.05; done"
    project = make_commands(tmp_path, {"P1": {"a": stubborn}})
    with PtyApp(_argv(project, "screen")) as terminal:
        terminal.wait_for("Phases")
        terminal.send("\r")
        terminal.wait_for("Components")
        terminal.send("R")
        terminal.wait_for("will run")
        terminal.send("\r")
        terminal.wait_until((tmp_path / "trace" / "a").exists, "the task")
        # WHEN the screen is left, the run is to be stopped, and then Ctrl-C is pressed as it says
        if first == "x":
            terminal.send("q")
            terminal.wait_for("Stop it")
            terminal.send("x")
        else:
            terminal.signal(getattr(signal, first))
        terminal.wait_for("Ctrl-C kills them at once")
        pressed = time.monotonic()
        terminal.send("\x03")
        # THEN the program ends with the run, well within the grace time, and nothing of it is left
        assert terminal.exit_code() == (0 if first == "x" else 128 + getattr(signal, first))
        assert time.monotonic() - pressed < 8 and terminal.restored()
        assert "Traceback" not in terminal.text()
    assert read_run(_directory(project)).finished
    assert not _alive(project)


_LESS_USUAL = (signal.SIGUSR2, signal.SIGALRM, signal.SIGXCPU)


@pytest.mark.parametrize(
    "number",
    [signal.SIGHUP, signal.SIGUSR1, *(pytest.param(number, marks=pytest.mark.long) for number in _LESS_USUAL)],
)
def test_a_signal_that_asks_for_no_end_restores_the_terminal_and_the_run_goes_on(project: Project, number: int) -> None:
    # GIVEN a screen that executes a run, on a terminal that stays
    with PtyApp(_argv(project, "screen")) as terminal:
        _begin(terminal, project, "screen")
        terminal.signal(number)
        assert terminal.exit_code() == 128 + number
        assert terminal.restored() and "Traceback" not in terminal.text()
    _went_on(project)


@pytest.mark.parametrize("face", ["run", "screen"])
def test_sigterm_stops_the_run(project: Project, face: str) -> None:
    with PtyApp(_argv(project, face)) as terminal:
        _begin(terminal, project, face)
        terminal.signal(signal.SIGTERM)
        assert terminal.exit_code() == 143
        assert terminal.restored()
    _stopped(project)


@pytest.mark.parametrize("face", ["run", "screen"])
def test_a_hang_up_of_the_sessions_leader_leaves_the_run_going_on(project: Project, face: str) -> None:
    # GIVEN the program as the leader of its session, as under "ssh -t host orch-tui"
    with PtyApp(_argv(project, face)) as terminal:
        _begin(terminal, project, face)
        # WHEN the link drops THEN the run goes on, and a second login sees it to its end
        terminal.hang_up()
        if face == "screen":
            assert terminal.exit_code() == 129
        _went_on(project)


@pytest.mark.parametrize("face", ["run", "screen"])
def test_a_hang_up_below_a_login_shell_leaves_the_run_going_on(project: Project, face: str) -> None:
    # GIVEN the program in the foreground of an interactive shell
    with PtyApp(["bash", "--norc", "-i"], environment={"PS1": "login$ "}) as terminal:
        terminal.wait_for("login$")
        terminal.send(shlex.join(_argv(project, face)) + "\n")
        _begin(terminal, project, face)
        terminal.hang_up()
        _went_on(project)


@pytest.mark.parametrize("face", ["run", "screen"])
def test_after_sigkill_the_run_is_found_and_resumed(project: Project, face: str) -> None:
    with PtyApp(_argv(project, face)) as terminal:
        _begin(terminal, project, face)
        terminal.signal(signal.SIGKILL)
        terminal.exit_code()
    # Its tasks are nobody's accident: they are what the next program finds.
    until(lambda: not is_executed(_directory(project)))
    assert len(_alive(project)) >= 2
    assert "interrupted" in _orch(project, "runs", "o").stdout
    resumed = subprocess.Popen(_command(project, "run", "--resume"), stdout=subprocess.PIPE, text=True)
    until(lambda: any("taken over" in text for _, _, text in read_run(_directory(project)).notes))
    state = _ended(project)
    said, _ = resumed.communicate(timeout=30)
    assert resumed.returncode == 0 and "2 still running" in said
    assert state.status is Status.SUCCESS
    for name in ("a", "b", "c"):
        assert (project.root / "trace" / name).read_text().split() == ["begin", "end"]


def test_the_next_screen_offers_to_go_on_with_an_interrupted_run(project: Project) -> None:
    with PtyApp(_argv(project, "run")) as terminal:
        _begin(terminal, project, "run")
        terminal.signal(signal.SIGKILL)
        terminal.exit_code()
    until(lambda: not is_executed(_directory(project)))
    with PtyApp(_argv(project, "screen")) as terminal:
        terminal.wait_for("Phases")
        terminal.send("\r")
        terminal.wait_for("interrupted")


def test_leaving_the_screen_gives_the_shell_back_at_once_and_the_run_goes_on(project: Project) -> None:
    with PtyApp(_argv(project, "screen")) as terminal:
        _begin(terminal, project, "screen")
        terminal.send("q")
        terminal.wait_for("running")
        terminal.settle()
        terminal.send("l")
        assert terminal.exit_code() == 0 and terminal.restored()
    _went_on(project)


@pytest.mark.slow
def test_a_terminal_that_does_not_read_does_not_delay_the_run_by_a_second(tmp_path: Path) -> None:
    # GIVEN a run of some 15 s, whose tasks write all the time and whose screen has much to show
    talk = "for i in $(seq 20); do echo line $i; sleep 0.05; done"
    phases = {f"P{p}": {f"t{p}-{n}": talk for n in range(3)} for p in range(14)}
    project = make_commands(tmp_path, phases)
    with PtyApp(_argv(project, "screen")) as terminal:
        terminal.wait_for("Phases")
        terminal.send("\r")
        terminal.wait_for("Components")
        terminal.send("R")
        terminal.wait_for("will run")
        terminal.send("\r")
        # WHEN nobody reads the terminal from here on, while far more is drawn than it can hold
        for key in "+_" * 30:
            terminal.send(key)
            time.sleep(0.02)
        until(lambda: bool(run_ids(project.paths, "o")) and read_run(_directory(project)).finished, 90)
        # THEN between its tasks the run has waited for nothing
        state = read_run(_directory(project))
        assert state.status is Status.SUCCESS and state.started is not None and state.ended is not None
        attempts = [[state.tasks[task].attempts[0] for task in phase.tasks] for phase in state.phases.values()]
        worked = sum(max(one.ended or 0 for one in some) - min(one.spawned for one in some) for some in attempts)
        assert state.ended - state.started > 14
        assert state.ended - state.started - worked < 1
        # AND the screen is right again once somebody reads
        terminal.wait_for("success")


def _three_phases(root: Path) -> Project:
    """Three phases of four tasks; ``t23`` fails while the file ``broken`` is there."""
    (root / "trace").mkdir(parents=True)
    task = "echo ran >> trace/{0}; {1}"
    phases: dict[str, dict[str, str]] = {}
    for phase in range(1, 4):
        phases[f"P{phase}"] = {f"t{phase}{n}": task.format(f"t{phase}{n}", "true") for n in range(1, 5)}
    project = make_commands(root, phases)
    write_command(root, "t23", task.format("t23", "while [ -e hang ]; do sleep 0.02; done; test ! -e broken"))
    project.reload()
    return project


def _ran(project: Project) -> dict[str, int]:
    return {path.name: path.read_text().count("ran") for path in (project.root / "trace").iterdir()}


@pytest.mark.parametrize("end", ["failure", "cancel", "sigkill"])
def test_no_finished_task_is_repeated(tmp_path: Path, end: str) -> None:
    # GIVEN a run that ends in the middle of its second phase
    project = _three_phases(tmp_path)
    (tmp_path / ("broken" if end == "failure" else "hang")).touch()
    process = subprocess.Popen(_command(project, "run", "o"), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    if end != "failure":
        done = {"t11", "t12", "t13", "t14", "t21", "t22", "t24"}

        def seven_done() -> bool:
            if not run_ids(project.paths, "o"):
                return False
            tasks = read_run(_directory(project)).tasks
            return all(tasks[name].succeeded for name in done) and bool(tasks["t23"].attempts)

        until(seven_done)
        process.send_signal(signal.SIGKILL if end == "sigkill" else signal.SIGTERM)
    process.wait(timeout=30)
    until(lambda: not is_executed(_directory(project)))
    # WHEN it is gone on with, by the command that the program itself names
    for name in ("broken", "hang"):
        (tmp_path / name).unlink(missing_ok=True)
    again = ["run", "--resume"] if end == "sigkill" else ["run", "o", "--rerun-failed"]
    result = _orch(project, *again)
    # THEN it ends in success, and of the finished tasks none ran again
    assert result.returncode == 0, result.stdout + result.stderr
    ran = _ran(project)
    assert len(ran) == 12
    assert {name for name, times in ran.items() if times != 1} <= {"t23"}
    assert ran["t23"] == (1 if end == "sigkill" else 2)
