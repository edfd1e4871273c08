"""CSV as other programs write it: titles, line ends, marks of all kinds, rows that do not fit, and their values."""

from __future__ import annotations

import codecs
import csv
import datetime
import gzip
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from orch_tui.components.files import writer
from orch_tui.components.files.csv_files import MAX_COLUMNS
from orch_tui.components.files.extractor import Parameters, run
from orch_tui.components.kit.component import Context, UserError
from pydantic import ValidationError

from tests.support.bench import Bench


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def extract(bench: Bench, content: str | bytes, name: str = "a.csv", **parameters: Any) -> Context:
    bench.file(name, content)
    ctx = bench.context()
    run(Parameters(path=name, **parameters), ctx)
    return ctx


BODY = [(1, "a"), (2, "b"), (3, "c")]


@pytest.mark.parametrize("body", ["id,t\n1,a\n2,b\n3,c\n", "id,t\r\n1,a\r\n2,b\r\n3,c\r\n", "id,t\r1,a\r2,b\r3,c"])
@pytest.mark.parametrize(
    ("title", "lines"),
    [
        ("title\r\n", 1), ("title\n", 1), ("title\r", 1), ('"title\nof two lines"\n', 2), ('"title\r\nof two"\r\n', 2),
        ('"title\n', 1), ('a "b\n', 1), ("title\n\x0b\n", 2), ("\x85\n", 1), ("\x85x\u2028y\x0cz\n", 1), ("\x1c\x1d\x1e\n", 1),  # noqa: E501
        ("a,b,c,d,e\n", 1), (",\n\n;\n", 3), ("\n\n", 0), ("title\n\n\n", 1), ("x" * 200_000 + "\n", 1),
        ("t\n" * 3000, 3000), ("é€😀\n", 1), ("\ufefftitle\n", 1), ("sep=;\n", 1), ("#\n", 1),
    ],
)  # fmt: skip
def test_one_decides_where_the_header_is(bench: Bench, title: str, lines: int, body: str) -> None:
    # GIVEN a file whose first lines are no table, with other line ends, quotes and what some call line ends
    # WHEN they are skipped
    extract(bench, title + body, skip_lines=lines)
    # THEN the header is the line behind them, and no row is lost
    assert list(bench.columns()) == ["id", "t"] and bench.rows() == BODY


def test_skipped_lines_need_no_table_behind_them(bench: Bench) -> None:
    # GIVEN a file that has fewer lines than are skipped, WHEN it is extracted, THEN that is said
    with pytest.raises(UserError, match=r"a\.csv: empty"):
        extract(bench, "title\nx\n", skip_lines=5)


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize(
    "content",
    [
        "id,t\r\n1,a\n2,b\n3,c\n", "id,t\n1,a\n2,b\r\n3,c\n", "id,t\n1,a\r2,b\n3,c", "id,t\r1,a\n2,b\r\n3,c\r",
        'id,t\r\n"1","a"\n"2",b\r3,"c"', "id,t\n\n1,a\r\n\r\n2,b\n\r\n3,c\n\n\n",
    ],
)  # fmt: skip
def test_any_mixture_of_line_ends(bench: Bench, content: str, packed: bool) -> None:
    # GIVEN a file that two systems wrote to, packed or not, WHEN it is extracted, THEN every line is a row
    data = content.encode()
    extract(bench, gzip.compress(data) if packed else data, "a.csv.gz" if packed else "a.csv")
    assert bench.rows() == BODY


