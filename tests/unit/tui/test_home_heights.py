"""How the home screen shares its rows between the list and the picture of the sequence."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from orch_tui.tui.home.sequence_pane import LEAST, heights


@pytest.mark.parametrize(
    ("room", "orchestrations", "expected"),
    [
        # GIVEN 120x40 with few orchestrations THEN the picture has what they leave
        (30, 4, (7, 23)),
        # GIVEN more than fit beside it THEN the list keeps what the smallest picture leaves
        (30, 100, (21, 9)),
        # GIVEN 80x24 THEN there is no room for a picture
        (14, 4, (14, 0)),
        # GIVEN a row for each, and one more than that
        (16, 3, (7, 9)),
    ],
)
def test_few_rows_leave_their_room_to_the_picture(room: int, orchestrations: int, expected: tuple[int, int]) -> None:
    assert heights(room, orchestrations) == expected


@given(st.integers(0, 200), st.integers(0, 10_000))
def test_every_row_is_given_away_and_no_picture_is_too_low(room: int, orchestrations: int) -> None:
    listed, picture = heights(room, orchestrations)
    assert listed + picture == room and listed >= 0
    assert picture == 0 or picture >= LEAST
    # THEN the list has all its rows, or at least half of the room
    assert listed >= min(room // 2, 3 + orchestrations)
