from __future__ import annotations

import datetime
import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from orch_tui.components.kit.component import Context, UserError
from orch_tui.components.mysql import extractor as mysql_extractor
from orch_tui.components.mysql import writer as mysql_writer
from orch_tui.model.components.configuration import WriteMode

from tests.servers.mariadb import PASSWORD, MariaDbServer, mariadb
from tests.support import sqldb
from tests.support.bench import Bench
from tests.support.sqldb import OUT, CommonTests, Side, action, task


@pytest.fixture(scope="module")
def running() -> Iterator[MariaDbServer]:
    with mariadb() as server:
        yield server


@pytest.fixture
def server(running: MariaDbServer) -> MariaDbServer:
    """The server with an empty database shop."""
    running.run("drop database shop", "create database shop character set utf8mb4", "create or replace user low"
                " identified by 'low'")  # fmt: skip
    return running


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


@pytest.fixture
def side(server: MariaDbServer) -> Side:
    slow = "select seq, sleep(0.001) from seq_1_to_1000000"
    return Side(server, mysql_extractor, mysql_writer, "pymysql", slow, "select sleep(600)", "%sleep%",
                mysql_extractor.MysqlReader)  # fmt: skip


class TestWhatAllServersHaveInCommon(CommonTests):
    pass


def extract(
    bench: Bench,
    server: MariaDbServer,
    mode: WriteMode = WriteMode.FULL,
    state: dict[str, Any] | None = None,
    **more: Any,
) -> Context:
    return sqldb.extract(bench, mysql_extractor, {**server.parameters, **more}, mode, state)


ROWS = "select * from (values (1, 'a', 1.5), (2, 'b', null)) t(id, name, amount)"


def write(bench: Bench, server: MariaDbServer, query: str = ROWS, **more: Any) -> Context:
    return sqldb.write(bench, mysql_writer, {**server.parameters, "table": "t", **more}, query)


TYPES = (
    """create table t(
        id bigint unsigned primary key, num decimal(10,2), wide decimal(50,10), digits decimal(5,0) unsigned,
        yes boolean, tiny tinyint, utiny tinyint unsigned, small smallint, medium mediumint unsigned, i int, big bigint,
        f float, db double, d date, dt datetime(6), ts timestamp null, tm time(2), y year, b1 bit(1), b12 bit(12),
        c char(4), vc varchar(30), tx text, latin varchar(9) character set latin1, bi varbinary(10), bl blob, j json,
        e enum('x', 'y'), s set('p', 'q'), u uuid, `we``ird "x" %s` int, g point)""",
    """insert into t values (
        18446744073709551615, 1.5, 12345.5, 7, true, -3, 250, 1, 2, 3, -4, 16777216.0, 0.1, '2024-01-31',
        '2024-01-31 10:00:00.5', '2024-01-31 10:00', '10:00:01.25', 2024, b'1', b'101010101010', 'ab', 'é😀', 't', 'ü',
        x'00ff', 'blob', '{"a":  1}', 'y', 'p,q', '7f4df5b0-62b1-4a3e-9f2e-8a2e6a2f4d5b', 5, point(1, 2))""",
)
ODD = (
    "set sql_mode = ''",
    """insert into t(id, wide, yes, d, dt, ts, tm) values (
        2, '12345678901234567890123456789012345678.1', 5, '0000-00-00', '2024-00-10 00:00:00', '0000-00-00 00:00:00',
        '100:00:00'), (1, null, 0, null, null, null, '-10:00:00')""",
)
KINDS = {
    "id": "UBIGINT", "num": "DECIMAL(10,2)", "wide": "DECIMAL(38,10)", "digits": "DECIMAL(5,0)", "yes": "BOOLEAN",
    "tiny": "TINYINT", "utiny": "UTINYINT", "small": "SMALLINT", "medium": "UINTEGER", "i": "INTEGER", "big": "BIGINT",
    "f": "FLOAT", "db": "DOUBLE", "d": "DATE", "dt": "TIMESTAMP", "ts": "TIMESTAMP WITH TIME ZONE", "tm": "TIME",
    "y": "SMALLINT", "b1": "BOOLEAN", "b12": "UBIGINT", "c": "VARCHAR", "vc": "VARCHAR", "tx": "VARCHAR",
    "latin": "VARCHAR", "bi": "BLOB", "bl": "BLOB", "j": "JSON", "e": "VARCHAR", "s": "VARCHAR", "u": "VARCHAR",
    'we`ird "x" %s': "INTEGER", "g": "BLOB",
}  # fmt: skip


