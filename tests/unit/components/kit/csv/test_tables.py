from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from orch_tui.components.kit.contract import Output
from orch_tui.components.kit.csv.tables import read_csv_outputs
from orch_tui.model.components.configuration import WriteMode
from orch_tui.model.errors import UserError

from tests.support.effort import examples
from tests.support.tables import database


def read(folder: Path, content: bytes) -> list[tuple[object, ...]]:
    """The rows of the only output, left as ``t.csv``."""
    (folder / "t.csv").write_bytes(content)
    output = Output("t", "b/t", WriteMode.FULL, (), folder / "t.parquet")
    read_csv_outputs({"t": output}, folder)
    with database() as con:
        return con.execute(f"from '{output.path}'").fetchall()


@pytest.mark.parametrize(
    ("content", "rows"),
    [
        (b"a,b\n1,2\r\n3,4\r\n", [("1", "2"), ("3", "4")]),
        (b"a,b\r\n1,2\n3,4", [("1", "2"), ("3", "4")]),
        (b'a,b\n1,"x\r\ny"\r\n3,"p\nq"\n', [("1", "x\r\ny"), ("3", "p\nq")]),
        (b'a,b\n1,"say ""hi""\r\n"\r\n3,4\n', [("1", 'say "hi"\r\n'), ("3", "4")]),
        (b'a,b\r\n1,\n2,""\r\n', [("1", None), ("2", "")]),
        (b"a,b\n1,2\r3,4\n", [("1", "2"), ("3", "4")]),
        (b"a,b\r1,2\r3,4\r", [("1", "2"), ("3", "4")]),
        (b"a,b\r1,2\n3,4\r\n5,6\r", [("1", "2"), ("3", "4"), ("5", "6")]),
        (b'a,b\n1,5" x\r\n2,z\n', [("1", '5" x'), ("2", "z")]),
        (b"\na,b\n1,2", [("1", "2")]),
        (b"\r\n\r\na,b\r\n1,2\r\n", [("1", "2")]),
        (b"\xef\xbb\xbf\na,b\n1,2\n", [("1", "2")]),
        (b"\xef\xbb\xbfa,b\r\n1,2\n\n3,4\r", [("1", "2"), ("3", "4")]),
        (b'a,b\n1,"p\rq"\r\n2,"x\n"\r', [("1", "p\rq"), ("2", "x\n")]),
        (b"a\n1\n\n2\r", [("1",), (None,), ("2",)]),
    ],
)
def test_lines_that_end_in_several_ways_are_read(tmp_path: Path, content: bytes, rows: list[object]) -> None:
    # GIVEN a file whose header ends otherwise than its rows, WHEN it is read, THEN no row is lost and no value changed
    assert read(tmp_path, content) == rows
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_file()) == ["t.csv", "t.parquet"]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"a,b\n1,2\n3", "out/tables/t.csv line 3: it has 1 columns where the header has 2: 3; correct the line"),
        (
            b'a,b\n1,2\n3,"x',
            "out/tables/t.csv line 3: the quote that opens column 2 is never closed (x); correct the line",
        ),
        (b"a,b\r\n1,2\n3\r\n", "out/tables/t.csv line 3: it has 1 columns where the header has 2: 3; correct the line"),
        (b"a,b\n1,2,3\n", "out/tables/t.csv line 2: it has 3 columns where the header has 2: 1,2,3; correct the line"),
        (b"a,b\n1,2\n\xff,4\n", "out/tables/t.csv is not UTF-8"),
        (b"\n\n", "out/tables/t.csv has no header"),
    ],
)
def test_a_file_that_is_no_table_is_refused(tmp_path: Path, content: bytes, sentence: str) -> None:
    # GIVEN a file whose last row is not whole, WHEN it is read, THEN a line says where, and nothing is left
    with pytest.raises(UserError) as caught:
        read(tmp_path, content)
    assert str(caught.value).startswith(sentence)
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["t.csv"]


@given(
    st.lists(st.lists(st.text('ab",;\r\n é', max_size=4), min_size=2, max_size=2), max_size=5),
    st.lists(st.sampled_from(["\n", "\r\n", "\r"]), min_size=7, max_size=7),
    st.data(),
)
@settings(max_examples=examples(60))
def test_any_line_ends_and_quotes_are_read(rows: list[list[str]], ends: list[str], data: st.DataObject) -> None:
    # GIVEN rows of any texts, each line with an end of its own and quotes where they are needed or not
    lines = []
    for row in [["x", "y"], *rows]:
        quotes = [any(mark in text for mark in '",\r\n') or text == "" or data.draw(st.booleans()) for text in row]
        doubled = (text.replace('"', '""') for text in row)
        lines.append(",".join(f'"{text}"' if asked else text for text, asked in zip(doubled, quotes, strict=True)))
    content = "".join(line + end for line, end in zip(lines, ends, strict=False))
    # WHEN it is read, THEN each value is the one that was written
    with tempfile.TemporaryDirectory() as folder:
        assert read(Path(folder), content.encode()) == [tuple(row) for row in rows]
