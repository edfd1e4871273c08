"""Whatever frames are sent, the terminal shows the picture: a terminal that we did not write (pyte) is asked."""

from __future__ import annotations

from unittest.mock import patch

import pyte
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from orch_tui.tui.wire import encode
from orch_tui.tui.wire.encode import Capabilities, Encoder
from orch_tui.tui.wire.pen import DEFAULT, REVERSE, Pen, change
from orch_tui.tui.wire.picture import CONTINUED, Row, cells
from orch_tui.tui.wire.wire import Wire
from rich.cells import cell_len
from rich.segment import Segment
from textual.strip import Strip

from tests.support.effort import examples
from tests.support.terminal import TerminalScreen, TerminalStream

BOLD, ITALIC, UNDERLINE = 1, 4, 8
PENS = [
    DEFAULT,
    Pen(BOLD, "31", ""),
    Pen(0, "38;5;120", "48;5;17"),
    Pen(ITALIC | UNDERLINE, "", "44"),
    Pen(REVERSE, "38;2;10;20;30", "48;2;1;2;3"),
    Pen(BOLD | REVERSE, "", ""),
]
TEXTS = st.text(st.sampled_from("ab c─│●▌█日本é😀\u0301\u200b\x1b\x07"), min_size=1, max_size=12) | st.sampled_from(
    ["          ", "──────────────", "                    x", "aaaaaaaaaaaa", "日日日日日日"]
)
PIECES = st.lists(st.tuples(TEXTS, st.sampled_from(PENS)), min_size=1, max_size=4).map(cells)
CAPABILITIES = st.builds(
    Capabilities, erase=st.booleans(), erase_colours=st.booleans(), repeat=st.booleans(), scroll=st.booleans()
)


class Terminal:
    def __init__(self, columns: int, lines: int) -> None:
        self.screen = TerminalScreen(columns, lines)
        self._stream = TerminalStream(self.screen)
        # pyte wraps before a mark that joins a character in the last column; terminals do not.
        self.write("\x1b[?7l")

    def write(self, text: str) -> None:
        self._stream.feed(text.encode())

    def cell(self, x: int, y: int) -> tuple[object, ...]:
        return _seen(self.screen.buffer[y][x])


def _seen(char: pyte.screens.Char) -> tuple[object, ...]:
    lines = (char.underscore, char.strikethrough, char.reverse, char.blink)
    if char.data == " " and not any(lines):
        return (" ", char.bg)
    return (char.data, char.fg, char.bg, char.bold, char.italics, *lines)


def shown(row: Row, width: int) -> list[tuple[object, ...]]:
    """A row as a terminal shows it to which each cell is written by itself, and nothing else."""
    terminal = Terminal(width, 1)
    for x, (text, pen) in enumerate(zip(row.texts, row.pens, strict=True)):
        if text != CONTINUED:
            terminal.write(f"\x1b[0m\x1b[1;{x + 1}H{change(DEFAULT, pen)}{text}")
    return [terminal.cell(x, 0) for x in range(width)]


class Model:
    """The picture as it should be, made by putting cells alone."""

    def __init__(self) -> None:
        self.rows: list[Row] = []

    def take(self, pieces: list[tuple[int, int, Row]], size: tuple[int, int], *, anew: bool) -> None:
        if anew or size != ((len(self.rows[0].texts) if self.rows else 0), len(self.rows)):
            self.rows = [Row.blank(size[0]) for _ in range(size[1])]
        for x, y, row in pieces:
            if x < size[0] and y < size[1]:
                self.rows[y].put(x, row)


FRAMES = st.lists(
    st.one_of(
        st.tuples(st.just("cells"), st.lists(st.tuples(st.integers(0, 29), st.integers(0, 11), PIECES), max_size=8)),
        st.tuples(st.just("shift"), st.integers(-5, 5)),
        st.tuples(st.just("size"), st.tuples(st.integers(4, 40), st.integers(2, 14))),
        st.tuples(st.just("forget"), st.none()),
    ),
    min_size=1,
    max_size=12,
)


# How many bytes a frame must have for another order to be tried.
ALWAYS_SORTED = st.sampled_from([0, 500])


@settings(max_examples=examples(150), deadline=None)
@given(FRAMES, CAPABILITIES, ALWAYS_SORTED)
def test_the_terminal_shows_the_picture_after_every_frame(
    frames: list[tuple[str, object]], can: Capabilities, least: int
) -> None:
    with patch.object(encode, "_LEAST_SORTED", least):
        _show_all(frames, can)


