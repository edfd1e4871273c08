"""Zones that are known, that are near, and that show the same time."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from orch_tui.project.schedules.time_zones import MachineZone, machine_zone_name, near_zones, same_clock, same_minutes

NOW = datetime(2026, 1, 15, 12, tzinfo=UTC).timestamp()


@pytest.fixture
def prague(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "Europe/Prague")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize(
    ("first", "second", "clock", "minutes"),
    [
        ("UTC", "Etc/UTC", True, True),
        ("Europe/Prague", "Europe/Berlin", True, True),
        # The same in winter only.
        ("Europe/Prague", "Africa/Algiers", False, True),
        ("UTC", "Europe/London", False, True),
        ("UTC", "Asia/Kolkata", False, False),
        ("Asia/Kolkata", "Asia/Kathmandu", False, False),
        # Half an hour in one half of the year.
        ("Australia/Sydney", "Australia/Lord_Howe", False, False),
    ],
)
def test_clocks_are_compared_for_the_time_to_come(first: str, second: str, clock: bool, minutes: bool) -> None:
    for one, other in ((ZoneInfo(first), ZoneInfo(second)), (ZoneInfo(second), ZoneInfo(first))):
        assert same_clock(one, other, NOW) is clock and same_minutes(one, other, NOW) is minutes


@pytest.mark.parametrize(
    ("minutes", "same"), [(-90, False), (-60, True), (-59, False), (0, True), (61, False), (120, True)]
)
def test_whole_hours_apart_have_the_same_minutes(minutes: int, same: bool) -> None:
    assert same_minutes(UTC, timezone(timedelta(minutes=minutes)), NOW) is same


def test_the_zone_of_the_machine_is_the_one_it_keeps(prague: None) -> None:
    here, there = MachineZone(), ZoneInfo("Europe/Prague")
    for month in (1, 7):
        at = datetime(2026, month, 15, 12, tzinfo=UTC)
        assert at.astimezone(here).utcoffset() == at.astimezone(there).utcoffset()
        assert at.astimezone(here).tzname() == at.astimezone(there).tzname()
        assert at.astimezone(here).replace(tzinfo=None) == at.astimezone(there).replace(tzinfo=None)
    assert here.utcoffset(None) is None and here.tzname(None) is None
    assert machine_zone_name() == "Europe/Prague"


def test_the_machine_says_the_name_of_its_zone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", ":Asia/Tokyo")
    assert machine_zone_name() == "Asia/Tokyo"
    # Without the variable the link says it, else the C library.
    monkeypatch.delenv("TZ")
    monkeypatch.setattr(os, "readlink", lambda path: "/usr/share/zoneinfo/Asia/Kolkata")
    assert machine_zone_name() == "Asia/Kolkata"

    def no_link(path: str) -> str:
        raise OSError(22, "Invalid argument")

    monkeypatch.setattr(os, "readlink", no_link)
    assert machine_zone_name() == time.tzname[0]


@pytest.mark.parametrize(("name", "near"), [("Prague", "Europe/Prague"), ("new york", "America/New_York")])
def test_a_city_is_found_on_its_continent(name: str, near: str) -> None:
    assert near in near_zones(name)
