"""Missed times, found without a scheduler; and pauses."""

from __future__ import annotations

from pathlib import Path

import pytest
from orch_tui.engine.runs.start import RunRequest, plan_run, start_run
from orch_tui.model.run.runstate import ScheduledTime
from orch_tui.project.history import when_of
from orch_tui.project.project import Project, open_project
from orch_tui.scheduling.life import become_scheduler, keep_sign
from orch_tui.scheduling.missed import Missed, latest_by_schedule, missed_times, project_schedules, see
from orch_tui.scheduling.next_start import next_due
from orch_tui.scheduling.outage import Moment, Sign
from orch_tui.scheduling.pauses import DamagedPauses, held_pauses, lift, pause, read_pauses
from orch_tui.scheduling.scheduler import fingerprint
from orch_tui.scheduling.store import FileLedger
from orch_tui.scheduling.values import Mark, Outcome, Pause, Record, Watched, Why

from tests.support.engine_kit import make_commands

HOUR = 3600.0
# 29 November 2026, 12:00 in UTC.
NOON = 1_795_953_600.0


def project(root: Path, cron: str = "@hourly") -> Project:
    make_commands(root, {"p": {"t": "true"}})
    with (root / "orchestrations" / "o.toml").open("a") as file:
        file.write(f'\n[[schedules]]\ncron = "{cron}"\ntimezone = "UTC"\nid = "s"\n')
    return open_project(root)


def watched(here: Project) -> Watched:
    return project_schedules(here)[0]


def moment(now: float, up: float = 1e6, boot: str = "b") -> Moment:
    return Moment(now, up, up, boot)


def missed(here: Project, now: Moment) -> list[tuple[float, Why]]:
    return [(one.at, one.why) for one in missed_times(here.paths, project_schedules(here), now)]


def seen_at(here: Project, at: float) -> FileLedger:
    see(here.paths, project_schedules(here), at)
    return FileLedger(here.paths, watched(here))


def test_what_nothing_called_is_missed_from_the_first_look_on(tmp_path: Path) -> None:
    # GIVEN a schedule that nobody has seen, THEN nothing is missed
    here = project(tmp_path)
    assert missed(here, moment(NOON)) == []
    # GIVEN it was seen three hours ago, and nothing calls it
    seen_at(here, NOON - 2.5 * HOUR)
    # THEN its times are missed; that of this minute may be started still
    assert missed(here, moment(NOON + 30)) == [(NOON - 2 * HOUR, Why.NOTHING_CALLED), (NOON - HOUR, Why.NOTHING_CALLED)]
    (last,) = latest_by_schedule(missed_times(here.paths, project_schedules(here), moment(NOON + 30)))
    assert last == (Missed(watched(here), NOON - HOUR, Why.NOTHING_CALLED), 2)
    # AND those before the machine came up are its
    assert missed(here, moment(NOON + 30, up=1.5 * HOUR))[0] == (NOON - 2 * HOUR, Why.MACHINE_OFF)


