"""The component ``singer`` around a tap of somebody else (tap-jsonl) and one of our own that does what it is told."""

from __future__ import annotations

import datetime
import hashlib
import json
import os
import signal
import sys
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from orch_tui.components.singer import tap as singer
from orch_tui.components.singer.types import duckdb_type, shape_of
from orch_tui.model.errors import UserError
from orch_tui.storage.tables import Publication

from tests.integration.attempts import Attempt, attempt
from tests.servers.tools import tool
from tests.support.projects import wait_for_file
from tests.support.tables import parquet_file, rows
from tests.support.tasks_here import failure_of, run_here

MODULE = "orch_tui.components.singer.tap"
TAP = Path(__file__).resolve().parents[3] / "servers" / "singer_tap.py"
TOKEN = "tap-secret-77"
USERS = {"properties": {"id": {"type": "integer"}, "name": {"type": ["null", "string"]}}}


def make_venv(root: Path, name: str = "tap-test", script: Path = TAP) -> None:
    """A virtual environment with a tap in it, without the time that a real one takes to make."""
    bin_directory = root / "venv" / "bin"
    bin_directory.mkdir(parents=True, exist_ok=True)
    python = bin_directory / "python"
    if not python.is_symlink():
        python.symlink_to(sys.executable)
    program = bin_directory / name
    program.write_text(f"#!{python}\n{script.read_text()}")
    program.chmod(0o755)


def output(stream: str, mode: str = "full", key: tuple[str, ...] = ()) -> dict[str, Any]:
    return {"source": stream, "destination": f"crm/{stream}", "mode": mode, "primary_key": list(key)}


def record(stream: str, **values: Any) -> dict[str, Any]:
    return {"type": "RECORD", "stream": stream, "record": values}


def schema(stream: str = "users", body: Any = USERS, keys: tuple[str, ...] = ("id",)) -> dict[str, Any]:
    return {"type": "SCHEMA", "stream": stream, "schema": body, "key_properties": list(keys)}


def task(
    root: Path, messages: list[Any] | None, outputs: list[dict[str, Any]] | None = None, name: str = "1", **more: Any
) -> Attempt:
    """``messages`` are what the tap writes: objects, or texts as they are."""
    make_venv(root)
    config = {"token": "${TOKEN}", "seen": str(root / "seen.json"), **more.pop("config", {})}
    if messages is not None:
        lines = [text if isinstance(text, str) else json.dumps(text) for text in messages]
        (root / f"lines-{name}").write_text("".join(f"{line}\n" for line in lines))
        config["lines"] = str(root / f"lines-{name}")
    parameters = {"venv": "venv", "tap": "tap-test", "config": config, **more}
    return attempt(
        root, parameters, outputs=[output("users")] if outputs is None else outputs, secrets={"TOKEN": TOKEN}, name=name
    )


def table(given: Attempt, name: str) -> tuple[list[tuple[object, ...]], dict[str, str], tuple[str, ...]]:
    """Rows, columns with types, primary key."""
    info = given.storage.get(f"crm/{name}")
    assert info is not None
    return rows(info.file), dict(info.columns), info.primary_key


def seen(root: Path) -> dict[str, Any]:
    body: dict[str, Any] = json.loads((root / "seen.json").read_text())
    return body


# --- a tap from PyPI -------------------------------------------------------------------------------------------------


def real(root: Path, name: str, **more: Any) -> Attempt:
    config = {"path": str(root / "orders-*.jsonl"), "stream_name": "orders", "primary_keys": ["id"], **more}
    streams = {"orders": {"exclude": ["_sdc_filename", "_sdc_stream"]}}
    body = {"venv": str(tool("singer")), "tap": "tap-jsonl", "config": config, "streams": streams}
    return attempt(root, body, outputs=[output("orders", "incremental", ("id",))], name=name)


def write_lines(path: Path, lines: Sequence[object], day: int) -> None:
    """The tap goes by the time of the file's last change."""
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    stamp = datetime.datetime(2026, 1, day, tzinfo=datetime.UTC).timestamp()
    os.utime(path, (stamp, stamp))


