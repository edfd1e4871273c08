from __future__ import annotations

from pathlib import Path

import duckdb
import pytest
from orch_tui.components.kit.contract import Output
from orch_tui.components.kit.csv_tables import read_csv_outputs
from orch_tui.model.configuration import WriteMode
from orch_tui.model.errors import UserError


def read(folder: Path, content: bytes) -> list[tuple[object, ...]]:
    """The rows of the only output, left as ``t.csv``."""
    (folder / "t.csv").write_bytes(content)
    output = Output("t", "b/t", WriteMode.FULL, (), folder / "t.parquet")
    read_csv_outputs({"t": output}, folder)
    with duckdb.connect() as con:
        return con.execute(f"from '{output.path}'").fetchall()


@pytest.mark.parametrize(
    ("content", "rows"),
    [
        (b"a,b\n1,2\r\n3,4\r\n", [("1", "2"), ("3", "4")]),
        (b"a,b\r\n1,2\n3,4", [("1", "2"), ("3", "4")]),
        (b'a,b\n1,"x\r\ny"\r\n3,"p\nq"\n', [("1", "x\r\ny"), ("3", "p\nq")]),
        (b'a,b\n1,"say ""hi""\r\n"\r\n3,4\n', [("1", 'say "hi"\r\n'), ("3", "4")]),
        (b'a,b\r\n1,\n2,""\r\n', [("1", None), ("2", "")]),
    ],
)
def test_lines_that_end_in_several_ways_are_read(tmp_path: Path, content: bytes, rows: list[object]) -> None:
    # GIVEN a file whose header ends otherwise than its rows, WHEN it is read, THEN no row is lost and no value changed
    assert read(tmp_path, content) == rows
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_file()) == ["t.csv", "t.parquet"]


@pytest.mark.parametrize("content", [b"a,b\n1,2\n3", b'a,b\n1,2\n3,"x', b"a,b\r\n1,2\n3\r\n", b"a,b\n1,2,3\n"])
def test_a_file_that_is_cut_is_refused(tmp_path: Path, content: bytes) -> None:
    # GIVEN a file whose last row is not whole, WHEN it is read, THEN a line says so
    with pytest.raises(UserError, match=r"out/tables/t\.csv cannot be read as CSV"):
        read(tmp_path, content)