def test_a_run_that_began_in_time_is_taken_for_the_start(tmp_path: Path) -> None:
    # GIVEN a run that an older line of cron, or a person, started when it was due
    here = project(tmp_path)
    run = start_run(here, plan_run(here, RunRequest("o")), by="cron")
    run.wait()
    began = when_of(run.id)
    assert began is not None
    due = began - began % HOUR
    # A schedule due in the minute in which it began.
    minute = int(began % HOUR // 60)
    here = project(tmp_path, f"{minute} * * * *")
    seen_at(here, due - HOUR - 1)
    # THEN it is not missed, and the time before it is
    assert missed(here, moment(began + 600)) == [(due + minute * 60 - HOUR, Why.NOTHING_CALLED)]


def test_times_that_are_settled_are_what_their_records_say(tmp_path: Path) -> None:
    # GIVEN a started, a skipped, a paused and two missed times
    here = project(tmp_path)
    ledger = seen_at(here, NOON - 6.5 * HOUR)
    for hours, why in ((5, Why.STILL_RUNNING), (4, Why.PAUSED)):
        ledger.settle(Record(NOON - hours * HOUR, Outcome.NOT_STARTED, why=why))
    ledger.settle(Record(NOON - 3 * HOUR, Outcome.NOT_STARTED, NOON - 2 * HOUR, 2, why=Why.SUSPENDED))
    for hours in (6, 1):
        claim = ledger.claim(NOON - hours * HOUR)
        assert claim is not None
        claim.started("r")
    # THEN what nobody decided is missed
    assert missed(here, moment(NOON)) == [(NOON - 3 * HOUR, Why.SUSPENDED), (NOON - 2 * HOUR, Why.SUSPENDED)]
    # WHEN one of them is caught up, THEN the other is left
    claim = ledger.claim(NOON - 2 * HOUR, again=True)
    assert claim is not None
    claim.started("r2")
    assert missed(here, moment(NOON)) == [(NOON - 3 * HOUR, Why.SUSPENDED)]


def test_nothing_is_missed_that_is_none_of_the_schedules_business(tmp_path: Path) -> None:
    here = project(tmp_path)
    ledger = seen_at(here, NOON - 3 * HOUR)
    # A pause, a claim of somebody who waits for his turn, a scheduler that is about to look.
    pause(here.paths, Pause("o", NOON - 2.5 * HOUR, NOON - 1.5 * HOUR, "me"))
    claim = ledger.claim(NOON - HOUR)
    assert missed(here, moment(NOON)) == []
    assert claim is not None
    claim.release()
    assert missed(here, moment(NOON)) == [(NOON - HOUR, Why.NOTHING_CALLED)]
    lock = become_scheduler(here.paths, NOON)
    assert not isinstance(lock, str)
    assert missed(here, moment(NOON)) == []
    lock.free()
    # A schedule that was disabled, or is another one now.
    ledger.set_mark(Mark(NOON - 3 * HOUR, NOON - 3 * HOUR, "disabled"))
    assert missed(here, moment(NOON)) == []
    see(here.paths, project_schedules(here), NOON)
    assert ledger.mark() == Mark(NOON, NOON, fingerprint(watched(here)))


@pytest.mark.parametrize(("ended", "boot", "why"), [(True, "b", Why.NO_SCHEDULER), (False, "b", Why.NO_SCHEDULER)])
def test_the_last_sign_of_a_scheduler_says_why(tmp_path: Path, ended: bool, boot: str, why: Why) -> None:
    here = project(tmp_path)
    seen_at(here, NOON - 1.5 * HOUR)
    before = Moment(NOON - 1.5 * HOUR, 1e6 - 1.5 * HOUR, 1e6 - 1.5 * HOUR, boot)
    keep_sign(here.paths, Sign(before, ended), None)
    assert missed(here, moment(NOON)) == [(NOON - HOUR, why)]
    # A machine that went down and came up again was off.
    assert missed(here, moment(NOON, up=HOUR / 2, boot="c")) == [(NOON - HOUR, Why.MACHINE_OFF)]


def test_pauses_hold_until_they_end_or_are_lifted(tmp_path: Path) -> None:
    here = project(tmp_path)
    one = watched(here)
    assert read_pauses(here.paths) == () and lift(here.paths, "o", NOON) == []
    # GIVEN a pause of the orchestration and one of all
    pause(here.paths, Pause("o", NOON, NOON + 2.5 * HOUR, "me", "move"))
    assert next_due(one, read_pauses(here.paths), NOON + 1) == NOON + 3 * HOUR
    pause(here.paths, Pause("", NOON, None, "you"))
    assert next_due(one, read_pauses(here.paths), NOON + 1) is None
    # WHEN that of all is lifted, THEN the other holds on; what it held is known later too
    assert [held.by for held in lift(here.paths, "", NOON + HOUR)] == ["you"]
    assert next_due(one, read_pauses(here.paths), NOON + 1) == NOON + 3 * HOUR
    assert any(held.holds("x", NOON + HOUR / 2) for held in read_pauses(here.paths))
    # WHEN it is paused anew, THEN the later word counts
    pause(here.paths, Pause("o", NOON + HOUR, NOON + 1.5 * HOUR, "me"))
    assert next_due(one, read_pauses(here.paths), NOON + HOUR + 1) == NOON + 2 * HOUR


@pytest.mark.parametrize("text", ["", "{", "{}1", '[{"by": 1}]', "[3]"])
def test_damaged_pauses_stop_starts_and_not_the_screen(tmp_path: Path, text: str) -> None:
    here = project(tmp_path)
    pause(here.paths, Pause("o", NOON, None, "me"))
    (tmp_path / ".orch/scheduling/pauses/pauses.json").write_text(text)
    with pytest.raises(DamagedPauses, match=r"pauses.json is damaged.*remove it"):
        read_pauses(here.paths)
    assert held_pauses(here.paths) == ()


def test_a_run_of_a_time_is_found_as_its_start(tmp_path: Path) -> None:
    here = project(tmp_path)
    run = start_run(here, plan_run(here, RunRequest("o")), by="me", scheduled=ScheduledTime("s", NOON))
    run.wait()
    assert run.state.header.scheduled == ScheduledTime("s", NOON)
