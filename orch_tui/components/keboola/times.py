"""Moments as Keboola's mappings write them: ``-2 days``, a number of seconds since 1970, ISO 8601.

Source: ``changed_since`` of https://developers.keboola.com/extend/common-interface/config-file/#tables, read there by
PHP's ``strtotime``; of its forms those are known that stand in mappings.
"""

from __future__ import annotations

import calendar
import re
from datetime import UTC, datetime, timedelta

from orch_tui.model.errors import UserError
from orch_tui.model.texts.text import safe_line

_RELATIVE = re.compile(r"\s*([+-]?)\s*(\d{1,6})\s*(second|sec|minute|min|hour|day|week|month|year)s?(\s+ago)?", re.I)
_SECONDS = {"second": 1, "sec": 1, "minute": 60, "min": 60, "hour": 3600, "day": 86_400, "week": 604_800}
_DAYS = {"today": 0, "yesterday": 1, "midnight": 0}


def moment(text: str, now: datetime, place: str) -> datetime:
    """The moment that ``text`` means at ``now``; without a zone it is in UTC. ``place`` is for the message.

    Raises:
        UserError: it is no such moment.
    """
    word = text.strip().casefold()
    try:
        if word == "now":
            return now
        if word in _DAYS:
            return now.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=_DAYS[word])
        if (found := _RELATIVE.fullmatch(text)) is not None:
            return _moved(now, found)
        if re.fullmatch(r"@?\d{6,12}", word):
            return datetime.fromtimestamp(int(word.lstrip("@")), UTC)
        exact = datetime.fromisoformat(text.strip())
    except (ValueError, OverflowError):
        raise UserError(
            f'{place}: "{safe_line(text, 60)}" is no moment; write it like "-2 days", '
            f'"2026-11-30T06:00:00+00:00", or a '
            "number of seconds since 1970"
        ) from None
    return exact if exact.tzinfo is not None else exact.replace(tzinfo=UTC)


def _moved(now: datetime, found: re.Match[str]) -> datetime:
    sign, count, unit, ago = found[1], int(found[2]), found[3].casefold(), found[4]
    if (sign == "-") != bool(ago):
        count = -count
    if unit in _SECONDS:
        return now + timedelta(seconds=count * _SECONDS[unit])
    months = now.year * 12 + now.month - 1 + count * (12 if unit == "year" else 1)
    year, month = divmod(months, 12)
    return now.replace(year=year, month=month + 1, day=min(now.day, calendar.monthrange(year, month + 1)[1]))