def test_types_are_kept(bench: Bench, server: MariaDbServer) -> None:
    # GIVEN a table with a column of every kind, made by a session in another time zone
    server.run("set time_zone = '+02:00'", *TYPES)
    # WHEN it is extracted
    extract(bench, server, table="T")
    # THEN types and values are the same
    assert bench.columns() == KINDS
    rows = {row[0]: dict(zip(KINDS, row, strict=True)) for row in bench.rows()}
    row = rows[2**64 - 1]
    assert (row["num"], row["wide"], row["digits"]) == (Decimal("1.50"), Decimal("12345.5"), Decimal(7))
    assert (row["f"], row["db"], row["yes"], row["b1"], row["b12"]) == (16777216.0, 0.1, True, True, 0b101010101010)
    assert (row["d"], row["tm"]) == (datetime.date(2024, 1, 31), datetime.time(10, 0, 1, 250_000))
    assert row["dt"] == datetime.datetime(2024, 1, 31, 10, 0, 0, 500_000)
    assert row["ts"] == datetime.datetime(2024, 1, 31, 8, tzinfo=datetime.UTC)
    assert (row["vc"], row["latin"], row["bi"], row["bl"], row["j"]) == ("é😀", "ü", b"\x00\xff", b"blob", '{"a":  1}')
    assert (row["e"], row["s"], row["u"][:8], row["y"], row["utiny"]) == ("y", "p,q", "7f4df5b0", 2024, 250)
    # WHEN TINYINT(1) is no boolean, THEN it is a number
    extract(bench, server, table="t", columns=["yes"], tinyint1_as_boolean=False)
    assert bench.columns() == {"yes": "TINYINT"} and bench.rows() == [(1,)]


def test_a_value_that_the_type_cannot_hold_makes_the_column_wider(bench: Bench, server: MariaDbServer) -> None:
    # GIVEN values that MySQL alone knows
    server.run(*TYPES, *ODD)
    # WHEN they are extracted
    ctx = extract(bench, server, table="t")
    # THEN their columns are text, as the server writes all their values, and a boolean that is none is a number
    columns = ["wide", "d", "dt", "ts", "tm"]
    kinds = bench.columns()
    assert {name: kinds[name] for name in columns} == dict.fromkeys(columns, "VARCHAR") and kinds["yes"] == "TINYINT"
    asked = ", ".join(f"cast({name} as char)" for name in columns)
    told = server.run("set time_zone = '+00:00'", f"select {asked}, yes from t order by id")
    places = [list(KINDS).index(name) for name in [*columns, "yes"]]
    assert [tuple(row[place] for place in places) for row in sorted(bench.rows())] == told
    log = "\n".join(bench.lines)
    for part in ('"yes" has 1 value that BOOLEAN cannot hold, such as 5; it is stored as TINYINT',
                 "such as 0000-00-00;", "2 values that TIME cannot hold, such as -10:00:00.00;"):  # fmt: skip
        assert part in log
    assert ctx.warning is None


@pytest.mark.parametrize("of", ["table", "query", "columns"])
def test_a_float_keeps_all_its_digits(bench: Bench, server: MariaDbServer, of: str) -> None:
    # GIVEN numbers of which the server would write six digits
    server.run("create table t(id int, f float)", "insert into t values (1, 16777215), (2, 1.40129846e-45), (3, 0.1)")
    # WHEN they are read by table or by query, THEN they are the same
    what: dict[str, Any] = {"table": "t"} if of == "table" else {"query": "select id, f from t order by id -- all\n;"}
    extract(bench, server, **what | ({"columns": ["F"]} if of == "columns" else {}))
    assert [row[-1] for row in bench.rows()] == [16777215.0, 1.401298464324817e-45, 0.10000000149011612]
    assert list(bench.columns().values())[-1] == "FLOAT"


def test_a_float_beside_equal_names_is_a_warning(bench: Bench, server: MariaDbServer) -> None:
    server.run("create table t(f float)", "insert into t values (16777215)")
    ctx = extract(bench, server, query="select f, 1 as f from t")
    assert ctx.warning is not None and "six digits" in ctx.warning and "a name of its own" in ctx.warning


def test_an_empty_table_has_its_types(bench: Bench, server: MariaDbServer) -> None:
    server.run(*TYPES, "delete from t")
    ctx = extract(bench, server, table="t")
    assert bench.rows() == [] and bench.columns() == KINDS
    assert ctx.warning == "the source gave no rows, so out/result is empty now"


