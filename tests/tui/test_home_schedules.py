"""What the home screen says of schedules: the scheduler, pauses, missed times."""

from __future__ import annotations

import time

import pytest
from orch_tui.project.project import Project
from orch_tui.scheduling.life import become_scheduler, keep_sign
from orch_tui.scheduling.outage import Moment, Sign
from orch_tui.scheduling.pauses import pause
from orch_tui.scheduling.scheduler import fingerprint
from orch_tui.scheduling.store import FileLedger
from orch_tui.scheduling.values import Mark, Outcome, Pause, Record, Why
from orch_tui.tui.home.panes.agenda import agenda, in_short, scheduler_words
from orch_tui.tui.home.panes.details import details
from orch_tui.tui.home.state.board import Look
from orch_tui.tui.home.state.model import HomeModel
from orch_tui.tui.home.state.schedule_look import ScheduleBoard, ScheduleLook

from tests.tui.conftest import NOW

HOUR = 3600.0


@pytest.fixture
def model(project: Project) -> HomeModel:
    path = project.paths.orchestration("alpha")
    path.write_text(path.read_text() + '\n[[schedules]]\ncron = "@hourly"\ntimezone = "UTC"\n')
    model = HomeModel(project, lambda: NOW)
    model.entry("alpha")
    return model


def look(model: HomeModel) -> ScheduleLook:
    return ScheduleBoard(model.project.paths).read(model.schedules())


def test_a_project_without_schedules_is_left_alone(project: Project) -> None:
    assert ScheduleBoard(project.paths).read([]) == ScheduleLook()
    assert not (project.paths.state / "scheduling").exists()


def test_whether_a_scheduler_is_at_work(model: HomeModel) -> None:
    # GIVEN there never was one: cron may start all
    model.keep_schedule_look(look(model))
    assert scheduler_words(model) == ""
    # GIVEN there is one
    lock = become_scheduler(model.project.paths, NOW)
    assert not isinstance(lock, str)
    model.keep_schedule_look(look(model))
    assert scheduler_words(model) == "scheduler at work"
    # GIVEN it was killed
    keep_sign(model.project.paths, Sign(Moment(NOW, 1, 1, "b")), None)
    lock.free()
    model.keep_schedule_look(look(model))
    assert scheduler_words(model) == "the scheduler is gone"


def test_a_pause_is_said_and_moves_the_next_start(model: HomeModel) -> None:
    before = model.following()
    pause(model.project.paths, Pause("alpha", NOW, NOW + 2 * HOUR, "me", "move"))
    model.keep_schedule_look(look(model))
    (after,) = model.following()
    assert after[1] == "alpha" and after[0] >= before[0][0] + HOUR
    (line,) = agenda(Look(), model.following(), model)
    assert "paused until " in "".join(part.text for part in line.row.left)
    shown = details(model.entry("alpha"), NOW).plain
    assert "Schedules paused until " in shown and "by me: move" in shown
    # WHEN it is paused without an end, THEN it is told still, without a next start
    pause(model.project.paths, Pause("alpha", NOW, None, "me"))
    model.keep_schedule_look(look(model))
    assert model.following() == []
    (line,) = agenda(Look(), model.following(), model)
    assert "paused by me" in "".join(part.text for part in line.row.left)


def test_missed_times_are_lines_until_a_run_comes(model: HomeModel) -> None:
    # GIVEN a recorded time of the last days that was not started
    (watched,) = model.schedules()
    ledger, board = FileLedger(model.project.paths, watched), ScheduleBoard(model.project.paths)
    at = time.time() // HOUR * HOUR - 5 * HOUR
    ledger.set_mark(Mark(at - 1, time.time(), fingerprint(watched)))
    ledger.settle(Record(at, Outcome.NOT_STARTED, at + HOUR, 2, why=Why.MACHINE_OFF))
    # WHEN the board is read
    model.keep_schedule_look(board.read(model.schedules()))
    lines = agenda(Look(), [], model)
    # THEN the last of them is a line, with how many there are
    assert [line.orchestration for line in lines] == ["alpha"]
    text = "".join(part.text for side in (lines[0].row.left, lines[0].row.right) for part in side)
    assert "Alpha" in text and "the machine was off" in text and "missed " in text and "×2" in text
    assert "! 1 missed" in in_short(Look(), [], model)
