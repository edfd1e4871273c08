"""The configuration screen: typing, checking, saving, undoing, leaving."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from orch_tui.tui.app import OrchApp
from orch_tui.tui.configuration.form.folding import FoldRow
from orch_tui.tui.configuration.form.form import Form
from orch_tui.tui.configuration.form.inputs import Line, LongText, YesNo
from orch_tui.tui.configuration.form.rows import Row, TableRow
from orch_tui.tui.configuration.new_configuration import NewConfigurationScreen
from orch_tui.tui.configuration.screen import ConfigurationScreen
from orch_tui.tui.configuration.used_by import UsedByScreen
from orch_tui.tui.dialogs.confirm import Confirm
from orch_tui.tui.dialogs.conflict import Conflict
from orch_tui.tui.dialogs.prompt import Prompt
from orch_tui.tui.workbench.screen import WorkbenchScreen
from textual.pilot import Pilot
from textual.widgets import Input, Static

from tests.tui.driving import until
from tests.unit.tui.configuration.test_editor import MAILER, NEWS, make_project

WIDE, NARROW = (120, 40), (80, 24)
HOST = ("parameters", "host")


class Desk:
    """An application with one configuration open, and short words for what the tests do with it."""

    def __init__(self, app: OrchApp, pilot: Pilot[Any], root: Path) -> None:
        self.app, self.pilot, self.root = app, pilot, root

    @property
    def screen(self) -> ConfigurationScreen:
        found = [one for one in self.app.screen_stack if isinstance(one, ConfigurationScreen)]
        return found[-1]

    @property
    def form(self) -> Form:
        assert self.screen.form is not None
        return self.screen.form

    @property
    def file(self) -> Path:
        return self.root / "configurations/mailer/news.toml"

    async def type_at(self, place: tuple[str, ...], text: str) -> None:
        """Put a text into a field as a person would, and leave the field."""
        self.form.go_to(place)
        await self.pilot.pause()
        editor = self.form.editor(place)
        assert editor is not None
        editor.text = text
        await self.pilot.pause()
        self.form.focus()
        await self.pilot.pause()

    def shown_errors(self) -> list[str]:
        return [str(one.render()) for one in self.screen.query(".error").results(Static) if one.display]

    def notice(self) -> str:
        return str(self.screen.query_one("#notice", Static).render())

    def text(self) -> str:
        """All that the screen shows."""
        strips = self.app.screen._compositor.render_strips()
        return "\n".join("".join(segment.text for segment in strip) for strip in strips)


Open = Callable[..., Any]


@pytest.fixture
def open_desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Open:
    monkeypatch.delenv("MAIL_PASSWORD", raising=False)

    @asynccontextmanager
    async def opened(
        ref: str | None = "mailer/news", size: tuple[int, int] = NARROW, **files: str
    ) -> AsyncIterator[Desk]:
        project = make_project(tmp_path, **files)
        app = OrchApp(project)
        async with app.run_test(size=size) as pilot:
            if ref is not None:
                app.push_screen(ConfigurationScreen(ref))
                await pilot.pause()
            yield Desk(app, pilot, tmp_path)

    return opened


async def test_a_field_is_edited_and_saved_by_keyboard(open_desk: Open) -> None:
    async with open_desk() as desk:
        # GIVEN the form, with the cursor on the name
        assert not desk.screen.editing.unsaved
        # WHEN the host is changed with keys alone
        await desk.pilot.press("down", "down", "end", "s", "escape")
        # THEN the letter went into the text, and the screen says that it is not saved
        assert desk.form.state.texts[("host",)] == "mail.examples"
        assert "● unsaved" in desk.text()
        # AND s saves it, with the comments in the file
        await desk.pilot.press("s")
        assert desk.file.read_text() == NEWS.replace("mail.example", "mail.examples")
        assert "● unsaved" not in desk.text()


async def test_a_mistake_is_shown_below_its_field_and_hinders_saving(open_desk: Open) -> None:
    async with open_desk() as desk:
        # WHEN a number is too big, and the field is left
        await desk.type_at(("parameters", "port"), "70000")
        # THEN the field says so
        assert desk.shown_errors() == ["✖ must be at most 65535"]
        # AND saving puts the cursor there and writes nothing
        desk.form.action_first()
        assert not await desk.screen.saving.save()
        assert desk.file.read_text() == NEWS
        await desk.pilot.pause()
        assert getattr(desk.app.focused, "place", None) == ("parameters", "port")


async def test_a_secret_is_never_shown(open_desk: Open) -> None:
    # GIVEN a file with a secret in plain text
    text = NEWS.replace("${MAIL_PASSWORD}", "hunter2")
    async with open_desk(size=WIDE, **{"configurations/mailer/news.toml": text}) as desk:
        # THEN it is neither shown nor saved, but kept until another one is written
        assert "hunter2" not in desk.text()
        assert "not shown" in desk.text()
        assert not await desk.screen.saving.save()
        assert "${NAME}" in desk.shown_errors()[0]
        # AND a reference takes its place
        await desk.type_at(("parameters", "password"), "${MAIL_PASSWORD}")
        assert "MAIL_PASSWORD has no value" in desk.text()
        assert await desk.screen.saving.save()
        assert desk.file.read_text() == NEWS


async def test_tables_come_and_go_and_undo_brings_them_back(open_desk: Open) -> None:
    async with open_desk() as desk:
        # GIVEN a new output table
        first = desk.form.state
        await desk.screen.action_add_output()
        await desk.pilot.pause()
        assert getattr(desk.app.focused, "place", None) == ("outputs", "0", "table")
        await desk.type_at(("outputs", "0", "table"), "marketing/sent")
        # WHEN the input table is removed
        desk.form.go_to(("inputs", "0", "table"), edit=False)
        await desk.pilot.press("d")
        assert [row.kind for row in desk.form.query(TableRow)] == ["outputs"]
        # THEN each step can be undone
        await desk.pilot.press("u")
        assert [row.kind for row in desk.form.query(TableRow)] == ["inputs", "outputs"]
        await desk.pilot.press("u", "u")
        assert desk.form.state == first
        assert not desk.screen.editing.unsaved
        # AND redone, and saved
        await desk.pilot.press("U", "U", "s")
        assert desk.file.read_text() == NEWS + '\n[[outputs]]\ntable = "marketing/sent"\nname = "sent"\n' or (
            'table = "marketing/sent"' in desk.file.read_text()
        )


async def test_the_cursor_moves_with_vim_keys_and_stays_in_view(open_desk: Open) -> None:
    async with open_desk(size=NARROW) as desk:
        rows = desk.form.rows()
        await desk.pilot.press("escape", "G")
        assert desk.form.current is rows[-1]
        assert desk.form.region.contains_region(rows[-1].region)
        await desk.pilot.press("k")
        assert desk.form.current is rows[-2]
        await desk.pilot.press("g")
        assert desk.form.current is rows[0]
        assert desk.form.scroll_y == 0


async def test_what_is_typed_goes_into_the_field_and_runs_nothing(open_desk: Open) -> None:
    # GIVEN a form that was just opened, with a choice between two texts
    tls = '[schema.properties.tls]\ntype = "string"\nenum = ["off", "on", "unsafe"]\n\n'
    mailer = MAILER.replace("[schema.properties.port]", f"{tls}[schema.properties.port]")
    async with open_desk(**{"components/mailer.toml": mailer}) as desk:
        screen = desk.screen
        # WHEN words are typed whose letters are keys elsewhere
        await desk.pilot.press(*"suite", "down", "down", *"sleep 60 uoi")
        # THEN they are in the texts, and nothing else has happened
        assert desk.form.state.name == "Newssuite"
        assert desk.form.state.texts[("host",)] == "mail.examplesleep 60 uoi"
        assert not desk.form.state.outputs and desk.app.screen is screen and desk.file.read_text() == NEWS
        # AND on a choice they take what begins with them, or nothing
        await desk.pilot.press("enter", "o", "o", "u", "s", "d", "X")
        assert desk.form.state.texts[("tls",)] == "unsafe" and desk.app.screen is screen
        # WHEN the field is left, and an arrow pressed THEN letters are text again
        await desk.pilot.press("escape", "down", "4")
        assert desk.form.state.texts[("port",)] == "4"
        # AND what is typed can be saved from there
        await desk.pilot.press("f3")
        assert 'name = "Newssuite"' in desk.file.read_text()


async def test_letters_move_between_fields_once_they_are_left(open_desk: Open) -> None:
    async with open_desk() as desk:
        # WHEN a field is left, and letters move the cursor onto others
        await desk.pilot.press("escape", "j", "j", "k", "j")
        # THEN it moved, and no text has them
        assert desk.form.current is not None and desk.form.current.editors()[0].place == HOST
        assert not desk.screen.editing.unsaved and not desk.form.editing
        # AND Enter goes into the text
        await desk.pilot.press("enter", "x")
        assert desk.form.state.texts[("host",)] == "mail.examplex"


async def test_the_arrows_leave_a_text_at_its_ends(open_desk: Open) -> None:
    async with open_desk() as desk:
        # GIVEN a text of two lines
        desk.form.go_to(("description",))
        await desk.pilot.press("a", "enter", "b")
        # WHEN the cursor goes up THEN first within it, then beyond it
        await desk.pilot.press("up")
        assert desk.form.current is not None and desk.form.current.editors()[0].place == ("description",)
        await desk.pilot.press("up")
        assert desk.form.current.editors()[0].place == ("name",) and desk.form.editing
        # AND down the same
        await desk.pilot.press("down", "down", "down")
        assert desk.form.current.editors()[0].place == HOST


async def test_the_footer_has_the_keys_of_the_moment(open_desk: Open) -> None:
    def footer(desk: Desk) -> str:
        return desk.text().splitlines()[-1]

    async with open_desk(size=WIDE) as desk:
        # GIVEN a line THEN there is what Enter does there, and no letter
        assert "Enter Next field" in footer(desk) and "Esc Commands" in footer(desk) and "F3 Save" in footer(desk)
        assert "u Undo" not in footer(desk)
        # WHEN the cursor is in a text of several lines THEN Enter is a line end
        await desk.pilot.press("down")
        assert "Enter" not in footer(desk)
        # WHEN it is left THEN letters are keys
        await desk.pilot.press("escape")
        assert "Enter Edit" in footer(desk) and "s Save" in footer(desk) and "Esc Back" in footer(desk)


async def test_leaving_with_unsaved_edits_asks_once(open_desk: Open) -> None:
    async with open_desk() as desk:
        await desk.type_at(HOST, "other")
        # WHEN the screen is left THEN it asks
        await desk.pilot.press("escape")
        assert isinstance(desk.app.screen, Confirm)
        # AND Escape stays, s saves and leaves
        await desk.pilot.press("escape")
        assert desk.app.screen is desk.screen
        await desk.pilot.press("escape", "s")
        assert not isinstance(desk.app.screen, ConfigurationScreen | Confirm)
        assert "other" in desk.file.read_text()


async def test_edits_that_were_never_saved_are_offered_again(open_desk: Open) -> None:
    # GIVEN edits that were typed and kept, and a program that ended without asking
    async with open_desk() as desk:
        await desk.type_at(HOST, "mine")
        await desk.screen.action_add_output()
        desk.screen.drafts.keep()
        typed = desk.form.state
        (draft,) = (desk.root / ".orch/edits").rglob("*.form.toml")
        assert draft.stat().st_mode & 0o777 == 0o600
    # WHEN the configuration is opened again THEN they are offered, and taken back on request
    async with open_desk() as desk:
        assert isinstance(desk.app.screen, Confirm)
        await desk.pilot.press("r")
        await desk.pilot.pause()
        assert desk.form.state == typed
        assert desk.screen.editing.unsaved
        # AND once they are dropped, they are gone
        await desk.pilot.press("escape", "escape", "d")
        assert not draft.exists()


async def test_what_was_typed_just_before_the_end_is_kept(open_desk: Open) -> None:
    # GIVEN a field that was not even left when the program had to go
    async with open_desk() as desk:
        desk.form.go_to(HOST)
        await desk.pilot.press("end", "!")
    # THEN it is offered the next time
    async with open_desk() as desk:
        assert isinstance(desk.app.screen, Confirm)
        await desk.pilot.press("r")
        await desk.pilot.pause()
        assert desk.form.state.texts[("host",)] == "mail.example!"


CHOICES = MAILER + '\n[schema.properties.mode]\nenum = ["fast", "slow"]\ndefault = "fast"\n'


async def test_a_choice_is_turned_or_picked(open_desk: Open) -> None:
    mode = ("parameters", "mode")
    async with open_desk(**{"components/mailer.toml": CHOICES}) as desk:
        # WHEN the next choice is taken THEN it is written, and the default is left out of the file again
        desk.form.go_to(mode)
        await desk.pilot.press("l")
        assert desk.form.state.texts[("mode",)] == "slow"
        await desk.pilot.press("l")
        assert desk.form.state.texts[("mode",)] == ""
        # AND all of them can be seen, found by typing
        await desk.pilot.press("enter", "s", "l", "enter")
        assert desk.form.state.texts[("mode",)] == "slow"
        await desk.pilot.press("escape", "s")
        assert 'mode = "slow"' in desk.file.read_text()


async def test_leaving_without_edits_does_not_ask(open_desk: Open) -> None:
    async with open_desk() as desk:
        await desk.pilot.press("escape", "escape")
        assert not isinstance(desk.app.screen, ConfigurationScreen | Confirm)


async def test_a_file_changed_on_disk_is_not_overwritten_unasked(open_desk: Open) -> None:
    async with open_desk() as desk:
        # GIVEN an edit here and one on disk
        await desk.type_at(HOST, "mine")
        desk.file.write_text(NEWS.replace("mail.example", "theirs"))
        # WHEN it is saved THEN the difference is shown
        await desk.pilot.press("s")
        assert isinstance(desk.app.screen, Conflict)
        # AND after reloading, undo brings the edit back
        desk.app.screen.action_reload()
        await desk.pilot.pause()
        await desk.pilot.pause()
        assert desk.form.state.texts[("host",)] == "theirs"
        assert not desk.screen.editing.unsaved
        await desk.pilot.press("escape", "u")
        assert desk.form.state.texts[("host",)] == "mine"
        # AND it can be written over what is there
        desk.file.write_text(NEWS.replace("mail.example", "theirs again"))
        await desk.pilot.press("s")
        assert isinstance(desk.app.screen, Conflict)
        desk.app.screen.action_overwrite()
        await desk.pilot.pause()
        assert 'host = "mine"' in desk.file.read_text()


async def test_a_refused_edit_of_the_file_is_kept(open_desk: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    async with open_desk() as desk:
        # GIVEN an editor that writes broken TOML, then goes on with what it finds
        seen: list[str] = []

        def edit(path: Path) -> bool:
            seen.append(path.read_text())
            path.write_text("name = \n" if len(seen) == 1 else seen[-1].replace("name = ", 'name = "Fixed"'))
            return True

        monkeypatch.setattr(desk.app, "edit_file", edit)
        # WHEN it was used THEN the screen says what is wrong, and the file is as it was
        await desk.pilot.press("escape", "e")
        assert "not taken" in desk.notice()
        assert "news.toml:1" in desk.notice()
        assert desk.file.read_text() == NEWS
        # AND the second time the text is there with the error on top; corrected, it is taken
        await desk.pilot.press("e")
        assert seen[1].startswith("#! Not saved")
        assert desk.file.read_text() == 'name = "Fixed"\n'
        # AND the form shows the file, with what the schema says about it
        assert desk.form.state.name == "Fixed"
        assert desk.shown_errors() == ["✖ this parameter is required"]


async def test_the_star_of_a_field_goes_once_it_is_filled(open_desk: Open) -> None:
    async with open_desk() as desk:
        # GIVEN a name that must be there, and is
        title = desk.form.query(".title").first(Static)
        assert str(title.content) == "Name"
        # WHEN it is taken out THEN it is marked, and no longer once something is typed
        name = desk.form.query(Line).first()
        name.value = ""
        await until(desk.pilot, lambda: str(title.content) == "Name *")
        name.value = "N"
        await until(desk.pilot, lambda: str(title.content) == "Name")


async def test_editing_the_file_saves_the_form_first(open_desk: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    async with open_desk() as desk:
        seen: list[str] = []

        def edit_file(path: Path) -> bool:
            seen.append(path.read_text())
            return True

        monkeypatch.setattr(desk.app, "edit_file", edit_file)
        await desk.type_at(HOST, "other")
        await desk.pilot.press("e")
        assert isinstance(desk.app.screen, Confirm)
        await desk.pilot.press("s")
        assert seen == [NEWS.replace("mail.example", "other")]


async def test_a_long_text_comes_back_from_the_editor(open_desk: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    async with open_desk() as desk:
        monkeypatch.setattr(desk.app, "edit_file", lambda path: bool(path.write_text("Hello\n")))
        desk.form.go_to(("parameters", "body"), edit=False)
        await desk.pilot.press("t", "s")
        assert (desk.root / "configurations/mailer/news.txt").read_text() == "Hello\n"


async def test_a_new_configuration(open_desk: Open) -> None:
    async with open_desk(ref=None) as desk:
        # GIVEN the dialog for a component
        results: list[str | None] = []
        desk.app.push_screen(NewConfigurationScreen("mailer"), results.append)
        await desk.pilot.pause()
        # WHEN a name is typed THEN the id follows it and is not one that exists
        desk.app.screen.query_one("#name", Input).value = "News"
        await desk.pilot.pause()
        assert desk.app.screen.query_one("#id", Input).value == "news-2"
        await desk.pilot.press("enter")
        # THEN the form opens; nothing is written yet, and nothing is wrong yet
        await desk.pilot.pause()
        assert desk.form.state.name == "News"
        assert desk.shown_errors() == []
        assert not (desk.root / "configurations/mailer/news-2.toml").exists()
        # AND a field that was visited is checked
        desk.form.go_to(HOST)
        await desk.pilot.pause()
        desk.form.focus()
        await desk.pilot.pause()
        assert desk.shown_errors() == ["✖ this parameter is required"]
        # AND it is saved
        await desk.type_at(HOST, "x")
        await desk.pilot.press("s", "escape")
        assert (desk.root / "configurations/mailer/news-2.toml").read_text() == (
            'name = "News"\n\n[parameters]\nhost = "x"\n'
        )
        assert results == ["mailer/news-2"]


async def test_a_new_configuration_with_its_component_chosen(open_desk: Open) -> None:
    async with open_desk(ref=None, size=NARROW) as desk:
        desk.app.push_screen(NewConfigurationScreen())
        await desk.pilot.pause()
        screen = desk.app.screen
        assert isinstance(screen, NewConfigurationScreen)
        first = screen.component
        await desk.pilot.press("down")
        assert screen.component != first
        # AND an impossible id is refused with a sentence
        screen.query_one("#name", Input).value = "X"
        screen.query_one("#id", Input).value = "a/b"
        await desk.pilot.press("enter")
        assert desk.app.screen is screen
        assert "Letters, digits" in str(screen.query_one("#hint", Static).render())


async def test_a_new_configuration_that_is_not_saved_is_nothing(open_desk: Open) -> None:
    async with open_desk(ref=None) as desk:
        results: list[str | None] = []
        desk.app.push_screen(NewConfigurationScreen("mailer"), results.append)
        await desk.pilot.pause()
        desk.app.screen.query_one("#name", Input).value = "Other"
        await desk.pilot.press("enter", "escape", "escape")
        await desk.pilot.pause()
        assert results == [None]
        assert not (desk.root / "configurations/mailer/other.toml").exists()


async def test_duplicate(open_desk: Open) -> None:
    async with open_desk() as desk:
        await desk.pilot.press("escape", "y")
        assert isinstance(desk.app.screen, Prompt)
        desk.app.screen.dismiss("Second [news]")
        await desk.pilot.pause()
        await desk.pilot.pause()
        # THEN the copy is open, with a file and a text of its own
        assert desk.screen.editor.ref == "mailer/second-news"
        assert (desk.root / "configurations/mailer/second-news.txt").read_text() == "Dear all,\n"


async def test_renaming_the_id_follows_into_orchestrations(open_desk: Open) -> None:
    async with open_desk() as desk:
        await desk.pilot.press("escape", "c")
        assert isinstance(desk.app.screen, Prompt)
        desk.app.screen.dismiss("letters")
        await desk.pilot.pause()
        await desk.pilot.pause()
        assert "orchestrations/nightly.toml" in desk.notice()
        assert 'configuration = "mailer/letters"' in (desk.root / "orchestrations/nightly.toml").read_text()
        assert desk.screen.editor.ref == "mailer/letters"
        # AND it can be edited on
        await desk.type_at(HOST, "x")
        assert await desk.screen.saving.save()
        assert 'host = "x"' in (desk.root / "configurations/mailer/letters.toml").read_text()


async def test_delete_is_refused_while_a_task_runs_it(open_desk: Open) -> None:
    async with open_desk() as desk:
        await desk.pilot.press("escape", "X")
        assert isinstance(desk.app.screen, UsedByScreen)
        assert "Nightly" in desk.text()
        # AND Enter opens the orchestration at the task
        await desk.pilot.press("enter")
        await desk.pilot.pause()
        bench = desk.app.screen
        assert isinstance(bench, WorkbenchScreen)
        item = bench.phase_tree.item
        assert item is not None
        assert item.id == "news"


async def test_used_by_goes_back_to_the_workbench_that_is_open(open_desk: Open) -> None:
    async with open_desk(ref=None) as desk:
        # GIVEN a workbench, and the configuration opened from it
        desk.app.open_workbench("nightly")
        await desk.pilot.pause()
        bench = desk.app.screen
        desk.app.push_screen(ConfigurationScreen("mailer/news"))
        await desk.pilot.pause()
        # WHEN the task is chosen THEN the same workbench is there, not a second one
        await desk.pilot.press("escape", "w", "enter")
        await desk.pilot.pause()
        assert desk.app.screen is bench
        assert not any(isinstance(one, ConfigurationScreen) for one in desk.app.screen_stack)


async def test_delete_moves_the_file_to_the_trash(open_desk: Open) -> None:
    async with open_desk(**{"orchestrations/nightly.toml": 'name = "Nightly"\n'}) as desk:
        await desk.pilot.press("escape", "X")
        assert isinstance(desk.app.screen, Confirm)
        await desk.pilot.press("d")
        await desk.pilot.pause()
        assert not desk.file.exists()
        assert [path.read_text() for path in (desk.root / ".orch/trash").rglob("news.toml")] == [NEWS]
        assert not isinstance(desk.app.screen, ConfigurationScreen)


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"configurations/mailer/news.toml": "name = \n"}, "broken TOML"),
        ({"components/mailer.toml": "name ="}, 'no component "mailer"'),
        ({"configurations/mailer/news.toml": 'name = "N"\n[parameters]\nbody = { file = "x.txt" }\n'}, "x.txt"),
    ],
)
async def test_what_cannot_be_a_form_is_shown_as_a_file(open_desk: Open, files: dict[str, str], said: str) -> None:
    async with open_desk(**files) as desk:
        assert desk.screen.form is None
        assert said in desk.notice()
        # AND no key of the form does harm
        before = desk.file.read_text()
        await desk.pilot.press("s", "u", "i", "t", "y", "escape")
        assert desk.file.read_text() == before


HOSTILE = "[/x] [@click=app.quit] \\u001b]52;c;aGk=\\u0007 \\u202e 🚀"


async def test_hostile_texts_do_no_harm(open_desk: Open) -> None:
    # GIVEN a component, a configuration and an orchestration full of markup and escape sequences
    schema = MAILER.replace('title = "Host"', f'title = "{HOSTILE}"\ndescription = "{HOSTILE}"\ndefault = "{HOSTILE}"')
    schema = schema.replace('name = "Mailer"', f'name = "{HOSTILE}"')
    schema += f'\n[schema.properties.mode]\nenum = ["{HOSTILE}", "b"]\ndefault = "{HOSTILE}"\n'
    news = NEWS.replace('"News"', f'"{HOSTILE}"').replace("mail.example", HOSTILE)
    nightly = f'name = "{HOSTILE}"\n[[phases]]\nname = "{HOSTILE}"\n[[phases.tasks]]\nconfiguration = "mailer/news"\n'
    files = {
        "components/mailer.toml": schema,
        "configurations/mailer/news.toml": news,
        "orchestrations/nightly.toml": nightly,
    }
    async with open_desk(**files) as desk:
        # THEN the form is there, the brackets are to be seen, and the controls are gone
        assert desk.screen.form is not None
        await desk.pilot.press("down", "down", "escape", "w", "escape")
        text = desk.text()
        assert "[@click=app.quit]" in text
        assert "\x1b" not in text
        assert "\u202e" not in str(desk.screen.query_one("#about", Static).render())


async def test_by_mouse(open_desk: Open) -> None:
    schema = MAILER + '\n[schema.properties.fast]\ntype = "boolean"\ndefault = true\n'
    async with open_desk(**{"components/mailer.toml": schema}) as desk:
        # WHEN a yes/no, a button and a field are clicked
        toggle = desk.form.query_one(YesNo)
        await desk.pilot.click(toggle)
        assert desk.form.state.texts[("fast",)] == "false"
        await desk.pilot.click("#add-outputs")
        assert [row.kind for row in desk.form.query(TableRow)] == ["inputs", "outputs"]
        await desk.pilot.click(desk.form.query(".remove").last())
        assert [row.kind for row in desk.form.query(TableRow)] == ["inputs"]
        await desk.pilot.click([one for one in desk.form.query(LongText) if one.region][-1])
        assert isinstance(desk.app.focused, LongText)
        # AND the title of a field takes the cursor into it
        row = next(row for row in desk.form.query(Row) if any(one.place == HOST for one in row.editors()))
        await desk.pilot.click(row.query_one(".title"))
        assert getattr(desk.app.focused, "place", None) == HOST


async def test_nothing_is_painted_when_nothing_changes(open_desk: Open) -> None:
    async with open_desk() as desk:
        # THEN no cursor blinks and no timer runs in the form
        desk.form.go_to(HOST)
        await desk.pilot.pause()
        assert all(not one.cursor_blink for one in desk.form.query(Input))
        assert all(not one.cursor_blink for one in desk.form.query(LongText))


Shot = Callable[..., Awaitable[None]]


def prepared(ref: str | None) -> Callable[[Pilot[Any]], Awaitable[None]]:
    async def run_before(pilot: Pilot[Any]) -> None:
        app = pilot.app
        assert isinstance(app, OrchApp)
        screen = ConfigurationScreen(ref) if ref is not None else NewConfigurationScreen()
        app.push_screen(screen)
        await pilot.pause()
        if isinstance(screen, ConfigurationScreen) and screen.form is not None:
            screen.form.go_to(("parameters", "port"))
            await pilot.pause()
            editor = screen.form.editor(("parameters", "port"))
            assert editor is not None
            editor.text = "70000"
            await pilot.pause()
            screen.form.focus()
        await pilot.pause()

    return run_before


@pytest.mark.parametrize(
    ("size", "ref"),
    [(WIDE, "mailer/news"), (NARROW, "mailer/news"), (NARROW, None)],
    ids=["wide", "narrow", "new"],
)
def test_pictures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, snap_compare: Any, size: tuple[int, int], ref: str | None
) -> None:
    monkeypatch.delenv("MAIL_PASSWORD", raising=False)
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("COLORTERM", "truecolor")
    app = OrchApp(make_project(tmp_path))
    assert snap_compare(app, terminal_size=size, run_before=prepared(ref))


async def test_only_fields_that_the_choice_needs_are_shown(open_desk: Open) -> None:
    items = '[parameters]\nbase_url = "https://api.example"\n[parameters.auth]\ntype = "basic"\nusername = "me"\n'
    async with open_desk(
        ref="http-extractor/items", size=WIDE, **{"configurations/http-extractor/items.toml": items}
    ) as desk:

        def shown() -> set[str]:
            places = [editor.place for row in desk.form.rows() for editor in row.editors()]
            return {place[-1] for place in places if place[:2] == ("parameters", "auth")}

        # GIVEN a form whose authentication has a user: its password can be given too, a token cannot
        assert shown() == {"type", "username", "password"}
        # WHEN another kind is chosen
        await desk.type_at(("parameters", "auth", "type"), "bearer")
        # THEN it has its field, and the user that is written stays in sight
        assert shown() == {"type", "username", "token"}
        # AND the cursor goes over what is not shown
        desk.form.go_to(("parameters", "auth", "type"), edit=False)
        await desk.pilot.press("j")
        assert desk.form.current is not None and desk.form.current.editors()[0].place[-1] in ("token", "username")
        # WHEN the choice is undone THEN the form is as it was
        await desk.pilot.press("u")
        assert shown() == {"type", "username", "password"}


ITEMS = '[parameters]\nbase_url = "https://api.example"\n'


@pytest.mark.parametrize("size", [NARROW, WIDE, (200, 50)])
async def test_fields_at_their_default_are_folded(open_desk: Open, size: tuple[int, int]) -> None:
    files = {"configurations/http-extractor/items.toml": ITEMS}
    async with open_desk(ref="http-extractor/items", size=size, **files) as desk:

        def places() -> list[tuple[str, ...]]:
            return [editor.place for row in desk.form.rows() for editor in row.editors()]

        # GIVEN a component with many parameters, of which one is set
        assert ("parameters", "base_url") in places() and len(places()) < 12
        assert "more, at their defaults:" in desk.text()
        # WHEN the cursor comes to the fold, and letters are typed there THEN nothing happens
        fold = next(row for row in desk.form.rows() if isinstance(row, FoldRow))
        while desk.form.current is not fold:
            await desk.pilot.press("down")
        before = places()
        await desk.pilot.press("s", "o", "X")
        assert places() == before and not desk.screen.editing.unsaved and not isinstance(desk.app.screen, Confirm)
        # WHEN it is opened THEN its fields are there, and the cursor is in the first of them
        await desk.pilot.press("enter")
        assert len(places()) > len(before) and not fold.display
        assert getattr(desk.app.focused, "place", None) not in before and desk.form.editing
        # AND a field that is still folded is shown when something is wrong with it
        hidden = next(row for row in desk.form.all_rows() if row.places and not row.display)
        place = hidden.editors()[0].place
        desk.form.show_errors({place: ["it is wrong"]})
        assert hidden.display
        # AND when the cursor is sent there
        another = next(row for row in desk.form.all_rows() if row.places and not row.display)
        desk.form.go_to(another.editors()[0].place)
        await desk.pilot.pause()
        assert another.display and desk.form.current is another


async def test_a_field_that_was_never_seen_has_its_text_when_it_is(open_desk: Open) -> None:
    files = {"configurations/http-extractor/items.toml": ITEMS}
    async with open_desk(ref="http-extractor/items", **files) as desk:
        # GIVEN fields that are folded: no widget was made of them
        place = ("parameters", "timeout")
        row = next(row for row in desk.form.all_rows() if place in row.places)
        assert not row.display and not row.is_attached
        # WHEN the form gets another text of one of them, which is to be seen then
        await desk.screen.editing.put(desk.form.state.with_text(place, "45"), "change")
        await desk.pilot.pause()
        # THEN it stands in its place, among the rows of its section
        editor = desk.form.editor(place)
        assert editor is not None and editor.is_attached and editor.text == "45"
        shown = [row for row in desk.form.rows() if row.is_attached]
        assert shown == sorted(shown, key=lambda one: one.region.y)
        # AND undo takes it back there
        await desk.pilot.press("escape", "u")
        assert editor.text == ""


async def test_a_short_form_has_no_fold(open_desk: Open) -> None:
    async with open_desk() as desk:
        assert not any(row.display for row in desk.form.query(FoldRow))


async def test_the_form_shows_rows_and_takes_edits_of_them(tmp_path: Path) -> None:
    # GIVEN a configuration with a row
    rows = '\n[[rows]]\nid = "people"\n\n[rows.parameters]\nport = 26\n'
    project = make_project(tmp_path, **{"configurations/mailer/news.toml": NEWS + rows})
    app = OrchApp(project)
    async with app.run_test(size=WIDE) as pilot:
        app.open_configuration("mailer/news")
        await pilot.pause()
        desk = Desk(app, pilot, tmp_path)
        editor = desk.form.editor(("rows",))
        assert editor is not None and 'id = "people"' in editor.text
        # WHEN it is edited and saved
        await desk.type_at(("rows",), editor.text.replace("26", "27"))
        await pilot.press("s")
        await pilot.pause()
        # THEN
        assert desk.file.read_text() == NEWS + rows.replace("26", "27")


async def test_checks_come_with_the_first_output_table_and_are_saved(tmp_path: Path) -> None:
    # GIVEN a configuration that writes no table: there is nothing to be checked
    app = OrchApp(make_project(tmp_path))
    async with app.run_test(size=WIDE) as pilot:
        app.open_configuration("mailer/news")
        await pilot.pause()
        desk = Desk(app, pilot, tmp_path)
        shown = next(row for row in desk.form.all_rows() if ("checks",) in row.places)
        assert not shown.display
        # WHEN it gets one, and a check
        await desk.form.add_row("outputs")
        await desk.type_at(("outputs", "0", "table"), "mart/sent")
        assert shown.display
        await desk.type_at(("checks",), "[[checks]]\nlearned = true\n")
        await pilot.press("s")
        await pilot.pause()
        # THEN both are in the file
        assert 'table = "mart/sent"\n' in desk.file.read_text()
        assert "[[checks]]\nlearned = true\n" in desk.file.read_text()


async def test_a_text_that_goes_on_has_a_sign_unless_it_is_typed(open_desk: Open) -> None:
    async with open_desk() as desk:
        # GIVEN a host too long for its field, whose cursor is elsewhere
        host = desk.form.editor(HOST)
        assert isinstance(host, Line)
        host.value = "mail." * 40
        host.cursor_position = 0
        await desk.pilot.pause()

        # THEN its end has a sign, which goes while it has the cursor
        def row() -> str:
            return str(next(row for row in desk.text().split("\n") if "mail.mail" in row))

        assert "…" in row()
        host.focus()
        await desk.pilot.pause()
        assert "…" not in row()
