"""Going on with a run whose executor was killed: nothing twice, nothing forgotten, nothing guessed."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from orch_tui.engine.processes.process import kill_processes, tagged
from orch_tui.engine.requests.requests import CancelRequest, ask
from orch_tui.engine.runs import takeover
from orch_tui.engine.runs.handover import hand_over
from orch_tui.engine.runs.start import AlreadyRunning, RunEnded, RunRefused
from orch_tui.engine.runs.takeover import take_over
from orch_tui.model.run.runstate import RunState
from orch_tui.model.status import Status
from orch_tui.project.journal.file import is_executed, read_run

from tests.support.engine_kit import begin, make_commands, statuses, until
from tests.support.projects import completed, started

WAIT = "echo begin >> {0}.trace; while [ ! -e {0}.go ]; do sleep 0.02; done; echo end >> {0}.trace; exit {1}"


@pytest.fixture
def victims() -> Iterator[list[subprocess.Popen[str]]]:
    processes: list[subprocess.Popen[str]] = []
    yield processes
    for process in processes:
        process.kill()
        process.wait()


def _start(root: Path, victims: list[subprocess.Popen[str]]) -> tuple[subprocess.Popen[str], Path]:
    process = started([sys.executable, "-m", "tests.integration.kill_me", str(root)], stdout=subprocess.PIPE)
    victims.append(process)
    assert process.stdout is not None
    return process, Path(process.stdout.readline().strip())


def _kill(process: subprocess.Popen[str]) -> None:
    process.send_signal(signal.SIGKILL)
    process.wait()
    if process.stdout is not None:
        process.stdout.close()


def _pid_of(directory: Path, task: str) -> int | None:
    attempts = read_run(directory).tasks[task].attempts
    return attempts[0].pid if attempts else None


def test_running_tasks_are_adopted_and_what_finished_meanwhile_is_known(
    tmp_path: Path, victims: list[subprocess.Popen[str]]
) -> None:
    # GIVEN a run with three tasks under way, a fourth that waits for a slot, and a second phase
    tasks = {"a": WAIT.format("a", 0), "b": WAIT.format("b", 0), "c": WAIT.format("c", 0), "d": "echo d >> d.trace"}
    project = make_commands(tmp_path, {"P1": tasks, "P2": {"e": "echo e >> e.trace"}}, "max_parallel = 3")
    process, directory = _start(tmp_path, victims)
    until(lambda: all((tmp_path / f"{name}.trace").exists() for name in "abc"))
    # WHEN its executor is killed, one task finishes while nobody looks, and another process takes over
    _kill(process)
    (tmp_path / "a.go").touch()
    until(lambda: (directory / "tasks" / "a" / "1" / "exit").read_text() == "0\n")
    run = take_over(project, directory, by="ann@host")
    until(lambda: statuses(read_run(directory))["d"] is Status.SUCCESS)
    # THEN it says what it found, goes on with the others, and everything ran exactly once
    notes = [text for _, _, text in read_run(directory).notes]
    assert notes == ["taken over by ann@host: 2 still running, 1 finished meanwhile"]
    (tmp_path / "b.go").touch()
    (tmp_path / "c.go").touch()
    assert run.wait(30) is Status.SUCCESS
    state = read_run(directory)
    assert all(len(task.attempts) == 1 and task.succeeded for task in state.tasks.values())
    assert (tmp_path / "e.trace").read_text() == "e\n" and (tmp_path / "d.trace").read_text() == "d\n"


def test_an_exit_code_of_an_adopted_task_counts(tmp_path: Path, victims: list[subprocess.Popen[str]]) -> None:
    project = make_commands(tmp_path, {"P1": {"a": WAIT.format("a", 7)}, "P2": {"b": "true"}})
    process, directory = _start(tmp_path, victims)
    until(lambda: (tmp_path / "a.trace").exists())
    _kill(process)
    run = take_over(project, directory, by="me")
    (tmp_path / "a.go").touch()
    assert run.wait(30) is Status.ERROR
    state = read_run(directory)
    assert state.tasks["a"].attempts[0].exit_code == 7
    assert statuses(state) == {"a": Status.ERROR, "b": Status.SKIPPED}


def test_a_run_with_an_executor_or_an_end_is_not_taken_over(tmp_path: Path) -> None:
    project = make_commands(tmp_path, {"P": {"a": WAIT.format("a", 0)}})
    active = begin(project)
    with pytest.raises(AlreadyRunning):
        take_over(project, active.directory, by="me")
    (tmp_path / "a.go").touch()
    active.wait(30)
    with pytest.raises(RunRefused, match="has ended"):
        take_over(project, active.directory, by="me")


def test_a_run_that_ends_while_somebody_waits_to_go_on_with_it_stays_ended(tmp_path: Path) -> None:
    # GIVEN a run whose executor seems to be leaving, and somebody who waits for that
    project = make_commands(tmp_path, {"P": {"a": WAIT.format("a", 0)}})
    active = begin(project)
    until(lambda: (tmp_path / "a.trace").exists())
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(take_over, project, active.directory, by="me")
        # WHEN it ends
        (tmp_path / "a.go").touch()
        active.wait(30)
        # THEN the other one finds it ended, and writes nothing behind its end
        with pytest.raises(RunEnded, match="has ended"):
            waiting.result(30)
    assert (active.directory / "run.toml").read_text().count("run_ended") == 1
    assert not read_run(active.directory).notes


def test_after_a_reboot_running_tasks_are_lost_and_can_be_run_again(
    tmp_path: Path, victims: list[subprocess.Popen[str]]
) -> None:
    # GIVEN a run of an earlier boot: its processes are gone, and their pids may be anybody's
    project = make_commands(tmp_path, {"P1": {"a": WAIT.format("a", 0), "done": "true"}, "P2": {"b": "true"}})
    process, directory = _start(tmp_path, victims)
    until(lambda: (tmp_path / "a.trace").exists() and statuses(read_run(directory))["done"] is Status.SUCCESS)
    _kill(process)
    attempt = [directory / "tasks" / "a" / "1"]

    def gone() -> bool:
        kill_processes(tagged(attempt))
        return not tagged(attempt)

    until(gone)
    text = (directory / "run.toml").read_text()
    boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    (directory / "run.toml").write_text(text.replace(boot, "0" * 8 + boot[8:]))
    # WHEN the next process takes it over
    assert take_over(project, directory, by="me").wait(30) is Status.ERROR
    # THEN the task is lost, not failed and not run again by itself, and the finished one is kept
    state = read_run(directory)
    assert state.tasks["a"].kind == "lost" and "lost" in state.tasks["a"].reason
    assert statuses(state) == {"a": Status.ERROR, "done": Status.SUCCESS, "b": Status.SKIPPED}


def test_a_cancelled_run_is_still_cancelled_by_its_successor(
    tmp_path: Path, victims: list[subprocess.Popen[str]]
) -> None:
    stubborn = "trap '' TERM; echo begin >> a.trace; while :; do sleep 0.05; done"
    project = make_commands(
        tmp_path, {"P1": {"a": {"command": stubborn, "grace": '"1s"'}}, "P2": {"b": "touch b.trace"}}
    )
    process, directory = _start(tmp_path, victims)
    until(lambda: (tmp_path / "a.trace").exists())
    ask(directory, CancelRequest("ann"))
    until(lambda: statuses(read_run(directory))["a"] is Status.TERMINATING)
    _kill(process)
    assert take_over(project, directory, by="me").wait(30) is Status.TERMINATED
    assert statuses(read_run(directory)) == {"a": Status.TERMINATED, "b": Status.CANCELLED}
    assert not (tmp_path / "b.trace").exists() and not tagged([directory / "tasks" / "a" / "1"])


def test_what_is_left_of_a_task_without_its_first_process_is_ended_and_it_is_lost(
    tmp_path: Path, victims: list[subprocess.Popen[str]]
) -> None:
    # GIVEN a task whose leader was killed together with the executor while its children live
    child = "(trap '' TERM; while :; do sleep 0.05; done) & setsid sleep 300 & echo begin >> a.trace; wait"
    project = make_commands(tmp_path, {"P": {"a": child}})
    process, directory = _start(tmp_path, victims)
    # (The task may begin before its start is recorded.)
    until(lambda: (tmp_path / "a.trace").exists() and _pid_of(directory, "a") is not None)
    _kill(process)
    pid = _pid_of(directory, "a")
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    # WHEN the run is taken over THEN its answer is not guessed, and nobody is left who could write to its tables
    assert take_over(project, directory, by="me").wait(30) is Status.ERROR
    task = read_run(directory).tasks["a"]
    assert task.kind == "lost" and task.attempts[0].leftovers >= 2
    assert not tagged([directory / "tasks" / "a" / "1"])


def test_a_task_that_was_started_but_not_recorded_is_found_by_its_tag(
    tmp_path: Path, victims: list[subprocess.Popen[str]]
) -> None:
    # GIVEN a journal whose last record is the intent to start the task
    project = make_commands(tmp_path, {"P": {"a": WAIT.format("a", 0)}})
    process, directory = _start(tmp_path, victims)
    until(lambda: (tmp_path / "a.trace").exists() and _pid_of(directory, "a") is not None)
    _kill(process)
    text = (directory / "run.toml").read_text()
    (directory / "run.toml").write_text(text[: text.index('[[event]]\ntype = "started"')])
    run = take_over(project, directory, by="me")
    assert run.wait(0.3) is None
    (tmp_path / "a.go").touch()
    assert run.wait(30) is Status.SUCCESS
    assert (tmp_path / "a.trace").read_text().split() == ["begin", "end"]


def test_the_run_is_handed_to_a_successor_in_a_session_of_its_own(tmp_path: Path) -> None:
    # GIVEN a run that this process executes
    project = make_commands(tmp_path, {"P1": {"a": WAIT.format("a", 0)}, "P2": {"b": "touch b.trace"}})
    active = begin(project)
    until(lambda: (tmp_path / "a.trace").exists())
    # WHEN it is handed over
    successor = hand_over(active, tmp_path)
    # THEN this process has let go of it, and another one in another session goes on
    assert not active.alive
    until(lambda: any("taken over by" in text for _, _, text in read_run(active.directory).notes))
    assert os.getsid(successor) == successor != os.getsid(0)
    (tmp_path / "a.go").touch()
    until(lambda: read_run(active.directory).finished)
    state = read_run(active.directory)
    assert state.status is Status.SUCCESS and len(state.tasks["a"].attempts) == 1
    assert (tmp_path / "a.trace").read_text().split() == ["begin", "end"]
    os.waitpid(successor, 0)


def test_an_interrupted_run_is_resumed_and_another_one_stopped_from_the_command_line(
    tmp_path: Path, victims: list[subprocess.Popen[str]]
) -> None:
    def orch(*arguments: str) -> subprocess.CompletedProcess[str]:
        argv = [sys.executable, "-m", "orch_tui", *arguments, "--project", str(tmp_path)]
        return completed(argv)

    make_commands(tmp_path, {"P1": {"a": WAIT.format("a", 0)}, "P2": {"b": "touch b.trace"}})
    # GIVEN an interrupted run
    process, directory = _start(tmp_path, victims)
    until(lambda: (tmp_path / "a.trace").exists())
    _kill(process)
    until(lambda: not is_executed(directory))
    assert f"orch-tui run --resume {directory.name}" in orch("show", "last").stdout
    # WHEN it is resumed THEN it ends as it would have
    (tmp_path / "a.go").touch()
    resumed = orch("run", "--resume")
    assert resumed.returncode == 0, resumed.stdout + resumed.stderr
    assert "taken over by" in resumed.stdout and (tmp_path / "b.trace").exists()
    # GIVEN another one WHEN it is cancelled THEN nothing of it is left
    (tmp_path / "a.go").unlink()
    (tmp_path / "a.trace").unlink()
    process, directory = _start(tmp_path, victims)
    until(lambda: (tmp_path / "a.trace").exists())
    _kill(process)
    until(lambda: not is_executed(directory))
    cancelled = orch("cancel", "o")
    assert cancelled.returncode == 0, cancelled.stdout + cancelled.stderr
    assert not tagged([directory / "tasks" / "a" / "1"])
    assert statuses(read_run(directory)) == {"a": Status.TERMINATED, "b": Status.CANCELLED}


@pytest.mark.parametrize(
    "least", [pytest.param(6, id="short"), pytest.param(1000, id="at-length", marks=pytest.mark.long)]
)
def test_kills_each_followed_by_a_takeover(tmp_path: Path, least: int) -> None:
    seed = random.randrange(10**9)
    print(f"seed {seed}")
    random.seed(seed)
    kills = runs = 0
    while kills < least:
        kills += _kill_until_done(tmp_path / str(runs))
        runs += 1
    print(f"{kills} kills in {runs} runs")


def _kill_until_done(root: Path) -> int:
    # GIVEN a run of three phases with four tasks each
    names = [f"t{phase}{number}" for phase in range(3) for number in range(4)]
    command = "echo begin >> trace/{0}; sleep 0.{1}; echo end >> trace/{0}"
    phases = {
        f"P{p}": {f"t{p}{n}": command.format(f"t{p}{n}", random.randrange(1, 4)) for n in range(4)} for p in range(3)
    }
    make_commands(root, phases)
    (root / "trace").mkdir()
    process = started([sys.executable, "-m", "tests.integration.kill_me", str(root)], stdout=subprocess.PIPE)
    assert process.stdout is not None
    directory = Path(process.stdout.readline().strip())
    kills = 0
    while True:
        # WHEN its executor is killed at a random moment, again and again
        time.sleep(random.random() * 0.25)
        _kill(process)
        kills += 1
        until(lambda: not is_executed(directory))
        if read_run(directory).finished:
            break
        argv = [sys.executable, "-m", "tests.integration.take_over_me", str(root), str(directory)]
        process = started(argv, stdout=subprocess.PIPE)
        assert process.stdout is not None
        assert process.stdout.readline() == "took over\n"
    # THEN the run ended, and journal and traces agree
    until(lambda: not tagged([directory / "tasks" / name / "1" for name in names]))
    _agree(read_run(directory), root)
    return kills


def _agree(state: RunState, root: Path) -> None:
    assert state.status is Status.SUCCESS
    for task in state.tasks.values():
        # Every task ran to its end exactly once, however often its executor was killed.
        assert (root / "trace" / task.id).read_text().split() == ["begin", "end"], task.id
        assert task.succeeded
        # An attempt that was recorded but never began is said to be just that.
        assert all("never began" in attempt.reason for attempt in task.attempts[:-1]), task.id


def test_where_no_lock_reaches_other_machines_a_run_of_one_is_not_taken_over(
    tmp_path: Path, victims: list[subprocess.Popen[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    # GIVEN a run that another machine executed, as its journal says, on a file system whose locks stay here
    project = make_commands(tmp_path, {"P": {"a": WAIT.format("a", 0)}})
    process, directory = _start(tmp_path, victims)
    until((tmp_path / "a.trace").exists)
    _kill(process)
    monkeypatch.setattr(takeover, "why_locks_stay_here", lambda path: "nfs4 with local_lock=all")
    text, here = (directory / "run.toml").read_text(), os.uname().nodename
    (directory / "run.toml").write_text(text.replace(f'host = "{here}"', 'host = "elsewhere"'))
    # WHEN it is to be taken over THEN that is refused, and nothing is written
    before = (directory / "run.toml").read_bytes()
    with pytest.raises(RunRefused, match=r"executed on elsewhere, .* \(nfs4 with local_lock=all\)"):
        take_over(project, directory, by="test")
    assert (directory / "run.toml").read_bytes() == before
    # AND one of this machine is, whatever the file system is
    (directory / "run.toml").write_text(text)
    (tmp_path / "a.go").touch()
    assert take_over(project, directory, by="test").wait(30) is Status.SUCCESS
