"""The project's storage on the screen: its tables, and the rows of one."""

from __future__ import annotations

from pathlib import Path
from threading import get_ident

import pytest
from orch_tui.project.project import Project
from orch_tui.project.table_uses import table_uses
from orch_tui.storage.browse import TableBrowser
from orch_tui.storage.files.store import FileStore
from orch_tui.storage.files.values import Origin
from orch_tui.storage.storage import Storage
from orch_tui.storage.tables import Publication
from orch_tui.tui.app import OrchApp
from orch_tui.tui.data import storage as storage_list
from orch_tui.tui.data.facts import Facts
from orch_tui.tui.data.files import FilesScreen
from orch_tui.tui.data.grid import PAGE, DataGrid
from orch_tui.tui.data.storage import StorageScreen
from orch_tui.tui.data.table import TableScreen
from orch_tui.tui.data.versions import VersionsScreen
from orch_tui.tui.dialogs.confirm import Confirm
from orch_tui.tui.dialogs.prompt import Prompt
from textual.pilot import Pilot

from tests.support.tables import parquet_file, put
from tests.tui.driving import said, text_of, until, workbench
from tests.tui.seed import sample_project

ROWS = 100_000
QUERY = f"""select range as id, 'name ' || range as name,
    case when range % 3 = 0 then null else range * 1.5 end as amount,
    timestamptz '2026-01-01 00:00:00+00' + to_seconds(range) as made from range({ROWS})"""


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """The sample project, with a long table that one of its configurations reads and a short one that nobody knows."""
    found = sample_project(tmp_path)
    storage = Storage(found.paths.storage)
    storage.root.mkdir(parents=True)
    storage.publish([Publication("raw/rows", parquet_file(tmp_path / "a.parquet", QUERY))], run="r1", task="load")
    short = parquet_file(tmp_path / "b.parquet", "select 'x' as only")
    storage.publish([Publication("analytics/campaign_performance", short)])
    return found


async def open_table(pilot: Pilot[int], table: str = "raw/rows") -> TableScreen:
    screen = TableScreen(pilot.app.project.paths, table)  # type: ignore[attr-defined]
    await pilot.app.push_screen(screen)
    await until(pilot, lambda: screen.grid.rows > 0 and screen.grid.held > 0)
    return screen


def cursor(screen: TableScreen) -> str | None:
    return screen.grid.cell(screen.grid.row, screen.grid.column)


async def test_the_tables_with_who_writes_and_reads_them(project: Project) -> None:
    app = OrchApp(project)
    async with app.run_test(size=(130, 30)) as pilot:
        # GIVEN the list of orchestrations WHEN D
        await pilot.press("D")
        screen = app.screen
        assert isinstance(screen, StorageScreen)
        await until(pilot, lambda: len(screen.list.tables) == 2)
        # THEN every table has its numbers, and the one under the cursor its columns and its uses
        text = text_of(pilot)
        assert "2 tables · 100 001 rows" in text
        assert "analytics/campaign_performance" in text and "100 000" in text
        assert "only varchar" in text and "version 1, 1 version kept" in text
        assert "writers  sql/campaign-performance" in text and "readers  sql/campaign-recipient" in text
        # WHEN a word of a column is typed THEN only tables with it are there
        await pilot.press("slash", *"amount", "enter")
        assert [one.info.table for one in screen.list.tables] == ["raw/rows"]
        await pilot.pause()
        assert "by load in run r1" in text_of(pilot) and "no configuration writes it" in text_of(pilot)
        # WHEN Enter THEN its rows are shown, and Escape leads back and back
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, TableScreen))
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is screen)
        await pilot.press("escape")
        assert len(screen.list.tables) == 2
        # WHEN the filter is open THEN the arrows walk the list, and Enter without words closes it
        await pilot.press("slash", "down", "up", "down")
        assert screen.list.cursor == 1
        await pilot.press("enter", "escape")
        await until(pilot, lambda: app.screen is not screen)


