from __future__ import annotations

import datetime
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from orch_tui.components.kit.component import Context, UserError
from orch_tui.components.sqlite import extractor as sqlite_extractor
from orch_tui.components.sqlite import writer as sqlite_writer
from orch_tui.model.components.configuration import WriteMode
from pydantic import ValidationError

from tests.support.bench import Bench


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def database(bench: Bench, script: str) -> Path:
    path = bench.project / "d.sqlite"
    with sqlite3.connect(path) as con:
        con.executescript(script)
    con.close()
    return path


def extract(
    bench: Bench, mode: WriteMode = WriteMode.FULL, state: dict[str, Any] | None = None, **more: Any
) -> Context:
    ctx = bench.context(mode=mode, state=state)
    sqlite_extractor.run(sqlite_extractor.Parameters(**{"database": "d.sqlite", **more}), ctx)
    return ctx


TYPES = """
    create table t(id integer primary key, n numeric, b boolean, d date, ts datetime, bl blob, "we""ird [x]" text, mix,
                   nobool boolean, nodate date, zone timestamp);
    insert into t values
        (1, 1.5, 1, '2024-01-31', '2024-01-31 10:00:00', x'00ff', 'é', 'x', 2, '2024-02-30', '2024-01-01T10:00:00+02:00'),
        (2, 7, 0, null, '2024-02-01T10:00:00.25', null, null, 5, 0, '2024-01-01', '2024-01-01 10:00:00');
    create table "empty one"(a int, b text, c date, d, e decimal(5,2), f json);
    create view v as select id from t;
"""  # noqa: E501


def test_declared_types_count_as_far_as_the_values_keep_them(bench: Bench) -> None:
    # GIVEN a table in which some columns hold what they do not declare
    database(bench, TYPES)
    # WHEN it is extracted
    extract(bench, table="T")
    # THEN types are as declared where that is true, and text (with a word in the log) where it is not
    assert bench.columns() == {
        "id": "BIGINT", "n": "DOUBLE", "b": "BOOLEAN", "d": "DATE", "ts": "TIMESTAMP", "bl": "BLOB",
        'we"ird [x]': "VARCHAR", "mix": "VARCHAR", "nobool": "BIGINT", "nodate": "VARCHAR", "zone": "VARCHAR",
    }  # fmt: skip
    first, second = bench.rows()
    assert first[:6] == (1, 1.5, True, datetime.date(2024, 1, 31), datetime.datetime(2024, 1, 31, 10), b"\x00\xff")
    assert second[7:9] == ("5", 0) and second[4] == datetime.datetime(2024, 2, 1, 10, 0, 0, 250_000)
    log = "\n".join(bench.lines)
    assert '"mix" holds integer and text values' in log and '"nodate" is declared DATE' in log


@pytest.mark.parametrize(
    ("values", "kind", "rows"),
    [
        ("1), (0.5", "DOUBLE", [1.0, 0.5]),
        ("9007199254740992), (-9007199254740992), (0.5", "DOUBLE", [2.0**53, -(2.0**53), 0.5]),
        ("9007199254740993), (0.5", "VARCHAR", ["9007199254740993", "0.5"]),
        ("-9223372036854775808), (1e300", "VARCHAR", ["-9223372036854775808", "1e+300"]),
        ("9223372036854775807), (null", "BIGINT", [2**63 - 1, None]),
        ("0.30000000000000004), ('a'", "VARCHAR", ["0.30000000000000004", "a"]),
        ("9e999), (-9e999), (0.1", "DOUBLE", [float("inf"), float("-inf"), 0.1]),
        ("x'00ff'), ('é'), (7), (0.5", "BLOB", [b"\x00\xff", "é".encode(), b"7", b"0.5"]),
    ],
)
def test_kinds_of_values_meet_in_a_type_that_holds_both(bench: Bench, values: str, kind: str, rows: list[Any]) -> None:
    # GIVEN a column without a type and values of several kinds
    database(bench, f"create table t(v); insert into t values ({values})")
    # WHEN it is extracted, THEN each value is there to the last digit, and the log tells of text and bytes
    extract(bench, table="t")
    assert bench.columns() == {"v": kind} and [value for (value,) in bench.rows()] == rows
    assert any("holds" in line for line in bench.lines) == (kind in ("VARCHAR", "BLOB"))


