"""The configuration form asks whether the connection works."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from orch_tui.tui.app import OrchApp
from orch_tui.tui.configuration.connection import table_for
from orch_tui.tui.configuration.form.state import OutputRow
from orch_tui.tui.configuration.screen import ConfigurationScreen
from orch_tui.tui.dialogs.confirm import Confirm
from textual.pilot import Pilot
from textual.widgets import Static

from tests.tui.driving import until
from tests.tui.settling import Threads
from tests.unit.tui.configuration.test_editor import make_project

# Answers with the host that config.json has, or not at all.
PROGRAM = """
import json, os, pathlib, sys, time
config = json.loads((pathlib.Path(os.environ["KBC_DATADIR"]) / "config.json").read_text())
host = config["parameters"]["host"]
assert config["action"] == "testConnection"
if host == "silent":
    pathlib.Path("beginning").write_text(str(os.getpid()))
    os.rename("beginning", "began")
    time.sleep(100)
if host == "wrong":
    sys.exit(f"{host} refused the password {os.environ['DB_PASSWORD']}; correct it in .env")
columns = {"columns": ["Main_ID", "name"]} if host == "table" else {}
print(json.dumps({"status": "success", "message": f"connected to {host}", **columns}))
"""
COMPONENT = """
name = "Database"
type = "extractor"
command = ["{python}", "{component_dir}/database.py"]
actions = ["testConnection"]
[schema]
type = "object"
required = ["host"]
[schema.properties.host]
type = "string"
minLength = 3
[schema.properties.password]
type = "string"
x-secret = true
"""
FILES = {
    "components/database.toml": COMPONENT,
    "components/database.py": PROGRAM,
    "configurations/database/main.toml": (
        'name = "Main"\n[parameters]\nhost = "db.example"\npassword = "${DB_PASSWORD}"\n'
    ),
}
HOST = ("parameters", "host")


class Desk:
    def __init__(self, app: OrchApp, pilot: Pilot[Any], root: Path) -> None:
        self.app, self.pilot, self.root = app, pilot, root

    @property
    def screen(self) -> ConfigurationScreen:
        return next(one for one in self.app.screen_stack if isinstance(one, ConfigurationScreen))

    def notice(self) -> str:
        return str(self.screen.query_one("#notice", Static).render())

    async def type_host(self, text: str) -> None:
        form = self.screen.form
        assert form is not None
        form.go_to(HOST)
        await self.pilot.pause()
        editor = form.editor(HOST)
        assert editor is not None
        editor.text = text
        await self.pilot.pause()
        form.focus()
        await self.pilot.pause()

    async def until(self, true: Callable[[], bool]) -> None:
        """Wait for what another process does."""
        await until(self.pilot, true)


Open = Callable[..., Any]


@pytest.fixture
def open_desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Open:
    monkeypatch.setenv("DB_PASSWORD", "hunter2hunter2")

    @asynccontextmanager
    async def opened(ref: str = "database/main", size: tuple[int, int] = (120, 40)) -> AsyncIterator[Desk]:
        project = make_project(tmp_path, **FILES)
        app = OrchApp(project)
        async with app.run_test(size=size) as pilot:
            app.push_screen(ConfigurationScreen(ref))
            await pilot.pause()
            yield Desk(app, pilot, tmp_path)

    return opened


async def test_the_saved_configuration_is_tested(open_desk: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    notices: list[str] = []
    notice = ConfigurationScreen.notice

    def kept(screen: ConfigurationScreen, text: str) -> None:
        notices.append(text)
        notice(screen, text)

    monkeypatch.setattr(ConfigurationScreen, "notice", kept)
    async with open_desk() as desk:
        # WHEN the key is pressed
        await desk.pilot.press("escape", "T")
        # THEN the screen says what it does, and then what answered
        assert any("Testing the connection… 0 s. Esc cancels it." in text for text in notices)
        await desk.until(lambda: "✔" in desk.notice())
        assert "✔ connected to db.example (" in desk.notice()
        # AND nothing of the question is left
        assert not list((desk.root / ".orch").glob("tmp/*")) and not (desk.root / ".orch/runs").exists()


async def test_what_is_on_the_form_counts_not_what_is_saved(open_desk: Open) -> None:
    async with open_desk() as desk:
        # GIVEN an edit that is not saved
        await desk.type_host("wrong")
        # WHEN it is tested
        await desk.pilot.press("T")
        await desk.until(lambda: "✖" in desk.notice())
        # THEN the sentence is about the edit, without the secret, and the file is as it was
        assert "✖ wrong refused the password *****; correct it in .env (" in desk.notice()
        assert "db.example" in (desk.root / "configurations/database/main.toml").read_text()
        assert desk.screen.editing.unsaved


async def test_a_mistake_on_the_form_is_shown_instead(open_desk: Open) -> None:
    async with open_desk() as desk:
        # GIVEN a text that is too short
        await desk.type_host("x")
        # WHEN it is tested THEN nothing is started
        await desk.pilot.press("T")
        await desk.pilot.pause()
        assert not desk.screen.programs.connection.running
        assert "Not tested" in "\n".join(one.message for one in desk.app._notifications)


async def test_a_secret_without_a_value_is_said(open_desk: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DB_PASSWORD")
    async with open_desk() as desk:
        # WHEN it is tested
        await desk.pilot.press("escape", "T")
        await desk.until(lambda: "✖" in desk.notice())
        # THEN
        assert "secret DB_PASSWORD is not set" in desk.notice()


async def test_escape_cancels_the_test_and_not_the_screen(open_desk: Open, waiting: Threads) -> None:
    async with open_desk() as desk:
        # GIVEN a program that does not answer
        await desk.type_host("silent")
        waiting.ignore()
        await desk.pilot.press("T")
        await desk.until((desk.root / "began").exists)
        # WHEN Esc is pressed
        await desk.pilot.press("escape")
        await desk.until(lambda: not desk.screen.programs.connection.running)
        # THEN the program is gone, and the form is still there
        assert "✖ cancelled" in desk.notice()
        assert desk.app.screen is desk.screen and desk.screen.editing.unsaved


async def test_the_key_is_there_only_where_it_does_something(open_desk: Open) -> None:
    # GIVEN a component without the action
    async with open_desk("mailer/news") as desk:
        # THEN there is no hint, and the key says why
        shown = {binding.action for _, binding, enabled, _ in desk.app.screen.active_bindings.values() if enabled}
        assert "test_connection" not in shown
        await desk.pilot.press("escape", "T")
        assert not desk.screen.programs.connection.running
        assert any("no connection that could be tested" in one.message for one in desk.app._notifications)
    # GIVEN one with it THEN there is
    async with open_desk() as desk:
        await desk.pilot.press("escape")
        shown = {binding.action for _, binding, enabled, _ in desk.app.screen.active_bindings.values() if enabled}
        assert "test_connection" in shown


async def test_quitting_ends_the_program_that_was_asked(open_desk: Open, waiting: Threads) -> None:
    async with open_desk() as desk:
        # GIVEN a program that does not answer
        await desk.type_host("silent")
        waiting.ignore()
        await desk.pilot.press("T")
        await desk.until((desk.root / "began").exists)
        pid = int((desk.root / "began").read_text())
        # WHEN the whole screen is left
        desk.app.exit()
    # THEN it goes too; a thread of ours waits for that
    async with asyncio.timeout(20):
        while Path(f"/proc/{pid}").exists() or list((desk.root / ".orch").glob("tmp/*")):
            await asyncio.sleep(0.02)
    assert not list((desk.root / ".orch").glob("tmp/*"))


async def test_what_was_found_is_offered_as_an_output_table(open_desk: Open) -> None:
    async with open_desk() as desk:
        await desk.type_host("table")
        # WHEN the program tells the columns of what came, and the form has no output yet
        await desk.pilot.press("T")
        await desk.until(lambda: isinstance(desk.app.screen, Confirm))
        await desk.pilot.press("a")
        await desk.until(lambda: bool(desk.screen.form and desk.screen.form.state.outputs))
        # THEN the table is there with its key, and can be taken back
        assert desk.screen.form is not None
        assert desk.screen.form.state.outputs == (OutputRow("", "database/main", primary_key="Main_ID"),)
        await desk.pilot.press("u")
        await desk.until(lambda: desk.screen.form is not None and not desk.screen.form.state.outputs)
        # WHEN it is declined THEN nothing is added
        await desk.pilot.press("T")
        await desk.until(lambda: isinstance(desk.app.screen, Confirm))
        await desk.pilot.press("n")
        await desk.until(lambda: not isinstance(desk.app.screen, Confirm))
        assert not desk.screen.form.state.outputs


@pytest.mark.parametrize(
    ("name", "columns", "row"),
    [
        ("Orders", ["id", "total"], OutputRow("", "http/orders", primary_key="id")),
        ("Paid Campaigns", ["paidCampaignId", "x"], OutputRow("", "http/paid_campaigns", primary_key="paidCampaignId")),
        ("", ["total"], OutputRow("", "http/the_orders")),
        ("Orders", [], None),
    ],
    ids=["id", "own id", "no key", "nothing"],
)
def test_the_table_that_is_offered(name: str, columns: list[str], row: OutputRow | None) -> None:
    assert table_for(name, "http-extractor/the-orders", columns) == row
