"""Time zones by their IANA names, and the one of this machine."""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo

_LOCALTIME = Path("/etc/localtime")
_DAYS_COMPARED = 2 * 366


def is_zone(name: str) -> bool:
    """Whether the machine (or the package tzdata) knows this name."""
    return _zone(name) is not None


def zone_of(name: str) -> tzinfo:
    """The zone of this name; empty for the machine's own. Raises: ValueError when there is none."""
    zone = _zone(name) if name else MachineZone()
    if zone is None:
        raise ValueError(f'there is no time zone "{name}"')
    return zone


def _zone(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        # Unknown; a path out of the database; a directory of it.
        return None


def zone_names() -> tuple[str, ...]:
    """All names that can be written, sorted."""
    from zoneinfo import available_timezones

    return tuple(sorted(available_timezones()))


def near_zones(name: str) -> str:
    """``did you mean "Europe/Prague"?``, or nothing."""
    from zoneinfo import available_timezones

    from orch_tui.project.toml.decode import did_you_mean

    known = available_timezones()
    last = name.rpartition("/")[2].casefold().replace(" ", "_")
    same_city = [one for one in known if one.rpartition("/")[2].casefold() == last]
    return did_you_mean(same_city[0] if same_city else name, known)


class MachineZone(tzinfo):
    """This machine's time zone as the C library has it, from ``TZ`` or ``/etc/localtime``, whatever form that has."""

    def utcoffset(self, dt: datetime | None) -> timedelta | None:
        return None if dt is None else dt.replace(tzinfo=None).astimezone().utcoffset()

    def dst(self, dt: datetime | None) -> timedelta | None:
        return None

    def tzname(self, dt: datetime | None) -> str | None:
        return None if dt is None else dt.replace(tzinfo=None).astimezone().tzname()

    def fromutc(self, dt: datetime) -> datetime:
        return datetime.fromtimestamp(dt.replace(tzinfo=UTC).timestamp()).replace(tzinfo=self)


def machine_zone_name() -> str:
    """What the machine's zone is called, for people."""
    name = os.environ.get("TZ", "").removeprefix(":")
    if not name:
        try:
            name = os.readlink(_LOCALTIME).partition("zoneinfo/")[2]
        except OSError:
            name = ""
    return name or time.tzname[0]


def same_clock(first: tzinfo, second: tzinfo, now: float) -> bool:
    """Whether clocks in two zones show the same during the two years from ``now`` (seconds since the epoch)."""
    days = (datetime.fromtimestamp(now, UTC) + timedelta(days=day) for day in range(_DAYS_COMPARED))
    return all(day.astimezone(first).utcoffset() == day.astimezone(second).utcoffset() for day in days)


def same_minutes(first: tzinfo, second: tzinfo, now: float) -> bool:
    """Whether clocks in two zones differ by whole hours only during the two years from ``now``."""
    hour, none = timedelta(hours=1), timedelta(0)
    days = (datetime.fromtimestamp(now, UTC) + timedelta(days=day) for day in range(_DAYS_COMPARED))
    offsets = ((day.astimezone(first).utcoffset(), day.astimezone(second).utcoffset()) for day in days)
    return all(one is not None and other is not None and (one - other) % hour == none for one, other in offsets)
