from __future__ import annotations

import random
from pathlib import Path

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st
from orch_tui.components.kit.sql import (
    ParquetSink,
    connect,
    listed,
    row_batches,
    usable_names,
)
from orch_tui.storage.duckdb import folded, literal, quoted, readable

from tests.support.bench import Bench

NAMES = st.text(st.characters(exclude_categories=["Cs"]), max_size=6)


@given(st.lists(NAMES | st.sampled_from(["a", "A", "a_2", "", " ", "column2", "\x1b[31m", "ß", "SS"]), max_size=12))
def test_usable_names_are_there_and_different(names: list[str]) -> None:
    # GIVEN any names, WHEN they are made usable
    result, _ = usable_names(names)
    # THEN there are as many, all printable, none empty, no two alike but for the case of A to Z
    assert len(result) == len(names)
    assert len({folded(name) for name in result}) == len(names)
    assert all(name.strip() and "\x1b" not in name and "\n" not in name for name in result)
    # THEN good names are left alone
    assert usable_names(result) == (result, [])


SPELLINGS = st.lists(st.sampled_from(["a", "A", "a_2", "A_2", "a_3", "column1", "é", "É"]), unique=True, max_size=9)


@given(SPELLINGS, st.randoms())
def test_names_that_differ_keep_their_columns_in_any_order(names: list[str], order: random.Random) -> None:
    # GIVEN columns of which no two are spelled alike, and the same ones in another order
    other = list(names)
    order.shuffle(other)
    # WHEN both are made usable, THEN what was called one thing is called one thing
    first, second = (dict(zip(given, usable_names(given)[0], strict=True)) for given in (names, other))
    assert first == second
    # AND a name that no other is like is kept
    assert all(first[name] == name for name in names if sum(folded(name) == folded(one) for one in names) == 1)


@pytest.mark.parametrize(
    ("names", "usable"),
    [
        (["a", "A"], ["a_2", "A"]),
        (["A", "a"], ["A", "a_2"]),
        (["a", "a", "a_2"], ["a", "a_3", "a_2"]),
        (["a_2", "a", "a"], ["a_2", "a", "a_3"]),
        (["", "column1"], ["column1_2", "column1"]),
        (["ID", "id", "Id", "id"], ["ID", "id_3", "Id_2", "id_4"]),
        ([" a", "a"], ["a", "a_2"]),
    ],
)
def test_which_column_gets_which_name(names: list[str], usable: list[str]) -> None:
    assert usable_names(names)[0] == usable
    assert usable_names(usable) == (usable, [])


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=20))
def test_any_text_is_safe_in_sql(text: str) -> None:
    # GIVEN any text, WHEN it is a name and a value, THEN DuckDB gives both back
    with duckdb.connect() as con:
        cursor = con.execute(f"select {literal(text)} as {quoted(text)}")
        assert cursor.description is not None and cursor.description[0][0] == text
        assert cursor.fetchone() == (text,)


@given(st.lists(st.integers(0, 400_000), max_size=300))
def test_batches_keep_every_row_and_stay_small(widths: list[int]) -> None:
    # GIVEN rows of any width
    rows = [("x" * (width % 50), width) for width in widths]
    rest = iter(rows)
    asked: list[int] = []

    def fetchmany(count: int) -> list[tuple[str, int]]:
        asked.append(count)
        return [row for _, row in zip(range(count), rest, strict=False)]

    # WHEN they are read in batches
    batches = [batch for batch, _ in row_batches(fetchmany, limit=50, size=1000)]
    # THEN all come, in order, and no batch is larger than asked for
    assert [row for batch in batches for row in batch] == rows
    assert all(count <= 100 for count in asked) and all(count <= 50 for count in asked[1:])


def test_wide_rows_come_in_small_batches() -> None:
    # GIVEN rows of a megabyte
    rows = iter([(b"x" * 2**20,)] * 130)
    asked: list[int] = []

    def fetchmany(count: int) -> list[tuple[bytes]]:
        asked.append(count)
        return [row for _, row in zip(range(count), rest, strict=False)]

    rest = rows
    # WHEN they are read
    sizes = [len(batch) for batch, _ in row_batches(fetchmany)]
    # THEN after the first look a batch is about ten of them
    assert sum(sizes) == 130 and asked[1] == 10


def test_errors_are_one_sentence_without_the_advice_of_a_database() -> None:
    # GIVEN an error with category, hint and excerpt
    with duckdb.connect() as con, pytest.raises(duckdb.Error) as caught:
        con.execute("select a from (select 1 as b)")
    # WHEN it is made readable, THEN what happened is left
    message = readable(caught.value)
    assert message.startswith('Referenced column "a" not found') and "LINE" not in message and "Error:" not in message


def test_long_lists_are_cut() -> None:
    # GIVEN more names than a sentence holds, WHEN listed, THEN the rest is counted
    assert listed([str(n) for n in range(15)]) == "0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 and 3 more"
    assert listed(["a\nb", "\x1b[31mred"]) == "a b, red"


def test_wide_rows_reach_parquet_within_little_memory(tmp_path: Path) -> None:
    # GIVEN rows of 10 kB, of which the usual row group would take more than DuckDB may have
    bench, chance = Bench(tmp_path), random.Random(7)
    con = connect(bench.context(), memory_limit="384MB")
    path = bench.data / "out/tables/result.parquet"
    # WHEN 200 MB of them are stored
    with ParquetSink(con, [("id", "INTEGER"), ("text", "VARCHAR")], path) as sink:
        for start in range(0, 20_000, 500):
            sink.add([(start + n, chance.randbytes(5_000).hex()) for n in range(500)], 500 * 10_000)
    # THEN they are all there
    found = con.execute(f"select count(*), sum(length(text)) from read_parquet({literal(str(path))})").fetchone()
    assert found == (20_000, 200_000_000)