@pytest.mark.parametrize(
    ("declared", "values", "kind"),
    [
        ("timestamp", "'2024-01-01 10:00:00.123456'", "TIMESTAMP"),
        ("timestamp", "'2024-01-01 10:00:00.123456000'", "TIMESTAMP"),
        ("timestamp", "'2024-01-01 10:00:00.123456789'", "VARCHAR"),
        ("datetime", "'2024-01-01 10:00:00Z'", "VARCHAR"),
        ("datetime", "'2024-01-01 24:00:00'", "VARCHAR"),
        ("datetime", "'infinity'", "VARCHAR"),
        ("date", "'2024-01-01'), ('2024-01-01 10:00:00'", "TIMESTAMP"),
        ("date", "'2024-1-1'", "VARCHAR"),
        ("date", "'0000-01-01'", "VARCHAR"),
        ("date", "'12024-01-01'", "DATE"),
        ("boolean", "0), (1), (2", "BIGINT"),
    ],
)
def test_a_declared_type_counts_when_every_value_comes_back(
    bench: Bench, declared: str, values: str, kind: str
) -> None:
    # GIVEN a column that promises something, WHEN it is extracted, THEN a word in the log says where values break it
    database(bench, f"create table t(v {declared}); insert into t values ({values})")
    extract(bench, table="t")
    assert bench.columns() == {"v": kind}
    assert any('"v" is declared' in line for line in bench.lines) == (kind in ("VARCHAR", "BIGINT"))
    if kind == "VARCHAR":
        assert bench.rows() == [(values.strip("'"),)]


def test_what_has_no_order_cannot_be_gone_by(bench: Bench) -> None:
    # GIVEN a first extraction by numbers, of which one has no end
    path = database(bench, "create table t(id); insert into t values (1), (9e999)")
    state = extract(bench, WriteMode.APPEND, table="t", incremental_column="id").next_state
    assert state == {"column": "id", "last": 1}
    # WHEN a number and then a text comes, THEN the number is new, and the text is refused: no number would be new again
    with sqlite3.connect(path) as con:
        con.execute("insert into t values (2)")
    extract(bench, WriteMode.APPEND, state, table="t", incremental_column="id")
    assert bench.rows() == [(2,)]
    with sqlite3.connect(path) as con:
        con.execute("insert into t values ('x')")
    with pytest.raises(UserError, match="texts and numbers"):
        extract(bench, WriteMode.APPEND, state, table="t", incremental_column="id")


def test_an_empty_table_has_its_declared_types(bench: Bench) -> None:
    # GIVEN / WHEN a table without rows is extracted
    database(bench, TYPES)
    extract(bench, table="empty one")
    # THEN there is an empty table with the declared types
    assert bench.rows() == []
    assert list(bench.columns().values()) == ["BIGINT", "VARCHAR", "DATE", "VARCHAR", "DOUBLE", "VARCHAR"]


def test_queries_with_a_comment_a_semicolon_and_equal_names(bench: Bench) -> None:
    # GIVEN a query as people write it
    database(bench, TYPES)
    # WHEN it is extracted
    extract(bench, query="with x as (select id from t) select id, id, 'a' || id as t from x order by id; ")
    # THEN every column is there
    assert bench.rows() == [(1, 1, "a1"), (2, 2, "a2")]


@pytest.mark.parametrize(
    ("more", "parts"),
    [
        ({"table": "nope"}, ['no table "nope"', "its tables are empty one, t, v"]),
        ({"query": "select zz from t"}, ["no such column: zz"]),
        ({"query": "delete from t"}, ["the query fails"]),
        ({"query": "select 1; drop table t"}, ["the query fails"]),
        ({"table": "t", "database": "no.sqlite"}, ["there is no database no.sqlite"]),
        ({"table": "t", "database": "."}, ["is a directory"]),
        ({"table": "t", "database": "text.sqlite"}, ["no intact SQLite database"]),
        ({"table": "t", "incremental_column": "id"}, ["lose all older rows", '"append"']),
    ],
)
def test_extractor_errors(bench: Bench, more: dict[str, Any], parts: list[str]) -> None:
    # GIVEN a database and a file that is none
    path = database(bench, TYPES)
    before = path.read_bytes()
    bench.file("text.sqlite", "no database " * 100)
    # WHEN something that is not there is extracted
    with pytest.raises(UserError) as caught:
        extract(bench, **more)
    # THEN one line says what there is, and the database is as it was
    for part in parts:
        assert part in str(caught.value)
    assert path.read_bytes() == before