@pytest.mark.parametrize("inner", ["\n", "\r", "\r\n", "\n\n", "\r\n\r"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends_in_quotes_stay_what_they_are(bench: Bench, inner: str, end: str) -> None:
    # GIVEN line ends within a value, WHEN the file is extracted, THEN they are the same
    extract(bench, f'id,t{end}1,"a{inner}b"{end}2,c{end}')
    assert bench.rows() == [(1, f"a{inner}b"), (2, "c")]


@pytest.mark.parametrize(
    ("content", "parameters", "rows"),
    [
        ('id,t\n1,"say \\"hi\\", you"\n2,b\n', {"escape": "\\"}, [(1, 'say "hi", you'), (2, "b")]),
        ('id\tt\n1\ta\\\tb\\\\\n2\tx\\\ny\n3\t\\N\n', {"escape": "\\", "quote": "", "null_values": ["\\N"]},
         [(1, "a\tb\\"), (2, "x\ny"), (3, None)]),
        ('id,t\n1,"a\\nb"\n2,C:\\new\n', {"escape": "\\"}, [(1, "a\\nb"), (2, "C:\\new")]),
        ('id,t\n1,"a""b\\"c"\n', {"escape": "\\"}, [(1, 'a"b"c')]),
        ("id,t\n1,a\\", {"escape": "\\"}, [(1, "a\\")]),
        ('id,t\n1,"x^"y"\n', {"escape": "^"}, [(1, 'x"y')]),
        ('id,t\n1,"a""b"\n', {"escape": '"'}, [(1, 'a"b')]),
        ("id,t\n1,'it''s'\n", {"quote": "'"}, [(1, "it's")]),
        ('id,t\n1, "a, b" \n2,"c"  \n', {}, [(1, "a, b"), (2, "c")]),
        ('id,t\n1,5" disk\n2,a""b\n3,x"\n', {}, [(1, '5" disk'), (2, 'a""b'), (3, 'x"')]),
        ("# by X\nid,t\n#1,a\n1,a\n2,b # no\n# end", {"comment": "#"}, [(1, "a"), (2, "b # no")]),
        ('id,t\n1,"a\n# no comment"\n', {"comment": "#"}, [(1, "a\n# no comment")]),
        ("#id,t\n1,a\n", {}, [(1, "a")]),
        ("sep=;\nid;t\n1;a,b\n", {}, [(1, "a,b")]),
        ('\ufeff"sep=\t"\r\nid\tt\r\n1\ta;b\r\n', {}, [(1, "a;b")]),
        ("sep=;\nid,t\n1,a\n", {"delimiter": ","}, [(1, "a")]),
        ("id§t\n1§a\n", {"delimiter": "§"}, [(1, "a")]),
        ("id t\n1 a\n", {"delimiter": " "}, [(1, "a")]),
        ("id;n\n1;1,5\n2;-2,25\n", {"decimal": ","}, [(1, 1.5), (2, -2.25)]),
        ("id;n\n1;1,50\n2;0,25\n", {"decimal": ","}, [(1, Decimal("1.50")), (2, Decimal("0.25"))]),
        ("id;n\n1;1,5\n2;1.5\n", {"decimal": ","}, [(1, "1,5"), (2, "1.5")]),
        ("id;n\n1;1.234,5\n", {"decimal": ","}, [(1, "1.234,5")]),
        ("id;n\n1;1,5\n2;007\n", {"decimal": ",", "types": {"n": "DECIMAL(9,1)"}}, [(1, Decimal("1.5")), (2, Decimal("7.0"))]),  # noqa: E501
        ('id,t\n1,\n2,""\n3,x\n', {}, [(1, None), (2, None), (3, "x")]),
        ('id,t\n1,\n2,""\n3,NA\n4,"NA"\n', {"empty": "quoted", "null_values": ["NA"]}, [(1, None), (2, ""), (3, None), (4, "NA")]),  # noqa: E501
        ('id,t\n1,\n2,""\n3,NA\n', {"empty": "text", "null_values": ["NA"]}, [(1, ""), (2, ""), (3, None)]),
        ('id,t\r\n1,\n2,""\n', {"empty": "quoted"}, [(1, None), (2, "")]),
        ('id,t\r\n1,\n2,""\n', {"empty": "text"}, [(1, ""), (2, "")]),
        ('t\na\n\nb\n', {}, [("a",), (None,), ("b",)]),
        ("id,t\n1,a,\n2,b,,\n", {}, [(1, "a"), (2, "b")]),
        ("id,t\n1,a\x00b\n", {}, [(1, "a\x00b")]),
    ],
)  # fmt: skip
def test_dialects(bench: Bench, content: str, parameters: dict[str, Any], rows: list[tuple[Any, ...]]) -> None:
    # GIVEN a file in another dialect, WHEN it is extracted so, THEN the values are those that were meant
    extract(bench, content, **parameters)
    assert bench.rows() == rows


@pytest.mark.parametrize(
    ("policy", "rows", "metrics"),
    [
        ("fill", [(1, "a", "b"), (2, None, None), (3, "c", None), (4, "d", "e")], {"rows_filled": 2}),
        ("leave-out", [(1, "a", "b"), (4, "d", "e")], {"rows_left_out": 2}),
    ],
)
def test_ragged_rows_are_filled_or_counted(
    bench: Bench, policy: str, rows: list[tuple[Any, ...]], metrics: dict[str, int]
) -> None:
    # GIVEN rows with too few values, WHEN they are filled or left out
    ctx = extract(bench, "id,t,u\n1,a,b\n2\n3,c\n4,d,e\n", ragged=policy)
    # THEN the log and the result say how many, and which are missing
    assert bench.rows() == rows and metrics.items() <= ctx.metrics.items()
    if policy == "leave-out":
        assert ctx.warning is not None and "line 3, 4" in ctx.warning and "2 rows left out" in ctx.warning
    else:
        assert ctx.warning is None and any("2 rows shorter than the header" in line for line in bench.lines)


@pytest.mark.parametrize(
    ("content", "parameters", "parts"),
    [
        ("a,b\n1,2\n1,2,3\n", {}, ["a.csv line 3", "3 columns where the header has 2", "ragged"]),
        ("a,b\n1,2\n1,2,3\n", {"ragged": "fill"}, ["a.csv line 3", "leave-out"]),
        ('a,b\r\n1,"x\ny"\n1\n', {}, ["a.csv line 4", "1 columns"]),
        ('a,b\n1,"x"y\n', {}, ["a.csv line 2", "a text follows the quote that closes column 2", "escape"]),
        ('a,b\n"x\ny\n', {}, ["a.csv line 2", "the quote that opens column 1 is never closed"]),
        ("t\n\na,b\n1,2\n1\n", {"skip_lines": 1}, ["a.csv line 5"]),
        (b"a,b\n1,2\n" * 1 + b"x,y\n" * 300_000 + b"\xff,z\n", {}, ["a.csv line 300003", "0xff", "encoding"]),
        (b"t\na,b\r\n1,2\n\xe9,z\n", {"skip_lines": 1}, ["a.csv line 4", "0xe9"]),
        ("a\n1.5\n", {"types": {"a": "BIGINT"}}, ["a.csv line 2", '"1.5"', "BIGINT"]),
        ("a\n1.5\n1.239\n", {"types": {"a": "DECIMAL(9,2)"}}, ["a.csv line 3", '"1.239"', "DECIMAL(9,2)"]),
        ("a\n649686000000001631.440\n", {"types": {"a": "DOUBLE"}}, ["a.csv line 2", "DOUBLE"]),
        ("a\n2024-01-05 10:00:00\n", {"types": {"a": "DATE"}}, ["a.csv line 2", "DATE"]),
        ("a\n2024-01-05 10:00:00.1234567\n", {"types": {"a": "TIMESTAMP"}}, ["a.csv line 2", "TIMESTAMP"]),
        ("a\n2024-01-05 10:00:00+02:00\n", {"types": {"a": "TIMESTAMP"}}, ["a.csv line 2", "TIMESTAMP"]),
        ("a\n12e34567\n", {"types": {"a": "DOUBLE"}}, ["a.csv line 2", "DOUBLE"]),
        ("a\n0x1F\n", {"types": {"a": "INTEGER"}}, ["a.csv line 2", "INTEGER"]),
        ("a\n99/99/2024\n", {"types": {"a": "DATE"}, "date_format": "%d/%m/%Y"}, ["a.csv line 2", "99/99/2024"]),
        ("a\n1\n", {"date_format": "%Q"}, ["date_format", "%Q"]),
        (",".join(f"c{n}" for n in range(30_000)) + "\n", {}, ["30000 columns", "5000"]),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_named(
    bench: Bench, content: str | bytes, parameters: dict[str, Any], parts: list[str]
) -> None:
    # GIVEN a value or row that cannot be what it should, WHEN the file is extracted, THEN one line says where and why
    with pytest.raises(UserError) as caught:
        extract(bench, content, **parameters)
    for part in parts:
        assert part in str(caught.value)


@pytest.mark.parametrize(
    ("kind", "texts", "values"),
    [
        ("BIGINT", ["007", "+5", "-0", "12.0", "1e3"], [7, 5, 0, 12, 1000]),
        ("DECIMAL(9,2)", ["1", "1.5", "1.500", "-.5"], [Decimal("1.00"), Decimal("1.50"), Decimal("1.50"), Decimal("-0.50")]),  # noqa: E501
        ("DOUBLE", ["1.50", "1e3", "0.1", " 2 ", "nan"], [1.5, 1000.0, 0.1, 2.0, None]),
        ("DATE", ["2024-01-05", "2024-01-05 00:00:00"], [datetime.date(2024, 1, 5)] * 2),
        ("TIMESTAMP", ["2024-01-05", "2024-01-05T10:00:00Z"], [datetime.datetime(2024, 1, 5), datetime.datetime(2024, 1, 5, 10)]),  # noqa: E501
        ("BOOLEAN", ["t", "FALSE", "1"], [True, False, True]),
        ("VARCHAR", ["1.50"], ["1.50"]),
        ("INTEGER[]", ["[1,2]"], [[1, 2]]),
    ],
)  # fmt: skip
def test_a_type_that_was_asked_for_takes_other_forms_of_a_value(
    bench: Bench, kind: str, texts: list[str], values: list[Any]
) -> None:
    # GIVEN texts that no type would be found out for, WHEN a type is asked for, THEN they are its values
    buffer = bench.project / "x"
    with buffer.open("w", newline="") as file:
        csv.writer(file).writerows([["a"], *([text] for text in texts)])
    extract(bench, buffer.read_bytes(), types={"A": kind})
    found = [row[0] for row in bench.rows()]
    assert [None if value != value else value for value in found] == values


@pytest.mark.parametrize(
    ("files", "parameters", "kind", "first"),
    [
        (["01/05/2024"], {}, "VARCHAR", "01/05/2024"),
        (["01/05/2024", "02/05/2024"], {}, "VARCHAR", "01/05/2024"),
        (["01/05/2024", "01/13/2024"], {}, "DATE", datetime.date(2024, 1, 5)),
        (["13/01/2024", "01/13/2024"], {}, "VARCHAR", "13/01/2024"),
        (["13/01/2024", "2024-01-13"], {}, "VARCHAR", "13/01/2024"),
        (["01/05/2024"], {"date_format": "%m/%d/%Y"}, "DATE", datetime.date(2024, 1, 5)),
        (["1/5/2024", "13/5/2024"], {"date_format": "%d/%m/%Y"}, "DATE", datetime.date(2024, 5, 1)),
        (["05.01.2024 10:30"], {"date_format": "%d.%m.%Y %H:%M"}, "TIMESTAMP", datetime.datetime(2024, 1, 5, 10, 30)),
        (["25.12.2024 10:30"], {}, "TIMESTAMP", datetime.datetime(2024, 12, 25, 10, 30)),
        (["05/01/2024", "x"], {"date_format": "%d/%m/%Y"}, "VARCHAR", "05/01/2024"),
        (["05/01/2024"], {"types": {"day": "DATE"}, "date_format": "%d/%m/%Y"}, "DATE", datetime.date(2024, 1, 5)),
        (["20240105"], {"types": {"day": "DATE"}, "date_format": "%Y%m%d"}, "DATE", datetime.date(2024, 1, 5)),
        (["20240105"], {"date_format": "%Y%m%d"}, "BIGINT", 20240105),
        (["2024/01/05"], {}, "DATE", datetime.date(2024, 1, 5)),
        (["1/2/3", "10/4/5"], {}, "VARCHAR", "1/2/3"),
        (["1-2-3"], {}, "VARCHAR", "1-2-3"),
    ],
)  # fmt: skip
def test_dates_are_dates_only_if_they_are_one_day(
    bench: Bench, files: list[str], parameters: dict[str, Any], kind: str, first: Any
) -> None:
    # GIVEN dates as people write them, one in each file
    for number, text in enumerate(files):
        bench.file(f"in/{number}.csv", f"day,n\n{text},1\n")
    # WHEN the files are extracted together
    run(Parameters(path="in/*.csv", **parameters), bench.context())
    # THEN what could be two days is text, in all files alike
    assert bench.columns()["day"] == kind and bench.rows()[0][0] == first
    if kind == "VARCHAR" and files[0] == "01/05/2024":
        assert any("date_format" in line and "01/05/2024" in line for line in bench.lines)


@pytest.mark.parametrize("quoted", [False, True])
def test_a_row_may_be_long(bench: Bench, quoted: bool) -> None:
    # GIVEN a row of 5 MB between others, WHEN it is extracted, THEN all of it is there
    long = "é" * 2_500_000
    extract(bench, f"id,t\n1,a\n2,{json.dumps(long, ensure_ascii=False) if quoted else long}\n3,c\n")
    assert [(row[0], len(row[1])) for row in bench.rows()] == [(1, 1), (2, 2_500_000), (3, 1)]


def test_many_columns(bench: Bench) -> None:
    # GIVEN 3,000 columns, more than half a gigabyte is enough for, with a header longer than what is looked at first
    names = [f"a rather long name of a column {number}" for number in range(3_000)]
    # (as text: what types they have is another matter, and takes most of the time)
    extract(bench, ";".join(names) + "\n" + ";".join("1" for _ in names) + "\n", all_text=True)
    # THEN they are all there
    assert list(bench.columns()) == names and bench.rows() == [("1",) * 3_000]
    # AND they can be written again
    query = f"select {', '.join(f'1 as c{number}' for number in range(3_000))}"
    writer.run(writer.Parameters(path="b.csv"), bench.context({"t": query}, outputs=()))
    assert (bench.project / "b.csv").read_text().splitlines()[1] == ",".join("1" for _ in names)
    # AND more are refused with their number
    with pytest.raises(UserError, match=f"a.csv has {MAX_COLUMNS + 1} columns; a table can have {MAX_COLUMNS}"):
        extract(bench, ";".join(f"c{number}" for number in range(MAX_COLUMNS + 1)) + "\n")


def test_utf16_is_told_by_its_mark_and_a_cut_one_is_an_error(bench: Bench) -> None:
    # GIVEN a file of UTF-16, whole and cut in the middle of a character
    data = "id,t\n1,é\n".encode("utf-16")
    extract(bench, data)
    assert bench.rows() == [(1, "é")]
    # WHEN the second is extracted, THEN it is an error with its line
    with pytest.raises(UserError, match=r"a\.csv line \d is not written in \"utf-16\""):
        extract(bench, data[:-1])
    # AND a mark of UTF-8 counts more than an encoding that somebody set for other files
    extract(bench, codecs.BOM_UTF8 + "id,t\n1,é\n".encode(), encoding="cp1252")
    assert bench.rows() == [(1, "é")]


def test_marks_must_differ() -> None:
    # GIVEN two marks that are one character, or marks that no file could have, WHEN checked, THEN they are refused
    for bad in (
        {"delimiter": ";", "quote": ";"}, {"escape": ";", "delimiter": ";"}, {"comment": '"'}, {"delimiter": "\n"},
        {"decimal": ",", "delimiter": ","}, {"decimal": "5"}, {"quote": " "}, {"date_format": "day"}, {"empty": "x"},
        {"ragged": "x"}, {"types": {"a": "INTEGER", "A": "BIGINT"}}, {"max_expansion": 0}, {"escape": "ab"},
    ):  # fmt: skip
        with pytest.raises(ValidationError):
            Parameters.model_validate({"path": "a.csv", **bad})
    Parameters.model_validate({"path": "a.csv", "escape": '"'})
