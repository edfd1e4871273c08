"""The type of values that come one by one, in Python: that of :mod:`orch_tui.storage.values.inference` and no other."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from datetime import date, time
from decimal import Decimal

from orch_tui.storage.values.inference import NARROW_DIGITS, ORDER, one_form
from orch_tui.storage.values.lattice import FLOAT_BITS, INTEGERS
from orch_tui.storage.values.types import DECIMAL_DIGITS, NULL_TYPE, TEXT, ZONED, decimal

_INTEGER = re.compile(r"0|-?[1-9][0-9]*")
_DECIMAL = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.([0-9]+))?")
_NEGATIVE_ZERO = re.compile(r"-0(?:\.0*)?")
_DATE = r"([0-9]{4}-[0-9]{2}-[0-9]{2})"
_CLOCK = r"([0-9]{2}:[0-9]{2}:[0-9]{2})(\.[0-9]{1,6})?"
_DAY = re.compile(_DATE)
_TIME = re.compile(_CLOCK)
_TIMESTAMP = re.compile(rf"{_DATE}([ T])(?:([0-9]{{2}}:[0-9]{{2}})|{_CLOCK})(Z|[+-][0-9]{{2}}(?::?[0-9]{{2}})?)?")
_SMALLEST, _LARGEST = INTEGERS["BIGINT"]
_EXACT = 2 ** FLOAT_BITS["DOUBLE"]


def number_text(value: float) -> str:
    """The text of a DOUBLE: as few digits as give it back, whole numbers without a point."""
    return repr(value).removesuffix(".0")


class ObservedTexts:
    """The type of a column of texts, after every :meth:`add` the type of all texts so far."""

    def __init__(self) -> None:
        self.values = 0
        self._tests: dict[str, Callable[[str], bool]] = {
            "BOOLEAN": lambda text: text in ("true", "false"),
            "BIGINT": self._is_bigint,
            "DOUBLE": self._is_double,
            "DECIMAL": self._is_decimal,
            "DATE": _is_date,
            "TIMESTAMP": lambda text: self._is_timestamp(text, zoned=False),
            ZONED: lambda text: self._is_timestamp(text, zoned=True),
            "TIME": self._is_time,
        }
        self._finite = False
        self._scale: int | None = None
        self._digits = 0
        self._separators: set[str] = set()
        self._offsets: set[str] = set()
        self._lengths: set[int] = set()
        self._padded = False
        self._zero = False

    def add(self, text: str | None) -> None:
        """One more value; null has no type."""
        if text is None:
            return
        self.values += 1
        for kind in [kind for kind, test in self._tests.items() if not test(text)]:
            del self._tests[kind]

    @property
    def type(self) -> str:
        """As :attr:`orch_tui.storage.values.inference.Inferred.type`."""
        if not self.values:
            return NULL_TYPE
        kind = next((kind for kind in ORDER if kind in self._tests and self._holds(kind)), TEXT)
        if kind == "DECIMAL":
            digits = NARROW_DIGITS if self._digits <= NARROW_DIGITS else DECIMAL_DIGITS
            return str(decimal(digits, self._scale or 0))
        return kind

    def _holds(self, kind: str) -> bool:
        if kind == "DOUBLE":
            return self._finite
        if kind in ("TIMESTAMP", ZONED, "TIME"):
            whole = 8 if kind == "TIME" else 19
            same = len(self._separators) <= 1 and len(self._offsets) <= 1
            return same and one_form(self._lengths, whole, padded=self._padded, zero=self._zero)
        return True

    @staticmethod
    def _is_bigint(text: str) -> bool:
        return _INTEGER.fullmatch(text) is not None and len(text) <= 20 and _SMALLEST <= int(text) <= _LARGEST

    def _is_double(self, text: str) -> bool:
        try:
            value = float(text)
        except ValueError:
            return False
        self._finite = self._finite or math.isfinite(value)
        return number_text(value) == text

    def _is_decimal(self, text: str) -> bool:
        match = _DECIMAL.fullmatch(text)
        if match is None or _NEGATIVE_ZERO.fullmatch(text):
            return False
        scale = len(match[1] or "")
        digits = len(text.lstrip("-")) - (scale > 0)
        if self._scale not in (None, scale):
            return False
        self._scale, self._digits = scale, max(self._digits, digits)
        return digits - text.lstrip("-").startswith("0.") <= DECIMAL_DIGITS

    def _is_time(self, text: str) -> bool:
        match = _TIME.fullmatch(text)
        if match is None or not (_is_clock(match[1]) or text.rstrip("0").rstrip(".") == "24:00:"):
            return False
        self._note(len(text), match[2])
        return True

    def _is_timestamp(self, text: str, *, zoned: bool) -> bool:
        match = _TIMESTAMP.fullmatch(text)
        if match is None or zoned != (match[6] is not None):
            return False
        offset = match[6] or ""
        if offset[1:3] > "23" or offset[3:].lstrip(":") > "59":
            return False
        if not (_is_date(match[1]) and _is_clock(match[4] or f"{match[3]}:00")):
            return False
        self._separators.add(match[2])
        self._offsets.add(offset)
        self._note(len(text) - len(offset), match[5])
        return True

    def _note(self, length: int, fraction: str | None) -> None:
        self._lengths.add(length)
        if fraction and fraction.endswith("0"):
            self._padded = True
            self._zero = self._zero or not fraction.strip(".0")


class ObservedNumbers:
    """The type of numbers that JSON has: what they are counts, not how they are written (1.0 is 1.00 and 1e0).

    BIGINT; DECIMAL(38,0) for larger integers; DOUBLE if each number is the shortest text of a DOUBLE, integers beyond
    53 bits excepted; VARCHAR otherwise, for which the texts of the numbers must be kept.
    """

    def __init__(self) -> None:
        self.values = 0
        self._integers = True
        self._narrow = True
        self._decimals = True
        self._doubles = True

    def add(self, number: int | Decimal | str | None) -> None:
        """One more number, or the text of one in JSON. Raises: decimal.InvalidOperation when it is none."""
        if number is None:
            return
        self.values += 1
        written = str(number) if isinstance(number, int) else number
        if isinstance(number, int) or (isinstance(written, str) and _INTEGER.fullmatch(written)):
            self._add_integer(str(written))
            return
        value = Decimal(written)
        self._integers = False
        self._doubles = self._doubles and value.is_finite() and Decimal(repr(float(value))) == value

    def _add_integer(self, text: str) -> None:
        digits = len(text.lstrip("-"))
        self._decimals = self._decimals and digits <= DECIMAL_DIGITS
        if digits > 19:
            self._narrow = self._doubles = False
            return
        value = int(text)
        self._narrow = self._narrow and _SMALLEST <= value <= _LARGEST
        self._doubles = self._doubles and -_EXACT <= value <= _EXACT

    @property
    def type(self) -> str:
        if not self.values:
            return NULL_TYPE
        if self._integers:
            return "BIGINT" if self._narrow else str(decimal(DECIMAL_DIGITS, 0)) if self._decimals else TEXT
        return "DOUBLE" if self._doubles else TEXT


def _is_date(text: str) -> bool:
    if _DAY.fullmatch(text) is None:
        return False
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _is_clock(text: str) -> bool:
    try:
        time.fromisoformat(text)
    except ValueError:
        return False
    return True
