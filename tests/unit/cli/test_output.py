"""Columns, cutting, glyphs, and streams that nobody reads any more."""

from __future__ import annotations

import io
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st
from orch_tui.cli.output import Output, cells, fit, pad, print_table, shows_unicode, shrink
from orch_tui.model.status import Status


@given(st.text(), st.integers(0, 40))
def test_cut_text_fits_and_short_text_stays(text: str, width: int) -> None:
    # GIVEN any text and width, WHEN it is cut
    shown = fit(text, width)
    # THEN it fits; and it is the same text where that fits already
    assert cells(shown) <= width
    assert (shown == text) == (cells(text) <= width)


@given(st.text(alphabet=st.characters(codec="ascii", exclude_categories=["C"])), st.integers(1, 40), st.booleans())
def test_padded_text_has_exactly_the_width(text: str, width: int, right: bool) -> None:
    assert len(pad(text, width, right=right)) == width


def test_wide_characters_take_two_columns_and_combining_ones_none() -> None:
    assert cells("名前") == 4
    assert cells("e\u0301") == 1
    assert fit("名前だ", 4) == "名…"


@given(st.lists(st.integers(0, 300), min_size=1, max_size=12), st.integers(40, 200))
def test_columns_shrink_to_the_room_there_is_and_never_grow(widths: list[int], room: int) -> None:
    # WHEN
    found = shrink(widths, room)
    # THEN
    assert all(new <= old for new, old in zip(found, widths, strict=True))
    assert sum(found) <= max(room, sum(min(width, 3) for width in widths))
    assert sum(widths) > room or found == widths


@pytest.mark.parametrize(
    ("encoding", "environment", "expected"),
    [
        ("utf-8", {"LANG": "de_DE.UTF-8"}, True),
        ("utf-8", {}, True),
        ("UTF8", {"LC_ALL": "", "LANG": "C.UTF-8"}, True),
        ("utf-8", {"LC_ALL": "C", "LANG": "de_DE.UTF-8"}, False),
        ("utf-8", {"LC_CTYPE": "C.UTF-8", "LANG": "C"}, False),
        ("latin-1", {"LANG": "de_DE.UTF-8"}, False),
        (None, {}, False),
    ],
)
def test_glyphs_are_shown_where_locale_and_encoding_allow_it(
    encoding: str | None, environment: dict[str, str], expected: bool
) -> None:
    assert shows_unicode(encoding, environment) is expected


class Stream(io.TextIOWrapper):
    def __init__(self, *, encoding: str = "utf-8", tty: bool = False) -> None:
        super().__init__(io.BytesIO(), encoding=encoding)
        self._tty = tty

    def isatty(self) -> bool:
        return self._tty

    @property
    def text(self) -> str:
        self.flush()
        return self.buffer.getvalue().decode(self.encoding)  # type: ignore[attr-defined]


def test_colour_only_on_terminals_that_want_it(monkeypatch: pytest.MonkeyPatch) -> None:
    # GIVEN
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    # WHEN / THEN
    assert Output(Stream(tty=True)).status(Status.ERROR) == "\x1b[31m✘ error\x1b[0m"
    assert Output(Stream()).status(Status.ERROR) == "✘ error"
    monkeypatch.setenv("NO_COLOR", "1")
    assert Output(Stream(tty=True)).status(Status.ERROR) == "✘ error"
    monkeypatch.setenv("TERM", "dumb")
    assert not Output(Stream(tty=True)).tty


def test_what_the_encoding_cannot_hold_is_replaced_and_never_an_error() -> None:
    # GIVEN
    stream = Stream(encoding="ascii")
    # WHEN
    Output(stream).line("✔ Größe · 名 \udc80")
    # THEN
    assert stream.text == "+ Gr??e - ? ?\n"


def test_a_reader_that_left_is_told_once_and_the_rest_is_dropped() -> None:
    # GIVEN a pipe without a reader
    reading, writing = os.pipe()
    os.close(reading)
    lost: list[OSError] = []
    with open(writing, "w", encoding="utf-8") as stream:
        out = Output(stream, lost.append)
        # WHEN
        out.line("one")
        out.line("two")
    # THEN
    assert out.gone
    assert [type(error) for error in lost] == [BrokenPipeError]


def test_tables_are_aligned_by_columns_and_safe() -> None:
    # GIVEN
    stream = Stream()
    # WHEN
    print_table(Output(stream), ["name", "rows"], [["名\n\x1b[31m", "7"], ["abcdef", "12345"]], right=(1,))
    # THEN
    assert stream.text == "name     rows\n名          7\nabcdef  12345\n"
