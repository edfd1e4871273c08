"""Lines of text in a pane that is lower than they are."""

from __future__ import annotations

import pytest
from orch_tui.tui.widgets.fitted_text import fitted
from textual.content import Content

LINES = ("one two three four", "five", "six seven eight nine ten")


@pytest.mark.parametrize(
    ("height", "shown"),
    [
        (9, ["one two", "three four", "five", "six seven", "eight nine", "ten"]),
        (5, ["one two", "three four", "five", "six seven", "eight nin…"]),
        (3, ["one two…", "five", "six seven…"]),
        (2, ["one two…", "… 2 more"]),
        (1, ["… 3 more"]),
    ],
)
def test_what_is_left_out_has_a_sign(height: int, shown: list[str]) -> None:
    # GIVEN lines WHEN they get fewer rows than they need THEN the longest are cut first, and none goes without a sign
    found = fitted([Content(line) for line in LINES], 10, height).plain.split("\n")
    assert [row.rstrip() for row in found] == shown
    assert all(len(row.rstrip()) <= 10 for row in found)
