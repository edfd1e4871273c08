"""The bars in the rows of the tree: the plan before a run, the run as it goes on, its record afterwards."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from orch_tui.model.events import events
from orch_tui.model.status import Status
from orch_tui.tui.app import OrchApp
from orch_tui.tui.widgets.list_head import ListHead
from orch_tui.tui.workbench.screen import WorkbenchScreen
from orch_tui.tui.workbench.tree.phase_tree import PhaseTree
from orch_tui.tui.workbench.tree.tree_pane import TreePane

from tests.support.clocks import stopped_at
from tests.support.engine_kit import make_commands, run
from tests.tui.conftest import NOW
from tests.tui.driving import rows_of, until, workbench
from tests.tui.seed import sample_project
from tests.tui.test_live import GATE, run_all, to_end
from tests.tui.test_live_pictures import START, a_run, extracted, failed

BAR = "▄▆+#"


def bars(screen: WorkbenchScreen) -> list[tuple[int, int]]:
    """The first column of each row's bar, and how many it has; of those that have one."""
    tree = screen.phase_tree
    found = []
    for index in range(tree.count()):
        text = "".join(part.text for part in tree.row(index).right if part.picture)
        columns = [at for at, cell in enumerate(text) if cell in BAR]
        if columns:
            found.append((columns[0], len(columns)))
    return found


def head(screen: WorkbenchScreen) -> str:
    return str(screen.query_one(TreePane).query_one(ListHead).render())


async def test_without_earlier_runs_all_bars_are_equal_boxes(tmp_path: Path) -> None:
    async with workbench(sample_project(tmp_path)) as (_, screen):
        found = bars(screen)
        # THEN tasks of a phase are below each other, and phases behind one another
        assert found[0] == found[1] and len({start for start, _ in found}) == 4
        assert max(length for _, length in found) - min(length for _, length in found) <= 1
        # AND there are no times, since none are known
        assert "not known yet" in head(screen) and "╷" not in head(screen)


async def test_the_plan_changes_at_once_with_every_edit(tmp_path: Path) -> None:
    async with workbench(sample_project(tmp_path)) as (pilot, screen):
        before = bars(screen)
        # WHEN the first phase changes its place with the second
        await pilot.press("right_square_bracket")
        # THEN its tasks are in the second column of the picture
        assert [start for start, _ in bars(screen)] == [before[0][0], *[before[2][0]] * 2, before[3][0], before[4][0]]
        await pilot.press("u")
        assert bars(screen) == before
        # AND when all tasks are moved into one phase they are below each other, but one more than may run at once
        screen.phase_tree.go_to("campaigns")
        await pilot.press("asterisk", "m", *"All", "enter")
        await until(pilot, lambda: [start for start, _ in bars(screen)][:4] == [0] * 4, "one phase")
        last = rows_of(screen.phase_tree)[-1]
        assert bars(screen)[4][0] > 0 and "·····▄" in last


async def test_bars_are_where_the_screen_is_wide_enough_for_them(tmp_path: Path) -> None:
    async with workbench(sample_project(tmp_path), size=(120, 40)) as (pilot, screen):
        assert len(bars(screen)) == 5
        wide = bars(screen)[0][1]
        await pilot.resize_terminal(200, 50)
        await until(pilot, lambda: bool(bars(screen)) and bars(screen)[0][1] > wide, "longer bars")
        await pilot.resize_terminal(80, 24)
        await until(pilot, lambda: not bars(screen), "no bars")
        assert all("Campaign" in row or "ecipient" in row for row in rows_of(screen.phase_tree)[1:3])


async def test_real_bars_grow_over_what_was_expected(tmp_path: Path) -> None:
    # GIVEN earlier runs, and one in its second phase
    project = make_commands(tmp_path, {"First": {"a": "sleep 0.2"}, "Second": {"b": GATE}})
    project.paths.root.joinpath("gate").touch()
    run(project)
    project.paths.root.joinpath("gate").unlink()
    async with workbench(project, "o") as (pilot, screen):
        await until(pilot, lambda: "≈" in head(screen), "what is known")
        assert "╷0" in head(screen)
        await run_all(pilot, screen)
        tree = screen.phase_tree
        await until(pilot, lambda: "▆" in rows_of(tree)[1] and "▆" in rows_of(tree)[3], "both bars")
        project.paths.root.joinpath("gate").touch()
        await to_end(pilot, screen)
        # THEN the critical path is marked once a phase is over
        await until(pilot, lambda: "▆◂" in rows_of(tree)[1], "the mark")


