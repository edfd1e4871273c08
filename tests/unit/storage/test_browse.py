"""Looking at a table: windows, orders, filters, a line of SQL, facts of a column."""

from __future__ import annotations

from pathlib import Path

import pytest
from orch_tui.model.errors import UserError
from orch_tui.storage.browse import Asked, ColumnFacts, Found, Order, TableBrowser, is_number
from orch_tui.storage.storage import Storage
from orch_tui.storage.tables import Publication

from tests.support.tables import parquet_file

ROWS = 5000
QUERY = f"""select range as id, 'name ' || range as "na me", case when range % 4 = 0 then null else range * 1.5 end
    as x,
    [range, 1] as list from range({ROWS})"""


@pytest.fixture
def storage(tmp_path: Path) -> Storage:
    found = Storage(tmp_path / "project" / ".orch" / "storage")
    found.root.mkdir(parents=True)
    found.publish([Publication("raw/rows", parquet_file(tmp_path / "a.parquet", QUERY))])
    other = parquet_file(tmp_path / "b.parquet", "select 'other' as what")
    found.publish([Publication("other/thing", other)])
    return found


@pytest.fixture
def browser(storage: Storage) -> TableBrowser:
    info = storage.get("raw/rows")
    assert info is not None
    return TableBrowser(storage, info)


def ids(browser: TableBrowser, first: int, rows: int) -> list[str | None]:
    return [row[0] for row in browser.window(first, rows)]


def test_a_window_is_any_part_of_the_rows(browser: TableBrowser) -> None:
    # GIVEN a table that is not looked at in any order
    assert browser.look(Asked()) == Found(browser.info.columns, ROWS)
    # THEN any window has its rows as they are stored, nulls as nulls, lists as DuckDB shows them
    assert browser.window(0, 2) == [("0", "name 0", None, "[0, 1]"), ("1", "name 1", "1.5", "[1, 1]")]
    assert ids(browser, 2499, 3) == ["2499", "2500", "2501"]
    assert ids(browser, ROWS - 2, 10) == [str(ROWS - 2), str(ROWS - 1)]
    assert browser.window(ROWS, 10) == []


def test_an_order_has_nulls_last_and_equal_values_as_they_are_stored(browser: TableBrowser) -> None:
    browser.look(Asked(order=Order("x", descending=True)))
    assert ids(browser, 0, 3) == ["4999", "4998", "4997"]
    assert ids(browser, ROWS - 2, 2) == ["4992", "4996"]
    browser.look(Asked(order=Order("x")))
    assert ids(browser, 0, 3) == ["1", "2", "3"]


def test_a_filter_looks_into_all_columns_for_all_words(browser: TableBrowser) -> None:
    assert browser.look(Asked(("NAME", "4999"))).rows == 2
    assert ids(browser, 0, 2) == ["3333", "4999"]
    assert browser.look(Asked(("499", "nothing"))).rows == 0
    assert browser.window(0, 10) == []
    # AND with an order both hold
    assert browser.look(Asked(("4999",), Order("id", descending=True))).rows == 2
    assert ids(browser, 0, 2) == ["4999", "3333"]
    # AND it is text, not a pattern and not SQL
    assert browser.look(Asked(("%", "'"))).rows == 0


def test_a_line_of_sql_reads_this_table_and_others(browser: TableBrowser) -> None:
    found = browser.look(Asked(query="select count(*) as n, max(x) from this -- all of it"))
    assert found.rows == 1 and [name for name, _ in found.columns] == ["n", "max(x)"]
    assert browser.window(0, 5) == [("5000", "7498.5")]
    browser.look(Asked(query="select what, id from raw.rows, other.thing order by id desc limit 3;"))
    assert browser.window(1, 5) == [("other", "4998"), ("other", "4997")]
    assert browser.look(Asked(query="summarize this")).rows == 4


@pytest.mark.parametrize(
    "query",
    [
        "copy this to 'x.parquet'",
        "create table x as select 1",
        "insert into this values (1)",
        "attach 'x.db'",
        "set threads = 1",
        "select 1; select 2",
        "select * from read_csv('/etc/hosts')",
        "select * from read_text('{root}/../orch.toml')",
        "select * from glob('/*')",
        "selekt 1",
        "select nothing from this",
        "install httpfs",
        "",
    ],
)
def test_what_does_not_read_tables_is_refused_with_a_sentence(browser: TableBrowser, query: str) -> None:
    root = browser._storage.root
    before = {path: path.read_bytes() for path in root.rglob("*") if path.is_file()}
    with pytest.raises(UserError) as caught:
        browser.look(Asked(query=query.format(root=root) or "  "))
    assert "\n" not in str(caught.value) and "Error:" not in str(caught.value)
    assert {path: path.read_bytes() for path in root.rglob("*") if path.is_file()} == before
    # AND the table can be looked at again
    browser.look(Asked())
    assert ids(browser, 0, 1) == ["0"]


def test_facts_are_of_the_rows_that_are_looked_at(browser: TableBrowser) -> None:
    browser.look(Asked())
    assert browser.facts(2) == ColumnFacts("x", browser.info.columns[2][1], ROWS, 1250, 3750, "1.5", "7498.5")
    browser.look(Asked(("4999",)))
    assert browser.facts(0)[2:] == (2, 0, 2, "3333", "4999")
    browser.look(Asked(query="select 1 as one from range(3)"))
    assert browser.facts(0)[2:] == (3, 0, 1, "1", "1")
    browser.look(Asked())
    assert browser.facts(3)[2:] == (ROWS, 0, None, None, None)


def test_long_cells_are_cut_in_windows_and_whole_when_asked_for_alone(tmp_path: Path) -> None:
    storage = Storage(tmp_path / "storage")
    storage.root.mkdir()
    query = "select repeat('x', 5000) as long, E'a\\x1b[31m\\nb' as odd"
    storage.publish([Publication("raw/rows", parquet_file(tmp_path / "a.parquet", query))])
    info = storage.get("raw/rows")
    assert info is not None
    browser = TableBrowser(storage, info)
    browser.look(Asked())
    (row,) = browser.window(0, 1)
    assert row == ("x" * 200, "a b")
    assert browser.cell(0, 0) == "x" * 5000


def test_a_column_with_the_name_of_the_rows_number_hides_nothing(tmp_path: Path) -> None:
    storage = Storage(tmp_path / "storage")
    storage.root.mkdir()
    query = "select 9 - range as file_row_number, range as id from range(10)"
    storage.publish([Publication("raw/rows", parquet_file(tmp_path / "a.parquet", query))])
    info = storage.get("raw/rows")
    assert info is not None
    browser = TableBrowser(storage, info)
    assert browser.look(Asked()).rows == 10
    assert browser.window(3, 1) == [("6", "3")]


def test_a_version_that_is_gone_is_said(browser: TableBrowser) -> None:
    browser.look(Asked())
    browser.info.file.unlink()
    with pytest.raises(UserError, match="is not kept any more"):
        browser.window(0, 1)


@pytest.mark.parametrize(
    ("kind", "number"),
    [
        ("BIGINT", True),
        ("DECIMAL(10,2)", True),
        ("DOUBLE", True),
        ("VARCHAR", False),
        ("BIGINT[]", False),
        ("DATE", False),
    ],
)
def test_numbers_are_known_by_their_type(kind: str, number: bool) -> None:
    assert is_number(kind) is number
