"""Numbers whose digits DuckDB's reader of JSON, which knows doubles, would not keep: found, and kept as text.

A line of records goes to the disk as the tap wrote it, unless one of its numbers is not the shortest text of a double:
then the numbers of its columns become texts, and columns that are JSON themselves the text of that JSON.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from decimal import Decimal
from typing import Any, NoReturn

from orch_tui.components.http.json.exact_json import Number, dumps

EXACT = "exact"
"""The member of a line that has the text of columns which are JSON, by their names."""

_PLAIN_EXPONENT = 60
"""Up to this exponent a number is written without one."""


def _no_constant(text: str) -> NoReturn:
    raise ValueError(f"{text} is no JSON")


_SHORT = 16
"""Characters of a number that DuckDB writes as Python does; longer ones may get an exponent."""


class Decoder:
    """Decodes messages, and notices numbers that DuckDB would write otherwise than they came."""

    def __init__(self) -> None:
        self._odd = False
        self._fast = json.JSONDecoder(parse_float=self._fraction, parse_constant=_no_constant)
        self._careful = json.JSONDecoder(
            parse_float=self._fraction, parse_int=self._integer, parse_constant=_no_constant
        )

    def __call__(self, text: str) -> tuple[Any, bool]:
        """A message, its odd numbers as :class:`Number`, and whether it has any.

        Raises:
            ValueError, RecursionError: it is no JSON.
        """
        self._odd = False
        try:
            return self._fast.decode(text), self._odd
        except json.JSONDecodeError:
            raise
        except ValueError:
            # Python refuses to convert integers of thousands of digits; or it is NaN, which is refused again.
            return self._careful.decode(text), self._odd

    def _fraction(self, text: str) -> float | Number:
        value = float(text)
        if repr(value) == text and len(text) <= _SHORT and "e" not in text:
            return value
        self._odd = True
        return Number(text)

    def _integer(self, text: str) -> int | Number:
        if len(text) < _LONG:
            return int(text)
        self._odd = True
        return Number(text)


_LONG = 1000
"""Digits of an integer that stays text."""


def exactly(record: Mapping[str, Any], json_columns: Collection[str]) -> bytes:
    """The line for a record with odd numbers."""
    values: dict[str, Any] = {}
    texts: dict[str, str] = {}
    for name, value in record.items():
        if name in json_columns:
            if value is not None:
                texts[name] = dumps(value)
        elif isinstance(value, Number | float) or (isinstance(value, int) and not isinstance(value, bool)):
            values[name] = _plain(value)
        elif isinstance(value, dict | list):
            values[name] = dumps(value)
        else:
            values[name] = value
    return json.dumps({"record": values, EXACT: texts}, ensure_ascii=False).encode("utf-8", "surrogatepass")


def is_double(value: float | int | Number) -> bool:
    """Whether the nearest double is written as this number, but for zeros at its end."""
    exact = value.value if isinstance(value, Number) else Decimal(repr(value))
    if not exact.is_finite():
        return False
    near = float(exact)
    return near - near == 0 and Decimal(repr(near)) == exact


def _plain(value: float | int | Number) -> str:
    """The number's text, without an exponent where that is not too long."""
    text = str(value) if isinstance(value, Number | int) else repr(value)
    if "e" not in text and "E" not in text:
        return text
    exact = Number(text).value
    exponent = exact.as_tuple().exponent
    if not isinstance(exponent, int) or abs(exponent) > _PLAIN_EXPONENT:
        return text
    return f"{exact:f}"
