"""Which values are masked: not those that stand in every second line for reasons of their own."""

from __future__ import annotations

import unicodedata
from enum import StrEnum

from orch_tui.model.texts.pattern import pattern

MIN_VISIBLE = 4
"""Letters, digits and signs. Masking a shorter value would mangle every log and hide nothing."""
_MIN_DIGITS = 6
_SIGNS_THAT_DO_NOT_COUNT = frozenset("\"'\\`")
_KINDS_THAT_DO_NOT_COUNT = frozenset(("Zs", "Zl", "Zp", "Cc", "Cf"))
_NUMBER = pattern(r"[+-]?\d+(?:[.,]\d+)?")
_DATE_OR_TIME = pattern(
    r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:[.,]\d{1,9})?)?(?:Z|[+-]\d\d:?\d\d)?)?"
    r"|\d{1,2}[./-]\d{1,2}[./-]\d{2,4}|\d{1,2}:\d\d(?::\d\d)?"
)
_ADDRESS = pattern(r"\d{1,3}(?:\.\d{1,3}){3}(?::\d{1,5})?")
_WORDS = frozenset(
    """
    true false null none nil undefined yes no on off default auto enabled disabled empty unknown
    admin administrator root user username guest public private anonymous nobody service system
    test testing tests example sample demo dummy dev devel development stage staging prod production live local
    localhost database data table schema server client host port main master primary replica
    postgres postgresql mysql mariadb sqlite snowflake
    debug info notice warning error errors critical fatal trace
    password passwd secret token
    daily weekly monthly today yesterday utf-8 utf8 http https
    """.split()  # noqa: SIM905 - a list of them would be a page long
)


class Ordinary(StrEnum):
    """Why a value is not masked."""

    SHORT = "short"
    NUMBER = "number"
    WORD = "word"


def why_ordinary(value: str) -> Ordinary | None:
    """Why ``value`` is not masked; None when it is."""
    value = value.strip()
    if len(visible(value)) < MIN_VISIBLE:
        return Ordinary.SHORT
    if _NUMBER.fullmatch(value) and sum(map(str.isdigit, value)) < _MIN_DIGITS:
        return Ordinary.NUMBER
    if _DATE_OR_TIME.fullmatch(value) or _ADDRESS.fullmatch(value):
        return Ordinary.NUMBER
    return Ordinary.WORD if value.casefold() in _WORDS else None


def visible(value: str) -> str:
    """The characters that count: no white space, control or invisible ones, quotes or backslashes."""
    return "".join(
        letter
        for letter in value
        if letter not in _SIGNS_THAT_DO_NOT_COUNT and unicodedata.category(letter) not in _KINDS_THAT_DO_NOT_COUNT
    )
