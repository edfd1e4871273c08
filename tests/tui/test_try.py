"""A configuration tried from its form."""

from __future__ import annotations

from pathlib import Path

import pytest
from orch_tui.tui.configuration.form.inputs import LongText
from orch_tui.tui.configuration.screen import ConfigurationScreen
from orch_tui.tui.configuration.trial_result import TrialShown
from orch_tui.tui.dialogs.confirm import Confirm
from textual.widgets import DataTable, Static

from tests.tui.driving import text_of, until
from tests.tui.settling import Threads
from tests.tui.test_code_field import SQL, field, form_of, store

RESULT = "create table result as select campaign_id, cost * 2 as cost, 'a [b]' as note from campaigns"
WRITER = '[parameters]\npath = "out.csv"\n[[inputs]]\ntable = "marketing/campaigns"\n'


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 50)])
async def test_the_result_is_shown_as_a_table(tmp_path: Path, size: tuple[int, int]) -> None:
    store(tmp_path)
    async with form_of(tmp_path, "sql/some", size) as (pilot, form):
        screen = pilot.app.screen
        assert isinstance(screen, ConfigurationScreen)
        # GIVEN SQL that is not saved
        form.go_to(SQL)
        field(form, SQL).text = RESULT
        # WHEN it is tried from within the field
        await pilot.press("f5")
        await until(pilot, lambda: isinstance(pilot.app.screen, TrialShown), "the result")
        # THEN its rows are there, markup is text, numbers stand at the right
        await pilot.pause()
        shown = text_of(pilot)
        assert "a/result" in shown and "1 row" in shown and "a [b]" in shown and "nothing was published" in shown
        assert pilot.app.screen.query_one(DataTable).get_row_at(0)[1].justify == "right"
        # AND neither file nor storage was touched, and what the try wrote is gone
        assert "select 1" in (tmp_path / "configurations/sql/some.toml").read_text()
        assert not (tmp_path / ".orch/storage/a").exists()
        await until(pilot, lambda: not list((tmp_path / ".orch").glob("tmp/*")), "nothing left")
        # AND Esc leads back into the form
        await pilot.press("escape")
        await pilot.pause()
        assert pilot.app.screen is screen and "tried in" in str(screen.query_one("#notice", Static).render())


async def test_a_try_that_fails_has_its_error_at_the_line(tmp_path: Path) -> None:
    store(tmp_path)
    async with form_of(tmp_path, "sql/some") as (pilot, form):
        # WHEN SQL fails on its second line
        form.go_to(SQL)
        field(form, SQL).text = "create table result as\nselect nope from campaigns"
        await pilot.press("escape", "R")
        await until(pilot, lambda: "✖" in str(pilot.app.screen.query_one("#notice", Static).render()), "the end")
        # THEN the cursor is there
        await pilot.pause()
        editor = pilot.app.focused
        assert isinstance(editor, LongText) and editor.place == SQL and editor.cursor_location == (1, 0)
        assert any("nope" in str(one.render()) for one in form.query(".error").results(Static))


async def test_a_writer_is_asked_about_first(tmp_path: Path) -> None:
    (tmp_path / "configurations/file-writer").mkdir(parents=True)
    (tmp_path / "configurations/file-writer/some.toml").write_text(f'name = "W"\n{WRITER}')
    store(tmp_path)
    async with form_of(tmp_path, "file-writer/some") as (pilot, _):
        # WHEN a writer is tried THEN the person is asked, and nothing is written without a yes
        await pilot.press("escape", "R")
        await until(pilot, lambda: isinstance(pilot.app.screen, Confirm), "the question")
        await pilot.press("k")
        await pilot.pause()
        assert not (tmp_path / "out.csv").exists()
        # AND with a yes it writes
        await pilot.press("R")
        await until(pilot, lambda: isinstance(pilot.app.screen, Confirm), "the question")
        await pilot.press("t")
        await until(pilot, lambda: isinstance(pilot.app.screen, TrialShown), "the result")
        await pilot.pause()
        assert (tmp_path / "out.csv").read_text().startswith("campaign_id")


async def test_leaving_the_screen_ends_the_program(tmp_path: Path, waiting: Threads) -> None:
    (tmp_path / "configurations/command").mkdir(parents=True)
    (tmp_path / "configurations/command/slow.toml").write_text(
        'name = "S"\n[parameters]\ncommand = "echo $$ > began; sleep 100"\n'
    )
    async with form_of(tmp_path, "command/slow") as (pilot, _):
        screen = pilot.app.screen
        assert isinstance(screen, ConfigurationScreen)
        waiting.ignore()
        await pilot.press("f5")
        await until(pilot, lambda: isinstance(pilot.app.screen, Confirm) or screen.programs.trial.running, "the start")
        if isinstance(pilot.app.screen, Confirm):
            await pilot.press("t")
        began = tmp_path / "began"
        await until(pilot, lambda: began.exists() and began.read_text().strip(), "the program")
        pid = int(began.read_text())
        # WHEN Esc is pressed THEN the try ends, and not the screen
        await pilot.press("escape")
        await until(pilot, lambda: not screen.programs.trial.running, "the end")
        assert pilot.app.screen is screen and "cancelled" in str(screen.query_one("#notice", Static).render())
        assert not Path(f"/proc/{pid}").exists()
