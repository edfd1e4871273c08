from __future__ import annotations

import datetime
import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from orch_tui.components.kit.component import Context, UserError
from orch_tui.components.postgres import extractor as postgres_extractor
from orch_tui.components.postgres import writer as postgres_writer
from orch_tui.model.configuration import WriteMode
from pydantic import ValidationError

from tests.servers.postgres import PASSWORD, PostgresServer, postgres
from tests.support import sqldb
from tests.support.bench import Bench
from tests.support.sqldb import OUT, CommonTests, Side, action, task


@pytest.fixture(scope="module")
def running() -> Iterator[PostgresServer]:
    with postgres() as server:
        yield server


@pytest.fixture
def server(running: PostgresServer) -> PostgresServer:
    """The server with an empty schema public."""
    running.run(
        "drop schema if exists public cascade", "create schema public", "grant usage on schema public to public"
    )
    return running


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


@pytest.fixture
def side(server: PostgresServer) -> Side:
    slow = "select g, pg_sleep(0.001) from generate_series(1, 1000000) g"
    return Side(
        server,
        postgres_extractor,
        postgres_writer,
        "psycopg",
        slow,
        "select pg_sleep(600)",
        "FETCH%",
        postgres_extractor.PostgresReader,
    )


class TestWhatAllServersHaveInCommon(CommonTests):
    pass


def extract(
    bench: Bench,
    server: PostgresServer,
    mode: WriteMode = WriteMode.FULL,
    state: dict[str, Any] | None = None,
    **more: Any,
) -> Context:
    return sqldb.extract(bench, postgres_extractor, {**server.parameters, **more}, mode, state)


ROWS = "select * from (values (1, 'a', 1.5), (2, 'b', null)) t(id, name, amount)"


def write(bench: Bench, server: PostgresServer, query: str = ROWS, **more: Any) -> Context:
    return sqldb.write(bench, postgres_writer, {**server.parameters, "table": "t", **more}, query)


TYPES = (
    "create type mood as enum ('sad', 'happy'); create domain positive as int check (value > 0);"
    "create type pair as (a int, b text)",
    """create table t(
        id bigint primary key, small smallint, num numeric(10,2), free numeric, wide numeric(50,10), yes boolean,
        d date, ts timestamp, tz timestamptz, ti time, tt timetz, iv interval, u uuid, j json, jb jsonb, by bytea,
        arr int[], texts text[], ran int4range, ip inet, f4 real, f8 float8, c char(4), vc varchar(3), bits bit(3),
        "we""ird [x] %s" text, md mood, po positive, pr pair)""",
    """insert into t values (
        1, 2, 1.5, 3.14159265358979, 12345.5, true, '2024-01-31', '2024-01-31 10:00:00.5', '2024-01-31 10:00+02',
        '10:00:01.25', '10:00+02', '1 day 2 hours', '7f4df5b0-62b1-4a3e-9f2e-8a2e6a2f4d5b', '{"a":  1}',
        '{"a": [1, null]}', '\\x00ff', '{1,2}', '{a,"b c"}', '[1,5)', '10.0.0.1/8', 1.5, 'nan', 'ab', 'é😀', '101', 'x',
        'happy', 3, '(1,x)')""",
)
ODD = """insert into t(id, num, free, d, ts, tz, ti, wide) values (
    2, 'NaN', 'infinity', 'infinity', '-infinity', 'infinity', '24:00', '12345678901234567890123456789012345678.5'),
    (3, null, null, null, null, '0044-03-15 10:00:00.5 BC', null, null)"""