def test_tap_jsonl_from_pypi_with_state_between_runs(tmp_path: Path) -> None:
    # GIVEN lines in a file, and a second file that comes after the first run
    lines = [{"id": 1, "city": "Brno", "amount": 1.5}, {"id": 2, "city": None, "amount": 2}]
    write_lines(tmp_path / "orders-1.jsonl", lines, day=1)
    first = real(tmp_path, "1")
    code, out, err = first.run(MODULE)
    assert code == 0, out + err
    write_lines(tmp_path / "orders-2.jsonl", [{"id": 2, "city": "Praha", "amount": 7.25}, {"id": 3}], day=2)
    # WHEN the tap runs again
    second = real(tmp_path, "2")
    code, out, err = second.run(MODULE)
    # THEN it starts from its state (this tap reads old files again all the same), and no key is in the table twice
    assert code == 0, out + err
    assert "Starting incremental sync with bookmark value: 2026-01-01T00:00:00+00:00" in out
    assert [first.result["metrics"], second.result["metrics"]] == [
        {"records orders": 2},
        {"records orders": 4, "repeated orders": 1},
    ]
    found, columns, key = table(second, "orders")
    days = [datetime.datetime(2026, 1, day, tzinfo=datetime.UTC) for day in (1, 2)]
    assert sorted(found) == [(1, "Brno", 1.5, days[0]), (2, "Praha", 7.25, days[1]), (3, None, None, days[1])]
    assert list(columns.values()) == ["BIGINT", "VARCHAR", "DOUBLE", "TIMESTAMP WITH TIME ZONE"] and key == ("id",)
    # WHEN its path leads nowhere on a first run, THEN the tap ends with 0 and the task says that nothing came
    next((tmp_path / ".orch").rglob("state/*/sample.json")).unlink()
    third = real(tmp_path, "3", path=str(tmp_path / "none-*.jsonl"))
    code, out, err = third.run(MODULE)
    assert code == 0, out + err
    assert "ended well without a single record" in third.result["warning"]


# --- types -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("spec", "kind"),
    [
        ({"type": "integer"}, "BIGINT"),
        ({"type": ["null", "boolean"]}, "BOOLEAN"),
        ({"type": "number"}, "DOUBLE"),
        ({"type": "number", "multipleOf": 0.01}, "DECIMAL(38,2)"),
        ({"type": "number", "multipleOf": 1e-10}, "DECIMAL(38,10)"),
        ({"type": "number", "multipleOf": 1}, "DECIMAL(38,0)"),
        ({"type": "number", "multipleOf": 1e-40}, "DOUBLE"),
        ({"type": "number", "multipleOf": "x"}, "DOUBLE"),
        ({"type": ["integer", "number"]}, "DOUBLE"),
        ({"type": ["integer", "string"]}, "VARCHAR"),
        ({"type": "string", "format": "date-time"}, "TIMESTAMP WITH TIME ZONE"),
        ({"anyOf": [{"type": "string", "format": "date-time"}, {"type": "null"}]}, "TIMESTAMP WITH TIME ZONE"),
        ({"anyOf": [{"type": "string", "format": "date-time"}, {"type": "string"}]}, "VARCHAR"),
        ({"type": "string", "format": "date"}, "DATE"),
        ({"type": "string", "format": "time"}, "VARCHAR"),
        ({"type": ["null", "object"], "properties": {}}, "JSON"),
        ({"type": "array"}, "JSON"),
        ({"enum": ["a", None]}, "VARCHAR"),
        ({}, "JSON"),
        (True, "JSON"),
    ],
)
def test_types_of_a_schema(spec: Any, kind: str) -> None:
    # GIVEN / WHEN / THEN
    assert duckdb_type(spec) == kind


