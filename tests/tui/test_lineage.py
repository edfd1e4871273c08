"""The lineage on the screen: walked, jumped about in, followed to a column; and a table brought up to date."""

from __future__ import annotations

from pathlib import Path

import pytest
from orch_tui.lineage.values import Column, Kind, Node
from orch_tui.project.history import runs
from orch_tui.project.project import Project
from orch_tui.storage.storage import Storage
from orch_tui.tui.app import OrchApp
from orch_tui.tui.data.lineage import LineageScreen
from orch_tui.tui.data.storage import StorageScreen
from orch_tui.tui.dialogs.confirm import Confirm
from orch_tui.tui.dialogs.pick import Pick

from tests.support.projects import make_project
from tests.support.tables import put
from tests.tui.driving import rows_of, said, text_of, until, workbench
from tests.tui.seed import sample_project


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """The samples, with one table stored."""
    found = sample_project(tmp_path)
    put(Storage(found.paths.storage), "analytics/campaign_recipients", "select 'a' as email, 'x' as segment")
    return found


async def test_a_table_is_walked_up_and_down_and_back(project: Project) -> None:
    app = OrchApp(project)
    async with app.run_test(size=(120, 40)) as pilot:
        # GIVEN the list of tables WHEN L
        await pilot.press("D")
        await until(pilot, lambda: isinstance(app.screen, StorageScreen) and app.screen.list.tables)
        await pilot.press("L")
        await until(pilot, lambda: isinstance(app.screen, LineageScreen) and app.screen.list.rows)
        screen = app.screen
        assert isinstance(screen, LineageScreen)
        # THEN all that it comes from is there, and where it goes to
        rows = rows_of(screen.list)
        assert rows[0].split()[:2] == ["▤", "analytics/campaign_recipients"]
        assert any("data/campaigns.csv" in row for row in rows)
        assert any("campaigns, phase 3" in row and "SQL · Campaign Recipient" in row for row in rows)
        assert rows.index(next(row for row in rows if "goes to" in row)) > rows.index(
            next(row for row in rows if "comes from" in row)
        )
        # WHEN one goes to what it is made of, and from there on
        await pilot.press("j", "j", "enter")
        await until(pilot, lambda: screen.place == Node(Kind.TABLE, "analytics/campaign_performance"))
        await until(pilot, lambda: screen.list.rows and screen.list.rows[0].text == "analytics/campaign_performance")
        # THEN back leads back
        await pilot.press("h")
        await until(pilot, lambda: screen.list.rows[0].text == "analytics/campaign_recipients")
        # WHEN one jumps to a configuration by a part of its name
        await pilot.press("slash")
        await until(pilot, lambda: isinstance(app.screen, Pick))
        await pilot.press(*"sql flight w", "enter")
        await until(pilot, lambda: screen.place.name == "sql/flight-weather")
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, StorageScreen))


async def test_a_column_is_followed(project: Project) -> None:
    app = OrchApp(project)
    async with app.run_test(size=(80, 24)) as pilot:
        # GIVEN
        screen = LineageScreen(Node(Kind.TABLE, "analytics/campaign_recipients"))
        await app.push_screen(screen)
        await until(pilot, lambda: screen.list.rows)
        # WHEN its column is chosen
        await pilot.press("c")
        await until(pilot, lambda: isinstance(app.screen, Pick))
        await pilot.press(*"segm", "enter")
        await until(pilot, lambda: screen.place == Column("analytics/campaign_recipients", "segment"))
        await until(pilot, lambda: "clicks" in text_of(pilot))
        # THEN it says of what it is made, by what, and what decides about rows
        text = text_of(pilot)
        assert "marketing/email_recipients · clicks" in text and "sql/campaign-recipient" in text
        assert "which rows there are depends on" in text
        # WHEN Escape THEN the table is in the middle again
        await pilot.press("escape")
        await until(pilot, lambda: screen.place == Node(Kind.TABLE, "analytics/campaign_recipients"))


async def test_from_a_task_of_the_workbench(project: Project) -> None:
    async with workbench(project) as (pilot, screen):
        # GIVEN the cursor on a task WHEN B
        screen.phase_tree.go_to("campaign-performance")
        await pilot.press("B")
        # THEN its configuration is in the middle
        await until(pilot, lambda: isinstance(pilot.app.screen, LineageScreen) and pilot.app.screen.list.rows)
        assert pilot.app.screen.place == Node(Kind.JOB, "sql/campaign-performance")  # type: ignore[attr-defined]
        # AND without a task it says what to do
        await pilot.press("escape")
        await until(pilot, lambda: pilot.app.screen is screen)
        screen.phase_tree.go(0)
        await pilot.press("B")
        assert "Put the cursor on a task" in said(pilot)


async def test_a_table_is_brought_up_to_date(tmp_path: Path) -> None:
    # GIVEN a file that is loaded into a table, which is there from elsewhere
    root = make_project(tmp_path, {"load": {"Load": {"a": {"configuration": "file-extractor/a"}}}})
    (root / "a.csv").write_text("k\n1\n")
    (root / "configurations" / "file-extractor").mkdir()
    (root / "configurations" / "file-extractor" / "a.toml").write_text(
        '[parameters]\npath = "a.csv"\n[[outputs]]\nname = "a"\ntable = "raw/a"\n'
    )
    project = Project(root)
    put(Storage(project.paths.storage), "raw/a", "select 1 as k")
    app = OrchApp(project)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("D")
        await until(pilot, lambda: isinstance(app.screen, StorageScreen) and app.screen.list.tables)
        # WHEN F
        await pilot.press("F")
        await until(pilot, lambda: isinstance(app.screen, Confirm))
        # THEN what would run is shown with its reason, and s starts it
        assert "has not succeeded yet" in text_of(pilot)
        await pilot.press("s")
        await until(pilot, lambda: "raw/a is up to date." in said(pilot))
        (run,) = runs(project.paths, "load")
        assert run.status.value == "success"
        # AND again there is nothing to do
        await pilot.press("F")
        await until(pilot, lambda: "nothing to run" in said(pilot))


async def test_g_arranges_by_data_at_the_second_press(project: Project) -> None:
    async with workbench(project) as (pilot, screen):
        bench, before = screen.bench, screen.bench.value
        # GIVEN tasks in one phase
        await pilot.press("asterisk", "m")
        await pilot.press(*"All", "enter")
        await until(pilot, lambda: len([phase for phase in bench.value.phases if phase.tasks]) == 1)
        thrown = bench.value
        # WHEN g, g, Enter
        await pilot.press("g")
        await until(pilot, lambda: "Group tasks by component type" in text_of(pilot))
        await pilot.press("g")
        await until(pilot, lambda: "Arrange tasks by their data" in text_of(pilot))
        await pilot.press("enter")
        # THEN each task is behind what it reads
        await until(pilot, lambda: bench.value is not thrown)
        assert [sorted(task.id for task in phase.tasks) for phase in bench.value.phases] == [
            sorted(task.id for task in phase.tasks) for phase in before.phases
        ]
        # AND undo takes it back
        await pilot.press("u")
        assert bench.value == thrown
