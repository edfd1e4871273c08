"""The history of an orchestration on screen."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from orch_tui.model.status import Status
from orch_tui.project.history import run_ids
from orch_tui.project.project import Project
from orch_tui.runs.past.notes import add_note, read_notes
from orch_tui.tui.app import OrchApp
from orch_tui.tui.dialogs.confirm import Confirm
from orch_tui.tui.dialogs.prompt import Prompt
from orch_tui.tui.home.screen import HomeScreen
from orch_tui.tui.log.grep import GrepScreen
from orch_tui.tui.log.viewer import LogViewerScreen
from orch_tui.tui.runs.attempt_text import AttemptTextScreen
from orch_tui.tui.runs.compare import CompareList, CompareScreen
from orch_tui.tui.runs.history import HistoryScreen
from orch_tui.tui.runs.rerun import RerunPreview
from orch_tui.tui.runs.run_list import RunList
from orch_tui.tui.runs.trend import bars
from orch_tui.tui.workbench.dialogs.run_preview import RunPreview
from orch_tui.tui.workbench.screen import WorkbenchScreen
from orch_tui.tui.workbench.tree.phase_tree import PhaseTree

from tests.support.engine_kit import make_commands, run, write_command
from tests.support.past_runs import Past, write_past
from tests.tui.conftest import MakeRun
from tests.tui.driving import rows_of, said, text_of, until, workbench


async def test_runs_are_listed_newest_first_with_what_is_known(project: Project, make_run: MakeRun) -> None:
    # GIVEN runs with success, one that took long, one that failed, one that lost its executor
    for seconds in (5.0, 5.0, 5.0, 30.0):
        make_run("alpha", seconds=seconds)
    make_run("alpha", Status.ERROR)
    make_run("alpha", None)
    app = OrchApp(project)
    async with app.run_test(size=(120, 40)) as pilot:
        # WHEN the history is opened from the list of orchestrations
        await pilot.press("H")
        await until(pilot, lambda: isinstance(app.screen, HistoryScreen) and app.screen.list.runs, "the runs")
        rows = rows_of(app.screen.query_one(RunList))
        # THEN
        assert "? interrupted" in rows[0] and "✘ error" in rows[1]
        assert "» longer" in rows[2] and "30 s" in rows[2]
        assert "✔ success" in rows[5] and "ann@host" in rows[5] and "longer" not in rows[5]
        assert "6 runs, 4 with success" in text_of(pilot)
        # AND Esc goes back
        await pilot.press("escape")
        assert not isinstance(app.screen, HistoryScreen)


async def test_a_run_opens_in_the_workbench_read_only(tmp_path: Path) -> None:
    # GIVEN a run of a plan that was edited since
    project = make_commands(tmp_path, {"First": {"a": "true", "gone": "true"}})
    run(project)
    file = project.paths.orchestration("o")
    file.write_text(file.read_text().replace('[[phases.tasks]]\nid = "gone"\nconfiguration = "command/gone"\n', ""))
    project.reload()
    async with workbench(project, "o") as (pilot, screen):
        assert len(screen.phase_tree.outline.rows) == 2
        # WHEN it is opened from the history
        await pilot.press("H")
        await until(pilot, lambda: isinstance(pilot.app.screen, HistoryScreen) and pilot.app.screen.list.runs, "runs")
        await pilot.press("enter")
        await until(pilot, lambda: screen.run_shown is not None, "the run")
        # THEN the tree has the plan of the run, and Esc goes back to the plan of today
        assert len(screen.phase_tree.outline.rows) == 3 and "as it ran, read only" in text_of(pilot)
        await pilot.press("escape")
        assert screen.run_shown is None and len(screen.phase_tree.outline.rows) == 2
        assert "read only" not in text_of(pilot)


async def test_where_a_task_ran_is_told_of_past_runs_too(tmp_path: Path) -> None:
    # GIVEN a run of which a node of a cluster carried the task
    project = make_commands(tmp_path, {"First": {"load": "true"}})
    write_past(project.paths, Past(status=Status.ERROR, why="exit code 1: no such table", node="n17"))
    async with workbench(project, "o", size=(120, 40)) as (pilot, screen):
        # WHEN it is looked at in the history THEN it says where it failed
        await pilot.press("H")
        await until(pilot, lambda: "failed on n17 · job 4711" in text_of(pilot), "the place of the failure")
        # AND the run itself says so, in its tree and of the task under the cursor
        await pilot.press("enter")
        await until(pilot, lambda: screen.run_shown is not None, "the run")
        await pilot.press("down")
        await until(pilot, lambda: "on n17 · job 4711" in text_of(pilot), "the task's place")
        assert any("load " in row and "n17 ✘" in row for row in text_of(pilot).splitlines())


EDITS = (
    "x",
    "f",
    "o",
    "c",
    "K",
    "J",
    "left_square_bracket",
    "right_square_bracket",
    "y",
    "d",
    "a",
    "n",
    "m",
    "g",
    "M",
    "Z",
)


@pytest.mark.parametrize("past", [True, False], ids=["from the history", "just ended"])
async def test_an_edit_goes_to_the_plan_first(tmp_path: Path, past: bool) -> None:
    # GIVEN a run, and a plan whose phases were moved since
    project = make_commands(tmp_path, {"First": {"a": "true"}, "Second": {"b": "true"}, "Third": {"c": "true"}})
    run(project)
    async with workbench(project, "o", size=(160, 40)) as (pilot, screen):
        tree = screen.phase_tree
        await pilot.press("right_square_bracket")
        edited = screen.bench.value
        assert [phase.name for phase in edited.phases] == ["Second", "First", "Third"]
        for key in EDITS:
            # WHEN the run is looked at THEN it has the order that it ran in, and its footer offers no edit
            if past:
                await pilot.press("H")
                await until(
                    pilot, lambda: isinstance(pilot.app.screen, HistoryScreen) and pilot.app.screen.list.runs, ""
                )
                await pilot.press("enter")
            else:
                await pilot.press("w")
            await until(pilot, lambda: screen.run_shown is not None and not screen.desk.watcher.following, "the run")
            assert [phase.name for phase in tree.outline.phases] == ["First", "Second", "Third"]
            footer = text_of(pilot).splitlines()[-1]
            assert "R Run" in footer and not any(word in footer for word in ("Add", "Move", "Group", "Undo", "Enable"))
            # WHEN an edit's key is pressed
            await pilot.press("1", key)
            # THEN the plan is shown, unchanged, and it is said
            assert screen.run_shown is None and pilot.app.screen is screen
            assert screen.bench.value is edited and [phase.name for phase in tree.outline.phases] == [
                "Second",
                "First",
                "Third",
            ]
            assert "This is the plan" in said(pilot)
        # AND pressed again it is carried out
        await pilot.press("u")
        assert [phase.name for phase in screen.bench.value.phases] == ["First", "Second", "Third"]


async def test_a_drag_in_a_run_goes_to_the_plan_first(tmp_path: Path) -> None:
    project = make_commands(tmp_path, {"First": {"a": "true"}, "Second": {"b": "true"}})
    run(project)
    async with workbench(project, "o", size=(160, 40)) as (pilot, screen):
        await pilot.press("w")
        await until(pilot, lambda: screen.run_shown is not None and not screen.desk.watcher.following, "the run")
        before = screen.bench.value
        screen.phase_tree.post_message(PhaseTree.Dropped(screen.phase_tree, 0, 2))
        await until(pilot, lambda: screen.run_shown is None, "the plan")
        assert screen.bench.value is before


async def test_enter_on_a_task_of_a_run_opens_its_log(tmp_path: Path) -> None:
    project = make_commands(tmp_path, {"First": {"a": "echo said by a"}})
    run(project)
    async with workbench(project, "o") as (pilot, screen):
        await pilot.press("w")
        await until(pilot, lambda: screen.run_shown is not None, "the run")
        await pilot.press("1", "j", "enter")
        await until(pilot, lambda: "said by a" in text_of(pilot), "the log")
        await pilot.press("escape")
        await until(pilot, lambda: pilot.app.screen is screen, "the run again")


async def test_a_preview_has_the_order_of_the_plan_and_cancelled_the_run_is_back(tmp_path: Path) -> None:
    project = make_commands(tmp_path, {"First": {"a": "true"}, "Second": {"b": "true"}})
    run(project)
    async with workbench(project, "o", size=(160, 40)) as (pilot, screen):
        await pilot.press("right_square_bracket", "s", "w")
        await until(pilot, lambda: screen.run_shown is not None and not screen.desk.watcher.following, "the run")
        await pilot.press("R")
        await until(pilot, lambda: isinstance(pilot.app.screen, RunPreview), "the preview")
        assert [phase.name for phase in screen.phase_tree.outline.phases] == ["Second", "First"]
        await pilot.press("escape")
        await until(pilot, lambda: pilot.app.screen is screen, "the run again")
        assert [phase.name for phase in screen.phase_tree.outline.phases] == ["First", "Second"]
        assert "success" in text_of(pilot)


async def test_two_runs_are_compared(tmp_path: Path) -> None:
    project = make_commands(tmp_path, {"First": {"a": '[ -e "$ORCH_PROJECT/fixed" ]', "b": "true"}})
    run(project)
    (tmp_path / "fixed").touch()
    run(project)
    app = OrchApp(project)
    async with app.run_test(size=(120, 40)) as pilot:
        app.push_screen(HistoryScreen(project, "o"))
        await until(pilot, lambda: isinstance(app.screen, HistoryScreen) and app.screen.list.runs, "the runs")
        await pilot.press("c")
        await until(pilot, lambda: isinstance(app.screen, CompareScreen) and "repaired" in text_of(pilot), "verdicts")
        assert "1 task of 2 with a difference" in text_of(pilot)


@pytest.mark.parametrize("width", [80, 120])
async def test_what_was_edited_between_two_runs_is_shown(tmp_path: Path, width: int) -> None:
    # GIVEN a failed run, its task edited, and the run continued: the other task is reused
    project = make_commands(tmp_path, {"First": {"a": "echo a; false", "b": "true"}})
    run(project)
    write_command(tmp_path, "a", "echo mended")
    project.reload()
    run(project, rerun="last")
    app = OrchApp(project)
    async with app.run_test(size=(width, 30)) as pilot:
        app.push_screen(HistoryScreen(project, "o"))
        await until(pilot, lambda: isinstance(app.screen, HistoryScreen) and app.screen.list.runs, "the runs")
        # WHEN they are compared
        await pilot.press("c")
        await until(pilot, lambda: isinstance(app.screen, CompareScreen) and "repaired" in text_of(pilot), "verdicts")
        heading, edited, reused = (row.rstrip() for row in rows_of(app.screen.query_one(CompareList)))
        # THEN all columns stand one below the other, and what is reused is not "skipped"
        assert edited.endswith("repaired, edited") and heading.index("change") + 6 + 2 == edited.index("repaired")
        assert edited.index("✔") == reused.rindex("✔") and "skipped" not in reused
        assert "a" in edited.split("✘")[0] and ("✔ reused" in reused) == (width == 120)
        # WHEN Enter is pressed on what was edited
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, AttemptTextScreen) and "mended" in text_of(pilot), "the text")
        # THEN both texts are there
        assert "echo a; false" in text_of(pilot) and "From the older run to the newer" in text_of(pilot)
        # AND on what was not, it says so
        await pilot.press("escape", "down", "enter")
        await until(pilot, lambda: "same in both runs" in said(pilot), "a word")


async def test_failed_tasks_of_a_run_are_prepared_from_home(tmp_path: Path) -> None:
    from orch_tui.tui.workbench.dialogs.run_preview import RunPreview

    project = make_commands(tmp_path, {"First": {"a": "false", "b": "true"}})
    run(project)
    app = OrchApp(project)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("H")
        await until(pilot, lambda: isinstance(app.screen, HistoryScreen) and app.screen.list.runs, "the runs")
        await pilot.press("R")
        await until(pilot, lambda: isinstance(app.screen, RunPreview), "the preview")
        await until(pilot, lambda: "1 will run, 1 reused" in text_of(pilot), "what it says")
        screen = next(one for one in app.screen_stack if isinstance(one, WorkbenchScreen))
        assert "failed  ● will run" in rows_of(screen.phase_tree)[1]


async def test_old_runs_are_deleted_by_the_rules_of_the_project(tmp_path: Path) -> None:
    project = make_commands(tmp_path, {"First": {"a": "true"}}, settings="[runs]\nkeep = 1\n")
    run(project)
    run(project)
    app = OrchApp(project)
    async with app.run_test(size=(80, 24)) as pilot:
        history = HistoryScreen(project, "o")
        app.push_screen(history)
        await until(pilot, lambda: history.is_mounted and len(history.list.runs) == 2, "the runs")
        # WHEN deleting is asked for and confirmed
        await pilot.press("D")
        assert isinstance(app.screen, Confirm) and "newest 1 run" in text_of(pilot)
        await pilot.press("d")
        # THEN one is left
        await until(pilot, lambda: len(history.list.runs) == 1, "the deletion")
        assert "1 run deleted." in said(pilot)


def test_the_trend_is_as_high_as_the_longest_run() -> None:
    assert bars([1.0, 2.0, None, 4.0], rows=2) == ["    █"[1:], "▄█ █"]
    assert bars([], rows=1) == [""]


async def test_escape_goes_back_to_the_history_that_a_run_was_opened_from(tmp_path: Path) -> None:
    # GIVEN two runs, and the workbench of their orchestration
    project = make_commands(tmp_path, {"First": {"a": "true"}})
    run(project)
    older = run_ids(project.paths, "o")[0]
    run(project)
    async with workbench(project, "o") as (pilot, screen):
        await pilot.press("H")
        await until(pilot, lambda: isinstance(pilot.app.screen, HistoryScreen) and pilot.app.screen.list.runs, "runs")
        # WHEN the older one is opened and left again
        await pilot.press("down", "enter")
        await until(pilot, lambda: screen.run_shown is not None, "the run")
        await pilot.press("escape")
        # THEN the history is there, with the cursor on that run
        await until(pilot, lambda: isinstance(pilot.app.screen, HistoryScreen) and pilot.app.screen.list.runs, "runs")
        history = pilot.app.screen
        assert isinstance(history, HistoryScreen) and history.list.chosen is not None
        await until(pilot, lambda: history.list.cursor == 1, "the cursor")
        assert history.list.chosen is not None and history.list.chosen.directory.name == older
        # WHEN it is left too THEN the plan is there
        await pilot.press("escape")
        await until(pilot, lambda: pilot.app.screen is screen and screen.run_shown is None, "the plan")


async def test_a_run_opened_from_the_list_is_left_to_its_history(tmp_path: Path) -> None:
    # GIVEN a run, and the list of orchestrations
    project = make_commands(tmp_path, {"First": {"a": "true"}})
    run(project)
    app = OrchApp(project)
    async with app.run_test(size=(120, 40)) as pilot:
        # WHEN it is opened from the history there, and left
        await pilot.press("H")
        await until(pilot, lambda: isinstance(app.screen, HistoryScreen) and app.screen.list.runs, "runs")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, WorkbenchScreen) and app.screen.run_shown, "the run")
        await pilot.press("escape")
        # THEN each step leads back to where it came from, and to no plan
        await until(pilot, lambda: isinstance(app.screen, HistoryScreen), "the history")
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, HomeScreen), "the list")


async def test_runs_are_found_by_a_search_as_on_the_command_line(project: Project, make_run: MakeRun) -> None:
    # GIVEN runs of two orchestrations
    for status in (Status.SUCCESS, Status.ERROR, Status.SUCCESS):
        make_run("alpha", status)
    make_run("beta", Status.ERROR, seconds=90.0)
    app = OrchApp(project)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("H")
        await until(pilot, lambda: isinstance(app.screen, HistoryScreen) and app.screen.list.count() == 3, "the runs")
        screen = app.screen
        assert isinstance(screen, HistoryScreen)
        # WHEN a search is typed THEN those are shown of which it holds
        await pilot.press("slash", *"status=error")
        await until(pilot, lambda: screen.list.count() == 1, "the failed one")
        assert "1 of 3 runs, 0 with success" in text_of(pilot)
        # WHEN it is none THEN it is said, and the list stays
        await pilot.press(*" and")
        await until(pilot, lambda: "something is missing after" in text_of(pilot), "what is wrong")
        assert screen.list.count() == 1
        # WHEN all orchestrations are asked for THEN the same search holds of them
        for _ in range(4):
            await pilot.press("backspace")
        await pilot.press("enter", "a")
        await until(pilot, lambda: screen.list.count() == 2, "those of both")
        rows = rows_of(screen.list)
        assert "beta" in rows[0] and "alpha" in rows[1] and "History of all orchestrations" in text_of(pilot)
        # AND Esc ends the search, then leaves
        await pilot.press("escape")
        await until(pilot, lambda: screen.list.count() == 4, "all of them")
        await pilot.press("escape")
        assert not isinstance(app.screen, HistoryScreen)


async def test_a_note_is_kept_with_a_run_and_found(project: Project, make_run: MakeRun) -> None:
    # GIVEN two runs, one of which somebody else noted something on
    first, second = make_run("alpha"), make_run("alpha", Status.ERROR)
    add_note(project.paths.run("alpha", first), "bob@host", 1.0, "slow disk")
    app = OrchApp(project)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("H")
        await until(pilot, lambda: isinstance(app.screen, HistoryScreen) and app.screen.list.count() == 2, "the runs")
        screen = app.screen
        assert isinstance(screen, HistoryScreen)
        assert "✎ slow disk" in rows_of(screen.list)[1]
        # WHEN one is noted THEN it stands in the row, and on the disk
        await pilot.press("n")
        await until(pilot, lambda: isinstance(app.screen, Prompt), "the question")
        await pilot.press(*"called them", "enter")
        await until(pilot, lambda: "✎ called them" in rows_of(screen.list)[0], "the note")
        assert [note.text for note in read_notes(project.paths.run("alpha", second))] == ["called them"]
        # AND it is found
        await pilot.press("slash", *"note~called")
        await until(pilot, lambda: [run.id for run in screen.list.runs] == [second], "the run")


async def test_marked_runs_are_run_again_after_a_preview(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # GIVEN three runs, two of which failed
    project = make_commands(tmp_path, {"First": {"a": "test -e good"}})
    run(project), run(project)
    (project.root / "good").touch()
    run(project)
    started: list[list[str]] = []

    def start(command: list[str], directory: Path, log: Path) -> subprocess.Popen[bytes]:
        started.append(command)
        return subprocess.Popen(["true"])

    monkeypatch.setattr("orch_tui.tui.runs.rerun.start_detached", start)
    app = OrchApp(project)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("H")
        await until(pilot, lambda: isinstance(app.screen, HistoryScreen) and app.screen.list.count() == 3, "the runs")
        screen = app.screen
        assert isinstance(screen, HistoryScreen)
        # WHEN those that failed are marked and run again
        await pilot.press("slash", *"status=error", "enter")
        await until(pilot, lambda: screen.list.count() == 2, "the failed ones")
        await pilot.press("asterisk", "R")
        await until(pilot, lambda: isinstance(app.screen, RerunPreview), "the preview")
        # THEN the preview says what will run, and nothing was started
        shown = text_of(pilot)
        assert "2 runs to start" in shown and shown.count("1 will run") == 2 and started == []
        # WHEN it is left THEN the marks stay; WHEN it is accepted THEN a process of its own does it
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is screen, "the history")
        assert len(screen.list.marked) == 2
        await pilot.press("R")
        await until(pilot, lambda: isinstance(app.screen, RerunPreview), "the preview")
        await pilot.press("enter")
        await until(pilot, lambda: bool(started), "the start")
        await until(pilot, lambda: not screen.list.marked, "no mark")
        assert started[0][4:] == [
            "rerun",
            *sorted(run_ids(project.paths, "o"))[:2],
            "--yes",
            "--project",
            str(project.root),
        ]


async def test_the_logs_of_all_runs_are_searched(tmp_path: Path) -> None:
    # GIVEN two runs whose logs have a word
    project = make_commands(tmp_path, {"First": {"a": "seq 200; echo the needle here; seq 200"}})
    run(project), run(project)
    app = OrchApp(project)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("f3")
        await until(pilot, lambda: isinstance(app.screen, GrepScreen), "the search")
        screen = app.screen
        assert isinstance(screen, GrepScreen)
        # WHEN an expression is wrong THEN it is said
        await pilot.press(*"/(", "enter")
        await until(pilot, lambda: "This is no regular expression" in text_of(pilot), "what is wrong")
        # WHEN it is looked for THEN both lines are there
        await pilot.press("backspace", "backspace", *"needle", "enter")
        await until(pilot, lambda: "2 lines in 2 logs" in text_of(pilot), "both")
        assert all("the needle here" in row and "   201 " in row for row in rows_of(screen.list))
        # WHEN one is opened THEN its log is shown at the line, which is marked as found
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, LogViewerScreen), "the log")
        await until(pilot, lambda: "the needle here" in text_of(pilot), "the line")
        viewer = app.screen
        assert isinstance(viewer, LogViewerScreen)
        state = viewer.log_view.state
        assert state.pattern is not None and state.pattern.text == "needle" and not viewer.log_view.follow
        await until(pilot, lambda: "line 201 of" in text_of(pilot), "its number")


async def test_the_search_says_which_fields_there_are_and_completes_them(project: Project, make_run: MakeRun) -> None:
    # GIVEN the history with its search open
    make_run("alpha")
    make_run("alpha", Status.ERROR)
    app = OrchApp(project)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("H")
        await until(pilot, lambda: isinstance(app.screen, HistoryScreen) and app.screen.list.runs, "the runs")
        await pilot.press("slash")
        # THEN the fields stand below it
        await until(pilot, lambda: "fields: status" in text_of(pilot), "the fields")
        # WHEN the beginning of one is typed, and of its value, each completed
        await pilot.press(*"stat", "right")
        await until(pilot, lambda: "status!=success" in text_of(pilot), "how it is compared")
        await pilot.press(*"err")
        await until(pilot, lambda: "→ status=error" in text_of(pilot), "what fits")
        await pilot.press("right")
        # THEN it is found, and the help goes with the focus
        await until(pilot, lambda: "1 of 2 runs" in text_of(pilot), "the run")
        await pilot.press("enter")
        await until(pilot, lambda: "status!=success" not in text_of(pilot), "the end of the help")
        assert "status=error" in text_of(pilot)
