"""The list of schedules, triggers and alerts, and their forms, from the workbench, its form and the list."""

from __future__ import annotations

from orch_tui.model.orchestration.starts import CatchUp, Schedule
from orch_tui.project.project import Project
from orch_tui.tui.app import OrchApp
from orch_tui.tui.starts.dialog import StartsDialog
from orch_tui.tui.starts.form import EntryForm
from orch_tui.tui.workbench.dialogs.orchestration import OrchestrationDialog
from textual.pilot import Pilot
from textual.widgets import Input, Static, TextArea

from tests.tui.driving import text_of, until, workbench


async def _dialog(pilot: Pilot[int]) -> None:
    await until(pilot, lambda: isinstance(pilot.app.screen, StartsDialog))


async def _form(pilot: Pilot[int]) -> EntryForm:
    await until(pilot, lambda: isinstance(pilot.app.screen, EntryForm) and pilot.app.focused is not None)
    form = pilot.app.screen
    assert isinstance(form, EntryForm)
    return form


async def test_a_schedule_is_typed_with_its_next_starts_and_taken_back(project: Project) -> None:
    async with workbench(project, "alpha") as (pilot, screen):
        # GIVEN the form of a new one
        await pilot.press("S")
        await _dialog(pilot)
        assert "none; n adds one" in text_of(pilot)
        await pilot.press("n")
        form = await _form(pilot)

        # WHEN a time is typed that is none
        await pilot.press(*"5 * * *")

        # THEN it is said at once
        await until(pilot, lambda: "it has five fields" in text_of(pilot))

        # WHEN it is one, and a city is typed and completed
        form.query_one("#cron", Input).value = "30 5 * * 1-5"
        await pilot.press("tab", *"prag", "right")
        form.query_one("#catch_up", Input).value = "last"
        form.query_one(TextArea).text = "region = eu"

        # THEN its next starts are there
        preview = form.query_one("#preview", Static)
        await until(pilot, lambda: str(preview.render()).count("05:30") >= 10)
        assert "Europe/Prague" in str(preview.render())

        # WHEN it is accepted and saved
        await pilot.press("ctrl+o")
        await _dialog(pilot)
        assert "Europe/Prague" in text_of(pilot) and "next " in text_of(pilot)
        await pilot.press("escape", "s")

        # THEN the file has it, with what it had
        expected = Schedule("30 5 * * 1-5", True, "Europe/Prague", "", {"region": "eu"}, CatchUp.LAST)
        await until(pilot, lambda: Project(project.root).orchestration("alpha").schedules == (expected,))
        assert project.paths.orchestration("alpha").read_text().startswith("# kept\n")

        # WHEN it is undone
        await pilot.press("u")

        # THEN
        assert screen.bench.value.schedules == () and screen.bench.dirty


async def test_what_is_wrong_is_said_under_its_field_when_it_is_accepted(project: Project) -> None:
    async with workbench(project, "alpha", size=(80, 24)) as (pilot, screen):
        # GIVEN
        await pilot.press("S", "n")
        form = await _form(pilot)

        # WHEN an empty form is accepted
        await pilot.press("enter")

        # THEN
        assert pilot.app.screen is form and form.focused is form.query_one("#cron")
        assert "is missing" in text_of(pilot) and not screen.bench.dirty


async def test_the_list_saves_each_change_at_once_and_takes_it_back(project: Project) -> None:
    path = project.paths.orchestration("alpha")
    path.write_text(path.read_text() + '\n# before work\n[[schedules]]\ncron = "@daily"  # at night\n')
    app = OrchApp(project)
    async with app.run_test(size=(80, 24)) as pilot:
        # GIVEN
        await pilot.press("S")
        await _dialog(pilot)

        # WHEN it is disabled
        await pilot.press("x")

        # THEN
        assert 'cron = "@daily"  # at night\nenabled = false\n' in path.read_text()
        await until(pilot, lambda: "disabled" in text_of(pilot))

        # WHEN it is deleted, and both are taken back
        await pilot.press("d")
        assert "@daily" not in path.read_text() and "# before work" in path.read_text()
        await pilot.press("u", "u", "u")

        # THEN there was nothing else to take back
        assert Project(project.root).orchestration("alpha").schedules == (Schedule("@daily"),)
        await pilot.press("escape")
        assert app.screen is app.screen_stack[0] or not isinstance(app.screen, StartsDialog)


