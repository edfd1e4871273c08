"""The difference of two tables: the same as comparing them row by row in Python, for any tables."""

from __future__ import annotations

import math
import random
from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from orch_tui.model.errors import UserError
from orch_tui.storage.difference import Difference, Retyped, difference
from orch_tui.storage.difference_lines import difference_lines

from tests.support.effort import examples
from tests.support.tables import parquet_file

Row = tuple[int, str | None, float | None]
ROWS = st.dictionaries(
    st.integers(0, 12),
    st.tuples(st.sampled_from(["a", "b", "", None]), st.sampled_from([0.0, -0.0, 1.5, math.nan, None])),
    max_size=12,
)
NO_FIXTURE = settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=examples(8)
)


def _file(path: Path, rows: list[Row]) -> Path:
    ids, words, numbers = zip(*rows, strict=True) if rows else ((), (), ())
    columns = {
        "id": pa.array(ids, pa.int64()),
        "word": pa.array(words, pa.string()),
        "number": pa.array(numbers, pa.float64()),
    }
    pq.write_table(pa.table(columns), path)
    return path


def _same(one: Any, other: Any) -> bool:
    """As a database tells values apart: not a number is the same as itself, and so are both zeros."""
    if isinstance(one, float) and isinstance(other, float) and math.isnan(one) and math.isnan(other):
        return True
    return bool(one == other)


@NO_FIXTURE
@given(ROWS, ROWS)
@example({}, {})
@example({1: ("a", math.nan)}, {1: ("a", math.nan)})
def test_counts_by_key_are_those_of_a_comparison_by_hand(
    tmp_path: Path, old: dict[int, tuple[str | None, float | None]], new: dict[int, tuple[str | None, float | None]]
) -> None:
    # GIVEN two tables, WHEN they are compared by their key
    before = _file(tmp_path / "a.parquet", [(key, *values) for key, values in old.items()])
    after = _file(tmp_path / "b.parquet", [(key, *values) for key, values in new.items()])
    found = difference(before, after, ["id"], tmp_path)
    # THEN every number is the one of a comparison row by row
    both = old.keys() & new.keys()
    words = [key for key in both if old[key][0] != new[key][0]]
    numbers = [key for key in both if not _same(old[key][1], new[key][1])]
    assert (found.before_rows, found.after_rows) == (len(old), len(new))
    assert (found.added, found.removed) == (len(new.keys() - both), len(old.keys() - both))
    assert found.changed == len({*words, *numbers})
    assert {one.column: one.rows for one in found.columns} == {
        name: len(keys) for name, keys in (("word", words), ("number", numbers)) if keys
    }
    # AND the samples are of these rows
    assert {int(row[0] or 0) for row in found.added_rows} <= new.keys() - both
    assert {int(row[0] or 0) for row in found.removed_rows} <= old.keys() - both
    for column in found.columns:
        assert {int(key[0] or 0) for key, _, _ in column.samples} <= {*words, *numbers}


@NO_FIXTURE
@given(*(2 * [st.lists(st.tuples(st.integers(0, 2), st.sampled_from(["a", None]), st.just(1.0)), max_size=8)]))
def test_counts_of_whole_rows_are_those_of_a_comparison_by_hand(tmp_path: Path, old: list[Row], new: list[Row]) -> None:
    # GIVEN tables without a key, in which rows may be there often, WHEN they are compared
    found = difference(_file(tmp_path / "a.parquet", old), _file(tmp_path / "b.parquet", new), [], tmp_path)
    # THEN each row counts as often as it is there more than on the other side
    before, after = Counter(old), Counter(new)
    assert (found.added, found.removed) == ((after - before).total(), (before - after).total())
    assert found.same is (before == after)


def _compare(tmp_path: Path, before: str, after: str, *key: str) -> Difference:
    return difference(
        parquet_file(tmp_path / "a.parquet", before), parquet_file(tmp_path / "b.parquet", after), key, tmp_path
    )


