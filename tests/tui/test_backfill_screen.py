"""The heat map of intervals: what became of them, marking some and running them."""

from __future__ import annotations

import subprocess
from datetime import datetime
from pathlib import Path

import pytest
from orch_tui.project.project import Project, open_project
from orch_tui.scheduling.backfill import Backfill, Every, intervals
from orch_tui.scheduling.store import FileLedger
from orch_tui.scheduling.values import Outcome, Record
from orch_tui.tui.app import OrchApp
from orch_tui.tui.dialogs.confirm import Confirm
from orch_tui.tui.dialogs.prompt import Prompt
from orch_tui.tui.starts import backfill as screen
from orch_tui.tui.starts.backfill import BackfillScreen

from tests.tui.driving import said, text_of, until


@pytest.fixture
def done(project: Project) -> Project:
    """The first ten days of January are done; of the runs only records are kept."""
    settings = project.paths.settings
    settings.write_text(settings.read_text() + '\ntimezone = "UTC"\n')
    one = Backfill(open_project(project.root), "alpha", Every.DAY)
    for interval in intervals(datetime(2026, 1, 1), datetime(2026, 1, 11), Every.DAY, one.zone):
        FileLedger(project.paths, one.watched).settle(Record(interval.end, Outcome.STARTED, run="gone"))
    return open_project(project.root)


async def test_missing_intervals_are_marked_and_run(done: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    # GIVEN the map of January
    commands: list[list[str]] = []

    def start(command: list[str], directory: Path, log: Path) -> subprocess.Popen[bytes]:
        commands.append(command)
        return subprocess.Popen(["true"])

    monkeypatch.setattr(screen, "start_detached", start)
    app = OrchApp(done)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("B")
        await until(pilot, lambda: isinstance(app.screen, BackfillScreen) and "missing" in text_of(pilot))
        await pilot.press("f")
        await until(pilot, lambda: isinstance(app.screen, Prompt))
        await pilot.press(*"2026-01-01 2026-01-13", "enter")
        await until(pilot, lambda: "✔ 10 done" in text_of(pilot))
        assert "· 2 missing" in text_of(pilot)

        # WHEN one that is done has no run to show
        await pilot.press("home", "enter")
        await until(pilot, lambda: "It has no run to show" in said(pilot))

        # WHEN all that are open are marked, and run two together
        await pilot.press("asterisk")
        await until(pilot, lambda: "2 intervals marked" in text_of(pilot))
        await pilot.press("R")
        await until(pilot, lambda: isinstance(app.screen, Confirm) and "Run 2 intervals" in text_of(pilot))
        await pilot.press("2")
        await until(pilot, lambda: bool(commands))

        # THEN the command is what a person would type
        words = commands[0]
        only = [words[at + 1] for at, word in enumerate(words) if word == "--only"]
        assert only == ["2026-01-11T00:00:00+00:00", "2026-01-12T00:00:00+00:00"]
        assert words[words.index("--at-once") + 1] == "2" and "--again" not in words


async def test_marks_follow_the_cursor_and_escape_takes_them_away(done: Project) -> None:
    app = OrchApp(done)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("B")
        await until(pilot, lambda: isinstance(app.screen, BackfillScreen) and "done" in text_of(pilot))
        view = app.screen
        assert isinstance(view, BackfillScreen)

        # WHEN a range is marked
        await pilot.press("space", "left", "left", "V")
        await until(pilot, lambda: "3 intervals marked" in text_of(pilot))

        # WHEN Esc is pressed, THEN they go, and then the screen
        await pilot.press("escape")
        await until(pilot, lambda: "marked" not in text_of(pilot))

        # WHEN the intervals are of an hour, THEN the map is another
        await pilot.press("e", "e", "e")
        await until(pilot, lambda: "each hour" in text_of(pilot))
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is not view)
