"""Values of MySQL as lines that the server makes: each is what the server's own text of it says, whatever it is."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from orch_tui.components.dbapi.pipe import LineTooLongError
from orch_tui.components.kit.component import UserError
from orch_tui.components.kit.sql import ParquetSink
from orch_tui.components.mysql import extractor
from orch_tui.components.mysql.lines import LinesOut, taken_apart
from orch_tui.components.mysql.row_lines import END, is_streamed
from orch_tui.components.mysql.server import Mysql
from orch_tui.storage.values.conversion import text_of

from tests.servers.mariadb import MariaDbServer, mariadb
from tests.support.bench import Bench
from tests.support.effort import examples
from tests.support.tables import database, only


@pytest.fixture(scope="module")
def server() -> Iterator[MariaDbServer]:
    with mariadb() as running:
        yield running


@pytest.fixture(scope="module")
def texts_of() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as con:
        con.execute("set timezone = 'UTC'")
        yield con


@pytest.fixture
def sinks(monkeypatch: pytest.MonkeyPatch) -> list[ParquetSink]:
    """Those that were used: rows went one by one."""
    found: list[ParquetSink] = []
    made = ParquetSink.__enter__

    def entered(sink: ParquetSink) -> ParquetSink:
        found.append(sink)
        return made(sink)

    monkeypatch.setattr(ParquetSink, "__enter__", entered)
    return found


def extracted(bench: Bench, server: MariaDbServer, **more: Any) -> dict[str, str]:
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


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
ODD = st.sampled_from(
    ["", " ", '"', '""', ",", "\n", "\r\n", "\r", "\\", "\\N", "NULL", " x ", "#", "'", "\x01\n", "\x01", "a,b", "\0",
     "x" * 244, "y" * 300, "\x01\n" * 40]
)  # fmt: skip
LATIN = st.text(st.characters(max_codepoint=0x7E) | st.sampled_from("äöüß\xff"), max_size=6)
DAYS = st.dates().map(str) | st.sampled_from(["0000-00-00", "2024-02-00", "0000-01-05"])
CLOCKS = st.from_regex(r"([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,6})?", fullmatch=True)
MOMENTS = st.tuples(st.integers(1971, 2037).map(lambda year: f"{year}-03-15"), CLOCKS).map(" ".join)
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "tinyint(1)": st.integers(0, 1) | st.integers(-128, 127),
    "tinyint unsigned": st.integers(0, 255),
    "smallint": st.integers(-(2**15), 2**15 - 1),
    "mediumint unsigned": st.integers(0, 2**24 - 1),
    "int(6) zerofill": st.integers(0, 2**32 - 1),
    "bigint": st.integers(-(2**63), 2**63 - 1),
    "bigint unsigned": st.integers(0, 2**64 - 1),
    "decimal(12,2)": st.decimals(-(10**9), 10**9, places=2),
    "decimal(65,30)": st.decimals(-(10**34), 10**34, places=20),
    "float": st.floats(width=32, allow_nan=False, allow_infinity=False),
    "double": st.floats(allow_nan=False, allow_infinity=False),
    "bit(1)": st.integers(0, 1),
    "bit(64)": st.integers(0, 2**64 - 1),
    "year": st.sampled_from([0, 1901, 2024, 2155]),
    "date": DAYS,
    "time(6)": CLOCKS | st.sampled_from(["-10:00:00", "838:59:59", "24:00:00", "-00:00:00.000001"]),
    "time": st.sampled_from(["10:00:00", "100:00:00", "00:00:00"]),
    "datetime(6)": st.tuples(DAYS, CLOCKS).map(" ".join),
    "datetime(3)": st.tuples(st.dates().map(str), st.just("10:00:00.120")).map(" ".join),
    "timestamp(6) null": MOMENTS | st.just("0000-00-00 00:00:00"),
    "varchar(300)": TEXT | ODD,
    "char(5)": st.text(st.characters(exclude_categories=["Cs"]), max_size=5),
    "varchar(300) character set latin1": LATIN,
    "longtext collate utf8mb4_bin": TEXT | ODD,
    "varbinary(300)": st.binary(max_size=6) | ODD.map(str.encode),
    "longblob": st.binary(max_size=300),
    "binary(3)": st.binary(max_size=3),
    "json": st.lists(st.none() | st.integers() | TEXT | ODD, max_size=3).map(json.dumps),
    "enum('a','B c','é\"')": st.sampled_from(["a", "B c", 'é"']),
    "set('x','y')": st.sampled_from(["x,y", "", "y"]),
    "uuid": st.uuids().map(str),
    "inet6": st.sampled_from(["::1", "fe80::1"]),
}
SHOWN = {"float": "v + 0e0", "bit(1)": "v + 0", "bit(64)": "v + 0"}
WAYS = [{"table": "t", "columns": ["v"]}, {"table": "t"}, {"query": "select v, n from t -- all"}]
BYTES = ("varbinary(300)", "longblob", "binary(3)")


def as_the_server_says(con: duckdb.DuckDBPyConnection, value: str | None, kind: str) -> str | None:
    """The server's own text of a value (of bytes in hex) as :func:`text_of` writes that value of its stored type."""
    if value is None or kind == "VARCHAR":
        return value
    made = "from_hex(?)" if kind == "BLOB" else f"cast(? as {kind})"
    row = con.execute(f"select {text_of('x', kind)} from (select {made} as x)", [value]).fetchone()
    assert row is not None
    return str(row[0])


