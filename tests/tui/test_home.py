"""The list of orchestrations on the screen."""

from __future__ import annotations

import pytest
from orch_tui.model.status import Status
from orch_tui.project.project import Project
from orch_tui.tui.app import OrchApp
from orch_tui.tui.dialogs.prompt import Prompt
from orch_tui.tui.home.panes.runs_pane import RunsPane
from orch_tui.tui.home.panes.sequence_pane import SequencePane
from orch_tui.tui.home.screen import HomeScreen
from orch_tui.tui.runs.run_list import RunList
from textual.widgets import Input, Static

from tests.support.clocks import stopped_at
from tests.tui.conftest import NOW, MakeRun
from tests.tui.driving import text_of, until


def app_at_three(project: Project) -> OrchApp:
    """At the time of the tests."""
    return OrchApp(project, clock=stopped_at(NOW))


def rows(app: OrchApp) -> list[str]:
    """The lines of the table as they are drawn."""
    table = home(app).table
    return ["".join(segment.text for segment in table.render_line(y)).rstrip() for y in range(table.count() or 1)]


def colours(app: OrchApp) -> list[tuple[str, str]]:
    """The pieces of the first row, each with its style."""
    return [(segment.text, str(segment.style)) for segment in home(app).table.render_line(0)]


def home(app: OrchApp) -> HomeScreen:
    screen = app.screen_stack[0]
    assert isinstance(screen, HomeScreen)
    return screen


def details(app: OrchApp) -> str:
    return str(home(app).query_one("#details", Static).content)


async def test_it_shows_name_numbers_last_run_and_spark(project: Project, make_run: MakeRun) -> None:
    for status in (Status.SUCCESS, Status.ERROR, Status.SUCCESS):
        make_run("alpha", status, seconds=187)
    make_run("beta", None)
    app = app_at_three(project)
    async with app.run_test(size=(120, 40)) as pilot:
        await app.workers.wait_for_complete()
        await pilot.pause()
        alpha, beta, broken = rows(app)
        assert alpha.split() == ["Alpha", "The", "first", "one.", *["2", "3", "✔", "success", "14:00", "3:07", "█✘█"]]
        assert "Beta [/usr/bin] [bold]x" in beta and "? interrupted" in beta
        assert broken.startswith(" ✘ broken") and "orchestrations" not in alpha


async def test_at_80_columns_the_important_columns_stay(project: Project, make_run: MakeRun) -> None:
    make_run("alpha", Status.WARNING)
    app = app_at_three(project)
    async with app.run_test(size=(80, 24)) as pilot:
        await app.workers.wait_for_complete()
        await pilot.pause()
        assert rows(app)[0].split() == ["Alpha", "3", "▲", "warning", "14:00", "5.0", "s", "▲"]


async def test_the_details_follow_the_cursor_with_problems(project: Project) -> None:
    app = app_at_three(project)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        assert "The first one." in details(app) and "1 Extract (1) → 2 Load (2)" in details(app)
        await pilot.press("j")
        home(app)._rested_on("beta")
        assert "command/gone" in details(app)
        await pilot.press("G")
        home(app)._rested_on("broken")
        assert "orchestrations/broken.toml:1" in details(app)


async def test_an_empty_project_invites(empty_project: Project) -> None:
    app = app_at_three(empty_project)
    async with app.run_test(size=(80, 24)) as pilot:
        assert "n creates one" in rows(app)[0] and "Press n" in details(app)
        # nothing to open, rename or delete
        assert not {"home.open", "home.delete"} & {one.binding.id for one in app.screen.active_bindings.values()}
        await pilot.press("n", "X", "enter")
        assert rows(app)[0].split()[0] == "X"
        assert home(app).table.chosen == "x"


async def test_new_asks_for_a_name_and_says_what_is_wrong_with_it(project: Project) -> None:
    app = app_at_three(project)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("n", "enter")
        assert isinstance(app.screen, Prompt)
        assert "at least one character" in str(app.screen.query_one("#hint", Static).content)
        await pilot.press("escape")
        assert home(app).model.total == 3