KINDS = {
    "id": "BIGINT", "small": "SMALLINT", "num": "DECIMAL(10,2)", "free": "DECIMAL(38,14)", "wide": "DECIMAL(38,10)",
    "yes": "BOOLEAN", "d": "DATE", "ts": "TIMESTAMP", "tz": "TIMESTAMP WITH TIME ZONE", "ti": "TIME", "tt": "VARCHAR",
    "iv": "VARCHAR", "u": "UUID", "j": "JSON", "jb": "JSON", "by": "BLOB", "arr": "JSON", "texts": "JSON",
    "ran": "VARCHAR", "ip": "VARCHAR", "f4": "FLOAT", "f8": "DOUBLE", "c": "VARCHAR", "vc": "VARCHAR",
    "bits": "VARCHAR", 'we"ird [x] %s': "VARCHAR", "md": "VARCHAR", "po": "INTEGER", "pr": "JSON",
}  # fmt: skip


def test_types_are_kept(bench: Bench, server: PostgresServer) -> None:
    # GIVEN a table with a column of every kind
    server.run(*TYPES)
    # WHEN it is extracted
    extract(bench, server, table="T")
    # THEN types and values are the same
    assert bench.columns() == KINDS
    row = dict(zip(KINDS, bench.rows()[0], strict=True))
    assert (row["num"], row["free"], row["wide"]) == (Decimal("1.50"), Decimal("3.14159265358979"), Decimal("12345.5"))
    assert (row["d"], row["ti"]) == (datetime.date(2024, 1, 31), datetime.time(10, 0, 1, 250_000))
    assert row["ts"] == datetime.datetime(2024, 1, 31, 10, 0, 0, 500_000)
    assert row["tz"] == datetime.datetime(2024, 1, 31, 8, tzinfo=datetime.UTC)
    assert (row["j"], row["jb"], row["by"]) == ('{"a":  1}', '{"a": [1, null]}', b"\x00\xff")
    assert (row["arr"], row["texts"], row["pr"]) == ("[1,2]", '["a","b c"]', '{"a":1,"b":"x"}')
    assert (row["tt"], row["iv"], row["ran"], row["ip"]) == ("10:00:00+02", "1 day 02:00:00", "[1,5)", "10.0.0.1/8")
    assert (row["vc"], row["md"], row["bits"], str(row["u"])[:8]) == ("é😀", "happy", "101", "7f4df5b0")
    assert any('"free" is stored as DECIMAL(38,14), so that every digit has room' in line for line in bench.lines)


def test_a_value_that_the_type_cannot_hold_makes_the_column_text(bench: Bench, server: PostgresServer) -> None:
    # GIVEN values that no column of their type holds outside of PostgreSQL
    server.run(*TYPES, ODD)
    # WHEN they are extracted
    ctx = extract(bench, server, table="t")
    # THEN their columns are text, as the server writes all their values, and the log names each column and a value
    columns = ["num", "free", "d", "ts", "tz", "ti", "wide"]
    assert {name: bench.columns()[name] for name in columns} == dict.fromkeys(columns, "VARCHAR")
    asked = ", ".join(f"{name}::text" for name in columns)
    told = server.run("set timezone = 'UTC'", f"select {asked} from t order by id")
    places = [list(KINDS).index(name) for name in columns]
    assert [tuple(row[place] for place in places) for row in bench.rows()] == told
    log = "\n".join(bench.lines)
    for part in ("1 value that DECIMAL(10,2) cannot hold, such as NaN; it is stored as text", '"d" has 1 value',
                 "such as 24:00:00", '"wide" has 1 value that DECIMAL(38,10)', '"tz" has 1 value'):  # fmt: skip
        assert part in log
    assert ctx.warning is None


