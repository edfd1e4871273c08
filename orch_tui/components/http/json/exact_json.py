"""JSON without loss: a number that a float of Python is not is kept with all of its digits, in and out."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from typing import Any

_LONGEST_INTEGER = 4000
"""Digits of an integer that Python still converts (sys.get_int_max_str_digits is 4300, and conversion is slow)."""
_NEGATIVE_ZERO = re.compile(r"-0(?![0-9.eE])")


class Number:
    """A number of JSON, as it is written: more digits than a float has, an exponent, zeros at the end."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text

    def __repr__(self) -> str:
        return f"Number({self.text!r})"

    def __str__(self) -> str:
        return self.text

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Number) and other.text == self.text

    def __hash__(self) -> int:
        return hash(self.text)

    @property
    def value(self) -> Decimal:
        """The number itself: 1.50 and 1.5 are the same."""
        try:
            return Decimal(self.text)
        except InvalidOperation:
            # An exponent with more digits than a machine has: beyond everything, or nothing.
            mantissa, _, exponent = self.text.lower().partition("e")
            return Decimal(mantissa) if exponent.startswith("-") else Decimal("inf").copy_sign(Decimal(mantissa))


def number(text: str) -> float | Number:
    """A number with a fraction or an exponent: a float if that is written so, else a :class:`Number`."""
    value = float(text)
    return value if repr(value) == text else Number(text)


def _integer(text: str) -> int | Number:
    return Number(text) if text == "-0" or len(text) > _LONGEST_INTEGER else int(text)


# NaN and Infinity are no JSON, but some servers send them; float() reads their names.
_FAST = json.JSONDecoder(parse_float=number)
CAREFUL = json.JSONDecoder(parse_float=number, parse_int=_integer)
"""Decodes integers of any length exactly, and -0."""


def decoder_for(text: str) -> json.JSONDecoder:
    """What decodes the values of ``text`` exactly; it raises ValueError (no JSONDecodeError) where there is an integer
    with thousands of digits, for which it takes :data:`CAREFUL`."""
    return CAREFUL if _NEGATIVE_ZERO.search(text) else _FAST


def loads(text: str) -> Any:
    """A JSON value, its odd numbers as :class:`Number`. Raises: json.JSONDecodeError, RecursionError."""
    try:
        return decoder_for(text).decode(text)
    except json.JSONDecodeError:
        raise
    except ValueError:
        return CAREFUL.decode(text)


_ENCODE = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), check_circular=False, allow_nan=False).encode


def dumps(value: Any) -> str:
    """JSON in one line without blanks; numbers as they came, NaN and infinities as strings, which JSON has.

    Raises:
        TypeError: a value that JSON does not know.
    """
    try:
        return _ENCODE(value)
    except (TypeError, ValueError):
        return "".join(_pieces(value))


def encoded(value: Any) -> bytes:
    """The body of a request. Raises: ValueError, TypeError when a value has no JSON, NaN among them."""
    try:
        return json.dumps(value, ensure_ascii=False, allow_nan=False).encode()
    except TypeError:
        return dumps(value).encode()


def _pieces(value: Any) -> Iterator[str]:
    if isinstance(value, Number):
        yield value.text
    elif isinstance(value, dict):
        yield "{"
        for at, (name, item) in enumerate(value.items()):
            yield f"{',' if at else ''}{_ENCODE(str(name))}:"
            yield from _pieces(item)
        yield "}"
    elif isinstance(value, list | tuple):
        yield "["
        for at, item in enumerate(value):
            if at:
                yield ","
            yield from _pieces(item)
        yield "]"
    elif isinstance(value, float) and not _is_finite(value):
        yield _ENCODE(special(value))
    else:
        yield _ENCODE(value)


def _is_finite(value: float) -> bool:
    return value - value == 0


def special(value: float) -> str:
    """The name of a float that is no number, as DuckDB and most others write it."""
    return {"nan": "nan", "inf": "inf", "-inf": "-inf"}[str(value)]
