"""What all screens share: leaving, help, palette, themes, keys, the editor, faults."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from orch_tui.project.project import Project
from orch_tui.tui.actions import ALL
from orch_tui.tui.app import OrchApp
from orch_tui.tui.configuration.screen import ConfigurationScreen
from orch_tui.tui.dialogs.confirm import Confirm
from orch_tui.tui.dialogs.help import HelpScreen
from orch_tui.tui.dialogs.pick import Choice, Pick, fitting
from orch_tui.tui.dialogs.prompt import Prompt
from orch_tui.tui.keymap import UserConfig, load_config
from orch_tui.tui.places import is_place
from orch_tui.tui.runs.compare import CompareScreen
from orch_tui.tui.workbench.screen import WorkbenchScreen
from textual import events
from textual.app import ComposeResult
from textual.screen import Screen
from textual.widgets import Input, Static
from textual.worker import WorkerFailed

from tests.tui.driving import until


class Asks(Screen[None]):
    """Has something to lose."""

    def __init__(self, answer: bool) -> None:
        super().__init__()
        self.answer, self.asked = answer, 0

    async def may_leave(self) -> bool:
        self.asked += 1
        return self.answer


def said(app: OrchApp) -> str:
    return " ".join(one.message for one in app._notifications)


async def test_q_leaves_when_no_screen_objects(project: Project) -> None:
    app = OrchApp(project)
    async with app.run_test() as pilot:
        await app.push_screen(Asks(True))
        await pilot.press("q")
    assert app._exit and app.return_code == 0


async def test_q_stays_when_a_screen_objects_and_may_be_tried_again(project: Project) -> None:
    app = OrchApp(project)
    async with app.run_test() as pilot:
        screen = Asks(False)
        await app.push_screen(screen)
        await pilot.press("q", "q")
        assert screen.asked == 2 and not app._exit


async def test_ctrl_c_leaves_the_second_time_and_copies_a_selection(project: Project) -> None:
    app = OrchApp(project)
    async with app.run_test() as pilot:
        await pilot.press("slash", "a", "b", "shift+home", "ctrl+c")
        assert app.clipboard == "ab" and said(app) == ""
        await pilot.press("escape", "ctrl+c")
        assert "again" in said(app) and not app._exit
        await pilot.press("ctrl+c")
    assert app._exit


async def test_the_help_shows_what_the_focus_has_with_its_live_keys(project: Project) -> None:
    app = OrchApp(project, UserConfig(Path("/dev/null"), keys={"home.new": "f5"}))
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("question_mark")
        shown = app.screen
        assert isinstance(shown, HelpScreen)
        lines = {line.id: line for line in shown.list.lines}
        assert lines["home.new"][2:5] == ("F5", "New", "Create an orchestration: asks for its name.")
        assert "j" in lines["list.cursor-down"].keys.split() and "workbench.save" not in lines
        await pilot.press("q")
        assert app.screen is not shown and not app._exit


async def test_the_help_is_narrowed_by_typing_and_does_what_is_picked(project: Project) -> None:
    app = OrchApp(project)
    async with app.run_test(size=(120, 40)) as pilot:
        # GIVEN the help with a filter for words of a key's sentence
        await pilot.press("question_mark", "slash", *"create asks")
        shown = app.screen
        assert isinstance(shown, HelpScreen)
        assert [line.id for line in shown.list.lines] == ["home.new"]
        # WHEN Enter is pressed
        await pilot.press("enter")
        await pilot.pause()
        # THEN it is done on the screen below
        assert isinstance(app.screen, Prompt)


async def test_the_help_bears_its_key_pressed_again_before_it_is_there(project: Project) -> None:
    app = OrchApp(project)
    async with app.run_test(size=(120, 40)) as pilot:
        # WHEN the key is pressed many times, faster than screens come and go
        for number in range(40):
            app.post_message(events.Key("question_mark", "?"))
            if number % 7 == 0:
                await pilot.pause()
        await pilot.pause()
        # THEN the help is there once at most, and closes
        assert sum(isinstance(screen, HelpScreen) for screen in app.screen_stack) <= 1
        shown = app.screen
        if isinstance(shown, HelpScreen):
            # AND the key was typed into no field
            assert shown.query_one(Input).value == ""
            await pilot.press("escape")
        assert len(app.screen_stack) == 1 and not app._exit


async def test_escape_takes_the_filter_of_the_help_away_before_it_closes(project: Project) -> None:
    app = OrchApp(project)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("question_mark")
        shown = app.screen
        assert isinstance(shown, HelpScreen)
        keys = shown.list
        await pilot.press("slash", *"no such words")
        assert keys.lines == [] and len(app.screen_stack) == 2
        await pilot.press("escape")
        assert len(keys.lines) > 10 and len(app.screen_stack) == 2
        await pilot.press("escape")
        assert len(app.screen_stack) == 1


async def test_the_palette_finds_what_the_project_has_and_goes_there(project: Project) -> None:
    app = OrchApp(project)
    async with app.run_test(size=(120, 40)) as pilot:
        # GIVEN the palette with all that was read of the project
        await pilot.press("colon")
        palette = app.screen
        assert isinstance(palette, Pick)
        await until(
            pilot,
            lambda: (
                {one.right for one in palette.list.shown if is_place(one.id)}
                >= {"orchestration", "task", "configuration"}
            ),
        )
        task = next(one for one in palette.list.shown if one.right == "task")
        # WHEN a task is picked
        palette.dismiss(task.id)
        await pilot.pause()
        await until(pilot, lambda: isinstance(app.screen, WorkbenchScreen) and app.screen.phase_tree.item is not None)
        # THEN its row in the workbench has the cursor
        screen = app.screen
        assert isinstance(screen, WorkbenchScreen)
        _, orchestration, wanted = task.id.split("\0")
        assert screen.orchestration_id == orchestration
        assert screen.phase_tree.item is not None and screen.phase_tree.item.id == wanted
        # WHEN another place of the same orchestration is picked from a screen above it
        app.open_configuration(screen.bench.value.phases[0].tasks[0].configuration)
        await until(pilot, lambda: isinstance(app.screen, ConfigurationScreen))
        app.open_workbench(orchestration)
        # THEN it is shown again, not a second time
        await until(pilot, lambda: app.screen is screen)
        assert [one for one in app.screen_stack if isinstance(one, WorkbenchScreen)] == [screen]


async def test_a_mapped_key_works_and_the_old_one_does_not(project: Project) -> None:
    app = OrchApp(project, UserConfig(Path("/dev/null"), keys={"home.new": "f5", "app.help": "n"}))
    async with app.run_test() as pilot:
        await pilot.press("n")
        assert isinstance(app.screen, HelpScreen)
        await pilot.press("escape", "f5")
        assert app.screen.query(Input)


async def test_the_palette_has_every_action_and_runs_those_that_work_here(project: Project) -> None:
    app = OrchApp(project)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("colon")
        palette = app.screen
        assert isinstance(palette, Pick)
        assert {one.id for one in palette.list.shown if not is_place(one.id)} == {action.id for action in ALL}
        runnable = {one.id for one in palette.list.shown if one.enabled}
        assert {"home.new", "list.last-row", "app.quit"} <= runnable and "workbench.save" not in runnable
        # WHEN one of a widget is picked by its name
        await pilot.press(*"last row", "enter")
        # THEN it is done
        table = app.screen.query_one("#table")
        assert table.cursor == 2  # type: ignore[attr-defined]


async def test_the_palette_says_where_the_other_actions_work(project: Project) -> None:
    app = OrchApp(project)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("colon")
        palette = app.screen
        assert isinstance(palette, Pick)
        index = next(number for number, one in enumerate(palette.list.shown) if one.id == "workbench.save")
        palette._take(index)
        await pilot.pause()
        assert app.screen is palette and "workbench" in said(app)


def test_picking_ranks_names_that_begin_so_first() -> None:
    rows = [Choice("a", "Undo move"), Choice("b", "Move up"), Choice("c", "Other", "moves"), Choice("d", "Quit")]
    assert [one.id for one in fitting(rows, "move")] == ["b", "a", "c"]
    assert [one.id for one in fitting(rows, "")] == ["a", "b", "c", "d"]


async def test_a_theme_is_tried_on_taken_back_and_kept(project: Project, tmp_path: Path) -> None:
    app = OrchApp(project, UserConfig(tmp_path / "config.toml"))
    async with app.run_test(size=(120, 40)) as pilot:
        assert app.theme == "orch-dark"
        await pilot.press("f2", "down")
        assert app.theme == "orch-light"
        await pilot.press("escape")
        assert app.theme == "orch-dark" and not (tmp_path / "config.toml").exists()
        await pilot.press("f2", "down", "enter")
    assert load_config(tmp_path / "config.toml").theme == "orch-light"


@pytest.mark.parametrize(
    ("environment", "wished", "theme"),
    [
        ({"COLORTERM": "truecolor"}, None, "orch-dark"),
        ({"COLORTERM": "", "TERM": "xterm"}, None, "orch-ansi-dark"),
        ({"COLORTERM": "", "TERM": "screen-256color"}, None, "orch-dark-256"),
        ({"COLORTERM": "", "TERM": "linux"}, "nord", "nord"),
        ({"NO_COLOR": "1"}, None, "orch-ansi-dark"),
        ({"NO_COLOR": "1"}, "orch-light", "orch-ansi-light"),
    ],
)
def test_the_theme_fits_the_terminal(
    project: Project,
    monkeypatch: pytest.MonkeyPatch,
    environment: dict[str, str],
    wished: str | None,
    theme: str,
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert OrchApp(project, UserConfig(Path("/dev/null"), theme=wished)).theme == theme


@pytest.mark.parametrize("theme", ["orch-dark", "orch-light", "orch-ansi-dark", "orch-ansi-light", "nord"])
async def test_the_cursor_can_be_seen_in_every_theme(project: Project, theme: str) -> None:
    app = OrchApp(project, UserConfig(Path("/dev/null"), theme=theme))
    async with app.run_test(size=(80, 24)):
        table = app.screen.query_one("#table")
        first, second = (list(table.render_line(y))[1].style for y in (0, 1))
        assert first is not None and second is not None
        assert (first.bgcolor, first.reverse) != (second.bgcolor, second.reverse)


async def test_wrong_settings_are_mentioned_and_the_rest_works(project: Project) -> None:
    app = OrchApp(project, UserConfig(Path("x"), complaints=["x: [keys]: what?"]))
    async with app.run_test():
        assert "1 setting" in said(app) and "orch-tui keys" in said(app)


async def test_an_editor_that_is_not_there_is_a_sentence(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    app = OrchApp(project)
    async with app.run_test() as pilot:
        monkeypatch.setenv("VISUAL", "'unbalanced")
        assert app.edit_file(project.paths.settings) is False
        await pilot.pause()
        assert "set EDITOR" in said(app)


async def test_questions_are_answered_by_their_keys_and_by_enter(project: Project) -> None:
    app = OrchApp(project)
    answers: list[Any] = []
    async with app.run_test(size=(80, 24)) as pilot:
        # A letter is that of an answer, arrows go from one to the next
        for keys in (["l"], ["enter"], ["right", "enter"], ["escape"]):
            app.push_screen(Confirm("Leave [b]now[/b]?", [("y", "Yes", 1), ("l", "Later", 2)]), answers.append)
            await pilot.press(*keys)
    assert answers == [2, 1, 2, None]


class Coming(Screen[None]):
    """The program ends while it comes."""

    def compose(self) -> ComposeResult:
        self.app.exit(return_code=143)
        yield Static()

    def on_mount(self) -> None:
        self.query_one("#not-there-any-more")


async def test_a_screen_that_comes_while_the_program_ends_is_no_fault(project: Project) -> None:
    app = OrchApp(project)
    async with app.run_test():
        app.push_screen(Coming())
    assert app.return_code == 143 and app.fault is None


async def test_what_is_answered_twice_closes_once(project: Project) -> None:
    app = OrchApp(project)
    async with app.run_test() as pilot:
        home = app.screen
        for screen in (Pick("Pick", [Choice("a", "A")]), HelpScreen(home), CompareScreen(Path("a"), Path("b"))):
            # GIVEN something on top of the first screen WHEN it is closed twice, before the keys are shown anew
            await app.push_screen(screen)
            screen.dismiss(None)
            screen.dismiss(None)
            await pilot.pause()
            # THEN the screen below it is still there
            assert app.screen is home


async def test_a_fault_leaves_a_report_without_secrets(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # GIVEN secrets in the environment, in .env and in a local variable
    monkeypatch.setenv("SOME_TOKEN", "hunter2-from-environment")
    project.paths.env_file.write_text("PASSWORD=hunter3-from-env-file\n")
    project.paths.make_state()
    app = OrchApp(project)

    def fail() -> None:
        local = "hunter" + "4-local"
        raise RuntimeError(f"cannot log in with hunter2-from-environment or hunter3-from-env-file{local[:0]}")

    # WHEN something goes wrong that nobody thought of
    with pytest.raises((RuntimeError, WorkerFailed)):
        async with app.run_test() as pilot:
            app.call_later(fail)
            await pilot.pause()
    # THEN
    assert app.return_code == 70 and app.report is not None
    assert app.report.parent == project.paths.state / "crash" and app.report.stat().st_mode & 0o777 == 0o600
    text = app.report.read_text()
    assert "cannot log in with ***** or *****" in text and "in fail" in text and "textual 8" in text
    assert "hunter2" not in text and "hunter3" not in text and "hunter4" not in text.replace('"4-local"', "")


def test_the_first_picture_needs_no_heavy_library() -> None:
    # GIVEN a fresh interpreter WHEN all that the first picture needs is imported
    code = (
        "import sys, orch_tui.tui.app, orch_tui.tui.home.screen, orch_tui.tui.home.state.model\n"
        "heavy = {'duckdb', 'pydantic', 'tomlkit', 'jsonschema', 'httpx', 'dotenv', 'click', 'orch_tui.engine'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    # THEN none of them is loaded
    assert done.stdout.strip() == "[]"
