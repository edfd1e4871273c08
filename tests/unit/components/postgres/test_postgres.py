from __future__ import annotations

import datetime
import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from orch_tui.components.kit.component import Context, UserError
from orch_tui.components.postgres import extractor as postgres_extractor
from orch_tui.components.postgres import writer as postgres_writer
from orch_tui.model.components.configuration import WriteMode
from pydantic import ValidationError

from tests.servers.postgres import PASSWORD, PostgresServer, postgres
from tests.support import sqldb
from tests.support.bench import Bench
from tests.support.sqldb import OUT, CommonTests, Side, action, task
from tests.support.tables import database


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
        "COPY%",
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
    with database() as con:
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
            tried(postgres_writer, **more)
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


@pytest.mark.parametrize(
    ("declared", "query", "parts"),
    [
        ("numeric(10,2)", "select unnest([1.25, 1.005])::decimal(9,3)", ["numeric(10,2) and cannot hold 1.005"]),
        ("numeric(10,2)", "select 1.005::double", ["cannot hold 1.005"]),
        ("numeric(10,2)", "select unnest(['1.50', '007'])", ["cannot hold 007"]),
        ("numeric(5,-2)", "select 1250", ["numeric(5,-2) and cannot hold 1250"]),
        ("money", "select 0.001::decimal(9,3)", ["money and cannot hold 0.001"]),
        ("real", "select 16777217", ["real and cannot hold 16777217"]),
        ("real", "select 0.123456789::double", ["cannot hold 0.123456789"]),
        ("double precision", "select 9007199254740993", ["cannot hold 9007199254740993"]),
        ("double precision", "select '649686000000001631.440'", ["cannot hold 649686000000001631.440"]),
        ("integer", "select unnest(['7', '007'])", ["integer and cannot hold 007"]),
        ("integer", "select ' 7'", ['cannot hold " 7"']),
        ("date", "select timestamp '2024-01-01 10:00:00'", ["date and cannot hold 2024-01-01 10:00:00"]),
        ("date", "select '01/02/03'", ["cannot hold 01/02/03"]),
        ("date", "select 'today'", ["cannot hold today"]),
        (
            "timestamp(0)",
            "select timestamp '2024-01-01 10:00:00.6'",
            ["timestamp(0) without time zone and cannot hold"],
        ),
        (
            "timestamp",
            "select timestamp_ns '2024-01-01 10:00:00.123456789'",
            ["cannot hold 2024-01-01 10:00:00.1234567"],
        ),
        ("timestamp", "select '2024-01-01 10:00:00+02'", ["cannot hold 2024-01-01 10:00:00+02"]),
        ("timestamptz", "select '2024-01-01 10:00:00.1234567Z'", ["cannot hold"]),
        ("time(0)", "select time '10:00:00.5'", ["time(0) without time zone and cannot hold 10:00:00.5"]),
        ("time", "select timestamp '2024-01-01 10:00:00'", ["cannot hold"]),
        ("interval(0)", "select interval 1500 milliseconds", ["interval(0) and cannot hold 00:00:01.5"]),
        ("interval day", "select interval 1 day", ["interval day and cannot hold 1 day"]),
        ("varchar(3)", "select 'abc  '", ['character varying(3) and cannot hold "abc  "']),
        ("char(3)", "select 'ab '", ['character(3) and cannot hold "ab "']),
        ("name", "select repeat('x', 64)", ["name and cannot hold xxx"]),
        ("text", "select 'a' || chr(0)", ["text and cannot hold a0x00"]),
        ("bytea", "select 'a\\b'", ["bytea and cannot hold"]),
        ("jsonb", """select '{"a": {"b": 1, "b": 2}}'::json""", ["jsonb and cannot hold"]),
        ("jsonb", """select '[{"b": 1, "b": 2}]'""", ["jsonb and cannot hold"]),
        ("cents", "select 0.001::decimal(9,3)", ["cents and cannot hold 0.001"]),
        ("numeric(10,2)", "select 12345678901::decimal(20,0)", ["numeric field overflow"]),
        ("varchar(3)", "select 'abcd'", ["too long", '"abcd"']),
        ("smallint", "select 40000", ["40000", "out of range"]),
    ],
)
@pytest.mark.parametrize("mode", ["replace", "append", "upsert"])
def test_a_narrower_column_refuses_what_it_would_change(
    bench: Bench, server: PostgresServer, declared: str, query: str, parts: list[str], mode: str
) -> None:
    # GIVEN a table with a column that would round, cut or guess without a word
    server.run(
        "drop domain if exists cents cascade", "create domain money2 as numeric(10,2)", "create domain cents as money2"
    )
    server.run(f"create table t(id int primary key, v {declared})", "insert into t(id) values (1)")
    key = {"key": ["id"]} if mode == "upsert" else {}
    # WHEN such a value is to be written in any mode, THEN it is refused by its name, and the table is as it was
    with pytest.raises(UserError) as caught:
        write(bench, server, f"select row_number() over () + 1 as id, v from ({query}) t(v)", mode=mode, **key)
    assert str(caught.value).startswith("nothing was written: ")
    for part in parts:
        assert part in str(caught.value)
    assert server.run("select id, v from t") == [(1, None)]


