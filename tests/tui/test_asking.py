"""The configuration form asks the component for what it offers for a field."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from orch_tui.tui.app import OrchApp
from orch_tui.tui.configuration.screen import ConfigurationScreen
from orch_tui.tui.dialogs.pick import Pick
from orch_tui.tui.dialogs.prompt import Prompt
from textual.pilot import Pilot
from textual.widgets import Static

from tests.tui.driving import until
from tests.tui.settling import Threads
from tests.unit.tui.configuration.test_editor import make_project

# Lists what it has for the host on the form, says no, or has no list.
PROGRAM = """
import json, os, pathlib, sys, time
config = json.loads((pathlib.Path(os.environ["KBC_DATADIR"]) / "config.json").read_text())
host = config["parameters"]["host"]
if host == "silent":
    pathlib.Path("beginning").write_text("")
    os.rename("beginning", "began")
    time.sleep(100)
if host == "wrong":
    sys.exit("the service refuses it")
if config["action"] == "sayHello":
    print(json.dumps({"status": "success", "message": "hello"}))
else:
    print("looking")
    print(json.dumps([{"value": "orders", "label": "Orders of " + host}, {"value": "[b]", "label": "[b]"}, "plain"]))
"""
COMPONENT = """
name = "Shop"
type = "extractor"
command = ["{python}", "{component_dir}/shop.py"]
actions = ["testConnection", "listTables", "sayHello"]
[schema]
type = "object"
[schema.properties.host]
type = "string"
[schema.properties.tables]
type = "array"
items.type = "string"
[schema.properties.body]
type = "object"
"""
FILES = {
    "components/shop.toml": COMPONENT,
    "components/shop.py": PROGRAM,
    "configurations/shop/main.toml": (
        'name = "Main"\n[parameters]\nhost = "db.example"\ntables = ["people"]\n[parameters.body]\na = 1\n'
    ),
}


class Desk:
    def __init__(self, app: OrchApp, pilot: Pilot[Any]) -> None:
        self.app, self.pilot = app, pilot

    @property
    def screen(self) -> ConfigurationScreen:
        return next(one for one in self.app.screen_stack if isinstance(one, ConfigurationScreen))

    def notice(self) -> str:
        return str(self.screen.query_one("#notice", Static).render())

    async def ask(self, field: str, action: str = "listTables") -> None:
        """Press the key with the cursor on the field, and choose an action."""
        form = self.screen.form
        assert form is not None
        form.go_to(("parameters", field), edit=False)
        await self.pilot.pause()
        await self.pilot.press("a")
        await until(self.pilot, lambda: isinstance(self.app.screen, Pick))
        await self.pilot.press(*action, "enter")

    async def take(self, typed: str) -> None:
        await until(self.pilot, lambda: isinstance(self.app.screen, Pick) and self._title.startswith("listTables"))
        await self.pilot.press(*typed, "enter")
        await until(self.pilot, lambda: self.app.screen is self.screen)
        await self.pilot.pause()

    @property
    def _title(self) -> str:
        return str(self.app.screen.query_one("#dialog").border_title)

    def text(self, field: str) -> str:
        form = self.screen.form
        assert form is not None
        return form.state.texts[(field,)]


@asynccontextmanager
async def opened(tmp_path: Path, ref: str = "shop/main") -> AsyncIterator[Desk]:
    app = OrchApp(make_project(tmp_path, **FILES))
    async with app.run_test(size=(120, 40)) as pilot:
        app.push_screen(ConfigurationScreen(ref))
        await pilot.pause()
        yield Desk(app, pilot)


async def test_what_is_chosen_goes_into_the_field(tmp_path: Path) -> None:
    async with opened(tmp_path) as desk:
        # WHEN a list is asked for with the cursor on a line, and one is chosen, THEN it is what the line says
        await desk.ask("host")
        await desk.take("of db")
        assert desk.text("host") == "orders" and desk.notice() == ""
        # AND one key takes it back
        await desk.pilot.press("u")
        await until(desk.pilot, lambda: desk.text("host") == "db.example")
        # WHEN the cursor is on a list, THEN it is one more entry of it
        await desk.ask("tables")
        await desk.take("plain")
        assert desk.text("tables") == "people\nplain"
        # WHEN it is on a text of TOML, THEN it stands at its cursor, as TOML writes it
        await desk.ask("body")
        await desk.take("[b]")
        assert desk.text("body") == '"[b]"a = 1'


async def test_an_answer_that_is_no_list_is_told(tmp_path: Path) -> None:
    async with opened(tmp_path) as desk:
        # WHEN the answer is a message, THEN it is shown; when it is no, THEN why
        await desk.ask("host", "sayHello")
        await until(desk.pilot, lambda: "hello" in desk.notice())
        form = desk.screen.form
        assert form is not None
        await desk.screen.editing.put(form.state.with_text(("parameters", "host"), "wrong"), "test")
        await desk.ask("host")
        await until(desk.pilot, lambda: "✖ the service refuses it" in desk.notice())
        assert not list((tmp_path / ".orch").glob("tmp/*"))


async def test_a_question_is_broken_off_by_escape(tmp_path: Path, waiting: Threads) -> None:
    waiting.ignore()
    async with opened(tmp_path) as desk:
        # GIVEN a program that does not answer
        form = desk.screen.form
        assert form is not None
        await desk.screen.editing.put(form.state.with_text(("parameters", "host"), "silent"), "test")
        await desk.ask("host")
        await until(desk.pilot, lambda: (tmp_path / "began").exists())
        assert "Asking listTables…" in desk.notice() and "Esc cancels it" in desk.notice()
        # WHEN
        await desk.pilot.press("escape")
        # THEN the form is there, and the program is gone
        await until(desk.pilot, lambda: "✖ cancelled" in desk.notice())
        assert desk.app.screen is desk.screen


async def test_where_nothing_can_be_asked_there_is_no_such_key(tmp_path: Path) -> None:
    async with opened(tmp_path, "mailer/news") as desk:
        assert desk.screen.check_action("ask", ()) is False
        assert desk.screen.form is not None
        desk.screen.form.focus()
        await desk.pilot.press("a")
        await desk.pilot.pause()
        assert desk.app.screen is desk.screen and desk.notice() == ""


async def test_of_a_program_of_keboola_the_actions_are_found_in_its_code(tmp_path: Path) -> None:
    # GIVEN a program of Keboola's library that is never started here
    source = tmp_path / "ex" / "src" / "component.py"
    source.parent.mkdir(parents=True)
    source.write_text('@sync_action("testConnection")\ndef a(): ...\n@sync_action("loadAccounts")\ndef b(): ...\n')
    (tmp_path / "components").mkdir()
    (tmp_path / "components" / "acme.ex.toml").write_text(
        'runner = "keboola"\n[defaults]\nvenv = "none"\nprogram = "ex/src/component.py"\n'
    )
    (tmp_path / "configurations" / "acme.ex").mkdir(parents=True)
    (tmp_path / "configurations" / "acme.ex" / "one.toml").write_text("[parameters.parameters]\na = 1\n")
    async with opened(tmp_path, "acme.ex/one") as desk:
        # WHEN it is asked, THEN what its code marks is offered, and any other name
        assert desk.screen.form is not None
        desk.screen.form.focus()
        await desk.pilot.press("a")
        await until(desk.pilot, lambda: isinstance(desk.app.screen, Pick))
        picked = desk.app.screen
        assert isinstance(picked, Pick)
        assert [one.label for one in picked.list.shown] == ["loadAccounts", "another one…"]
        await desk.pilot.press(*"another", "enter")
        await until(desk.pilot, lambda: isinstance(desk.app.screen, Prompt))
        await desk.pilot.press(*"listFolders", "enter")
        # THEN the program's own trouble is told
        await until(desk.pilot, lambda: "there is no virtual environment none" in _notice(desk.app))


def _notice(app: OrchApp) -> str:
    return str(app.screen.query_one("#notice", Static).render()) if isinstance(app.screen, ConfigurationScreen) else ""


@pytest.fixture(autouse=True)
def _secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DB_PASSWORD", "hunter2hunter2")