async def test_definitions_are_read_beside_the_keys(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    # GIVEN where the definitions are asked who uses a table
    asked: list[int] = []

    def watched(of: Project) -> object:
        asked.append(get_ident())
        return table_uses(of)

    monkeypatch.setattr(storage_list, "table_uses", watched)
    app = OrchApp(project)
    async with app.run_test(size=(130, 30)) as pilot:
        screen = StorageScreen()
        await app.push_screen(screen)
        await until(pilot, lambda: len(screen.list.tables) == 2)
        # THEN not in the loop that answers keys
        assert asked and get_ident() not in asked


async def test_rows_are_read_where_they_are_looked_at(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    # GIVEN what is read of a table
    read: list[tuple[int, int]] = []
    window = TableBrowser.window

    def watched(self: TableBrowser, first: int, rows: int) -> object:
        read.append((first, rows))
        return window(self, first, rows)

    monkeypatch.setattr(TableBrowser, "window", watched)
    app = OrchApp(project)
    async with app.run_test(size=(90, 20)) as pilot:
        screen = await open_table(pilot)
        text = text_of(pilot)
        # THEN the head has types, numbers stand at the right in groups, null is told from text, times are in UTC
        assert "bigint" in text and "timestamptz" in text
        assert "NULL" in text and "2026-01-01 00:00:01+00" in text
        assert "100 000 rows · 4 columns" in text
        # WHEN going to the end THEN its page is read and nothing between
        await pilot.press("G")
        await until(pilot, lambda: cursor(screen) == str(ROWS - 1))
        assert "99 999" in text_of(pilot)
        assert read == [(0, PAGE), (ROWS - PAGE, PAGE)]
        await pilot.press("pageup", "l", "end", "home", "0", "g")
        await until(pilot, lambda: cursor(screen) == "0")
        # AND however far one goes, only some pages are held
        for page in range(0, 60):
            screen.grid.go(page * PAGE, 0)
            await until(pilot, lambda at=page: screen.grid.cell(at * PAGE, 0) is not None)  # type: ignore[misc]
        assert screen.grid.held <= 24 * PAGE


async def test_the_last_row_and_column_are_seen_where_there_are_scroll_bars(project: Project) -> None:
    app = OrchApp(project)
    async with app.run_test(size=(40, 14)) as pilot:
        screen = await open_table(pilot)
        await pilot.press("G")
        await until(pilot, lambda: cursor(screen) == str(ROWS - 1))
        assert "99 999" in text_of(pilot)
        await pilot.press("end")
        await pilot.pause()
        assert "2026-01-02 03:46:39+00" in text_of(pilot)


async def test_sort_filter_and_sql(project: Project) -> None:
    app = OrchApp(project)
    async with app.run_test(size=(110, 24)) as pilot:
        screen = await open_table(pilot)

        async def then(first: str, rows: int) -> None:
            await until(pilot, lambda: screen.grid.rows == rows and screen.grid.cell(0, 0) == first)

        # WHEN sorting downward by amount, which has nulls THEN they are last
        await pilot.press("l", "l", "s")
        await then("1", ROWS)
        await pilot.press("s")
        await then(str(ROWS - 2), ROWS)
        assert "amount▼" in text_of(pilot)
        # WHEN filtering THEN the order holds
        await pilot.press("slash", *"4999", "enter")
        await until(pilot, lambda: screen.grid.rows < 1000)
        assert "has 4999" in text_of(pilot) and "of 100 000 rows" in text_of(pilot)
        await pilot.press("slash", "shift+home", "delete", "enter", "s")
        await then("0", ROWS)
        # WHEN a line of SQL THEN its result is shown; a mistake is a sentence, and the result stays
        await pilot.press("e", *"select count(*) as n from this", "enter")
        await then(str(ROWS), 1)
        await pilot.press("e", "shift+home", "delete", *"drop table this", "enter")
        await until(pilot, lambda: "only one statement that reads" in said(pilot))
        await then(str(ROWS), 1)
        await pilot.press("s")
        assert "order by" in said(pilot)
        # WHEN it is emptied THEN the table is as it was
        await pilot.press("e", "shift+home", "delete", "enter")
        await then("0", ROWS)


async def test_a_column_and_a_cell_tell_all_of_themselves(project: Project) -> None:
    app = OrchApp(project)
    async with app.run_test(size=(90, 24)) as pilot:
        screen = await open_table(pilot)
        await pilot.press("l", "l", "c")
        await until(pilot, lambda: isinstance(app.screen, Facts))
        text = text_of(pilot)
        assert "33 334, 33.3%" in text and "66 666" in text and "149 997.0" in text
        await pilot.press("escape", "h", "down", "enter")
        await until(pilot, lambda: isinstance(app.screen, Facts))
        assert "name, row 2" in text_of(pilot) and "name 1" in text_of(pilot)
        await pilot.press("escape", "y")
        await until(pilot, lambda: bool(said(pilot)))
        assert cursor(screen) == "name 1"


async def test_the_mouse_sorts_and_goes(project: Project) -> None:
    app = OrchApp(project)
    async with app.run_test(size=(90, 24)) as pilot:
        screen = await open_table(pilot)
        grid = screen.query_one(DataGrid)
        await pilot.click(grid, offset=(12, 5))
        assert (grid.row, grid.column) == (3, 0)
        await pilot.click(grid, offset=(12, 0))
        await until(pilot, lambda: grid.sorted == (0, False))


async def test_a_table_that_is_not_there_is_a_sentence(project: Project) -> None:
    app = OrchApp(project)
    async with app.run_test(size=(90, 24)) as pilot:
        below = app.screen
        await app.push_screen(TableScreen(project.paths, "raw/gone"))
        await until(pilot, lambda: app.screen is below)
        assert "does not exist" in said(pilot)


async def test_it_is_one_key_away_from_the_workbench(project: Project) -> None:
    async with workbench(project, "campaigns") as (pilot, bench):
        await pilot.press("D")
        await until(pilot, lambda: isinstance(pilot.app.screen, StorageScreen))
        await pilot.press("escape")
        await until(pilot, lambda: pilot.app.screen is bench)


async def test_the_versions_of_a_table_what_changed_in_each_and_going_back(project: Project) -> None:
    # GIVEN a table with three versions
    storage = Storage(project.paths.storage)
    for number in (1, 2, 3):
        put(storage, "raw/a", f"select range as id, range * {number} as v from range({number + 1})", key=("id",))
    app = OrchApp(project)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("D")
        screen = app.screen
        assert isinstance(screen, StorageScreen)
        await until(pilot, lambda: len(screen.list.tables) == 3)
        # WHEN its versions are shown
        screen.list.go([one.info.table for one in screen.list.tables].index("raw/a"))
        await pilot.press("v")
        await until(pilot, lambda: "~ v: 2 changed" in text_of(pilot))
        shown = app.screen
        assert isinstance(shown, VersionsScreen)
        # THEN the newest is compared with the one before, and any other when the cursor is there
        text = text_of(pilot)
        assert "version 2 → 3" in text and "2: 4 → 6" in text and "3 versions kept" in text
        await pilot.press("down")
        await until(pilot, lambda: "version 1 → 2" in text_of(pilot) and "1: 1 → 2" in text_of(pilot))
        # WHEN it is opened THEN its rows are those of then
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, TableScreen) and app.screen.grid.held > 0)
        assert "version 2" in text_of(pilot) and "3 rows" in text_of(pilot)
        await pilot.press("escape")
        # WHEN it is gone back to with a note
        await pilot.press("R")
        await until(pilot, lambda: isinstance(app.screen, Prompt))
        await pilot.press(*"back", "enter")
        # THEN a new version has its rows, and says why
        await until(pilot, lambda: "restored from version 2 by" in text_of(pilot))
        assert [one.version for one in storage.versions("raw/a")] == [4, 3, 2]


