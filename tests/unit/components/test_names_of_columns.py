"""Names that are one in some languages and two in DuckDB: every family tells apart what the tables tell apart."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from orch_tui.components.files import extractor as file_extractor
from orch_tui.components.files import writer as file_writer
from orch_tui.components.http.records.names import ColumnNames
from orch_tui.components.http_api import extractor as http_extractor
from orch_tui.components.http_api import writer as http_writer
from orch_tui.components.http_api import writer_parameters as http_writer_parameters
from orch_tui.components.kit.component import Context
from orch_tui.components.kit.contract import Input
from orch_tui.components.kit.drift import changes
from orch_tui.components.kit.sql import usable_names
from orch_tui.components.mailchimp.contacts import find_columns
from orch_tui.components.postgres import extractor as postgres_extractor
from orch_tui.components.postgres import writer as postgres_writer
from orch_tui.components.singer.types import shape_of
from orch_tui.components.sqlite import extractor as sqlite_extractor
from orch_tui.components.sqlite import writer as sqlite_writer
from orch_tui.model.components.configuration import WriteMode
from orch_tui.model.errors import UserError
from orch_tui.storage.duckdb import folded, quoted
from orch_tui.storage.storage import Storage
from orch_tui.storage.values.lattice import common_type

from tests.servers.http_server import Answer, HttpServer
from tests.servers.postgres import postgres
from tests.support.bench import Bench
from tests.support.tables import put, rows

SOURCE = Path(__file__).resolve().parents[3] / "orch_tui"
KELVIN, DOTTED, OHM = "\u212a", "\u0130", "\u2126"
# Each pair is one name to Python's casefold, and two to DuckDB.
PAIRS = [("Straße", "STRASSE"), (KELVIN, "k"), (OHM, "\u03c9"), ("É", "é"), ("ﬁn", "fin"), ("ſum", "sum")]
NAMES = ["id", DOTTED, "i", *(name for pair in PAIRS for name in pair)]
ROW = dict(zip(NAMES, range(len(NAMES)), strict=True))
QUERY = "select " + ", ".join(f"{number} as {quoted(name)}" for name, number in ROW.items())


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def stored(bench: Bench) -> dict[str, Any]:
    """The only row that was extracted."""
    (row,) = bench.rows()
    return dict(zip(bench.columns(), row, strict=True))


def context(bench: Bench, component: str) -> Context:
    ctx = bench.context({"t": QUERY}, ())
    ctx.component, ctx.configuration, ctx.run = component, "c", "r"
    return ctx


@pytest.mark.parametrize("pair", PAIRS)
def test_only_the_case_of_a_to_z_is_nothing(pair: tuple[str, str]) -> None:
    assert folded(pair[0]) != folded(pair[1]) and folded("AbC") == folded("aBc") == "abc"
    assert usable_names(pair) == (list(pair), [])
    assert changes([(pair[0], "INTEGER")], [(pair[1], "INTEGER")]) == [f'column "{pair[0]}" is gone']
    kinds = [f"STRUCT({quoted(name)} INTEGER)" for name in pair]
    assert common_type(kinds) == f"STRUCT({', '.join(f'{quoted(name)} INTEGER' for name in pair)})"
    assert ColumnNames("_").assign([(name,) for name in pair]) == list(pair)
    spec = {"properties": {name: {"type": "integer"} for name in pair}}
    assert [column.name for column in shape_of("s", spec, []).columns] == list(pair)
    table = Input("t", "in/t", Path("t"), 1, [(name, "VARCHAR") for name in pair], 1)
    assert find_columns(table, pair[0], {pair[1]: "X"}, None) == {name: name for name in pair}


@pytest.mark.parametrize("kind", ["csv", "json", "ndjson", "parquet"])
def test_files(bench: Bench, kind: str) -> None:
    file_writer.run(file_writer.Parameters(path=f"a.{kind}"), context(bench, "file-writer"))
    file_extractor.run(file_extractor.Parameters(path=f"a.{kind}"), bench.context())
    assert stored(bench) == ROW
    # AND one of a pair can be chosen, written and typed alone
    chosen = file_writer.Parameters(path=f"b.{kind}", columns=["STRASSE", "K"], order_by=["-STRASSE"])
    with pytest.raises(UserError, match='no column "Kk"'):
        file_writer.run(file_writer.Parameters(path="c.csv", columns=["Kk"]), context(bench, "file-writer"))
    file_writer.run(chosen, context(bench, "file-writer"))
    types = {} if kind == "parquet" else {"types": {"k": "VARCHAR"}}
    file_extractor.run(file_extractor.Parameters(path=f"b.{kind}", **types), bench.context())
    assert list(stored(bench).values()) == [ROW["STRASSE"], ROW["k"] if kind == "parquet" else str(ROW["k"])]


def test_sqlite(bench: Bench) -> None:
    for mode in ("replace", "upsert"):
        given = sqlite_writer.Parameters(database="d.sqlite", table="Straße", mode=mode, key=["STRASSE"])
        sqlite_writer.run(given, context(bench, "sqlite-writer"))
    with sqlite3.connect(bench.project / "d.sqlite") as con:
        con.execute("create table STRASSE(x)")
    given_back = sqlite_extractor.Parameters(database="d.sqlite", table="straße", incremental_column=KELVIN)
    sqlite_extractor.run(given_back, bench.context(mode=WriteMode.APPEND))
    assert stored(bench) == ROW


def test_postgres(bench: Bench) -> None:
    with postgres() as server:
        for mode in ("replace", "upsert"):
            given = postgres_writer.Parameters(**server.parameters, table="t", mode=mode, key=["STRASSE", KELVIN])
            postgres_writer.run(given, context(bench, "postgres-writer"))
        chosen = [name for name in NAMES if name != "Straße"]
        parameters = postgres_extractor.Parameters(**server.parameters, table="t", columns=chosen)
        postgres_extractor.run(parameters, bench.context())
    assert stored(bench) == {name: ROW[name] for name in chosen}


@pytest.mark.parametrize("types", [{}, {KELVIN: "VARCHAR"}])
def test_http(bench: Bench, types: dict[str, str]) -> None:
    with HttpServer() as server:
        server.script("/items", Answer(json=[ROW]))
        server.script("/hook/1/2", Answer(json={}))
        parameters = http_extractor.Parameters(base_url=server.url, path="/items", types=types)
        http_extractor.run(parameters, bench.context())
        assert stored(bench) == {**ROW, **{name: str(ROW[name]) for name in types}}
        # AND a value of one column in the address leaves the other in the body
        address = f"{server.url}/hook/{{{DOTTED}}}/{{i}}"
        http_writer.deliver(http_writer_parameters.Parameters(url=address), context(bench, "http-writer"))
        assert json.loads(server.calls[-1].body) == {k: v for k, v in ROW.items() if k not in (DOTTED, "i")}


def test_tables_that_are_merged(tmp_path: Path) -> None:
    # GIVEN a table with one of each pair WHEN rows with the others come THEN all are columns of it
    storage = Storage(tmp_path / ".orch" / "storage")
    for number in (0, 1):
        query = ", ".join(f"{number} as {quoted(pair[number])}" for pair in PAIRS)
        put(storage, "b/t", f"select {number} as id, {query}", "incremental", ("id",))
    info = storage.get("b/t")
    assert info is not None
    assert [name for name, _ in info.columns] == ["id", *(pair[0] for pair in PAIRS), *(pair[1] for pair in PAIRS)]
    nothing = (None,) * len(PAIRS)
    assert rows(info.file, "id") == [(0, *(0 for _ in PAIRS), *nothing), (1, *nothing, *(1 for _ in PAIRS))]


def test_one_place_says_which_names_are_the_same() -> None:
    # GIVEN all that compares texts without their case
    found = {
        str(path.relative_to(SOURCE))
        for folder in ("components", "storage")
        for path in (SOURCE / folder).rglob("*.py")
        if "casefold()" in path.read_text()
    }
    # THEN those are words of others: states, answers, tags, and what MySQL holds for one name
    assert found == {
        "components/adform/api.py", "components/http/jobs.py", "components/http_api/row_answers.py",
        "components/keboola/native_types.py", "components/keboola/program.py", "components/keboola/times.py",
        "components/mailchimp/send.py", "components/mysql/extractor.py", "components/snowflake/errors.py",
        "storage/files/query.py",
    }  # fmt: skip