def test_values_keep_what_their_schema_says(tmp_path: Path) -> None:
    # GIVEN a stream with every kind of column, and numbers that a double cannot hold
    kinds = {
        "id": {"type": "integer"}, "big": {"type": "integer"}, "price": {"type": "number", "multipleOf": 0.0001},
        "share": {"type": "number"}, "ok": {"type": "boolean"}, "at": {"type": "string", "format": "date-time"},
        "day": {"type": "string", "format": "date"}, "tags": {"type": "array"}, "nested": {"type": "object"},
        'we"ird, [x]': {"type": "string"},
    }  # fmt: skip
    one = (
        '{"type": "RECORD", "stream": "users", "record": {"id": 9007199254740993, "big": 7, '
        '"price": 12345678901234567890123.4567, "share": 0.1, "ok": true, "at": "2026-01-02T03:04:05.123456+02:00", '
        '"day": "2026-01-02", "tags": [1, "a"], "nested": {"a": {"b": 1.5}}, "we\\"ird, [x]": "ž\\n\\ud83d\\ude00"}}'
    )
    messages = [schema(body={"properties": kinds}), one, record("users", id=2), {"type": "ACTIVATE_VERSION"}]
    # WHEN they are extracted
    code, out, err = run_here(given := task(tmp_path, messages), singer)
    # THEN nothing of them is lost
    assert code == 0, out + err
    (first, second), columns, key = table(given, "users")
    if first[0] == 2:
        first, second = second, first
    assert first[:5] == (9007199254740993, 7, Decimal("12345678901234567890123.4567"), 0.1, True)
    assert first[5] == datetime.datetime(2026, 1, 2, 1, 4, 5, 123456, tzinfo=datetime.UTC)
    assert first[6] == datetime.date(2026, 1, 2) and first[9] == "ž\n😀"
    assert json.loads(str(first[7])) == [1, "a"] and json.loads(str(first[8])) == {"a": {"b": 1.5}}
    assert second == (2, *[None] * 9) and key == ("id",)
    assert list(columns.values()) == [
        "BIGINT", "BIGINT", "DECIMAL(38,4)", "DOUBLE", "BOOLEAN", "TIMESTAMP WITH TIME ZONE", "DATE", "JSON", "JSON",
        "VARCHAR"]  # fmt: skip


def test_a_value_that_breaks_its_schema_makes_the_column_text(tmp_path: Path) -> None:
    # GIVEN values that a cast would round, cut or refuse
    kinds = {
        "id": {"type": "integer"}, "whole": {"type": "integer"}, "day": {"type": "string", "format": "date"},
        "huge": {"type": "integer"}, "midnight": {"type": "string", "format": "date"}, "one": {"type": "integer"},
    }  # fmt: skip
    row = {"id": 1, "whole": 1.5, "day": "2026-01-02T10:00:00Z", "huge": 98765432109876543210}
    messages = [schema(body={"properties": kinds}), record("users", **row, midnight="2026-01-02T00:00:00Z", one=1.0)]
    # WHEN they are extracted
    code, out, err = run_here(given := task(tmp_path, messages), singer)
    # THEN they are there as text, with a warning, and what is whole stays a number
    assert code == 0, out + err
    found, columns, _ = table(given, "users")
    assert found == [(1, "1.5", "2026-01-02T10:00:00Z", "98765432109876543210", datetime.date(2026, 1, 2), 1)]
    assert list(columns.values()) == ["BIGINT", "VARCHAR", "VARCHAR", "VARCHAR", "DATE", "BIGINT"]
    assert '"whole" is BIGINT by the tap\'s schema but holds "1.5"; it is stored as text' in given.result["warning"]


