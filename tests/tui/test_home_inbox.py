"""The inbox on the home screen: what nobody takes care of stays, and taking care of it with a note."""

from __future__ import annotations

import time

from orch_tui.alerts.acknowledging import acknowledged
from orch_tui.alerts.outbox import Outbox
from orch_tui.alerts.values import Alert, Entry, State
from orch_tui.inbox.values import ItemKind
from orch_tui.model.orchestration.alerts import AlertKind, Channel, ChannelKind
from orch_tui.model.status import Status
from orch_tui.project.history import runs
from orch_tui.project.looked import keep_looked
from orch_tui.project.project import Project
from orch_tui.scheduling.store import FileLedger
from orch_tui.scheduling.values import Outcome, Record, Why
from orch_tui.triggers.turns import Pulled
from orch_tui.tui.app import OrchApp
from orch_tui.tui.dialogs.prompt import Prompt
from orch_tui.tui.home.state.board import Look
from orch_tui.tui.home.state.inbox_look import InboxBoard

from tests.tui.conftest import MakeRun
from tests.tui.driving import rows_of
from tests.tui.test_home_runs import home, looked, until


async def test_what_fails_stays_on_the_home_screen_until_somebody_takes_care_of_it(
    project: Project, make_run: MakeRun
) -> None:
    # GIVEN a run that failed, and that was looked at
    run = make_run("alpha", Status.ERROR)
    keep_looked(project.paths, "alpha", run)
    app = OrchApp(project)
    async with app.run_test(size=(120, 40)) as pilot:
        await looked(pilot)
        await until(pilot, lambda: any("failing since" in row for row in rows_of(home(pilot).agenda)), "what fails")
        # WHEN a person takes care of it, with a note
        home(pilot).table.go_to("alpha")
        await pilot.press("a")
        await until(pilot, lambda: isinstance(app.screen, Prompt), "the question")
        await pilot.press(*"at it", "enter")
        # THEN it is kept, and out of the list; there is nothing more to take care of
        await until(pilot, lambda: not any("failing" in row for row in rows_of(home(pilot).agenda)), "its end")
        one = acknowledged(project.paths, "alpha")
        assert one is not None and one.note == "at it"
        assert home(pilot).check_action("do", ("home.acknowledge",)) is False


def test_what_works_again_is_told_until_somebody_looks(project: Project, make_run: MakeRun) -> None:
    # GIVEN a run that failed, and one with success after it
    make_run("alpha", Status.ERROR)
    well = make_run("alpha")
    last = {"alpha": next(runs(project.paths, "alpha"))}
    now = [(last["alpha"].started or 0.0) + 60]
    board = InboxBoard(project.paths, lambda: now[0])
    # THEN it is told, as long as nobody has looked, and not for ever
    (item,) = board.read(last, {})
    assert item.kind is ItemKind.REPAIRED and "works again" in item.what
    assert Look(last, inbox=(item,)).is_repaired("alpha") and Look(last, inbox=(item,)).waiting() == [item]
    assert board.read(last, {"alpha": well}) == ()
    now[0] += 8 * 86400
    assert board.read(last, {}) == ()


async def test_what_a_trigger_found_that_started_nothing_is_told(project: Project) -> None:
    # GIVEN a trigger whose facts were given up, twice
    path = project.paths.orchestration("alpha")
    path.write_text(path.read_text() + '\n[[triggers]]\nid = "in"\nfiles = "in/*.csv"\n')
    ledger = FileLedger(project.paths, Pulled("alpha", project.orchestration("alpha").triggers[0]).watched)
    now = float(int(time.time()))
    for at in (now - 60, now - 30):
        ledger.settle(Record(at, Outcome.NOT_STARTED, why=Why.FAILED))
    app = OrchApp(project)
    async with app.run_test(size=(160, 40)) as pilot:
        # THEN it is on the home screen
        await until(pilot, lambda: any('"in" started nothing' in row for row in rows_of(home(pilot).agenda)), "it")
        assert any("×2" in row for row in rows_of(home(pilot).agenda))
        # WHEN it starts something, THEN it is not any more
        ledger.settle(Record(now, Outcome.STARTED, run="r"))
        home(pilot).look_at_runs()
        await until(pilot, lambda: not any("started nothing" in row for row in rows_of(home(pilot).agenda)), "its end")


async def test_alerts_that_do_not_arrive_are_told(project: Project) -> None:
    # GIVEN one that was given up
    entry = Entry(
        Alert("k", AlertKind.FAILED, time.time(), "t", "t", "alpha"),
        Channel(ChannelKind.COMMAND, "page"),
        time.time(),
        State.FAILED,
        8,
        error="the pager is down",
    )
    outbox = Outbox(project.paths)
    outbox.put(entry.alert, (entry.channel,), entry.made)
    outbox.keep(entry)
    app = OrchApp(project)
    async with app.run_test(size=(160, 40)) as pilot:
        await looked(pilot)
        await until(pilot, lambda: any("alerts do not" in row for row in rows_of(home(pilot).agenda)), "it")