def test_schema_and_values_of_columns_that_changed_their_type(tmp_path: Path) -> None:
    # GIVEN a column more, one less and one of another type, in which one value is another text
    found = _compare(
        tmp_path,
        "select * from (values (1, 1, 'x'), (2, 2, 'y')) t(id, amount, gone)",
        "select * from (values (1, '1', now()), (2, '2.0', now())) t(id, amount, made)",
        "ID",
    )
    # THEN the schema says so, and values are compared by their text
    assert [name for name, _ in found.schema.added] == ["made"]
    assert found.schema.removed == (("gone", "VARCHAR"),)
    assert found.schema.retyped == (Retyped("amount", "INTEGER", "VARCHAR"),)
    (column,) = found.columns
    assert (column.column, column.rows, column.samples) == ("amount", 1, ((("2",), "2", "2.0"),))
    assert "~ column amount INTEGER → VARCHAR" in [text for _, text in difference_lines(found)]


@pytest.mark.parametrize(
    ("before", "why"),
    [
        ("select 1 as id, 2 as v union all select 1, 3", "the key is not unique in the first"),
        ("select null::int as id, 2 as v", "the key has nulls in the first"),
        ("select 1 as other, 2 as v", "not both have the key id"),
    ],
)
def test_a_key_that_cannot_be_used_is_said_and_whole_rows_are_compared(tmp_path: Path, before: str, why: str) -> None:
    found = _compare(tmp_path, before, "select 1 as id, 2 as v", "id")
    assert (found.key, found.why_no_key, found.changed) == ((), why, 0)


def test_columns_with_any_name_and_nested_values(tmp_path: Path) -> None:
    # GIVEN names that are no words of SQL, and a list
    name = 'a"b c'
    quoted = name.replace('"', '""')
    query = 'select 1 as "{}", [{}] as "here", interval 1 month as "select"'
    found = _compare(tmp_path, query.format(quoted, 1), query.format(quoted, 2), name)
    # THEN they are compared all the same
    assert [(one.column, one.samples) for one in found.columns] == [("here", ((("1",), "[1]", "[2]"),))]


def test_tables_without_a_common_column(tmp_path: Path) -> None:
    found = _compare(tmp_path, "select 1 as a", "select 1 as b union all select 2")
    assert (found.added, found.removed, found.same) == (1, 0, False)


def test_what_is_no_parquet_is_said(tmp_path: Path) -> None:
    (tmp_path / "x.parquet").write_text("no")
    with pytest.raises(UserError, match="the tables cannot be compared"):
        difference(tmp_path / "x.parquet", tmp_path / "x.parquet", [], tmp_path)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(20))
def test_counts_of_two_hundred_thousand_rows_are_those_of_a_comparison_by_hand(tmp_path: Path, seed: int) -> None:
    # GIVEN two tables of 100,000 rows, of which any have come, gone or changed
    chance = random.Random(seed)
    old: dict[int, tuple[str | None, float | None]] = {
        key: (chance.choice(["a", "b", None]), chance.choice([1.5, math.nan, None, float(key)]))
        for key in range(100_000)
    }
    kept = [key for key in old if chance.random() > chance.choice([0.001, 0.2])]
    new = {key: old[key] if chance.random() < 0.9 else ("c", old[key][1]) for key in kept}
    while len(new) < 100_000:
        new[chance.randrange(100_000, 10**9)] = ("new", 1.0)
    before = _file(tmp_path / "a.parquet", [(key, *values) for key, values in old.items()])
    rows: list[Row] = [(key, *values) for key, values in new.items()]
    chance.shuffle(rows)
    # WHEN they are compared
    found = difference(before, _file(tmp_path / "b.parquet", rows), ["id"], tmp_path)
    # THEN every number is the one of a comparison row by row
    both = old.keys() & new.keys()
    words = [key for key in both if old[key][0] != new[key][0]]
    assert (found.added, found.removed, found.changed) == (len(new.keys() - both), len(old.keys() - both), len(words))
    assert [(one.column, one.rows) for one in found.columns] == [("word", len(words))]
