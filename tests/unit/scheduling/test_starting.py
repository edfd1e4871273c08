"""A scheduled start: claims its time, takes its turn, keeps what came of it."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from orch_tui.engine.runs.start import ActiveRun, RunRefused
from orch_tui.model.status import Status
from orch_tui.project.project import DefinitionError, Project, open_project
from orch_tui.scheduling.starting import NoSuchSchedule, Nothing, ScheduledStart, Starting, find_schedule
from orch_tui.scheduling.store import FileLedger
from orch_tui.scheduling.values import Outcome, Record, Why

from tests.support.engine_kit import begin, make_commands, until

# 29 November 2026, 5:30 in Prague.
AT = 1_795_926_600.0
SCHEDULE = """
[[schedules]]
cron = "30 5 * * *"
timezone = "Europe/Prague"
id = "s"
"""
TELL = "echo {{ scheduled_at }} {{ interval_start }} {{ interval_end }} {{ who }} >> starts"
GATE = "while [ ! -e gate ]; do sleep 0.02; done"


@dataclass
class Desk:
    project: Project
    now: float = AT + 1.0
    waited: int = 0
    give_up: bool = False

    def pause(self, seconds: float) -> bool:
        self.waited += 1
        time.sleep(0.01)
        return not self.give_up

    def start(self, at: float | None = None, **options: bool) -> ActiveRun | Nothing:
        wanted = ScheduledStart("o", "s", at, **options)
        return Starting(self.project, lambda: self.now, self.pause).start(wanted)

    def records(self) -> list[Record]:
        return list(FileLedger(self.project.paths, find_schedule(self.project, "o", "s")).records(0))


def desk(root: Path, command: str, more: str = "") -> Desk:
    make_commands(root, {"p": {"t": command}})
    with (root / "orchestrations" / "o.toml").open("a") as file:
        file.write(SCHEDULE + more)
    return Desk(open_project(root))


def test_a_start_that_waits_never_begins_without_the_settings_of_the_project(tmp_path: Path) -> None:
    # GIVEN a start that waits for a run to end, and settings that are damaged meanwhile
    here = desk(tmp_path, GATE, 'if_running = "wait"\n')
    first = here.start(AT)
    assert isinstance(first, ActiveRun)
    waited = here.pause

    def pause(seconds: float) -> bool:
        (tmp_path / "orch.toml").write_text('name = "Test"\n[pools\n')
        (tmp_path / "gate").touch()
        first.wait(60)
        return waited(seconds)

    here.now += 86400.0
    # WHEN it is its turn THEN nothing begins without pools and places, and the time is free for another try
    with pytest.raises(DefinitionError):
        Starting(here.project, lambda: here.now, pause).start(ScheduledStart("o", "s", AT + 86400.0))
    assert [record.at for record in here.records()] == [AT]
    (tmp_path / "orch.toml").write_text('name = "Test"\n')
    again = here.start(AT + 86400.0)
    assert isinstance(again, ActiveRun) and again.wait(60) is Status.SUCCESS


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[None]:
    """Lets every run of the test come to its end."""
    yield
    (tmp_path / "gate").touch()


def test_a_time_is_started_once_and_its_run_knows_it(tmp_path: Path) -> None:
    # GIVEN an orchestration with a schedule that sets a variable
    here = desk(tmp_path, TELL, '[schedules.variables]\nwho = "cron"\n')
    # WHEN cron calls twice at the scheduled time
    run = here.start()
    assert isinstance(run, ActiveRun) and run.wait() is Status.SUCCESS
    assert here.start() == Nothing("this time is settled already")
    # THEN it ran once, and knew its times as the schedule's clock shows them
    day = "2026-11-29T05:30:00+01:00"
    assert (tmp_path / "starts").read_text() == f"{day} 2026-11-28T05:30:00+01:00 {day} cron\n"
    assert here.records() == [Record(AT, Outcome.STARTED, AT, run=run.id)]
    assert run.state.header.by.startswith("schedule s, ")


@pytest.mark.parametrize("late", [91.0, 7200.0, -3.0])
def test_cron_that_calls_at_another_time_starts_nothing(tmp_path: Path, late: float) -> None:
    here = desk(tmp_path, "true")
    here.now = AT + late
    assert here.start() == Nothing("nothing is due now")
    assert here.records() == []


def test_a_schedule_that_is_not_there_is_an_error_with_those_that_are(tmp_path: Path) -> None:
    here = desk(tmp_path, "true")
    with pytest.raises(NoSuchSchedule, match=r'no schedule "x"; it has: s; .*crontab'):
        find_schedule(here.project, "o", "x")


def test_a_disabled_schedule_starts_nothing(tmp_path: Path) -> None:
    here = desk(tmp_path, "true", "enabled = false\n")
    assert here.start(AT) == Nothing("the schedule is disabled")


@pytest.mark.usefixtures("opened")
def test_an_earlier_run_is_left_alone_and_the_time_has_a_reason(tmp_path: Path) -> None:
    # GIVEN a run that goes on
    here = desk(tmp_path, GATE)
    run = begin(here.project)
    until(lambda: run.state.counts[Status.PROCESSING] == 1)
    # WHEN a scheduled time comes
    assert here.start(AT) == Nothing("an earlier run still goes on")
    # THEN its record says which run it was
    assert here.records() == [Record(AT, Outcome.NOT_STARTED, AT, run=run.id, why=Why.STILL_RUNNING)]
    (tmp_path / "gate").touch()
    assert run.wait() is Status.SUCCESS


@pytest.mark.usefixtures("opened")
def test_one_start_waits_for_its_turn_and_a_second_does_not(tmp_path: Path) -> None:
    # GIVEN a run that goes on, and a start that waits for its end
    here = desk(tmp_path, GATE, 'if_running = "wait"\n')
    earlier = begin(here.project)
    results: list[ActiveRun | Nothing] = []
    waiting = threading.Thread(target=lambda: results.append(here.start(AT)))
    waiting.start()
    until(lambda: here.waited > 2)
    # WHEN another time comes, THEN it is not started
    second = Desk(open_project(tmp_path))
    assert second.start(AT + 86400) == Nothing("an earlier start waits already")
    # WHEN the earlier run ends, THEN the one that waits is started
    (tmp_path / "gate").touch()
    waiting.join(30)
    assert isinstance(results[0], ActiveRun) and results[0].wait() is Status.SUCCESS
    assert earlier.wait() is Status.SUCCESS
    assert [record.why for record in here.records()] == [None, Why.WAITS_ALREADY]


@pytest.mark.usefixtures("opened")
def test_what_was_asked_to_stop_while_it_waited_leaves_the_time_to_others(tmp_path: Path) -> None:
    here = desk(tmp_path, GATE, 'if_running = "wait"\n')
    run = begin(here.project)
    here.give_up = True
    assert isinstance(here.start(AT), Nothing)
    assert here.records() == []
    (tmp_path / "gate").touch()
    run.wait()


def test_an_earlier_run_is_stopped(tmp_path: Path) -> None:
    # GIVEN a run that would go on for long
    here = desk(tmp_path, "[ -e second ] || { touch second; sleep 600; }", 'if_running = "stop"\n')
    earlier = begin(here.project)
    until((tmp_path / "second").exists)
    # WHEN a scheduled time comes
    run = here.start(AT)
    # THEN the earlier run was stopped, and this one runs
    assert isinstance(run, ActiveRun) and run.wait() is Status.SUCCESS
    assert earlier.wait() is Status.TERMINATED


def test_what_is_refused_has_its_reason(tmp_path: Path) -> None:
    here = desk(tmp_path, "echo {{ unknown }}")
    with pytest.raises(RunRefused):
        here.start(AT)
    (record,) = here.records()
    assert record.why is Why.REFUSED and "unknown" in record.detail
    # AND it can be caught up, once it can be run
    (tmp_path / "configurations/command/t.toml").write_text('name = "t"\n[parameters]\ncommand = "true"\n')
    here.project.reload()
    assert isinstance(here.start(AT), Nothing)
    run = here.start(AT, again=True)
    assert isinstance(run, ActiveRun) and run.wait() is Status.SUCCESS
    assert here.records() == [Record(AT, Outcome.STARTED, AT, run=run.id)]