async def test_the_files_beside_the_tables(project: Project, tmp_path: Path) -> None:
    # GIVEN two files with tags, one of them of a task, and one that is damaged
    store = FileStore(project.paths)
    (tmp_path / "report.txt").write_text("all is well")
    (tmp_path / "slices").mkdir()
    (store.add(tmp_path / "report.txt", name="broken", now=1000.0).path.parent / "file.json").write_text("{")
    store.add(tmp_path / "slices", permanent=True, now=2000.0)
    store.add(tmp_path / "report.txt", tags=["report", "[b]"], origin=Origin("acme.ex/one", "r1", "load"), now=3000.0)
    app = OrchApp(project)
    async with app.run_test(size=(110, 30)) as pilot:
        # WHEN f in the list of tables
        await pilot.press("D")
        await until(pilot, lambda: isinstance(app.screen, StorageScreen))
        tables = app.screen
        await pilot.press("f")
        await until(pilot, lambda: isinstance(app.screen, FilesScreen) and len(app.screen.list.files) == 3)
        screen = app.screen
        assert isinstance(screen, FilesScreen)
        await pilot.pause()
        # THEN they are there, the newest first, with what is known of the one under the cursor
        text = text_of(pilot)
        assert "3 files" in text and "slices/" in text and "cannot be read" in text
        assert "report, [b]" in text and "by load in run r1" in text and "acme.ex/one" in text, text
        # WHEN a tag is typed THEN only that one is there, and Escape brings the others back
        await pilot.press("slash", *"report [b]", "enter")
        assert [file.name for file in screen.list.files] == ["report.txt"]
        await pilot.press("escape")
        assert len(screen.list.files) == 3
        # WHEN one is deleted, THEN only after a question
        await pilot.press("X")
        await until(pilot, lambda: isinstance(app.screen, Confirm))
        await pilot.press("k")
        await until(pilot, lambda: app.screen is screen)
        assert len(store.files()) == 3
        await pilot.press("X")
        await until(pilot, lambda: isinstance(app.screen, Confirm))
        await pilot.press("d")
        await until(pilot, lambda: len(screen.list.files) == 2)
        assert [file.name for file in store.files()] == ["slices", ""]
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is tables)
