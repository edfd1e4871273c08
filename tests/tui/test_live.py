"""Running from the workbench: preview, live panel, stop, continue, nested runs, runs of other processes."""

from __future__ import annotations

from pathlib import Path

from orch_tui.engine.runs.start import RunRequest, plan_run, start_run
from orch_tui.model.status import Status
from orch_tui.project.history import latest
from orch_tui.project.journal.file import read_run
from orch_tui.project.project import Project, open_project
from orch_tui.tui.data.grid import PAGE, DataGrid
from orch_tui.tui.data.table import TableScreen
from orch_tui.tui.dialogs.confirm import Confirm
from orch_tui.tui.workbench.dialogs.run_preview import RunPart, RunPreview
from orch_tui.tui.workbench.dialogs.variables import Variables
from orch_tui.tui.workbench.run.failure_card import FailureCard
from orch_tui.tui.workbench.run.live_panel import LivePanel, Rows
from orch_tui.tui.workbench.run.tables_pane import TablesPane
from orch_tui.tui.workbench.screen import WorkbenchScreen
from textual.pilot import Pilot
from textual.widgets import Input

from tests.support.projects import make_project
from tests.tui.driving import rows_of, said, text_of, until, workbench
from tests.tui.seed import sample_project

GATE = 'while [ ! -e "$ORCH_PROJECT/gate" ]; do sleep 0.05; done'


async def run_all(pilot: Pilot[int], screen: WorkbenchScreen) -> None:
    """R, look, Enter."""
    await pilot.press("R")
    await until(pilot, lambda: isinstance(pilot.app.screen, RunPreview), "the preview")
    await pilot.press("enter")
    await until(pilot, lambda: screen.run_shown is not None, "the run")


async def to_end(pilot: Pilot[int], screen: WorkbenchScreen) -> None:
    def over() -> bool:
        shown = screen.run_shown
        return shown is not None and shown.finished and not screen.desk.watcher.following

    await until(pilot, over, "the end of the run")


def project_of(tmp_path: Path, settings: str = "", **phases: dict[str, object]) -> Project:
    return open_project(make_project(tmp_path / "project", {"main": phases}, settings))  # type: ignore[dict-item]


async def test_the_tree_shows_what_would_run_and_enter_starts_it(tmp_path: Path) -> None:
    # GIVEN an orchestration with a task that is off
    project = project_of(tmp_path, One={"a": "true", "off": {"command": "true", "enabled": False}})
    async with workbench(project, "main") as (pilot, screen):
        # WHEN R is pressed
        await pilot.press("R")
        await until(pilot, lambda: isinstance(pilot.app.screen, RunPreview), "the preview")
        # THEN the tree says it of each task
        assert "● will run" in rows_of(screen.phase_tree)[1]
        assert "disabled  – skipped" in rows_of(screen.phase_tree)[2]
        # AND Esc starts nothing
        await pilot.press("escape")
        assert "will run" not in rows_of(screen.phase_tree)[1]
        assert latest(project.paths, "main") is None
        # AND Enter does
        await run_all(pilot, screen)
        await to_end(pilot, screen)
        assert screen.run_shown is not None and screen.run_shown.state.status is Status.SUCCESS
        assert "✔" in rows_of(screen.phase_tree)[1] and "– skipped" in rows_of(screen.phase_tree)[2]


async def test_the_plan_learns_from_a_run_that_ended(tmp_path: Path) -> None:
    # GIVEN an orchestration that never ran
    project = project_of(tmp_path, One={"a": "sleep 0.3"}, Two={"b": "sleep 0.2; false"})
    async with workbench(project, "main") as (pilot, screen):
        await until(pilot, lambda: "durations not known yet" in text_of(pilot), "the plan")
        assert "≈" not in text_of(pilot)
        # WHEN it has run, and the plan is shown again
        await run_all(pilot, screen)
        await to_end(pilot, screen)
        await pilot.press("escape")
        # THEN it knows how long the task took that succeeded, though the run failed
        await until(pilot, lambda: "1 task guessed" in text_of(pilot), "durations")
        assert "✔  ≈ 0." in rows_of(screen.phase_tree)[1]
        # AND of each how it ended last
        assert "≈" not in rows_of(screen.phase_tree)[3] and "✘" in rows_of(screen.phase_tree)[3]


