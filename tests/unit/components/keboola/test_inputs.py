"""What a program of Keboola is given of a table."""

from __future__ import annotations

import csv
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from orch_tui.components.keboola.inputs import InputTables
from orch_tui.components.keboola.parameters import DataTypes
from orch_tui.model.errors import UserError
from orch_tui.project.paths import ProjectPaths
from orch_tui.storage.directory import MANIFEST
from orch_tui.storage.storage import Storage

from tests.support.tables import database, put
from tests.unit.components.keboola.contexts import context, parameters

ROWS = "select * from (values (1, 'a', 1.50), (2, null, 2.25), (3, 'c', null)) t(id, note, amount)"


def given(
    tmp_path: Path, mapping: dict[str, Any], seen: dict[str, int] | None = None, types: DataTypes = DataTypes.HINTS
) -> tuple[list[list[str]], dict[str, Any], dict[str, int]]:
    """The lines of the file, its manifest, and what is to be remembered."""
    ctx = context(tmp_path, inputs={"orders": "shop/orders"})
    inputs = InputTables(parameters(input_mapping={"orders": mapping}), ctx, types, seen or {})
    remembered = inputs.write()
    path = ctx.data_dir / "in" / "tables" / "orders"
    with path.open(newline="") as file:
        lines = list(csv.reader(file))
    return lines, json.loads(path.with_name("orders.manifest").read_text()), remembered


def storage(tmp_path: Path) -> Storage:
    return Storage(ProjectPaths(tmp_path).storage)


@pytest.mark.parametrize(
    ("mapping", "ids"),
    [
        ({}, ["1", "2", "3"]),
        ({"where_column": "note", "where_values": ["a", "c"]}, ["1", "3"]),
        ({"where_column": "note", "where_values": ["a", "c"], "where_operator": "ne"}, ["2"]),
        ({"where_column": "note", "where_values": [""]}, ["2"]),
        ({"where_column": "amount", "where_values": ["1.50"]}, ["1"]),
        ({"where_column": "id", "where_values": []}, []),
        ({"limit": 2}, ["1", "2"]),
        ({"limit": "1"}, ["1"]),
        ({"columns": ["id"]}, ["1", "2", "3"]),
        ({"column_types": [{"source": "id", "type": "INTEGER"}]}, ["1", "2", "3"]),
    ],
)
def test_rows_and_columns_that_a_mapping_chooses(tmp_path: Path, mapping: dict[str, Any], ids: list[str]) -> None:
    # GIVEN a table, WHEN it is given by a mapping
    put(storage(tmp_path), "shop/orders", ROWS, key=("id",))
    lines, manifest, _ = given(tmp_path, mapping)
    # THEN the file has exactly those rows, and the manifest the columns of the file
    assert [line[0] for line in lines[1:]] == ids
    assert manifest["columns"] == lines[0] and manifest["primary_key"] == ["id"]
    narrow = "columns" in mapping or "column_types" in mapping
    assert lines[0] == (["id"] if narrow else ["id", "note", "amount"])


def test_every_value_is_quoted_and_types_are_told(tmp_path: Path) -> None:
    # GIVEN / WHEN
    put(storage(tmp_path), "shop/orders", ROWS, key=("id",))
    _, manifest, _ = given(tmp_path, {})
    # THEN the file is what Keboola writes, with its newer and its older way to tell types
    text = (tmp_path / ".orch/data/in/tables/orders").read_text()
    assert text.splitlines()[1:3] == ['"1","a","1.50"', '"2","","2.25"']
    kinds = [column["data_type"]["base"]["type"] for column in manifest["schema"]]
    assert kinds == ["INTEGER", "STRING", "NUMERIC"] and manifest["id"] == "shop.orders"
    assert manifest["schema"][0]["primary_key"] is True and manifest["schema"][0]["nullable"] is False
    assert {"key": "KBC.datatype.basetype", "value": "NUMERIC"} in manifest["column_metadata"]["amount"]
    datetime.strptime(manifest["created"], "%Y-%m-%dT%H:%M:%S%z")
    # WHEN types do not count, THEN only the older way is there
    assert "schema" not in given(tmp_path, {}, types=DataTypes.NONE)[1]


def test_a_parquet_file_has_the_types_themselves(tmp_path: Path) -> None:
    # GIVEN / WHEN
    put(storage(tmp_path), "shop/orders", ROWS)
    ctx = context(tmp_path, inputs={"orders": "shop/orders"})
    mapping = {"file_type": "parquet", "columns": ["amount", "id"], "limit": 1}
    InputTables(parameters(input_mapping={"orders": mapping}), ctx, DataTypes.HINTS, {}).write()
    # THEN
    with database() as connection:
        described = connection.execute(f"describe from read_parquet('{ctx.data_dir / 'in/tables/orders'}')").fetchall()
    assert [row[:2] for row in described] == [("amount", "DECIMAL(3,2)"), ("id", "INTEGER")]


