"""The rows that people look at are the same wherever they look: in a try, on the command line, in a table's screen."""

from __future__ import annotations

from pathlib import Path

import pytest
from orch_tui.model.components.configuration import WriteMode
from orch_tui.model.errors import UserError
from orch_tui.storage.browse import Asked, TableBrowser
from orch_tui.storage.preview import CELL_LIMIT, preview_file
from orch_tui.storage.storage import Storage
from orch_tui.storage.tables import Publication

from tests.support.tables import parquet_file

_ROWS = (
    "select 1 as id, '\x1b[31mred\x1b[0m\nline' as text, '\\xFF'::blob as bytes, null as nothing, "
    "{'a': [1, 2]} as nested, timestamptz '2026-01-01 00:00:00+00' as at, repeat('x', 5000) as long "
    "union all select 2, 'b', null, null, null, null, 'short'"
)


def test_each_way_of_looking_shows_the_same_cells(tmp_path: Path) -> None:
    # GIVEN a table with all that may be awkward
    storage = Storage(tmp_path / ".orch" / "storage")
    file = parquet_file(tmp_path / "in.parquet", _ROWS)
    (info,) = storage.publish([Publication("a/b", file, WriteMode.FULL)])
    # WHEN its file is looked at, its table, and the table in its screen
    of_file = preview_file(info.file, tmp_path)
    names, of_table = storage.preview("a/b")
    browser = TableBrowser(storage, info)
    browser.look(Asked())
    of_screen = browser.window(0, 10)
    browser.close()
    # THEN they differ only in how much of a long text is shown
    assert of_screen == list(of_file.rows) and (of_file.count, len(of_screen)) == (2, 2)
    assert [tuple(cell[:CELL_LIMIT] if cell else cell for cell in row) for row in of_table] == of_screen
    assert names == [name for name, _ in of_file.columns]
    assert of_screen[0][1] == "red line" and len(of_table[0][6] or "") == 1000


def test_what_is_no_parquet_file_is_a_sentence(tmp_path: Path) -> None:
    file = tmp_path / "x.parquet"
    file.write_text("no")
    with pytest.raises(UserError, match=r"x\.parquet cannot be read"):
        preview_file(file, tmp_path)