async def test_unsaved_edits_are_asked_about_before_a_run(tmp_path: Path) -> None:
    project = project_of(tmp_path, One={"a": "true", "b": "true"})
    async with workbench(project, "main") as (pilot, screen):
        # GIVEN an edit that is not saved
        screen.phase_tree.go_to("b")
        await pilot.press("x", "R")
        await until(pilot, lambda: isinstance(pilot.app.screen, Confirm), "the question")
        # WHEN the answer is to save
        await pilot.press("s")
        await until(pilot, lambda: isinstance(pilot.app.screen, RunPreview), "the preview")
        # THEN the plan is that of the edit
        assert not screen.bench.dirty
        assert "disabled" in rows_of(screen.phase_tree)[2]


async def test_a_variable_without_a_value_is_asked_for(tmp_path: Path) -> None:
    project = project_of(tmp_path, One={"a": "echo {{ day }}"})
    file = project.paths.orchestration("main")
    file.write_text(file.read_text() + '[variables]\nday = { description = "which one" }\n')
    async with workbench(project, "main") as (pilot, screen):
        await pilot.press("R")
        await until(pilot, lambda: isinstance(pilot.app.screen, Variables), "the question")
        # WHEN nothing is typed it says so; then a value is
        await pilot.press("enter")
        assert "day needs a value." in text_of(pilot)
        pilot.app.screen.query_one(Input).value = "friday [x]"
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, RunPreview), "the preview")
        assert "with day = friday [x]" in text_of(pilot)
        # WHEN another one is wished for this run THEN the field has the present one
        await pilot.press("v")
        await until(pilot, lambda: isinstance(pilot.app.screen, Variables), "the question")
        assert pilot.app.screen.query_one(Input).value == "friday [x]" and "which one" in text_of(pilot)
        pilot.app.screen.query_one(Input).value = "monday"
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, RunPreview), "the preview")
        assert "with day = monday" in text_of(pilot)
        # AND leaving the question changes nothing
        await pilot.press("v")
        await until(pilot, lambda: isinstance(pilot.app.screen, Variables), "the question")
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(pilot.app.screen, RunPreview), "the preview")
        await pilot.press("enter")
        await to_end(pilot, screen)
        # THEN the run has it
        assert screen.run_shown is not None
        assert screen.run_shown.state.header.variables == {"day": "monday"}


async def test_stopping_a_run_ends_as_terminated(tmp_path: Path) -> None:
    project = project_of(tmp_path, One={"a": "sleep 60"}, Two={"b": "true"})
    async with workbench(project, "main") as (pilot, screen):
        await run_all(pilot, screen)
        await until(pilot, lambda: screen.run_shown and screen.run_shown.running(), "the task")
        # WHEN it is stopped
        await pilot.press("X")
        assert "10 s to end by themselves" in text_of(pilot)
        await pilot.press("r")
        await to_end(pilot, screen)
        # THEN task and run are terminated, and the later one is cancelled
        assert screen.run_shown is not None
        state = screen.run_shown.state
        assert (state.status, state.tasks["a"].status) == (Status.TERMINATED, Status.TERMINATED)
        assert "terminated" in text_of(pilot)


