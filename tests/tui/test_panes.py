"""Which panes of the workbench are in view, and how much of the screen each has."""

from __future__ import annotations

from pathlib import Path

import pytest
from orch_tui.runs.sequence.values import Sequence
from orch_tui.tui.sequence.picture import SequencePicture
from orch_tui.tui.workbench.plan.plan_picture import PlanPicture
from orch_tui.tui.workbench.screen import WorkbenchScreen

from tests.support.engine_kit import make_commands, run
from tests.tui.driving import text_of, until, workbench
from tests.tui.seed import sample_project


def sizes(screen: WorkbenchScreen) -> dict[str, tuple[int, int]]:
    """Columns and lines of the panes that are in view."""
    panes = {name: screen.query_one(f"#{name}") for name in ("left", "tasks", "picture", "facts", "problems", "run")}
    return {name: (pane.outer_size.width, pane.outer_size.height) for name, pane in panes.items() if pane.is_on_screen}


@pytest.mark.parametrize(("columns", "lines"), [(100, 30), (120, 40), (200, 50), (240, 60)])
async def test_a_run_takes_the_room_of_the_components_and_its_log_what_the_tree_leaves(
    tmp_path: Path, columns: int, lines: int
) -> None:
    # GIVEN the plan: components, the tree, problems below it
    project = make_commands(tmp_path, {"First": {"a": "true"}})
    directory = project.paths.run("o", run(project).header.id)
    async with workbench(project, "o", size=(columns, lines)) as (pilot, screen):
        await until(pilot, lambda: sizes(screen).get("problems", (0, 0))[1] == 3, "the problems")
        # AND the picture, which has the lines that it fills, and what the task under the cursor does
        plan = {
            "left": (29, lines - 1),
            "tasks": (columns - 29, 5),
            "picture": (columns - 29, 8),
            "facts": (columns - 29, lines - 17),
            "problems": (columns - 29, 3),
        }
        await until(pilot, lambda: sizes(screen) == plan, "the plan")
        # WHEN a run is shown
        screen.desk.watcher.follow(directory, past=True)
        # THEN the tree has as many lines as it has rows, and the run has all the others
        wanted = {"tasks": (columns, 5), "run": (columns, lines - 6)}
        await until(pilot, lambda: sizes(screen) == wanted, "the run")
        # AND the components come when they are wanted, and go when they are not
        await pilot.press("2")
        await until(pilot, lambda: sizes(screen).get("left", (0, 0))[0] == 29, "the components")
        assert screen.focused is not None and screen.focused.id == "components"
        await pilot.press("1")
        await until(pilot, lambda: sizes(screen) == wanted, "the run")
        # AND half is half of a screen with a run, too
        await pilot.press("+")
        await until(pilot, lambda: sizes(screen)["tasks"] == (columns, (lines - 1) // 2), "half")
        await pilot.press("_")
        # AND all is as it was beside the plan
        await pilot.press("escape")
        await until(pilot, lambda: sizes(screen).keys() == plan.keys(), "the plan")


async def test_the_tree_of_a_run_grows_and_shrinks_with_its_rows(tmp_path: Path) -> None:
    project = make_commands(tmp_path, {"First": {f"t{number}": "true" for number in range(8)}})
    directory = project.paths.run("o", run(project).header.id)
    async with workbench(project, "o", size=(120, 40)) as (pilot, screen):
        screen.desk.watcher.follow(directory, past=True)
        await until(pilot, lambda: sizes(screen).get("tasks") == (120, 12), "the run")
        # WHEN its phase is folded THEN the log has the lines that become free
        await pilot.press("h")
        await until(pilot, lambda: sizes(screen) == {"tasks": (120, 4), "run": (120, 35)}, "the fold")


async def test_the_pane_with_the_focus_takes_half_or_all_of_the_screen(tmp_path: Path) -> None:
    async with workbench(sample_project(tmp_path), size=(120, 40)) as (pilot, screen):
        await until(pilot, lambda: sizes(screen).get("problems") == (91, 3), "the problems")
        before = sizes(screen)
        # WHEN + is pressed THEN it has half of the lines and all columns, then all; further presses do nothing
        await pilot.press("+")
        await until(pilot, lambda: sizes(screen)["tasks"] == (120, 19), "half")
        await pilot.press("+", "+")
        await until(pilot, lambda: sizes(screen) == {"tasks": (120, 39)}, "all")
        # AND another pane that gets the focus has all of it instead
        await pilot.press("3")
        await until(pilot, lambda: sizes(screen) == {"problems": (120, 39)}, "the other one")
        await pilot.press("2")
        await until(pilot, lambda: sizes(screen) == {"left": (120, 39)}, "the components")
        # AND _ goes back step by step, Esc at once
        await pilot.press("_")
        await until(pilot, lambda: sizes(screen).get("left") == (60, 39), "half")
        await pilot.press("1")
        await pilot.press("_")
        await until(pilot, lambda: sizes(screen) == before, "what it was")
        await pilot.press("+", "+", "escape")
        await until(pilot, lambda: sizes(screen) == before, "what it was")
        assert screen.is_current


async def test_where_panes_are_tabs_the_tree_shares_only_the_lines_that_it_leaves(tmp_path: Path) -> None:
    async with workbench(sample_project(tmp_path), size=(80, 24)) as (pilot, screen):
        # GIVEN a tree that leaves lines free THEN problems have them
        await until(pilot, lambda: sizes(screen) == {"tasks": (80, 19), "problems": (80, 3)}, "the problems")
        await pilot.press("+")
        await until(pilot, lambda: sizes(screen) == {"tasks": (80, 22)}, "all of it")
        await pilot.press("_", "2")
        await until(pilot, lambda: sizes(screen) == {"left": (80, 22)}, "the components")
        await pilot.press("3")
        await until(pilot, lambda: sizes(screen) == {"problems": (80, 22)}, "the problems alone")


@pytest.mark.parametrize(("tasks", "below"), [(5, True), (30, False)])
async def test_in_80_columns_a_run_is_below_a_short_tree_and_a_tab_beside_a_long_one(
    tmp_path: Path, tasks: int, below: bool
) -> None:
    project = make_commands(tmp_path, {"First": {f"t{number}": "true" for number in range(tasks)}})
    directory = project.paths.run("o", run(project).header.id)
    async with workbench(project, "o", size=(80, 24)) as (pilot, screen):
        screen.desk.watcher.follow(directory, past=True)
        await until(pilot, lambda: screen.run_shown is not None and ("run" in sizes(screen)) == below, "the run")
        # THEN its tab says how it ended, wherever one looks
        await until(pilot, lambda: f"3 Run ✔ {tasks}/{tasks}" in text_of(pilot), "the tab")
        await pilot.press("3")
        await until(pilot, lambda: sizes(screen) == {"run": (80, 22)}, "the run alone")


async def test_the_picture_of_a_short_plan_changes_with_every_edit_and_leads_to_its_tasks(tmp_path: Path) -> None:
    # GIVEN a plan that leaves room
    project = make_commands(tmp_path, {"First": {"a": "true", "b": "true"}, "Second": {"c": "true"}})
    async with workbench(project, "o", size=(120, 40)) as (pilot, screen):
        pane = screen.query_one(PlanPicture)

        def phases() -> list[list[str]]:
            drawn = pane.picture.sequence if pane.picture is not None else Sequence("")
            return [[task.id for task in phase.tasks] for phase in drawn.phases]

        await until(pilot, lambda: phases() == [["a", "b"], ["c"]], "the picture")
        # WHEN a phase is moved THEN it is moved there too, and back
        await pilot.press("]")
        await until(pilot, lambda: phases() == [["c"], ["a", "b"]], "the other order")
        await pilot.press("u")
        await until(pilot, lambda: phases() == [["a", "b"], ["c"]], "the first order")
        # WHEN a task in it is chosen THEN the tree is there
        assert pane.picture is not None
        pane.picture.post_message(SequencePicture.Chosen(pane.picture, "c"))
        await until(pilot, lambda: screen.phase_tree.item is not None and screen.phase_tree.item.id == "c", "the task")
        # WHEN the plan needs all the lines THEN it has them
        await pilot.resize_terminal(120, 18)
        await until(pilot, lambda: not pane.display, "the tree alone")
