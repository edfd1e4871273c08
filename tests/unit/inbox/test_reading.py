"""What waits for somebody: found in runs, schedules and the outbox, until it is repaired or acknowledged."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path

import pytest
from orch_tui.alerts.acknowledging import acknowledge
from orch_tui.alerts.outbox import Outbox
from orch_tui.alerts.values import Acknowledged, Alert, Entry, State
from orch_tui.inbox.reading import read_inbox, streak, unsent_items
from orch_tui.inbox.values import Item, ItemKind
from orch_tui.model.orchestration.alerts import AlertKind, Channel, ChannelKind
from orch_tui.model.status import Status
from orch_tui.project.files.own_files import replace_json
from orch_tui.project.history import RunSummary
from orch_tui.project.looked import keep_looked
from orch_tui.project.paths import make_private
from orch_tui.project.project import open_project
from orch_tui.scheduling.outage import this_moment
from orch_tui.scheduling.store import FileLedger, scheduling_directory
from orch_tui.scheduling.takeover import TRIES, Taken
from orch_tui.scheduling.values import Outcome, Record, Why
from orch_tui.triggers.turns import triggers_of

from tests.support.past_runs import BEGIN, Past, write_past
from tests.unit.alerts.kit import Here, here
from tests.unit.alerts.test_late import going, scheduled


def run(number: int, status: Status, **more: object) -> RunSummary:
    return replace(RunSummary(f"r{number}", "o", Path(), status, started=float(number)), **more)  # type: ignore[arg-type]


def items(it: Here) -> list[Item]:
    moment = replace(this_moment(), now=time.time() + it.late)
    return read_inbox(open_project(it.root), moment)


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[None]:
    """Lets every run of the test come to its end."""
    yield
    (tmp_path / "gate").touch()


def test_a_streak_of_failures_ends_at_the_last_success() -> None:
    # GIVEN the newest first: what people stopped, what is part of another run and a success of a part do not count
    error, well = Status.ERROR, Status.SUCCESS
    latest = [run(9, Status.CANCELLED), run(8, error), run(7, well, partial=True), run(6, error, parent="a/b/c"),
              run(5, error), run(4, Status.WARNING), run(3, error)]  # fmt: skip
    found = streak(latest)
    assert found is not None and (found[0].id, found[1].id, found[2]) == ("r8", "r5", 2)
    # A repetition of what had failed repairs it.
    assert streak([run(9, well, partial=True, continues="r8"), *latest]) is None
    assert streak([]) is None


def test_a_failure_waits_until_it_is_repaired(tmp_path: Path) -> None:
    it = here(tmp_path, "")
    it.run("true")
    assert items(it) == []
    it.run("echo no table; false")
    it.run("echo no table; false")
    (item,) = items(it)
    assert (item.kind, item.orchestration, item.name, item.count) == (ItemKind.FAILING, "o", "O", 2)
    assert "no table" in item.what and item.new
    # WHEN it was looked at on the screen, THEN it waits still
    keep_looked(open_project(tmp_path).paths, "o", item.run)
    assert [one.new for one in items(it)] == [False]
    it.run("true")
    # WHEN it works again, THEN that is told, until somebody has looked
    (item,) = items(it)
    assert (item.kind, item.new) == (ItemKind.REPAIRED, True) and "it had failed 2 times" in item.what
    keep_looked(open_project(tmp_path).paths, "o", item.run)
    assert items(it) == []


def test_an_acknowledgement_holds_for_this_failure_and_until_its_time(tmp_path: Path) -> None:
    # GIVEN a failure that somebody takes care of for an hour
    it = here(tmp_path, "")
    it.run("false")
    now = time.time()
    acknowledge(open_project(tmp_path).paths, "o", Acknowledged("me", now, "at it", now + 3600))
    (item,) = items(it)
    assert item.acknowledged is not None and item.acknowledged.note == "at it"
    # THEN another failure of the same does not change it, and the end of the hour does
    it.run("false")
    assert items(it)[0].acknowledged is not None
    it.late = 3700.0
    assert items(it)[0].acknowledged is None
    # AND a failure after the repair is a new one
    it.late = 0.0
    it.run("true")
    it.run("false")
    assert items(it)[0].acknowledged is None


def test_a_run_that_takes_long_waits_for_somebody(tmp_path: Path, opened: None) -> None:
    it = here(tmp_path, "")
    active = going(it)
    assert items(it) == []
    it.late = 100.0
    (item,) = items(it)
    assert item.kind is ItemKind.LATE and item.run == active.id and "usually" in item.what
    (tmp_path / "gate").touch()
    assert active.wait(30) is not None


def test_a_missed_time_waits_until_a_run_comes(tmp_path: Path) -> None:
    it = scheduled(tmp_path, "")
    (item,) = items(it)
    assert item.kind is ItemKind.MISSED and item.what.startswith("did not start: ")
    it.run("true")
    assert items(it) == []


def test_alerts_that_do_not_arrive_wait_for_somebody(tmp_path: Path) -> None:
    def entry(key: str, state: State, error: str, orchestration: str = "o") -> Entry:
        alert = Alert(key, AlertKind.FAILED, 1.0, "t", "t", orchestration)
        return Entry(alert, Channel(ChannelKind.COMMAND, "page"), 5.0, state, 3, 9.0, error)

    entries = [
        entry("a", State.FAILED, "down"),
        entry("b", State.WAITING, "still down"),
        entry("c", State.WAITING, ""),
        entry("d", State.SENT, ""),
        entry("e", State.FAILED, "down", ""),
    ]
    first, second = unsent_items(entries)
    assert (first.orchestration, first.count) == ("o", 2) and "1 wait, 1 given up" in first.what
    assert "still down" in first.what and "command: page" in first.what
    assert (second.orchestration, second.count) == ("", 1)
    # AND those of a project are found, and acknowledged with the project
    it = here(tmp_path, "")
    paths = open_project(tmp_path).paths
    Outbox(paths).put(entries[4].alert, (entries[4].channel,), 5.0)
    Outbox(paths).keep(entries[4])
    assert [item.name for item in items(it)] == ["Test"]
    acknowledge(paths, "", Acknowledged("me", time.time()))
    assert items(it)[0].acknowledged is not None


def test_a_run_that_the_scheduler_has_given_up_says_so(tmp_path: Path) -> None:
    # GIVEN an interrupted run that was taken over three times in vain, and one before it that said the same
    it = here(tmp_path, "")
    paths = open_project(tmp_path).paths
    write_past(paths, Past("o", BEGIN, None))
    run = write_past(paths, Past("o", BEGIN + 60, None, schedule="daily"))
    assert [item.kind for item in items(it)] == [ItemKind.INTERRUPTED]
    kept = scheduling_directory(paths) / "takeovers" / "o.json"
    make_private(kept.parent)
    replace_json(kept, asdict(Taken(run, 4, TRIES, 0, BEGIN + 90, told=True)))
    # WHEN the inbox is read THEN it says how to go on, and how often that was seen
    (item,) = items(it)
    assert item.kind is ItemKind.GIVEN_UP and f"orch-tui run --resume {run}" in item.what
    assert item.seen.startswith("seen 2 times since ")
    # AND somebody can take care of it
    acknowledge(paths, "o", Acknowledged("me", time.time(), "at it", None))
    assert items(it)[0].acknowledged is not None


def test_a_trigger_whose_facts_started_nothing_waits(tmp_path: Path) -> None:
    # GIVEN a trigger whose last two facts started nothing, and one that did before
    it = here(tmp_path, "")
    file = tmp_path / "orchestrations" / "o.toml"
    file.write_text(f'{file.read_text()}\n[[triggers]]\nid = "new"\nfiles = "in/*.csv"\n')
    project = open_project(tmp_path)
    (pulled,) = triggers_of(project)
    ledger, now = FileLedger(project.paths, pulled.watched), float(int(time.time()))
    ledger.settle(Record(now - 300, Outcome.STARTED, run="r"))
    assert items(it) == []
    ledger.settle(Record(now - 200, Outcome.NOT_STARTED, why=Why.FAILED))
    ledger.settle(Record(now - 100, Outcome.NOT_STARTED, why=Why.REFUSED, detail="no task to run"))
    # WHEN the inbox is read THEN it says which, why, how often and since when
    (item,) = items(it)
    assert (item.kind, item.count, item.since) == (ItemKind.TRIGGER, 2, now - 200)
    assert 'trigger "new" started nothing' in item.what and "no task to run" in item.what
    # WHEN it starts a run THEN it waits no more
    ledger.settle(Record(now - 50, Outcome.STARTED, run="s"))
    assert items(it) == []
