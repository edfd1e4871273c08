"""One spelling for what encoders write, and where each byte of it comes from."""

from __future__ import annotations

import pytest
from orch_tui.project.masking.canonical import Canon, has_soft_break, unseen

CANON = Canon(b"hunter2/& \n")
ACROSS = Canon(b"hunter2", soft_breaks=True)

# What was written, and what it stands for.
ONE = [
    *((b"h", b"h"), (b"-", b"+"), (b"_", b"/"), (b"%68", b"h"), (b"%6e", b"n"), (b"%6E", b"n"), (b"%2568", b"h")),
    *((b"%252568", b"h"), (b"%u0068", b"h"), (b"%u00e9", "é".encode()), (b"%5Cx68", b"h"), (b"%26#104;", b"h")),
    *((b"&#104;", b"h"), (b"&#x68;", b"h"), (b"&#X68;", b"h"), (b"&amp;#104;", b"h"), (b"&amp;amp;#104;", b"h")),
    *((b"&lt;", b"<"), (b"&amp;", b"&"), (b"&eacute;", "é".encode()), (b"\\x68", b"h"), (b"\\\\x68", b"h")),
    *((b"\\u0068", b"h"), (b"\\u{68}", b"h"), (b"\\x{68}", b"h"), (b"\\U00000068", b"h"), (b"\\150", b"h")),
    *((b"\\ud83d\\ude42", "🙂".encode()), (b"\\uD83D\\\\uDE42", "🙂".encode()), (b"\\N{LATIN SMALL LETTER H}", b"h")),
    *((b"\\udbff\\udfff", "\U0010ffff".encode()), (b"\\ud800\\udc00", "\U00010000".encode())),
    *(
        (b"\\u{10ffff}", "\U0010ffff".encode()),
        (b"\\u{110000}", b""),
        (b"\\303\\251", "é".encode()),
        (b"\\377", b"\xff"),
    ),
    *((b"\\n", b""), (b"\\t", b""), (b'"', b""), (b"'", b""), (b"`", b""), (b"\\", b""), (b" ", b""), (b"\x00", b"")),
    *((b"\x7f", b""), (b"\x1b[1;31m", b""), (b"\x1b]0;title\x07", b""), (b"\x1b]8;;x\x1b\\", b""), (b"\x1bM", b"")),
    *(("\u200b".encode(), b""), ("\u2500".encode(), b""), ("\u257f".encode(), b""), ("\xad".encode(), b"")),
    *(("\ufeff".encode(), b""), ("\u202e".encode(), b""), ("\u2060".encode(), b""), ("\ufe0f".encode(), b"")),
    *((b"\\xad", b""), (b"\\xc2\\xad", b""), (b"\\xc3\\xad", "í".encode())),
    # What is no encoding stays, and so does percent-encoding of letters that nobody looks for.
    *((b"%7a", b"%7a"), (b"%zz", b"%zz"), (b"&nosuch;", b"&nosuch;"), (b"&#;", b"&#;"), ("é".encode(), "é".encode())),
    *((b"\\N{NO SUCH LETTER}", b"N{NOSUCHLETTER}"), (b"\\400", b"400"), (b"\\8", b"8"), (b"\\xg", b"xg")),
    *(("\u2580".encode(), "\u2580".encode()), ("\u2027".encode(), "\u2027".encode())),
]


@pytest.mark.parametrize(("written", "meant"), ONE)
def test_what_is_written_has_one_spelling(written: bytes, meant: bytes) -> None:
    assert CANON.of(b"a" + written + b"z") == b"a" + meant + b"z"


@pytest.mark.parametrize(("written", "meant"), ONE)
def test_the_place_of_each_byte_is_known(written: bytes, meant: bytes) -> None:
    # GIVEN the same between two other letters
    data = b"a" + written + b"z"
    mapped = CANON.mapped(data)
    # THEN the map has the same text, and the letters around come from their own places
    assert mapped.text == b"a" + meant + b"z"
    assert (mapped.starts[0], mapped.ends[0]) == (0, 1)
    assert (mapped.starts[-1], mapped.ends[-1]) == (len(data) - 1, len(data))
    # AND what is between comes from between
    inside = [*zip(mapped.starts[1:-1], mapped.ends[1:-1], strict=True)]
    assert len(inside) == len(meant)
    assert all(1 <= start < end <= len(data) - 1 for start, end in inside)
    if meant in (b"h", b"n"):
        assert inside == [(1, len(data) - 1)]


