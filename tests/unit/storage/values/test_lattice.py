"""The ranges of types are those of DuckDB."""

from __future__ import annotations

import duckdb
import pytest
from orch_tui.storage.values.lattice import FLOAT_BITS, INTEGERS


def fits(number: int, kind: str) -> bool:
    with duckdb.connect() as con:
        row = con.execute(f"select try_cast('{number}' as {kind})").fetchone()
    assert row is not None
    return bool(row[0] == number)


@pytest.mark.parametrize("kind", INTEGERS)
def test_the_smallest_and_the_largest_integer_fit_and_none_beyond(kind: str) -> None:
    smallest, largest = INTEGERS[kind]
    assert fits(smallest, kind) and fits(largest, kind)
    assert not fits(smallest - 1, kind) and not fits(largest + 1, kind)


@pytest.mark.parametrize("kind", FLOAT_BITS)
def test_integers_of_as_many_bits_are_exact_and_not_all_beyond(kind: str) -> None:
    most = 2 ** FLOAT_BITS[kind]
    assert fits(most, kind) and fits(most - 1, kind)
    assert not fits(most + 1, kind)
