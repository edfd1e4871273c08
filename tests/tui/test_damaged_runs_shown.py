"""A damaged journal on the screen: one run that cannot be shown, in a program that goes on."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from orch_tui.project.project import Project
from orch_tui.tui.app import OrchApp
from orch_tui.tui.runs.history import HistoryScreen
from orch_tui.tui.runs.run_list import RunList

from tests.support.damage import AFTER, T0, damaged, put_runs, whole_journals
from tests.support.engine_kit import make_commands
from tests.tui.driving import rows_of, said, text_of, until, workbench


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return make_commands(tmp_path, {"P": {"a": "true", "b": "true", "n": "true"}, "Q": {"c": "true", "r": "true"}})


def _put(project: Project, data: bytes) -> None:
    """The newest of three runs has this journal."""
    put_runs(project.paths.runs("o"), data)
    newest = project.paths.run("o", AFTER) / "run.toml"
    newest.write_bytes(data)
    os.utime(newest, (T0, T0))


async def test_a_broken_run_is_a_line_of_the_history_and_a_sentence_when_it_is_opened(project: Project) -> None:
    # GIVEN a newest run with `seconds = "x"`
    _put(project, whole_journals(AFTER)["success"].replace("seconds = 8.0", 'seconds = "x"').encode())
    app = OrchApp(project)
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: "broken" in text_of(pilot), "the state at home")
        # WHEN
        await pilot.press("H")
        await until(pilot, lambda: isinstance(app.screen, HistoryScreen) and app.screen.list.runs, "the runs")
        rows = rows_of(app.screen.query_one(RunList))
        # THEN
        assert "broken" in rows[0] and "✔ success" in rows[2]
        await pilot.press("enter")
        await until(pilot, lambda: "seconds is 'x'" in said(pilot), "the sentence")
        assert app.is_running


async def _look_everywhere(project: Project) -> None:
    async with workbench(project, "o") as (pilot, screen):
        await pilot.pause()
        await pilot.press("H")
        await until(
            pilot, lambda: isinstance(pilot.app.screen, HistoryScreen) and pilot.app.screen.list.runs, "the runs"
        )
        await pilot.press("enter")
        await until(
            pilot,
            lambda: screen.run_shown is not None or said(pilot) or not isinstance(pilot.app.screen, HistoryScreen),
            "the run, or why not",
        )
        for key in ("j", "l", "escape", "j", "f", "escape", "escape"):
            await pilot.press(key)
        assert pilot.app.is_running


async def _attack(project: Project, numbers: range) -> None:
    for number in numbers:
        shutil.rmtree(project.paths.state, ignore_errors=True)
        _put(project, damaged(number))
        try:
            await _look_everywhere(project)
        except Exception as error:
            raise AssertionError(f"damage {number}") from error


async def test_the_screen_survives_damaged_journals(project: Project) -> None:
    await _attack(project, range(4))


@pytest.mark.long
async def test_the_screen_survives_damaged_journals_at_length(project: Project) -> None:
    await _attack(project, range(4, 150))
