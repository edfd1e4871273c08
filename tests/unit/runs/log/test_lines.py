"""Lines of a log made fit to be seen."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from orch_tui.runs.log.lines import LIMIT, Line, Span, clean, coloured, plain

_PIECES = st.sampled_from(
    [
        *("\x1b[31m", "\x1b[0m", "\x1b[38;5;9m", "\x1b[2J", "\x1b]52;c;eA==\x07", "\x1b]0;title", "\x1b", "\x9b1m"),
        *("text", "[/usr]", "\t", "\r", "\x07", "é", "🎉", "\u202e", "\x1bPq", "\x1b\\", "\x1b[1;", "x" * 50),
    ]
)


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        (b"plain\n", "plain"),
        (b"", ""),
        (b"windows\r\n", "windows"),
        (b" 10 %\r 50 %\r100 %\n", "100 %"),
        (b" 10 %\r 50 %\r", " 50 %"),
        (b"a\tb\t\tc", "a       b               c"),
        ("日本\tx".encode(), "日本    x"),
        (b"bad \xff\xfe bytes", "bad \ufffd\ufffd bytes"),
        (b"\x1b]52;c;c2VjcmV0\x07kept", "kept"),
        (b"\x1b]0;title\x1b\\kept", "kept"),
        (b"\x1b[2J\x1b[1;1Hkept\x1b[K", "kept"),
        (b"\x1bPsixel\x1b\\kept\x1bc", "kept"),
        ("\u009b31mred\u202ekept".encode(), "redkept"),
        (b"\x08\x07\x00kept\x7f", "kept"),
        (b"half an escape \x1b[3", "half an escape "),
        (b"see [/usr/bin/foo] [bold]", "see [/usr/bin/foo] [bold]"),
    ],
)
def test_what_a_terminal_would_show_in_the_end(raw: bytes, shown: str) -> None:
    assert clean(raw).shown == shown
    assert plain(raw) == shown


def test_colours_are_kept_and_a_reset_ends_them() -> None:
    line = clean(b"a\x1b[1mb\x1b[31mc\x1b[0md\x1b[38;2;0;0;9me\x1b[me\x1b[48:5:0mf\n")
    assert line.text == "abcdeef"
    assert line.spans == (Span(1, 2, "1"), Span(2, 3, "1;31"), Span(4, 5, "38;2;0;0;9"), Span(6, 7, "48;5;0"))
    assert coloured(clean(b"a\x1b[31mb\x1b[0m[c]")) == "a\x1b[31mb\x1b[0m[c]"


def test_a_long_line_is_cut_with_a_note() -> None:
    line = clean(b"x" * 10_000)
    assert (len(line.text), line.more) == (LIMIT, 10_000 - LIMIT)
    assert line.shown.endswith("x[+5,904 chars]")
    # a line with tabs and colours takes the other way
    coloured_line = clean(b"\x1b[31m" + b"x" * 10_000 + b"\x1b[0m")
    assert (coloured_line.more, coloured_line.spans) == (5_904, (Span(0, LIMIT, "31"),))
    assert plain(b"\tx" * 5_000).count("x") == 5_000


def test_a_character_that_is_not_complete_yet_is_not_shown_as_a_bad_one() -> None:
    assert clean("añ".encode()[:-1], complete=False).shown == "a"
    assert clean("añ".encode()[:-1]).shown == "a\ufffd"


def test_a_line_of_nothing_but_colours_costs_little() -> None:
    line = clean(b"\x1b[31m" * 100_000 + b"end")
    assert line.text == "" and line.more > 0


@given(st.lists(_PIECES, max_size=30).map("".join), st.integers(1, 60))
def test_nothing_but_text_is_left_and_the_spans_lie_in_it(text: str, limit: int) -> None:
    # WHEN any mixture of text and control sequences is cleaned
    line = clean(text.encode(), limit=limit)
    # THEN no control is left, nothing is longer than wished, and the colours are in order
    assert not re.search("[\x00-\x1f\x7f-\x9f\u202e]", line.text)
    assert len(line.text) <= limit
    edges = [edge for span in line.spans for edge in (span.start, span.end)]
    assert edges == sorted(edges) and all(0 <= edge <= len(line.text) for edge in edges)
    assert all(re.fullmatch("[0-9;]+", span.sgr) for span in line.spans)


@given(st.binary(max_size=200))
def test_any_bytes_are_one_line_of_text(raw: bytes) -> None:
    assert isinstance(clean(raw.replace(b"\n", b""), complete=False), Line)