@pytest.mark.long
@settings(max_examples=examples(10_000), deadline=None)
@given(FRAMES, CAPABILITIES, ALWAYS_SORTED)
def test_the_terminal_shows_the_picture_after_very_many_frames(
    frames: list[tuple[str, object]], can: Capabilities, least: int
) -> None:
    with patch.object(encode, "_LEAST_SORTED", least):
        _show_all(frames, can)


def _show_all(frames: list[tuple[str, object]], can: Capabilities) -> None:
    size = (30, 12)
    wire, model, terminal = Wire(can), Model(), Terminal(*size)
    for kind, what in frames:
        # GIVEN some cells, all lines moved up or down, a terminal of another size, or one that shows something else
        pieces: list[tuple[int, int, Row]] = []
        anew = False
        if kind == "cells":
            pieces = list(what)  # type: ignore[call-overload]
        elif kind == "shift" and model.rows:
            pieces = [(0, y, model.rows[(y + what) % size[1]].copy()) for y in range(size[1])]  # type: ignore[operator]
        elif kind == "size" and what != size:
            size = what  # type: ignore[assignment]
            terminal.screen.resize(size[1], size[0])
            terminal.write("\x1b[Hleft over by the resize")
        elif kind == "forget":
            wire.forget()
            terminal.write("\x1b[31mwritten by something else\x1b[m")
            anew = True
        # WHEN the frame is sent
        terminal.write(wire.frame(pieces, size))
        model.take(pieces, size, anew=anew)
        # THEN each cell of the terminal is that of the picture
        for y, row in enumerate(model.rows):
            assert [terminal.cell(x, y) for x in range(size[0])] == shown(row, size[0]), (y, row.texts)


@given(st.sampled_from(PENS), st.sampled_from(PENS))
def test_a_change_of_pens_draws_like_the_pen_alone(old: Pen, new: Pen) -> None:
    one, other = Terminal(3, 1), Terminal(3, 1)
    one.write(f"{change(DEFAULT, old)}{change(old, new)}x")
    other.write(f"{change(DEFAULT, new)}x")
    assert one.cell(0, 0) == other.cell(0, 0)


def test_nothing_is_sent_for_what_is_there() -> None:
    wire = Wire()
    piece = (3, 1, cells([("Adform · Campaigns", PENS[2])]))
    assert wire.frame([piece], (40, 4)) != ""
    assert wire.frame([piece], (40, 4)) == ""


def test_one_digit_costs_a_jump_and_a_digit() -> None:
    wire = Wire()
    wire.frame([(0, 2, cells([("00:11", Pen(0, "32", ""))]))], (40, 4))
    text = wire.frame([(0, 2, cells([("00:12", Pen(0, "32", ""))]))], (40, 4))
    assert text == "\x1b[3;5H\x1b[32m2\x1b[m"


def test_scrolled_lines_are_moved_by_the_terminal() -> None:
    # GIVEN forty different lines
    lines = [cells([(f"line {number} of the log, with some words behind it", DEFAULT)]) for number in range(45)]
    wire = Wire(Capabilities(scroll=True))
    wire.frame([(0, y, lines[y]) for y in range(40)], (60, 40))
    # WHEN they move up by three
    text = wire.frame([(0, y, lines[y + 3]) for y in range(40)], (60, 40))
    # THEN three lines are sent, not forty
    assert len(text) < 4 * 60
    assert "\x1b[3M" in text


def test_runs_never_begin_or_end_inside_a_wide_character() -> None:
    wire, terminal = Wire(), Terminal(10, 1)
    for text in ("日本語", "a日本", "日x本", "ab本c"):
        terminal.write(wire.frame([(0, 0, cells([(text, DEFAULT)]))], (10, 1)))
        assert terminal.screen.display[0].replace(" ", "").startswith(text[:2])


@given(
    st.text(
        st.sampled_from("a❤☁1\ufe0f\ufe0e\u200d👨👩👍\U0001f3fde\u0301한\u20e3\xad\x07\u200b \U0001f1e8\U0001f1ff"),
        max_size=9,
    )
)
def test_a_text_has_as_many_cells_as_it_was_laid_out_with(text: str) -> None:
    row = cells([(text, DEFAULT)])
    assert len(row.texts) == len(row.pens) == cell_len(text)


