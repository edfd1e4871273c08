"""Snowflake's types in DuckDB's, and the few values that have to be turned for it.

Source: https://docs.snowflake.com/en/developer-guide/python-connector/python-connector-api#type-codes
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from orch_tui.components.dbapi.settle import Exactly, Finding, FirstOf, Types, moment, padded, time, timestamp
from orch_tui.storage.duckdb import quoted

if TYPE_CHECKING:
    import duckdb

_NAMES = (
    "FIXED",
    "REAL",
    "TEXT",
    "DATE",
    "TIMESTAMP",
    "VARIANT",
    "TIMESTAMP_LTZ",
    "TIMESTAMP_TZ",
    "TIMESTAMP_NTZ",
    "OBJECT",
    "ARRAY",
    "BINARY",
    "TIME",
    "BOOLEAN",
    "GEOGRAPHY",
    "GEOMETRY",
    "VECTOR",
    "MAP",
)
"""By the type code of the protocol; what comes after is stored as text."""

_PLAIN = {
    "REAL": "DOUBLE",
    "TEXT": "VARCHAR",
    "DATE": "DATE",
    "TIMESTAMP": "TIMESTAMP",
    "TIMESTAMP_NTZ": "TIMESTAMP",
    "TIMESTAMP_LTZ": "TIMESTAMP WITH TIME ZONE",
    "TIMESTAMP_TZ": "TIMESTAMP WITH TIME ZONE",
    "BINARY": "BLOB",
    "TIME": "TIME",
    "BOOLEAN": "BOOLEAN",
}
_JSON = {"VARIANT", "OBJECT", "ARRAY", "VECTOR", "MAP"}
_COMPARED = {
    "REAL": "float",
    "TEXT": "varchar",
    "DATE": "date",
    "TIMESTAMP": "timestamp_ntz",
    "TIMESTAMP_NTZ": "timestamp_ntz",
    "TIMESTAMP_LTZ": "timestamp_ltz",
    "TIMESTAMP_TZ": "timestamp_tz",
}
_SAFE_DIGITS = 18
"""Decimal digits that always fit 64 bits."""
_PYTHON_SECONDS = 6
"""Digits behind the second that Python's times have."""
_DAY, _CLOCK = "YYYY-MM-DD", "HH24:MI:SS.FF9"
_TEXT = padded("regexp_replace({x}, ' ?([-+]00(:?00)?|Z)$', '')")
"""A time as Snowflake writes it, as DuckDB does: without zeros at its end, and without the zone, which is UTC."""


def _nanoseconds(kind: str, text: str) -> Exactly:
    value = f"try_cast({text} as {kind})"
    return Exactly(kind, f"case when cast({value} as varchar) = {text} then {value} end")


_MOMENT = f"(({_TEXT}) || '+00')"
_TIMES: dict[str, Finding] = {
    "TIMESTAMP": FirstOf((timestamp(f"({_TEXT})"), _nanoseconds("TIMESTAMP_NS", f"({_TEXT})"))),
    "TIMESTAMP WITH TIME ZONE": FirstOf((moment(_MOMENT), _nanoseconds("TIMESTAMPTZ_NS", _MOMENT))),
    "TIME": FirstOf((time(f"({_TEXT})"), _nanoseconds("TIME_NS", f"({_TEXT})"))),
}


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a result: its type's name, digits in all where it is FIXED, and behind the point or the second.

    ``as_text``: a time that is asked for as text.
    """

    name: str
    kind: str
    precision: int = 38
    scale: int = 0
    as_text: bool = False

    @classmethod
    def of(cls, described: Any) -> Column:
        """From an item of ``cursor.description``."""
        name, code, _, _, precision, scale, *_ = described
        kind = _NAMES[code] if isinstance(code, int) and 0 <= code < len(_NAMES) else ""
        return cls(str(name), kind, int(precision or 38), int(scale or 0))

    @property
    def wide(self) -> bool:
        """True for whole numbers of which only the values tell whether 64 bits hold them."""
        return self.kind == "FIXED" and self.scale == 0 and self.precision > _SAFE_DIGITS

    @property
    def is_json(self) -> bool:
        return self.kind in _JSON

    @property
    def is_fine(self) -> bool:
        """True for times that may have more digits behind the second than Python's times."""
        return self.scale > _PYTHON_SECONDS and (self.kind == "TIME" or self.kind.startswith("TIMESTAMP"))

    @property
    def selected(self) -> str:
        """Snowflake's expression of the column; of one that :attr:`as_text` its text, in UTC."""
        column = quoted(self.name)
        if not self.as_text:
            return column
        moment = f"convert_timezone('UTC', {column})" if self.kind == "TIMESTAMP_TZ" else column
        form = _CLOCK if self.kind == "TIME" else f"{_DAY} {_CLOCK}"
        return f"to_varchar({moment}, '{form}') as {column}"

    @property
    def hoped(self) -> str:
        """The DuckDB type, if the values allow it."""
        if self.kind == "FIXED":
            return "BIGINT" if self.scale == 0 else f"DECIMAL({self.precision},{self.scale})"
        return "JSON" if self.is_json else _PLAIN.get(self.kind, "VARCHAR")

    @property
    def finding(self) -> Finding | None:
        """How the values tell the type, where it is not sure."""
        if self.wide:
            return Exactly("BIGINT", "try_cast({x} as bigint)", f"DECIMAL({self.precision},0)")
        if self.is_json:
            # Snowflake writes JSON with ``undefined`` in it.
            return Exactly("JSON", "case when json_valid({x}) then cast({x} as json) end")
        return _TIMES[self.hoped] if self.as_text else None

    @property
    def collected(self) -> str:
        """The DuckDB type while rows arrive."""
        return self.hoped if self.finding is None else self.finding.collected

    @property
    def compared(self) -> str | None:
        """The Snowflake type to cast to for ``column > value``; None where larger and smaller mean nothing."""
        if self.kind == "FIXED":
            return f"number({self.precision},{self.scale})"
        return _COMPARED.get(self.kind)


def stored(con: duckdb.DuckDBPyConnection, columns: Sequence[Column], names: Sequence[str]) -> Types:
    """The query of the final file: whole numbers as BIGINT where all values fit, JSON where all values are JSON."""
    return Types(con, [(name, column.hoped, column.finding) for column, name in zip(columns, names, strict=True)])


def converter(columns: Sequence[Column]) -> Callable[[list[tuple[Any, ...]]], Sequence[Sequence[Any]]]:
    """What makes rows fit: structured values become JSON text, values of unknown types text."""
    places = [
        (at, column.is_json) for at, column in enumerate(columns) if column.is_json or column.collected == "VARCHAR"
    ]

    def convert(rows: list[tuple[Any, ...]]) -> Sequence[Sequence[Any]]:
        odd = [(at, js) for at, js in places if any(not isinstance(row[at], str | None) for row in rows)]
        if not odd:
            return rows
        result = [list(row) for row in rows]
        for row in result:
            for at, js in odd:
                if not isinstance(row[at], str | None):
                    row[at] = json.dumps(row[at], ensure_ascii=False, default=str) if js else str(row[at])
        return result

    return convert
