"""A task with parts in the tree: one row, which unfolds to a row for each part."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from orch_tui.runs.live.timeline import Bar
from orch_tui.tui.widgets.row_painter import Part
from orch_tui.tui.workbench.run.live_panel import LivePanel
from orch_tui.tui.workbench.screen import WorkbenchScreen
from textual.pilot import Pilot

from tests.support.engine_kit import make_commands
from tests.support.tables import parquet_file
from tests.tui.driving import rows_of, text_of, until, workbench
from tests.tui.test_live import run_all, to_end


async def go_to(pilot: Pilot[int], screen: WorkbenchScreen, row: int) -> None:
    screen.phase_tree.go(row)
    await pilot.pause()


async def test_an_array_is_one_row_that_unfolds_to_its_parts_with_their_logs(tmp_path: Path) -> None:
    # GIVEN an array of four parts, one of which fails
    command = "echo this is {{ item }}; test {{ item }} != fr"
    task = {"command": command, "each": '["de", "fr", "it", "es"]'}
    project = make_commands(tmp_path, {"P": {"load": task, "other": "true"}})
    async with workbench(project, "o") as (pilot, screen):
        tree = screen.phase_tree
        assert "each" in rows_of(tree)[1]
        await run_all(pilot, screen)
        await to_end(pilot, screen)
        # THEN it has a row that says how many have ended and failed, and the run two tasks
        await until(pilot, lambda: "3 ✔ 1 ✘" in rows_of(tree)[1], "the array")
        assert len(rows_of(tree)) == 3 and "2/2" in text_of(pilot)
        # WHEN it is unfolded
        await go_to(pilot, screen, 1)
        await pilot.press("right")
        # THEN each part has a row, with its state
        rows = rows_of(tree)
        assert len(rows) == 7 and "▾" in rows[1]
        assert [name in row for name, row in zip(("1 de", "2 fr", "3 it", "4 es"), rows[2:6], strict=True)] == [
            True
        ] * 4
        assert "✘ error" in rows[3] and "✔" in rows[4]
        # AND the log of the part under the cursor is there
        panel = screen.query_one(LivePanel)
        await go_to(pilot, screen, 4)
        assert panel.tab == "log"
        await until(pilot, lambda: "this is it" in text_of(pilot), "the log of a part")
        # WHEN it is folded again
        await pilot.press("left")
        assert tree.cursor == 1
        await pilot.press("left")
        # THEN its parts are away
        assert len(rows_of(tree)) == 3 and "▸" in rows_of(tree)[1]


async def test_before_a_run_and_in_the_picture_an_array_is_marked(tmp_path: Path) -> None:
    # GIVEN an orchestration with an array
    project = make_commands(tmp_path, {"P": {"load": {"command": "true", "each": '["de", "fr"]'}, "other": "true"}})
    async with workbench(project, "o") as (pilot, screen):
        # WHEN one asks for a run
        await pilot.press("R")
        await until(pilot, lambda: "will run" in text_of(pilot), "the preview")
        # THEN the tree says which task has parts, and the dialog for what they are
        rows = rows_of(screen.phase_tree)
        assert "× n" in rows[1] and "× n" not in rows[2]
        await pilot.press("down")
        await until(pilot, lambda: '— will run for each of ["de", "fr"]' in text_of(pilot), "what it is run for")
        await pilot.press("escape")
        # AND the picture marks it
        await pilot.press("P")
        await until(pilot, lambda: "load ×n" in text_of(pilot), "the picture")


async def test_what_parts_wrote_is_listed_once_for_each_table_and_their_usage_is_that_of_the_array(
    tmp_path: Path,
) -> None:
    # GIVEN an array each of whose parts adds two rows to one table
    parquet_file(tmp_path / "rows.parquet", "select * from range(2) t(id)")
    task = {"command": 'cp rows.parquet "$KBC_DATADIR/out/tables/rows.parquet"', "each": '["de", "fr", "it"]'}
    project = make_commands(tmp_path, {"P": {"load": task}})
    path = tmp_path / "configurations" / "command" / "load.toml"
    path.write_text(path.read_text() + '[[outputs]]\ntable = "raw/rows"\nmode = "append"\n')
    async with workbench(project, "o") as (pilot, screen):
        await run_all(pilot, screen)
        await to_end(pilot, screen)
        # THEN
        await until(pilot, lambda: "6 rows in 1 table" in text_of(pilot), "the rows of all parts")
        assert "Tables 1" in text_of(pilot)
        model = screen.desk.watcher.shown.model
        assert model is not None
        array = model.state.tasks["load"]
        assert array.parts is not None and array.attempt is not None and array.attempt.usage is not None
        each = [part.attempts[-1].usage for part in array.parts.states]
        known = [usage for usage in each if usage is not None and usage.cpu is not None]
        assert len(known) == 3 and array.attempt.usage.cpu == sum(usage.cpu or 0 for usage in known)


async def test_thousands_of_parts_are_rows_of_which_only_those_in_view_are_drawn(tmp_path: Path) -> None:
    # GIVEN a run of an array with many parts
    items = ", ".join(f'"{number}"' for number in range(120))
    project = make_commands(tmp_path, {"P": {"load": {"command": "true", "each": f"[{items}]"}}}, "max_parallel = 20")
    async with workbench(project, "o") as (pilot, screen):
        await run_all(pilot, screen)
        await to_end(pilot, screen)
        tree = screen.phase_tree
        await go_to(pilot, screen, 1)
        asked: list[str] = []
        # WHEN it is unfolded, and the cursor goes to its end
        await pilot.press("right")
        state_of = tree.look.states.part
        assert state_of is not None

        def noted(part: str) -> tuple[Sequence[Part], Bar | None]:
            asked.append(part)
            return state_of(part)

        tree.look.states = tree.look.states._replace(part=noted)
        await pilot.press("end")
        await pilot.pause()
        # THEN the last one is there, and those that are out of view were not asked for
        assert tree.count() == 122 and getattr(tree.outline.selectable(tree.cursor), "id", None) == "load@120"
        assert "load@120" in asked and "load@60" not in asked