def test_four_encodings_within_each_other_are_undone() -> None:
    data = b"h"
    for depth in range(1, 7):
        data = b"".join(b"&#%d;" % byte for byte in data)
        assert (CANON.of(data) == b"h") is (depth <= 4)
        assert (CANON.mapped(data).text == b"h") is (depth <= 4)


# An escape that goes on, cut at any place.
OPEN = [
    *(
        b"%68",
        b"%2568",
        b"%u0068",
        b"&#104;",
        b"&#x68;",
        b"&amp;#104;",
        b"&eacute;",
        b"\\x68",
        b"\\\\\\x68",
        b"\\u0068",
    ),
    *(b"\\u{68}", b"\\x{68}", b"\\U00000068", b"\\150", b"\\ud83d\\ude42", b"\\N{LATIN SMALL LETTER H}"),
    *(b"\x1b[1;31m", b"\x1b]8;;x\x1b\\", "\u200b".encode(), "\u2500".encode(), "\xad".encode(), "\ufeff".encode()),
]


@pytest.mark.parametrize("escape", OPEN)
def test_an_escape_that_is_not_complete_waits(escape: bytes) -> None:
    for end in range(1, len(escape)):
        # GIVEN what has arrived of it THEN everything before it is known, and where it begins
        assert CANON.end_of(b"abc" + escape[:end]) == (b"abc", 3), escape[:end]
        mapped, cut = CANON.mapped_end(b"abc" + escape[:end])
        assert (mapped.text, cut) == (b"abc", 3)
        assert (list(mapped.starts), list(mapped.ends)) == ([0, 1, 2], [1, 2, 3])
    # AND nothing waits once another letter stands behind it
    data = b"abc" + escape + b"z"
    assert CANON.end_of(data) == (CANON.of(data), len(data))
    assert CANON.mapped_end(data) == (CANON.mapped(data), len(data))


def test_an_escape_within_an_encoding_waits_as_well() -> None:
    assert CANON.end_of(b"abc%5Cu00") == (b"abc", 3)
    assert CANON.mapped_end(b"abc%5Cu00")[1] == 3


def test_what_could_only_be_open_far_away_is_no_escape() -> None:
    # GIVEN a title of a terminal that does not end
    title = b"\x1b]" + b"x" * 300
    assert CANON.end_of(title)[1] == len(title)
    assert CANON.end_of(b"\x1b]" + b"x" * 200)[1] == 0


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_soft_breaks_of_mail_are_another_reading(end: bytes) -> None:
    data = b"hun=" + end + b"ter"
    assert CANON.of(data) == b"hun=ter" and ACROSS.of(data) == b"hunter"
    mapped = ACROSS.mapped(data)
    assert mapped.text == b"hunter"
    at = 4 + len(end)
    assert list(mapped.starts) == [0, 1, 2, at, at + 1, at + 2]
    assert list(mapped.ends) == [1, 2, 3, at + 1, at + 2, at + 3]
    # What may become one waits.
    for begun in (b"hun=", b"hun=\r"):
        assert ACROSS.end_of(begun) == (b"hun", 3)


@pytest.mark.parametrize(
    ("data", "ended", "there"),
    [
        *((b"a=\nb", True, True), (b"a=\r\nb", True, True), (b"a=b", True, False), (b"a\n", True, False)),
        *((b"a=", True, False), (b"a=", False, True), (b"a=\r", False, True), (b"a=\r", True, False)),
        *((b"a=b", False, False), (b"", False, False)),
    ],
)
def test_a_soft_break_is_there_or_may_come(data: bytes, ended: bool, there: bool) -> None:
    assert has_soft_break(data, ended=ended) is there


def test_what_cannot_be_seen_is_left_out_and_nothing_is_decoded() -> None:
    assert unseen(b"a\x1b[0mb\\xadc%68") == b"abc%68"
    assert unseen("a\u200bé".encode()) == "aé".encode()
    assert unseen(b"plain") == b"plain"
