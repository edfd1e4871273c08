"""The workbench on screen: the walk-through by keys and by mouse, the file, the panes."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from orch_tui.model.orchestration.retry import Retry, RetryOn
from orch_tui.project.project import Project
from orch_tui.project.saving.drafts import found_drafts, load_draft
from orch_tui.tui.configuration.new_configuration import NewConfigurationScreen
from orch_tui.tui.dialogs.confirm import Confirm
from orch_tui.tui.dialogs.conflict import Conflict
from orch_tui.tui.draft_keeper import DraftKeeper
from orch_tui.tui.widgets.bars import KeyBar
from orch_tui.tui.widgets.line_tree import LineList
from orch_tui.tui.workbench.broken import BrokenScreen
from orch_tui.tui.workbench.components.component_list import ComponentList
from orch_tui.tui.workbench.components.configuration_list import ConfigurationList
from orch_tui.tui.workbench.dialogs.add_tasks import AddTasks
from orch_tui.tui.workbench.dialogs.task_options import TaskOptionsDialog
from orch_tui.tui.workbench.model import Workbench
from orch_tui.tui.workbench.plan.problems import ProblemList
from orch_tui.tui.workbench.screen import WorkbenchScreen
from textual.pilot import Pilot
from textual.widgets import Button, Input, Static

from tests.tui.driving import click_row, rows_of, said, text_of, until, workbench
from tests.tui.seed import SEED_REFS, sample_project, structure, write_orchestration


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return sample_project(tmp_path)


def saved(project: Project, orchestration_id: str) -> list[tuple[str, list[str]]]:
    return structure(Workbench.open(project, orchestration_id).value)


async def test_the_walk_through_by_keyboard_alone(project: Project) -> None:
    # GIVEN an empty orchestration
    write_orchestration(project, "mine", 'name = "Mine"\n')
    async with workbench(project, "mine") as (pilot, screen):
        # WHEN tasks are added in the wrong order: type to find the component, Enter, +, several in a row
        await pilot.press("a")
        dialog = pilot.app.screen
        assert isinstance(dialog, AddTasks)
        for words, picks in (("sql", 2), ("file wr", 2), ("file extr", 3), ("sqlite extr", 1)):
            dialog.query_one(Input).value = words
            await pilot.pause()
            await pilot.press("enter")
            if words == "sql":
                await pilot.press("plus", "down", "plus")
            elif picks > 1:
                dialog.query_one(Input).value = "new rec" if words == "file wr" else "campaigns"
                await pilot.pause()
                await pilot.press("enter")
            else:
                await pilot.press("plus")
            await pilot.press("escape")
        await pilot.press("escape")
        assert structure(screen.bench.value) == [("New phase", list(SEED_REFS))]
        # AND grouped by component type
        await pilot.press("g", "enter")
        assert [name for name, _ in structure(screen.bench.value)] == [
            "Extractor phase",
            "Transformation phase",
            "Writer phase",
        ]
        # AND the second transformation goes to a new phase, which moves up before the writer
        screen.phase_tree.go_to("campaign-recipient")
        await pilot.press("space", "m")
        pilot.app.screen.query_one(Input).value = "Second Transformation Phase"
        await pilot.pause()
        await pilot.press("enter", "left_square_bracket", "s")
        # THEN the saved file has the structure of the sample
        assert not screen.bench.dirty
    assert saved(project, "mine") == saved(project, "campaigns")


async def choose_from_menu(pilot: Pilot[int], screen: WorkbenchScreen, row: int, key: str) -> None:
    """Right-click a row of the tree and click the action that has this key."""
    await click_row(pilot, screen.phase_tree, row, button=3)
    menu = pilot.app.screen.query_one(LineList)  # type: ignore[type-abstract]
    await click_row(pilot, menu, next(at for at, text in enumerate(rows_of(menu)) if text.split()[0] == key))
    await pilot.pause()


async def test_the_walk_through_by_mouse_alone(project: Project) -> None:
    # GIVEN an empty orchestration
    write_orchestration(project, "mine", 'name = "Mine"\n')
    async with workbench(project, "mine") as (pilot, screen):
        tree = screen.phase_tree
        components, configurations = screen.query_one(ComponentList), screen.query_one(ConfigurationList)
        # WHEN components are clicked, and the plus of their configurations
        for ref in SEED_REFS:
            ids = [getattr(components._rows[index], "id", "") for index in range(components.count())]
            await click_row(pilot, components, ids.index(ref.partition("/")[0]))
            await pilot.pause()
            refs = [entry.ref for entry in configurations._entries]
            await click_row(pilot, configurations, refs.index(ref), x=1)
        assert structure(screen.bench.value) == [("New phase", list(SEED_REFS))]
        # AND grouped from the menu of a right click
        await choose_from_menu(pilot, screen, 0, "g")
        await pilot.click("#group")
        await pilot.pause()
        # AND the second transformation is moved to a new phase: only the name itself is typed
        ids = [row.id for row in tree.outline.rows]
        await click_row(pilot, tree, ids.index("campaign-recipient"), x=0)
        await choose_from_menu(pilot, screen, ids.index("campaign-recipient"), "m")
        pilot.app.screen.query_one(Input).value = "Second Transformation Phase"
        await pilot.pause()
        menu = pilot.app.screen.query_one(LineList)  # type: ignore[type-abstract]
        await click_row(pilot, menu, 0)
        await pilot.pause()
        # AND that phase is moved up before the writer, and the file saved by a click in the bar of keys
        ids = [row.id for row in tree.outline.rows]
        await choose_from_menu(pilot, screen, ids.index("second-transformation-phase"), "K")
        assert screen.bench.dirty
        bar = screen.query_one(KeyBar)
        start = next(start for start, _, key in bar._places if key == "s")
        await pilot.click(bar, offset=(start, 0))
        await pilot.pause()
        # THEN the saved file has the structure of the sample
        assert not screen.bench.dirty
    assert saved(project, "mine") == saved(project, "campaigns")


async def test_a_task_is_dragged_to_another_phase(project: Project) -> None:
    async with workbench(project) as (pilot, screen):
        tree = screen.phase_tree
        names = [row.id for row in tree.outline.rows]
        source, target = names.index("campaign-recipient"), names.index("writer-phase")
        offset = (tree.gutter.left + 12, tree.gutter.top)
        await pilot.mouse_down(tree, offset=(offset[0], offset[1] + source))
        await pilot.hover(tree, offset=(offset[0], offset[1] + target))
        await pilot.mouse_up(tree, offset=(offset[0], offset[1] + target))
        await pilot.pause()
        assert screen.bench.phase_of(screen.bench.tasks_of(["campaign-recipient"])[0]).id == "writer-phase"  # type: ignore[union-attr]


async def test_fold_glyph_mark_column_and_double_click(project: Project) -> None:
    async with workbench(project) as (pilot, screen):
        tree = screen.phase_tree
        # WHEN the fold glyph is clicked THEN the phase folds
        await click_row(pilot, tree, 0, x=2)
        assert [row.id for row in tree.outline.rows][:2] == ["extractor-phase", "transformation-phase"]
        # WHEN the column of marks is clicked THEN the task is marked
        await click_row(pilot, tree, 2, x=0)
        assert screen.bench.marks == {"campaign-performance"}
        # WHEN a task is double-clicked THEN its options open
        await click_row(pilot, tree, 2, times=2)
        assert isinstance(pilot.app.screen, TaskOptionsDialog)


async def test_keys_change_what_is_marked_and_undo_takes_it_back(project: Project) -> None:
    async with workbench(project) as (pilot, screen):
        first = screen.bench.value
        # GIVEN the first two tasks marked by a range
        await pilot.press("down", "space", "V")
        assert screen.bench.marks == {"campaigns", "email-recipient-index"}
        # WHEN x, f, d are pressed
        await pilot.press("x", "f")
        assert all(not task.enabled and task.continue_on_failure for task in screen.bench.value.phases[0].tasks)
        assert "– off" in text_of(pilot)
        await pilot.press("d")
        assert screen.bench.value.phases[0].tasks == ()
        # THEN u brings everything back and U does it again
        await pilot.press("u", "u", "u")
        assert screen.bench.value == first
        assert "● unsaved" not in text_of(pilot)
        await pilot.press("U")
        assert "● unsaved" in text_of(pilot)


async def test_vim_motions_and_rows_moved_by_letters(project: Project) -> None:
    async with workbench(project) as (pilot, screen):
        tree = screen.phase_tree
        # WHEN moving about by letters
        await pilot.press("j", "j", "k")
        assert tree.cursor == 1
        await pilot.press("G")
        assert tree.item is not None
        assert tree.item.id == "new-recipients"
        # AND J at the end is refused with a sentence, K moves the task into the phase before
        await pilot.press("J")
        assert "is the last one" in said(pilot)
        await pilot.press("K")
        assert structure(screen.bench.value)[2][1][-1] == "file-writer/new-recipients"
        # AND h goes to the phase, h folds it, l unfolds it, Home in the dialog of g goes to the top
        await pilot.press("h", "h")
        assert tree.outline.folded == {"second-transformation-phase"}
        await pilot.press("l", "g", "home")
        assert not tree.outline.folded
        assert tree.cursor == 0


async def test_phases_are_made_renamed_merged_and_limited(project: Project) -> None:
    async with workbench(project) as (pilot, screen):
        # WHEN a phase is made behind the first one
        await pilot.press("n")
        pilot.app.screen.query_one(Input).value = "Checks"
        await pilot.press("enter")
        assert structure(screen.bench.value)[1] == ("Checks", [])
        # AND a name that is taken is refused while it is typed
        await pilot.press("c")
        prompt = pilot.app.screen
        prompt.query_one(Input).value = "writer PHASE"
        await pilot.pause()
        assert "already" in text_of(pilot)
        prompt.query_one(Input).value = "Checked"
        await pilot.press("enter")
        assert structure(screen.bench.value)[1][0] == "Checked"
        # AND a limit and a retry are set on the phase, in one step
        await pilot.press("o")
        await pilot.pause()
        assert re.search(r"Retries +not set +more tries after a failed one", text_of(pilot))
        for field, text in {"max_parallel": "2", "retry_attempts": "3", "retry_on": "timeout; exit: 75"}.items():
            pilot.app.screen.query_one(f"#{field}", Input).value = text
        await pilot.press("enter")
        assert screen.bench.value.phases[1].max_parallel == 2
        on = (RetryOn.parse("timeout"), RetryOn.parse("exit: 75"))
        assert screen.bench.value.phases[1].retry == Retry(3, on=on)
        await pilot.press("u")
        undone = screen.bench.value.phases[1]
        assert undone.max_parallel is None and undone.retry is None
        await pilot.press("U")
        assert screen.bench.value.phases[1].max_parallel == 2
        # AND it is merged into another one
        await pilot.press("M")
        pilot.app.screen.query_one(Input).value = "writer"
        await pilot.pause()
        await pilot.press("enter")
        assert [name for name, _ in structure(screen.bench.value)][-1] == "Writer phase"
        assert len(screen.bench.value.phases) == 4


async def test_options_show_errors_under_their_field_and_keep_what_was_typed(project: Project) -> None:
    async with workbench(project, size=(80, 24)) as (pilot, screen):
        # GIVEN the options of a task
        await pilot.press("down", "o")
        dialog = pilot.app.screen
        assert isinstance(dialog, TaskOptionsDialog)
        # WHEN something impossible is typed THEN the sentence is under the field and nothing is taken
        dialog.query_one("#timeout", Input).value = "soon"
        dialog.query_one("#retry_attempts", Input).value = "2"
        await pilot.press("enter")
        assert "no duration" in str(dialog.query_one("#timeout-error", Static).content)
        assert dialog.focused is dialog.query_one("#timeout")
        # WHEN it is corrected THEN the values are taken and shown in the tree
        dialog.query_one("#timeout", Input).value = "5m"
        await pilot.press("enter")
        assert screen.bench.value.phases[0].tasks[0].options.timeout == 300.0
        assert "↻ 2×" in text_of(pilot)


async def test_problems_follow_the_edits_and_lead_to_their_place(project: Project) -> None:
    async with workbench(project) as (pilot, screen):
        # GIVEN no problem
        problems = screen.query_one(ProblemList)
        screen.desk.plan.check()
        assert list(problems.problems) == []
        # WHEN the writer goes before what it reads
        for _ in range(3):
            screen.bench.move_row(screen.bench.value.phases[-1 if _ == 0 else 3 - _], -1)
        screen.desk.plan.show(screen.desk.shown)
        screen.desk.plan.check()
        # THEN a problem says so, its task is marked in the tree, and Enter leads there
        assert any(problem.task == "new-recipients" for problem in problems.problems)
        index = next(i for i, p in enumerate(problems.problems) if p.task == "new-recipients")
        problems.focus()
        problems.go(next(i for i, entry in enumerate(problems._lines) if entry[0] == index))
        await pilot.press("enter")
        await pilot.pause()
        assert screen.phase_tree.has_focus
        assert screen.phase_tree.item is not None
        assert screen.phase_tree.item.id == "new-recipients"


async def test_a_file_changed_meanwhile_shows_the_difference(project: Project) -> None:
    async with workbench(project) as (pilot, screen):
        path = screen.bench.path
        # GIVEN an edit, and a change on disk
        await pilot.press("x")
        path.write_text(path.read_text().replace('"Campaigns"', '"Theirs"', 1))
        # WHEN it is saved THEN the difference is shown, and Escape keeps both
        await pilot.press("s")
        assert isinstance(pilot.app.screen, Conflict)
        assert '-name = "Theirs"' in text_of(pilot)
        await pilot.press("escape")
        assert "Theirs" in path.read_text()
        # WHEN the file is taken over THEN it is shown, and u brings the edit back
        await pilot.press("s", "r")
        assert "Theirs ─ saved" in text_of(pilot)
        await pilot.press("u")
        # WHEN these edits are written over it THEN the file has them
        path.write_text(path.read_text() + "# more\n")
        await pilot.press("s", "o")
        assert not screen.bench.dirty
        assert "enabled = false" in path.read_text()
        assert "Theirs" not in path.read_text()


async def test_unsaved_edits_are_asked_about_once_kept_as_a_draft_and_offered_again(project: Project) -> None:
    async with workbench(project) as (pilot, screen):
        # GIVEN an unsaved edit
        await pilot.press("x")
        # WHEN leaving THEN the question can be answered with "stay", and with "keep as a draft"
        await pilot.press("escape")
        assert isinstance(pilot.app.screen, Confirm)
        await pilot.press("t")
        assert screen.is_current
        await pilot.press("escape", "l")
        assert not isinstance(pilot.app.screen, WorkbenchScreen)
        assert load_draft(project, "campaigns") is not None
        # WHEN it is opened again THEN the draft is offered, restored and saved
        pilot.app.open_workbench("campaigns")  # type: ignore[attr-defined]
        await pilot.pause()
        assert isinstance(pilot.app.screen, Confirm)
        await pilot.press("r")
        assert "● unsaved" in text_of(pilot)
        await pilot.press("s", "escape")
        assert "enabled = false" in project.paths.orchestration("campaigns").read_text()
        assert load_draft(project, "campaigns") is None


async def test_two_drafts_are_offered_one_after_the_other_and_later_keeps_them(project: Project) -> None:
    # GIVEN two drafts that were left behind
    value, base = project.orchestration("campaigns"), project.source(project.paths.orchestration("campaigns"))
    for name in ("Older", "Newer"):
        keeper = DraftKeeper(project, "campaigns", print)
        keeper.keep(replace(value, description=name), base)
        keeper.wait()
        if name == "Older":
            older = keeper
    older.leave()
    keeper.leave()
    async with workbench(project) as (pilot, screen):
        # WHEN "later" is said and something is edited THEN both are kept
        assert "1 earlier draft" in text_of(pilot)
        await pilot.press("l", "x")
        screen.desk.file.keep_draft()
        screen.desk.file.drafts.wait()
        found, _ = found_drafts(project, "campaigns")
        assert {draft.orchestration.description for draft in found} == {"Older", "Newer"}
        await pilot.press("s", "escape")
        # WHEN the latest one is dropped THEN the other one is offered
        pilot.app.open_workbench("campaigns")  # type: ignore[attr-defined]
        await pilot.pause()
        await pilot.press("d")
        await pilot.pause()
        assert isinstance(pilot.app.screen, Confirm)
        await pilot.press("r")
        screen = next(one for one in pilot.app.screen_stack if isinstance(one, WorkbenchScreen))
        assert screen.bench.value.description == "Older"


async def test_an_overwrite_is_of_what_was_shown_and_of_nothing_else(project: Project) -> None:
    path = project.paths.orchestration("campaigns")
    async with workbench(project) as (pilot, screen):
        # GIVEN an edit, and a file that others changed, which is shown
        await pilot.press("x")
        path.write_text(path.read_text() + "# theirs\n")
        await pilot.press("s")
        # WHEN they change it again before "overwrite" is said
        path.write_text(path.read_text() + "# theirs again\n")
        await pilot.press("o")
        await pilot.pause()
        # THEN that is shown first
        assert screen.bench.dirty and "theirs again" in path.read_text()
        assert isinstance(pilot.app.screen, Conflict)
        await pilot.press("o")
        assert not screen.bench.dirty and "enabled = false" in path.read_text()


async def test_quitting_with_unsaved_edits_asks(project: Project) -> None:
    async with workbench(project) as (pilot, _):
        # GIVEN an unsaved edit WHEN quitting THEN it asks, and saving lets it go
        await pilot.press("x", "q")
        await pilot.pause()
        assert isinstance(pilot.app.screen, Confirm)
        await pilot.press("s")
        await pilot.pause()
        assert pilot.app.return_code == 0
    assert "enabled = false" in project.paths.orchestration("campaigns").read_text()


async def test_a_draft_is_written_while_editing(project: Project) -> None:
    async with workbench(project) as (pilot, screen):
        # GIVEN an edit WHEN the moment for the draft has come
        await pilot.press("x")
        screen.desk.file.keep_draft()
        screen.desk.file.drafts.wait()
        # THEN it is on disk; undone, it is gone
        assert load_draft(project, "campaigns") is not None
        await pilot.press("u")
        screen.desk.file.keep_draft()
        screen.desk.file.drafts.wait()
        assert load_draft(project, "campaigns") is None


async def test_a_broken_file_is_shown_with_its_place_and_opens_once_it_is_whole(project: Project) -> None:
    # GIVEN a file that is no TOML
    write_orchestration(project, "bad", 'name = "Bad"\n\n[[phases]\nname = "[bold]P"\n')
    from orch_tui.tui.app import OrchApp

    app = OrchApp(project)
    async with app.run_test(size=(80, 24)) as pilot:
        app.open_workbench("bad")
        await pilot.pause()
        await pilot.pause()
        # THEN it is shown with its line, and no edit is possible
        assert isinstance(app.screen, BrokenScreen)
        assert "orchestrations/bad.toml:3" in text_of(pilot)
        assert '"[bold]P"' in text_of(pilot)
        # WHEN it was corrected THEN reading again opens it
        write_orchestration(project, "bad", 'name = "Bad"\n')
        await pilot.press("r")
        await pilot.pause()
        assert isinstance(app.screen, WorkbenchScreen)


async def test_what_is_gone_is_shown_as_such(project: Project) -> None:
    # GIVEN tasks whose component and configuration are gone, with names that try to break out
    write_orchestration(
        project,
        "old",
        'name = "[red]Old[/] \\u001b]52;c;x\\u0007"\n[[phases]]\nname = "[/usr/bin] 🚀 数据"\n'
        '[[phases.tasks]]\nid = "a"\nconfiguration = "gone/campaigns"\n'
        '[[phases.tasks]]\nid = "b"\nconfiguration = "sql/gone"\n',
    )
    async with workbench(project, "old") as (pilot, _):
        shown = text_of(pilot)
        # THEN it opens, says so in words, and nothing was parsed
        assert "component missing" in shown
        assert "configuration missing" in shown
        assert "[red]Old[/]" in shown
        assert "[/usr/bin] 🚀 数据" in shown
        assert "\x1b" not in shown


async def test_below_100_columns_the_panes_are_tabs(project: Project) -> None:
    async with workbench(project, size=(80, 24)) as (pilot, screen):
        # GIVEN the tree is shown
        assert "Extractor phase" in text_of(pilot)
        # WHEN another pane is chosen by its key THEN it takes the place of the tree and has the focus
        await pilot.press("2")
        await pilot.pause()
        assert screen.focused is screen.query_one(ComponentList)
        assert "Extractor phase" not in text_of(pilot)
        # AND Enter leads to the configurations, a adds at once
        before = len(list(screen.bench.value.tasks()))
        await pilot.press("enter", "a")
        assert len(list(screen.bench.value.tasks())) == before + 1
        # AND a click on a tab works too
        await pilot.click("#tabs", offset=(2, 0))
        await pilot.pause()
        assert "Extractor phase" in text_of(pilot)
        assert screen.phase_tree.has_focus


async def test_the_filter_finds_and_leads_back(project: Project) -> None:
    async with workbench(project) as (pilot, screen):
        # WHEN a filter is typed at the components
        await pilot.press("2", "slash")
        await pilot.pause()
        screen.query_one("#filter", Input).value = "recipient"
        await pilot.pause()
        # THEN only components with such configurations are left, and Enter goes to them
        rows = [row.strip() for row in rows_of(screen.query_one(ComponentList))]
        assert [row.split("  ")[0] for row in rows] == [
            "extractor",
            "Snowflake extractor",
            "SQLite extractor",
            "transformation",
            "SQL",
            "writer",
            "File writer",
            "Mailchimp writer",
            "application",
            "Command",
        ]
        await pilot.press("enter")
        assert screen.focused is screen.query_one(ComponentList)


async def test_add_dialog_makes_a_configuration_where_there_is_none(project: Project) -> None:
    async with workbench(project) as (pilot, screen):
        # GIVEN the dialog on a component without configurations
        await pilot.press("a")
        dialog = pilot.app.screen
        dialog.query_one(Input).value = "python"
        await pilot.pause()
        assert "None yet: Enter makes one" in text_of(pilot)
        # WHEN Enter is pressed THEN one can be made; Escape is back in the dialog, and Done closes it
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, NewConfigurationScreen), "the new configuration")
        await pilot.press("escape")
        await until(pilot, lambda: pilot.app.screen is dialog, "the dialog")
        dialog.query_one("#done", Button).press()
        await pilot.pause()
        assert pilot.app.screen is screen
