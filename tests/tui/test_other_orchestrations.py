"""Tasks copied from another orchestration, and configurations that get one of their own."""

from __future__ import annotations

from pathlib import Path

from orch_tui.project.project import Project, open_project
from orch_tui.tui.dialogs.pick import Pick
from orch_tui.tui.dialogs.prompt import Prompt
from textual.widgets import Input

from tests.support.projects import make_project
from tests.tui.driving import said, text_of, until, workbench


def _project(root: Path) -> Project:
    return open_project(
        make_project(root, {"daily": {"Load": {"a": "true"}, "End": {"z": "true"}}, "weekly": {"Load": {"b": "true"}}})
    )


async def test_tasks_of_another_orchestration_come_behind_the_phase_and_can_be_undone(tmp_path: Path) -> None:
    project = _project(tmp_path / "p")
    async with workbench(project, "daily") as (pilot, screen):
        # GIVEN the cursor on the first phase WHEN the other orchestration is picked
        await pilot.press("p")
        await until(pilot, lambda: isinstance(pilot.app.screen, Pick))
        assert "Weekly" in text_of(pilot) and "1 phase, 1 task" in text_of(pilot)
        await pilot.press("enter")
        # THEN
        await until(pilot, lambda: '1 task of "Weekly" came.' in said(pilot))
        value = screen.desk.bench.value
        assert [phase.name for phase in value.phases] == ["Load", "Load 2", "End"]
        # AND undo takes it back
        await pilot.press("u")
        await until(pilot, lambda: len(screen.desk.bench.value.phases) == 2)


async def test_a_task_is_automated_by_one_key(tmp_path: Path) -> None:
    project = _project(tmp_path / "p")
    async with workbench(project, "daily", (80, 24)) as (pilot, _):
        # WHEN
        await pilot.press("down", "z")
        await until(pilot, lambda: isinstance(pilot.app.screen, Prompt))
        # THEN what is no schedule is not taken
        pilot.app.screen.query_one(Input).value = "soon"
        await pilot.press("enter")
        assert "It is no schedule" in text_of(pilot)
        # WHEN one is given
        pilot.app.screen.query_one(Input).value = "30 5 * * 1-5"
        await pilot.press("enter")
        await until(pilot, lambda: "starts it" in said(pilot))
        # THEN there is an orchestration with that task and schedule
        made = open_project(project.root).orchestration("a")
        assert [task.configuration for task in made.tasks()] == ["command/a"]
        assert [schedule.cron for schedule in made.schedules] == ["30 5 * * 1-5"]
