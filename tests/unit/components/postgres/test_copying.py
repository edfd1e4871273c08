"""Values of PostgreSQL by COPY: each is what the server's own text of it says, whatever it is."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from orch_tui.components.kit.component import UserError
from orch_tui.components.kit.sql import ParquetSink
from orch_tui.components.postgres import extractor, writer
from orch_tui.storage.values.conversion import text_of

from tests.servers.postgres import PostgresServer, postgres
from tests.support.bench import Bench
from tests.support.effort import examples
from tests.support.tables import database, only


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    with postgres() as running:
        yield running


@pytest.fixture(scope="module")
def texts_of() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as con:
        con.execute("set timezone = 'UTC'")
        yield con


def extracted(bench: Bench, server: PostgresServer, **more: Any) -> dict[str, str]:
    """The types of the columns."""
    extractor.run(extractor.Parameters(**{**server.parameters, **more}), bench.context())
    return bench.columns()


def texts(bench: Bench) -> list[tuple[str | None, ...]]:
    """The stored rows, each value as the text of its type."""
    path = bench.data / "out" / "tables" / "result.parquet"
    with database() as con:
        con.execute("set timezone = 'UTC'")
        chosen = ", ".join(text_of(f'"{name}"', kind) for name, kind in bench.columns().items())
        return con.execute(f"select {chosen} from {only(path)}").fetchall()


TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8)
ODD = st.sampled_from(
    ["", " ", '"', '""', ",", "\n", "\r\n", "\r", "\\.", "\\N", "NULL", " x ", "#", "'", "\\", "a,b", "\x1f"]
)
YEARS = st.integers(1, 9999).map(lambda year: f"{year:04d}-03-15")
DAYS = YEARS | st.sampled_from(["infinity", "-infinity", "0044-03-15 BC", "12024-01-05", "4713-01-01 BC"])
CLOCKS = st.from_regex(r"([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,6})?", fullmatch=True)
ZONES = st.sampled_from(["+00", "+05:30", "-08"])
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "boolean": st.booleans(),
    "smallint": st.integers(-(2**15), 2**15 - 1),
    "integer": st.integers(-(2**31), 2**31 - 1),
    "bigint": st.integers(-(2**63), 2**63 - 1),
    "oid": st.integers(0, 2**32 - 1),
    "real": st.floats(width=32),
    "double precision": st.floats(),
    "numeric(12,2)": st.decimals(-(10**9), 10**9, places=2) | st.just("NaN"),
    "numeric": st.decimals(-(10**30), 10**30) | st.just("NaN"),
    "text": TEXT | ODD,
    "varchar(20)": TEXT | ODD,
    "bytea": st.binary(max_size=6),
    "uuid": st.uuids().map(str),
    "date": DAYS,
    "time": CLOCKS | st.just("24:00:00"),
    "timestamp": st.tuples(YEARS, CLOCKS).map(" ".join) | DAYS,
    "timestamptz": st.tuples(YEARS, CLOCKS, ZONES).map(lambda parts: f"{parts[0]} {parts[1]}{parts[2]}"),
    "json": st.lists(st.none() | st.integers() | TEXT | ODD, max_size=3).map(json.dumps),
    "integer[]": st.lists(st.integers(-5, 5) | st.none(), max_size=3),
    "interval": st.sampled_from(["1 day", "-00:00:01", "1 year 2 mons 03:04:05.678"]),
    "bit(3)": st.sampled_from(["101", "000"]),
    "inet": st.sampled_from(["10.0.0.1", "fe80::1/64"]),
    "int4range": st.sampled_from(["[1,5)", "empty"]),
}  # fmt: skip


def as_the_server_says(con: duckdb.DuckDBPyConnection, value: str | None, kind: str) -> str | None:
    """The server's own text of a value as :func:`text_of` writes that value of the type it was stored in."""
    if value is None or kind == "VARCHAR":
        return value
    text, made = value, f"cast(? as {kind})"
    if kind == "BLOB":
        text, made = value.removeprefix("\\x"), "from_hex(?)"
    elif value.endswith(" BC"):
        day, _, rest = value.removesuffix(" BC").partition(" ")
        text = f"{day} (BC) {rest}".strip()
    row = con.execute(f"select {text_of('x', kind)} from (select {made} as x)", [text]).fetchone()
    assert row is not None
    return str(row[0])


