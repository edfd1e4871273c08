"""What a takeover finds finished is cleaned up as it would have been before the eyes of its executor."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import pytest
from orch_tui.engine.processes.process import tagged
from orch_tui.engine.requests.requests import CancelRequest, ask
from orch_tui.engine.runs.takeover import take_over
from orch_tui.model.clocks.machine_clock import uptime
from orch_tui.model.events.events import read_time, write_time
from orch_tui.model.status import Status
from orch_tui.project.concurrent.locks import is_locked
from orch_tui.project.journal.file import read_run

from tests.support.engine_kit import begin, make_commands, statuses, until
from tests.support.executors import Executor, wait_for_exit_file
from tests.support.projects import living, orch

GO = "while [ ! -e go ]; do sleep 0.02; done"
# Each is left behind by its task and writes its pid into "left".
LEFT = {
    "in the group": "sleep 777 & echo $! > left",
    "deaf to TERM": "sh -c 'trap \"\" TERM; while :; do sleep 0.05; done' & echo $! > left",
    "in its own session, with the log": "setsid sh -c 'echo $$ > left; exec sleep 777' & until [ -s left ]; do :; done",
    "in the group, without environment and output": "env -i /bin/sleep 777 >/dev/null 2>&1 & echo $! > left",
}
DETACHED = "setsid sh -c 'echo $$ > left; exec sleep 777' >/dev/null 2>&1 & until [ -s left ]; do :; done"


@pytest.mark.parametrize("kind", LEFT)
def test_what_a_finished_task_left_behind_is_ended(tmp_path: Path, kind: str) -> None:
    # GIVEN a task that leaves a process behind, and whose executor is killed before the task ends
    project = make_commands(tmp_path, {"P1": {"a": f"{LEFT[kind]}; {GO}; echo fine"}, "P2": {"b": "true"}})
    executor = Executor(tmp_path)
    until(lambda: (tmp_path / "left").exists() and executor.state.tasks["a"].attempts[0].pid is not None)
    executor.kill()
    (tmp_path / "go").touch()
    wait_for_exit_file(executor.directory, "a")
    assert living(tmp_path / "left")
    # WHEN the run is taken over
    assert take_over(project, executor.directory, by="me").wait(30) is Status.SUCCESS
    # THEN nothing of it is left, it is counted, and the configuration is free for the next run
    attempt = executor.state.tasks["a"].attempts[0]
    assert attempt.status is Status.SUCCESS and attempt.exit_code == 0 and attempt.leftovers >= 1
    assert not living(tmp_path / "left")
    assert not is_locked(project.paths.configuration_lock("command/a"))


def test_the_end_of_a_task_is_when_it_ended_and_not_when_somebody_looked(tmp_path: Path) -> None:
    # GIVEN a task that ended long before anybody looks, some seconds after it began
    project = make_commands(tmp_path, {"P": {"a": f"touch begun; {GO}"}})
    executor = Executor(tmp_path)
    until(lambda: (tmp_path / "begun").exists() and executor.state.tasks["a"].attempts[0].started is not None)
    executor.kill()
    (tmp_path / "go").touch()
    path = wait_for_exit_file(executor.directory, "a")
    begun = executor.state.tasks["a"].attempts[0].started
    assert begun is not None
    text = (executor.directory / "run.toml").read_text()
    # (The run's clock is tied to the time since boot, which may be short.)
    ago = min(3600.0, uptime() / 2)
    _shift(executor.directory / "run.toml", text, -ago)
    os.utime(path, (begun - ago + 5, begun - ago + 5))
    # WHEN the run is taken over
    assert take_over(project, executor.directory, by="me").wait(30) is Status.SUCCESS
    # THEN it took these seconds, and the run goes on from now
    attempt = read_run(executor.directory).tasks["a"].attempts[0]
    assert attempt.seconds == pytest.approx(5, abs=0.1)
    assert attempt.ended == pytest.approx(begun - ago + 5, abs=0.1)


def _shift(path: Path, text: str, seconds: float) -> None:
    """All times of a journal, and the time since boot that they are tied to."""
    lines = []
    for line in text.split("\n"):
        key, _, value = line.partition(" = ")
        if key in ("at", "created"):
            line = f'{key} = "{write_time(read_time(value.strip(chr(34))) + seconds)}"'
        elif key == "uptime":
            line = f"{key} = {float(value) + seconds}"
        lines.append(line)
    path.write_text("\n".join(lines))


def test_a_task_that_failed_is_cleaned_up_wherever_it_has_hidden(tmp_path: Path) -> None:
    project = make_commands(tmp_path, {"P": {"a": f"{DETACHED}; {GO}; exit 3"}})
    executor = Executor(tmp_path)
    until(lambda: (tmp_path / "left").exists() and executor.state.tasks["a"].attempts[0].pid is not None)
    executor.kill()
    (tmp_path / "go").touch()
    wait_for_exit_file(executor.directory, "a")
    assert take_over(project, executor.directory, by="me").wait(30) is Status.ERROR
    assert executor.state.tasks["a"].attempts[0].leftovers >= 1
    assert not living(tmp_path / "left")


def test_a_program_that_detached_itself_lives_on_and_blocks_nobody(tmp_path: Path) -> None:
    # GIVEN a task that starts a program which lets go of everything of the task's
    daemon = tmp_path / "daemon.py"
    daemon.write_text(
        "import os, time\nif os.fork(): os._exit(0)\nos.setsid()\nos.closerange(0, 256)\n"
        "fd = os.open('left', os.O_WRONLY | os.O_CREAT)\nos.write(fd, str(os.getpid()).encode())\nos.close(fd)\n"
        "time.sleep(777)\n"
    )
    command = f"{sys.executable} daemon.py; until [ -s left ]; do sleep 0.01; done; {GO}"
    project = make_commands(tmp_path, {"P": {"a": command}})
    executor = Executor(tmp_path)
    until(lambda: (tmp_path / "left").exists() and executor.state.tasks["a"].attempts[0].pid is not None)
    executor.kill()
    (tmp_path / "go").touch()
    wait_for_exit_file(executor.directory, "a")
    # WHEN the task succeeded and the run is taken over THEN that program is left alone, as the pages say
    assert take_over(project, executor.directory, by="me").wait(30) is Status.SUCCESS
    assert living(tmp_path / "left")
    os.kill(int((tmp_path / "left").read_text()), signal.SIGKILL)


def test_a_program_that_detached_itself_half_does_not_keep_the_configuration(tmp_path: Path) -> None:
    # GIVEN a task that succeeds and leaves a program in a session of its own, which has inherited the task's lock
    project = make_commands(tmp_path, {"P": {"a": DETACHED}})
    first = begin(project)
    assert first.wait(30) is Status.SUCCESS and living(tmp_path / "left")
    pid = int((tmp_path / "left").read_text())
    # WHEN the orchestration is run again THEN it does not wait for a run that has ended
    second = begin(project)
    assert second.wait(30) is Status.SUCCESS
    for left in (pid, int((tmp_path / "left").read_text())):
        os.kill(left, signal.SIGKILL)


def test_cancelling_an_interrupted_run_ends_what_its_finished_tasks_left(tmp_path: Path) -> None:
    # GIVEN an interrupted run, of which one task has finished and left something, and another still runs
    tasks = {"a": f"{LEFT['deaf to TERM']}; {GO}", "b": "touch begun; sleep 600"}
    make_commands(tmp_path, {"P1": tasks, "P2": {"c": "true"}})
    executor = Executor(tmp_path)
    until(lambda: (tmp_path / "left").exists() and (tmp_path / "begun").exists())
    until(lambda: all(executor.state.tasks[task].attempts[0].pid is not None for task in "ab"))
    executor.kill()
    (tmp_path / "go").touch()
    wait_for_exit_file(executor.directory, "a")
    # WHEN
    done = orch(tmp_path, "cancel", "o")
    # THEN what had finished is told as it is, and nothing is left of either
    assert done.returncode == 0, done.stdout + done.stderr
    assert statuses(executor.state) == {"a": Status.SUCCESS, "b": Status.TERMINATED, "c": Status.CANCELLED}
    assert not living(tmp_path / "left")
    assert not tagged([executor.directory / "tasks" / task / "1" for task in "ab"])


def test_a_task_that_was_being_stopped_is_stopped_to_its_last_process(tmp_path: Path) -> None:
    # GIVEN a run that is cancelled: the task's first process has ended of it, another one of it has not
    command = f"{LEFT['deaf to TERM']}; trap 'exit 0' TERM; touch begun; while :; do sleep 0.02; done"
    project = make_commands(tmp_path, {"P": {"a": {"command": command, "grace": '"1h"'}}})
    executor = Executor(tmp_path)
    until(lambda: (tmp_path / "begun").exists())
    ask(executor.directory, CancelRequest("ann"))
    wait_for_exit_file(executor.directory, "a")
    assert executor.state.tasks["a"].status is Status.TERMINATING
    # WHEN its executor is killed in the hour that the task has, and the run is taken over
    executor.kill()
    assert take_over(project, executor.directory, by="me").wait(30) is Status.TERMINATED
    # THEN
    assert executor.state.tasks["a"].reason.startswith("cancelled by ann; ended by SIGTERM")
    assert not living(tmp_path / "left")


def test_a_group_number_that_is_another_process_by_now_is_left_alone(tmp_path: Path) -> None:
    # GIVEN a finished task whose recorded pid is, by now, that of somebody else's process group
    project = make_commands(tmp_path, {"P": {"a": f"touch begun; {GO}"}})
    executor = Executor(tmp_path)
    until(lambda: (tmp_path / "begun").exists() and executor.state.tasks["a"].attempts[0].pid is not None)
    executor.kill()
    (tmp_path / "go").touch()
    wait_for_exit_file(executor.directory, "a")
    pid = executor.state.tasks["a"].attempts[0].pid
    stranger = os.posix_spawn("/bin/sleep", ["sleep", "600"], {}, setsid=True)
    text = (executor.directory / "run.toml").read_text()
    (executor.directory / "run.toml").write_text(text.replace(f"pid = {pid}\n", f"pid = {stranger}\n"))
    # WHEN the run is taken over THEN the stranger lives
    assert take_over(project, executor.directory, by="me").wait(30) is Status.SUCCESS
    assert os.waitpid(stranger, os.WNOHANG) == (0, 0)
    os.kill(stranger, signal.SIGKILL)
    os.waitpid(stranger, 0)
