"""What a field of a record can hold, in journals and in definitions: kinds of values, and what is wrong with one.

Nothing of events is loaded for it: definitions are read by who never looks at a run.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from orch_tui.model.texts.text import valid_id

_LATEST = 253_000_000_000.0
"""Seconds since the epoch, in the year 9987: every time zone can still show it."""
_MOST_SECONDS = 1e12
MOST_COUNT = 2**31
_MOST_TICKS = 2**63
_MOST_BYTES = 2**63


class Kind(NamedTuple):
    """A kind of value: whether one is of it, and its name in messages."""

    holds: Callable[[Any], bool]
    words: str


def is_text(value: Any) -> bool:
    """Whether it is one that can be written."""
    if not isinstance(value, str):
        return False
    if value.isascii():
        return True
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def is_int(value: Any, least: int, most: int) -> bool:
    """Whether it is a whole number from ``least`` to before ``most``."""
    return isinstance(value, int) and not isinstance(value, bool) and least <= value < most


def _is_number(value: Any, least: float, most: float) -> bool:
    return (
        isinstance(value, int | float)
        and not isinstance(value, bool)
        and least <= value <= most
        and math.isfinite(value)
    )


def _is_ticks(value: Any) -> bool:
    return isinstance(value, list | tuple) and len(value) == 2 and all(is_int(n, 0, _MOST_TICKS) for n in value)


def _is_pairs(value: Any) -> bool:
    return isinstance(value, list) and all(is_text(item) and "=" in item for item in value)


def _is_texts(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(is_text(item) for item in value)


def _is_numbers(value: Any) -> bool:
    return isinstance(value, list) and all(is_int(item, 1, MOST_COUNT) for item in value)


TEXT = Kind(is_text, "a text")
ID = Kind(lambda value: isinstance(value, str) and valid_id(value), "an id")
FLAG = Kind(lambda value: isinstance(value, bool), "true or false")
TIME = Kind(lambda value: _is_number(value, 0, _LATEST), "a time in seconds since 1970")
# A clock that was set back made some of them negative.
SECONDS = Kind(lambda value: _is_number(value, -_MOST_SECONDS, _MOST_SECONDS), "a number of seconds")
BYTES = Kind(lambda value: is_int(value, 1, _MOST_BYTES), "a number of bytes")
LENGTH = Kind(lambda value: _is_number(value, 0, _MOST_SECONDS), "a number of seconds")
COUNT = Kind(lambda value: is_int(value, 0, MOST_COUNT), "a whole number")
NUMBER = Kind(lambda value: is_int(value, 1, MOST_COUNT), "a whole number from 1 on")
TICKS = Kind(_is_ticks, "two numbers of clock ticks")
PAIRS = Kind(_is_pairs, "a list of NAME=VALUE")
TEXTS = Kind(_is_texts, "a list of texts")
NUMBERS = Kind(_is_numbers, "a list of whole numbers from 1 on")


class Field(NamedTuple):
    key: str
    kind: Kind
    needed: bool = True


def complaint(values: Mapping[str, Any], shape: tuple[Field, ...]) -> str | None:
    """What is wrong with values that should have this shape, in a few words; None when nothing is.

    Keys that the shape does not name are left alone: a newer program may have written them.
    """
    for key, kind, needed in shape:
        if key not in values:
            if needed:
                return f"it has no {key}"
        elif not kind.holds(values[key]):
            return f"{key} is {shown(values[key])}, which is not {kind.words}"
    return None


def shown(value: Any) -> str:
    """A value as messages quote it."""
    text = repr(value) if not isinstance(value, int) else "a number" if abs(value) > _MOST_TICKS else str(value)
    return text if len(text) <= 60 else f"{text[:59]}…"
