"""Times as people say them of what has been: ``3 days ago``, ``yesterday``, ``monday``, ``2026-11-03``, ``7d``."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import NamedTuple

from orch_tui.model.texts.durations import parse_duration

_AGO = re.compile(r"(\d+|an?|one) ?(second|minute|hour|day|week|month|year)s? ago")
_WEEKS = re.compile(r"(\d+)w")
_CLOCK = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2}))?")
_DAY = re.compile(r"(\d{1,2})\.? ?([a-z]{3,9})(?: (\d{4}))?|([a-z]{3,9}) (\d{1,2})(?:,? (\d{4}))?")
_SECONDS = {"second": 1, "minute": 60, "hour": 3600, "day": 86400, "week": 7 * 86400}
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_MONTHS = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
_SHORT = 3
EXAMPLES = '"7d", "3 days ago", "yesterday", "monday", "3 Nov", "2026-11-03", "2026-11-03 05:30"'


class Span(NamedTuple):
    """From ``begin`` to before ``end``, in seconds since the epoch: a day, or a moment, of which both are the same."""

    begin: float
    end: float


def parse_moment(text: str, now: float) -> Span:
    """What people mean by it at ``now``; without a time zone it is by the clock of this machine.

    A day is meant as a whole: the last one of that name, today among them.

    Raises:
        ValueError: it is no time; the text says what is.
    """
    words = " ".join(text.casefold().split()).removeprefix("last ") if not text.isspace() else ""
    today = datetime.fromtimestamp(now).replace(hour=0, minute=0, second=0, microsecond=0)
    try:
        found = _ago(words, now) or _named(words, now, today) or _of_clock(words, now, today) or _dated(words, today)
        return found or _iso(text.strip())
    except (ValueError, OverflowError, OSError) as error:
        raise ValueError(f'"{text}" is no time; write it like {EXAMPLES}') from error


def _moment(at: float) -> Span:
    return Span(at, at)


def _days(begin: datetime, days: int = 1) -> Span:
    return Span(begin.timestamp(), (begin + timedelta(days=days)).timestamp())


def _ago(words: str, now: float) -> Span | None:
    if words == "now":
        return _moment(now)
    if weeks := _WEEKS.fullmatch(words):
        return _moment(now - int(weeks[1]) * _SECONDS["week"])
    if found := _AGO.fullmatch(words):
        number = int(found[1]) if found[1].isdecimal() else 1
        unit = found[2]
        if unit in _SECONDS:
            return _moment(now - number * _SECONDS[unit])
        then = datetime.fromtimestamp(now)
        months = number if unit == "month" else 12 * number
        year, month = divmod(then.year * 12 + then.month - 1 - months, 12)
        # The 31st of a shorter month is its last day.
        first = then.replace(year=year, month=month + 1, day=1)
        last = (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
        return _moment(first.replace(day=min(then.day, last.day)).timestamp())
    try:
        # A number alone is no time that people mean: seconds are said with their unit.
        return None if words.isdecimal() else _moment(now - parse_duration(words))
    except ValueError:
        return None


def _named(words: str, now: float, today: datetime) -> Span | None:
    if words == "today":
        return _days(today)
    if words == "yesterday":
        return _days(today - timedelta(days=1))
    if words in ("week", "month", "year"):
        # "last week", without its first word.
        return _ago(f"1 {words} ago", now)
    if words == "this week":
        return _days(today - timedelta(days=today.weekday()), 7)
    if words == "this month":
        first = today.replace(day=1)
        return _days(first, ((first + timedelta(days=32)).replace(day=1) - first).days)
    for number, name in enumerate(_WEEKDAYS):
        if words == name or (len(words) >= _SHORT and name.startswith(words)):
            return _days(today - timedelta(days=(today.weekday() - number) % 7))
    return None


def _of_clock(words: str, now: float, today: datetime) -> Span | None:
    if (found := _CLOCK.fullmatch(words)) is None:
        return None
    at = today.replace(hour=int(found[1]), minute=int(found[2]), second=int(found[3] or 0))
    return _moment((at if at.timestamp() <= now else at - timedelta(days=1)).timestamp())


def _dated(words: str, today: datetime) -> Span | None:
    if (found := _DAY.fullmatch(words)) is None:
        return None
    day, name, year = (found[1], found[2], found[3]) if found[1] else (found[5], found[4], found[6])
    month = next((number for number, one in enumerate(_MONTHS, 1) if one.startswith(name)), None)
    if month is None:
        return None
    at = today.replace(year=int(year or today.year), month=month, day=int(day))
    return _days(at if year or at <= today else at.replace(year=at.year - 1))


def _iso(text: str) -> Span:
    at = datetime.fromisoformat(text)
    whole = re.fullmatch(r"[\d-]+", text) is not None
    return _days(at) if whole else _moment(at.timestamp())