def test_an_incremental_extraction_reads_what_is_new(bench: Bench) -> None:
    # GIVEN a first extraction, and rows that come after it
    path = database(bench, "create table t(id integer, x text); insert into t values (1, 'a'), (2, 'b')")
    state = extract(bench, WriteMode.APPEND, table="t", incremental_column="id").next_state
    assert state is not None and len(bench.rows()) == 2
    with sqlite3.connect(path) as con:
        con.execute("insert into t values (3, 'c')")
    # WHEN it is extracted again with the state
    second = extract(bench, WriteMode.APPEND, state, table="t", incremental_column="id").next_state
    # THEN there are only the new rows, and a third time none, which keeps the state
    assert bench.rows() == [(3, "c")] and second == {"column": "id", "last": 3}
    assert extract(bench, WriteMode.APPEND, second, table="t", incremental_column="id").next_state is None
    assert bench.rows() == []


def test_a_database_that_a_program_writes_to_can_be_read(bench: Bench) -> None:
    # GIVEN a database in WAL mode with an open transaction of another program
    path = database(bench, "pragma journal_mode = wal; create table t(a); insert into t values (1)")
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("begin immediate")
    other.execute("insert into t values (2)")
    # WHEN it is extracted
    extract(bench, table="t")
    other.close()
    # THEN the committed rows are read
    assert bench.rows() == [(1,)]


def test_many_rows_take_parts_and_stay_in_order(bench: Bench) -> None:
    # GIVEN more rows than one part holds
    database(bench, "create table t(id integer); insert into t "
             "with recursive n(x) as (select 1 union all select x + 1 from n where x < 260000) select x from n")  # fmt: skip  # noqa: E501
    # WHEN they are extracted
    extract(bench, table="t")
    # THEN they are complete, in order, and no part is left
    rows = bench.rows()
    assert len(rows) == 260_000 and rows[0] == (1,) and rows[-1] == (260_000,)
    assert [path.name for path in (bench.data / "out/tables").iterdir()] == ["result.parquet"]


ROWS = "select * from (values (1, 'a', 1.5), (2, 'b', null)) t(id, name, amount)"


def write(bench: Bench, query: str = ROWS, **more: Any) -> Context:
    ctx = bench.context({"t": query}, ())
    sqlite_writer.run(sqlite_writer.Parameters(**{"database": "d.sqlite", "table": "t", **more}), ctx)
    return ctx


def content(bench: Bench, query: str = "select * from t order by 1") -> list[tuple[Any, ...]]:
    with sqlite3.connect(bench.project / "d.sqlite") as con:
        return con.execute(query).fetchall()


def test_replace_makes_the_table_new_and_keeps_what_hangs_on_it(bench: Bench) -> None:
    # GIVEN a table with other columns, an index, an index that cannot stay, and a view on it
    database(bench, """
        create table T(id, old); insert into T values (9, 9);
        create index by_id on T(id); create index by_old on T(old); create view v as select id from T;
        create table other(x); insert into other values (1);
    """)  # fmt: skip
    # WHEN it is replaced
    ctx = write(bench, key=["id"])
    # THEN it has exactly the new rows; index and view work; the rest is untouched
    assert content(bench) == [(1, "a", 1.5), (2, "b", None)]
    assert content(bench, "select id from v order by 1") == [(1,), (2,)] and content(bench, "select * from other") == [
        (1,)
    ]
    names = content(bench, "select name from sqlite_master where type = 'index' and sql is not null")
    assert names == [("by_id",)] and any('"by_old"' in line for line in bench.lines)
    assert ctx.metrics == {"rows_before": 1, "rows_after": 2}


