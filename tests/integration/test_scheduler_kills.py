"""A scheduler that is killed again and again: no scheduled time is lost, none is started twice, and runs go on."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest
from orch_tui.model.status import Status
from orch_tui.project.history import runs
from orch_tui.project.journal.file import read_run
from orch_tui.project.paths import ProjectPaths
from orch_tui.project.project import open_project
from orch_tui.scheduling.due_times import due_between
from orch_tui.scheduling.store import FileLedger
from orch_tui.scheduling.values import Outcome, Watched
from orch_tui.scheduling.watching import schedules_of

from tests.integration.schedule_me import EPOCH
from tests.support.projects import environment, make_project

SCHEDULES = {"a": "* * * * *", "b": "*/2 * * * *"}
SETTLED_IN = 60.0


def _project(root: Path) -> list[Watched]:
    """Two orchestrations whose task says for which time it runs."""
    task = {"t": "echo {{ orchestration_of }} {{ scheduled_at }} >> starts; sleep 0.05"}
    make_project(root, {name: {"P": task} for name in SCHEDULES}, "[runs]\nkeep = 10000\n")
    for name, cron in SCHEDULES.items():
        more = f'cron = "{cron}"\ntimezone = "UTC"\ncatch_up = "all"\nif_running = "wait"\n'
        with (root / "orchestrations" / f"{name}.toml").open("a") as file:
            file.write(f'\n[[schedules]]\n{more}[schedules.variables]\norchestration_of = "{name}"\n')
    project = open_project(root)
    return [watched for name in SCHEDULES for watched in schedules_of(project.orchestration(name), "")]


def _scheduler(root: Path, begin: float, speed: float) -> subprocess.Popen[str]:
    argv = [sys.executable, "-m", "tests.integration.schedule_me", str(root), repr(begin), str(speed)]
    process = subprocess.Popen(argv, env=environment(), stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None and process.stdout.readline() == "at work\n"
    return process


def _kill(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.communicate()


def _open_times(root: Path, schedules: list[Watched], until: float) -> list[tuple[str, float]]:
    """Scheduled times that nothing is known of yet."""
    found = []
    for watched in schedules:
        ledger = FileLedger(ProjectPaths(root), watched)
        mark = ledger.mark()
        assert mark is not None
        known = [record for record in ledger.records(0) if record.outcome is not Outcome.CLAIMED]
        times = due_between(watched, mark.since, until)
        found += [(watched.orchestration, at) for at in times if not any(record.covers(at) for record in known)]
    return found


def _live_and_die(root: Path, schedules: list[Watched], *, seconds: float, kills: int, speed: float) -> None:
    chance, begin = random.Random(5), time.clock_gettime(time.CLOCK_BOOTTIME)
    for _ in range(kills):
        process = _scheduler(root, begin, speed)
        try:
            time.sleep(chance.uniform(0.2, 1.8) * seconds / kills / 2)
        finally:
            _kill(process)
    # The last one does what is left.
    until = EPOCH + (time.clock_gettime(time.CLOCK_BOOTTIME) - begin) * speed
    process = _scheduler(root, begin, speed)
    try:
        deadline = time.monotonic() + SETTLED_IN + seconds
        while _open_times(root, schedules, until):
            assert time.monotonic() < deadline, _open_times(root, schedules, until)
            time.sleep(0.05)
    finally:
        _kill(process)
    _wait_for_ends(root)


def _wait_for_ends(root: Path) -> None:
    deadline = time.monotonic() + SETTLED_IN
    while any(run.live for name in SCHEDULES for run in runs(ProjectPaths(root), name)):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def _judge(root: Path, schedules: list[Watched]) -> int:
    """How many times were started."""
    lines = Counter((root / "starts").read_text().splitlines())
    assert set(lines.values()) == {1}
    number = 0
    for watched in schedules:
        name, ledger = watched.orchestration, FileLedger(ProjectPaths(root), watched)
        mark, records = ledger.mark(), ledger.records(0)
        assert mark is not None
        assert {record.outcome for record in records} == {Outcome.STARTED}, "lost"
        summaries = list(runs(ProjectPaths(root), name))
        assert all(run.status is Status.SUCCESS for run in summaries), "a run was touched"
        started = sorted(run.scheduled.at for run in summaries if run.scheduled)
        times = list(due_between(watched, mark.since, started[-1]))
        assert started == times == [record.at for record in records], "lost or doubled"
        assert {record.run for record in records} == {run.id for run in summaries}
        assert all(len(read_run(run.directory).executors) == 1 for run in summaries)
        number += len(times)
    assert number == len(lines)
    return number


def test_no_start_is_lost_and_none_is_doubled(tmp_path: Path) -> None:
    schedules = _project(tmp_path / "p")
    _live_and_die(tmp_path / "p", schedules, seconds=4.0, kills=5, speed=40.0)
    assert _judge(tmp_path / "p", schedules) >= 3


@pytest.mark.long
@pytest.mark.timeout(1200)
def test_a_hundred_kills_over_five_minutes(tmp_path: Path) -> None:
    schedules = _project(tmp_path / "p")
    _live_and_die(tmp_path / "p", schedules, seconds=300.0, kills=100, speed=20.0)
    print(_judge(tmp_path / "p", schedules), "times, each started once")
