"""Times as people say them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import datetime

import pytest
from orch_tui.runs.past.moments import parse_moment

# A Sunday.
NOW = "2026-11-29 16:00"


@pytest.fixture(autouse=True)
def prague(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "Europe/Prague")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def at(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


@pytest.mark.parametrize(
    ("text", "begin", "end"),
    [
        ("7d", "2026-11-22 16:00", None),
        ("2w", "2026-11-15 16:00", None),
        ("1h30m", "2026-11-29 14:30", None),
        ("3 days ago", "2026-11-26 16:00", None),
        ("an hour ago", "2026-11-29 15:00", None),
        ("1 month ago", "2026-10-29 16:00", None),
        ("9 months ago", "2026-02-28 16:00", None),
        ("last week", "2026-11-22 16:00", None),
        ("now", NOW, None),
        ("today", "2026-11-29", "2026-11-30"),
        ("Yesterday", "2026-11-28", "2026-11-29"),
        ("monday", "2026-11-23", "2026-11-24"),
        ("last mon", "2026-11-23", "2026-11-24"),
        ("sunday", "2026-11-29", "2026-11-30"),
        ("this week", "2026-11-23", "2026-11-30"),
        ("this month", "2026-11-01", "2026-12-01"),
        ("05:30", "2026-11-29 05:30", None),
        ("17:00", "2026-11-28 17:00", None),
        ("3 Nov", "2026-11-03", "2026-11-04"),
        ("Dec 3", "2025-12-03", "2025-12-04"),
        ("29 February 2024", "2024-02-29", "2024-03-01"),
        ("2026-11-03", "2026-11-03", "2026-11-04"),
        ("2026-11-03 05:30", "2026-11-03 05:30", None),
        ("2026-11-03T05:30:00+00:00", "2026-11-03 06:30", None),
        # The day on which clocks are set back has 25 hours.
        ("2026-10-25", "2026-10-25", "2026-10-26"),
    ],
)
def test_what_people_mean(text: str, begin: str, end: str | None) -> None:
    # WHEN a time is read on that Sunday THEN it is what people mean by it: a moment, or a whole day
    found = parse_moment(text, at(NOW))
    assert (found.begin, found.end) == (at(begin), at(end or begin))


@pytest.mark.parametrize("text", ["", " ", "3", "soon", "31 Feb", "25:00", "99999999999d", "3 daze ago", "2026-13-01"])
def test_what_is_no_time_is_said_with_what_is(text: str) -> None:
    # WHEN something else is given THEN the sentence has examples
    with pytest.raises(ValueError, match="is no time; write it like"):
        parse_moment(text, at(NOW))