@pytest.mark.parametrize(
    ("declared", "query", "told"),
    [
        ("numeric(10,2)", "select 1.500::decimal(9,3)", "1.50"),
        ("numeric", "select '1.5e-3'", "0.0015"),
        ("double precision", "select 0.1::decimal(3,1)", "0.1"),
        ("real", "select 0.1::double", "0.1"),
        ("bigint", "select '12'", "12"),
        ("date", "select timestamp '2024-01-01'", "2024-01-01"),
        ("date", "select unnest(['2024-01-31'])", "2024-01-31"),
        ("date", "select 'Jan 31 2024'", "2024-01-31"),
        ("timestamptz", "select '2024-01-01T10:00:00.123456+02:00'", "2024-01-01 08:00:00.123456+00"),
        ("timestamptz", "select timestamptz '2024-01-01 10:00:00+02'", "2024-01-01 08:00:00+00"),
        ("timestamp(0)", "select timestamp 'infinity'", "infinity"),
        ("varchar(3)", "select 'a '", "a "),
        ("text", "select 1.5::double", "1.5"),
        ("text", "select 3::double", "3"),
        ("text", "select date '0044-03-15 (BC)'", "0044-03-15 (BC)"),
        ("date", "select date '0044-03-15 (BC)'", "0044-03-15 BC"),
        ("jsonb", """select '[{"b": 1}, {"b": 2}]'::json""", '[{"b": 1}, {"b": 2}]'),
        ("interval(3)", "select interval 1500 milliseconds", "00:00:01.5"),
    ],
)
def test_another_type_takes_what_it_holds(
    bench: Bench, server: PostgresServer, declared: str, query: str, told: str
) -> None:
    # GIVEN a column of another type, WHEN a value is written that it holds, THEN it is there
    server.run(f"create table t(v {declared})")
    write(bench, server, f"select v from ({query}) t(v)", mode="append")
    assert server.run("set timezone = 'UTC'", "select v::text from t") == [(told,)]


