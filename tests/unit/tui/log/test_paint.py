"""Few bytes: which cells are painted, and how often."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from orch_tui.tui.log.paint import Allowance, changed, cost, sgr_style, strip_of
from rich.segment import Segment
from rich.style import Style
from textual.geometry import Region
from textual.strip import Strip

RED, PLAIN = Style(color="red"), Style()


def strip(*parts: tuple[str, Style]) -> Strip:
    return Strip([Segment(text, style) for text, style in parts])


def test_only_what_differs_is_painted() -> None:
    same = strip(("row 0001 done  ", PLAIN))
    assert changed(same, strip(("row 00", PLAIN), ("01 done  ", PLAIN)), 3) is None
    assert changed(same, strip(("row 0027 done  ", PLAIN)), 3) == Region(6, 3, 2, 1)
    assert changed(same, strip(("row ", PLAIN), ("0001", RED), (" done  ", PLAIN)), 0) == Region(4, 0, 4, 1)


def test_rows_with_wide_characters_are_painted_whole() -> None:
    assert changed(strip(("日本a", PLAIN)), strip(("日本b", PLAIN)), 1) == Region(0, 1, 5, 1)
    # one cell, but not ASCII
    assert changed(strip(("é 1", PLAIN)), strip(("é 2", PLAIN)), 1) == Region(2, 1, 1, 1)


@given(st.text("ab ", min_size=6, max_size=6), st.text("ab ", min_size=6, max_size=6))
def test_painting_the_region_over_the_old_row_gives_the_new_one(old: str, new: str) -> None:
    region = changed(strip((old, PLAIN)), strip((new, PLAIN)), 0)
    painted = old if region is None else old[: region.x] + new[region.x : region.right] + old[region.right :]
    assert painted == new


def test_layers_lie_over_one_another_and_sideways_is_cut() -> None:
    row = strip_of("0123456789", PLAIN, [(2, 5, RED), (4, 6, Style(bold=True))], 1, 6)
    assert [(one.text, one.style) for one in row] == [
        ("1", PLAIN),
        ("23", RED),
        ("4", RED + Style(bold=True)),
        ("5", Style(bold=True)),
        ("6", PLAIN),
    ]
    # what goes on beyond the text colours the rest of the row
    assert list(strip_of("ab", PLAIN, [(0, 3, RED)], 0, 5))[-1] == Segment("   ", RED)


@pytest.mark.parametrize(
    ("text", "column", "shown"),
    [
        ("0123456789", 3, "345"),
        ("日本語", 0, "日 "),
        ("日本語", 2, "本 "),
        ("日本語", 1, " 本"),
        ("é日x", 0, "é日"),
        ("ab", 5, "   "),
    ],
)
def test_what_is_in_view_of_a_row(text: str, column: int, shown: str) -> None:
    assert strip_of(text, PLAIN, [(0, 1, RED), (1, 2, RED)], column, 3).text == shown


def test_a_line_of_thousands_of_colours_is_drawn_from_those_in_view() -> None:
    layers = [(at, at + 1, Style(color=f"color({at % 7})")) for at in range(4000)]
    row = strip_of("x" * 4000, PLAIN, layers, 1000, 80)
    assert len(list(row)) == 80 and next(iter(row)).style == layers[1000][2]


@pytest.mark.parametrize(
    ("sgr", "style"),
    [
        ("1;31", Style(bold=True, color="color(1)")),
        ("38;5;9", Style(color="color(9)")),
        ("38;2;1;2;3", Style(color="#010203")),
        ("48;2;999;0;0", Style(bgcolor="#ff0000")),
        ("5;8;7777777;;x", Style()),
        ("38", Style()),
        ("38;5", Style(color="color(0)")),
    ],
)
def test_colours_of_programs(sgr: str, style: Style) -> None:
    assert sgr_style(sgr) == style


def test_a_burst_is_painted_at_once_and_a_flood_seldom() -> None:
    # GIVEN 100 bytes a second, 300 at once
    allowance = Allowance(100, 300)
    assert allowance.ready(0.0)
    allowance.spend(250)
    assert allowance.ready(0.1)
    # WHEN more was painted than there was
    allowance.spend(500)
    # THEN it is made up for
    assert not allowance.ready(4.3)
    assert allowance.ready(4.6)
    # and a long rest saves no more than one burst
    assert allowance.ready(1000.0)
    allowance.spend(301)
    assert not allowance.ready(1000.0)


def test_what_is_left_of_a_region_and_every_colour_cost_too() -> None:
    plain, colours = strip(("x" * 80, PLAIN)), strip(*((("x", RED), ("y", PLAIN)) * 40))
    assert cost(plain, Region(50, 0, 10, 1)) == cost(plain, Region(0, 0, 60, 1)) > 60
    assert cost(colours, Region(0, 0, 80, 1)) > 10 * cost(plain, Region(0, 0, 80, 1))
    assert cost(colours, Region(0, 0, 2, 1)) < cost(plain, Region(0, 0, 80, 1))