def test_what_stands_behind_an_emoji_stays_in_its_column() -> None:
    # GIVEN a line that ends with a border, whose text changes to one with emoji that terminals draw in several widths
    wire, terminal = Wire(), Terminal(14, 1)
    terminal.write(wire.frame([(0, 0, cells([("the old one ", DEFAULT)])), (12, 0, cells([("│x", DEFAULT)]))], (14, 1)))
    for text in ("❤️ new", "👨‍👩‍👧 new", "1️⃣ new"):
        strip = Strip([Segment(text)]).adjust_cell_length(12)
        pieces = cells([(segment.text, DEFAULT) for segment in strip])
        # WHEN the line is drawn anew THEN nothing of the old one is left, and the border is where it was
        terminal.write(wire.frame([(0, 0, pieces)], (14, 1)))
        line = terminal.screen.display[0]
        assert line.rstrip().endswith("│x") and line.index("new") <= 6 and "one" not in line
        assert "\ufe0f" not in line and "\u200d" not in line


def test_a_control_never_reaches_the_terminal() -> None:
    row = cells([("a\x1b]0;title\x07b\x9b31mc\r\n\t", DEFAULT)])
    assert not any(ord(mark) < 32 or 127 <= ord(mark) < 160 for text in row.texts for mark in text)


def test_blanks_are_erased_where_the_terminal_keeps_the_colour() -> None:
    blue = Pen(0, "", "44")
    lines = [(0, 0, cells([("x" + " " * 38 + "x", blue)]))]
    plain = Wire(Capabilities()).frame(lines, (40, 1))
    erased = Wire(Capabilities(erase=True, erase_colours=True)).frame(lines, (40, 1))
    assert len(erased) < len(plain) - 20 and "\x1b[38X" in erased


def test_an_encoder_that_wrote_nothing_is_empty() -> None:
    assert Encoder(Capabilities()).text() == ""


def test_rows_that_change_alike_cost_one_pen() -> None:
    # GIVEN twenty rows of three colours on the terminal
    red, green = Pen(0, "38;2;200;10;10", ""), Pen(0, "38;2;10;200;10", "")
    dim = Pen(0, "38;2;90;90;90", "")
    wire = Wire()
    size = (60, 20)
    wire.frame([(0, y, cells([(f"first row {y:02}", red), ("  of a thing", green)])) for y in range(20)], size)
    # WHEN all of them are dimmed
    text = wire.frame([(0, y, cells([(f"first row {y:02}", dim), ("  of a thing", red)])) for y in range(20)], size)
    # THEN each colour is sent once, and not for every row
    assert text.count("90;90;90") == 1 and text.count("200;10;10") == 1


def test_a_blank_between_words_keeps_the_pen_of_the_words() -> None:
    wire = Wire()
    red = Pen(0, "38;2;200;10;10", "48;2;1;2;3")
    text = wire.frame([(0, 0, cells([("a few words in one colour", red)]))], (40, 1))
    assert text.count("\x1b[38;2;200;10;10") == 1 and "a few words in one colour" in text


@pytest.mark.parametrize(
    ("first", "to", "way"),
    [
        ("ab", (2, 4), "\x1b[B\b\b"),
        ("ab", (2, 2), "\x1b[A\b\b"),
        ("ab", (14, 3), "\x1b[15G"),
        ("ab", (5, 3), "\x1b[C"),
        ("ab", (4, 13), "\x1b[10B"),
        # Some terminals draw these in two columns: where the cursor is then, only its line tells.
        ("▄▄", (2, 4), "\x1b[5;3H"),
        ("▄▄", (5, 3), "\x1b[6G"),
    ],
)
def test_the_cursor_takes_the_shortest_way_that_is_sure(first: str, to: tuple[int, int], way: str) -> None:
    encoder = Encoder(Capabilities())
    row = Row.blank(40)
    row.put(2, cells([(first, DEFAULT)]))
    # GIVEN a cursor behind two characters
    encoder.row(3, Row.blank(40), row)
    before = encoder.text()
    # WHEN it goes elsewhere
    encoder.move(*to)
    assert encoder.text().removeprefix(before) == way


def test_behind_erased_cells_the_cursor_goes_where_it_is_needed_next() -> None:
    # GIVEN two lines with the same stretch of letters
    full = [cells([("a" * 40, DEFAULT)]) for _ in range(2)]
    emptied = Row(["a"] * 10 + [" "] * 20 + ["a"] * 10, [DEFAULT] * 40)
    # WHEN it is blank in both THEN the cursor is taken down, and not across
    text = encode.differences(Capabilities(erase=True), full, {0: emptied, 1: emptied})
    assert text == "\x1b[1;11H\x1b[20X\x1b[B\x1b[20X"
