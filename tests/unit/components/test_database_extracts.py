"""Random tables of each database's own types, extracted and read from Parquet by a reader that is not ours.

What is wanted is what the server itself says to a client that is not ours either.
"""

from __future__ import annotations

import datetime
import random
import sqlite3
import uuid
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from orch_tui.components.mysql import extractor as mysql_extractor
from orch_tui.components.postgres import extractor as postgres_extractor
from orch_tui.components.snowflake import extractor as snowflake_extractor
from orch_tui.components.sqlite import extractor as sqlite_extractor
from sample_configs.stand_ins.snowflake import StandIn, serve

from tests.servers.mariadb import MariaDbServer, mariadb
from tests.servers.postgres import PostgresServer, postgres
from tests.servers.tools import tool
from tests.support.bench import Bench
from tests.support.told_values import same
from tests.support.typed_tables import text_of

pyarrow = pytest.importorskip("pyarrow.parquet")

SHORT = range(4)
LONG = range(100, 200)
SEEDS = [*SHORT, *(pytest.param(seed, marks=pytest.mark.long) for seed in LONG)]
ROWS = 8
Values = Mapping[str, Sequence[str]]
"""By type: what a value of it is in SQL."""
Column = tuple[str, str]
"""Its name and its type."""

TEXTS = ["'007'", "''", "' x '", "'it''s \"q\" `b`'", "'é😀'", "'1e3'", "'NULL'", "'%s'", "'2024-01-01'", "'a\tb'"]
DATES = ["'0001-01-01'", "'9999-12-31'", "'2024-02-29'"]
MOMENTS = ["'2024-01-01 10:00:00.123456'", "'9999-12-31 23:59:59.999999'", "'2024-02-29 00:00:00'"]
WIDE = ["12345678901234567890123456789.123456789", "-0.000000001", "0.1", "7"]
DOUBLES = ["0.1", "1.7976931348623157e308", "1e22", "0.30000000000000004", "3", "-2.5"]
INTEGERS = {
    "smallint": ["-32768", "32767", "0"],
    "bigint": ["-9223372036854775808", "9223372036854775807", "9007199254740993"],
}
POSTGRES: Values = {
    **INTEGERS,
    "integer": ["-2147483648", "2147483647"],
    "numeric(9,2)": ["1234567.89", "-0.01", "100.00"],
    "numeric(38,9)": WIDE,
    "numeric": [*WIDE, "'NaN'", "12345678901234567890123456789012345678901234567890.5"],
    "double precision": [*DOUBLES, "'NaN'", "'Infinity'"],
    "real": ["0.1", "16777216", "3.4028235e38", "1e-45"],
    "boolean": ["true", "false"],
    "text": [*TEXTS, r"'\N'", r"E'a\nb\r\n'"],
    "bytea": [r"'\x00ff'", "'abc'", "''"],
    "date": [*DATES, "'infinity'"],
    "timestamp": [*MOMENTS, "'-infinity'"],
    "timestamptz": ["'2024-01-01 10:00:00.5+02'", "'1970-01-01 00:00:00+00'"],
    "time": ["'00:00:00'", "'23:59:59.999999'", "'24:00:00'"],
    "interval": ["'1 year 2 months 3 days 04:05:06.5'", "'-1 day'"],
    "uuid": ["'7f4df5b0-62b1-4a3e-9f2e-8a2e6a2f4d5b'"],
    "json": ["""'{"a": 1.10, "b": [123456789012345678901234567890]}'""", "'null'", "'[]'"],
    "jsonb": ["""'{"b": 0.10, "a": "é"}'""", "'5'"],
    "integer[]": ["'{1,2,NULL}'", "'{}'"],
    "money": ["'$1,234.50'", "'-0.01'"],
    "int4range": ["'[1,5)'", "'empty'"],
    "bit(3)": ["B'101'"],
}
MARIADB: Values = {
    **INTEGERS,
    "tinyint": ["-128", "127"],
    "tinyint(1)": ["0", "1"],
    "int unsigned": ["4294967295", "0"],
    "bigint unsigned": ["18446744073709551615", "9223372036854775808", "5"],
    "decimal(9,2)": ["1234567.89", "-0.01", "100.00"],
    "decimal(38,9)": WIDE,
    "decimal(65,30)": ["12345678901234567890123456789.123456789", "0.000000000000000000000000000001"],
    "double": DOUBLES,
    "float": ["0.1", "16777216", "3.40282e38"],
    "text": [*TEXTS, r"'a\nb\r\n'", r"'\\N'"],
    "varbinary(10)": ["x'00ff'", "'abc'", "''"],
    "date": [*DATES, "'0000-00-00'"],
    "datetime(6)": MOMENTS,
    "timestamp(6) null": ["'2024-01-01 10:00:00.5'", "'1970-01-02 00:00:00'"],
    "time(6)": ["'00:00:00'", "'23:59:59.999999'", "'-12:30:00.5'", "'838:59:59'"],
    "year": ["2024", "1901"],
    "bit(1)": ["b'1'", "b'0'"],
    "bit(64)": ["18446744073709551615", "5"],
    "enum('a','B c','é')": ["'a'", "'é'"],
    "set('x','y')": ["'x,y'", "''"],
    "json": ["""'{"a": 1.10, "b": [123456789012345678901234567890]}'""", "'[]'"],
}
SQLITE: Values = {
    "integer": ["-9223372036854775808", "9223372036854775807", "7"],
    "real": [*DOUBLES, "9e999"],
    "text": TEXTS,
    "blob": ["x'00ff'", "x''"],
    "boolean": ["0", "1"],
    "date": ["'2024-02-29'", "'0001-01-01'"],
    "timestamp": ["'2024-01-01 10:00:00.123456'", "'2024-01-01 10:00:00'"],
    "": ["1", "0.5", "'a'", "9007199254740993", "'007'"],
    "numeric": ["1", "0.5", "9007199254740992", "'x'"],
}
SNOWFLAKE: Values = {
    # The stand-in keeps numbers of this type in 64 bits.
    "number(38,0)": ["9223372036854775807", "-7", "0"],
    "number(37,0)": ["1234567890123456789012345678901234567", "-7"],
    "number(9,2)": ["1234567.89", "-0.01", "100.00"],
    "number(38,9)": WIDE,
    "float": DOUBLES,
    "boolean": ["true", "false"],
    "varchar": ["'007'", "''", "' x '", "'é😀'", "'NULL'", "'2024-01-01'"],
    "date": ["'0001-01-01'", "'2024-02-29'"],
    "timestamp_ntz": ["'2024-01-01 10:00:00.123456'", "'2024-02-29 00:00:00'"],
    "time": ["'00:00:00'", "'23:59:59.999999'"],
}
NAMES = ["select", 'we"ird', "a b", "Ünï", "it's", "back`tick", "per%cent", "semi;colon", "x.y", "[z]", "q?"]
SET_BY_THE_EXTRACTOR = (
    *("SNOWFLAKE_HOME", "SF_OCSP_RESPONSE_CACHE_DIR", "SF_TEMPORARY_CREDENTIAL_CACHE_DIR", "XDG_CACHE_HOME"),
    *("SNOWFLAKE_DISABLE_PLATFORM_DETECTION", "SNOWFLAKE_DISABLE_MINICORE", "MAX_CON_RETRY_ATTEMPTS"),
)
"""Variables of its own process, which must not stay in this one."""
KINDS = {
    "real": "FLOAT", "float": "FLOAT", "double": "DOUBLE", "double precision": "DOUBLE", "boolean": "BOOLEAN",
    "bit(1)": "BOOLEAN", "tinyint(1)": "BOOLEAN", "json": "JSON", "jsonb": "JSON", "integer[]": "JSON",
    "interval": "INTERVAL",
}  # fmt: skip
"""Types with more than one spelling of a value, as :func:`same` has them."""