def age(tmp_path: Path, version: int, days: float) -> None:
    """Make a version of shop/orders older than it is."""
    path = storage(tmp_path).home("shop/orders") / MANIFEST
    info = storage(tmp_path).versions("shop/orders")
    created = next(one.created for one in info if one.version == version)
    old = f"{created:%Y-%m-%dT%H:%M:%S}"
    assert old in path.read_text().replace(" ", "T")
    text = path.read_text()
    then = datetime.now(UTC) - timedelta(days=days)
    parts = text.split("[[previous]]")
    for at, part in enumerate(parts):
        if f"version = {version}\n" in part:
            for spelled in (old, old.replace("T", " ")):
                part = part.replace(spelled, f"{then:%Y-%m-%dT%H:%M:%S}")
            parts[at] = part
    path.write_text("[[previous]]".join(parts))


@pytest.mark.parametrize(
    "mapping", [{"days": 2}, {"days": "2"}, {"changed_since": "-2 days"}, {"changed_since": "2 days ago"}], ids=str
)
def test_only_rows_that_changed_since(tmp_path: Path, mapping: dict[str, Any]) -> None:
    # GIVEN a version of five days ago, and one of today with a changed and a new row
    store = storage(tmp_path)
    put(store, "shop/orders", ROWS)
    put(
        store,
        "shop/orders",
        "select * from (values (1, 'a', 1.50), (2, 'b', 2.25), (4, 'd', 1.00)) t(id, note, amount)",
    )
    age(tmp_path, 1, 5)
    # WHEN / THEN
    lines, _, _ = given(tmp_path, mapping)
    assert sorted(line[0] for line in lines[1:]) == ["2", "4"]


def test_nothing_changed_since_the_newest_version(tmp_path: Path) -> None:
    # GIVEN a table of five days ago
    put(storage(tmp_path), "shop/orders", ROWS)
    age(tmp_path, 1, 5)
    # WHEN what changed since is asked for, THEN there is nothing; longer ago, THEN all
    assert len(given(tmp_path, {"days": 2})[0]) == 1
    assert len(given(tmp_path, {"changed_since": "-1 week"})[0]) == 4


def test_a_version_that_is_not_kept_means_all_rows_and_the_log_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # GIVEN a table whose older versions are gone
    store = Storage(ProjectPaths(tmp_path).storage, keep=1)
    for number in range(3):
        put(store, "shop/orders", f"select {number} as id")
    # WHEN / THEN
    assert len(given(tmp_path, {"days": 2})[0]) == 2
    assert "no version from before" in capsys.readouterr().out
    assert len(given(tmp_path, {"changed_since": "adaptive"}, {"shop/orders": 1})[0]) == 2
    assert "version 1 of table shop/orders is not kept" in capsys.readouterr().out


def test_adaptive_means_since_the_last_run(tmp_path: Path) -> None:
    # GIVEN a table, WHEN it is read for the first time, THEN all of it is there, and its version is remembered
    put(storage(tmp_path), "shop/orders", ROWS)
    lines, _, seen = given(tmp_path, {"changed_since": "adaptive"})
    assert len(lines) == 4 and seen == {"shop/orders": 1}
    # WHEN nothing has changed, THEN there is nothing
    assert len(given(tmp_path, {"changed_since": "adaptive"}, seen)[0]) == 1
    # WHEN a row came, THEN it alone is there
    put(storage(tmp_path), "shop/orders", f"{ROWS} union all select 4, 'd', 1.00")
    lines, _, seen = given(tmp_path, {"changed_since": "adaptive"}, seen)
    assert [line[0] for line in lines[1:]] == ["4"] and seen == {"shop/orders": 2}
    # WHEN the table has other columns, THEN all of it is there
    put(storage(tmp_path), "shop/orders", "select 1 as id, 2 as other")
    assert len(given(tmp_path, {"changed_since": "adaptive"}, seen)[0]) == 2


@pytest.mark.parametrize(
    ("mapping", "says"),
    [
        ({"columns": ["none"]}, 'table "shop/orders" has no column none (input orders)'),
        ({"where_column": "none", "where_values": []}, "has no column none"),
        ({"where_column": "id", "where_operator": "gt", "where_values": ["1"]}, "it is eq or ne"),
        ({"changed_since": "once upon a time"}, "is no moment"),
        ({"days": "two"}, "is no number of days"),
        ({"limit": "many"}, "is no number of rows"),
        ({"file_type": "xml"}, "it is csv or parquet"),
    ],
    ids=str,
)
def test_what_a_mapping_cannot_mean_is_one_sentence(tmp_path: Path, mapping: dict[str, Any], says: str) -> None:
    put(storage(tmp_path), "shop/orders", ROWS)
    with pytest.raises(UserError) as caught:
        given(tmp_path, mapping)
    assert says in str(caught.value) and "\n" not in str(caught.value)
