"""Records of scheduled times on disk: one for each time, whoever dies while making it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from orch_tui.engine.runs.start import RunRequest, plan_run, start_run
from orch_tui.model.orchestration.starts import Schedule
from orch_tui.model.run.runstate import ScheduledTime
from orch_tui.project.journal.file import read_run
from orch_tui.project.paths import ProjectPaths
from orch_tui.scheduling.store import FileLedger
from orch_tui.scheduling.values import Mark, Outcome, Record, Watched, Why

from tests.support.engine_kit import make_commands
from tests.support.projects import started

AT = 1_795_930_200.0
HOUR = 3600.0

CLAIM = """
import sys, time
from pathlib import Path
from zoneinfo import ZoneInfo
from orch_tui.model.orchestration.starts import Schedule
from orch_tui.project.paths import ProjectPaths
from orch_tui.scheduling.store import FileLedger
from orch_tui.scheduling.values import Watched
ledger = FileLedger(ProjectPaths(Path(sys.argv[1])), Watched("o", "s", Schedule("@hourly"), ZoneInfo("UTC")))
sys.stdin.readline()
claim = ledger.claim(float(sys.argv[2]))
print("claimed" if claim else "taken", flush=True)
if "hold" in sys.argv:
    time.sleep(600)
"""


@pytest.fixture
def ledger(tmp_path: Path) -> FileLedger:
    (tmp_path / "p").mkdir()
    return FileLedger(ProjectPaths(tmp_path / "p"), watched())


def watched() -> Watched:
    return Watched("o", "s", Schedule("@hourly"), ZoneInfo("UTC"))


def claimer(root: Path, *options: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", CLAIM, str(root), str(AT), *options]
    return started(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)


def test_one_of_many_processes_claims_a_time(ledger: FileLedger, tmp_path: Path) -> None:
    # GIVEN processes that are about to claim the same time, WHEN they are let go together
    processes = [claimer(tmp_path / "p", "hold") for _ in range(6)]
    try:
        for process in processes:
            assert process.stdin is not None
            process.stdin.write("\n")
            process.stdin.flush()
        said = [process.stdout.readline().strip() for process in processes if process.stdout is not None]
    finally:
        for process in processes:
            process.kill()
            process.communicate()
    # THEN one has it
    assert sorted(said) == ["claimed", *["taken"] * 5]


def test_a_claim_is_of_its_holder_until_it_dies(ledger: FileLedger, tmp_path: Path) -> None:
    # GIVEN a process that holds a claim
    process = claimer(tmp_path / "p", "hold")
    try:
        assert process.stdin is not None and process.stdout is not None
        process.stdin.write("\n")
        process.stdin.flush()
        assert process.stdout.readline().strip() == "claimed"
        # THEN nobody else gets the time, nor may say a reason for it
        assert [record.outcome for record in ledger.records(0)] == [Outcome.CLAIMED]
        assert ledger.claim(AT) is None
        assert not ledger.settle(Record(AT - HOUR, Outcome.NOT_STARTED, AT + HOUR, 3, why=Why.MACHINE_OFF))
        # WHEN it is killed, THEN the time is free
        process.send_signal(signal.SIGKILL)
    finally:
        process.kill()
        process.communicate()
    assert ledger.records(0) == []
    claim = ledger.claim(AT)
    assert claim is not None
    claim.started("r1")
    assert ledger.records(0) == [Record(AT, Outcome.STARTED, AT, run="r1")]
    assert ledger.claim(AT) is None


def test_a_claim_whose_holder_died_after_the_start_has_its_run(tmp_path: Path) -> None:
    # GIVEN a run that was started for a scheduled time, by a process that died before it said so
    project = make_commands(tmp_path, {"p": {"t": "true"}})
    ledger = FileLedger(project.paths, watched())
    claim = ledger.claim(AT)
    assert claim is not None
    plan = plan_run(project, RunRequest("o"))
    run = start_run(project, plan, by="me", scheduled=ScheduledTime("s", AT))
    run.wait()
    assert read_run(run.directory).header.scheduled == ScheduledTime("s", AT)
    claim.release()
    # WHEN the records are read, THEN the time has that run, and is not started again
    assert ledger.records(0) == [Record(AT, Outcome.STARTED, AT, run=run.id)]
    assert ledger.claim(AT) is None
    # AND the run of one time is not that of another
    other = ledger.claim(AT + HOUR)
    assert other is not None
    other.release()
    assert len(ledger.records(0)) == 1


def test_a_run_before_the_claim_is_not_that_of_it(tmp_path: Path) -> None:
    # GIVEN a run for the time that is older than the claim (a person removed the records meanwhile)
    project = make_commands(tmp_path, {"p": {"t": "true"}})
    run = start_run(project, plan_run(project, RunRequest("o")), by="me", scheduled=ScheduledTime("s", AT))
    run.wait()
    ledger = FileLedger(project.paths, watched())
    claim = ledger.claim(AT)
    assert claim is not None
    claim.release()
    assert ledger.records(0) == []


def test_reasons_of_several_times_are_one_record(ledger: FileLedger) -> None:
    record = Record(AT, Outcome.NOT_STARTED, AT + 2 * HOUR, 3, why=Why.MACHINE_OFF)
    assert ledger.settle(record)
    assert ledger.records(AT + HOUR) == [record]
    assert ledger.records(AT + 2 * HOUR) == []
    for at in (AT, AT + HOUR, AT + 2 * HOUR):
        assert not ledger.settle(Record(at, Outcome.NOT_STARTED, at, why=Why.PAUSED))
        assert ledger.claim(at) is None
    assert ledger.settle(Record(AT + 3 * HOUR, Outcome.NOT_STARTED, AT + 3 * HOUR, why=Why.PAUSED, detail="move"))


def test_a_missed_time_can_be_caught_up(ledger: FileLedger) -> None:
    # GIVEN three missed times
    missed = Record(AT, Outcome.NOT_STARTED, AT + 2 * HOUR, 3, why=Why.MACHINE_OFF)
    ledger.settle(missed)
    # WHEN the catching up of one of them is broken off, THEN it is missed still
    claim = ledger.claim(AT + HOUR, again=True)
    assert claim is not None
    assert ledger.claim(AT + HOUR, again=True) is None
    claim.release()
    assert [record.why for record in ledger.records(0)] == [Why.MACHINE_OFF, Why.MACHINE_OFF]
    # WHEN it comes to a run, THEN it is not caught up again
    claim = ledger.claim(AT + HOUR, again=True)
    assert claim is not None
    claim.started("r")
    assert [record.outcome for record in ledger.records(0)] == [Outcome.NOT_STARTED, Outcome.STARTED]
    assert ledger.claim(AT + HOUR, again=True) is None


def test_reasons_ahead_of_a_clock_that_was_set_back_are_forgotten(ledger: FileLedger) -> None:
    ledger.settle(Record(AT, Outcome.NOT_STARTED, AT + 2 * HOUR, 3, why=Why.CLOCK_SET))
    claim = ledger.claim(AT + 3 * HOUR)
    assert claim is not None
    claim.started("r")
    ledger.drop_reasons(AT + HOUR)
    kept = [(record.at, record.last, record.outcome) for record in ledger.records(0)]
    started = (AT + 3 * HOUR, AT + 3 * HOUR, Outcome.STARTED)
    assert kept == [(AT, AT + HOUR, Outcome.NOT_STARTED), started]


def test_the_mark(ledger: FileLedger, tmp_path: Path) -> None:
    assert ledger.mark() is None
    ledger.set_mark(Mark(1.5, 2.5, "x"))
    assert ledger.mark() == Mark(1.5, 2.5, "x")
    directory = tmp_path / "p/.orch/scheduling/records/o/s"
    assert directory.stat().st_mode & 0o77 == 0
    # Damaged, it is as if it was never seen: nothing is started for what was before.
    (directory / "mark.json").write_text("{")
    assert ledger.mark() is None


@pytest.mark.parametrize("text", ["", "{", "[]", '{"outcome": "new"}', '{"outcome": "started", "count": "x"}'])
def test_a_damaged_record_is_looked_for_among_the_runs(ledger: FileLedger, tmp_path: Path, text: str) -> None:
    ledger.set_mark(Mark(0, 0))
    path = tmp_path / "p/.orch/scheduling/records/o/s/20261129T053000Z.json"
    path.write_text(text)
    assert ledger.records(0) == []
    at = 1795930200.0
    claim = ledger.claim(at)
    assert claim is not None
    claim.not_started(Why.REFUSED, detail="why")
    assert ledger.records(0) == [Record(at, Outcome.NOT_STARTED, at, why=Why.REFUSED, detail="why")]
    assert path.stat().st_mode & 0o77 == 0 and os.listdir(path.parent) != []


def test_old_records_of_settled_times_go(ledger: FileLedger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("orch_tui.scheduling.store._KEPT", 3)
    monkeypatch.setattr("orch_tui.scheduling.store._AT_ONCE", 2)
    for number in range(8):
        ledger.settle(Record(AT + number * HOUR, Outcome.NOT_STARTED, why=Why.PAUSED))
    ledger.set_mark(Mark(AT - 1, AT + 6 * HOUR))
    assert [record.at for record in ledger.records(0)] == [AT + number * HOUR for number in (4, 5, 6, 7)]
