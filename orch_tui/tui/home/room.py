"""How the rows of the home screen are shared among its panes."""

from __future__ import annotations

from typing import NamedTuple

LEAST_PICTURE = 9
"""Rows of the smallest picture that shows more than a frame: a box with four tasks, the frame of the pane."""
LEAST_RUNS = 8
"""Rows of the lowest pane of runs that is worth them: frame, titles, five runs."""
_PICTURE_SHARE = 0.45
"""Of the rows below the list, where there are runs below the picture; more than most sequences need is left empty."""
_FRAME_AND_HEAD = 3
_FEWEST_ROWS = 4


class Room(NamedTuple):
    """Rows of each pane with its frame; 0: it is not shown."""

    listed: int
    picture: int
    runs: int


def share(room: int, orchestrations: int) -> Room:
    """Share ``room`` rows. They do not depend on what the panes show, so that nothing jumps under a moving cursor.

    The list needs its frame, the titles and a row for each orchestration, at least four; it gives way to the picture
    down to half of the room. A pane that would be too low is left out.
    """
    wanted = _FRAME_AND_HEAD + max(_FEWEST_ROWS, orchestrations)
    listed = min(wanted, max(room - LEAST_PICTURE, room // 2))
    left = room - listed
    if left < LEAST_PICTURE:
        return Room(room, 0, 0)
    picture = max(LEAST_PICTURE, round(left * _PICTURE_SHARE))
    runs = left - picture
    return Room(listed, picture, runs) if runs >= LEAST_RUNS else Room(listed, left, 0)