def test_queries_as_people_write_them(bench: Bench, server: MariaDbServer) -> None:
    # GIVEN a query with equal names, a per cent sign, a comment and a semicolon, WHEN extracted, THEN all is there
    extract(bench, server, query='select 1 as a, 2 as a, "%s" as `c%` -- as it is\n; ')
    assert bench.rows() == [(1, 2, "%s")] and list(bench.columns()) == ["a", "a_2", "c%"]
    # WHEN columns are chosen, THEN there are these, in this order
    extract(bench, server, query="select 1 as a, 2 as b, 3 as c # three", columns=["C", "a"])
    assert bench.rows() == [(3, 1)]
    # WHEN sums are wider than 38 digits, THEN they are decimals all the same
    extract(bench, server, query="select sum(seq) as s, null as n from seq_1_to_10")
    assert bench.rows() == [(Decimal(55), None)] and bench.columns() == {"s": "DECIMAL(38,0)", "n": "VARCHAR"}


@pytest.mark.parametrize(
    ("more", "parts"),
    [
        ({"table": "costumers"}, ['has no table "costumers"', 'did you mean "customers"?']),
        ({"table": "customers", "columns": ["nmae"]}, ['no column "nmae"', 'did you mean "name"?']),
        ({"query": "select nam from customers"}, ["the query fails", "Unknown column 'nam'"]),
        ({"query": "selec"}, ["the query fails", "near 'selec'"]),
        ({"query": "delete from customers"}, ["the query fails", "may only read"]),
        ({"query": "drop table customers"}, ["the query fails", "may only read"]),
        ({"query": "select 1; drop table customers"}, ["the query fails"]),
        ({"query": "set @x = 1"}, ["gives no rows at all"]),
        ({"query": "select sleep(30)", "statement_timeout": 1}, ["longer than 1 s", "statement_timeout"]),
        ({"query": "select 1 as a, 2 as a", "columns": ["a"]}, ["Duplicate column name", "a name of its own"]),
        ({"query": "select * from shop.customers", "user": "low", "password": "low", "database": "test"}, ["low"]),
        ({"table": "customers", "password": "wrong"}, ["refuses the password", "orch"]),
        ({"table": "customers", "database": "nope"}, ["/nope", "no such database"]),
        ({"table": "customers", "host": "no-such-host.invalid"}, ["is not known by that name"]),
        ({"table": "customers", "port": 1}, ["127.0.0.1:1/", "refuses connections"]),
        ({"table": "customers", "host": "/nowhere"}, ["/nowhere", "cannot be reached"]),
        ({"table": "customers", "ssl": "require"}, ["does not offer TLS"]),
        ({"table": "customers", "ssl": "verify-full", "ssl_ca": "no.pem"}, ["no.pem", "ssl_ca"]),
        ({"table": "customers", "incremental_column": "id"}, ["lose all older rows", '"append"']),
        ({"query": "select 1 as a", "incremental_column": "b", "mode": WriteMode.APPEND}, ['no column "b"']),
        ({"table": "customers", "incremental_column": "doc", "mode": WriteMode.APPEND}, ["is JSON", "cannot be gone"]),
    ],
)
def test_extractor_errors(bench: Bench, server: MariaDbServer, more: dict[str, Any], parts: list[str]) -> None:
    # GIVEN a table, and a user who may not read it
    server.run("create table customers(id int, name text, doc json)", "insert into customers values (1, 'a', '{}')")
    # WHEN something that cannot be is extracted, THEN one line says what there is, and nothing has changed
    with pytest.raises(UserError) as caught:
        extract(bench, server, **more)
    for part in parts:
        assert part in str(caught.value)
    assert "\n" not in str(caught.value) and PASSWORD not in str(caught.value)
    assert server.run("select count(*) from customers") == [(1,)] and server.working() == []


@pytest.mark.parametrize(
    ("column", "kind", "last"),
    [
        ("id", "UBIGINT", "9007199254740993"),
        ("dt", "TIMESTAMP", "2024-01-03 00:00:00.000001"),
        ("ts", "TIMESTAMP WITH TIME ZONE", "2024-01-03 00:00:00+00"),
        ("txt", "VARCHAR", "é"),
        ("f4", "FLOAT", "0.30000001192092896"),
        ("f8", "DOUBLE", "0.30000000000000004"),
    ],
)
def test_an_incremental_extraction_reads_what_is_new(
    bench: Bench, server: MariaDbServer, column: str, kind: str, last: str
) -> None:
    # GIVEN a first extraction, whose largest value no rounding and no collation may change
    server.run(
        "set time_zone = '+00:00'",
        "create table t(id bigint unsigned, num decimal(10,2), dt datetime(6), ts timestamp(6), d date, txt varchar(9),"
        " f4 float, f8 double)",
        "insert into t values (1, 1, '2024-01-01', '2024-01-01', '2024-01-01', 'Z', 0.1, 0.1), (9007199254740993, 3.25,"
        " '2024-01-03 00:00:00.000001', '2024-01-03', '2024-01-03', 'é', 0.3, 0.1e0 + 0.2e0)",
    )
    first = extract(bench, server, WriteMode.APPEND, table="t", incremental_column=column).next_state
    assert first == {"column": column, "type": kind, "last": last} and len(bench.rows()) == 2
    # WHEN a row came after it, THEN only that is read, by table and by query
    server.run("insert into t values (9007199254740994, 4, '2024-01-04', '2024-01-04', '2024-01-04', 'ö', 4, 4)")
    query = {"query": "select *, f4 + 0e0 as x from t"} if column == "f8" else {"table": "t"}
    second = extract(bench, server, WriteMode.APPEND, first, **query, incremental_column=column)
    assert [row[0] for row in bench.rows()] == [9007199254740994]
    # AND a third time there is none, which keeps the state and is no warning
    third = extract(bench, server, WriteMode.APPEND, second.next_state, table="t", incremental_column=column)
    assert bench.rows() == [] and third.next_state is None and third.warning is None


