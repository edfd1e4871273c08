"""A scheduled run whose executor dies is gone on with by the scheduler, once for each death."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from orch_tui.model.run.runstate import RunState
from orch_tui.model.status import Status
from orch_tui.project.journal.file import is_executed, read_run
from orch_tui.project.project import open_project
from orch_tui.scheduling.takeover import TRIES
from orch_tui.scheduling.watching import schedules_of

from tests.support.projects import latest_run, make_project, orch, start, wait_for_file

_YEARLY = '\n[[schedules]]\nid = "night"\ncron = "0 0 1 1 *"\ntimezone = "UTC"\n'
_GATED = 'echo x >> "$ORCH_PROJECT/began"; until [ -e "$ORCH_PROJECT/gate" ]; do sleep 0.05; done'


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Path]:
    made = make_project(tmp_path / "p", {"o": {"One": {"slow": _GATED}, "Two": {"next": "true"}}})
    with (made / "orchestrations" / "o.toml").open("a") as file:
        file.write(_YEARLY)
    yield made
    (made / "gate").touch()
    run = latest_run(made, "o")
    _until(lambda: not is_executed(run))


def _until(true: Callable[[], object]) -> None:
    deadline = time.monotonic() + 60
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def _scheduled(project: Path) -> Path:
    """A run that a schedule started, and whose first task waits for a file."""
    (watched,) = schedules_of(open_project(project).orchestration("o"), "")
    process = start(project, "run", "o", "--scheduled", watched.id, "--at", f"{time.time():.0f}")
    wait_for_file(project / "began", process)
    run = latest_run(project, "o")
    _kill(run, process)
    return run


def _executor(run: Path) -> int:
    return int(read_run(run).executors[-1]["pid"])


def _kill(run: Path, process: subprocess.Popen[str] | None = None) -> None:
    """Kill whoever executes the run, at once."""
    if process is not None:
        process.kill()
        process.communicate()
    else:
        os.kill(_executor(run), signal.SIGKILL)
    _until(lambda: not is_executed(run))


def _once(project: Path) -> subprocess.CompletedProcess[str]:
    done = orch(project, "scheduler", "--once")
    assert done.returncode == 0, done.stderr
    return done


def _until_lives(run: Path, number: int) -> None:
    """Until the ``number``-th process has the run in hand."""
    _until(lambda: is_executed(run) and len(read_run(run).executors) == number)


def _end(run: Path) -> RunState:
    _until(lambda: read_run(run).finished)
    return read_run(run)


def test_a_run_that_died_goes_on_the_next_time_the_scheduler_looks(project: Path) -> None:
    # GIVEN a scheduled run whose executor was killed, WHEN the scheduler looks
    run = _scheduled(project)
    _once(project)
    # THEN another process has it in hand, and adopted what ran
    _until_lives(run, 2)
    # AND looking again starts nothing
    _once(project)
    (project / "gate").touch()
    state = _end(run)
    assert state.status is Status.SUCCESS and len(state.executors) == 2
    assert (project / "began").read_text() == "x\n" and latest_run(project, "o") == run
    # AND what has ended is left as it is
    _once(project)
    assert len(read_run(run).executors) == 2


def test_a_run_that_dies_again_and_again_is_left_to_people_who_are_told(project: Path) -> None:
    # GIVEN a scheduled run whose executor dies each time
    run = _scheduled(project)
    for number in range(TRIES):
        assert _once(project).stderr == ""
        _until_lives(run, number + 2)
        _kill(run)
    # WHEN the scheduler looks once more THEN it says so, once, and starts nothing
    told = _once(project).stderr
    assert f"run {run.name} was taken over {TRIES} times" in told and f"orch-tui run --resume {run.name}" in told
    assert _once(project).stderr == ""
    assert len(read_run(run).executors) == TRIES + 1 and not is_executed(run)


def test_a_run_that_a_person_has_had_in_hand_is_theirs(project: Path) -> None:
    # GIVEN a scheduled run that a person went on with, which died again
    run = _scheduled(project)
    mine = start(project, "run", "--resume", run.name)
    _until_lives(run, 2)
    _kill(run, mine)
    # WHEN the scheduler looks THEN it leaves it alone
    _once(project)
    assert not (project / ".orch" / "scheduling" / "takeovers").exists() and not is_executed(run)


@pytest.mark.parametrize("kept_back", ["paused", "disabled", "by hand"])
def test_what_schedules_may_not_start_now_they_do_not_go_on_with(project: Path, kept_back: str) -> None:
    # GIVEN an interrupted run, of which schedules are not to start anything, or that none of them started
    if kept_back == "by hand":
        process = start(project, "run", "o")
        wait_for_file(project / "began", process)
        run = latest_run(project, "o")
        _kill(run, process)
    else:
        run = _scheduled(project)
    if kept_back == "paused":
        assert orch(project, "pause", "o").returncode == 0
    if kept_back == "disabled":
        with (project / "orchestrations" / "o.toml").open("a") as file:
            file.write("enabled = false\n")
    # WHEN the scheduler looks THEN it leaves it alone
    _once(project)
    assert not is_executed(run) and len(read_run(run).executors) == 1
    if kept_back == "paused":
        # AND once it may again, it goes on
        assert orch(project, "unpause", "o").returncode == 0
        _once(project)
        _until_lives(run, 2)