async def test_the_first_failure_and_going_on_from_it(tmp_path: Path) -> None:
    # GIVEN a run that failed
    project = project_of(
        tmp_path,
        One={"good": "true", "bad": 'echo "[/no] such"; [ -e "$ORCH_PROJECT/fixed" ]'},
        Two={"later": "true"},
    )
    async with workbench(project, "main") as (pilot, screen):
        await run_all(pilot, screen)
        await to_end(pilot, screen)
        card = screen.query_one(FailureCard)
        # It has rows once it has its place.
        await until(pilot, lambda: rows_of(card), "the card")
        shown = "\n".join(rows_of(card))
        assert 'bad · Command in phase 1 "One"' in shown and "exit code 1" in shown and "[/no] such" in shown
        assert "▸ 1 task skipped because of it" in shown
        # WHEN its cause is gone and it is continued from the card
        (project.root / "fixed").touch()
        await pilot.press("exclamation_mark")
        # THEN the cursor of the tree is on the task too, and the error stands nowhere else
        item = screen.phase_tree.item
        assert screen.focused is card and item is not None and item.id == "bad"
        assert not any("exit code" in row for row in rows_of(screen.query_one("#run-head", Rows)))
        await pilot.press("c")
        await until(pilot, lambda: isinstance(pilot.app.screen, RunPreview), "the preview")
        tree = rows_of(screen.phase_tree)
        assert "✔ reused" in tree[1] and "failed  ● will run" in tree[2]
        first = screen.run_shown
        await pilot.press("enter")
        await until(pilot, lambda: screen.run_shown is not first, "the new run")
        await to_end(pilot, screen)
        # THEN the rest ran, and what was done was not done again
        assert screen.run_shown is not None
        state = screen.run_shown.state
        assert state.status is Status.SUCCESS and not state.tasks["good"].attempts
        assert not card.display


async def test_a_run_of_another_process_is_shown_as_it_begins(tmp_path: Path) -> None:
    project = project_of(tmp_path, One={"a": GATE})
    async with workbench(project, "main") as (pilot, screen):
        # GIVEN a workbench that shows the plan
        assert screen.run_shown is None
        # WHEN somebody else starts a run
        other = open_project(project.root)
        run = start_run(other, plan_run(other, RunRequest("main")), by="cron")
        await until(pilot, lambda: screen.run_shown and screen.run_shown.running(), "the run")
        # THEN it is there, and says who started it
        await until(pilot, lambda: "by cron" in text_of(pilot), "who")
        (project.root / "gate").touch()
        await to_end(pilot, screen)
        run.wait()


async def test_a_nested_orchestration_opens_in_place(tmp_path: Path) -> None:
    root = make_project(
        tmp_path / "project",
        {
            "inner": {"Inside": {"deep": GATE}},
            "main": {"One": {"nest": {"configuration": "orchestration/inner"}}},
        },
    )
    async with workbench(open_project(root), "main") as (pilot, screen):
        await run_all(pilot, screen)
        # WHEN the nested run has begun
        await until(pilot, lambda: any("deep" in row for row in rows_of(screen.phase_tree)), "the nested task")
        # THEN its phase and its task are below it, and the cursor passes them over
        rows = rows_of(screen.phase_tree)
        assert "1 Inside" in rows[2] and "deep" in rows[3]
        await pilot.press("G")
        assert screen.phase_tree.cursor == 1
        (root / "gate").touch()
        await to_end(pilot, screen)
        assert screen.run_shown is not None
        assert screen.run_shown.children["nest"].state.status is Status.SUCCESS


async def test_tables_are_listed_with_rows_and_previewed(tmp_path: Path) -> None:
    async with workbench(sample_project(tmp_path), "campaigns") as (pilot, screen):
        await run_all(pilot, screen)
        await to_end(pilot, screen)
        # WHEN the tab of the tables is shown and one is chosen
        screen.query_one(LivePanel).show_tab("tables")
        tables = screen.query_one(TablesPane)
        await until(pilot, lambda: "columns:" in rows_of(tables)[1], "the tables")
        assert "rows" in rows_of(tables)[0]
        screen.set_focus(tables)
        # GIVEN the cursor on the one that was found by a part of its name
        await pilot.press("slash", *"performance", "enter")
        await until(pilot, lambda: "campaign_performance" in rows_of(tables)[tables.cursor] and tables.has_focus)
        await pilot.press("enter")
        # THEN its rows are there
        await until(pilot, lambda: isinstance(pilot.app.screen, TableScreen), "the table")
        grid = pilot.app.screen.query_one(DataGrid)
        await until(pilot, lambda: grid.rows > 0 and grid.held == min(grid.rows, PAGE), "its rows")