def test_dates_before_christ_and_after_the_year_9999_are_dates(bench: Bench, server: PostgresServer) -> None:
    # GIVEN times that Python cannot hold, WHEN extracted, THEN they are times all the same
    days = ["0044-03-15 BC", "0001-01-01", "12024-02-29", "4713-01-01 BC"]
    values = ", ".join(f"('{day}'::date, '{day}'::timestamp + interval '1us', '{day}'::timestamptz)" for day in days)
    extract(bench, server, query=f"select * from (values {values}) t(d, ts, tz)")
    assert list(bench.columns().values()) == ["DATE", "TIMESTAMP", "TIMESTAMP WITH TIME ZONE"]
    path = bench.data / "out/tables/result.parquet"
    with duckdb.connect() as con:
        con.execute("set timezone = 'UTC'")
        found = con.execute(f"select d::varchar, ts::varchar, tz::varchar from '{path}'").fetchall()
    assert found == [
        ("0044-03-15 (BC)", "0044-03-15 (BC) 00:00:00.000001", "0044-03-15 (BC) 00:00:00+00"),
        ("0001-01-01", "0001-01-01 00:00:00.000001", "0001-01-01 00:00:00+00"),
        ("12024-02-29", "12024-02-29 00:00:00.000001", "12024-02-29 00:00:00+00"),
        ("4713-01-01 (BC)", "4713-01-01 (BC) 00:00:00.000001", "4713-01-01 (BC) 00:00:00+00"),
    ]


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (["1.5", "7"], "DECIMAL(38,9)"),
        (["0.0000000001"], "DECIMAL(38,10)"),
        (["-0.00000000000000000000000000000000000001"], "DECIMAL(38,38)"),
        (["12345678901234567890123456789012345678", "-1"], "DECIMAL(38,0)"),
        (["123456789012345678901234567890.5"], "DECIMAL(38,8)"),
        (["12345678901234567890123456789012345678", "0.1"], "VARCHAR"),
        (["1" * 39], "VARCHAR"),
        (["1e-40"], "VARCHAR"),
        (["1", "Infinity"], "VARCHAR"),
    ],
)
def test_a_numeric_without_digits_takes_those_of_its_values(
    bench: Bench, server: PostgresServer, values: list[str], kind: str
) -> None:
    # GIVEN numbers of a column that says nothing about their digits, WHEN extracted, THEN none is lost
    rows = ", ".join(f"('{value}'::numeric)" for value in values)
    extract(bench, server, query=f"select * from (values {rows}) t(n)")
    assert bench.columns() == {"n": kind}
    assert [Decimal(str(value)) for (value,) in bench.rows()] == [Decimal(value) for value in values]


def test_scales_below_zero_and_above_the_precision(bench: Bench, server: PostgresServer) -> None:
    server.run("create table t(a numeric(3,-2), b numeric(2,5), c money)")
    server.run("insert into t values (12345, 0.00012, '1234.56')")
    extract(bench, server, table="t")
    assert bench.rows() == [(Decimal(12300), Decimal("0.00012"), Decimal("1234.56"))]
    assert list(bench.columns().values()) == ["DECIMAL(38,0)", "DECIMAL(5,5)", "DECIMAL(38,9)"]


def test_strict_refuses_what_cannot_be_kept(bench: Bench, server: PostgresServer) -> None:
    server.run(*TYPES, ODD)
    with pytest.raises(
        UserError, match='column "d" has 1 value that DATE cannot hold, such as infinity; the parameter'
    ):
        extract(bench, server, query="select d from t", strict=True)


def test_an_empty_table_has_its_types(bench: Bench, server: PostgresServer) -> None:
    # GIVEN the same table without rows, WHEN it is extracted, THEN it is empty, typed, and a warning says so
    server.run(*TYPES, "delete from t")
    ctx = extract(bench, server, table="t")
    assert bench.rows() == [] and bench.columns() == {**KINDS, "free": "DECIMAL(38,9)"}
    assert ctx.warning == "the source gave no rows, so out/result is empty now"


def test_queries_as_people_write_them(bench: Bench, server: PostgresServer) -> None:
    # GIVEN a query with equal names, a per cent sign, a comment and a semicolon, WHEN extracted, THEN all is there
    extract(bench, server, query="select 1 as a, 2 as a, '%s' as \"c%\" -- as it is\n; ")
    assert bench.rows() == [(1, 2, "%s")] and list(bench.columns()) == ["a", "a_2", "c%"]
    # WHEN columns are chosen, THEN there are these, in this order
    extract(bench, server, query="select 1 as a, 2 as b, 3 as c", columns=["C", "a"])
    assert bench.rows() == [(3, 1)] and list(bench.columns()) == ["c", "a"]


