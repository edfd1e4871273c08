"""A picture of a table. Update it with ``--snapshot-update`` and look."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from orch_tui.storage.storage import Storage
from orch_tui.storage.tables import Publication
from orch_tui.tui.app import OrchApp
from orch_tui.tui.data.table import TableScreen
from textual.pilot import Pilot

from tests.support.tables import parquet_file
from tests.tui.driving import until
from tests.tui.seed import sample_project

_QUERY = """select range + 99990 as id, case when range % 4 = 1 then null else '[bold]name ' || range end as name,
    case when range % 3 = 0 then null else range * 1234.5 end as amount, date '2026-01-01' + range::integer as day,
    repeat('long ', 30) as text from range(30)"""


def test_a_table(tmp_path: Path, snap_compare: Callable[..., bool]) -> None:
    project = sample_project(tmp_path)
    storage = Storage(project.paths.storage)
    storage.root.mkdir(parents=True)
    storage.publish([Publication("raw/rows", parquet_file(tmp_path / "a.parquet", _QUERY))])

    async def show(pilot: Pilot[int]) -> None:
        screen = TableScreen(project.paths, "raw/rows")
        await pilot.app.push_screen(screen)
        await until(pilot, lambda: screen.grid.held > 0)
        await pilot.press("l", "l", "s")
        await until(pilot, lambda: screen.grid.sorted is not None and screen.grid.held > 0)
        await pilot.press("j", "j")

    assert snap_compare(OrchApp(project), terminal_size=(100, 24), run_before=show)
