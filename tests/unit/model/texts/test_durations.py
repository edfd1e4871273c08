"""Durations and sizes at the places where their unit or form changes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from orch_tui.model.texts.durations import clock, parse_duration, show_duration, write_duration
from orch_tui.model.texts.sizes import size_text

DAY = 86400


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        *(("250ms", 0.25), ("1s", 1), ("1m", 60), ("1h", 3600), ("1d", DAY), ("90", 90), ("1.5", 1.5), (7, 7), (0, 0)),
        *(("1h30m", 5400), (" 1H 30 m ", 5400), ("1d 1h 1m 1s 1ms", DAY + 3661.001), ("0.5m", 30), ("0", 0)),
        *(("999999999", 999_999_999), (999_999_999.5, 999_999_999.5)),
    ],
)
def test_what_people_write_is_read(text: str | float, seconds: float) -> None:
    assert parse_duration(text) == pytest.approx(seconds)


@pytest.mark.parametrize("text", ["", "x", "5 y", "-1", "1h-30m", "1..5", "m", "5 6", "1e3"])
def test_what_is_no_duration_is_refused_with_what_to_write(text: str) -> None:
    with pytest.raises(ValueError, match="write it like"):
        parse_duration(text)


@pytest.mark.parametrize("value", [-1, -0.001, 10**9, 10**400, -(10**400), "1000000000", float("inf"), float("nan")])
def test_what_no_run_could_wait_for_is_refused(value: str | float) -> None:
    with pytest.raises(ValueError, match="no possible duration"):
        parse_duration(value)


@pytest.mark.parametrize("value", [True, False])
def test_a_flag_is_no_number(value: bool) -> None:
    with pytest.raises(ValueError, match="not true or false"):
        parse_duration(value)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        *((0, "0s"), (1, "1s"), (59, "59s"), (60, "1m"), (61, "1m1s"), (3600, "1h"), (3661, "1h1m1s")),
        *((DAY, "1d"), (DAY + 1, "1d1s"), (2 * DAY + 7200, "2d2h"), (0.25, "0.25s"), (90.5, "90.5s")),
    ],
)
def test_a_duration_is_written_as_short_as_can_be(seconds: float, text: str) -> None:
    assert write_duration(seconds) == text


@given(st.integers(0, 10**9 - 1))
def test_what_is_written_is_read_back(seconds: int) -> None:
    assert parse_duration(write_duration(seconds)) == seconds


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        *((None, ""), (0, "0.0 s"), (0.44, "0.4 s"), (9.94, "9.9 s"), (10, "10 s"), (59.4, "59 s"), (59.6, "1:00")),
        *((60, "1:00"), (187, "3:07"), (3599, "59:59"), (3600, "1:00:00"), (3723, "1:02:03"), (36000, "10:00:00")),
    ],
)
def test_a_duration_is_shown_in_the_form_of_its_length(seconds: float | None, text: str) -> None:
    assert show_duration(seconds) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-5, "00:00"),
        (0, "00:00"),
        (14.9, "00:14"),
        (60, "01:00"),
        (3599, "59:59"),
        (3600, "1:00:00"),
        (3723, "1:02:03"),
    ],
)
def test_a_clock_is_as_wide_one_second_later(seconds: float, text: str) -> None:
    assert clock(seconds) == text


@pytest.mark.parametrize(
    ("size", "text"),
    [
        *((0, "0 B"), (1, "1 B"), (1023, "1023 B"), (1024, "1.0 KiB"), (4300, "4.2 KiB")),
        *((1024**2 - 1024, "1023.0 KiB"), (1024**2, "1.0 MiB"), (1024**3, "1.0 GiB")),
        *((1023 * 1024**3, "1023.0 GiB"), (1024**4, "1.0 TiB"), (3 * 1024**4, "3.0 TiB"), (1024**5, "1024.0 TiB")),
    ],
)
def test_a_size_has_the_unit_that_fits(size: int, text: str) -> None:
    assert size_text(size) == text