@pytest.mark.parametrize(
    ("more", "parts"),
    [
        ({"table": "costumers"}, ['has no table "costumers"', 'did you mean "customers"?']),
        ({"table": "t", "schema": "pubic"}, ['has no schema "pubic"', 'did you mean "public"?']),
        ({"table": "customers", "columns": ["nmae"]}, ['no column "nmae"', 'did you mean "name"?']),
        ({"query": "select nam from customers"}, ["the query fails", '"nam" does not exist', '"customers.name"']),
        ({"query": "selec"}, ["the query fails", "syntax error"]),
        ({"query": "delete from customers"}, ["the query fails"]),
        ({"query": "select 1; drop table customers"}, ["the query fails"]),
        ({"query": "select nextval('s')"}, ["the query fails", "read-only"]),
        ({"query": "select 1 / (id - 1) from customers"}, ["division by zero"]),
        ({"query": "select pg_sleep(30)", "statement_timeout": 1}, ["longer than 1 s", "statement_timeout"]),
        ({"table": "customers", "user": "low", "password": "low"}, ["permission denied for table customers", "grant"]),
        ({"table": "customers", "password": "wrong"}, ["refuses the password", "postgres"]),
        ({"table": "customers", "database": "nope"}, ["/nope", "does not have that database"]),
        ({"table": "customers", "host": "no-such-host.invalid"}, ["is not known by that name"]),
        ({"table": "customers", "port": 1}, ["127.0.0.1:1/", "refuses connections"]),
        ({"table": "customers", "host": "/nowhere"}, ["/nowhere", "no socket"]),
        ({"table": "customers", "ssl": "require"}, ["does not offer TLS"]),
        ({"table": "customers", "ssl": "verify-full", "ssl_ca": "no.pem"}, ["no.pem", "ssl_ca"]),
        ({"table": "customers", "incremental_column": "id"}, ["lose all older rows", '"append"']),
        ({"query": "select 1 as a", "incremental_column": "b", "mode": WriteMode.APPEND}, ['no column "b"']),
        ({"table": "customers", "incremental_column": "doc", "mode": WriteMode.APPEND}, ["is JSON", "cannot be gone"]),
    ],
)
def test_extractor_errors(bench: Bench, server: PostgresServer, more: dict[str, Any], parts: list[str]) -> None:
    # GIVEN a table, and a user who may not read it
    server.run(
        "create table customers(id int, name text, doc json); insert into customers values (1, 'a', '{}')",
        "create sequence s; drop role if exists low; create role low login password 'low'",
    )
    # WHEN something that cannot be is extracted, THEN one line says what there is, and nothing has changed
    with pytest.raises(UserError) as caught:
        extract(bench, server, **more)
    for part in parts:
        assert part in str(caught.value)
    assert "\n" not in str(caught.value) and PASSWORD not in str(caught.value)
    assert server.run("select count(*), (select last_value from s) from customers") == [(1, 1)]


@pytest.mark.parametrize(
    ("column", "kind", "last"),
    [
        ("id", "BIGINT", "9007199254740993"),
        ("ts", "TIMESTAMP", "2024-01-03 00:00:00.000001"),
        ("tz", "TIMESTAMP WITH TIME ZONE", "2024-01-03 00:00:00+00"),
        ("txt", "VARCHAR", "é"),
        ("free", "DECIMAL(38,11)", "3.12345678987"),
        ("f8", "DOUBLE", "0.30000000000000004"),
    ],
)
def test_an_incremental_extraction_reads_what_is_new(
    bench: Bench, server: PostgresServer, column: str, kind: str, last: str
) -> None:
    # GIVEN a first extraction, whose largest value no rounding and no language may change
    server.run(
        "create table t(id bigint, num numeric(10,2), ts timestamp, tz timestamptz, d date, txt text, free numeric,"
        " f8 float8)",
        "insert into t values (1, 1, '2024-01-01', '2024-01-01Z', '2024-01-01', 'Z', 1, 0.1), (9007199254740993, 3.25,"
        " '2024-01-03 00:00:00.000001', '2024-01-03Z', '2024-01-03', 'é', 3.12345678987, 0.1::float8 + 0.2::float8)",
    )
    first = extract(bench, server, WriteMode.APPEND, table="t", incremental_column=column).next_state
    assert first == {"column": column, "type": kind, "last": last} and len(bench.rows()) == 2
    # WHEN a row came after it, THEN only that is read, by table and by query
    server.run("insert into t values (9007199254740994, 4, '2024-01-04', '2024-01-04Z', '2024-01-04', 'ö', 4, 4)")
    second = extract(bench, server, WriteMode.APPEND, first, query="select * from t", incremental_column=column)
    assert [row[0] for row in bench.rows()] == [9007199254740994]
    # AND a third time there is none, which keeps the state and is no warning
    third = extract(bench, server, WriteMode.APPEND, second.next_state, table="t", incremental_column=column)
    assert bench.rows() == [] and third.next_state is None and third.warning is None