@pytest.mark.parametrize(
    ("query", "declared", "told"),
    [
        ("select unnest([date '0044-03-15 (BC)', date 'infinity', date '5874897-12-31'])", "date",
         ["0044-03-15 BC", "5874897-12-31", "infinity"]),
        ("select unnest([date '2024-01-01', date '5877642-06-25 (BC)'])", "text", ["2024-01-01", "5877642-06-25 (BC)"]),
        ("select timestamp '0044-03-15 (BC) 10:00:00.5'", "timestamp without time zone", ["0044-03-15 10:00:00.5 BC"]),
        ("select timestamp '290309-12-22 (BC)'", "text", ["290309-12-22 (BC) 00:00:00"]),
        ("select timestamptz '294247-01-10 04:00:54.775806+00'", "timestamp with time zone",
         ["294247-01-10 04:00:54.775806+00"]),
        ("select timestamp_ns '2024-01-01 10:00:00.123456'", "timestamp without time zone",
         ["2024-01-01 10:00:00.123456"]),
        ("select timestamp_ns '2024-01-01 10:00:00.123456789'", "text", ["2024-01-01 10:00:00.123456789"]),
        ("select time '24:00:00'", "time without time zone", ["24:00:00"]),
        ("select unnest(['nan'::double, '-inf'::double, -0.0::double, 5e-324::double])", "double precision",
         ["-0", "-Infinity", "5e-324", "NaN"]),
        ("select interval '1 year 2 months 3 days 04:05:06.5'", "interval", ["1 year 2 mons 3 days 04:05:06.5"]),
        ("select {'a': 'nan'::double, 'b': 12345678901234567890.123456789::decimal(38,9)}", "jsonb",
         ['{"a": "nan", "b": 12345678901234567890.123456789}']),
        ("""select ['{"a": 1.10, "b": 123456789012345678901234567890}'::json]""", "jsonb",
         ['[{"a": 1.10, "b": 123456789012345678901234567890}]']),
        ("""select '{"a": 1, "a": 2}'::json""", "json", ['{"a": 1, "a": 2}']),
        ("""select '{"a": "\\u0000"}'::json""", "json", ['{"a": "\\u0000"}']),
        ("""select '{"a": NaN}'::json""", "text", ['{"a": NaN}']),
        ("select 0.00000000000000000000000000000000000001::decimal(38,38)", "numeric(38,38)",
         ["0.00000000000000000000000000000000000001"]),
    ],
)  # fmt: skip
def test_a_new_table_has_types_that_hold_its_values(
    bench: Bench, server: PostgresServer, query: str, declared: str, told: list[str]
) -> None:
    # GIVEN values at the ends of what DuckDB has, WHEN they are written to a new table, THEN they are there, as text
    # where PostgreSQL has no such value, and the log says so
    write(bench, server, f"select v from ({query}) t(v)")
    shown = "select format_type(atttypid, atttypmod) from pg_attribute where attrelid = 't'::regclass and attname = 'v'"
    assert server.run(shown) == [(declared,)]
    assert sorted(row[0] for row in server.run("set timezone = 'UTC'", "select v::text from t")) == told
    assert any("cannot hold: its column is" in line for line in bench.lines) == (declared in ("text", "json"))


def test_a_text_that_no_type_holds_is_refused(bench: Bench, server: PostgresServer) -> None:
    with pytest.raises(UserError, match=r"nothing was written: \"v\" has 1 value such as a0x00b that text cannot hold"):
        write(bench, server, "select 'a' || chr(0) || 'b' as v")
    assert server.run("select to_regclass('t')") == [(None,)]


def test_rows_that_a_trigger_drops_are_counted(bench: Bench, server: PostgresServer) -> None:
    # GIVEN a table whose trigger drops rows without a word
    server.run(
        "create table t(id int primary key)",
        "create or replace function odd() returns trigger language plpgsql as"
        " $$ begin if new.id % 2 = 0 then return null; end if; return new; end $$",
        "create trigger odd before insert on t for each row execute function odd()",
    )
    # WHEN rows are written in any mode, THEN the result tells how many came and how many did not
    for mode, more in (("replace", {}), ("upsert", {"key": ["id"]})):
        ctx = write(bench, server, "select range as id from range(5)", mode=mode, **more)
        assert ctx.metrics["rows_written"] == 2 and ctx.metrics["rows_left_out"] == 3
        assert ctx.warning is not None and "has left out 3 of 5 rows" in ctx.warning
        assert server.run("select id from t order by 1") == [(1,), (3,)]
