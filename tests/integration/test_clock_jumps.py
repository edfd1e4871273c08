"""The clock on the wall is set while a run goes on, or is wrong from its start: waits, order and durations stay right.

libfaketime answers for that clock only; the clocks that nobody sets stay as they are, and so do times of files. Source:
``FAKETIME_TIMESTAMP_FILE``, ``FAKETIME_NO_CACHE`` and ``FAKETIME_DONT_FAKE_MONOTONIC`` in the README of libfaketime.
"""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from subprocess import Popen
from typing import Any

import pytest
from orch_tui.model.run.runstate import RunState
from orch_tui.model.status import Status
from orch_tui.project.journal.file import read_run

from tests.servers.tools import missing, program
from tests.support.engine_kit import until
from tests.support.projects import end, latest_run, make_project, orch, start, wait_for_file

HOUR = 3600.0
YEAR = 365 * 24 * HOUR
DELAY = 0.8
TASKS: dict[str, Any] = {
    # Its second attempt comes a while after the first.
    "again": {
        "command": "if [ -e once ]; then echo whole; else touch once; exit 3; fi",
        "retry": {"attempts": 1, "delay": f"{DELAY}s"},
    },
    "slow": {"command": "touch slow; while [ ! -e go ]; do sleep 0.02; done", "timeout": "30m"},
}


