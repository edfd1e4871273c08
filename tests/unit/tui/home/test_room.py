"""How the home screen shares its rows among list, picture of the sequence and runs."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from orch_tui.tui.home.room import LEAST_PICTURE, LEAST_RUNS, share


@pytest.mark.parametrize(
    ("room", "orchestrations", "expected"),
    [
        # GIVEN 120x40 with few orchestrations THEN picture and runs have what they leave
        (30, 4, (7, 10, 13)),
        # GIVEN 100x30 THEN runs would be too low: the picture has it all
        (20, 4, (7, 13, 0)),
        # GIVEN more than fit beside it THEN the list keeps what the smallest picture leaves
        (30, 100, (21, 9, 0)),
        # GIVEN 80x24 THEN there is no room for a picture
        (14, 4, (14, 0, 0)),
        # GIVEN a row for each, and one more than that
        (16, 3, (7, 9, 0)),
    ],
)
def test_few_rows_leave_their_room_to_the_others(room: int, orchestrations: int, expected: tuple[int, ...]) -> None:
    assert share(room, orchestrations) == expected


@given(st.integers(0, 200), st.integers(0, 10_000))
def test_every_row_is_given_away_and_no_pane_is_too_low(room: int, orchestrations: int) -> None:
    listed, picture, runs = share(room, orchestrations)
    assert listed + picture + runs == room and listed >= 0
    assert picture == 0 or picture >= LEAST_PICTURE
    assert runs == 0 or runs >= LEAST_RUNS
    # THEN the list has all its rows, or at least half of the room
    assert listed >= min(room // 2, 3 + orchestrations)
