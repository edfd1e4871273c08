"""How the width of the tree is shared."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from orch_tui.tui.workbench.layout.panes import Lines, Room, lines_of
from orch_tui.tui.workbench.tree.columns import GAP, TIME, Columns, Widths, share

SAMPLE = Widths(name=33, whole=46, behind=21)


@pytest.mark.parametrize(
    ("width", "least", "most"),
    # 120, 200 and 240 columns with a run, and 120 with the components beside the tree.
    [(117, 39, 70), (197, 66, 118), (237, 79, 142), (88, 29, 52)],
)
def test_wide_screens_give_bars_a_third_or_more_of_the_width(width: int, least: int, most: int) -> None:
    assert least <= share(width, SAMPLE, bars=True).bars <= most


def test_bars_shrink_before_names_do_and_words_go_before_names_are_cut() -> None:
    # GIVEN less and less room
    wide, middle, narrow, least = (share(width, SAMPLE, bars=True) for width in (97, 80, 62, 40))
    # THEN first bars shrink, then the words of states go, then names are cut
    assert wide.bars > middle.bars > narrow.bars and wide.words and middle.words and not narrow.words
    assert 80 - middle.behind_names - GAP - SAMPLE.behind >= SAMPLE.name
    assert 62 - narrow.behind_names - GAP - TIME >= SAMPLE.name
    assert least.bars >= 12


def test_without_room_for_bars_states_keep_their_words() -> None:
    assert share(77, SAMPLE, bars=False) == Columns(0, True)
    assert share(50, SAMPLE, bars=False) == Columns(0, False)
    assert share(77, SAMPLE, bars=False).behind_names == 0


@given(width=st.integers(20, 300), name=st.integers(6, 200), more=st.integers(0, 80), behind=st.integers(0, 34))
def test_there_is_always_room_for_something_of_a_name(width: int, name: int, more: int, behind: int) -> None:
    columns = share(width, Widths(name, name + more, behind), bars=True)
    assert 0 < columns.bars <= max(12, width * 0.6)
    # No columns are left over while the bars could have had them, but for the most that bars may take.
    left = width - columns.behind_names - GAP - max(behind, TIME) - name - more
    assert left <= 0 or columns.bars == int(width * 0.6)


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        # A plan: problems have what they need, but not more than a third.
        # With room below the tree, its picture has it
        ({"height": 38, "tree": 12, "problems": 3}, Lines(12, 3, 23)),
        ({"height": 38, "tree": 12, "problems": 60}, Lines(12, 11, 15)),
        ({"height": 38, "tree": 28, "problems": 3}, Lines(None, 3)),
        ({"height": 22, "tree": 11, "problems": 3, "narrow": True}, Lines(None, 3)),
        ({"height": 22, "tree": 21, "problems": 3, "narrow": True}, Lines(None, 0)),
        # A picture that does not fill them leaves lines to what the task under the cursor does.
        ({"height": 38, "tree": 12, "picture": lambda most: 10}, Lines(12, 3, 10, 13)),
        ({"height": 38, "tree": 12, "picture": lambda most: 3}, Lines(12, 3, 8, 15)),
        ({"height": 38, "tree": 12, "picture": lambda most: most - 7}, Lines(12, 3, 23)),
        # A run: the tree has what it needs, its log the rest.
        ({"height": 38, "tree": 12, "run": True}, Lines(12, None)),
        ({"height": 38, "tree": 90, "run": True}, Lines(20, None)),
        ({"height": 22, "tree": 11, "run": True, "narrow": True}, Lines(11, None)),
        ({"height": 22, "tree": 15, "run": True, "narrow": True}, Lines(None, 0)),
        # Half and all.
        ({"height": 38, "tree": 12, "run": True, "room": Room.HALF}, Lines(19, None)),
        ({"height": 38, "tree": 12, "room": Room.HALF, "focus": "below"}, Lines(19, None)),
        ({"height": 38, "tree": 12, "room": Room.HALF, "focus": "components"}, Lines(12, 3, 23)),
        ({"height": 38, "tree": 12, "room": Room.ALL}, Lines(None, 0)),
        ({"height": 38, "tree": 12, "room": Room.ALL, "focus": "below"}, Lines(0, None)),
        ({"height": 22, "tree": 11, "room": Room.HALF, "narrow": True}, Lines(None, 0)),
        ({"height": 22, "tree": 11, "focus": "below", "narrow": True}, Lines(0, None)),
    ],
)
def test_lines_of_tree_and_what_is_below(asked: dict[str, object], expected: Lines) -> None:
    usual = {"problems": 3, "run": False, "room": Room.SHARED, "focus": "tasks", "narrow": False}
    assert lines_of(**{**usual, **asked}) == expected  # type: ignore[arg-type]
