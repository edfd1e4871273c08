"""Rows that are written by LOAD DATA, and by INSERT where the server wants that: each value is the same either way."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from orch_tui.components.kit.component import UserError
from orch_tui.components.mysql import writer
from orch_tui.components.mysql.driver import NotAskedError, send
from orch_tui.components.mysql.server import Mysql
from orch_tui.components.mysql.stage import Stage

from tests.servers.mariadb import MariaDbServer, mariadb
from tests.support.bench import Bench
from tests.support.effort import examples


@pytest.fixture(scope="module")
def server() -> Iterator[MariaDbServer]:
    with mariadb() as running:
        yield running


@contextmanager
def without_loading(server: MariaDbServer) -> Iterator[None]:
    server.run("set global local_infile = 0")
    try:
        yield
    finally:
        server.run("set global local_infile = 1")


def written(server: MariaDbServer, query: str, **more: Any) -> Bench:
    with tempfile.TemporaryDirectory() as home:
        bench = Bench(Path(home))
        ctx = bench.context({"t": query}, ())
        writer.run(writer.Parameters(**{**server.parameters, "table": "w", **more}), ctx)
        return bench


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
ODD = st.sampled_from(
    ["", " ", '"', '""', '","', ",", "\n", "\r\n", "\\", "\\N", "\\.", "NULL", "null", "N", " x ", "'", "a,b", "\0",
     '"a', 'a"', '"\n"', "\x1a"]
)  # fmt: skip


def text(value: str) -> str:
    return f"decode(from_hex('{value.encode().hex()}'))"


WHOLE = st.integers(-(2**63), 2**63 - 1).map(str)
VALUES: dict[str, st.SearchStrategy[str]] = {
    "varchar": (TEXT | ODD).map(text),
    "blob": (st.binary(max_size=6) | ODD.map(str.encode)).map(lambda value: f"from_hex('{value.hex()}')"),
    "boolean": st.sampled_from(["true", "false"]),
    "tinyint": st.integers(-128, 127).map(str),
    "bigint": WHOLE,
    "ubigint": st.integers(0, 2**64 - 1).map(str),
    "hugeint": st.integers(-(2**120), 2**120).map(str),
    "decimal(12,2)": st.decimals(-(10**9), 10**9, places=2).map(str),
    "decimal(2,2)": st.decimals("-0.99", "0.99", places=2).map(str),
    "float": st.floats(width=32, allow_nan=False, allow_infinity=False).map(lambda value: f"'{value}'"),
    "double": st.floats(allow_nan=False, allow_infinity=False).map(lambda value: f"'{value}'"),
    "date": st.dates().map(lambda value: f"'{value}'"),
    "time": st.times().map(lambda value: f"'{value}'"),
    "timestamp": st.datetimes().map(lambda value: f"'{value}'"),
    "timestamptz": st.datetimes().map(lambda value: f"'{value}+00'"),
    "uuid": st.uuids().map(lambda value: f"'{value}'"),
    "json": st.lists(st.integers() | st.none(), max_size=3).map(lambda v: f"'{v}'".replace("None", "null")),
    "varchar[]": st.lists((TEXT | ODD).map(text), max_size=3).map(lambda some: f"[{', '.join(some)}]"),
    "interval": st.sampled_from(["'1 day'", "'02:03:04'"]),
}
INTO = {
    "tinyint": ["year", "bit(8)", "int", "decimal(9,2)", "enum('1','2')", "varchar(9)", "double"],
    "ubigint": ["bit(64)", "varbinary(30)"],
    "boolean": ["bit(1)", "varchar(9)", "decimal(5,2)"],
    "varchar": ["varbinary(99)", "varchar(99) character set utf8mb4", "longblob"],
    "decimal(12,2)": ["varchar(20)", "double(20,2)"],
    "double": ["longtext"],
    "date": ["datetime", "varchar(20)"],
    "timestamp": ["varchar(40)", "datetime(6)"],
    "uuid": ["uuid", "varchar(40)"],
    "blob": ["varbinary(99)", "longtext character set latin1"],
}
"""Types of columns that are there already."""


@settings(max_examples=examples(50), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data(), kind=st.sampled_from(sorted(VALUES)))
def test_any_value_of_any_type(server: MariaDbServer, data: st.DataObject, kind: str) -> None:
    # GIVEN any values, nulls among them, and a table that is new or has a column of a type that may take them
    values = data.draw(st.lists(st.just("null") | VALUES[kind], min_size=1, max_size=5))
    declared = data.draw(st.sampled_from([None, *INTO.get(kind, [])]))
    alone = data.draw(st.booleans())
    # At once 0 to 5: they are in order, and InnoDB gives rows without a key in the order that they came.
    query = (
        f"select unnest([{', '.join(values)}]::{kind}[]) as v{'' if alone else f', unnest(range({len(values)})) as n'}"
    )

    def outcome() -> tuple[Any, ...]:
        server.run("drop table if exists w")
        if declared:
            server.run(f"create table w(v {declared}{'' if alone else ', n bigint'})")
        try:
            written(server, query)
        except UserError as error:
            return ("refused", str(error))
        return tuple(server.run("select hex(v), cast(v as char), v is null from w"))

    # WHEN they are written by LOAD DATA, and by INSERT, THEN the server has the same, or refuses it with one sentence
    loaded = outcome()
    with without_loading(server):
        assert outcome() == loaded
    # AND where it is their text, it has the text of each
    if kind == "varchar" and declared is None and loaded[0] != "refused":
        shown = [None if value == "null" else value.split("'")[1].upper() for value in values]
        assert [row[0] for row in loaded] == shown


def test_rows_go_by_load_data_where_the_server_lets_them(
    server: MariaDbServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    # GIVEN what counts the rows that are inserted
    inserted: list[int] = []
    fill = Stage.fill

    def filled(stage: Stage, lines: Any) -> None:
        inserted.append(1)
        fill(stage, lines)

    monkeypatch.setattr(Stage, "fill", filled)
    server.run("drop table if exists w")
    # WHEN rows are written THEN they are not inserted, but where the server wants that
    written(server, "select range as a from range(3)")
    assert inserted == []
    with without_loading(server):
        bench = written(server, "select range as a from range(4)")
    assert inserted == [1] and any("(local_infile = 0)" in line for line in bench.lines)
    assert server.run("select count(*) from w") == [(4,)]


def test_what_else_a_server_has_against_load_data_is_told_as_it_is(server: MariaDbServer, tmp_path: Path) -> None:
    # GIVEN a server that lets rows in by LOAD DATA, and a statement that it refuses for another reason
    bench = Bench(tmp_path)
    parameters = writer.Parameters(**{**server.parameters, "table": "w"})
    session = Mysql(parameters, bench.context({"t": "select 1 as a"}, ()), sends=True)
    session.connect()
    try:
        server.run("drop table if exists w", "create table w(a bigint)")
        # WHEN
        with pytest.raises(NotAskedError) as refused:
            send(session.con, "load data local infile 'x' into table w (a, nothing)", [b"1,2\n"], 100)
        # THEN
        assert "nothing" in str(refused.value) and "local_infile" not in str(refused.value)
        # AND the session goes on
        assert session.execute("select 1")[0][0] == 1
    finally:
        session.close()


def test_a_server_gets_no_file(server: MariaDbServer, tmp_path: Path) -> None:
    # GIVEN a file, and a session of a writer
    (tmp_path / "secret").write_text("secret\n")
    server.run("drop table if exists w", "create table w(a text)")
    session = Mysql(writer.Parameters(**{**server.parameters, "table": "w"}), Bench(tmp_path).context(), sends=True)
    session.connect()
    asking = f"load data local infile '{tmp_path / 'secret'}' into table w"
    try:
        # WHEN the server asks for it THEN it gets the rows that are for it
        assert send(session.con, asking, [b"mi", b"ne\n"], 1) == 0
        assert server.run("select a from w") == [("mine",)]
        # AND nothing where none are
        with pytest.raises(RuntimeError, match="LOAD_LOCAL"):
            session.execute(asking)
    finally:
        session.abandon()
    assert server.run("select a from w") == [("mine",)]


def test_rows_that_cannot_be_read_leave_nothing(server: MariaDbServer) -> None:
    # GIVEN a number without an end behind many rows, and a column of numbers
    server.run("drop table if exists w", "create table w(a double)", "insert into w values (7)")
    query = "select case when range = 90000 then 'inf'::double else range end as a from range(100000)"
    # WHEN they are written THEN that is refused, and the table is as it was
    with pytest.raises(UserError, match=r"nothing was written: .*infinite"):
        written(server, query)
    assert server.run("select * from w") == [(7.0,)] and server.working() == []
