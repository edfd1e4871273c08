"""The menu of what can be done here: by groups, whole sentences, and each key that it shows does it."""

from __future__ import annotations

from pathlib import Path

from orch_tui.tui.dialogs.menu import Menu

from tests.tui.driving import text_of, until, workbench
from tests.tui.seed import sample_project


async def test_the_key_that_is_shown_beside_an_action_does_it(tmp_path: Path) -> None:
    # GIVEN the menu over a task of the plan
    async with workbench(sample_project(tmp_path)) as (pilot, _):
        await pilot.press("j", "full_stop")
        await until(pilot, lambda: isinstance(pilot.app.screen, Menu))
        # WHEN a key is pressed that it shows, and that goes about in other lists
        await pilot.press("g")
        # THEN what stands beside it is done: the phases that grouping makes are shown
        await until(pilot, lambda: "Group tasks by" in text_of(pilot))
        await pilot.press("escape")


async def test_it_has_headings_and_says_the_whole_sentence_of_its_row(tmp_path: Path) -> None:
    async with workbench(sample_project(tmp_path), size=(80, 24)) as (pilot, _):
        await pilot.press("j", "full_stop")
        await until(pilot, lambda: isinstance(pilot.app.screen, Menu))
        shown = text_of(pilot)
        assert "Editing" in shown
        # The row is cut, the line below is not.
        await pilot.press("j")
        await until(pilot, lambda: "when one of the marked tasks fails." in text_of(pilot))


async def test_what_has_nothing_to_work_on_is_not_in_it(tmp_path: Path) -> None:
    # GIVEN a plan that was not edited, the cursor on a task
    async with workbench(sample_project(tmp_path)) as (pilot, screen):

        async def offered() -> set[str]:
            await pilot.press("full_stop")
            await until(pilot, lambda: isinstance(pilot.app.screen, Menu))
            assert isinstance(pilot.app.screen, Menu)
            found = {one.id for one in pilot.app.screen.list.lines}
            await pilot.press("escape")
            await until(pilot, lambda: pilot.app.screen is screen)
            return found

        await pilot.press("j")
        at_task = await offered()
        # THEN it has neither undo nor save, nor what a phase has
        nothing = {"workbench.undo", "workbench.redo", "workbench.save", "workbench.drop-empty", "tree.rename"}
        assert not at_task & nothing
        assert {"tree.edit-configuration", "tree.toggle-enabled"} <= at_task
        # WHEN the task is disabled, and the cursor is on the phase
        await pilot.press("x", "k")
        at_phase = await offered()
        # THEN that can be undone and saved, and the phase be named
        assert {"workbench.undo", "workbench.save", "tree.rename"} <= at_phase
        assert "tree.edit-configuration" not in at_phase
