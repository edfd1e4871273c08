"""Random tables of all types through SQL transformations and files, compared with readers that are not ours."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from orch_tui.components.files import extractor as file_extractor
from orch_tui.components.files import writer as file_writer
from orch_tui.components.kit.component import Context, Input
from orch_tui.components.sql import transformation as sql
from orch_tui.storage.duckdb import describe, open_database, parquet
from orch_tui.storage.values.parquet import write_parquet

from tests.support.bench import Bench
from tests.support.typed_tables import TypedTable, quoted, random_table, same, text_of, without_specials

pyarrow = pytest.importorskip("pyarrow.parquet")

SHORT = range(6)
LONG = 1_000
Leg = Callable[[Bench, TypedTable], None]


def stored_input(bench: Bench, table: TypedTable) -> Context:
    """A context whose input ``t`` is stored as tables are."""
    ctx = bench.context(outputs=("result",))
    path = bench.data / "in" / "tables" / "t.parquet"
    path.unlink(missing_ok=True)
    with open_database(bench.data / "spill", threads=1) as con:
        count = write_parquet(con, table.query, path)
        columns = describe(con, parquet(path))
    ctx.inputs["t"] = Input("t", "in/t", path, count, columns, 1)
    return ctx


def check(table: TypedTable, found: list[dict[str, Any]], change: Callable[[Any], Any] = lambda value: value) -> None:
    assert len(found) == len(table.rows)
    for before, after in zip(table.rows, found, strict=True):
        assert list(after) == list(before)
        for name, value in before.items():
            kind = table.kinds[name].sql if name in table.kinds else "id"
            assert same(change(value), after[name]), f"{name} {kind}: {value!r} came back as {after[name]!r}"


def read_result(bench: Bench) -> list[dict[str, Any]]:
    rows = pyarrow.ParquetFile(bench.data / "out" / "tables" / "result.parquet").read().to_pylist()
    return sorted(rows, key=lambda row: int(row["id"]))


def extracted(bench: Bench, name: str, **more: Any) -> list[dict[str, Any]]:
    file_extractor.run(file_extractor.Parameters(path=name, **more), bench.context())
    return read_result(bench)


def through_sql_made_there(bench: Bench, table: TypedTable) -> None:
    """The types are those of the script."""
    sql.run(sql.Parameters(sql=f"create table result as {table.query}"), bench.context())
    check(table, read_result(bench))


def through_sql_from_an_input(bench: Bench, table: TypedTable) -> None:
    """The types are those that are stored; a table, a view, and rows that pass through both."""
    script = "create table first as select * from t order by id; create view result as select * from first"
    sql.run(sql.Parameters(sql=script), stored_input(bench, table))
    check(table, read_result(bench))


def through_csv(bench: Bench, table: TypedTable) -> None:
    file_writer.run(file_writer.Parameters(path="a.csv", order_by=["id"]), stored_input(bench, table))
    with (bench.project / "a.csv").open(encoding="utf-8", newline="") as file:
        header, *lines = csv.reader(file, strict=True)
    assert header == ["id", *table.kinds]
    for before, line in zip(table.rows, lines, strict=True):
        for (name, value), cell in zip(before.items(), line, strict=True):
            assert cell == "" if value is None else same(value, cell), f"{name}: {value!r} was written as {cell!r}"
    check(table, extracted(bench, "a.csv", empty="quoted"))


def through_json(bench: Bench, table: TypedTable, kind: str = "json") -> None:
    file_writer.run(file_writer.Parameters(path=f"a.{kind}", order_by=["id"]), stored_input(bench, table))
    text = (bench.project / f"a.{kind}").read_text(encoding="utf-8")
    texts = [text] if kind == "json" else text.splitlines()
    told = [json.loads(one, parse_float=Decimal, parse_constant=pytest.fail) for one in texts]
    check(table, told[0] if kind == "json" else told, without_specials)
    if table.rows:
        check(table, extracted(bench, f"a.{kind}"), without_specials)


def through_ndjson(bench: Bench, table: TypedTable) -> None:
    through_json(bench, table, "ndjson")


def through_parquet(bench: Bench, table: TypedTable) -> None:
    file_writer.run(file_writer.Parameters(path="a.parquet", order_by=["id"]), stored_input(bench, table))
    check(table, pyarrow.ParquetFile(bench.project / "a.parquet").read().to_pylist())
    check(table, extracted(bench, "a.parquet"))


LEGS: list[Leg] = [
    through_sql_made_there, through_sql_from_an_input, through_csv, through_json, through_ndjson, through_parquet,
]  # fmt: skip


@pytest.mark.parametrize("leg", LEGS, ids=lambda leg: leg.__name__.removeprefix("through_"))
def test_random_tables_come_back(tmp_path: Path, leg: Leg) -> None:
    bench = Bench(tmp_path)
    for seed in SHORT:
        leg(bench, random_table(f"{leg.__name__} {seed}"))


@pytest.mark.long
@pytest.mark.parametrize("leg", LEGS, ids=lambda leg: leg.__name__.removeprefix("through_"))
def test_thousands_of_random_tables_come_back(tmp_path: Path, leg: Leg) -> None:
    bench, faults = Bench(tmp_path), []
    for seed in range(1000, 1000 + LONG):
        try:
            leg(bench, random_table(f"{leg.__name__} {seed}"))
        except Exception as fault:  # noqa: BLE001 - all that differ are told at the end
            faults.append(f"seed {seed}: {str(fault)[:300]}")
    print(f"{leg.__name__}: {LONG} tables, {len(faults)} differences")
    assert not faults, "\n".join(faults[:20])


def test_what_is_compared_with_can_tell_values_apart() -> None:
    # GIVEN values and what is not the same, WHEN they are compared THEN it is seen
    assert not same("1.5", 1.25) and not same("007", 7) and not same(True, "t") and not same(0.1, Decimal("0.10000001"))
    assert not same([1, None], [1]) and not same({"a": 1}, {"a": 1, "b": 2}) and not same(b"a", "b") and same(b"a", "a")
    assert text_of(1e16) == "1e+16" and text_of(3.0) == "3" and quoted('a"') == '"a"""'
