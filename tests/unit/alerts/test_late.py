"""What is late is told while there is time: runs that take long, deadlines, silence, missed times, the scheduler."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from orch_tui.alerts.lateness import deadline_after, slow_from
from orch_tui.engine.runs.start import ActiveRun
from orch_tui.project.project import open_project
from orch_tui.scheduling.life import become_scheduler, keep_sign
from orch_tui.scheduling.missed import project_schedules
from orch_tui.scheduling.outage import Sign
from orch_tui.scheduling.scheduler import fingerprint
from orch_tui.scheduling.store import FileLedger
from orch_tui.scheduling.values import Mark

from tests.support.engine_kit import begin
from tests.unit.alerts.kit import Here, here, rule

PRAGUE = ZoneInfo("Europe/Prague")
GATE = "while [ ! -e gate ]; do sleep 0.02; done"


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[None]:
    """Lets every run of the test come to its end."""
    yield
    (tmp_path / "gate").touch()


def going(it: Here) -> ActiveRun:
    """A run that goes on after three that took no time."""
    for _ in range(3):
        it.run("true")
    (it.root / "orch.toml").write_text('name = "Test"\n')
    (it.root / "configurations/command/t.toml").write_text(f"[parameters]\ncommand = '''{GATE}'''\n")
    return begin(open_project(it.root))


def local(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=PRAGUE).timestamp()


def test_a_deadline_is_a_time_of_the_clock_on_the_day_or_the_next() -> None:
    assert deadline_after(local("2026-11-29 05:30"), 390, PRAGUE) == local("2026-11-29 06:30")
    assert deadline_after(local("2026-11-29 06:30"), 390, PRAGUE) == local("2026-11-30 06:30")
    assert deadline_after(local("2026-11-29 23:00"), 30, PRAGUE) == local("2026-11-30 00:30")
    # On the days on which clocks change, it is what the clock shows.
    for day in ("2026-03-29", "2026-10-25"):
        at = deadline_after(local(f"{day} 00:10"), 390, PRAGUE)
        assert datetime.fromtimestamp(at, PRAGUE).isoformat()[:16] == f"{day}T06:30"


def test_a_short_run_is_not_too_long_by_a_few_seconds() -> None:
    assert slow_from(1000.0, 10.0, 50.0) == 1070.0
    assert slow_from(1000.0, 600.0, 50.0) == 1900.0


def test_a_run_that_takes_longer_than_usual_is_told_once(tmp_path: Path, opened: None) -> None:
    # GIVEN a run that goes on
    it = here(tmp_path, rule('["slow"]'))
    active = going(it)
    # WHEN it has just begun, THEN nothing is told, and it is known when to look again
    assert it.look() == [] and it.wake is not None and 40 < it.wake - time.time() < 70
    it.late = 70.0
    (alert,) = it.look()
    assert alert.run == active.id and "takes longer than usual" in alert.title
    it.late = 700.0
    assert it.look() == []
    (tmp_path / "gate").touch()
    assert active.wait(30) is not None


def test_a_deadline_is_told_before_it_is_late(tmp_path: Path, opened: None) -> None:
    # GIVEN runs that take no time, and a deadline an hour from now
    deadline = datetime.now().astimezone() + timedelta(hours=1)
    it = here(tmp_path, rule('["deadline"]', f'command = "true"\ndeadline = "{deadline:%H:%M}"'))
    active = going(it)
    assert it.look() == [] and it.wake is not None
    # WHEN it has come, THEN it is told once
    it.late = 3700.0
    (alert,) = it.look()
    assert "not done by" in alert.title and f"Run {active.id} goes on" in alert.text
    assert it.look() == []
    (tmp_path / "gate").touch()
    assert active.wait(30) is not None


def scheduled(root: Path, rules: str) -> Here:
    """An orchestration that was to start half an hour ago, and counts since two hours."""
    minute = datetime.now(ZoneInfo("UTC")) - timedelta(minutes=30)
    schedule = f'\n[[schedules]]\ncron = "{minute:%M} {minute:%H} * * *"\ntimezone = "UTC"\nid = "s"\n'
    it = here(root, rules, schedule=schedule)
    project = open_project(root)
    (watched,) = project_schedules(project)
    since = time.time() - 7200
    FileLedger(project.paths, watched).set_mark(Mark(since, since, fingerprint(watched)))
    return it


def test_a_deadline_of_a_schedule_is_kept_by_a_run_that_succeeded(tmp_path: Path) -> None:
    # GIVEN a deadline that has just passed
    clock = datetime.now(ZoneInfo("UTC")) - timedelta(minutes=2)
    it = scheduled(tmp_path, rule('["deadline"]', f'command = "true"\ndeadline = "{clock:%H:%M}"'))
    # THEN a run that succeeded is enough, and none is not
    it.run("true")
    assert it.look() == []


def test_a_deadline_of_a_schedule_that_nothing_started_is_told(tmp_path: Path) -> None:
    clock = datetime.now(ZoneInfo("UTC")) - timedelta(minutes=2)
    it = scheduled(tmp_path, rule('["deadline"]', f'command = "true"\ndeadline = "{clock:%H:%M}"'))
    (alert,) = it.look()
    assert alert.title.startswith("O: not done by") and "No run of it goes on" in alert.text


def test_a_missed_time_is_told_once_and_again_only_after_a_start(tmp_path: Path) -> None:
    # GIVEN a time that nothing called
    it = scheduled(tmp_path, rule('["missed"]'))
    (alert,) = it.look()
    assert "did not start at" in alert.title and "--catch-up" in alert.text
    assert it.look() == []
    # WHEN the next day's is missed too, THEN it is silent: nothing has started since
    it.late = 86400.0
    assert it.look() == []


def test_silence_is_told_from_the_last_success(tmp_path: Path) -> None:
    it = here(tmp_path, rule('["quiet"]', 'command = "true"\nquiet = "1h"'))
    it.run("true")
    assert it.look() == [] and it.wake is not None and 3500 < it.wake - time.time() < 3601
    it.late = 3601.0
    (alert,) = it.look()
    assert "nothing succeeded for 1:00:0" in alert.title
    assert it.look() == []


def test_a_scheduler_that_is_gone_for_a_minute_is_told(tmp_path: Path) -> None:
    # GIVEN a scheduler that has left its last sign of life without saying farewell
    it = scheduled(tmp_path, rule('["scheduler-gone"]'))
    paths = open_project(tmp_path).paths
    lock = become_scheduler(paths, time.time())
    assert not isinstance(lock, str)
    keep_sign(paths, Sign(it.moment()), None)
    assert it.look() == [] and it.wake is None
    # WHEN it is gone, THEN it may come back for a minute
    lock.free()
    assert it.look() == [] and it.wake is not None
    it.late = 61.0
    (alert,) = it.look()
    assert alert.title == "Test: the scheduler is gone" and "orch-tui scheduler" in alert.text
    assert it.look() == []
    # AND one that left when it was asked to is not missed
    keep_sign(paths, Sign(it.moment(), ended=True), None)
    it.late = 200.0
    assert it.look() == []