@settings(max_examples=examples(100), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data(), declared=st.sampled_from(sorted(VALUES)))
def test_any_value_of_any_type(
    server: PostgresServer, texts_of: duckdb.DuckDBPyConnection, data: st.DataObject, declared: str
) -> None:
    # GIVEN any values of a type, nulls among them
    values = data.draw(st.lists(st.none() | VALUES[declared], max_size=5))
    server.run("drop table if exists t", f"create table t(v {declared}, n integer)")
    with server.connect() as con:
        for n, value in enumerate(values):
            con.execute(f"insert into t values (%s::{declared}, %s)".encode(), (value, n))
        con.execute("set timezone = 'UTC'")
        con.execute("set extra_float_digits = 3")
        shown = "to_json(v)" if declared.endswith("[]") else "v"
        wanted = [row[0] for row in con.execute(f"select {shown}::text from t order by n".encode()).fetchall()]
    # WHEN they are extracted, alone in a table with one column and beside another one
    for query in ("select v from t order by n", "select v, n from t order by n"):
        with tempfile.TemporaryDirectory() as home:
            bench = Bench(Path(home))
            kind = extracted(bench, server, query=query)["v"]
            got = [row[0] for row in texts(bench)]
        # THEN each is what the server's text says
        assert got == [as_the_server_says(texts_of, value, kind) for value in wanted]


def test_a_row_that_is_longer_than_a_line_goes_by_itself(
    server: PostgresServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # GIVEN a long text behind short ones
    server.run(
        "drop table if exists t",
        "create table t as select g as id, repeat('x', case g when 60000 then 3000000 else 3 end) as v"
        " from generate_series(1, 60000) g",
    )
    sinks: list[ParquetSink] = []
    made = ParquetSink.__enter__

    def entered(sink: ParquetSink) -> ParquetSink:
        sinks.append(sink)
        return made(sink)

    monkeypatch.setattr(ParquetSink, "__enter__", entered)
    bench = Bench(tmp_path)
    # WHEN the table is extracted, THEN it is there, of the same moment, by the slower way
    extracted(bench, server, table="t")
    assert len(sinks) == 1
    assert sorted({len(text) for _, text in bench.rows()}) == [3, 3_000_000] and len(bench.rows()) == 60_000


@pytest.mark.parametrize("may", [True, False], ids=["cancelled", "to its end"])
def test_a_value_that_breaks_the_type_after_many_rows(
    server: PostgresServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, may: bool
) -> None:
    # GIVEN a value behind many others, and a server that may be too slow to take another connection
    if not may:
        late = psycopg.errors.CancellationTimeout("cancellation timeout expired")
        monkeypatch.setattr(psycopg.Connection, "cancel_safe", lambda *_, **__: (_ for _ in ()).throw(late))
    server.run(
        "drop table if exists t",
        "create table t as select g as id, case g when 50000 then date 'infinity' else date '2024-01-05' end as d"
        " from generate_series(1, 60000) g",
    )
    bench = Bench(tmp_path)
    # WHEN it is extracted THEN all rows are there, and the column is text
    assert extracted(bench, server, table="t") == {"id": "INTEGER", "d": "VARCHAR"}
    assert len(bench.rows()) == 60_000 and (50000, "infinity") in bench.rows()
    assert any("infinity" in line for line in bench.lines)


def test_a_query_that_fails_in_the_middle(server: PostgresServer, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="division by zero"):
        extracted(Bench(tmp_path), server, query="select 1 / (40000 - g) as x from generate_series(1, 50000) g")


@settings(max_examples=examples(60), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(values=st.lists(st.none() | TEXT | ODD, min_size=1, max_size=6))
def test_any_text_that_is_written(server: PostgresServer, values: list[str | None]) -> None:
    # GIVEN any texts, nulls and empty ones among them
    shown = ", ".join("null" if value is None else f"decode(from_hex('{value.encode().hex()}'))" for value in values)
    rows = f"(select unnest(generate_series(1, {len(values)})) as n, unnest([{shown}]::varchar[]) as v)"
    # WHEN they are written alone, and beside another column
    for query in (f"select v from {rows} order by n", f"select n, v from {rows} order by n"):
        server.run("drop table if exists w")
        with tempfile.TemporaryDirectory() as home:
            ctx = Bench(Path(home)).context({"t": query}, ())
            writer.run(writer.Parameters(**{**server.parameters, "table": "w"}), ctx)
        # THEN the server has them in this order
        assert [row[0] for row in server.run("select v from w")] == values