async def test_a_past_run_is_the_record_of_what_ran(tmp_path: Path) -> None:
    # GIVEN a run that failed in its second phase
    project = sample_project(tmp_path)
    with a_run(project, "20261122T145946.000Z-aa", START, *failed(START)):
        pass
    app = OrchApp(project, clock=stopped_at(NOW))
    async with app.run_test(size=(120, 40)) as pilot:
        app.open_workbench("campaigns")
        await pilot.pause()
        screen = app.screen
        assert isinstance(screen, WorkbenchScreen)
        await pilot.press("w")
        await until(pilot, lambda: screen.run_shown and "✘ error" in rows_of(screen.phase_tree)[4], "the run")
        rows = rows_of(screen.phase_tree)
        # THEN what the run waited for is marked, the failure stands at the end of its bar, what was skipped has none
        assert "◂" not in rows[1] and "▆◂" in rows[2] and "▆✘" in rows[4]
        assert not any(cell in row for row in rows[5:] for cell in BAR)


async def test_each_attempt_is_a_piece_of_the_bar(tmp_path: Path) -> None:
    # GIVEN a task that failed once and was tried again after a pause
    again = (
        events.ended(START + 9.0, "campaign-performance", 1, Status.ERROR),
        events.spawning(START + 12, "campaign-performance", 2),
        events.started(START + 12, "campaign-performance", 2, pid=9, start=(1, 1)),
    )
    project = sample_project(tmp_path)
    with a_run(project, "20261122T145946.000Z-aa", START, *extracted(START), *again):
        app = OrchApp(project, clock=stopped_at(NOW))
        async with app.run_test(size=(160, 40)) as pilot:
            app.open_workbench("campaigns")
            await pilot.pause()
            screen = app.screen
            assert isinstance(screen, WorkbenchScreen)
            await until(pilot, lambda: screen.run_shown and "▆" in rows_of(screen.phase_tree)[4], "the run")
            row = rows_of(screen.phase_tree)[4]
            # THEN both are in its row, with the pause between them
            assert "✘····" in row and "·▆" in row and row.index("▆✘") < row.index("·▆")


async def test_the_log_is_that_of_the_task_under_the_cursor_and_of_a_phase_all_of_them(tmp_path: Path) -> None:
    project = make_commands(tmp_path, {"First": {"a": "echo from-a", "b": "echo from-b; false"}})
    run(project)
    async with workbench(project, "o") as (pilot, screen):
        await pilot.press("w")
        # GIVEN the cursor on the phase THEN its tasks' lines stand there behind their names
        await until(pilot, lambda: "Log of First" in screen_text(screen), "the log")
        both = ("a │ from-a", "b │ from-b")
        await until(pilot, lambda: all(one in screen_text(screen) for one in both), "both logs")
        # WHEN the cursor goes to a task THEN it is that of the task alone
        await pilot.press("down")
        await until(pilot, lambda: "Log of a" in screen_text(screen) and "a │ from-a" not in screen_text(screen))
        assert "from-a" in screen_text(screen)
        # WHEN all tasks are asked for in the run THEN their lines are there wherever the cursor is, and again not
        await pilot.press("3", "a")
        await until(pilot, lambda: "Log of all tasks" in screen_text(screen), "the log of all")
        await until(pilot, lambda: all(one in screen_text(screen) for one in both), "all of it")
        await pilot.press("a")
        await until(pilot, lambda: "Log of a" in screen_text(screen) and "a │ from-a" not in screen_text(screen))


def screen_text(screen: WorkbenchScreen) -> str:
    return "\n".join("".join(one.text for one in strip) for strip in screen._compositor.render_strips())


@pytest.mark.parametrize(("tasks", "whole"), [(3, True), (20, False)])
async def test_a_short_tree_is_drawn_whole_while_a_run_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tasks: int, whole: bool
) -> None:
    # GIVEN a run with few rows in the tree, or with many
    project = make_commands(tmp_path, {"First": {f"t{number}": GATE for number in range(tasks)}})
    limits: list[int | None] = []
    show_states = PhaseTree.show_states

    def noted(tree: PhaseTree, *arguments: Any, **named: Any) -> None:
        limits.append(named.get("limit"))
        show_states(tree, *arguments, **named)

    async with workbench(project, "o") as (pilot, screen):
        await run_all(pilot, screen)
        await until(pilot, lambda: "processing" in "".join(rows_of(screen.phase_tree)), "the run")
        # WHEN it goes on THEN each tick draws all rows that are different, or some of them
        monkeypatch.setattr(PhaseTree, "show_states", noted)
        screen.desk.run_changed()
        assert (limits[-1] is None) is whole
        (tmp_path / "gate").touch()
        await to_end(pilot, screen)
