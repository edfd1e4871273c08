"""Random tables with values at the ends of every type, through each writer and back by a client that is not ours."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from orch_tui.components.mysql import writer as mysql_writer
from orch_tui.components.postgres import writer as postgres_writer
from orch_tui.components.sqlite import writer as sqlite_writer
from orch_tui.storage.values.conversion import text_of

from tests.servers.mariadb import MariaDbServer, mariadb
from tests.servers.postgres import PostgresServer, postgres
from tests.support.bench import Bench
from tests.support.tables import database
from tests.support.told_values import same

SHORT = range(4)
LONG = range(100, 140)
SEEDS = [*SHORT, *(pytest.param(seed, marks=pytest.mark.long) for seed in LONG)]

VALUES: dict[str, list[str]] = {
    "TINYINT": ["-128", "127", "0"],
    "SMALLINT": ["-32768", "32767"],
    "INTEGER": ["-2147483648", "2147483647", "7"],
    "BIGINT": ["-9223372036854775808", "9223372036854775807", "9007199254740993"],
    "UTINYINT": ["255", "0"],
    "UINTEGER": ["4294967295"],
    "UBIGINT": ["18446744073709551615", "9223372036854775808", "5"],
    "DECIMAL(9,2)": ["1234567.89", "-0.01", "100.00"],
    "DECIMAL(20,0)": ["12345678901234567890", "12345678901234567891", "5"],
    "DECIMAL(38,9)": ["12345678901234567890123456789.123456789", "-0.000000001", "0.1"],
    "DECIMAL(38,38)": ["0.00000000000000000000000000000000000001", "0.5"],
    "DOUBLE": ["nan", "inf", "-inf", "5e-324", "1.7976931348623157e308", "0.1", "1e22", "0.30000000000000004", "3"],
    "FLOAT": ["0.1", "16777216", "3.4028235e38", "1e-45"],
    "BOOLEAN": ["true", "false"],
    "VARCHAR": ["007", "", " x ", "a\nb\r\n\tc", 'it\'s "q" `b` \\', "é😀", "\\N", "1e3", "NULL", "%s", "2024-01-01"],
    "BLOB": ["\\x00\\xFF", "abc", ""],
    "DATE": ["0001-01-01", "9999-12-31", "infinity", "0044-03-15 (BC)", "12024-02-29", "2024-02-29"],
    "TIMESTAMP": ["2024-01-01 10:00:00.123456", "0001-01-01 00:00:00", "infinity", "9999-12-31 23:59:59.999999"],
    "TIMESTAMP_NS": ["2024-01-01 10:00:00.123456789", "2024-01-01 10:00:00.5"],
    "TIMESTAMP WITH TIME ZONE": ["2024-01-01 10:00:00.5+02", "1970-01-01 00:00:00+00", "0044-03-15 (BC) 10:00:00+00"],
    "TIME": ["00:00:00", "23:59:59.999999", "24:00:00"],
    "INTERVAL": ["1 year 2 months 3 days 04:05:06.5", "00:00:00", "30 days", "1 month"],
    "UUID": ["7f4df5b0-62b1-4a3e-9f2e-8a2e6a2f4d5b"],
    "JSON": ['{"a": 1.10, "b": [123456789012345678901234567890]}', '{"a": 1, "a": 2}', "[]", '"x"', "null"],
    "INTEGER[]": ["[1, 2, NULL]", "[]"],
    "STRUCT(a DOUBLE, b DECIMAL(38,9))": ["{'a': 0.1, 'b': 12345678901234567890.123456789}", "{'a': 5, 'b': NULL}"],
}
NAMES = ["select", 'we"ird', "a b", "Ünï", "it's", "back`tick", "per%cent", "semi;colon", "x.y", "[z]", "q?"]


def table(seed: int) -> tuple[str, list[tuple[str, str]]]:
    """A query of eight rows with an id, and its other columns: name and type."""
    chance = random.Random(seed)
    kinds = [chance.choice(list(VALUES)) for _ in range(8)]
    names = chance.sample(NAMES, len(kinds))
    columns = []
    for name, kind in zip(names, kinds, strict=True):
        texts = [chance.choice([*VALUES[kind], *VALUES[kind], None]) for _ in range(8)]
        literals = ", ".join("null" if text is None else "'" + text.replace("'", "''") + "'" for text in texts)
        listed = f"list_transform([{literals}], lambda v: cast(v as {kind}))"
        columns.append(f'unnest({listed}) as "{name.replace(chr(34), chr(34) * 2)}"')
    return f"select unnest(range(8)) as id, {', '.join(columns)}", list(zip(names, kinds, strict=True))


def expected(bench: Bench, columns: list[tuple[str, str]]) -> list[list[str | None]]:
    """The one text of each value, as the storage has it."""
    path = bench.data / "in" / "tables" / "t.parquet"
    with database() as con:
        con.execute("set timezone = 'UTC'")
        kinds = {row[0]: row[1] for row in con.execute(f"describe from '{path}'").fetchall()}
        quoted = ['"' + name.replace('"', '""') + '"' for name, _ in columns]
        texts = [text_of(q, kinds[name]) for q, (name, _) in zip(quoted, columns, strict=True)]
        return [list(row) for row in con.execute(f"select {', '.join(texts)} from '{path}' order by id").fetchall()]


@pytest.fixture(scope="module")
def pg() -> Iterator[PostgresServer]:
    with postgres() as server:
        yield server


@pytest.fixture(scope="module")
def my() -> Iterator[MariaDbServer]:
    with mariadb() as server:
        yield server


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def written(bench: Bench, module: Any, query: str, **parameters: Any) -> None:
    module.run(module.Parameters(**{"table": "t", **parameters}), bench.context({"t": query}, ()))


def check(bench: Bench, columns: list[tuple[str, str]], found: list[tuple[Any, ...]]) -> None:
    wanted = expected(bench, columns)
    assert len(found) == len(wanted)
    for row, told in zip(found, wanted, strict=True):
        for (name, kind), value, text in zip(columns, row, told, strict=True):
            assert same(kind, text, value), f"{name} {kind}: {text!r} came back as {value!r}"


@pytest.mark.parametrize("seed", SEEDS)
def test_values_go_to_sqlite(bench: Bench, seed: int) -> None:
    # GIVEN a table with values at the ends of their types, WHEN it is written, and again over itself by its key
    query, columns = table(seed)
    for mode in ("replace", "upsert"):
        written(bench, sqlite_writer, query, database="d.sqlite", mode=mode, key=["id"])
        # THEN another client finds the same values
        with sqlite3.connect(bench.project / "d.sqlite") as con:
            names = ", ".join('"' + name.replace('"', '""') + '"' for name, _ in columns)
            check(bench, columns, con.execute(f"select {names} from t order by id").fetchall())


@pytest.mark.parametrize("seed", SEEDS)
def test_values_go_to_postgres(bench: Bench, pg: PostgresServer, seed: int) -> None:
    pg.run("drop table if exists t")
    query, columns = table(seed)
    for mode in ("replace", "upsert"):
        written(bench, postgres_writer, query, **pg.parameters, mode=mode, key=["id"])
        quoted = [('"' + name.replace('"', '""') + '"', kind) for name, kind in columns]
        texts = ", ".join(name if kind == "BLOB" else f"{name}::text" for name, kind in quoted)
        check(bench, columns, pg.run("set timezone = 'UTC'", f"select {texts} from t order by id"))


@pytest.mark.parametrize("seed", SEEDS)
def test_values_go_to_mariadb(bench: Bench, my: MariaDbServer, seed: int) -> None:
    my.run("drop table if exists t")
    query, columns = table(seed)
    for mode in ("replace", "upsert"):
        written(bench, mysql_writer, query, **my.parameters, mode=mode, key=["id"])
        quoted = [("`" + name.replace("`", "``") + "`", kind) for name, kind in columns]
        # As a FLOAT the server would write six digits.
        texts = ", ".join(
            name if kind == "BLOB" else f"cast({name}{' + 0e0' * (kind == 'FLOAT')} as char)" for name, kind in quoted
        )
        check(bench, columns, my.run("set time_zone = '+00:00'", f"select {texts} from t order by id"))