@pytest.mark.parametrize(
    ("declared", "values"),
    [
        ("double", ["1764534000000000000", "1764534000000001024"]),  # nanoseconds: written with an exponent by us
        ("double", ["0.00001", "0.00002"]),
        ("decimal(38,30)", ["0.000000012345678901234567890123", "0.000000012345678901234567890124"]),
    ],
)
def test_an_incremental_extraction_goes_by_very_large_and_very_small_numbers(
    bench: Bench, server: MariaDbServer, declared: str, values: list[str]
) -> None:
    # GIVEN a first extraction by a column whose largest value is long before or behind the point
    server.run(f"create table t(id int, v {declared})", f"insert into t values (1, {values[0]})")
    first = extract(bench, server, WriteMode.APPEND, table="t", incremental_column="v").next_state
    assert len(bench.rows()) == 1
    # WHEN a row came that is a little beyond it, THEN that is read, and nothing else
    server.run(f"insert into t values (2, {values[1]})")
    extract(bench, server, WriteMode.APPEND, first, table="t", incremental_column="v")
    assert [row[0] for row in bench.rows()] == [2]


def test_replace_keeps_what_hangs_on_the_table(bench: Bench, server: MariaDbServer) -> None:
    # GIVEN a table with a default, a view and a right of another user
    server.run(
        "create table t(id int primary key, name varchar(9), amount decimal(9,1), note varchar(9) default 'none')",
        "create view v as select id from t",
        "insert into t values (9, 'old', 1, 'x')",
        "grant select on shop.t to low",
    )
    # WHEN it is replaced, THEN it has exactly the new rows, and all the rest
    ctx = write(bench, server, key=["id"])
    assert server.run("select * from t order by 1") == [(1, "a", Decimal("1.5"), "none"), (2, "b", None, "none")]
    assert server.run("select count(*) from v") == [(2,)] and len(server.run("show grants for low")) == 2
    assert ctx.metrics == {"rows_written": 2, "rows_deleted": 1}
    # WHEN there are no rows any more, THEN that is a warning
    ctx = write(bench, server, f"{ROWS} where false")
    assert ctx.warning is not None and "is empty now; it had 2" in ctx.warning
    assert server.run("select count(*) from t") == [(0,)]


def test_append_and_upsert(bench: Bench, server: MariaDbServer) -> None:
    # GIVEN a written table, WHEN the rows are appended, THEN there are twice as many
    write(bench, server)
    write(bench, server, mode="append")
    assert server.run("select count(*) from t") == [(4,)]
    # WHEN its key is not unique in the table, THEN an upsert says what to do
    with pytest.raises(UserError, match=r"no unique index on the key.*run: alter table `t` add unique \(`id`\)"):
        write(bench, server, mode="upsert", key=["id"])
    # WHEN it is, THEN known rows are updated and others added, under the table's names for the columns
    write(bench, server)
    server.run(
        "alter table t add unique(id), rename column name to `Name`, add note text", "update t set note = 'mine'"
    )
    more = "select * from (values (2, 'B', 7.0), (3, 'c', 8.0)) t(id, name, amount)"
    ctx = write(bench, server, more, mode="upsert", key=["ID"])
    assert server.run("select id, Name, amount, note from t order by 1") == [
        (1, "a", Decimal("1.5"), "mine"), (2, "B", Decimal("7.0"), "mine"), (3, "c", Decimal("8.0"), None),
    ]  # fmt: skip
    assert ctx.metrics == {"rows_written": 2, "rows_updated": 1, "rows_added": 1}
    # WHEN only the key is written, THEN known rows stay as they are
    write(bench, server, "select 3 as id union all select 4", mode="upsert", key=["id"])
    assert server.run("select id, Name from t order by 1")[2:] == [(3, "c"), (4, None)]


