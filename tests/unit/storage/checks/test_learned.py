"""Bounds of earlier versions: what is usual passes, what is not does not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from orch_tui.model.checks.values import Learned
from orch_tui.storage.checks.learned import LEAST_VERSIONS, learned_bounds


def _fits(what: Learned, history: list[float], value: float) -> bool:
    bounds = learned_bounds(what, history)
    assert bounds is not None
    return bounds[0] <= value <= bounds[1]


@pytest.mark.parametrize(
    ("what", "history", "value", "fits"),
    [
        (Learned.ROWS, [1000] * 20, 400, False),
        (Learned.ROWS, [1000] * 20, 0, False),
        (Learned.ROWS, [1000] * 20, 1200, True),
        (Learned.ROWS, [1000] * 20, 5000, False),
        # A table that grows by a tenth each time is expected to.
        (Learned.ROWS, [1000 * 1.1**n for n in range(20)], 1000 * 1.1**20, True),
        (Learned.ROWS, [1000 * 1.1**n for n in range(20)], 1000 * 1.1**30, False),
        # One odd version among many moves nothing.
        (Learned.ROWS, [1000] * 10 + [3] + [1000] * 9, 400, False),
        # Weekdays and Sundays.
        (Learned.ROWS, [1000, 100] * 10, 100, True),
        (Learned.ROWS, [0] * 6, 0, True),
        (Learned.ROWS, [0] * 6, 10, False),
        (Learned.NULLS, [0.01] * 8, 0.5, False),
        (Learned.NULLS, [0.01] * 8, 0.04, True),
        (Learned.NULLS, [0.5] * 8, 0.0, True),
        (Learned.SUM, [-100.0] * 8, -90.0, True),
        (Learned.SUM, [-100.0] * 8, 100.0, False),
    ],
)
def test_what_is_usual_passes(what: Learned, history: list[float], value: float, fits: bool) -> None:
    assert _fits(what, history, value) is fits


def test_too_few_versions_teach_nothing() -> None:
    assert learned_bounds(Learned.ROWS, [1.0] * (LEAST_VERSIONS - 1)) is None


@given(st.lists(st.floats(0, 1e12), min_size=LEAST_VERSIONS, max_size=30), st.sampled_from(list(Learned)))
def test_bounds_are_numbers_and_hold_the_middle(history: list[float], what: Learned) -> None:
    # GIVEN any history, WHEN bounds are learned
    values = [min(1.0, value) for value in history] if what is Learned.NULLS else history
    bounds = learned_bounds(what, values)
    # THEN they are in order, and what was usual fits
    assert bounds is not None
    assert bounds[0] <= sorted(values[-20:])[len(values[-20:]) // 2 - (len(values[-20:]) % 2 == 0)] <= bounds[1]


def test_a_table_that_doubles_is_expected_to_double() -> None:
    history = [100.0 * 2**n for n in range(8)]
    assert _fits(Learned.SUM, history, 100.0 * 2**8)
    assert not _fits(Learned.SUM, history, 100.0 * 2**12)


def test_five_versions_are_needed_to_learn_from() -> None:
    assert learned_bounds(Learned.ROWS, [1000.0] * 4) is None
    assert learned_bounds(Learned.ROWS, [1000.0] * 5) is not None
