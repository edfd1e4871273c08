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
from orch_tui.model.configuration import WriteMode

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
    what = {"table": "t"} if of == "table" else {"query": "select id, f from t order by id -- all\n;"}
    extract(bench, server, **what, **({"columns": ["F"]} if of == "columns" else {}))
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
        # WHEN rows are written that are larger together, THEN they come in pieces
        write(bench, server, "select range as id, repeat('é', 5000) as x from range(40)")
        assert server.run("select count(*), sum(length(x)) from t") == [(40, 400_000)]
        # WHEN one alone is too large, THEN a line says so
        with pytest.raises(UserError, match="max_allowed_packet"):
            write(bench, server, "select 1 as id, repeat('x', 100000) as x")
    finally:
        server.run(f"set global max_allowed_packet = {before}")


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
            tried(module, **more)  # type: ignore[arg-type]
    assert server.run("show tables") == [("t",)]
