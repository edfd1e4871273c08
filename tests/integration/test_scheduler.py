"""``orch-tui scheduler`` as a process: one for a project, awake only when there is something to do."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from orch_tui.project.history import runs
from orch_tui.project.paths import ProjectPaths
from orch_tui.project.project import open_project
from orch_tui.scheduling.life import last_sign, scheduler_of
from orch_tui.scheduling.scheduler import fingerprint
from orch_tui.scheduling.store import FileLedger
from orch_tui.scheduling.values import Mark, Outcome
from orch_tui.scheduling.watching import schedules_of

from tests.support.projects import end, make_project, orch, start

EVERY_MINUTE = '\n[[schedules]]\ncron = "* * * * *"\ntimezone = "UTC"\n'


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return make_project(tmp_path / "p", {"o": {"P": {"t": "echo {{ scheduled_at }} >> starts"}}})


@pytest.fixture
def scheduler(project: Path) -> Iterator[subprocess.Popen[str]]:
    process = start(project, "scheduler")
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "the scheduler is at work; no schedule is due\n"
        _until(lambda: last_sign(ProjectPaths(project)) is not None)
        yield process
    finally:
        end(process)


def _until(true: Callable[[], object]) -> None:
    deadline = time.monotonic() + 30
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def _schedule(project: Path, text: str) -> None:
    with (project / "orchestrations" / "o.toml").open("a") as file:
        file.write(text)


def test_a_project_has_one_scheduler(project: Path, scheduler: subprocess.Popen[str]) -> None:
    # WHEN a second one is started, THEN it is told who is there
    second = orch(project, "scheduler")
    assert second.returncode == 4
    assert f"this project has a scheduler already: {scheduler_of(ProjectPaths(project))}" in second.stderr
    assert f"process {scheduler.pid}" in second.stderr
    # AND one that would do what is due leaves it to the first
    assert orch(project, "scheduler", "--once").returncode == 0
    # WHEN it is asked to end, THEN it does, says so to those who come after it, and makes room
    scheduler.send_signal(signal.SIGTERM)
    assert scheduler.wait(20) == 0
    sign = last_sign(ProjectPaths(project))
    assert sign is not None and sign.ended
    assert scheduler_of(ProjectPaths(project)) is None


def test_a_schedule_that_is_written_is_noticed(project: Path, scheduler: subprocess.Popen[str]) -> None:
    # GIVEN a scheduler with nothing to do, WHEN a schedule is written
    state = project / ".orch" / "scheduling" / "scheduler.json"
    assert json.loads(state.read_text())["next"] is None
    _schedule(project, '\n[[schedules]]\ncron = "0 0 1 1 *"\n')
    # THEN it knows its next start at once
    _until(lambda: json.loads(state.read_text())["next"] is not None)
    assert scheduler.poll() is None


def test_what_is_due_is_started_and_nothing_waits_for_it(project: Path) -> None:
    # GIVEN a schedule that was seen two minutes ago
    _schedule(project, EVERY_MINUTE)
    (watched,) = schedules_of(open_project(project).orchestration("o"), "")
    ledger = FileLedger(ProjectPaths(project), watched)
    before = time.time() - 120
    ledger.set_mark(Mark(before, before, fingerprint(watched)))
    # WHEN what is due is done
    assert orch(project, "scheduler", "--once").returncode == 0
    # THEN runs go on by themselves, and each time has a record
    _until(lambda: any(record.outcome is Outcome.STARTED for record in ledger.records(before)))
    _until(lambda: all(record.outcome is not Outcome.CLAIMED for record in ledger.records(before)))
    _until(lambda: not any(run.live for run in runs(ProjectPaths(project), "o")))
    started = [record.at for record in ledger.records(before) if record.outcome is Outcome.STARTED]
    assert len((project / "starts").read_text().splitlines()) == len(started) > 0


def test_the_unit_starts_the_scheduler_of_this_project(tmp_path: Path) -> None:
    strange = make_project(tmp_path / 'a "b" $c %d', {"o": {"P": {"t": "true"}}})
    unit = orch(strange, "scheduler", "--unit").stdout
    line = next(line for line in unit.splitlines() if line.startswith("ExecStart="))
    assert 'scheduler --project "' in line and 'a \\"b\\" $$c %%d"' in line
    assert "KillMode=process" in unit and "Restart=always" in unit
