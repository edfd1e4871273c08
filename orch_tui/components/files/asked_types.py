"""Types that a person asked for: SQL that makes a value of a text, and SQL that says whether it is the same value.

More texts are accepted here than where types are found out: a person knows that ``007`` is the number 7, and ``1.5`` an
amount of two decimals. But no value becomes another one: 1.239 is no DECIMAL(10,2), 12 is no 12.5 made whole.
"""

from __future__ import annotations

from orch_tui.storage.duckdb import literal
from orch_tui.storage.values.conversion import text_of
from orch_tui.storage.values.lattice import FLOAT_BITS, is_number
from orch_tui.storage.values.types import TEXT, ZONED, DataType, parse_type

_NUMBER = r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?"
_WORDS = r"[+-]?(nan|inf|infinity)"
_DIGITS = {"FLOAT": 6}
"""Decimal digits that every value of a type keeps; 15 for DOUBLE: https://en.cppreference.com/w/c/types/limits"""
_TIMES = {"DATE", "TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS", ZONED}


def value_of(text: str, kind: str, *, date_format: str = "", decimal: str = "") -> str:
    """SQL for the value of type ``kind`` that ``text`` (SQL of a text) is; null where it is none."""
    tree = parse_type(kind)
    if tree.name == TEXT:
        return text
    if is_number(tree):
        return f"try_cast({_number(text, decimal)} as {kind})"
    if date_format and tree.name in _TIMES:
        # A column with dates in the form of ISO is no surprise to anybody.
        return f"coalesce(try_cast(try_strptime({text}, {literal(date_format)}) as {kind}), try_cast({text} as {kind}))"
    if tree.nested:
        return f"try_cast(try_cast({text} as json) as {kind})"
    return f"try_cast({text} as {kind})"


def is_same(text: str, kind: str, *, date_format: str = "", decimal: str = "") -> str:
    """SQL predicate: ``text`` is a value of type ``kind``, and no digit of it is lost there. Null is."""
    tree = parse_type(kind)
    if tree.name == TEXT:
        return "true"
    value = value_of(text, kind, date_format=date_format, decimal=decimal)
    same = f"{value} is not null"
    if is_number(tree):
        same = _same_number(_number(text, decimal), value, tree)
        if decimal:
            same = f"not regexp_matches({text}, '[0-9][.][0-9]') and {same}"
    elif tree.name in _TIMES:
        same = f"{same} and {_same_time(text, value, tree, date_format)}"
    return f"({text} is null or coalesce({same}, false))"


def _number(text: str, decimal: str) -> str:
    trimmed = f"trim({text})"
    return f"replace({trimmed}, {literal(decimal)}, '.')" if decimal else trimmed


def _same_number(text: str, value: str, kind: DataType) -> str:
    """By its digits where it is written without exponent, else as a DOUBLE, which 15 digits always come back from."""
    digits = f"length(trim(replace(regexp_replace(ltrim({text}, '+-'), '[eE].*$', ''), '.', ''), '0'))"
    as_float = "FLOAT" if kind.name == "FLOAT" else "DOUBLE"
    few = (
        f"{digits} <= {_DIGITS.get(kind.name, 15)} and isfinite(try_cast({text} as {as_float})) "
        f"and try_cast({text} as {as_float}) = cast({value} as {as_float})"
    )
    plain = f"not regexp_matches({text}, '[eE]') and {_key(text)} = {_key(text_of(value, kind))}"
    same = f"regexp_full_match({text}, '{_NUMBER}') and (({few}) or ({plain}))"
    if kind.name in FLOAT_BITS:
        return f"({same} or (regexp_full_match(lower({text}), '{_WORDS}') and {value} is not null))"
    return f"({same})"


def _key(text: str) -> str:
    """A number without exponent, without zeros that mean nothing."""
    whole = f"ltrim(split_part(ltrim({text}, '+-'), '.', 1), '0')"
    part = f"rtrim(split_part({text}, '.', 2), '0')"
    minus = f"case when starts_with({text}, '-') and {whole} || {part} <> '' then '-' else '' end"
    return f"{minus} || {whole} || '.' || {part}"


def _same_time(text: str, value: str, kind: DataType, date_format: str) -> str:
    fine = f"try_cast({text} as timestamp_ns)"
    if date_format:
        fine = f"coalesce(try_cast(try_strptime({text}, {literal(date_format)}) as timestamp_ns), {fine})"
    # A day without a time of day is cast to midnight, which is what it is compared with; years that nanoseconds do
    # not reach have no finer text.
    same = f"coalesce(cast({value} as timestamp_ns) = {fine}, true)"
    if kind.name == ZONED:
        return f"not regexp_matches({text}, '[.][0-9]{{6}}[0-9]*[1-9]')"
    offset = f"regexp_extract({text}, ':[0-9.]+ *([+-][0-9]{{2}}(:?[0-9]{{2}})?)$', 1)"
    # DuckDB leaves the offset out and keeps the time of day.
    return f"{same} and replace({offset}, ':', '') in ('', '+00', '-00', '+0000', '-0000')"