@pytest.mark.parametrize(
    ("spec", "values", "kind", "expected"),
    [
        ({"type": "number"}, ["0.1", "1.10", "3", "1e22", "0.30000000000000004"], "DOUBLE",
         [0.1, 1.1, 3.0, 1e22, 0.30000000000000004]),
        ({"type": "number"}, ["649686000000001631.440", "1"], "DECIMAL(38,9)",
         [Decimal("649686000000001631.44"), Decimal(1)]),
        ({"type": "number", "multipleOf": 1e-38}, ["649686000000001631.440"], "DECIMAL(38,9)",
         [Decimal("649686000000001631.44")]),
        ({"type": "number", "multipleOf": 1e-38}, ["0.5"], "DOUBLE", [0.5]),
        ({"type": "number"}, ["9007199254740993", "0.5"], "DECIMAL(38,9)", [Decimal(9007199254740993), Decimal("0.5")]),
        ({"type": "number"}, ["0.00000000000000000000000000000000000001234"], "DOUBLE", [1.234e-38]),
        ({"type": "number"}, ["0.12345678901234567891", "12"], "DECIMAL(38,20)",
         [Decimal("0.12345678901234567891"), Decimal(12)]),
        ({"type": "number"}, ["123456789012345678901234567890.1234567891"], "VARCHAR",
         ["123456789012345678901234567890.1234567891"]),
        ({"type": "number"}, ["1e400", "1"], "VARCHAR", ["1e400", "1"]),
        ({"type": "number", "multipleOf": 0.01}, ["1.50", "1e2"], "DECIMAL(38,2)", [Decimal("1.50"), Decimal(100)]),
        ({"type": "number", "multipleOf": 0.01}, ["1.005", "2"], "DECIMAL(38,3)", [Decimal("1.005"), Decimal(2)]),
        ({"type": "integer"}, ["1e3", "7.0", "-9223372036854775808"], "BIGINT", [1000, 7, -(2**63)]),
        ({"type": "integer"}, ["9223372036854775808"], "VARCHAR", ["9223372036854775808"]),
        ({"type": "integer"}, ['"007"'], "VARCHAR", ["007"]),
        ({"type": "boolean"}, ["true", "null"], "BOOLEAN", [True, None]),
        ({"type": "boolean"}, ['"yes"'], "VARCHAR", ["yes"]),
        ({"type": "boolean"}, ["1"], "VARCHAR", ["1"]),
        ({"type": "string"}, ["1.10", "1e5", "12345678901234567890.10"], "VARCHAR",
         ["1.10", "100000", "12345678901234567890.10"]),
        ({"type": ["string", "number"]}, ["1.10", '"1.10"'], "VARCHAR", ["1.10", "1.10"]),
        ({"type": "object"}, ['{"a": 1.10, "b": [123456789012345678901234567890, 1e2]}'], "JSON",
         ['{"a":1.10,"b":[123456789012345678901234567890,1e2]}']),
        ({"type": "array"}, ['[0.12345678901234567890]', "[1]", '"x"'], "JSON",
         ["[0.12345678901234567890]", "[1]", '"x"']),
        ({"type": "string", "format": "date-time"}, ['"2026-01-02T03:04:05Z"', '"2026-01-02 03:04:05.5+02:00"'],
         "TIMESTAMP WITH TIME ZONE", [datetime.datetime(2026, 1, 2, 3, 4, 5, tzinfo=datetime.UTC),
                                      datetime.datetime(2026, 1, 2, 1, 4, 5, 500_000, tzinfo=datetime.UTC)]),
        ({"type": "string", "format": "date-time"}, ['"2026-01-02T03:04:05.123456789Z"'], "VARCHAR",
         ["2026-01-02T03:04:05.123456789Z"]),
        ({"type": "string", "format": "date-time"}, ['"infinity"'], "VARCHAR", ["infinity"]),
        ({"type": "string", "format": "date-time"}, ['"0000-00-00T00:00:00Z"'], "VARCHAR", ["0000-00-00T00:00:00Z"]),
        ({"type": "string", "format": "date"}, ['"2026-01-02"', '"2026-01-03T00:00:00Z"'], "DATE",
         [datetime.date(2026, 1, 2), datetime.date(2026, 1, 3)]),
        ({"type": "string", "format": "date"}, ['"2026-01-02T00:00:00+02:00"'], "VARCHAR",
         ["2026-01-02T00:00:00+02:00"]),
        ({"type": "string", "format": "date"}, ['"2026-1-2"'], "VARCHAR", ["2026-1-2"]),
    ],
)  # fmt: skip
def test_a_type_is_chosen_only_where_every_value_comes_back(
    tmp_path: Path, spec: Any, values: list[str], kind: str, expected: list[Any]
) -> None:
    # GIVEN values as taps write them, in the very spelling
    lines = [f'{{"type": "RECORD", "stream": "users", "record": {{"v": {value}, "z": 0}}}}' for value in values]
    # WHEN they are extracted
    body = {"properties": {"v": spec, "z": {"type": "integer"}}}
    code, out, err = run_here(given := task(tmp_path, [schema(body=body, keys=()), *lines]), singer)
    # THEN none has lost a digit, whatever the type is called, and a type that is not the schema's is told
    assert code == 0, out + err
    found, columns, _ = table(given, "users")
    assert columns["v"] == kind
    assert sorted((row[0] for row in found), key=str) == sorted(expected, key=str)
    assert ("stored as" in out) == (kind != duckdb_type(spec))


