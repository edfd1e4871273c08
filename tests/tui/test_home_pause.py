"""Pausing schedules on the home screen, and starting what was missed."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
from orch_tui.project.project import Project
from orch_tui.scheduling.pauses import held_pauses
from orch_tui.scheduling.scheduler import fingerprint
from orch_tui.scheduling.store import FileLedger
from orch_tui.scheduling.values import Mark, Outcome, Record, Why
from orch_tui.scheduling.watching import schedules_of
from orch_tui.tui.app import OrchApp
from orch_tui.tui.dialogs.confirm import Confirm
from orch_tui.tui.dialogs.prompt import Prompt
from orch_tui.tui.home.doing import schedules
from textual.pilot import Pilot
from textual.screen import Screen

from tests.tui.driving import said, text_of, until

HOUR = 3600.0


@pytest.fixture
def hourly(project: Project) -> Project:
    path = project.paths.orchestration("alpha")
    path.write_text(path.read_text() + '\n[[schedules]]\ncron = "@hourly"\ntimezone = "UTC"\n')
    return Project(project.root)


async def shows(pilot: Pilot[int], kind: type[Screen[Any]], words: str = "") -> None:
    await until(pilot, lambda: isinstance(pilot.app.screen, kind) and words in text_of(pilot))


async def test_all_are_paused_until_a_time_and_go_on(hourly: Project) -> None:
    app = OrchApp(hourly)
    async with app.run_test(size=(120, 40)) as pilot:
        # GIVEN what can be paused
        await pilot.press("p")
        await shows(pilot, Confirm, "Pause Alpha")

        # WHEN all are, until a time that is none and then until one
        await pilot.press("a")
        await shows(pilot, Prompt, "paused until")
        await pilot.press(*"soon", "enter")
        await until(pilot, lambda: "as a duration like" in text_of(pilot))
        await pilot.press(*["backspace"] * 4, *"2h", "enter")
        await shows(pilot, Prompt, "Why")
        await pilot.press(*"move", "enter")
        await until(pilot, lambda: bool(held_pauses(hourly.paths)))

        # THEN it is kept, and said beside the next start
        (held,) = held_pauses(hourly.paths)
        assert held.orchestration == "" and held.reason == "move"
        assert held.end is not None and abs(held.end - time.time() - 2 * HOUR) < 60
        await until(pilot, lambda: "by " in text_of(pilot) and ": move" in text_of(pilot))

        # WHEN they go on
        await pilot.press("p")
        await shows(pilot, Confirm, "All schedules are paused until")
        await pilot.press("g")

        # THEN
        await until(
            pilot, lambda: all(one.end is not None and one.end <= time.time() for one in held_pauses(hourly.paths))
        )
        assert "All schedules go on." in said(pilot)


async def test_one_is_paused_for_good_and_the_list_says_so(hourly: Project) -> None:
    app = OrchApp(hourly)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("p")
        await shows(pilot, Confirm)
        await pilot.press("p")
        await shows(pilot, Prompt, "paused until")
        await pilot.press("enter")
        await shows(pilot, Prompt, "Why")
        await pilot.press("enter")
        await until(pilot, lambda: bool(held_pauses(hourly.paths)))
        assert held_pauses(hourly.paths)[0].orchestration == "alpha"
        row = next(line for line in text_of(pilot).splitlines() if "Alpha" in line)
        await until(pilot, lambda: "paused" in next(line for line in text_of(pilot).splitlines() if " Alpha " in line))
        assert row


async def test_what_was_missed_is_shown_and_started(hourly: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    # GIVEN three times that were not started
    (watched,) = schedules_of(hourly.orchestration("alpha"), "")
    now = time.time() // HOUR * HOUR
    ledger = FileLedger(hourly.paths, watched)
    ledger.set_mark(Mark(now - 4 * HOUR, now, fingerprint(watched)))
    ledger.settle(Record(now - 2 * HOUR, Outcome.NOT_STARTED, now, 3, why=Why.MACHINE_OFF))
    commands: list[list[str]] = []

    def start(command: list[str], directory: Path, log: Path) -> subprocess.Popen[bytes]:
        commands.append(command)
        return subprocess.Popen(["true"])

    monkeypatch.setattr(schedules, "start_detached", start)
    app = OrchApp(hourly)
    async with app.run_test(size=(80, 24)) as pilot:
        # WHEN
        await pilot.press("M")
        await shows(pilot, Confirm, "3 scheduled times without a run")

        # THEN
        assert text_of(pilot).count("the machine was off") >= 3
        await pilot.press("l")
        await until(pilot, lambda: bool(commands))
        assert commands[0][4:] == ["missed", "--last", "--catch-up", "--yes", "--project", str(hourly.root)]


async def test_nothing_missed_is_said(hourly: Project) -> None:
    app = OrchApp(hourly)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("M")
        await until(pilot, lambda: "No scheduled time was missed" in said(pilot))