@pytest.mark.parametrize("kind", ["timestamptz", "date", "float8", "numeric"])
def test_values_without_an_end_are_not_new_for_ever(bench: Bench, server: PostgresServer, kind: str) -> None:
    # GIVEN a column to go by with a value beyond all others
    number = kind in ("float8", "numeric")
    low, high, later = ("1", "NaN", "2") if number else ("2024-01-01", "infinity", "2024-01-02")
    server.run(f"create table t(c {kind})", f"insert into t values ('{low}'), ('{high}')")
    first = extract(bench, server, WriteMode.APPEND, table="t", incremental_column="c")
    assert len(bench.rows()) == 2 and first.next_state is not None and first.next_state["last"].startswith(low)
    # WHEN a row came, THEN it alone is new
    server.run(f"insert into t values ('{later}')")
    extract(bench, server, WriteMode.APPEND, first.next_state, table="t", incremental_column="c")
    assert len(bench.rows()) == 1


def test_replace_keeps_what_hangs_on_the_table(bench: Bench, server: PostgresServer) -> None:
    # GIVEN a table with an index, a view, a default and a right of another user
    server.run(
        "create table t(id int primary key, name text, amount numeric, note text default 'none');"
        "create view v as select id from t; insert into t values (9, 'old'); drop role if exists low;"
        "create role low; grant select on t to low"
    )
    # WHEN it is replaced, THEN it has exactly the new rows, and all the rest
    ctx = write(bench, server, key=["id"])
    assert server.run("select * from t order by 1") == [(1, "a", Decimal("1.5"), "none"), (2, "b", None, "none")]
    assert server.run("select has_table_privilege('low', 't', 'select'), count(*) from v") == [(True, 2)]
    assert ctx.metrics == {"rows_written": 2, "rows_deleted": 1}
    # WHEN there are no rows any more, THEN that is a warning
    ctx = write(bench, server, f"{ROWS} where false")
    assert ctx.warning is not None and "is empty now; it had 2" in ctx.warning
    assert server.run("select count(*) from t") == [(0,)]


def test_append_and_upsert(bench: Bench, server: PostgresServer) -> None:
    # GIVEN a written table, WHEN the rows are appended, THEN there are twice as many
    write(bench, server)
    write(bench, server, mode="append")
    assert server.run("select count(*) from t") == [(4,)]
    # WHEN its key is not unique in the table, THEN an upsert says what to do
    with pytest.raises(UserError, match=r'unique index on the key.*run: create unique index on "public"."t" \("id"\)'):
        write(bench, server, mode="upsert", key=["id"])
    # WHEN it is, THEN known rows are updated and others added, under the table's names for the columns
    write(bench, server)
    server.run('create unique index on t(id); alter table t rename name to "Name"; alter table t add note text')
    server.run("update t set note = 'mine'")
    more = "select * from (values (2, 'B', 7.0), (3, 'c', 8.0)) t(id, name, amount)"
    ctx = write(bench, server, more, mode="upsert", key=["ID"])
    assert server.run('select id, "Name", amount, note from t order by 1') == [
        (1, "a", Decimal("1.5"), "mine"), (2, "B", Decimal("7.0"), "mine"), (3, "c", Decimal("8.0"), None),
    ]  # fmt: skip
    assert ctx.metrics == {"rows_written": 2, "rows_updated": 1, "rows_added": 1}
    # WHEN only the key is written, THEN known rows stay as they are
    write(bench, server, "select 3 as id union all select 4", mode="upsert", key=["id"])
    assert server.run('select id, "Name" from t order by 1')[2:] == [(3, "c"), (4, None)]