def test_numbers_of_a_schema_that_changes_meet_without_loss(tmp_path: Path) -> None:
    # GIVEN a column that is an integer first and a number later
    lines = [
        f'{{"type": "RECORD", "stream": "users", "record": {{"v": {value}}}}}' for value in ("9007199254740993", "0.5")
    ]
    messages = [schema(body={"properties": {"v": {"type": "integer"}}}, keys=()), lines[0],
                schema(body={"properties": {"v": {"type": "number"}}}, keys=()), lines[1]]  # fmt: skip
    # WHEN they are extracted, THEN both are there
    code, out, err = run_here(given := task(tmp_path, messages), singer)
    assert code == 0, out + err
    assert sorted(str(row[0]) for row in table(given, "users")[0]) == ["0.500000000", "9007199254740993.000000000"]


@pytest.mark.parametrize("mode", ["full", "append"])
def test_the_end_of_a_tap_is_told(tmp_path: Path, mode: str) -> None:
    # GIVEN taps that end well, with a last state, before their last records, and in the middle of a stream
    def state(**more: Any) -> dict[str, Any]:
        return {"type": "STATE", "value": {"bookmarks": {}, **more}}

    rows_of = [schema(), record("users", id=1)]
    for name, messages, said, warned in (
        ("1", [*rows_of, state()], "", None),
        ("2", [*rows_of, state(), record("users", id=2)], "1 record came after the last STATE", mode == "append"),
        ("3", rows_of, "sent no STATE; the next run reads what this one read", False),
        ("4", [*rows_of, state(currently_syncing="users")], "it was still reading users: rows may be missing", True),
        ("5", [*rows_of, state(currently_syncing=None)], "", None),
        ("6", [*rows_of, state(bookmarks={"users": {"progress_markers": {"a": 1}}})], "still reading users", True),
    ):
        # WHEN they run
        given = task(tmp_path, messages, [output("users", mode)], name)
        code, out, err = run_here(given, singer)
        # THEN the log says what the task goes by, and a warning what may be missing or come twice
        assert code == 0 and said in out, out + err
        assert (said[:20] in given.result.get("warning", "")) == bool(warned) if said else "STATE" not in out


def test_a_schema_that_changes_on_the_way(tmp_path: Path) -> None:
    # GIVEN a tap that learns of a column, and of another type, between two records
    later = {"properties": {"id": {"type": "integer"}, "name": {"type": "integer"}, "city": {"type": "string"}}}
    messages = [schema(), record("users", id=1, name="a"), schema(body=later), record("users", id=2, name=5, city="B")]
    # WHEN they are extracted
    given = task(tmp_path, [*messages, record("users", id=3, name=6, other=1)])
    code, out, err = run_here(given, singer)
    # THEN there are all columns, and a property that no schema has is named in the log
    assert code == 0, out + err
    found, columns, _ = table(given, "users")
    assert sorted(found) == [(1, "a", None), (2, "5", "B"), (3, "6", None)] and columns["name"] == "VARCHAR"
    assert "left out what its schema does not have: other" in out


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({}, "names no properties"),
        ({"properties": {"a": {}, "A": {}}}, "upper and lower case only"),
        ({"properties": {"x": {}}}, "every column of stream"),
    ],
)
def test_schemas_that_make_no_table(body: Any, says: str) -> None:
    # GIVEN / WHEN / THEN
    with pytest.raises(UserError, match=says):
        shape_of("s", body, [], ["x"])


# --- streams, catalog, state -----------------------------------------------------------------------------------------