async def test_a_part_of_the_orchestration_runs(tmp_path: Path) -> None:
    project = project_of(tmp_path, One={"a": "true", "b": "true"}, Two={"c": "true"})
    async with workbench(project, "main") as (pilot, screen):
        # GIVEN a task under the cursor, and no mark
        screen.phase_tree.go_to("b")
        await pilot.press("r")
        assert isinstance(pilot.app.screen, RunPart)
        # WHEN it is run
        await pilot.press("m")
        await until(pilot, lambda: isinstance(pilot.app.screen, RunPreview), "the preview")
        await pilot.press("enter")
        await to_end(pilot, screen)
        # THEN only it has run
        assert screen.run_shown is not None
        ran = [task.id for task in screen.run_shown.state.tasks.values() if task.attempts]
        assert ran == ["b"]
        # AND what cannot be run now says why
        await pilot.press("r", "l")
        assert "every task of the last run succeeded" in said(pilot)


async def test_an_interrupted_run_is_offered_and_taken_over(tmp_path: Path) -> None:
    # GIVEN a run that lost its executor after its first task
    project = project_of(tmp_path, One={"a": "true"}, Two={"b": "true"})
    from orch_tui.model.events import events
    from orch_tui.model.run.runstate import RunHeader
    from orch_tui.project.journal.file import Journal
    from orch_tui.project.paths import make_private

    plan = plan_run(project, RunRequest("main"))
    directory = project.paths.run("main", "20261122T140000.000Z-aa")
    make_private(directory)
    journal = Journal.create(directory, RunHeader(directory.name, "main", "Main", 1_795_359_600.0, "ann@host"), plan)
    journal.append(events.executor(1_795_359_600.0, pid=1, start=(1, 1), host="h", boot_id="b", by="ann@host"))
    journal.close()
    async with workbench(project, "main") as (pilot, screen):
        await until(pilot, lambda: isinstance(pilot.app.screen, Confirm), "the offer")
        assert "was interrupted" in text_of(pilot) and "No task was running." in text_of(pilot)
        # WHEN it is taken over
        await pilot.press("t")
        await to_end(pilot, screen)
    # THEN it went on to its end
    state = read_run(directory)
    assert state.status is Status.SUCCESS and any("taken over by" in text for _, _, text in state.notes)


async def test_the_key_of_the_pane_leads_into_the_run_while_one_is_shown(tmp_path: Path) -> None:
    project = project_of(tmp_path, One={"a": "true"})
    async with workbench(project, "main", size=(80, 24)) as (pilot, screen):
        # GIVEN a run that is shown in the place of the problems
        await pilot.press("3")
        await pilot.press("R")
        await until(pilot, lambda: isinstance(pilot.app.screen, RunPreview), "the preview")
        await pilot.press("enter")
        await to_end(pilot, screen)
        # WHEN its pane is chosen by its key THEN its log has the focus
        await pilot.press("3")
        await until(pilot, lambda: screen.focused and screen.focused.id == "run-log-view", "the focus")
        # AND brackets show its tabs, also in the log, where l and h go right and left in its lines
        await pilot.press("right_square_bracket")
        assert screen.panel.tab == "tables" and screen.focused is screen.query_one("#run-tables")
        await pilot.press("l")
        assert screen.panel.tab == "waits" and screen.focused is screen.query_one("#run-waits")
        await pilot.press("h", "left_square_bracket")
        await until(pilot, lambda: screen.focused and screen.focused.id == "run-log-view", "the focus")
        # AND the problems are beside the plan
        await pilot.press("4")
        assert screen.run_shown is None and screen.focused is screen.query_one("#problems")
        assert "w shows the run again" in said(pilot)


async def test_a_tree_behind_another_tab_is_drawn_with_all_its_words(tmp_path: Path) -> None:
    project = project_of(tmp_path, One={"a": GATE})
    async with workbench(project, "main", size=(80, 24)) as (pilot, screen):
        # GIVEN a run that ends while its own pane hides the tree
        await run_all(pilot, screen)
        await pilot.press("3")
        (project.root / "gate").touch()
        await to_end(pilot, screen)
        # WHEN the tree comes back THEN the status has its word
        await pilot.press("1")
        await until(pilot, lambda: "✔ success" in text_of(pilot), "the word")


