"""What is done to a run from outside: any signal, its journal damaged, its executor stopped. Nothing is left behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from pathlib import Path

import pytest
from orch_tui.cli.main import run_command_line
from orch_tui.project.journal.file import is_executed
from orch_tui.runs.live.stop_signals import ENDING
from orch_tui.runs.people import responding

from tests.support.commands import NoScreen, command_here
from tests.support.engine_kit import until
from tests.support.projects import latest_run, living, make_project, orch, start, wait_for_file

POLITE = "echo $$ > pid; trap 'echo bye; exit 0' TERM; touch started; while :; do sleep 0.05; done"
# In a session of its own, and with nothing of the task's but the tag in its environment.
HIDDEN = "setsid sh -c 'echo $$ > hidden; exec sleep 600' >/dev/null 2>&1 & until [ -s hidden ]; do sleep 0.01; done; "
SOME = [
    signal.SIGQUIT,
    signal.SIGUSR1,
    signal.SIGUSR2,
    signal.SIGALRM,
    signal.SIGABRT,
    signal.SIGXCPU,
    signal.SIGRTMIN + 3,
]


def _cancelled_by_signal(tmp_path: Path, number: int, *arguments: str) -> None:
    # GIVEN a run with two tasks, one in a nested run
    inner = {"First": {"a": HIDDEN + POLITE}}
    project = make_project(tmp_path, {"inner": inner, "outer": {"O": {"in": {"configuration": "orchestration/inner"}}}})
    process = start(project, "run", "outer", *arguments)
    wait_for_file(project / "started", process)
    # WHEN the signal comes
    process.send_signal(number)
    output = process.communicate(timeout=60)[0]
    # THEN the run was cancelled, and is told to be; nothing is left
    assert process.returncode == 128 + number, output
    assert "Traceback" not in output
    state = json.loads(command_here(project, "show", "outer", "--json").stdout)
    assert state["status"] == "terminated" and not state["interrupted"]
    assert not living(project / "pid") and not living(project / "hidden")


@pytest.mark.parametrize("number", SOME)
def test_whatever_signal_ends_a_run_nothing_is_left_of_it(tmp_path: Path, number: int) -> None:
    _cancelled_by_signal(tmp_path, number)


@pytest.mark.long
@pytest.mark.parametrize("arguments", [(), ("--json",), ("--quiet",)])
@pytest.mark.parametrize("number", sorted(ENDING))
def test_every_signal_in_every_manner(tmp_path: Path, number: int, arguments: tuple[str, ...]) -> None:
    _cancelled_by_signal(tmp_path, number, *arguments)


def test_all_signals_that_end_a_program_are_handled() -> None:
    # (Source: the table of default actions in signal(7).)
    ended = {"ABRT", "ALRM", "HUP", "INT", "IO", "PIPE", "PROF", "PWR", "QUIT", "STKFLT", "SYS", "TERM", "TRAP", "USR1"}
    ended |= {"USR2", "VTALRM", "XCPU", "XFSZ"}
    assert {signal.Signals[f"SIG{name}"] for name in ended if hasattr(signal, f"SIG{name}")} <= ENDING
    assert {signal.SIGKILL, signal.SIGSTOP, signal.SIGCHLD, signal.SIGTSTP, signal.SIGWINCH}.isdisjoint(ENDING)


def test_what_the_caller_lets_be_ignored_stays_ignored(tmp_path: Path) -> None:
    # GIVEN a run that was started in the background of a script: Ctrl-C and Ctrl-\ are not for it
    def ignore() -> None:
        for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGUSR1, signal.SIGCHLD):
            signal.signal(number, signal.SIG_IGN)

    project = make_project(tmp_path, {"daily": {"First": {"a": "touch started; until [ -e go ]; do sleep 0.05; done"}}})
    process = start(project, "run", "daily", preexec_fn=ignore)
    wait_for_file(project / "started", process)
    # WHEN they come THEN the run goes on to its end, and the ends of its tasks are seen
    for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGUSR1):
        process.send_signal(number)
    (project / "go").touch()
    assert process.wait(60) == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGQUIT])
def test_a_signal_to_a_cancel_that_took_a_run_over_hurries_it(tmp_path: Path, number: int) -> None:
    # GIVEN an interrupted run whose task is deaf, with a grace time longer than any test may take
    task = "trap '' TERM; echo $$ > pid; touch started; while :; do sleep 0.05; done"
    project = make_project(tmp_path, {"daily": {"First": {"a": task}}}, '[defaults]\ngrace = "1h"\n')
    process = start(project, "run", "daily")
    wait_for_file(project / "started", process)
    process.kill()
    process.communicate()
    until(lambda: not is_executed(latest_run(project, "daily")))
    # WHEN it is cancelled, and that is interrupted
    cancel = start(project, "cancel", "daily")
    until(lambda: "terminating" in command_here(project, "show", "daily").stdout)
    cancel.send_signal(number)
    # THEN the task is killed at once, and the run has ended
    assert cancel.wait(60) == 0
    assert not living(project / "pid")
    assert json.loads(command_here(project, "show", "daily", "--json").stdout)["status"] == "terminated"


def test_a_damaged_journal_costs_the_narration_and_not_the_run(tmp_path: Path) -> None:
    # GIVEN
    task = "touch started; until [ -e go ]; do sleep 0.05; done; touch done"
    project = make_project(tmp_path, {"daily": {"First": {"a": task}, "Second": {"b": "touch second"}}})
    process = start(project, "run", "daily")
    wait_for_file(project / "started", process)
    # WHEN somebody scribbles into its journal
    with (latest_run(project, "daily") / "run.toml").open("ab") as journal:
        journal.write(b"[[event]]\ntype = 17\nat = {\n\n")
    (project / "go").touch()
    output = process.communicate(timeout=60)[0]
    # THEN
    assert process.returncode == 0, output
    assert (project / "second").exists()
    assert "cannot be told any more" in output and "success" in output
    assert "Traceback" not in output


def test_a_fault_of_the_narration_costs_the_narration_and_not_the_run(tmp_path: Path) -> None:
    # GIVEN a program with a fault in what it prints
    broken = tmp_path / "site"
    broken.mkdir()
    (broken / "sitecustomize.py").write_text(
        "from orch_tui.cli.follow import narrate\n"
        "def fault(self, state, data): raise ZeroDivisionError('a fault')\n"
        "narrate._TELLERS['ended'] = fault\n"
    )
    project = make_project(tmp_path / "p", {"daily": {"First": {"a": "true"}, "Second": {"b": "touch second"}}})
    # WHEN
    path = os.pathsep.join([str(broken), os.environ.get("PYTHONPATH", ""), str(Path(__file__).parents[2])])
    done = orch(project, "run", "daily", PYTHONPATH=path)
    # THEN the run goes on to its end; where the fault was is kept
    assert done.returncode == 0, done.stdout + done.stderr
    assert (project / "second").exists()
    assert "cannot be told any more: that is a fault of orch-tui" in done.stdout
    assert "ZeroDivisionError" in (latest_run(project, "daily") / "fault.log").read_text()


def _cancel(project: Path) -> int:
    """In this process, whose patience can be set."""
    return run_command_line(["cancel", "daily", "--project", str(project)], NoScreen())


@pytest.fixture
def stopped(tmp_path: Path) -> subprocess.Popen[str]:
    """A run whose executor is stopped while its task goes on."""
    project = make_project(tmp_path, {"daily": {"First": {"a": POLITE}}})
    process = start(project, "run", "daily")
    wait_for_file(project / "started", process)
    process.send_signal(signal.SIGSTOP)
    until(lambda: Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()[0] == "T")
    return process


def test_a_stopped_executor_is_told_of_and_cancel_waits_for_it_no_longer_than_it_says(
    tmp_path: Path,
    stopped: subprocess.Popen[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    remedy = f"kill -CONT {stopped.pid}"
    # GIVEN / WHEN one looks THEN it is said that nothing goes on, and what to do
    assert remedy in command_here(tmp_path, "show", "daily").stdout
    assert json.loads(command_here(tmp_path, "show", "daily", "--json").stdout)["stopped_executor"] == stopped.pid
    # WHEN it is cancelled THEN that ends in the time it has
    monkeypatch.setattr(responding, "ANSWER", 0.3)
    assert _cancel(tmp_path) == 1
    said = capsys.readouterr().err
    assert remedy in said and f"kill -KILL {stopped.pid}" in said
    assert remedy in command_here(tmp_path, "cancel", "daily", "--no-wait").stderr
    # WHEN it goes on THEN the request is not forgotten
    stopped.send_signal(signal.SIGCONT)
    output = stopped.communicate(timeout=60)[0]
    assert stopped.returncode == 1 and "being cancelled" in output
    assert not living(tmp_path / "pid")


def test_what_a_stopped_executor_holds_can_be_freed_as_it_is_said(
    tmp_path: Path, stopped: subprocess.Popen[str]
) -> None:
    # WHEN the stopped process is ended, and then the run is cancelled
    stopped.send_signal(signal.SIGKILL)
    stopped.communicate()
    done = command_here(tmp_path, "cancel", "daily")
    # THEN nothing is left
    assert done.returncode == 0, done.stderr
    assert not living(tmp_path / "pid")


def test_an_executor_that_takes_no_request_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    # GIVEN a run that another machine executes, as its journal says, which does not answer
    project = make_project(tmp_path, {"daily": {"First": {"a": POLITE}}})
    process = start(project, "run", "daily")
    wait_for_file(project / "started", process)
    journal = latest_run(project, "daily") / "run.toml"
    process.send_signal(signal.SIGSTOP)
    with journal.open("r+") as file:
        text = file.read()
        file.seek(0)
        file.write(text.replace(f'host = "{os.uname().nodename}"', f'host = "{"x" * len(os.uname().nodename)}"'))
    # WHEN
    monkeypatch.setattr(responding, "ANSWER", 0.3)
    assert _cancel(tmp_path) == 1
    # THEN
    said = capsys.readouterr().err
    assert "does not answer" in said and f"pid {process.pid} on {'x' * len(os.uname().nodename)})" in said
    process.kill()
    process.communicate()
    os.killpg(os.getpgid(int((project / "pid").read_text())), signal.SIGKILL)