CATALOG = {
    "streams": [
        {"tap_stream_id": "users", "stream": "users", "schema": USERS, "key_properties": ["id"],
         "metadata": [{"breadcrumb": [], "metadata": {"inclusion": "available"}},
                      {"breadcrumb": ["properties", "id"], "metadata": {"inclusion": "automatic"}}]},
        {"tap_stream_id": "orders", "stream": "orders", "schema": USERS},
        {"tap_stream_id": "spam", "stream": "spam", "schema": USERS},
    ]
}  # fmt: skip


def test_the_outputs_are_the_selection(tmp_path: Path) -> None:
    # GIVEN a tap with three streams, two of which are outputs, one with options
    messages = [schema(), record("users", id=1, name="a"), schema("spam"), record("spam", id=1), schema("orders")]
    streams = {"users": {"replication_method": "INCREMENTAL", "replication_key": "id", "exclude": ["name"]}}
    given = task(
        tmp_path, messages, [output("users", "append"), output("orders")], config={"catalog": CATALOG}, streams=streams
    )
    # WHEN it runs
    code, out, err = run_here(given, singer)
    assert code == 0, out + err
    # THEN the tap was given the choice, and the secret by no other way than its config
    chosen = {"selected": True, "replication-method": "INCREMENTAL", "replication-key": "id"}
    users, orders, spam = seen(tmp_path)["catalog"]["streams"]
    assert users["metadata"][0]["metadata"] == {"inclusion": "available", **chosen}
    assert users["metadata"][2] == {"breadcrumb": ["properties", "name"], "metadata": {"selected": False}}
    assert orders["metadata"][0]["metadata"] == {"selected": True}
    assert spam["metadata"][0]["metadata"] == {"selected": False}
    assert seen(tmp_path)["token"] == hashlib.sha256(TOKEN.encode()).hexdigest() and seen(tmp_path)["environment"] == []
    # THEN a stream without records is an empty table with its types, one that was not asked for is none
    assert table(given, "users")[:2] == ([(1,)], {"id": "BIGINT"})
    assert table(given, "orders") == ([], {"id": "BIGINT", "name": "VARCHAR"}, ("id",))
    assert given.storage.get("crm/spam") is None and 'stream "spam" is no output: 1 record is left out' in out
    assert "the source gave no rows, so crm/orders is empty now" in given.result["warning"]


def test_state_goes_from_run_to_run_but_never_to_a_table_that_is_replaced(tmp_path: Path) -> None:
    # GIVEN a run that leaves a state with two bookmarks
    marks = {"bookmarks": {"users": {"id": 1}, "orders": {"id": 9}}, "version": 2}
    messages = [schema(), record("users", id=1), {"type": "STATE", "value": {"bookmarks": {}}},
                schema("orders"), record("orders", id=9), {"type": "STATE", "value": marks}]  # fmt: skip
    outputs = [output("users", "append"), output("orders")]
    assert run_here(task(tmp_path, messages, outputs), singer)[0] == 0 and seen(tmp_path)["state"] is None
    # WHEN it runs again, THEN the tap gets the last state, without the bookmark of the table in mode full
    code, out, _ = run_here(task(tmp_path, messages, outputs, "2"), singer)
    assert code == 0 and seen(tmp_path)["state"] == {"bookmarks": {"users": {"id": 1}}, "version": 2}
    assert "orders is written in mode full, so the tap reads all of it again" in out
    # WHEN everything is wanted again, THEN it gets none
    assert run_here(task(tmp_path, messages, outputs, "3", full_refresh=True), singer)[0] == 0
    assert seen(tmp_path)["state"] is None
    # WHEN a run fails after a newer state, THEN that state is not kept
    newer = {"type": "STATE", "value": {"bookmarks": {"users": {"id": 99}}}}
    given = task(tmp_path, [schema(), schema("orders"), newer], outputs, "4", config={"exit": 1, "stderr": "boom"})
    assert run_here(given, singer)[0] == 1
    assert run_here(task(tmp_path, [schema(), schema("orders")], outputs, "5"), singer)[0] == 0
    assert seen(tmp_path)["state"] == {"bookmarks": {"users": {"id": 1}}, "version": 2}