@settings(max_examples=examples(70), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data(), declared=st.sampled_from(sorted(VALUES)), more=st.sampled_from(WAYS))
def test_any_value_of_any_type(
    server: MariaDbServer,
    texts_of: duckdb.DuckDBPyConnection,
    data: st.DataObject,
    declared: str,
    more: dict[str, Any],
) -> None:
    # GIVEN any values of a type, nulls among them
    values = data.draw(st.lists(st.none() | VALUES[declared], max_size=5))
    server.run("drop table if exists t", f"create table t(v {declared}, n integer primary key)")
    with server.connect() as con, con.cursor() as cursor:
        cursor.execute("set sql_mode = '', time_zone = '+00:00'")
        for n, value in enumerate(values):
            cursor.execute("insert into t values (%s, %s)", (value, n))
        shown = SHOWN.get(declared, "hex(v)" if declared in BYTES else "v")
        cursor.execute(f"select cast({shown} as char character set utf8mb4) from t order by n")
        wanted = [row[0] for row in cursor.fetchall()]
    # WHEN they are extracted, alone or beside another column, as a table or by a query
    with tempfile.TemporaryDirectory() as home:
        bench = Bench(Path(home))
        kind = extracted(bench, server, **more)["v"]
        got = [row[0] for row in texts(bench)]
    # THEN each is what the server's text says
    assert got == [as_the_server_says(texts_of, value, kind) for value in wanted]


def test_a_row_that_is_longer_than_a_line_goes_by_itself(
    server: MariaDbServer, tmp_path: Path, sinks: list[ParquetSink]
) -> None:
    # GIVEN a long text behind short ones, and one of whose bytes the server can make no text
    (before,) = server.run("select @@global.max_allowed_packet")[0]
    for number, value in enumerate(["repeat('x', 3000000)", "repeat(x'22', 700000)"]):
        server.run(
            "drop table if exists t",
            f"create table t as select seq as id, if(seq = 30000, {value}, 'x') as v from seq_1_to_30000",
        )
        try:
            server.run(f"set global max_allowed_packet = {before if number == 0 else 2**20}")
            bench = Bench(tmp_path / str(number))
            # WHEN the table is extracted, THEN it is there, of the same moment, by the slower way
            extracted(bench, server, table="t")
        finally:
            server.run(f"set global max_allowed_packet = {before}")
        assert len(sinks) == number + 1
        assert sorted({len(row[1]) for row in bench.rows()}) == [1, 3_000_000 if number == 0 else 700_000]
        assert len(bench.rows()) == 30_000


