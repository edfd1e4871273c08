"""Moments of Keboola's mappings."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from orch_tui.components.keboola.times import moment
from orch_tui.model.errors import UserError

from tests.support.effort import examples

NOW = datetime(2026, 3, 31, 12, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("now", "2026-03-31T12:30:00+00:00"),
        ("-2 days", "2026-03-29T12:30:00+00:00"),
        ("2 days ago", "2026-03-29T12:30:00+00:00"),
        ("- 1 HOUR", "2026-03-31T11:30:00+00:00"),
        ("+1 week", "2026-04-07T12:30:00+00:00"),
        ("-1 month", "2026-02-28T12:30:00+00:00"),
        ("-2 years", "2024-03-31T12:30:00+00:00"),
        ("yesterday", "2026-03-30T00:00:00+00:00"),
        ("2026-01-02", "2026-01-02T00:00:00+00:00"),
        ("2013-02-12T15:19:21+02:00", "2013-02-12T15:19:21+02:00"),
        ("1360138863", "2013-02-06T08:21:03+00:00"),
    ],
)
def test_what_a_moment_means(text: str, expected: str) -> None:
    assert moment(text, NOW, "here").isoformat() == expected


@given(st.one_of(st.text(max_size=20), st.from_regex(r"[+-]?\d{1,6} (day|month|year)s?( ago)?", fullmatch=True)))
@settings(max_examples=examples(200))
def test_any_text_is_a_moment_or_a_sentence(text: str) -> None:
    try:
        assert moment(text, NOW, "here").tzinfo is not None
    except UserError as error:
        assert str(error).startswith("here: ") and "\n" not in str(error)
