"""A project of Keboola brought in from the list of orchestrations."""

from __future__ import annotations

from pathlib import Path

from orch_tui.tui.app import OrchApp
from orch_tui.tui.dialogs.prompt import Prompt
from orch_tui.tui.home.screen import HomeScreen
from orch_tui.tui.importing.report import ImportReport
from textual.pilot import Pilot
from textual.widgets import Input, Static

from tests.support.keboola_projects import branching_flow, bring_in, empty_project, legacy_orchestrator, write_json
from tests.tui.driving import said, text_of, until


async def _ask(pilot: Pilot[int], source: str) -> None:
    await pilot.press("I")
    await until(pilot, lambda: isinstance(pilot.app.screen, Prompt))
    pilot.app.screen.query_one(Input).value = source
    await pilot.press("enter")


def _details(app: OrchApp) -> str:
    screen = app.screen_stack[0]
    assert isinstance(screen, HomeScreen)
    return str(screen.query_one("#details", Static).content)


async def test_an_import_shows_its_report_and_is_written_by_enter(tmp_path: Path) -> None:
    # GIVEN
    project = empty_project(tmp_path / "here")
    flow = branching_flow()
    flow["tasks"][0]["task"]["tag"] = "1.2.3"
    write_json(project.root / "daily.json", flow)
    app = OrchApp(project)
    async with app.run_test(size=(120, 40)) as pilot:
        # WHEN a file is named, and its report left
        await _ask(pilot, "daily.json")
        await until(pilot, lambda: isinstance(app.screen, ImportReport))
        assert "orchestration/daily: differs, new" in text_of(pilot)
        assert "it asks for a certain version of the component" in text_of(pilot)
        assert "ALERT_OPS_EXAMPLE_COM" in text_of(pilot)
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, HomeScreen))
        # THEN nothing was written
        assert not project.paths.orchestration("daily").exists()
        # WHEN it is taken
        await _ask(pilot, "daily.json")
        await until(pilot, lambda: isinstance(app.screen, ImportReport))
        await pilot.press("enter")
        await until(pilot, lambda: project.paths.orchestration("daily").exists() and "came from" in said(pilot))
        # THEN it is in the list, says where it is from and what is not done here
        await until(pilot, lambda: "From Keboola: keboola.flow daily" in _details(app))
        assert "kept, not done here" in _details(app) and "certain version" in _details(app)
        # AND once more there is nothing to write
        await _ask(pilot, "daily.json")
        await until(pilot, lambda: isinstance(app.screen, ImportReport))
        assert "Nothing is new; Esc closes" in text_of(pilot)


async def test_what_cannot_be_read_is_said(tmp_path: Path) -> None:
    # GIVEN
    project = empty_project(tmp_path / "here")
    broken = legacy_orchestrator()
    broken["phases"][0]["dependsOn"] = [99]
    write_json(project.root / "broken.json", broken)
    app = OrchApp(project)
    async with app.run_test(size=(80, 24)) as pilot:
        # WHEN what is not there is named THEN the dialog says so and stays
        await _ask(pilot, "ghost.json")
        assert "There is no ghost.json here." in text_of(pilot)
        # WHEN something is that Keboola would refuse
        app.screen.query_one(Input).value = "broken.json"
        await pilot.press("enter")
        # THEN one sentence names the place
        await until(pilot, lambda: "phases[1].dependsOn" in said(pilot))


async def test_the_form_of_a_configuration_says_where_it_is_from(tmp_path: Path) -> None:
    # GIVEN an imported configuration of which something is not done here
    project = empty_project(tmp_path / "here")
    body = {"parameters": {"a": 1}, "storage": {"input": {"tables": [{"source": "a b.c", "destination": "x"}]}}}
    stored = {"id": "11", "name": "Campaigns", "componentId": "keboola.ex-http", "configuration": body}
    write_json(tmp_path / "stored.json", stored)
    bring_in(project, tmp_path / "stored.json")
    app = OrchApp(project)
    async with app.run_test(size=(120, 40)) as pilot:
        # WHEN
        app.open_configuration("keboola.ex-http/campaigns")
        # THEN
        await until(pilot, lambda: "keboola.ex-http 11" in text_of(pilot))
        assert "From Keboola" in text_of(pilot) and "kept, not done here" in text_of(pilot)
