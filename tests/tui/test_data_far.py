"""Tables in an object store on the screen: the store is asked in threads, and what it refuses is said."""

from __future__ import annotations

from pathlib import Path
from threading import get_ident

import pytest
from orch_tui.project.project import open_project
from orch_tui.storage.objects.client import Objects, Stored
from orch_tui.tui.app import OrchApp
from orch_tui.tui.data.storage import StorageScreen
from orch_tui.tui.data.table import TableScreen

from tests.servers.s3 import KEYS, Fault, S3Server, s3, s3_server
from tests.support.tables import put
from tests.tui.driving import text_of, until
from tests.tui.seed import sample_project

__all__ = ["s3", "s3_server"]


@pytest.fixture
def root(tmp_path: Path, s3: S3Server, monkeypatch: pytest.MonkeyPatch) -> Path:
    found = sample_project(tmp_path).root
    settings = found / "orch.toml"
    settings.write_text(f"{settings.read_text()}\n{s3.settings('screen')}")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEYS[0])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", KEYS[1])
    put(s3.storage(tmp_path / "other", "screen"), "raw/far", "select range as id from range(3)")
    return found


async def test_the_store_is_asked_beside_the_keys_and_what_it_refuses_is_said(
    root: Path, s3: S3Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    # GIVEN where the store is asked
    asked: list[int] = []
    read = Objects.read

    def watched(objects: Objects, key: str) -> Stored | None:
        asked.append(get_ident())
        return read(objects, key)

    monkeypatch.setattr(Objects, "read", watched)
    app = OrchApp(open_project(root))
    async with app.run_test(size=(120, 30)) as pilot:
        # WHEN the tables are asked for
        await pilot.press("D")
        screen = app.screen
        assert isinstance(screen, StorageScreen)
        # THEN they are there, and Enter shows rows that came from the store
        await until(pilot, lambda: [one.info.table for one in screen.list.tables] == ["raw/far"])
        await pilot.press("enter")
        table = app.screen
        assert isinstance(table, TableScreen)
        await until(pilot, lambda: table.grid.rows == 3 and table.grid.held > 0)
        await pilot.press("escape", "escape")
        # AND never by the loop that answers keys
        assert asked and get_ident() not in asked
        # WHEN it refuses THEN the place of the tables says why
        s3.fault = lambda call: Fault(status=403)
        await pilot.press("D")
        await until(pilot, lambda: "refuses the key" in text_of(pilot))
        assert "No table yet" not in text_of(pilot)