def test_append_and_upsert(bench: Bench) -> None:
    # GIVEN a written table, and the same rows again
    write(bench)
    write(bench, mode="append")
    assert len(content(bench)) == 4
    # WHEN the key is not unique in it, THEN an upsert is refused and changes nothing
    with pytest.raises(UserError, match="several rows with one key"):
        write(bench, mode="upsert", key=["id"])
    assert len(content(bench)) == 4
    # WHEN it is unique, THEN known rows are updated and others added
    write(bench, mode="replace")
    write(bench, "select * from (values (2, 'B', 7.0), (3, 'c', 8.0)) t(id, name, amount)", mode="upsert", key=["id"])
    assert content(bench) == [(1, "a", 1.5), (2, "B", 7.0), (3, "c", 8.0)]
    # WHEN only some columns are written, THEN the others keep their values
    write(bench, "select 3 as id, 'C' as name", mode="upsert", key=["id"])
    assert content(bench)[-1] == (3, "C", 8.0)


def test_types_travel(bench: Bench) -> None:
    # GIVEN what DuckDB has and SQLite has not
    write(bench, """select true as b, date '2026-01-31' as d, timestamp '2026-01-31 10:00:00.5' as ts, 12.50::decimal(9,2) as m,
        18446744073709551615::ubigint as big, 5::ubigint as small, [1, 2] as l, {'a': 'é'} as s, '\\xFF'::blob as bl,
        timestamptz '2026-01-31 10:00:00+02' as tz""")  # fmt: skip  # noqa: E501
    # WHEN it is read
    row = content(bench)[0]
    # THEN the values mean the same
    assert row[:4] == (1, "2026-01-31", "2026-01-31 10:00:00.5", 12.5)
    assert float(row[4]) == 2.0**64 and row[5] == 5
    assert row[6:] == ("[1,2]", '{"a":"é"}', b"\xff", "2026-01-31 08:00:00+00")


@pytest.mark.parametrize(
    ("query", "declared", "values"),
    [
        ("select unnest([5, 9223372036854775807]::ubigint[])", "INTEGER", [5, 2**63 - 1]),
        ("select unnest([5, 9223372036854775808]::ubigint[])", "TEXT", ["5", "9223372036854775808"]),
        ("select unnest([12345678901234567890, 12345678901234567891])::decimal(20,0)", "TEXT",
         ["12345678901234567890", "12345678901234567891"]),
        ("select unnest([9007199254740993, 9223372036854775807])::decimal(19,0)", "DECIMAL(19,0)",
         [9007199254740993, 2**63 - 1]),
        ("select unnest([9007199254740993.00, 1.5])::decimal(20,2)", "DECIMAL(20,2)", [1.5, 9007199254740993]),
        ("select 1234567890123.45::decimal(20,2)", "DECIMAL(20,2)", [1234567890123.45]),
        ("select 12345678901234567.89::decimal(20,2)", "TEXT", ["12345678901234567.89"]),
        ("select 0.00000000000000000000000000000000000001::decimal(38,38)", "DECIMAL(38,38)", [1e-38]),
        ("select unnest(['nan', '1.5']::double[])", "TEXT", ["1.5", "nan"]),
        ("select unnest(['inf', '1.5', '5e-324']::double[])", "REAL", [5e-324, 1.5, float("inf")]),
        ("select 0.1::float", "REAL", [0.10000000149011612]),
        ("select date '0044-03-15 (BC)'", "DATE", ["0044-03-15 (BC)"]),
        ("select timestamp_ns '2024-01-01 10:00:00.123456789'", "TIMESTAMP", ["2024-01-01 10:00:00.123456789"]),
        ("select timestamp 'infinity'", "TIMESTAMP", ["infinity"]),
        ("select interval '1 year 3 days 04:05:06.5'", "TEXT", ["1 year 3 days 04:05:06.5"]),
        ("select {'a': 'nan'::double, 'b': 12345678901234567890.123456789::decimal(38,9)}", "TEXT",
         ['{"a":"nan","b":12345678901234567890.123456789}']),
        ("select 'a' || chr(0) || '007'", "TEXT", ["a\x00" "007"]),
        ("select '007'", "TEXT", ["007"]),
    ],
)  # fmt: skip
def test_a_new_table_has_types_that_hold_its_values(bench: Bench, query: str, declared: str, values: list[Any]) -> None:
    # GIVEN values at the ends of what DuckDB has, WHEN they are written to a new table, THEN each is there
    write(bench, f"select v from ({query}) t(v)")
    assert content(bench, "select type from pragma_table_info('t')") == [(declared,)]
    assert sorted(row[0] for row in content(bench, "select v from t")) == values
    by_value = declared == "TEXT" and any(word in query for word in ("ubigint", "::decimal(20", "double[]"))
    assert any("cannot hold: its column is TEXT" in line for line in bench.lines) == by_value


