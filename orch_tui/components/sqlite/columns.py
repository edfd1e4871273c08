"""What a column of SQLite makes of a value: by its affinity, which follows from the type that it is declared with.

A column of type INTEGER, NUMERIC or REAL turns texts that look like a number into one, and keeps 15 digits of what is
no integer of 64 bits. Source: https://sqlite.org/datatype3.html
"""

from __future__ import annotations

from typing import Literal

from orch_tui.components.dbapi.fit import Choice
from orch_tui.components.dbapi.held import Target, source_of
from orch_tui.storage.values.conversion import text_of

Affinity = Literal["INTEGER", "TEXT", "BLOB", "REAL", "NUMERIC"]

_LARGEST = 2**63 - 1
_EXACT = 2**53
"""The largest integer up to which a double holds all."""
_DIGITS = 15
_LOOKS_LIKE_A_NUMBER = r"[\s\v]*[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?[\s\v]*"
_PLAIN = r"-?(0|[1-9][0-9]*)(\.[0-9]+)?"
_WIDE = ("UBIGINT", "HUGEINT", "UHUGEINT")


def affinity_of(declared: str) -> Affinity:
    """The affinity of a column that is declared with this type (in capitals), by SQLite's five rules."""
    if "INT" in declared:
        return "INTEGER"
    if any(word in declared for word in ("CHAR", "CLOB", "TEXT")):
        return "TEXT"
    if not declared or "BLOB" in declared or declared == "ANY":
        return "BLOB"
    return "REAL" if any(word in declared for word in ("REAL", "FLOA", "DOUB")) else "NUMERIC"


def target_of(declared: str) -> Target:
    """A column that is there; conditions for its values come from :func:`beyond`."""
    return Target("other", declared or "without a type")


def choices(kind: str) -> list[Choice]:
    """The types that a new column for values of a DuckDB type may have, the best one first."""
    text = Choice("TEXT", target_of("TEXT"))
    source = source_of(kind)
    if kind in _WIDE or source in ("decimal", "float"):
        declared = {"decimal": kind, "float": "REAL"}.get(source, "INTEGER")
        return [Choice(declared, target_of(declared), beyond("{x}", kind, affinity_of(declared))), text]
    plain = {"integer": "INTEGER", "boolean": "BOOLEAN", "bytes": "BLOB", "date": "DATE"}
    if source in ("timestamp", "moment"):
        return [Choice("TIMESTAMP", target_of("TIMESTAMP"))]
    declared = plain.get(source, "TEXT")
    return [Choice(declared, target_of(declared))]


def beyond(x: str, kind: str, affinity: Affinity) -> str | None:
    """The condition for values ``x`` of a DuckDB type that a column would make others of; None where it is none."""
    source = source_of(kind)
    if affinity == "TEXT":
        return None
    if source == "float":
        # It would be null.
        return f"isnan({x})"
    if affinity == "BLOB":
        return None
    largest = _EXACT if affinity == "REAL" else _LARGEST
    if source == "integer":
        return f"{x} not between -{largest} and {largest}" if kind in _WIDE or affinity == "REAL" else None
    if source == "decimal":
        text = _trimmed(x)
        return f"not ({_few_digits(text)} or {_whole(text, largest)})"
    if source in ("text", "json", "nested"):
        text = f"({text_of(x, kind)})" if source == "nested" else f"cast({x} as varchar)"
        fits = f"({_few_digits(text)} or {_whole(text, largest)})"
        good = f"regexp_full_match({text}, '{_PLAIN}') and {fits} and {text} <> '-0'"
        return f"regexp_full_match({text}, '{_LOOKS_LIKE_A_NUMBER}') and not ({good})"
    return None


def _whole(text: str, largest: int) -> str:
    # As text: a decimal of 38 digits behind the point cannot be compared with an integer.
    return f"(not contains({text}, '.') and try_cast({text} as hugeint) between -{largest} and {largest})"


def _few_digits(text: str) -> str:
    return f"length(ltrim(replace({text}, '.', ''), '-0')) <= {_DIGITS}"


def _trimmed(x: str) -> str:
    """A decimal without zeros at its end: an integer with a fraction of zeros would be read as a double."""
    return f"regexp_replace(cast({x} as varchar), '(\\.[0-9]*[1-9])0+$|\\.0*$', '\\1')"


def value_of(x: str, kind: str, affinity: Affinity) -> str:
    """DuckDB's expression of what SQLite is given for ``x``: integers, doubles, bytes, and text for all else."""
    source = source_of(kind)
    if source == "bytes":
        return x
    if affinity == "TEXT":
        return text_of(x, kind)
    if source == "boolean":
        return f"cast({x} as integer)"
    if source == "float" or (source == "integer" and kind not in _WIDE):
        return x
    # SQLite makes an integer of the text of one wherever its 64 bits hold it.
    return _trimmed(x) if source == "decimal" and affinity != "BLOB" else text_of(x, kind)