def test_an_upsert_goes_by_its_key_alone(bench: Bench, server: MariaDbServer) -> None:
    # GIVEN a table with another unique column
    server.run("create table t(id int primary key, mail varchar(20) unique)", "insert into t values (1, 'a'), (2, 'b')")
    # WHEN a new row collides with it, THEN it is refused; "on duplicate key update" would change the other row
    with pytest.raises(UserError, match=r"nothing was written: .*Duplicate entry 'a' for key 'mail'"):
        write(bench, server, "select 3 as id, 'a' as mail", mode="upsert", key=["id"])
    assert server.run("select * from t order by 1") == [(1, "a"), (2, "b")]


def test_types_travel(bench: Bench, server: MariaDbServer) -> None:
    # GIVEN what DuckDB has, and texts with all that SQL gives a meaning, among them what looks like an attack
    write(bench, server, r"""select true as b, date '2026-01-31' as d, timestamp '2026-01-31 10:00:00.5' as ts, 12.50::decimal(9,2) as m,
        18446744073709551615::ubigint as big, [1, 2] as l, {'a': 'é'} as s, '\xFF\x00'::blob as bl, ''::blob as nobytes,
        timestamptz '2026-01-31 10:00:00+02' as tz, e'a\tb\\c\n\r' || chr(0) || '%s' as txt, '' as empty, null::varchar as nothing,
        e'\\''); drop table t; -- ' as attack, '{"x": 1}'::json as j, 1e30 as f, null::double as nof, 0.1::float as f4,
        '7f4df5b0-62b1-4a3e-9f2e-8a2e6a2f4d5b'::uuid as u, time '10:00' as ti, 0 as zero""")  # fmt: skip  # noqa: E501
    # WHEN they are read, THEN they are the same
    row = server.run("select * from t")[0]
    assert row[:6] == (1, datetime.date(2026, 1, 31), datetime.datetime(2026, 1, 31, 10, 0, 0, 500_000),
                       Decimal("12.50"), 2**64 - 1, "[1,2]")  # fmt: skip
    assert row[6:9] == ('{"a":"é"}', b"\xff\x00", b"") and row[9] == datetime.datetime(2026, 1, 31, 8)
    assert row[10:14] == ("a\tb\\c\n\r\x00%s", "", None, "\\'); drop table t; -- ")
    assert row[14:18] == ('{"x": 1}', 1e30, None, 0.1) and row[19:] == (datetime.timedelta(hours=10), 0)


@pytest.mark.parametrize(
    ("query", "more", "parts"),
    [
        ("select 1 as id from range(2)", {"mode": "upsert", "key": ["id"]}, ["2 rows with one key", "id = 1"]),
        ("select null::int as id", {"mode": "upsert", "key": ["id"]}, ["no value in the key"]),
        ("select unnest(['x', 'X']) as name, 5 as id", {"mode": "upsert", "key": ["name"]}, ["one key", "ignore case"]),
        ("select 1 as id, 2 as more", {"mode": "append"}, ["has no column more", "id, name, twice"]),
        ("select 'b' as name", {"mode": "append"}, ["wants a value for id"]),
        ("select 2 as id, 3 as twice", {"mode": "append"}, ["computes twice itself"]),
        ("select 1 as id", {"mode": "append"}, ["nothing was written", "Duplicate entry '1'"]),
        ("select 'x' as id", {}, ["nothing was written", "integer value: 'x' for column `id`"]),
        ("select 2 as id, null::varchar as name", {}, ["nothing was written", "'name' cannot be null"]),
        ("select 2 as id, 'long name' as name", {}, ["nothing was written", "too long for column 'name'"]),
        ("select 5000000000 as id", {}, ["nothing was written", "Out of range", "'id'"]),
        ("select 'inf'::double as id", {}, ["nothing was written", '"id" holds a number that is infinite']),
        ("select 2 as id, 'b' as name", {"database": "nope"}, ["no such database"]),
        ("select 2 as id, 'b' as name", {"table": "v"}, ["is a view"]),
        ("select 2 as id, 'b' as name", {"table": "old"}, ["engine MyISAM", "alter table `old` engine = InnoDB"]),
        ("select 2 as id, 'b' as name", {}, ["nothing was written", "bound to rows of another table", "`child`"]),
        ("select 2 as id", {"user": "low", "password": "low"}, ["nothing was written", "create temporary tables"]),
    ],
)
def test_writer_errors_change_nothing(
    bench: Bench, server: MariaDbServer, query: str, more: dict[str, Any], parts: list[str]
) -> None:
    # GIVEN a table with rules of its own, to which another refers
    server.run(
        "create table t(id int primary key, name varchar(3) not null default 'z' unique, twice int as (id * 2) stored)",
        "insert into t values (1, 'old', default)",
        "create table child(id int references t(id))",
        "insert into child values (1)",
        "create table old(id int, name text) engine = MyISAM",
        "create view v as select 1 as id",
        "grant select on shop.t to low",
    )
    # WHEN rows that do not fit are written, THEN one line says why, and the table is as it was
    with pytest.raises(UserError) as caught:
        write(bench, server, query, **more)
    for part in parts:
        assert part in str(caught.value)
    assert "\n" not in str(caught.value) and "orch_tui_stage" not in str(caught.value)
    assert server.run("select id, name from t") == [(1, "old")]