async def test_a_new_orchestration_is_greeted_by_the_next_key(project: Project) -> None:
    app = app_at_three(project)
    async with app.run_test(size=(80, 24)) as pilot:
        # WHEN one is made THEN it says what comes next, and nothing is wrong with it yet
        await pilot.press("n", *"Fresh", "enter")
        await until(pilot, lambda: "No phases yet: Enter opens it, a adds tasks" in text_of(pilot))
        assert "cannot run" not in text_of(pilot) and "▲" not in text_of(pilot)
        # AND neither in the workbench
        await pilot.press("enter")
        await until(pilot, lambda: "a adds tasks, n makes a phase" in text_of(pilot))
        assert "cannot run" not in text_of(pilot)


async def test_delete_and_undo_leave_the_cursor_where_one_expects_it(project: Project) -> None:
    app = app_at_three(project)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("j", "d")
        assert home(app).model.ids == ["alpha", "broken"] and home(app).table.chosen == "broken"
        await pilot.press("u")
        assert home(app).table.chosen == "beta"


async def test_rename_and_duplicate(project: Project) -> None:
    app = app_at_three(project)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("c", "Z", "enter")
        assert home(app).model.entry("alpha").name == "Z"
        await pilot.press("y", "enter")
        assert home(app).table.chosen == "z-copy"


async def test_a_broken_one_is_not_renamed(project: Project) -> None:
    app = app_at_three(project)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("G", "c")
        assert app.screen is home(app)
        assert "left alone" in next(iter(app._notifications)).message


async def test_the_filter_narrows_while_it_is_typed(project: Project) -> None:
    app = app_at_three(project)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("slash", "b", "e", "t")
        assert home(app).table.ids == ["beta"]
        # letters that are keys elsewhere were typed, not done
        assert home(app).query_one(Input).value == "bet"
        await pilot.press("enter")
        assert home(app).table.has_focus and home(app).table.ids == ["beta"]
        await pilot.press("escape")
        assert len(home(app).table.ids) == 3 and not home(app).query_one(Input).display


async def test_what_changed_on_disk_is_read_again(project: Project) -> None:
    app = app_at_three(project)
    async with app.run_test(size=(120, 40)) as pilot:
        project.paths.orchestration("gamma").write_text('name = "Gamma"\n')
        project.paths.orchestration("broken").write_text('name = "Mended"\n')
        await pilot.press("r")
        assert [row.split()[0] for row in rows(app)] == ["Alpha", "Beta", "Mended", "Gamma"]


async def test_the_mouse_moves_and_opens(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    monkeypatch.setattr(OrchApp, "open_workbench", lambda self, one: opened.append(one))
    app = app_at_three(project)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.click("#table", offset=(5, 1))
        assert home(app).table.chosen == "beta" and opened == []
        await pilot.click("#table", offset=(5, 1), times=2)
        assert opened == ["beta"]
        # the key bar is clicked like pressed
        await pilot.click("KeyBar", offset=(3, 0))
        assert opened == ["beta", "beta"]


async def test_it_looks_the_same_after_a_visit_to_the_workbench(project: Project, make_run: MakeRun) -> None:
    # GIVEN the list with the colours of its runs, under the cursor too
    make_run("alpha", Status.SUCCESS)
    app = app_at_three(project)
    async with app.run_test(size=(120, 40)) as pilot:
        await app.workers.wait_for_complete()
        await pilot.pause()
        before = colours(app)
        # WHEN an orchestration was opened and left
        await pilot.press("enter")
        await app.workers.wait_for_complete()
        assert app.screen is not home(app)
        await pilot.press("escape")
        await app.workers.wait_for_complete()
        await pilot.pause()
        # THEN the style sheets of the workbench have changed nothing here
        assert app.screen is home(app) and colours(app) == before


async def test_a_run_that_ends_meanwhile_is_shown(project: Project, make_run: MakeRun) -> None:
    app = app_at_three(project)
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: "never run" in rows(app)[0], "the list")
        make_run("alpha")
        # WHEN the next look at the runs comes
        home(app).look_at_runs()
        await until(pilot, lambda: "✔ success" in rows(app)[0], "the list")


@pytest.mark.parametrize("size", [(40, 10), (20, 5), (200, 60)])
async def test_any_size_shows_rows(project: Project, size: tuple[int, int]) -> None:
    app = app_at_three(project)
    async with app.run_test(size=size):
        assert home(app).table.size.height >= 1
        assert home(app).query_one("#below").display is (size[1] >= 17)


