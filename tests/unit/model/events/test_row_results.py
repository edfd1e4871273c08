"""What is told of rows goes through a journal unchanged, and anything else that stands there is left out."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from orch_tui.model.events.row_results import MOST, RowResult, decode_rows, encode_rows, failed_rows, rows_words
from orch_tui.model.status import Status

ROWS = st.builds(
    RowResult,
    st.from_regex(r"[a-z0-9][a-z0-9_-]{0,9}", fullmatch=True),
    st.sampled_from(["", "Orders", "ž"]),
    st.sampled_from([Status.SUCCESS, Status.WARNING, Status.ERROR, Status.CANCELLED]),
    st.sampled_from(["", "no such path"]),
    st.none() | st.integers(0, 10**6).map(lambda number: number / 1000),
    st.integers(1, 99),
)


@given(st.lists(ROWS, min_size=1, max_size=5))
def test_rows_come_back_from_an_event(rows: list[RowResult]) -> None:
    assert decode_rows(encode_rows(rows)) == tuple(rows)


@pytest.mark.parametrize(
    "value",
    [
        "",
        "{}",
        "[1]",
        '[{"id": "../x", "status": "success"}]',
        '[{"id": "x", "status": "processing"}]',
        None,
        [[]],
        "[",
    ],
)
def test_what_is_no_row_is_left_out(value: Any) -> None:
    assert decode_rows(value) == ()


def test_of_too_many_those_that_succeeded_are_left_out_first() -> None:
    # GIVEN
    rows = [RowResult(f"r{number}", "", Status.SUCCESS) for number in range(MOST)]
    failed = RowResult("bad", "", Status.ERROR)
    # WHEN
    found = decode_rows(encode_rows([*rows, failed]))
    # THEN
    assert len(found) == MOST and failed in found


def test_words() -> None:
    rows = [RowResult("a", "A", Status.SUCCESS), RowResult("b", "", Status.ERROR), RowResult("c", "", Status.CANCELLED)]
    assert rows_words(rows[:1]) == "1 configuration row"
    assert rows_words(rows) == "3 configuration rows: 1 failed, 1 not run"
    assert failed_rows(rows) == rows[1:]
    assert (rows[0].title, rows[1].title) == ("a (A)", "b")
