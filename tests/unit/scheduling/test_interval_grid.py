"""Intervals as a grid: a cell for each, also where clocks change."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from orch_tui.scheduling.backfill import Every, IntervalState, intervals
from orch_tui.scheduling.interval_grid import Cell, cell_of, counts, grid_of, text_of

PRAGUE = ZoneInfo("Europe/Prague")


@pytest.mark.parametrize("every", list(Every))
def test_each_interval_has_one_cell(every: Every) -> None:
    # GIVEN a span with both changes of the clock
    span = intervals(datetime(2026, 3, 1), datetime(2026, 11, 1), every, PRAGUE)
    # WHEN
    grid = grid_of(span, every, PRAGUE)
    # THEN
    held = [at for row in grid.rows for at in row.cells if at is not None]
    assert sorted(held) == list(range(len(span)))
    row, column = grid.place(len(span) - 1)
    assert grid.rows[row].cells[column] == len(span) - 1 and len(grid.head) >= 12


def test_days_stand_by_month_and_signs_say_what_became_of_them() -> None:
    # GIVEN four days around the end of a month
    span = intervals(datetime(2026, 1, 30), datetime(2026, 2, 3), Every.DAY, PRAGUE)
    span = [
        replace(span[0], state=IntervalState.DONE),
        replace(span[1], state=IntervalState.DONE, changed=True),
        replace(span[2], state=IntervalState.FAILED),
        span[3],
    ]
    # WHEN, THEN
    assert text_of(span, Every.DAY, PRAGUE) == [
        "2026-01                               ✔~",
        "2026-02  ✘·",
        "✔ 1 done  ~ 1 changed since  ✘ 1 failed  · 1 missing",
    ]
    assert [cell_of(one).open for one in span] == [False, True, True, True]
    assert counts(span)[0] == (Cell.DONE, 1) and text_of([], Every.DAY, PRAGUE) == []