@pytest.mark.parametrize("may", [True, False], ids=["cancelled", "to its end"])
def test_rows_that_are_read_again_are_of_the_same_moment(
    server: MariaDbServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, may: bool
) -> None:
    # GIVEN a value that breaks the type after many rows, and a server that may refuse another connection
    server.run(
        "set sql_mode = ''",
        "drop table if exists t",
        "create table t(id int primary key, d date)",
        "insert into t select seq, if(seq = 40000, '0000-00-00', '2024-01-05') from seq_1_to_60000",
    )
    back = LinesOut.take_back

    def taken_back(lines: LinesOut) -> None:
        server.run("insert into t values (0, '2024-01-06')")
        back(lines)

    monkeypatch.setattr(LinesOut, "take_back", taken_back)
    if not may:
        monkeypatch.setattr(Mysql, "_kill", lambda *_: (_ for _ in ()).throw(OSError("refused")))
    bench = Bench(tmp_path)
    # WHEN it is extracted, and a row comes meanwhile, THEN that is not there, and the column is text
    assert extracted(bench, server, table="t") == {"id": "INTEGER", "d": "VARCHAR"}
    assert len(bench.rows()) == 60_000 and (40_000, "0000-00-00") in bench.rows()
    assert any("0000-00-00" in line for line in bench.lines)


def test_a_query_that_fails_in_the_middle(server: MariaDbServer, tmp_path: Path, sinks: list[ParquetSink]) -> None:
    server.run("drop table if exists two", "create table two as select 1 as a union all select 2")
    query = "select seq, (select a from two where seq > 40000) as x from seq_1_to_50000"
    with pytest.raises(UserError, match="more than 1 row"):
        extracted(Bench(tmp_path), server, query=query)
    assert sinks == [] and server.working() == []


def test_an_ordered_query_keeps_its_order(server: MariaDbServer, tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    extracted(bench, server, query="select seq, concat(seq) as x from seq_1_to_3000 order by 2 desc")
    assert [row[1] for row in bench.rows()] == sorted((str(n) for n in range(1, 3001)), reverse=True)


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("select * from t", True),
        ("\n SELECT a, b + 1 as c from t join u using (id) where a > 'x'", True),
        ("select sum(a) from t", True),
        ("select a from t order by a", False),
        ("select a from t union all select b from u", False),
        ("select a, count(*) from t group by a", False),
        ("select a from t limit 5", False),
        ("select @n := @n + 1 from t", False),
        ("select a from t for update", False),
        ("with x as (select 1) select * from x", False),
        ("show tables", False),
        ("(select 1)", False),
        ("select 'in order' as a", False),
    ],
)
def test_queries_that_may_stand_inside_of_another(query: str, wanted: bool) -> None:
    assert is_streamed(query) == wanted


LINES = st.lists(st.binary(max_size=300) | st.sampled_from([END, END * 3, b"\x01", b"x" * 248, b"x" * 249]), max_size=9)


@given(LINES, st.integers(1, 700), st.integers(0, 255))
def test_lines_however_they_come(lines: list[bytes], step: int, sequence: int) -> None:
    # GIVEN packets of rows, with the end of a line also inside of them, and the packet behind the last one
    data = b""
    for number, line in enumerate(lines):
        size = len(line) + len(END)
        told = bytes([size]) if size < 251 else b"\xfc" + size.to_bytes(2, "little")
        head = (size + len(told)).to_bytes(3, "little") + bytes([(sequence + number) % 256])
        data += head + told + line + END
    last = b"\x05\x00\x00\x0a\xfe\x01\x0a\x22\x00"
    data += last
    # WHEN they come in pieces THEN the lines are there, and what is no line is left
    found, rest = [], b""
    for at in range(0, len(data), step):
        more, rest = taken_apart(rest + data[at : at + step])
        found += more
    assert (found, rest) == (lines, last)


@pytest.mark.parametrize(
    "packet", [b"\x01\x00\x00\x01\xfb", b"\xff\xff\xff\x01\xfe", b"\x04\x00\x10\x01\xfd\x00\x00\x10"]
)
def test_a_row_that_is_no_line(packet: bytes) -> None:
    # GIVEN a row that the server could make no text of, or a long one, behind a short one
    short = b"\x04\x00\x00\x00\x03x" + END
    with pytest.raises(LineTooLongError):
        taken_apart(short + packet)