def test_a_record_that_comes_again_replaces_the_earlier_one(tmp_path: Path) -> None:
    # GIVEN a tap that sends a key twice
    messages = [schema(), record("users", id=1, name="old"), record("users", id=2), record("users", id=1, name="new")]
    # WHEN it runs / THEN the later record counts
    code, out, err = run_here(given := task(tmp_path, messages), singer)
    assert code == 0, out + err
    assert sorted(table(given, "users")[0]) == [(1, "new"), (2, None)] and "1 record came again" in out
    # WHEN rows are appended, THEN each is kept
    code, out, err = run_here(given := task(tmp_path, messages, [output("users", "append")], "2"), singer)
    assert code == 0, out + err
    assert len(table(given, "users")[0]) == 5


def test_a_column_that_disappears(tmp_path: Path) -> None:
    # GIVEN a table with a column that the tap does not have any more
    given = task(tmp_path, [schema(), record("users", id=1)], strict=True)
    seed = parquet_file(tmp_path / "old.parquet", "select 1::bigint as id, 'a' as name, 'b' as phone")
    given.storage.publish([Publication("crm/users", seed)])
    # WHEN the task is strict / THEN it fails and the table is as it was
    code, _, err = run_here(given, singer)
    assert code == 1 and 'crm/users: column "phone" is gone' in err and "phone" in table(given, "users")[1]
    # WHEN it is not / THEN that is a warning
    given = task(tmp_path, [schema(), record("users", id=1)], name="2")
    assert run_here(given, singer)[0] == 0 and 'column "phone" is gone' in given.result["warning"]


def test_nothing_at_all_is_a_warning_or_an_error(tmp_path: Path) -> None:
    # GIVEN a tap that ends well after its schema / WHEN it runs / THEN there is an empty table and a warning
    given = task(tmp_path, [schema()])
    assert run_here(given, singer)[0] == 0 and "ended well without a single record" in given.result["warning"]
    assert table(given, "users") == ([], {"id": "BIGINT", "name": "VARCHAR"}, ("id",))
    # WHEN not even the schema came / THEN there are no columns to make a table of
    code, _, err = run_here(task(tmp_path, [schema("other")], name="2"), singer)
    assert code == 1 and err == 'tap-test sent nothing of stream "users"; it sent other\n'
    # WHEN rows would only be added / THEN there were none
    given = task(tmp_path, [], [output("users", "append")], "3")
    assert run_here(given, singer)[0] == 0 and table(given, "users")[1] == {"id": "BIGINT", "name": "VARCHAR"}


# --- failures --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("messages", "more", "says"),
    [
        ([schema(), "hello, I am a debug print"], {}, "line 2 of tap-test's standard output is no JSON"),
        ([schema(), record("users", id=1), '{"type": "REC'], {}, "line 3 of tap-test's standard output is no JSON"),
        ([schema(), '{"type": "RECORD", "stream": "users", "record": {"id": NaN}}'], {}, "NaN is no JSON"),
        ([record("users", id=1)], {}, 'line 1 of tap-test\'s standard output is a RECORD of "users" before its SCHEMA'),
        ([{"type": "RECORD"}], {}, "a RECORD without stream or record"),
        ([{"type": "STATE", "value": 5}], {}, "a STATE whose value is no object"),
        ([{"type": "BATCH", "stream": "users"}], {}, "take batch_config out of the tap's config"),
        (["[" * 100_000], {}, "line 1 of tap-test's standard output is no JSON"),
        ([schema()], {"config": {"exit": 1, "stderr": "ERROR 401 Unauthorized for tap-secret-77"}},
         "tap-test ended with exit code 1: ERROR 401 Unauthorized for *****"),
        ([schema()],
         {"config": {"exit": 1, "stderr": "2026-11-22 16:57:30,193 | INFO     | tap-test | ready\n"
                     "2026-11-22 16:57:30,194 | ERROR    | tap-test   | 'path' is a required property\n"
                     "2026-11-22 16:57:30,194 | ERROR    | tap-test   | Config validation failed"}},
         "tap-test ended with exit code 1: 'path' is a required property; Config validation failed"),
        ([schema()], {"config": {"exit": 3}}, "tap-test ended with exit code 3: it said nothing; see the log above"),
        ([schema()], {"tap": "tap-other"}, 'no program "tap-other" in the virtual environment venv; run: venv/bin/pip'),
        ([schema()], {"tap": "../x"}, "is no name of a program"),
        ([schema()], {"venv": "none"}, "there is no virtual environment none"),
        ([schema()], {"streams": {"orders": {}}}, "streams names orders, which is no output"),
        ([schema()], {"streams": {"users": {}}}, "streams cannot be set without a catalog"),
        ([schema()], {"streams": {"users": {"replication_key": "id"}}}, 'needs replication_method = "INCREMENTAL"'),
        ([schema()], {"catalog": "none.json"}, 'the catalog "none.json" cannot be read'),
        ([schema()], {"catalog": "lines-1"}, '"lines-1" is no Singer catalog'),
        ([schema()], {"config": {"catalog": {"streams": [{"stream": "x"}]}}}, "has no stream users; it has x"),
        ([schema()], {"config": {"catalog": CATALOG}, "streams": {"users": {"exclude": ["q"]}}},
         'stream "users" has no column "q"; it has id, name'),
    ],
)  # fmt: skip
def test_failures_are_one_sentence_and_publish_nothing(
    tmp_path: Path, messages: list[Any], more: dict[str, Any], says: str
) -> None:
    # GIVEN a task, in this process since it fails before its end
    given = task(tmp_path, messages, **more)
    # WHEN it runs / THEN one sentence says what is wrong
    message = failure_of(given, singer)
    assert says in message and len(message.splitlines()) == 1 and TOKEN not in message


