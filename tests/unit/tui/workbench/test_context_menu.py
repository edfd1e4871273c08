"""The menu of the place where the focus is, and that every key of the workbench is somebody's."""

from __future__ import annotations

from pathlib import Path

from orch_tui.tui.actions import BY_ID
from orch_tui.tui.actions import run as run_actions
from orch_tui.tui.actions import workbench as actions
from orch_tui.tui.workbench.context_menu import menu_actions
from orch_tui.tui.workbench.tree.phase_tree import OWN

from tests.tui.driving import workbench
from tests.tui.seed import sample_project


def test_edits_come_first_and_moving_about_is_left_out() -> None:
    ids = [action.id for action in menu_actions("tree", lambda action: True)]
    groups = [BY_ID[one].group == actions.EDIT for one in ids]
    assert groups == sorted(groups, reverse=True)
    assert "tree.delete" in ids and "tree.fold-all" in ids and "run.run-all" in ids
    assert not {"tree.fold", "workbench.pane-tree", "workbench.menu", "configurations.add"} & set(ids)


def test_another_place_has_its_own_and_what_cannot_be_done_is_not_there() -> None:
    ids = [action.id for action in menu_actions("configurations", lambda action: action != "run.log")]
    assert "configurations.add" in ids and "tree.delete" not in ids and "run.log" not in ids


async def test_every_action_of_the_workbench_is_carried_out_by_exactly_one_part(tmp_path: Path) -> None:
    # GIVEN the tables of all controllers, and what the tree and the filter of components do by themselves
    async with workbench(sample_project(tmp_path)) as (_, screen):
        desk = screen.desk
        tables = [part.actions for part in (desk.edit, desk.file, desk.starter, desk.pages)]
        own = {*OWN, "component-filter.clear"}
        # THEN each action of tree, lists and workbench is in one of them
        everything = {one.id for one in (*actions.TREE, *actions.WORKBENCH, *actions.LISTS, *run_actions.WORKBENCH)}
        assert desk.actions.keys() | own == everything
        assert sum(map(len, tables)) == len({action for table in tables for action in table})
        assert not desk.actions.keys() & own
