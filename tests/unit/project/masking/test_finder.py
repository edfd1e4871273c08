"""Fixed texts are found wherever they are, and their beginnings at the end of what has arrived."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from orch_tui.project.masking.finder import Beginnings, Finder

LONG = b"abcdefghijklmnop"
FEW = st.binary(min_size=1, max_size=14).map(lambda raw: bytes(b"ab"[byte % 2] for byte in raw))


@pytest.mark.parametrize("many", [1, 59, 60, 61, 120, 121])
def test_each_of_many_texts_is_found(many: int) -> None:
    texts = [b"text-%d;" % number for number in range(many)]
    finder = Finder(texts)
    for number, text in enumerate(texts):
        assert finder.any_in(b"x" + text)
        assert finder.places(b"x" + text) == [(number, 1, 1 + len(text))]
    assert not finder.any_in(b"text-") and finder.places(b"text-") == []


def test_texts_that_overlap_are_all_found() -> None:
    assert sorted(Finder([b"abab", b"ba"]).places(b"ababab")) == [(0, 0, 4), (0, 2, 6), (1, 1, 3), (1, 3, 5)]


@pytest.mark.parametrize("before", [b"", b"x", b"abcdefg", b"x" * 100])
@pytest.mark.parametrize("size", range(1, len(LONG)))
def test_a_text_that_has_begun_is_known_by_its_place(before: bytes, size: int) -> None:
    # GIVEN data that ends with the beginning of a text, as short or as long as can be
    begun = Beginnings([b"zzzz", LONG, LONG[:9] + b"X"])
    found = [*begun.at_end_of(before + LONG[:size])]
    # THEN it is told where, and which texts it may become
    assert found == [(len(before), [1, 2] if size <= 9 else [1])]


def test_a_whole_text_is_no_beginning() -> None:
    begun = Beginnings([LONG, b"abcd", LONG[:8]])
    assert [*begun.at_end_of(b"x" + LONG)] == []
    assert [*begun.at_end_of(b"xabcd")] == [(1, [0, 2])]
    assert [*begun.at_end_of(b"")] == []


@given(st.lists(FEW, min_size=1, max_size=4), st.lists(FEW, max_size=3).map(b"".join))
@example([b"a" * 9, b"a" * 10], b"a" * 9)
def test_every_beginning_is_found_and_nothing_else(texts: list[bytes], data: bytes) -> None:
    # GIVEN texts of two letters only, so that they begin within each other
    found = {(at, number) for at, numbers in Beginnings(texts).at_end_of(data) for number in numbers}
    # THEN what is found is what looking at each place finds
    assert found == {
        (at, number)
        for at in range(len(data))
        for number, text in enumerate(texts)
        if len(data) - at < len(text) and text.startswith(data[at:])
    }
