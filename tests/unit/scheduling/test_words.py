"""Schedules in words, and when they start something next."""

from __future__ import annotations

import sys
from datetime import UTC, datetime

import pytest
from orch_tui.model.orchestration.starts import Schedule
from orch_tui.project.schedules.time_zones import zone_of
from orch_tui.scheduling.next_start import next_starts
from orch_tui.scheduling.values import Pause, Watched
from orch_tui.scheduling.words import schedule_words


def watched(cron: str, timezone: str = "UTC") -> Watched:
    return Watched("o", "s", Schedule(cron, timezone=timezone), zone_of(timezone))


@pytest.mark.parametrize(
    ("cron", "words"),
    [
        ("30 5 * * 1-5", "At 05:30, Monday through Friday, Europe/Prague"),
        ("@daily", "At 00:00, Europe/Prague"),
        ("*/15 * * * *", "Every 15 minutes, Europe/Prague"),
    ],
)
def test_a_schedule_is_said_in_words(cron: str, words: str) -> None:
    pytest.importorskip("cron_descriptor")
    assert schedule_words(watched(cron, "Europe/Prague")) == words


def test_what_has_no_words_is_said_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cron_descriptor", None)
    assert schedule_words(watched("30 5 * * 1-5")) == "30 5 * * 1-5, UTC"


def test_the_next_starts_are_those_of_all_schedules_without_pauses() -> None:
    now = datetime(2026, 11, 29, 12, tzinfo=UTC).timestamp()
    schedules = [watched("0 18 * * *"), watched("0 20 * * *")]
    pause = Pause("o", now, now + 9 * 3600, "me")
    hours = [(at - now) / 3600 for at in next_starts(schedules, (pause,), now, 3)]
    assert hours == [30, 32, 54]
    assert next_starts([], (), now, 3) == []
