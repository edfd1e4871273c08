"""Rows of SQLite by Arrow: the same types, values and words as row by row, whatever the columns hold."""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from orch_tui.components.kit.component import UserError
from orch_tui.components.kit.sql import ParquetSink
from orch_tui.components.sqlite import extractor
from orch_tui.components.sqlite.arrow import ArrowSource
from orch_tui.model.components.configuration import WriteMode

from tests.support.bench import Bench
from tests.support.effort import examples

Value = int | float | str | bytes | None


def database(bench: Bench, declared: str, values: Sequence[Value]) -> None:
    with sqlite3.connect(bench.project / "d.sqlite") as con:
        con.execute(f"create table t(v {declared}, n integer)")
        con.executemany("insert into t values (?, ?)", [(value, n) for n, value in enumerate(values)])
    con.close()


def extracted(bench: Bench, **more: Any) -> tuple[Any, ...]:
    """Types, rows, state and log."""
    bench.lines.clear()
    mode = WriteMode.APPEND if "incremental_column" in more else WriteMode.FULL
    ctx = bench.context(mode=mode)
    extractor.run(extractor.Parameters(**{"database": "d.sqlite", "table": "t", **more}), ctx)
    # Numbers without an end are not equal to themselves, and 1 is equal to 1.0.
    return (
        bench.columns(),
        [repr(row) for row in bench.rows()],
        ctx.next_state,
        list(bench.lines),
    )


def both(bench: Bench, monkeypatch: pytest.MonkeyPatch, **more: Any) -> bool:
    """Whether Arrow carried the rows; they are the same that Python carries."""
    added: list[int] = []
    add = ParquetSink.add

    def counted(sink: ParquetSink, rows: Sequence[Sequence[Any]], size: int) -> None:
        added.append(len(rows))
        add(sink, rows, size)

    with monkeypatch.context() as patch:
        patch.setattr(ParquetSink, "add", counted)
        patch.setattr(extractor, "_FIRST", 2)
        got = extracted(bench, **more)
    by_arrow = not added
    with monkeypatch.context() as patch:
        patch.setattr(extractor._Extraction, "_by_arrow", lambda self: None)
        wanted = extracted(bench, **more)
    assert got == wanted
    return by_arrow


TIMES = ["2024-01-31", "2024-01-31 10:00:00", "2024-01-31T10:00:00.250", "2024-02-30", "0044-03-15 (BC)", "infinity"]
VALUES = st.one_of(
    st.none(), st.integers(-(2**63), 2**63 - 1), st.integers(-2, 2), st.sampled_from([2**53, 2**53 + 1, -(2**53) - 1]),
    st.floats(allow_nan=False), st.text(st.characters(exclude_categories=["Cs"]), max_size=6), st.binary(max_size=4),
    st.sampled_from([*TIMES, "", "a\0b", "007", "1e5"]),
)  # fmt: skip
DECLARED = ["", "integer", "numeric", "real", "text", "blob", "boolean", "date", "timestamp"]


@settings(max_examples=examples(160), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(declared=st.sampled_from(DECLARED), values=st.lists(VALUES, max_size=6))
@example(declared="", values=["x", "y", 5, 2.5, "z"])
@example(declared="", values=[1, 2, 3.5, 2**53 + 1])
@example(declared="", values=[None, None, "late"])
@example(declared="text", values=["x", "y", b"z"])
@example(declared="", values=["x", 1e16, 0.1, 1e-5, float("inf"), 3.0, 2])
def test_any_values(declared: str, values: list[Value]) -> None:
    # GIVEN any values in a column that declares any type
    with tempfile.TemporaryDirectory() as home, pytest.MonkeyPatch.context() as monkeypatch:
        bench = Bench(Path(home))
        database(bench, declared, values)
        # WHEN it is extracted, and its first two rows say what is to be expected of the others
        # THEN what comes is what row by row comes
        monkeypatch.setattr(extractor, "_FIRST", 2)
        got = extracted(bench)
        monkeypatch.setattr(extractor._Extraction, "_by_arrow", lambda self: None)
        assert got == extracted(bench)


@pytest.mark.parametrize(
    ("declared", "values", "by_arrow"),
    [
        ("integer", [1, None, 3, 4], True),
        ("numeric", [1, 2.5, 3], True),
        # What the first two do not show is looked for in all rows.
        ("numeric", [1, 2, 2.5, "x"], True),
        ("date", ["2024-01-31", None, "2024-01-31T10:00:00"], True),
        ("date", ["2024-01-31", None, "soon"], True),
        ("boolean", [0, 1, 2], True),
        ("text", ["x", None, "y" * 9000], False),
        ("text", ["x", None, b"y"], False),
        ("", [None, None, "x", None, "é"], True),
    ],
    ids=lambda value: None if isinstance(value, list) else str(value),
)
def test_which_way_they_go(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    declared: str,
    values: list[Value],
    by_arrow: bool,
) -> None:
    bench = Bench(tmp_path)
    database(bench, declared, values)
    assert both(bench, monkeypatch) is by_arrow


def test_a_query_and_its_largest_value(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # GIVEN a query with two columns of one name, and an incremental column
    bench = Bench(tmp_path)
    database(bench, "real", [0.5, 9e999, 7.25])
    query = "select n, v as grows, n from t order by n desc;"
    # THEN both ways give the rows in the same order, and remember the same value
    assert both(bench, monkeypatch, table=None, query=query, incremental_column="grows")
    assert extracted(bench, table=None, query=query, incremental_column="grows")[2]["last"] == 7.25


def test_a_text_that_is_not_utf8_is_a_sentence(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    database(bench, "text", ["good"])
    with sqlite3.connect(bench.project / "d.sqlite") as con:
        con.execute("insert into t values (cast(x'ff41' as text), 2)")
    con.close()
    with pytest.raises(UserError, match="UTF-8"):
        extracted(bench)


def test_a_row_that_is_written_meanwhile_is_not_half_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # GIVEN a database in WAL mode, into which another program writes between the first look and the rows
    bench = Bench(tmp_path)
    database(bench, "real", [1.5, 2.5, 3.5])
    other = sqlite3.connect(bench.project / "d.sqlite", isolation_level=None)
    other.execute("pragma journal_mode = wal")
    value = ArrowSource.value

    def written_before(source: ArrowSource, con: Any, sql: str) -> Any:
        other.execute("insert into t values (9.5, 100)")
        return value(source, con, sql)

    monkeypatch.setattr(ArrowSource, "value", written_before)
    # WHEN it is extracted by that column
    _, rows, state, _ = extracted(bench, incremental_column="v")
    other.close()
    # THEN rows and largest value are of one moment: that of the first question
    assert (len(rows), state["last"]) == (4, 9.5)


def test_without_the_driver_the_rows_go_through_python(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bench = Bench(tmp_path)
    database(bench, "text", ["a", "b"])
    monkeypatch.setitem(__import__("sys").modules, "adbc_driver_sqlite", None)
    monkeypatch.setitem(__import__("sys").modules, "adbc_driver_manager", None)
    assert not both(bench, monkeypatch)
