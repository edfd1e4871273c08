"""A rehearsal on the screen: assuming, seeing the way with every rule's reasons, undo; of the plan and of past runs."""

from __future__ import annotations

from pathlib import Path

from orch_tui.project.project import Project
from orch_tui.tui.rehearsal.screen import RehearsalScreen
from orch_tui.tui.runs.history import HistoryScreen
from orch_tui.tui.sequence.screen import SequenceScreen
from orch_tui.tui.workbench.dialogs.rehearsed import RehearsedInTree
from textual.pilot import Pilot
from textual.widgets import Input

from tests.integration.test_rules import daily
from tests.support.engine_kit import run
from tests.tui.driving import text_of, until, workbench


async def rehearsal(pilot: Pilot[int]) -> RehearsalScreen:
    await until(pilot, lambda: isinstance(pilot.app.screen, RehearsalScreen))
    screen = pilot.app.screen
    assert isinstance(screen, RehearsalScreen)
    return screen


def ways(screen: RehearsalScreen) -> dict[str, str]:
    return {phase.id: phase.status.value for phase in screen.assuming.rehearsal.state.phases.values()}


async def test_what_is_assumed_shows_the_way_and_why_each_rule_held_or_not(tmp_path: Path) -> None:
    # GIVEN a flow that goes past a phase where nothing came, with an edit that is not saved
    project: Project = daily(tmp_path)
    async with workbench(project, "o", size=(140, 40)) as (pilot, bench):
        await pilot.press("down", "x", "x", "W")
        screen = await rehearsal(pilot)
        # THEN a task of which nothing is assumed succeeds and tells nothing
        assert 'nothing came → alert  does not hold; task["load"].rows is null' in text_of(pilot)
        # WHEN what the rule asks for is assumed, from the list at its task
        await pilot.press("down", "enter")
        assert "a rule asks for it" in text_of(pilot)
        await pilot.press("enter")
        pilot.app.screen.query_one(Input).value = "many"
        await pilot.pause()
        assert 'rows is a whole number from 0 on, not "many"' in text_of(pilot)
        pilot.app.screen.query_one(Input).value = "0"
        await pilot.press("enter")
        # THEN the way is another one, with the fact that the rule saw
        assert ways(screen) == {"load": "success", "publish": "skipped", "alert": "success"}
        told = text_of(pilot)
        assert 'nothing came → alert  task["load"].rows is 0' in told
        assert "broken → alert  only after failure" in told and "it would end in ✔ success" in told
        # WHEN it fails instead THEN that is seen, undone and done again
        await pilot.press("x")
        assert ways(screen)["load"] == "error" and screen.assuming.assumed[-1] == "task.load.status=error"
        await pilot.press("u")
        assert screen.assuming.assumed == ("task.load.rows=0",) and ways(screen)["load"] == "success"
        await pilot.press("U", "x")
        assert screen.assuming.assumed == ("task.load.rows=0",)
        # AND an assumption of the list is changed and forgotten there
        await pilot.press("tab", "enter")
        pilot.app.screen.query_one(Input).value = "5"
        await pilot.press("enter")
        assert ways(screen)["publish"] == "success"
        await pilot.press("d")
        assert not screen.assuming.assumed
        # AND nothing was started or saved
        assert not (tmp_path / ".orch" / "runs").exists() and bench.bench.value.id == "o"


async def test_the_way_is_seen_in_the_picture_and_an_assumption_may_be_typed(tmp_path: Path) -> None:
    async with workbench(daily(tmp_path), "o") as (pilot, _):
        await pilot.press("W")
        screen = await rehearsal(pilot)
        await pilot.press("a")
        pilot.app.screen.query_one(Input).value = "task.lod.rows=0"
        await pilot.pause()
        assert 'there is no task "lod"; did you mean "load"?' in text_of(pilot)
        pilot.app.screen.query_one(Input).value = "task.load.status=error"
        await pilot.press("enter", "P")
        await until(pilot, lambda: isinstance(pilot.app.screen, SequenceScreen) and "✘" in text_of(pilot))
        assert ways(screen)["publish"] == "skipped"
        await pilot.press("escape", "escape")
        assert not isinstance(pilot.app.screen, RehearsalScreen)


async def test_a_run_of_the_history_is_walked_again_by_the_rules_of_today(tmp_path: Path) -> None:
    # GIVEN a run that went past a phase, and a rule that was edited since
    project = daily(tmp_path, rows=0)
    run(project)
    path = tmp_path / "orchestrations" / "o.toml"
    path.write_text(path.read_text().replace("rows == 0", "rows == 7"))
    async with workbench(project, "o") as (pilot, _):
        await pilot.press("H")
        await until(pilot, lambda: isinstance(pilot.app.screen, HistoryScreen) and bool(pilot.app.screen.list.runs))
        await pilot.press("W")
        screen = await rehearsal(pilot)
        # THEN it goes as it would by now, with what became of its tasks
        assert ways(screen)["publish"] == "success" and 'task["load"].rows is 0' in text_of(pilot)


async def test_the_way_is_seen_in_the_tree_of_the_workbench_and_assumptions_stay(tmp_path: Path) -> None:
    async with workbench(daily(tmp_path), "o", size=(120, 40)) as (pilot, bench):
        await pilot.press("W")
        screen = await rehearsal(pilot)
        await pilot.press("down", "x", "t")
        # THEN the tree has what would become of each task and rule, and the values
        await until(pilot, lambda: isinstance(pilot.app.screen, RehearsedInTree))
        told = text_of(pilot)
        assert "Assumed: task.load.status=error" in told and "it would end in ▲ warning" in told
        assert "on failure: broken → 3 alert" in told and "✔ taken" in told
        assert 'phase "load" went on to "alert": broken' in told
        # WHEN the cursor goes to a rule THEN all of it is told, also in the picture
        await pilot.press("down", "down")
        assert 'when task["load"].rows == 0; only after success' in text_of(pilot)
        await pilot.press("P")
        await until(pilot, lambda: isinstance(pilot.app.screen, SequenceScreen) and "✘" in text_of(pilot))
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(pilot.app.screen, RehearsedInTree))
        # WHEN something else is to be assumed THEN what was assumed is there
        await pilot.press("t")
        again = await rehearsal(pilot)
        assert again is not screen and again.assuming.assumed == ("task.load.status=error",)
        await pilot.press("u", "t")
        await until(pilot, lambda: isinstance(pilot.app.screen, RehearsedInTree))
        assert "Nothing is assumed" in text_of(pilot)
        # AND behind it is the plan as it was
        await pilot.press("escape")
        await until(pilot, lambda: pilot.app.screen is bench)
        assert bench.run_shown is None and "taken" not in text_of(pilot) and "saved" in text_of(pilot)