def table(seed: int, values: Values, *, nulls: bool = True) -> tuple[list[Column], list[list[str]]]:
    """Columns besides the id, and eight rows of values in SQL."""
    chance = random.Random(seed)
    kinds = chance.sample(list(values), min(8, len(values)))
    columns = list(zip(chance.sample(NAMES, len(kinds)), kinds, strict=True))
    wide = chance.random() < 0.5
    rows = []
    for _ in range(ROWS):
        # Half of the tables have values in every column that make it a text.
        given = [values[kind] if wide else values[kind][:2] for _, kind in columns]
        rows.append(["null" if nulls and chance.random() < 0.2 else chance.choice(one) for one in given])
    return columns, rows


def quoted(name: str, mark: str = '"') -> str:
    return mark + name.replace(mark, mark * 2) + mark


def statements(columns: list[Column], rows: list[list[str]], mark: str = '"') -> list[str]:
    declared = ", ".join(f"{quoted(name, mark)} {kind}" for name, kind in columns)
    lines = ", ".join(f"({number}, {', '.join(row)})" for number, row in enumerate(rows))
    return [f"create table t (id integer primary key, {declared})", f"insert into t values {lines}"]


def extracted(bench: Bench, module: Any, parameters: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The rows that the extractor left, read by another library; what it says of them is what is there."""
    ctx = bench.context()
    module.run(module.Parameters.model_validate({"table": "t", **parameters}), ctx)
    read = pyarrow.ParquetFile(bench.data / "out" / "tables" / "result.parquet").read()
    assert ctx.outputs["result"].content == (read.num_rows, list(bench.columns().items()))
    folded = {name.lower(): name for name in read.column_names}
    return sorted(read.to_pylist(), key=lambda row: int(row[folded["id"]]))


def check(found: list[dict[str, Any]], columns: list[Column], wanted: Sequence[Sequence[Any]]) -> None:
    assert len(found) == len(wanted)
    for row, told in zip(found, wanted, strict=True):
        for (name, kind), value, (_, stored) in zip(columns, told, list(row.items())[1:], strict=True):
            assert is_same(kind, value, stored), f"{name} {kind}: {value!r} came as {stored!r}"


def is_same(kind: str, told: Any, stored: Any) -> bool:
    """``told`` is what the server says: a text, or bytes."""
    if told is None or stored is None:
        return told is None and stored is None
    if isinstance(told, bytes):
        return bool(stored == told)
    if isinstance(stored, bytes) and kind == "uuid":
        stored = str(uuid.UUID(bytes=stored))
    if isinstance(stored, bool | int | float | Decimal | datetime.date | datetime.time):
        text = text_of(stored)
        if isinstance(stored, bool):
            return bool({"1": "true", "0": "false", "t": "true", "f": "false"}.get(told, told) == text)
        if isinstance(stored, int | float | Decimal):
            number = told.replace("$", "").replace(",", "") if kind == "money" else told
            return same(KINDS.get(kind, "DECIMAL"), number.replace("Infinity", "inf").lower(), text)
        return same("TIMESTAMP", told.removesuffix("+00"), text.removesuffix("+00"))
    return bool(stored == told) or same(KINDS.get(kind, "VARCHAR"), told, stored)


@pytest.fixture(scope="module")
def pg() -> Iterator[PostgresServer]:
    with postgres() as server:
        yield server


@pytest.fixture(scope="module")
def my() -> Iterator[MariaDbServer]:
    with mariadb() as server:
        yield server


@pytest.fixture(scope="module")
def snow() -> Iterator[StandIn]:
    with serve(home=tool("fakesnow")) as server:
        yield server


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


@pytest.mark.parametrize("seed", SEEDS)
def test_values_come_from_postgres(bench: Bench, pg: PostgresServer, seed: int) -> None:
    # GIVEN a table with values at the ends of the server's types
    columns, rows = table(seed, POSTGRES)
    pg.run("drop table if exists t", *statements(columns, rows))
    # WHEN it is extracted THEN a reader of Parquet finds what the server says
    # An array is stored as JSON, and its bytes are no text.
    forms = {"bytea": "{}", "integer[]": "to_json({})::text"}
    texts = ", ".join(forms.get(kind, "{}::text").format(quoted(name)) for name, kind in columns)
    told = pg.run("set timezone = 'UTC'", "set bytea_output = 'hex'", f"select {texts} from t order by id")
    check(extracted(bench, postgres_extractor, pg.parameters), columns, told)


@pytest.mark.parametrize("seed", SEEDS)
def test_values_come_from_mariadb(bench: Bench, my: MariaDbServer, seed: int) -> None:
    columns, rows = table(seed, MARIADB)
    prepared = ["set time_zone = '+00:00'", "set sql_mode = ''"]
    my.run(*prepared, "drop table if exists t", *statements(columns, rows, "`"))
    # As a FLOAT the server would write six digits, and as a text of bits their bytes.
    change = {"float": " + 0e0", "bit(1)": " + 0", "bit(64)": " + 0"}
    texts = ", ".join(
        name if kind.startswith("varbinary") else f"cast({name}{change.get(kind, '')} as char)"
        for name, kind in ((quoted(name, "`"), kind) for name, kind in columns)
    )
    told = my.run(*prepared, f"select {texts} from t order by id")
    check(extracted(bench, mysql_extractor, my.parameters), columns, told)


@pytest.mark.parametrize("seed", SEEDS)
def test_values_come_from_sqlite(bench: Bench, seed: int) -> None:
    columns, rows = table(seed, SQLITE)
    with sqlite3.connect(bench.project / "d.sqlite") as con:
        for statement in statements(columns, rows):
            con.execute(statement)
        told = con.execute("select * from t order by id").fetchall()
    # Numbers by their text: the file has no types but those of its values.
    texts = [[text_of(cell) if isinstance(cell, int | float) else cell for cell in row[1:]] for row in told]
    check(extracted(bench, sqlite_extractor, {"database": "d.sqlite"}), columns, texts)


@pytest.mark.parametrize("seed", SEEDS)
def test_values_come_from_snowflake_s_stand_in(
    bench: Bench, snow: StandIn, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in SET_BY_THE_EXTRACTOR:
        # Set first, so that it is put back as it was.
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    # The stand-in gives a moment that is null as one of 1970.
    columns, rows = table(seed, SNOWFLAKE, nulls=False)
    create, insert = statements(columns, rows)
    snow.run(create.replace("create table", "create or replace table"), insert)
    told = [[cell.strip("'") for cell in row] for row in rows]
    parameters = {**snow.parameters, "password": "a secret for snowflake"}
    check(extracted(bench, snowflake_extractor, parameters), columns, told)