@pytest.mark.parametrize("mode", ["append", "upsert"])
@pytest.mark.parametrize(
    ("declared", "query", "shown"),
    [
        ("integer", "select 12345678901234567890::ubigint", "12345678901234567890"),
        ("integer", "select '007'", "007"),
        ("decimal(10,2)", "select unnest([1.5, 12345678901234567.25])::decimal(20,2)", "12345678901234567.25"),
        ("numeric", "select ' 7'", '" 7"'),
        ("numeric", "select '12345678901234567890'", "12345678901234567890"),
        ("date", "select '1e3'", "1e3"),
        ("real", "select 9007199254740993", "9007199254740993"),
        ("real", "select '0.1000000000000000055'", "0.1000000000000000055"),
        ("double", "select 'nan'::double", "nan"),
        ("blob", "select 'nan'::double", "nan"),
        ("", "select 'nan'::float", "nan"),
    ],
)
def test_a_column_refuses_what_it_would_change(bench: Bench, declared: str, query: str, shown: str, mode: str) -> None:
    # GIVEN a table with a column that would make another value of one, WHEN that is to be written, THEN it is refused
    database(bench, f"create table t(id integer primary key, v {declared}); insert into t values (1, null)")
    key = {"key": ["id"]} if mode == "upsert" else {}
    with pytest.raises(UserError) as caught:
        write(bench, f"select row_number() over () + 1 as id, v from ({query}) t(v)", mode=mode, **key)
    assert str(caught.value).startswith("nothing was written: ") and f"cannot hold {shown}" in str(caught.value)
    assert content(bench) == [(1, None)]


@pytest.mark.parametrize(
    ("declared", "query", "value"),
    [
        ("text", "select 0.1::double + 0.2::double", "0.30000000000000004"),
        ("text", "select 12345678901234567890::ubigint", "12345678901234567890"),
        ("varchar(3)", "select true", "true"),
        ("integer", "select '12'", 12),
        ("integer", "select 7.00::decimal(9,2)", 7),
        ("integer", "select 'seven'", "seven"),
        ("numeric", "select '1.5'", 1.5),
        ("real", "select '1.50'", 1.5),
        ("", "select '007'", "007"),
        ("blob", "select 7", 7),
        ("timestamp", "select timestamp '2024-01-01 10:00:00'", "2024-01-01 10:00:00"),
    ],
)
def test_another_type_takes_what_it_holds(bench: Bench, declared: str, query: str, value: Any) -> None:
    database(bench, f"create table t(v {declared})")
    write(bench, f"select v from ({query}) t(v)", mode="append")
    assert content(bench) == [(value,)]


def test_a_type_that_changes_is_told(bench: Bench) -> None:
    # GIVEN a table of numbers, WHEN it is replaced by rows of which one is no such number, THEN the log says so
    write(bench, "select 5::ubigint as id")
    write(bench, "select 18446744073709551615::ubigint as id")
    assert content(bench) == [("18446744073709551615",)]
    assert '"id" is TEXT now and was INTEGER' in bench.lines


@pytest.mark.parametrize(
    ("collation", "names"), [("nocase", ["a", "A"]), ("rtrim", ["a", "a "]), ("binary", ["a", "A", "a ", "á"])]
)
def test_keys_are_compared_as_the_table_compares_them(bench: Bench, collation: str, names: list[str]) -> None:
    # GIVEN a table whose key may not tell texts apart that differ
    database(bench, f"create table t(name text collate {collation} primary key, n); insert into t values ('a', 0)")
    query = f"select unnest({names!r}) as name, 1 as n"
    # WHEN rows with such keys are written, THEN none replaces another: it is refused, or all are there
    if collation == "binary":
        ctx = write(bench, query, mode="upsert", key=["name"])
        assert content(bench) == sorted((name, 1) for name in names)
        assert ctx.metrics == {"rows_before": 1, "rows_after": 4, "rows_updated": 1, "rows_added": 3}
    else:
        with pytest.raises(UserError, match="2 rows with one key"):
            write(bench, query, mode="upsert", key=["name"])
        assert content(bench) == [("a", 0)]