def test_a_table_that_was_made_for_nothing_is_gone(bench: Bench, server: MariaDbServer) -> None:
    # GIVEN rows that fit into no table of MySQL, WHEN they are written to a new one, THEN it is not there afterwards
    with pytest.raises(UserError, match=r"nothing was written: .*too long for column"):
        write(bench, server, "select repeat('x', 300) as id", mode="upsert", key=["id"])
    assert server.run("show tables") == []


def test_wide_rows_stay_below_the_largest_packet(bench: Bench, server: MariaDbServer) -> None:
    # GIVEN a server that takes small packets only
    (before,) = server.run("select @@global.max_allowed_packet")[0]
    server.run("set global max_allowed_packet = 65536")
    try:
        # WHEN rows are written that are larger together, THEN they come in pieces, also one that is larger alone
        write(bench, server, "select range as id, repeat('é', 5000) as x from range(40)")
        assert server.run("select count(*), sum(length(x)) from t") == [(40, 400_000)]
        write(bench, server, "select 1 as id, repeat('x', 100000) as x")
        assert server.run("select length(x) from t") == [(100_000,)]
        # WHEN rows can only be inserted, THEN they come in pieces too, and a line says so where one alone is too large
        server.run("set global local_infile = 0")
        write(bench, server, "select range as id, repeat('é', 5000) as x from range(40)")
        assert server.run("select count(*), sum(length(x)) from t") == [(40, 400_000)]
        with pytest.raises(UserError, match="max_allowed_packet"):
            write(bench, server, "select 1 as id, repeat('x', 100000) as x")
    finally:
        server.run(f"set global max_allowed_packet = {before}", "set global local_infile = 1")


def test_connections_are_tested(tmp_path: Path, server: MariaDbServer) -> None:
    # GIVEN a table
    server.run("create table t(id int primary key, name text)")
    place = f"127.0.0.1:{server.port}/shop"
    # WHEN the action runs as a process, THEN it says who answered and what there is
    made = action(task(tmp_path, {**server.parameters, "table": "t"}, outputs=OUT))
    code, out, err = made.run(mysql_extractor.__name__)
    message = json.loads(out)["message"]
    assert (code, err) == (0, "") and message.startswith("connected to MariaDB 1")
    assert message.endswith(f"at {place} as orch without TLS; the table t has 2 columns")

    def tried(module: Any, **more: Any) -> str:
        ctx = Bench(tmp_path / f"bench{len(list(tmp_path.iterdir()))}").context()
        text: str = module.test_connection(module.Parameters(**{**server.parameters, "table": "t", **more}), ctx)
        return text

    # AND so does a query, which is not run, and a writer
    assert tried(mysql_extractor, table=None, query="select sleep(60);").endswith("; the query can be run")
    assert "the table t has 2 columns" in tried(mysql_writer, mode="upsert", key=["id"])
    assert "the table new does not exist yet and is made by the first run" in tried(mysql_writer, table="new")
    # AND what would fail is a sentence
    for module, more, part in (
        (mysql_extractor, {"table": None, "query": "select x from t"}, "the query fails: Unknown column 'x'"),
        (mysql_extractor, {"user": "low", "password": "low"}, "may not use that database"),
        (mysql_writer, {"mode": "upsert", "key": ["name"]}, "no unique index on the key"),
        (mysql_writer, {"columns": ["nope"]}, 'has no column "nope"'),
        (mysql_writer, {"password": "wrong"}, "refuses the password"),
    ):
        with pytest.raises(UserError, match=part):
            tried(module, **more)
    assert server.run("show tables") == [("t",)]