def test_types_travel(bench: Bench, server: PostgresServer) -> None:
    # GIVEN what DuckDB has, and texts with all that COPY gives a meaning
    write(bench, server, """select true as b, date '2026-01-31' as d, timestamp '2026-01-31 10:00:00.5' as ts, time '10:00' as ti,
        12.50::decimal(9,2) as m, 18446744073709551615::ubigint as big, [1, 2] as l, {'a': 'é'} as s, '\\xFF\\x00'::blob as bl,
        timestamptz '2026-01-31 10:00:00+02' as tz, e'a\\tb\\\\c\\n\\r\\\\N' as txt, '' as empty, null::varchar as nothing,
        e'\\\\.' as dot, '{"x": 1}'::json as j, 'nan'::double as f, '7f4df5b0-62b1-4a3e-9f2e-8a2e6a2f4d5b'::uuid as u,
        interval 1 day as iv""")  # fmt: skip  # noqa: E501
    # WHEN they are read, THEN they are the same, in columns of the right type
    row = server.run("select *, pg_typeof(m), pg_typeof(l), pg_typeof(u) from t")[0]
    assert row[:6] == (True, datetime.date(2026, 1, 31), datetime.datetime(2026, 1, 31, 10, 0, 0, 500_000),
                       datetime.time(10), Decimal("12.50"), Decimal(2**64 - 1))  # fmt: skip
    assert row[6:9] == ([1, 2], {"a": "é"}, b"\xff\x00")
    assert row[9] == datetime.datetime(2026, 1, 31, 8, tzinfo=datetime.UTC)
    assert row[10:15] == ("a\tb\\c\n\r\\N", "", None, "\\.", {"x": 1}) and str(row[15]) == "nan"
    assert row[17] == datetime.timedelta(days=1) and row[18:] == ("numeric", "jsonb", "uuid")


@pytest.mark.parametrize(
    ("query", "more", "parts"),
    [
        ("select 1 as id from range(2)", {"mode": "upsert", "key": ["id"]}, ["2 rows with one key", "id = 1"]),
        ("select null::int as id", {"mode": "upsert", "key": ["id"]}, ["no value in the key"]),
        ("select 1 as id, 2 as more", {"mode": "append"}, ["has no column more", "id, name, twice"]),
        ("select 'b' as name", {"mode": "append"}, ["wants a value for id"]),
        ("select 2 as id, 3 as twice", {"mode": "append"}, ["computes twice itself"]),
        ("select 1 as id", {"mode": "append"}, ["nothing was written", "Key (id)=(1) already exists"]),
        ("select 'x' as id", {"mode": "append"}, ["nothing was written", 'type integer: "x"', "column id"]),
        (
            "select 2 as id, null::varchar as name",
            {"mode": "append"},
            ["nothing was written", 'null value in column "name"'],
        ),
        ("select 2 as id, 'long name' as name", {"mode": "append"}, ["nothing was written", "too long"]),
        ("select 2 as id, 'b' as name", {"schema": "nope"}, ['no schema "nope"']),
        ("select 2 as id, 'b' as name", {"table": "v"}, ["is a view"]),
        ("select 2 as id, 'b' as name", {"table": "n" * 64}, ["longer than 63 bytes"]),
        ("select 2 as id, 'b' as name", {}, ["nothing was written", "bound to rows of another table", '"child"']),
        ("select 2 as id", {"user": "low", "password": "low"}, ["nothing was written", "permission denied", "grant"]),
        ("select chr(0) as name, 5 as id", {"mode": "append"}, ["nothing was written", "0x00"]),
    ],
)
def test_writer_errors_change_nothing(
    bench: Bench, server: PostgresServer, query: str, more: dict[str, Any], parts: list[str]
) -> None:
    # GIVEN a table with rules of its own, to which another refers
    server.run(
        "create table t(id int primary key, name varchar(3) not null default 'z', "
        "twice int generated always as (id * 2) stored); insert into t values (1, 'old')",
        "create table child(id int references t); insert into child values (1); create view v as select 1 as id",
        "drop role if exists low; create role low login password 'low'",
    )
    # WHEN rows that do not fit are written, THEN one line says why, and the table is as it was
    with pytest.raises(UserError) as caught:
        write(bench, server, query, **more)
    for part in parts:
        assert part in str(caught.value)
    assert "\n" not in str(caught.value)
    assert server.run("select id, name from t") == [(1, "old")]