async def test_keys_that_need_a_run_say_so_without_one(tmp_path: Path) -> None:
    project = project_of(tmp_path, One={"a": "true"})
    async with workbench(project, "main") as (pilot, screen):
        await pilot.press("down")
        # GIVEN the plan WHEN a key is pressed that works on a run THEN it says how one comes into view
        for key in ("L", "t", "Y", "T", "X", "i", "exclamation_mark"):
            pilot.app.clear_notifications()
            await pilot.press(key)
            assert "w shows the newest one, R starts one" in said(pilot), key
        # AND of a run that ended well it says what there is not
        await run_all(pilot, screen)
        await to_end(pilot, screen)
        for key, words in (
            ("X", "has ended"),
            ("T", "not interrupted"),
            ("i", "nested"),
            ("exclamation_mark", "No task"),
        ):
            pilot.app.clear_notifications()
            await pilot.press(key)
            assert words in said(pilot), key


async def test_in_a_narrow_tree_a_task_keeps_the_part_of_its_name_that_tells_it_from_others(tmp_path: Path) -> None:
    # GIVEN three panes in 100 columns
    project = project_of(tmp_path, One={"people": "true"})
    async with workbench(project, "main", size=(100, 30)) as (pilot, screen):
        assert "people · Command" in rows_of(screen.phase_tree)[1]
        # WHEN the panel of a run takes room from the tree
        await run_all(pilot, screen)
        await to_end(pilot, screen)
        # THEN the name of the configuration is whole
        assert "people" in rows_of(screen.phase_tree)[1]


async def test_the_card_says_the_whole_reason_with_what_to_do(tmp_path: Path) -> None:
    # GIVEN a task that ends with a long sentence
    words = " ".join(f"word{number}" for number in range(60))
    project = project_of(tmp_path, One={"a": f"echo {words} >&2; exit 1"})
    async with workbench(project, "main") as (pilot, screen):
        await run_all(pilot, screen)
        await to_end(pilot, screen)
        card = screen.query_one(FailureCard)

        def told() -> str:
            return " ".join(row.strip() for row in rows_of(card) if "│" not in row)

        await until(pilot, lambda: bool(told()), "the card")
        # THEN its end, too, is on the card
        assert "word45" in told()


async def test_the_card_says_how_often_it_was_seen_and_what_cured_it(tmp_path: Path) -> None:
    # GIVEN a task that failed before, and succeeded when it was run again as it was
    project = project_of(tmp_path, One={"a": 'echo "it is $(date +%s)"; [ -e "$ORCH_PROJECT/well" ]'})
    async with workbench(project, "main") as (pilot, screen):
        for well in (False, True):
            if well:
                (project.root / "well").touch()
            before = screen.run_shown
            await run_all(pilot, screen)
            await until(pilot, lambda before=before: screen.run_shown is not before, "the run")  # type: ignore[misc]
            await to_end(pilot, screen)
        # WHEN it fails the same way
        (project.root / "well").unlink()
        before = screen.run_shown
        await run_all(pilot, screen)
        await until(pilot, lambda: screen.run_shown is not before, "the run")
        await to_end(pilot, screen)
        card = screen.query_one(FailureCard)
        # THEN the card says so
        await until(pilot, lambda: "Seen 2 times" in " ".join(rows_of(card)), "what the card says")
        assert "a plain re-run cured 1" in " ".join(row.strip() for row in rows_of(card))


async def test_the_question_on_leaving_is_whole_in_80_columns(tmp_path: Path) -> None:
    # GIVEN a run that goes on in a small terminal
    project = project_of(tmp_path, One={"a": GATE})
    async with workbench(project, "main", size=(80, 24)) as (pilot, screen):
        await run_all(pilot, screen)
        # WHEN the program is to be left
        await pilot.press("q")
        await until(pilot, lambda: isinstance(pilot.app.screen, Confirm), "the question")
        # THEN the end of what it says is there, too
        assert "shows it." in text_of(pilot)
        await pilot.press("t")
        (project.root / "gate").touch()
        await to_end(pilot, screen)
