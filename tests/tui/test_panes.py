"""Which panes of the workbench are in view, and how much of the screen each has."""

from __future__ import annotations

from pathlib import Path

import pytest
from orch_tui.tui.workbench.screen import WorkbenchScreen

from tests.support.engine_kit import make_commands, run
from tests.tui.driving import workbench
from tests.tui.seed import sample_project
from tests.tui.test_live import until


def widths(screen: WorkbenchScreen) -> dict[str, int]:
    """Columns of the panes that are in view."""
    panes = {name: screen.query_one(f"#{name}") for name in ("left", "tree", "right")}
    return {name: pane.outer_size.width for name, pane in panes.items() if pane.display}


@pytest.mark.parametrize("columns", [100, 120, 200, 240])
async def test_a_run_takes_the_columns_of_the_components(tmp_path: Path, columns: int) -> None:
    # GIVEN the plan with three panes
    project = make_commands(tmp_path, {"First": {"a": "true"}})
    directory = project.paths.run("o", run(project).header.id)
    async with workbench(project, "o", size=(columns, 30)) as (pilot, screen):
        assert widths(screen).keys() == {"left", "tree", "right"}
        # WHEN a run is shown
        screen.desk.watcher.follow(directory, past=True)
        await until(pilot, lambda: widths(screen).keys() == {"tree", "right"}, "the run")
        await until(pilot, lambda: sum(widths(screen).values()) == columns, "its size")
        # THEN tree and run share the screen, the tree more of it
        assert widths(screen)["tree"] > widths(screen)["right"] >= 40
        # AND the components come when they are wanted, and go when they are not
        await pilot.press("2")
        assert "left" in widths(screen) and screen.focused is not None and screen.focused.id == "components"
        await pilot.press("1")
        assert "left" not in widths(screen)
        # AND half is half of a screen with a run, too
        await pilot.press("+")
        await until(pilot, lambda: widths(screen) == {"tree": columns // 2, "right": columns // 2}, "half")
        await pilot.press("_")
        # AND they are there again beside the plan
        await pilot.press("escape")
        await until(pilot, lambda: "left" in widths(screen), "the plan")


async def test_the_pane_with_the_focus_takes_half_or_all_of_the_screen(tmp_path: Path) -> None:
    async with workbench(sample_project(tmp_path), size=(120, 40)) as (pilot, screen):
        before = widths(screen)
        # WHEN + is pressed THEN it is half, then all; further presses do nothing
        await pilot.press("+")
        await until(pilot, lambda: widths(screen)["tree"] == 60, "half")
        assert sum(widths(screen).values()) == 120
        await pilot.press("+", "+")
        await until(pilot, lambda: widths(screen) == {"tree": 120}, "all")
        # AND another pane that gets the focus has all of it instead
        await pilot.press("3")
        await until(pilot, lambda: widths(screen) == {"right": 120}, "the other one")
        # AND _ goes back step by step, Esc at once
        await pilot.press("_")
        await until(pilot, lambda: widths(screen).get("right") == 60, "half")
        await pilot.press("_")
        await until(pilot, lambda: widths(screen) == before, "what it was")
        await pilot.press("+", "+", "escape")
        await until(pilot, lambda: widths(screen) == before, "what it was")
        assert screen.is_current


async def test_where_panes_are_tabs_each_has_all_of_the_screen_anyway(tmp_path: Path) -> None:
    async with workbench(sample_project(tmp_path), size=(80, 24)) as (pilot, screen):
        assert widths(screen) == {"tree": 80}
        await pilot.press("+")
        await pilot.pause()
        assert widths(screen) == {"tree": 80}
        await pilot.press("2")
        await until(pilot, lambda: widths(screen) == {"left": 80}, "the components")