def test_a_tap_that_cannot_start_says_what_to_do(tmp_path: Path) -> None:
    # GIVEN a tap whose library is not installed, and one whose interpreter is gone
    given = task(tmp_path, [])
    program = tmp_path / "venv" / "bin" / "tap-test"
    for first, says in (
        (f"#!{sys.executable}\nimport singer_x.utils\n", 'lacks the module "singer_x"; run: venv/bin/pip install sing'),
        ("#!/no/such/python\n", "the interpreter in its first line is gone"),
    ):
        program.write_text(first)
        # WHEN it runs / THEN the sentence says what to do
        message = failure_of(given, singer)
        assert says in message and len(message.splitlines()) == 1


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_stopped_tap_publishes_nothing(tmp_path: Path, number: int) -> None:
    # GIVEN a tap that waits after its records
    given = task(tmp_path, [schema(), record("users", id=1)], config={"wait": str(tmp_path / "ready")})
    process = given.start(MODULE)
    wait_for_file(tmp_path / "ready", process)
    # WHEN the group is stopped
    os.killpg(process.pid, number)
    process.communicate(timeout=20)
    # THEN nothing is published, and the secret is nowhere
    assert process.returncode in (143, -number) and given.storage.get("crm/users") is None
    files = b"".join(path.read_bytes() for path in (tmp_path / ".orch").rglob("*") if path.is_file())
    assert TOKEN.encode() not in files and not (given.data / "singer" / "config.json").exists()


def test_the_connection_is_tried_by_discovery(tmp_path: Path) -> None:
    # GIVEN a tap with a catalog, one without, and one without the stream
    for name, config, outputs, says in (
        ("1", {"catalog": CATALOG}, [output("users")], "tap-test answers with 3 streams: users, orders, spam"),
        ("2", {}, [output("users")], "--discover ended with exit code 2: error: unrecognized arguments: --discover"),
        ("3", {"catalog": CATALOG}, [output("leads")], "tap-test has no stream leads; it has users, orders, spam"),
    ):
        given = task(tmp_path, None, outputs, name, config=config)
        path = given.data / "config.json"
        path.write_text(json.dumps({**json.loads(path.read_text()), "action": "testConnection"}))
        # WHEN the connection is tried
        code, out, err = run_here(given, singer)
        # THEN a sentence says what answered, or what is wrong
        assert says in (out if name == "1" else err) and code == (0 if name == "1" else 1), out + err


def test_parameters_need_no_library() -> None:
    # GIVEN / WHEN the form is made, THEN the fields have titles and descriptions
    fields = singer.Parameters.model_json_schema()["properties"]
    assert all(field.get("title") and field.get("description") for field in fields.values())
