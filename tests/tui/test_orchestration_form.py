"""The form of an orchestration itself, from the workbench and from the list."""

from __future__ import annotations

import time

import pytest
from orch_tui.model.orchestration.orchestration import TaskOptions, Variable
from orch_tui.model.orchestration.retry import Retry
from orch_tui.project.project import Project
from orch_tui.scheduling.pauses import pause
from orch_tui.scheduling.values import Pause
from orch_tui.tui.app import OrchApp
from orch_tui.tui.workbench.dialogs.orchestration import OrchestrationDialog
from textual.widgets import Input, Static, TextArea

from tests.tui.driving import text_of, until, workbench


async def test_the_workbench_edits_all_fields_and_saves_them_with_the_comments(project: Project) -> None:
    async with workbench(project, "alpha") as (pilot, screen):
        # GIVEN the form
        await pilot.press("O")
        form = pilot.app.screen
        assert isinstance(form, OrchestrationDialog)
        assert "╭─ Orchestration Alpha" in text_of(pilot) and "The first one." in text_of(pilot)

        # WHEN it is filled in and accepted
        form.query_one("#name", Input).value = "Alpha two"
        form.query_one("#description", TextArea).text = "What it does\nand why."
        form.query_one("#max_parallel", Input).value = "4"
        form.query_one("#variables", TextArea).text = "day = today  # the day"
        form.query_one("#retry_attempts", Input).value = "2"
        await pilot.press("ctrl+o", "s")

        # THEN the file has it all, and what it had
        value = Project(project.root).orchestration("alpha")
        assert (value.name, value.description, value.max_parallel) == ("Alpha two", "What it does\nand why.", 4)
        assert value.defaults == TaskOptions(retry=Retry(2))
        assert value.variables == (Variable("day", "today", "the day"),)
        assert len(value.phases) == 2
        assert project.paths.orchestration("alpha").read_text().startswith("# kept\n")

        # WHEN it is undone
        await pilot.press("u")

        # THEN
        assert screen.bench.value.name == "Alpha"


async def test_what_is_wrong_stands_at_its_field_and_nothing_changes(project: Project) -> None:
    async with workbench(project, "alpha") as (pilot, screen):
        # GIVEN
        await pilot.press("O")
        form = pilot.app.screen
        form.query_one("#variables", TextArea).text = "1day = 2"

        # WHEN
        await pilot.press("ctrl+o")

        # THEN
        assert pilot.app.screen is form
        assert form.focused is form.query_one("#variables")
        assert "is no name for a variable" in text_of(pilot)
        await pilot.press("escape")
        assert not screen.bench.dirty


async def test_the_list_edits_it_too_and_takes_it_back(project: Project) -> None:
    app = OrchApp(project)
    async with app.run_test(size=(80, 24)) as pilot:
        # GIVEN the form of the first one
        await pilot.press("O")
        await until(pilot, lambda: isinstance(app.screen, OrchestrationDialog))
        app.screen.query_one("#description", TextArea).text = "Another."

        # WHEN
        await pilot.press("ctrl+o")
        await until(pilot, lambda: not isinstance(app.screen, OrchestrationDialog))

        # THEN
        path = project.paths.orchestration("alpha")
        assert 'description = "Another."' in path.read_text()
        assert path.read_text().startswith("# kept\n")

        # WHEN another program changes the name, and the edit is taken back
        path.write_text(path.read_text().replace("Alpha", "Omega"))
        await pilot.press("u")

        # THEN its own field is as it was, and the other one as it is now
        value = Project(project.root).orchestration("alpha")
        assert (value.name, value.description) == ("Omega", "The first one.")


async def test_what_another_program_wrote_meanwhile_is_not_written_over(project: Project) -> None:
    app = OrchApp(project)
    path = project.paths.orchestration("alpha")
    async with app.run_test(size=(80, 24)) as pilot:
        # GIVEN an open form, and a file that changes behind it
        await pilot.press("O")
        await until(pilot, lambda: isinstance(app.screen, OrchestrationDialog))
        path.write_text(path.read_text().replace("The first one.", "Theirs."))
        app.screen.query_one("#description", TextArea).text = "Mine."

        # WHEN
        await pilot.press("ctrl+o")
        await until(pilot, lambda: not isinstance(app.screen, OrchestrationDialog))

        # THEN
        assert "Theirs." in path.read_text()
        assert "Mine." not in path.read_text()


async def test_schedules_stand_there_in_words_with_their_next_starts(project: Project) -> None:
    pytest.importorskip("cron_descriptor")
    # GIVEN two schedules, one of them disabled, and a pause
    path = project.paths.orchestration("alpha")
    schedule = '\n[[schedules]]\ncron = "30 5 * * 1-5"\ntimezone = "Europe/Prague"\n'
    path.write_text(path.read_text() + schedule + '\n[[schedules]]\ncron = "@daily"\nenabled = false\n')
    pause(project.paths, Pause("alpha", 0.0, time.time() + 86400, "me", "a move"))
    async with workbench(project, "alpha") as (pilot, _):
        # WHEN the form is opened
        await pilot.press("O")
        shown = str(pilot.app.screen.query_one("#schedules", Static).render())
    # THEN
    first, second, paused, following = shown.splitlines()
    assert first == "At 05:30, Monday through Friday, Europe/Prague" and second.endswith("(disabled)")
    assert "paused until" in paused and "a move" in paused
    assert following.startswith("Next starts: ") and following.count(",") == 4
