"""What becomes of the tables that a program of Keboola leaves."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from orch_tui.components.keboola.outputs import OutputTables
from orch_tui.components.keboola.parameters import DataTypes
from orch_tui.components.kit.component import Context
from orch_tui.components.kit.contract import Output
from orch_tui.model.components.configuration import WriteMode
from orch_tui.model.errors import UserError
from orch_tui.project.paths import ProjectPaths
from orch_tui.storage.duckdb import describe, open_database, parquet
from orch_tui.storage.storage import Storage
from orch_tui.storage.tables import Publication

from tests.support.effort import examples
from tests.support.tables import rows
from tests.unit.components.keboola.contexts import context, output, parameters


def written(ctx: Context, name: str, text: str, manifest: dict[str, Any] | None = None) -> None:
    path = ctx.data_dir / "out" / "tables" / name
    path.write_text(text)
    if manifest is not None:
        path.with_name(f"{name}.manifest").write_text(json.dumps(manifest))


def tables(ctx: Context, types: DataTypes = DataTypes.HINTS, bucket: str | None = None, **more: Any) -> OutputTables:
    return OutputTables(parameters(**more), ctx, types, bucket)


def kinds(found: Output) -> dict[str, str]:
    with open_database(found.path.parent / ".tmp") as connection:
        return dict(describe(connection, parquet(found.path)))


def columns(*declared: tuple[str, str, str]) -> dict[str, Any]:
    """A manifest with columns: name, base type, length."""
    return {
        "schema": [
            {"name": name, "data_type": {"base": {"type": kind, **({"length": length} if length else {})}}}
            for name, kind, length in declared
        ]
    }


@pytest.mark.parametrize(
    ("base", "length", "values", "kind"),
    [
        ("INTEGER", "", ["1", "-2", ""], "BIGINT"),
        ("INTEGER", "", ["99999999999999999999"], "DECIMAL(38,0)"),
        ("INTEGER", "", ["1.5"], "VARCHAR"),
        ("NUMERIC", "10,2", ["1.5", "2"], "DECIMAL(10,2)"),
        ("NUMERIC", "10,2", ["1.555"], "VARCHAR"),
        ("NUMERIC", "", ["1.555", "2.1"], "DECIMAL(38,3)"),
        ("FLOAT", "", ["1e3", ".5", "2."], "DOUBLE"),
        ("FLOAT", "", ["1,5"], "VARCHAR"),
        ("BOOLEAN", "", ["true", "0", "False"], "BOOLEAN"),
        ("BOOLEAN", "", ["maybe"], "VARCHAR"),
        ("DATE", "", ["2026-02-28"], "DATE"),
        ("DATE", "", ["2026-02-30"], "VARCHAR"),
        ("TIMESTAMP", "", ["2026-01-01 10:00:00", "2026-01-01T10:00:00.5"], "TIMESTAMP"),
        ("TIMESTAMP", "", ["2026-01-01T10:00:00Z", "2026-01-01T10:00:00+02:00"], "TIMESTAMP WITH TIME ZONE"),
        ("TIMESTAMP", "", ["2026-01-01T10:00:00Z", "2026-01-01T10:00:00"], "VARCHAR"),
        ("STRING", "255", ["x", ""], "VARCHAR"),
        ("GEOGRAPHY", "", ["x"], "VARCHAR"),
        ("INTEGER", "", ["", ""], "BIGINT"),
    ],
)
def test_a_column_has_the_type_that_is_told_where_its_values_fit(
    tmp_path: Path, base: str, length: str, values: list[str], kind: str, capsys: pytest.CaptureFixture[str]
) -> None:
    # GIVEN a headless table with a column of a declared type
    ctx = context(tmp_path)
    written(
        ctx,
        "in.c-x.t.csv",
        "".join(f'"{value}","k"\n' for value in values),
        columns(("v", base, length), ("k", "STRING", "")),
    )
    # WHEN it is taken
    found = tables(ctx).take()["in.c-x.t"]
    # THEN
    assert kinds(found)["v"] == kind
    assert ("it stays text" in capsys.readouterr().out) is (kind == "VARCHAR" and base not in ("STRING", "GEOGRAPHY"))
    stored = [row[0] for row in rows(found.path)]
    assert sum(value in ("", None) for value in stored) == values.count("")
    assert kind != "VARCHAR" or sorted(map(str, stored)) == sorted(values)


def test_types_count_as_much_as_is_wanted(tmp_path: Path) -> None:
    # GIVEN a table with a number that is none, told in the older way
    manifest = {"columns": ["v"], "column_metadata": {"v": [{"key": "KBC.datatype.basetype", "value": "INTEGER"}]}}
    for types, value, kind in (
        (DataTypes.NONE, "1", "VARCHAR"), (DataTypes.HINTS, "1", "BIGINT"), (DataTypes.HINTS, "x", "VARCHAR"),
        (DataTypes.AUTHORITATIVE, "1", "BIGINT"),
    ):  # fmt: skip
        ctx = context(tmp_path)
        written(ctx, "in.c-x.t", f"{value}\n", manifest)
        assert kinds(tables(ctx, types).take()["in.c-x.t"])["v"] == kind
    # WHEN types are binding, THEN it is refused with the value
    ctx = context(tmp_path)
    written(ctx, "in.c-x.t", "x\n", manifest)
    with pytest.raises(UserError, match=r'out/tables/in\.c-x\.t: column "v" is declared INTEGER, which "x" is not'):
        tables(ctx, DataTypes.AUTHORITATIVE).take()
    # AND a column that may not be empty is not
    written(
        ctx,
        "in.c-x.t",
        "1\n\n",
        {"schema": [{"name": "v", "data_type": {"base": {"type": "INTEGER"}}, "nullable": False}]},
    )
    with pytest.raises(UserError, match="which an empty value is not"):
        tables(ctx, DataTypes.AUTHORITATIVE).take()


@given(
    st.lists(
        st.sampled_from(["1", "02", "+3", "1.5", "-0", "", "true", "2026-01-01", "x", "1e5", "9" * 25]), min_size=1
    )
)
@settings(max_examples=examples(40))
def test_no_type_loses_a_value(tmp_path_factory: pytest.TempPathFactory, values: list[str]) -> None:
    # GIVEN any values in columns of all base types, WHEN they are taken
    names = ["INTEGER", "NUMERIC", "FLOAT", "BOOLEAN", "DATE", "TIMESTAMP"]
    ctx = context(tmp_path_factory.mktemp("p"))
    text = "".join(",".join(f'"{value}"' for _ in names) + "\n" for value in values)
    written(ctx, "in.c-x.t", text, columns(*((name, name, "") for name in names)))
    found = tables(ctx).take()["in.c-x.t"]
    # THEN there is a value exactly where there was one, and a column of text is as it was
    stored = rows(found.path)
    for at, (name, kind) in enumerate(kinds(found).items()):
        cells = [row[at] for row in stored]
        if kind == "VARCHAR":
            assert sorted(map(str, cells)) == sorted(values), name
        else:
            assert cells.count(None) == values.count(""), name


def test_what_the_mapping_says_goes_before_the_manifest(tmp_path: Path) -> None:
    # GIVEN a headless file with another delimiter, of which the mapping tells
    ctx = context(tmp_path)
    output(ctx, "t", "shop/t", WriteMode.INCREMENTAL, ("a",))
    written(ctx, "t", "1;x\n1;y\n", {"columns": ["wrong"], "delimiter": "|"})
    # WHEN / THEN
    found = tables(ctx, output_mapping={"t": {"columns": ["a", "b"], "delimiter": ";"}}).take()["t"]
    assert rows(found.path) == [("1", "y")] and found.primary_key == ("a",) and found.table == "shop/t"


def test_an_optional_output_need_not_be_written_and_another_must(tmp_path: Path) -> None:
    # GIVEN
    ctx = context(tmp_path)
    output(ctx, "maybe", "shop/maybe")
    # WHEN / THEN
    assert tables(ctx, output_mapping={"maybe": {"optional": True}}).take() == {}
    with pytest.raises(UserError, match='did not write its output "maybe"'):
        tables(ctx).take()


def test_two_files_for_one_output_are_refused(tmp_path: Path) -> None:
    ctx = context(tmp_path)
    output(ctx, "t", "shop/t")
    for name in ("t", "t.csv"):
        written(ctx, name, "a\n1\n")
    with pytest.raises(UserError, match=r'out/tables/t\.csv and out/tables/t are both the output "t"'):
        tables(ctx).take()


def stored(tmp_path: Path) -> Storage:
    return Storage(ProjectPaths(tmp_path).storage)


RULES: list[tuple[dict[str, Any], list[str]]] = [
    ({"delete_where_column": "status", "delete_where_values": ["old"]}, ["2", "3", "9"]),
    ({"delete_where_column": "status", "delete_where_values": ["old"], "delete_where_operator": "ne"}, ["1", "9"]),
    ({"delete_where": [{"where_filters": [{"column": "status", "values_from_set": ["old", ""]}]}]}, ["2", "9"]),
    (
        {
            "delete_where": [
                {
                    "where_filters": [
                        {"column": "status", "operator": "ne", "values_from_set": ["old"]},
                        {"column": "id", "operator": "eq", "values_from_set": ["2"]},
                    ]
                }
            ]
        },
        ["1", "3", "9"],
    ),
    (
        {
            "delete_where": [
                {"where_filters": [{"column": "id", "values_from_set": ["1"]}]},
                {"where_filters": [{"column": "id", "values_from_set": ["2"]}]},
            ]
        },
        ["3", "9"],
    ),
    ({}, ["1", "2", "3", "9"]),
]


@pytest.mark.parametrize(("rule", "left"), RULES, ids=[str(number) for number in range(len(RULES))])
@pytest.mark.parametrize("mode", [WriteMode.INCREMENTAL, WriteMode.APPEND], ids=["incremental", "append"])
def test_rows_are_deleted_before_others_come(
    tmp_path: Path, rule: dict[str, Any], left: list[str], mode: WriteMode
) -> None:
    # GIVEN a table with rows, and a program that adds one
    first = context(tmp_path)
    output(first, "t", "shop/t", key=("id",))
    written(first, "t", 'id,status\n1,old\n2,new\n3,""\n')
    publish(tmp_path, tables(first).take()["t"])
    ctx = context(tmp_path)
    output(ctx, "t", "shop/t", mode, ("id",))
    written(ctx, "t", "id,status\n9,old\n")
    # WHEN it says which are to go
    publish(tmp_path, tables(ctx, output_mapping={"t": rule}).take()["t"])
    # THEN they are gone, and its own are there
    info = stored(tmp_path).get("shop/t")
    assert info is not None and [row[0] for row in rows(info.file, "id")] == left


def publish(tmp_path: Path, one: Output) -> None:
    stored(tmp_path).publish([Publication(one.table, one.path, one.mode, one.primary_key, one.deletes)])


def test_a_column_that_the_stored_rows_do_not_have_is_told(tmp_path: Path) -> None:
    # GIVEN a table, WHEN rows are to go by a column that it lacks
    first = context(tmp_path)
    output(first, "t", "shop/t", key=("id",))
    written(first, "t", "id\n1\n")
    publish(tmp_path, tables(first).take()["t"])
    ctx = context(tmp_path)
    output(ctx, "t", "shop/t", WriteMode.INCREMENTAL, ("id",))
    written(ctx, "t", "id\n2\n")
    found = tables(ctx, output_mapping={"t": {"delete_where_column": "status", "delete_where_values": ["x"]}}).take()[
        "t"
    ]
    # THEN nothing is published
    with pytest.raises(UserError, match='rows are to be deleted by the column "status"'):
        publish(tmp_path, found)


@pytest.mark.parametrize(
    ("rule", "says"),
    [
        ({"delete_where": [{"changed_since": "-7 days"}]}, "by the time of a change is not done here"),
        (
            {"delete_where": [{"where_filters": [{"column": "a", "values_from_workspace": {}}]}]},
            "there is no workspace",
        ),
        (
            {"delete_where_column": "a", "delete_where_values": ["1"], "delete_where_operator": "gt"},
            "knows the operators",
        ),
    ],
    ids=["time", "workspace", "operator"],
)
def test_deletions_that_cannot_be_done_are_refused(tmp_path: Path, rule: dict[str, Any], says: str) -> None:
    ctx = context(tmp_path)
    output(ctx, "t", "shop/t", WriteMode.APPEND)
    written(ctx, "t", "a\n1\n")
    with pytest.raises(UserError, match=says):
        tables(ctx, output_mapping={"t": rule}).take()


def test_of_a_failure_only_what_is_always_written_is_taken(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    # GIVEN three tables: always written by the mapping, by the manifest, not always; and one that is no CSV
    ctx = context(tmp_path)
    output(ctx, "mapped", "shop/mapped")
    written(ctx, "mapped", "a\n1\n")
    written(ctx, "in.c-x.told", "1\n", {"columns": ["a"], "write_always": True})
    written(ctx, "in.c-x.other", "a\n1\n")
    # WHEN / THEN
    found = tables(ctx, output_mapping={"mapped": {"write_always": True}}).take_of_failure()
    assert sorted(found) == ["in.c-x.told", "mapped"]
    # WHEN one of them cannot be read, THEN that is told and the failure stays the failure
    written(ctx, "mapped", 'a\n"1\n')
    assert "mapped" not in tables(ctx, output_mapping={"mapped": {"write_always": True}}).take_of_failure()
    assert "warning: " in capsys.readouterr().out