async def test_what_another_program_wrote_meanwhile_stays(project: Project) -> None:
    path = project.paths.orchestration("alpha")
    path.write_text(path.read_text() + '\n[[alerts]]\ncommand = "true"\n')
    app = OrchApp(project)
    async with app.run_test(size=(80, 24)) as pilot:
        # GIVEN an open list, and a file that changes behind it
        await pilot.press("S")
        await _dialog(pilot)
        path.write_text(path.read_text().replace("The first one.", "Theirs."))

        # WHEN the alert is removed
        await pilot.press("d")

        # THEN it is refused, and shown as it is
        assert "Theirs." in path.read_text() and "[[alerts]]" in path.read_text()
        assert "command: true" in text_of(pilot)


async def test_the_form_of_the_orchestration_opens_it_and_takes_it_all_or_nothing(project: Project) -> None:
    async with workbench(project, "alpha") as (pilot, screen):
        # GIVEN a trigger that is added from the form
        await pilot.press("O")
        await until(pilot, lambda: isinstance(pilot.app.screen, OrchestrationDialog))
        await pilot.click("#starts")
        await _dialog(pilot)
        await pilot.press("down", "n")
        form = await _form(pilot)
        form.query_one("#files", Input).value = "in/*.csv"
        await pilot.press("ctrl+o")
        await _dialog(pilot)
        await pilot.press("escape")
        told = pilot.app.screen.query_one("#schedules", Static)
        await until(pilot, lambda: "1 trigger" in str(told.render()))

        # WHEN the form is cancelled, THEN nothing is edited
        await pilot.press("escape")
        assert not screen.bench.dirty and screen.bench.value.triggers == ()


async def test_the_alerts_of_the_project_are_edited_in_its_file(project: Project) -> None:
    path = project.paths.settings
    path.write_text('# ours\nname = "P"\n\n# who\n[[alerts]]\non = ["failed"]\ncommand = "./tell"  # by hand\n')
    async with workbench(project, "alpha") as (pilot, screen):
        # GIVEN the list with one of the project
        await pilot.press("S")
        await _dialog(pilot)
        assert "Alerts of all orchestrations" in text_of(pilot) and "failed → command: ./tell" in text_of(pilot)

        # WHEN what it tells is changed
        await pilot.press("end", "enter")
        form = await _form(pilot)
        form.query_one("#on", Input).value = "scheduler-gone, failed-first"
        await pilot.press("ctrl+o")
        await _dialog(pilot)

        # THEN the file has it at once, with all else, and the orchestration is not edited
        edited = path.read_text()
        assert 'on = ["scheduler-gone", "failed-first"]' in edited and './tell"  # by hand' in edited
        assert edited.startswith('# ours\nname = "P"\n\n# who\n') and not screen.bench.dirty

        # WHEN one is added, and that is taken back, and the change before it
        await pilot.press("n")
        form = await _form(pilot)
        form.query_one("#to", Input).value = "${MAIL}"
        await pilot.press("ctrl+o")
        await _dialog(pilot)
        assert 'to = ["${MAIL}"]' in path.read_text()
        await pilot.press("u")
        assert path.read_text().rstrip() == edited.rstrip()
        await pilot.press("u")

        # THEN it is as it was
        assert 'on = ["failed"]' in path.read_text() and "${MAIL}" not in path.read_text()


async def test_alerts_of_the_project_that_another_program_changed_stay(project: Project) -> None:
    path = project.paths.settings
    path.write_text('[[alerts]]\ncommand = "./tell"\n')
    async with workbench(project, "alpha") as (pilot, _):
        # GIVEN an open list, and a file that changes behind it
        await pilot.press("S")
        await _dialog(pilot)
        path.write_text(path.read_text().replace("./tell", "./theirs"))

        # WHEN the alert is taken out
        await pilot.press("end", "d")

        # THEN it is refused, and shown as it is
        assert "./theirs" in path.read_text()
        await until(pilot, lambda: "command: ./theirs" in text_of(pilot))
