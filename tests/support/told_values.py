"""Whether a client of a database says a value as the storage has it, whatever spelling of it the server chose."""

from __future__ import annotations

import json
import re
import struct
from decimal import Decimal
from typing import Any


def same(kind: str, wanted: str | None, found: Any) -> bool:
    """``kind`` is a type of DuckDB, ``wanted`` the text of a value and ``found`` what a client gives."""
    if wanted is None or found is None:
        return wanted is None and found is None
    if isinstance(found, bytes):
        return "".join(chr(b) if 32 <= b < 127 and b != 92 else f"\\x{b:02X}" for b in found) == wanted
    text = found if isinstance(found, str) else str(int(found)) if isinstance(found, bool) else str(found)
    if kind == "BOOLEAN":
        return {"1": "true", "t": "true", "0": "false", "f": "false"}.get(text, text) == wanted
    if kind in ("DOUBLE", "FLOAT") or kind.startswith("DECIMAL") or kind.endswith("INT") or kind.endswith("INTEGER"):
        return bool(number(kind, text) == number(kind, wanted))
    if kind in ("JSON", "INTEGER[]") or kind.startswith("STRUCT"):
        return text == wanted or loads(text) == loads(wanted)
    if kind == "DATE" or kind.startswith("TIME"):
        return moment(text) == moment(wanted)
    return interval(text) == interval(wanted) if kind == "INTERVAL" else text == wanted


def loads(text: str) -> Any:
    return json.loads(text, parse_float=Decimal, object_pairs_hook=lambda pairs: sorted(pairs, key=str))


def number(kind: str, text: str) -> Any:
    value = Decimal(text)
    if value.is_nan():
        return "nan"
    # Single precision comes back as the shortest text of it, or as the double that it is.
    return struct.pack("f", float(value)) if kind == "FLOAT" and value.is_finite() else value


def moment(text: str) -> str:
    """A time without its zone, which is UTC, without zeros at its end, and without a time of day that is midnight."""
    rest = re.sub(r" ?(\(BC\)|BC)", "", text).removesuffix("+00")
    rest = rest.rstrip("0").rstrip(".") if "." in rest else rest
    return rest.removesuffix(" 00:00:00") + (" BC" if "BC" in text else "")


def interval(text: str) -> str:
    words = re.sub(r"mon(th)?s?\b", "mon", re.sub(r"years?\b", "year", re.sub(r"days?\b", "day", text)))
    return re.sub(r"(\.\d*?)0+$", r"\1", words).rstrip(".")