def test_rows_that_the_table_drops_are_counted(bench: Bench) -> None:
    # GIVEN tables whose rules drop or replace rows without a word
    database(bench, "create table t(id integer unique on conflict ignore); insert into t values (1)")
    ctx = write(bench, "select range as id from range(3)", mode="append")
    # WHEN rows are written, THEN the result tells how many did not come
    assert ctx.metrics == {"rows_before": 1, "rows_after": 3, "rows_left_out": 1}
    assert ctx.warning is not None and "has left out 1 of 3 rows" in ctx.warning


@pytest.mark.parametrize(
    ("query", "more", "parts"),
    [
        (
            "select 1 as id, 2 as x union all select 1, 3",
            {"mode": "upsert", "key": ["id"]},
            ["2 rows with one key", "id = 1"],
        ),
        ("select null::int as id", {"mode": "upsert", "key": ["id"]}, ["no value in the key"]),
        (ROWS, {"mode": "upsert", "key": ["nope"]}, ['no column "nope"', "id, name, amount"]),
        (ROWS, {"mode": "upsert", "key": ["id"], "columns": ["name"]}, ["key column", "columns"]),
        ("select 1 as id, 2 as extra", {"mode": "append"}, ["has no column extra", "id, name"]),
        ("select null::int as id", {"mode": "append"}, ["nothing was written", "NOT NULL"]),
        (ROWS, {"table": "v"}, ["is a view"]),
        (ROWS, {"database": "text.sqlite"}, ["nothing was written", "no intact SQLite database"]),
        (ROWS, {"database": "."}, ["is a directory"]),
    ],
)
def test_writer_errors_change_nothing(bench: Bench, query: str, more: dict[str, Any], parts: list[str]) -> None:
    # GIVEN a table with a rule of its own
    path = database(
        bench, "create table t(id integer not null, name); insert into t values (1, 'old'); create view v as select 1"
    )
    bench.file("text.sqlite", "no database " * 100)
    before = path.read_bytes()
    # WHEN rows that do not fit are written
    with pytest.raises(UserError) as caught:
        write(bench, query, **more)
    # THEN one line says why, and the database is as it was
    for part in parts:
        assert part in str(caught.value)
    assert path.read_bytes() == before


def test_a_failure_leaves_no_new_database_behind(bench: Bench) -> None:
    # GIVEN a database that does not exist yet, and rows that break while they are read
    ctx = bench.context({"t": "select range as id, md5(range::text) as h from range(200000)"}, ())
    staged = ctx.inputs["t"].path
    data = bytearray(staged.read_bytes())
    data[1000:9000] = bytes(8000)
    staged.write_bytes(bytes(data))
    # WHEN they are written
    with pytest.raises(UserError, match="cannot be read"):
        sqlite_writer.run(sqlite_writer.Parameters(database="new.sqlite", table="t"), ctx)
    # THEN there is no file
    assert list(bench.project.iterdir()) == []


def test_a_locked_database_is_a_sentence(bench: Bench) -> None:
    # GIVEN another program that writes
    path = database(bench, "create table t(id, name, amount)")
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("begin immediate")
    # WHEN the table is written without waiting, THEN the message says so
    with pytest.raises(UserError, match=r"d\.sqlite is locked by another program"):
        write(bench, busy_timeout=0)
    other.close()


def test_parameters_are_checked() -> None:
    # GIVEN parameters that contradict each other, WHEN validated, THEN they are refused
    bad: dict[str, Any]
    for bad in ({}, {"table": "t", "query": "select 1"}):
        with pytest.raises(ValidationError):
            sqlite_extractor.Parameters.model_validate({"database": "d", **bad})
    for bad in ({"mode": "upsert"}, {"mode": "append", "key": ["a"]}, {"table": "sqlite_x"}):
        with pytest.raises(ValidationError):
            sqlite_writer.Parameters.model_validate({"database": "d", "table": "t", **bad})
