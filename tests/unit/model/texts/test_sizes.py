"""Sizes as people write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from orch_tui.model.texts.sizes import parse_size, size_text, write_size


@given(st.integers(1, 2**62 - 1))
def test_what_is_written_is_read_as_the_same_bytes(size: int) -> None:
    assert parse_size(write_size(size)) == size


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("2GB", 2_000_000_000),
        ("2 GiB", 2 << 30),
        ("1.5gb", 1_500_000_000),
        (" 512MB ", 512_000_000),
        ("100 kb", 100_000),
        ("7B", 7),
        ("0.5TiB", 1 << 39),
    ],
)
def test_units_are_the_usual_ones(text: str, size: int) -> None:
    assert parse_size(text) == size


@pytest.mark.parametrize(
    "text", ["", "2", "GB", "2G", "-2GB", "2,5GB", "0GB", "1e3MB", "nanGB", "99999999TB", "2GB 3MB"]
)
def test_what_is_no_size_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="size"):
        parse_size(text)


@pytest.mark.parametrize(("size", "text"), [(2 * 10**9, "2GB"), (1 << 31, "2GiB"), (64 * 10**6, "64MB"), (0, "0B")])
def test_the_shortest_text_is_written(size: int, text: str) -> None:
    assert write_size(size) == text


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0 B"),
        (812, "812 B"),
        (1023, "1023 B"),
        (1024, "1.0 KiB"),
        (4300, "4.2 KiB"),
        (5 << 20, "5.0 MiB"),
        (3 << 29, "1.5 GiB"),
        (2 << 40, "2.0 TiB"),
        (3 << 50, "3072.0 TiB"),
    ],
)
def test_a_size_that_is_shown_is_short(size: int, text: str) -> None:
    assert size_text(size) == text