async def test_wide_characters_keep_the_columns(project: Project) -> None:
    project.paths.orchestration("alpha").write_text('name = "漢字の名前 🎉🎉 é"\n')
    app = app_at_three(project)
    async with app.run_test(size=(80, 24)) as pilot:
        await app.workers.wait_for_complete()
        await pilot.pause()
        table = home(app).table
        assert {table.render_line(y).cell_length for y in range(3)} == {table.size.width}
        assert rows(app)[0].split()[-2:] == ["never", "run"]


async def test_the_sequence_of_the_orchestration_under_the_cursor_is_drawn(project: Project) -> None:
    app = OrchApp(project)
    async with app.run_test(size=(120, 40)) as pilot:
        # GIVEN the cursor rests on the first orchestration
        pane = home(app).query_one(SequencePane)
        await until(pilot, lambda: pane.picture is not None and bool(pane.picture.sequence.phases))
        assert pane.picture is not None
        first = pane.picture.sequence
        assert first.name == "Alpha"
        # WHEN it goes to the next one
        await pilot.press("down")
        # THEN that one's is drawn
        await until(pilot, lambda: pane.picture is not None and pane.picture.sequence.name.startswith("Beta"))
        # WHEN it is a file that cannot be read THEN there is no picture, and no fault
        await pilot.press("end")
        await until(pilot, lambda: pane.picture is not None and not pane.picture.sequence.phases)


async def test_a_low_screen_has_no_picture(project: Project) -> None:
    app = OrchApp(project)
    async with app.run_test(size=(80, 24)) as pilot:
        pane = home(app).query_one(SequencePane)
        home(app)._rested_on("alpha")
        await pilot.pause()
        assert not pane.display and pane.picture is None
        # WHEN the terminal grows THEN it comes
        await pilot.resize_terminal(120, 40)
        await until(pilot, lambda: pane.picture is not None and bool(pane.picture.sequence.phases))


async def test_the_runs_of_the_orchestration_under_the_cursor_are_listed_and_opened(
    project: Project, make_run: MakeRun
) -> None:
    for seconds in (5.0, 10.0):
        make_run("alpha", Status.SUCCESS, seconds=seconds)
    app = app_at_three(project)
    # GIVEN a screen that is high enough
    async with app.run_test(size=(120, 40)) as pilot:
        pane = home(app).query_one(RunsPane)
        await until(pilot, lambda: bool(pane.query(RunList)) and pane.query_one(RunList).count() == 2)
        runs = pane.query_one(RunList)
        # WHEN the cursor goes to one that never ran THEN none is shown
        await pilot.press("j")
        await until(pilot, lambda: runs.count() == 0)
        await pilot.press("k")
        await until(pilot, lambda: runs.count() == 2)
        # WHEN one of them is chosen
        runs.focus()
        await pilot.press("down", "enter")
        await until(pilot, lambda: getattr(app.screen, "run_shown", None) is not None)
        # THEN that run is shown, and Esc leads back
        assert app.screen.run_shown.directory.name == runs.runs[1].id  # type: ignore[attr-defined]
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is home(app))


async def test_on_a_low_screen_there_is_no_pane_of_runs(project: Project, make_run: MakeRun) -> None:
    make_run("alpha", Status.SUCCESS, seconds=5.0)
    app = app_at_three(project)
    async with app.run_test(size=(100, 30)) as pilot:
        await until(pilot, lambda: home(app).model.runs("alpha") is not None)
        assert not home(app).query_one(RunsPane).display
        # WHEN the terminal grows THEN it is there, with its runs
        await pilot.resize_terminal(120, 40)
        await until(pilot, lambda: bool(home(app).query(RunList)) and home(app).query_one(RunList).count() == 1)


async def test_a_look_that_is_broken_off_by_the_next_leaves_no_picture_out(project: Project) -> None:
    app = app_at_three(project)
    async with app.run_test(size=(120, 40)) as pilot:
        pane = home(app).query_one(SequencePane)
        await until(pilot, lambda: pane.picture is not None and pane.picture.sequence.name.startswith("Alpha"))
        # WHEN another one is followed, and looked at again before it is read
        pane.follow("beta")
        pane.told(runs=True)
        pane.told(runs=False)
        # THEN its plan is drawn all the same
        await until(pilot, lambda: pane.picture is not None and pane.picture.sequence.name.startswith("Beta"))
