"""Bars drawn on an axis."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from orch_tui.model.status import Status
from orch_tui.runs.live.timeline import Bar, Span, Try
from orch_tui.tui.workbench.tree.axis import Axis, heading, scale
from orch_tui.tui.workbench.tree.bar_cells import ASCII, BLOCKS, Glyphs, draw_bar, draw_span

TWENTY = Axis(20.0, 20)


def drawn(bar: Bar | None, rules: tuple[int, ...] = (), glyphs: Glyphs = BLOCKS) -> str:
    return "".join(cells.text for cells in draw_bar(bar, TWENTY, rules, glyphs)).rstrip()


@pytest.mark.parametrize(
    ("bar", "picture", "ascii_picture"),
    [
        (None, "", ""),
        (Bar(2, 2, 6), "  ▄▄▄▄", "  ++++"),
        (Bar(2, 4, 6, critical=True), "  ··▄▄◂", "  ..++<"),
        (Bar(0, 0, 10, (Try(0, 6, Status.PROCESSING),)), "▆▆▆▆▆▆▄▄▄▄", "######++++"),
        (Bar(0, 0, 4, (Try(0, 4, Status.SUCCESS),), critical=True), "▆▆▆▆◂", "####<"),
        (
            Bar(0, 0, 9, (Try(0, 2, Status.ERROR), Try(5, 7, Status.PROCESSING))),
            "▆✘···▆▆▄▄",
            "#x...##++",
        ),
        # It began in the last column of the axis, and took no time.
        (Bar(20, 20, 20, (Try(20, 20, Status.SUCCESS),)), " " * 19 + "▆", " " * 19 + "#"),
    ],
)
def test_a_bar_shows_waiting_attempts_and_what_is_expected(bar: Bar, picture: str, ascii_picture: str) -> None:
    assert drawn(bar) == picture
    # AND its twin for terminals without blocks says the same
    assert drawn(bar, glyphs=ASCII) == ascii_picture


def test_rules_show_where_nothing_else_is() -> None:
    assert drawn(Bar(2, 2, 6), (4, 10)) == "  ▄▄▄▄    ┊"


def test_colours_say_the_status_and_how_much_is_known() -> None:
    def styles(bar: Bar) -> list[str]:
        return [cells.style for cells in draw_bar(bar, TWENTY, ()) if cells.text.strip()]

    assert styles(Bar(0, 0, 9)) == ["accent"]
    assert styles(Bar(0, 0, 9, known=False)) == ["dim"]
    assert styles(Bar(0, 0, 9, critical=True)) == ["heading"]
    tries = (Try(0, 3, Status.ERROR), Try(3, 6, Status.SUCCESS))
    assert styles(Bar(0, 0, 6, tries)) == ["error", "success"]


def test_a_phase_is_a_line_heavy_as_far_as_it_has_run() -> None:
    def line(span: Span | None, glyphs: Glyphs = BLOCKS) -> str:
        return "".join(cells.text for cells in draw_span(span, TWENTY, (), glyphs)).rstrip()

    assert line(None) == ""
    assert line(Span(2, 2, 6)) == "  ────"
    assert line(Span(2, 4, 6, Status.PROCESSING)) == "  ━━──"
    assert line(Span(2, 4, 6, Status.PROCESSING), ASCII) == "  ==--"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (20.0, "0 5 s 10 s 15 s"),
        (1.0, "0 0.2 s 0.4 s 0.6 s 0.8 s"),
        (2.0, "0 0.5 s 1.0 s 1.5 s"),
        (400.0, "0 2 min 4 min"),
        (460.0, "0 2 min 4 min 6 min"),
        (300.0, "0 1 min 2 min 3 min 4 min"),
        (110.0, "0 30 s 1:00 1:30"),
        (9000.0, "0 30 min 1:00 h 1:30 h 2:00 h"),
        (40_000.0, "0 3 h 6 h 9 h"),
        (400_000.0, "0 1 d 2 d 3 d 4 d"),
        (0.0, ""),
    ],
)
def test_ticks_are_at_round_times_with_room_for_their_words(seconds: float, words: str) -> None:
    found = heading(Axis(seconds, 40))
    assert " ".join(found.replace("╷", " ").split()) == words
    # AND each stands above its time
    assert not seconds or found.index("╷") == 0


def test_the_scale_of_what_goes_on_changes_in_steps() -> None:
    assert scale(10.0, 9.9) == 10.0
    assert scale(10.0, 10.1) > 12
    assert scale(100.0, 10.0) < 20


_TIMES = st.floats(0, 1e7)


@given(
    times=st.lists(_TIMES, min_size=3, max_size=9).map(sorted),
    seconds=st.floats(0, 1e7),
    cells=st.integers(0, 200),
    status=st.sampled_from(list(Status)),
    glyphs=st.sampled_from([BLOCKS, ASCII]),
)
def test_every_line_is_exactly_as_wide_as_its_axis_and_every_bar_can_be_seen(
    times: list[float], seconds: float, cells: int, status: Status, glyphs: Glyphs
) -> None:
    axis = Axis(seconds, cells)
    free, start, *rest = times
    tries = tuple(Try(one, other, status) for one, other in zip(rest[::2], rest[1::2], strict=False))
    for bar in (Bar(free, start, rest[-1], tries), Bar(free, start, rest[-1], critical=True)):
        pieces = draw_bar(bar, axis, (), glyphs)
        text = "".join(piece.text for piece in pieces)
        assert len(text) == cells
        assert not cells or any(glyph in text for glyph in (glyphs.ran, glyphs.expected, glyphs.failed))
    assert sum(len(piece.text) for piece in draw_span(Span(free, start, rest[-1], status), axis, (), glyphs)) == cells
    assert len(heading(axis)) == cells