@pytest.mark.parametrize(
    ("declared", "query", "parts"),
    [
        ("decimal(10,2)", "select 1.005::decimal(9,3)", ["decimal(10,2) and cannot hold 1.005"]),
        ("decimal(10,2)", "select 1.005::double", ["cannot hold 1.005"]),
        ("decimal(10,2)", "select '1.005'", ["cannot hold 1.005"]),
        ("decimal(10,2)", "select 12345678901", ["Out of range value for column 'v': 12345678901"]),
        ("int", "select 1.5::decimal(3,1)", ["int(11) and cannot hold 1.5"]),
        ("int", "select 1.5::double", ["cannot hold 1.5"]),
        ("int", "select 0.5::decimal(38,38)", ["cannot hold .5"]),
        ("int", "select '007'", ["cannot hold 007"]),
        ("int", "select '1e3'", ["cannot hold 1e3"]),
        ("tinyint", "select unnest([1, 300, 2])", ["Out of range value for column 'v': 300"]),
        ("int unsigned", "select -1", ["Out of range value for column 'v': -1"]),
        ("float", "select 16777217", ["float and cannot hold 16777217"]),
        ("float", "select 0.123456789::double", ["cannot hold 0.123456789"]),
        ("double", "select 9007199254740993", ["double and cannot hold 9007199254740993"]),
        ("double(10,2)", "select 1.005::double", ["double(10,2) and cannot hold 1.005"]),
        ("datetime", "select timestamp '2024-01-01 10:00:00.6'", ["datetime and cannot hold 2024-01-01 10:00:00.6"]),
        ("datetime(3)", "select timestamp '2024-01-01 10:00:00.0006'", ["datetime(3) and cannot hold"]),
        ("datetime(6)", "select '2024-01-01 10:00:00.1234567'", ["cannot hold 2024-01-01 10:00:00.1234567"]),
        ("timestamp", "select timestamp '2124-01-01 10:00:00'", ["Incorrect datetime value: '2124-01-01 10:00:00'"]),
        ("date", "select timestamp '2024-01-01 10:00:00'", ["date and cannot hold 2024-01-01 10:00:00"]),
        ("date", "select '24-01-01'", ["cannot hold 24-01-01"]),
        ("date", "select date 'infinity'", ["'infinity'"]),
        ("date", "select 70101", ["cannot hold 70101"]),
        ("time", "select time '10:00:00.6'", ["time and cannot hold 10:00:00.6"]),
        ("time", "select 101112", ["cannot hold 101112"]),
        ("datetime", "select time '10:00:00'", ["cannot hold 10:00:00"]),
        ("time", "select timestamp '2024-01-01 10:00:00'", ["cannot hold 2024-01-01"]),
        ("varchar(3)", "select 'abc '", ['varchar(3) and cannot hold "abc "']),
        ("varchar(3)", "select unnest(['a', 'abcd'])", ["Data too long for column 'v': abcd"]),
        ("char(3)", "select 'ab '", ['char(3) and cannot hold "ab "']),
        ("binary(3)", "select '\\x01'::blob", ["binary(3) and cannot hold"]),
        ("enum('a','B','1')", "select 'A'", ["cannot hold A"]),
        ("enum('a','B','1')", "select 2", ["cannot hold 2"]),
        ("set('a','b')", "select 'b,a'", ["cannot hold b,a"]),
        ("year", "select 70", ["year(4) and cannot hold 70"]),
        ("year", "select '0'", ["cannot hold 0"]),
        ("bit(8)", "select '5'", ["bit(8) and cannot hold 5"]),
        ("varchar(3) character set latin1", "select '😀'", ["Incorrect string value"]),
    ],
)
@pytest.mark.parametrize("mode", ["replace", "append", "upsert"])
def test_a_narrower_column_refuses_what_it_would_change(
    bench: Bench, server: MariaDbServer, declared: str, query: str, parts: list[str], mode: str
) -> None:
    # GIVEN a table with a column that would round, cut or guess without a word
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
        ("decimal(10,2)", "select 1.500::decimal(9,3)", "1.50"),
        ("int", "select 3.0::double", "3"),
        ("int", "select '12'", "12"),
        ("float", "select 16777216", "16777200"),
        ("double", "select 0.1::float", "0.10000000149011612"),
        ("date", "select timestamp '2024-01-01'", "2024-01-01"),
        ("datetime", "select date '2024-01-01'", "2024-01-01 00:00:00"),
        ("varchar(3)", "select 'a '", "a "),
        ("varchar(9)", "select 1.5::double", "1.5"),
        ("varchar(9)", "select 'inf'::double", "inf"),
        ("varchar(9)", "select true", "true"),
        ("enum('a','B','1')", "select 1", "1"),
        ("set('a','b')", "select unnest(['a,b'])", "a,b"),
        ("year", "select 2024", "2024"),
        ("bit(8)", "select 65", "A"),
        ("json", """select '{"a": 1, "a": 2.10}'::json""", '{"a": 1, "a": 2.10}'),
        ("uuid", "select '7F4DF5B0-62b1-4a3e-9f2e-8a2e6a2f4d5b'", "7f4df5b0-62b1-4a3e-9f2e-8a2e6a2f4d5b"),
    ],
)
def test_another_type_takes_what_it_holds(
    bench: Bench, server: MariaDbServer, declared: str, query: str, told: str
) -> None:
    # GIVEN a column of another type, WHEN a value is written that it holds, THEN it is there
    server.run(f"create table t(v {declared})")
    write(bench, server, f"select v from ({query}) t(v)", mode="append")
    assert server.run("select cast(v as char) from t") == [(told,)]