def test_connections_are_tested(tmp_path: Path, server: PostgresServer) -> None:
    # GIVEN a table, and a user who may only read it
    server.run("create table t(id int primary key, name text); drop role if exists low; create role low login password"
               " 'low'; grant select on t to low")  # fmt: skip
    place = f"127.0.0.1:{server.port}/postgres"
    # WHEN the action runs as a process, THEN it says who answered and what there is
    made = action(task(tmp_path, {**server.parameters, "table": "t"}, outputs=OUT))
    code, out, err = made.run(postgres_extractor.__name__)
    message = json.loads(out)["message"]
    assert (code, err) == (0, "") and message.startswith("connected to PostgreSQL ")
    assert message.endswith(f"at {place} as postgres without TLS; the table public.t has 2 columns")

    # AND a writer says what it would do, and whether it may
    def tried(module: Any, **more: Any) -> str:
        ctx = Bench(tmp_path / f"bench{len(list(tmp_path.iterdir()))}").context()
        text: str = module.test_connection(module.Parameters(**{**server.parameters, "table": "t", **more}), ctx)
        return text

    assert "the query has 1 column" in tried(postgres_extractor, table=None, query="select 1")
    assert "the table public.t has 2 columns" in tried(postgres_writer, mode="upsert", key=["id"])
    assert "public.new does not exist yet and is made by the first run" in tried(postgres_writer, table="new")
    for more, part in (
        ({"user": "low", "password": "low"}, "user low has no right to insert on the table public.t"),
        ({"user": "low", "password": "low", "table": "new"}, "user low has no right to create on the schema public"),
        ({"mode": "upsert", "key": ["name"]}, "no unique index on the key"),
        ({"columns": ["nope"]}, 'has no column "nope"'),
        ({"password": "wrong"}, "refuses the password"),
    ):
        with pytest.raises(UserError, match=part):
            tried(postgres_writer, **more)  # type: ignore[arg-type]
    assert server.run("select count(*) from t") == [(0,)]


def test_parameters_are_checked() -> None:
    # GIVEN parameters that contradict each other, WHEN validated, THEN they are refused
    place = {"host": "h", "database": "d", "user": "u"}
    for bad in ({}, {"table": "t", "query": "q"}, {"table": "t", "ssl_ca": "x"},
                {"table": "t", "columns": ["a"], "incremental_column": "b"}):  # fmt: skip
        with pytest.raises(ValidationError):
            postgres_extractor.Parameters.model_validate({**place, **bad})
    for bad in ({"mode": "upsert"}, {"mode": "append", "key": ["a"]}):
        with pytest.raises(ValidationError):
            postgres_writer.Parameters.model_validate({**place, "table": "t", **bad})
    # AND what a form shows first is the server
    assert list(postgres_extractor.Parameters.model_json_schema()["properties"])[:5] == [
        "host", "port", "database", "user", "password",
    ]  # fmt: skip