class SetClock:
    """A clock on the wall for the programs with this ``environment``; it may be set while they run."""

    def __init__(self, root: Path) -> None:
        self._file = root / "clock"
        self.set_by(0)
        program("faketime")
        libraries = [*Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1")]
        if not libraries:
            missing("the library of faketime is not below /usr/lib")
        self.environment = {
            "LD_PRELOAD": str(libraries[0]),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }

    def set_by(self, seconds: float) -> None:
        """To so many seconds after the real one."""
        new = self._file.with_name("clock.new")
        new.write_text(f"{seconds:+.0f}\n")
        new.rename(self._file)


@pytest.fixture
def clock(tmp_path: Path) -> SetClock:
    made = SetClock(tmp_path)
    made.set_by(HOUR)
    now = subprocess.run(["date", "+%s"], env={**os.environ, **made.environment}, capture_output=True, check=True)
    assert abs(int(now.stdout) - time.time() - HOUR) < 60, "the library has to answer for the clock"
    made.set_by(0)
    return made


@pytest.fixture
def started() -> Iterator[list[Popen[str]]]:
    processes: list[Popen[str]] = []
    yield processes
    for process in processes:
        end(process)


def some(short: dict[str, float], long: dict[str, float]) -> pytest.MarkDecorator:
    """Parametrizes ``seconds``, by which the clock is set: these always, those by hand with ``-m long``."""
    marked = [pytest.param(seconds, id=name) for name, seconds in short.items()]
    marked += [pytest.param(seconds, id=name, marks=pytest.mark.long) for name, seconds in long.items()]
    return pytest.mark.parametrize("seconds", marked)


def _is_right(state: RunState, least: float, most: float) -> None:
    """It has the times of a run that took so many seconds."""
    assert state.status is Status.SUCCESS, [(task.id, task.reason) for task in state.tasks.values()]
    assert state.started is not None and state.ended is not None
    assert least <= state.ended - state.started <= most
    first, second = state.tasks["again"].attempts
    (slow,) = state.tasks["slow"].attempts
    assert first.ended is not None and DELAY <= second.spawned - first.ended <= most
    for attempt in (first, second, slow):
        assert attempt.seconds is not None and 0 <= attempt.seconds <= most
        assert attempt.ended is not None and state.started <= attempt.spawned <= attempt.ended <= state.ended


def _shown(project: Path, clock: SetClock) -> dict[str, Any]:
    done = orch(project, "show", "last", "--json", **clock.environment)
    assert done.returncode == 0, done.stderr
    shown: dict[str, Any] = json.loads(done.stdout)
    return shown


@some(
    {"back by three hours": -3 * HOUR, "ahead by five hours": 5 * HOUR},
    {"back by a second": -1, "back by a year": -YEAR, "ahead by ten years": 10 * YEAR},
)
def test_a_clock_that_is_set_while_a_run_goes_on_changes_nothing_of_it(
    tmp_path: Path, clock: SetClock, started: list[Popen[str]], seconds: float
) -> None:
    # GIVEN a run with a task under way and one that waits for its retry, and somebody who watches it
    project = make_project(tmp_path / "p", {"main": {"First": TASKS}})
    before = time.monotonic()
    run = start(project, "run", "main", env=clock.environment)
    started.append(run)
    wait_for_file(project / "slow", run)
    begun = time.monotonic()
    wait_for_file(project / "once", run)
    until(lambda: read_run(latest_run(project, "main")).tasks["again"].attempts[0].ended is not None)
    watch = start(project, "watch", "main", env=clock.environment)
    started.append(watch)
    # WHEN the clock is set
    clock.set_by(seconds)
    # THEN the retry comes neither at once nor after hours, and the other task has not reached its time limit
    until(lambda: read_run(latest_run(project, "main")).tasks["again"].succeeded)
    assert not _shown(project, clock)["interrupted"]
    least = time.monotonic() - begun
    (project / "go").touch()
    said, _ = run.communicate(timeout=30)
    assert run.returncode == 0 and "Traceback" not in said, said
    _is_right(read_run(latest_run(project, "main")), least, time.monotonic() - before)
    # AND who watches sees the same
    seen, _ = watch.communicate(timeout=30)
    assert watch.returncode == 0 and "success" in seen and "interrupted" not in seen and "longer than" not in seen, seen
    shown = _shown(project, clock)
    assert shown["status"] == "success" and least <= shown["seconds"] <= time.monotonic() - before


@some({"in the past": -3 * YEAR}, {"a day ahead": 24 * HOUR, "far ahead": 40 * YEAR})
def test_runs_under_a_wrong_date_have_right_durations_and_keep_their_order(
    tmp_path: Path, clock: SetClock, seconds: float
) -> None:
    # GIVEN a machine with a wrong date
    project = make_project(tmp_path / "p", {"main": {"First": TASKS}})
    (project / "go").touch()
    clock.set_by(seconds)
    before = time.monotonic()
    # WHEN it runs
    done = orch(project, "run", "main", **clock.environment)
    took = time.monotonic() - before
    # THEN it takes as long as it takes
    assert done.returncode == 0 and "Traceback" not in done.stdout + done.stderr, done.stdout + done.stderr
    first = latest_run(project, "main")
    _is_right(read_run(first), DELAY, took)
    assert DELAY <= _shown(project, clock)["seconds"] <= took
    # AND after the date was put right, the run that came last is the last one
    clock.set_by(0)
    assert orch(project, "run", "main", **clock.environment).returncode == 0
    ids = [one["id"] for one in json.loads(orch(project, "runs", "--json", **clock.environment).stdout)]
    assert ids[1:] == [first.name] and _shown(project, clock)["id"] == ids[0]


@some({"back by three hours": -3 * HOUR}, {"ahead by five hours": 5 * HOUR, "back by a year": -YEAR})
def test_a_run_is_taken_over_after_the_clock_was_set(
    tmp_path: Path, clock: SetClock, started: list[Popen[str]], seconds: float
) -> None:
    # GIVEN a run whose executor is killed
    project = make_project(tmp_path / "p", {"main": {"First": TASKS}})
    before = time.monotonic()
    run = start(project, "run", "main", env=clock.environment)
    started.append(run)
    wait_for_file(project / "slow", run)
    wait_for_file(project / "once", run)
    until(lambda: read_run(latest_run(project, "main")).tasks["slow"].attempts[0].pid is not None)
    begun = time.monotonic()
    run.kill()
    run.communicate()
    # WHEN the clock is set, and another one goes on with it
    clock.set_by(seconds)
    (project / "go").touch()
    done = orch(project, "run", "--resume", latest_run(project, "main").name, **clock.environment)
    # THEN its times are those of one run
    assert done.returncode == 0 and "Traceback" not in done.stdout + done.stderr, done.stdout + done.stderr
    _is_right(read_run(latest_run(project, "main")), time.monotonic() - begun - 2, time.monotonic() - before)