@pytest.mark.parametrize(
    ("query", "declared", "told"),
    [
        ("select unnest([date '0001-01-01', date '9999-12-31'])", "date", ["0001-01-01", "9999-12-31"]),
        ("select unnest([date '2024-01-01', date '10000-01-01'])", "longtext", ["10000-01-01", "2024-01-01"]),
        ("select date '0044-03-15 (BC)'", "longtext", ["0044-03-15 (BC)"]),
        ("select timestamp 'infinity'", "longtext", ["infinity"]),
        ("select timestamp '9999-12-31 23:59:59.999999'", "datetime(6)", ["9999-12-31 23:59:59.999999"]),
        ("select timestamptz '2024-01-01 10:00:00+02'", "datetime(6)", ["2024-01-01 08:00:00.000000"]),
        ("select timestamp_ns '2024-01-01 10:00:00.123456789'", "longtext", ["2024-01-01 10:00:00.123456789"]),
        ("select time '24:00:00'", "time(6)", ["24:00:00.000000"]),
        ("select unnest([0.1::double, 5e-324::double, 1.7976931348623157e308::double])", "double",
         ["0.1", "1.7976931348623157e308", "5e-324"]),
        ("select unnest([1.5::double, 'nan'::double, '-inf'::double])", "longtext", ["-inf", "1.5", "nan"]),
        ("select 0.1::float + 0::float", "float", ["0.1"]),
        ("select interval '1 year 3 days 04:05:06.5'", "longtext", ["1 year 3 days 04:05:06.5"]),
        ("select 0.0000000000000000000000000000001::decimal(38,31)", "longtext", ["0.0000000000000000000000000000001"]),
        ("select 99999999999999999999999999999999999999::decimal(38,0)", "decimal(38,0)", ["9" * 38]),
        ("select {'a': 'nan'::double, 'b': 12345678901234567890.123456789::decimal(38,9)}", "longtext",
         ['{"a":"nan","b":12345678901234567890.123456789}']),
        ("""select '{"a": NaN}'::json""", "longtext", ['{"a": NaN}']),
        ("select 'a' || chr(0) || 'b '", "longtext", ["a\0b "]),
    ],
)  # fmt: skip
def test_a_new_table_has_types_that_hold_its_values(
    bench: Bench, server: MariaDbServer, query: str, declared: str, told: list[str]
) -> None:
    # GIVEN values at the ends of what DuckDB has, WHEN they are written to a new table, THEN they are there, as text
    # where MySQL has no such value, and the log says so
    write(bench, server, f"select v from ({query}) t(v)")
    shown = "select column_type from information_schema.columns where table_schema = 'shop' and table_name = 't'"
    assert server.run(shown) == [(declared,)]
    assert sorted(row[0] for row in server.run("select cast(v as char) from t")) == told
    by_value = declared == "longtext" and not any(word in query for word in ("interval", "decimal(38", "chr(0)"))
    assert any("cannot hold: its column is longtext" in line for line in bench.lines) == by_value


def test_keys_that_differ_stay_different(bench: Bench, server: MariaDbServer) -> None:
    # GIVEN texts that differ in case, accents and blanks at their end
    texts = ["a", "A", "á", "a ", "a  "]
    query = f"select unnest({texts!r}) as name, 1 as n"
    # WHEN they are the key of a new table, in any mode, THEN all are there
    for mode in ("replace", "upsert", "upsert"):
        write(bench, server, query, mode=mode, key=["name"])
        assert sorted(row[0] for row in server.run("select name from t")) == sorted(texts)


def test_a_note_of_the_server_is_an_error(bench: Bench, server: MariaDbServer, monkeypatch: pytest.MonkeyPatch) -> None:
    # GIVEN a value that the checks would let pass
    monkeypatch.setattr("orch_tui.components.dbapi.write.require_held", lambda *_: None)
    server.run("create table t(v decimal(10,2))")
    # WHEN the server only notes that it has cut it, THEN it is refused all the same, with the value
    with pytest.raises(UserError, match=r"nothing was written: .*Data truncated for column 'v': 1\.005"):
        write(bench, server, "select unnest([1.5, 1.005, 2.5])::decimal(9,3) as v")
    assert server.run("select count(*) from t") == [(0,)]
