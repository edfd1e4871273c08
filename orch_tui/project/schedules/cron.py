"""Times as crontab knows them, and nothing that only other programs call a cron expression.

Five fields as in https://man7.org/linux/man-pages/man5/crontab.5.html, or one of its words such as ``@daily``. What is
let through here, Vixie's cron (Debian's, cronie) reads as this program does: it has no ``L``, ``W``, ``#`` and ``?``,
refuses a step behind a single number (``5/15``), and takes a range that runs backwards for no time at all.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import NamedTuple

WORDS = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
# Blanks that are none to cron, and line ends above all, make another line of crontab.
_BLANKS = re.compile(r"[ \t]+")
_TERM = re.compile(r"(?P<low>\*|[0-9]{1,9}|[A-Za-z]+)(?:-(?P<high>[0-9]{1,9}|[A-Za-z]+))?(?:/(?P<step>[0-9]{1,9}))?")
_STRANGE = {
    "L": "crontab has no L for the last day",
    "LW": "crontab has no L for the last day and no W for a weekday",
    "W": "crontab has no W for the nearest weekday",
    "#": "crontab has no # for the n-th weekday of a month",
    "?": "crontab has no ?; write *",
}


class _Field(NamedTuple):
    """``names`` stand for the numbers from ``low`` on."""

    name: str
    low: int
    high: int
    names: tuple[str, ...] = ()


_FIELDS = (
    _Field("minute", 0, 59),
    _Field("hour", 0, 23),
    _Field("day", 1, 31),
    _Field("month", 1, 12, _MONTHS),
    _Field("weekday", 0, 7, _DAYS),
)


def cron_problem(text: str) -> str | None:
    """Why an expression cannot be used, in a few words; None when it can."""
    if text.startswith("@"):
        return None if text in WORDS else f"there are the words {', '.join(WORDS)}"
    words = cron_fields(text)
    if len(words) != len(_FIELDS):
        return "it has five fields: minute, hour, day, month, weekday"
    for field, word in zip(_FIELDS, words, strict=True):
        for term in word.split(","):
            problem = _term_problem(field, term)
            if problem is not None:
                return f"{field.name} {word}: {problem}"
    from cronsim import CronSim, CronSimError

    try:
        next(CronSim(" ".join(words), datetime(2000, 1, 1, tzinfo=UTC)))
    except (CronSimError, StopIteration):
        return "there is no such day"
    return None


def cron_fields(text: str) -> list[str]:
    """The words of an expression, parted as cron does."""
    return _BLANKS.split(text.strip(" \t"))


def _term_problem(field: _Field, term: str) -> str | None:
    found = _TERM.fullmatch(term)
    if found is None:
        strange = next((words for mark, words in _STRANGE.items() if mark in term.upper()), None)
        return strange or f'"{term[:20]}" is no number, range, list or step'
    low, high, step = found["low"], found["high"], found["step"]
    numbers = []
    for word in (low, high):
        if word is not None and word != "*":
            number = _number(field, word)
            if number is None:
                return _STRANGE.get(word.upper(), f'"{word[:20]}" is none; it goes from {field.low} to {field.high}')
            numbers.append(number)
    if low == "*" and high is not None:
        return "* stands for the whole range already"
    if len(numbers) == 2 and numbers[0] > numbers[1]:
        return f"{low}-{high} runs backwards; write two ranges with a comma between them"
    if step is not None and int(step) == 0:
        return "a step of 0 never gets on"
    if step is not None and len(numbers) == 1:
        return f"a step needs a range; write {low}-{field.high}/{step}"
    return None


def _number(field: _Field, word: str) -> int | None:
    if word.isdecimal():
        number = int(word)
        return number if field.low <= number <= field.high else None
    name = word.lower()
    return field.names.index(name) + field.low if name in field.names else None
