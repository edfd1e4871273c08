"""Text from outside made safe to show, at the edges of what is taken out."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from orch_tui.model.texts.text import counted, one_line, safe_json, safe_line, safe_lines, slug, unique, valid_id


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        *(("a\r\nb\nc\rd\te", "a b c d e"), ("a\x1b[1;31mred\x1b[0m", "ared"), ("\x9b2Jx", "x")),
        *(("\x1b]0;title\x07x", "x"), ("\x1b]8;;url\x1b\\x", "x"), ("\x90body\x9cx", "x"), ("\x1b(Bx", "x")),
        *(("a\x00b\x1fc\x7fd\x84e\xa0f", "abcde\xa0f"), ("a\u200bb\u202ec\ufeffd", "abcd"), ("\ud800x\udfff", "x")),
        *(("\U000e0041x", "x"), ("é 🎉", "é 🎉"), ("\u2010\u2027\u202f\u2070", "\u2010\u2027\u202f\u2070")),
    ],
)
def test_a_line_has_nothing_that_moves_or_hides(text: str, shown: str) -> None:
    assert safe_line(text) == shown


@pytest.mark.parametrize(
    ("limit", "shown"), [(None, "abcd"), (5, "abcd"), (4, "abcd"), (3, "ab…"), (2, "a…"), (1, "…"), (0, "…")]
)
def test_a_line_is_cut_with_a_mark(limit: int | None, shown: str) -> None:
    assert safe_line("abcd", limit) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        # A family, a heart in colour, a hand with a skin, an astronaut with one.
        ("\U0001f469\u200d\U0001f467 a", "\U0001f469\U0001f467 a"),
        ("\u2764\ufe0f b", "\u2764 b"),
        ("\U0001f44d\U0001f3fd c", "\U0001f44d c"),
        ("\U0001f469\U0001f3fd\u200d\U0001f680", "\U0001f469\U0001f680"),
        # Flags are two letters; joiners of other scripts belong to their words.
        ("\U0001f1e8\U0001f1ff", "\U0001f1e8\U0001f1ff"),
        ("\u0915\u094d\u200d\u0937", "\u0915\u094d\u200d\u0937"),
    ],
)
def test_joined_emoji_are_drawn_by_all_terminals_alike(text: str, shown: str) -> None:
    assert safe_line(text) == shown
    assert safe_line(shown) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        *(
            ("a\tb\nc", "a\tb\nc"),
            ("a\r\nb\x00", "a\nb"),
            ("a\rb", "ab"),
            ("a\x1b[1mb\n", "ab\n"),
            ("\ud800", "\ud800"),
        ),
        *(("x\x0bx", "xx"), ("x\u200bx", "xx"), ("a\r\nb", "a\nb")),
    ],
)
def test_lines_stay_lines(text: str, shown: str) -> None:
    assert safe_lines(text) == shown


@given(st.text())
def test_a_document_reads_back_as_it_was_and_hides_nothing(text: str) -> None:
    document = safe_json(json.dumps([text], ensure_ascii=False, indent=1))
    assert json.loads(document) == [text]
    assert safe_lines(document) == document


@pytest.mark.parametrize(
    ("character", "escaped"),
    [
        *(("\u200b", "\\u200b"), ("\ud800", "\\ud800"), ("\U000e0000", "\\udb40\\udc00")),
        *(("\U000e007f", "\\udb40\\udc7f"), ("\x7f", "\\u007f"), ("\uffff", "\uffff"), ("é", "é"), ("\n", "\n")),
    ],
)
def test_what_a_document_hides_is_escaped(character: str, escaped: str) -> None:
    assert safe_json(character) == escaped


@pytest.mark.parametrize(
    ("name", "made"),
    [
        *(("Load Orders!", "load-orders"), ("  Čeština ", "cestina"), ("a--b", "a-b"), ("日本", "item"), ("", "item")),
        *(("x" * 60, "x" * 60), ("x" * 61, "x" * 60), ("x" * 59 + " yz", "x" * 59)),
    ],
)
def test_a_name_makes_an_id(name: str, made: str) -> None:
    assert slug(name) == made
    assert slug("日本", "task") == "task"


def test_an_id_that_is_taken_gets_the_first_free_number() -> None:
    assert unique("a", set()) == "a"
    assert unique("a", {"a"}) == "a-2"
    assert unique("a", {"a", "a-2", "a-4"}) == "a-3"


@pytest.mark.parametrize(
    ("text", "valid"),
    [
        *(("a", True), ("0", True), ("A_b.c-9", True), ("a" * 100, True), ("a" * 101, False), ("", False)),
        *((".a", False), ("-a", False), ("_a", False), ("a/b", False), ("a\n", False), ("é", False)),
    ],
)
def test_an_id_is_safe_as_the_name_of_a_file(text: str, valid: bool) -> None:
    assert valid_id(text) is valid


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "0 rows"),
        (1, "1 row"),
        (2, "2 rows"),
        (999, "999 rows"),
        (1000, "1 000 rows"),
        (12_345_678, "12 345 678 rows"),
    ],
)
def test_a_number_is_counted_in_words(number: int, text: str) -> None:
    assert counted(number, "row") == text


@pytest.mark.parametrize("name", ["👩\u200d🚀 launch", "❤\ufe0f", "👋🏽", "क\u094d\u200dष", "Ж", "plain"])
def test_a_name_may_have_joined_emoji(name: str) -> None:
    # GIVEN a name with emoji made of several characters, WHEN it is asked what it may be, THEN it is as it was
    assert one_line(name) == name


@pytest.mark.parametrize(
    ("text", "shown"),
    [("👩\u200d🚀 launch", "👩🚀 launch"), ("❤\ufe0f", "❤"), ("👋🏽", "👋"), ("क\u094d\u200dष", "क\u094d\u200dष")],
)
def test_joined_emoji_are_shown_one_after_another(text: str, shown: str) -> None:
    # GIVEN what terminals draw in different widths, WHEN it is shown, THEN as cells of one width; scripts keep joiners
    assert safe_line(text) == shown
