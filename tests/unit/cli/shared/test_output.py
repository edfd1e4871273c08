"""Columns, cutting, glyphs, and streams that nobody reads any more."""

from __future__ import annotations

import io
import json
import os
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from orch_tui.cli.shared.output import Output, cells, fit, pad, print_table, shows_unicode, shrink
from orch_tui.cli.shared.report import print_json
from orch_tui.model.status import Status
from orch_tui.model.texts.text import safe_lines


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
        self._bytes = io.BytesIO()
        super().__init__(self._bytes, encoding=encoding)
        self._tty = tty

    def isatty(self) -> bool:
        return self._tty

    @property
    def text(self) -> str:
        self.flush()
        return self._bytes.getvalue().decode(self.encoding)


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


def test_a_reader_that_leaves_is_noticed_while_there_is_nothing_to_write() -> None:
    # GIVEN a pipe, and somebody who rests because nothing happens
    reading, writing = os.pipe()
    with open(writing, "w", encoding="utf-8") as stream:
        out = Output(stream)
        out.rest(0.01)
        assert not out.gone
        # WHEN its reader leaves THEN the rest is over at once, and nobody is told of an error
        os.close(reading)
        out.rest(600)
        assert out.gone
        out.line("nobody reads this")


@pytest.mark.parametrize("path", [os.devnull, "/dev/full"])
def test_what_is_no_pipe_and_no_terminal_is_never_gone(path: str) -> None:
    with open(path, "w", encoding="utf-8") as stream:
        out = Output(stream)
        out.rest(0.01)
        assert not out.gone
    Output(io.StringIO()).rest(0.01)


def test_tables_are_aligned_by_columns_and_safe() -> None:
    # GIVEN
    stream = Stream()
    # WHEN
    print_table(Output(stream), ["name", "rows"], [["名\n\x1b[31m", "7"], ["abcdef", "12345"]], right=(1,))
    # THEN
    assert stream.text == "name     rows\n名          7\nabcdef  12345\n"


_EVIL = ("\x1b]0;t\x07", "\x1b[2J", "\x9b31m", "\x1bc", "\x00", "\x07", "\x08", "\x7f", "\x85", "\x9d", "\u202e",
         "\u2066", "\u061c", "\u200b", "\u2060", "\ufeff", "\U000e0041", "\ud800")  # fmt: skip


class _Terminal(io.StringIO):
    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


def _output(*, tty: bool, monkeypatch: pytest.MonkeyPatch) -> tuple[Output, io.StringIO]:
    for name, value in {"TERM": "xterm", "LC_ALL": "C.UTF-8"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("NO_COLOR", raising=False)
    stream = _Terminal() if tty else io.StringIO()
    return Output(stream), stream


@pytest.mark.parametrize("evil", _EVIL)
@pytest.mark.parametrize("tty", [True, False])
def test_nothing_that_acts_on_a_terminal_passes_any_way_of_writing(
    monkeypatch: pytest.MonkeyPatch, tty: bool, evil: str
) -> None:
    # GIVEN a name from outside that nobody made safe
    out, stream = _output(tty=tty, monkeypatch=monkeypatch)
    # WHEN it is written in every way for people
    out.write(f"a{evil}b\n")
    out.line(f"a{evil}b")
    out.lines(f"a{evil}b\na{evil}b")
    print_table(out, [f"a{evil}b"], [[f"a{evil}b"]])
    out.rewrite(f"a{evil}b")
    out.write(f"a{evil}b\n", erase=True)
    if tty:
        out.data(f"a{evil}b\n")
    # THEN only what this program itself does with a terminal is there
    text = stream.getvalue().replace("\r\x1b[K", "").replace("\x1b[K", "").replace("\r", "")
    for own in ("\x1b[1m", "\x1b[0m"):
        text = text.replace(own, "")
    assert evil not in text and set(text) <= {"a", "b", "\n", " ", "?"}


def test_colours_and_lines_of_the_program_itself_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    out, stream = _output(tty=True, monkeypatch=monkeypatch)
    out.line(f"{out.paint('x', 'red')} {out.bold('y')}\n\tz")
    assert stream.getvalue() == "\x1b[31mx\x1b[0m \x1b[1my\x1b[0m\n\tz\n"


def test_data_for_programs_is_exact(monkeypatch: pytest.MonkeyPatch) -> None:
    out, stream = _output(tty=False, monkeypatch=monkeypatch)
    out.data("a\x1b[31m\u202eb\r\n")
    assert stream.getvalue() == "a\x1b[31m\u202eb\r\n"


@given(
    st.recursive(
        st.text() | st.sampled_from(_EVIL) | st.integers(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_json_reads_back_and_has_nothing_that_acts_on_a_terminal(value: object) -> None:
    # GIVEN any value, WHEN it is printed
    stream = io.StringIO()
    print_json(Output(stream), value)
    text = stream.getvalue()
    # THEN it reads back the same, and what is in it is plain
    assert json.loads(text) == value
    assert safe_lines(text) == text


def test_what_json_has_no_form_for_is_a_text() -> None:
    stream = io.StringIO()
    at = datetime(2026, 11, 22, 14, 2, tzinfo=UTC)
    print_json(Output(stream), {"a": at, "b": at.date(), "c": at.time(), "d": float("inf"), "e": [float("nan")]})
    assert json.loads(stream.getvalue()) == {
        "a": "2026-11-22T14:02:00+00:00", "b": "2026-11-22", "c": "14:02:00", "d": "inf", "e": ["nan"],
    }  # fmt: skip
