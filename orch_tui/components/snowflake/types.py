"""Snowflake's types in DuckDB's, and the few values that have to be turned for it.

Source: https://docs.snowflake.com/en/developer-guide/python-connector/python-connector-api#type-codes
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from orch_tui.components.kit.sql import quoted

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


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a result: its type's name, and digits in all and behind the point where it is FIXED."""

    name: str
    kind: str
    precision: int = 38
    scale: int = 0

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
    def collected(self) -> str:
        """The DuckDB type while rows arrive. Snowflake writes JSON with ``undefined`` in it, so it is text first."""
        if self.kind == "FIXED":
            whole = self.scale == 0 and not self.wide
            return "BIGINT" if whole else f"DECIMAL({self.precision},{self.scale})"
        return _PLAIN.get(self.kind, "VARCHAR")

    @property
    def compared(self) -> str | None:
        """The Snowflake type to cast to for ``column > value``; None where larger and smaller mean nothing."""
        if self.kind == "FIXED":
            return f"number({self.precision},{self.scale})"
        return _COMPARED.get(self.kind)


def stored(con: duckdb.DuckDBPyConnection, columns: Sequence[Column], names: Sequence[str]) -> Callable[[str], str]:
    """The query of the final file: whole numbers as BIGINT where all values fit, JSON where all values are JSON."""

    def query(source: str) -> str:
        tests = {
            name: f"try_cast({quoted(name)} as bigint) is not null" if column.wide else f"json_valid({quoted(name)})"
            for column, name in zip(columns, names, strict=True)
            if column.wide or column.is_json
        }
        if not tests:
            return f"select * from {source}"
        checks = ", ".join(
            f"coalesce(bool_and({quoted(name)} is null or {test}), true)" for name, test in tests.items()
        )
        row = con.execute(f"select {checks} from {source}").fetchone() or ()
        passed = {name for name, ok in zip(tests, row, strict=True) if ok}
        casts = []
        for column, name in zip(columns, names, strict=True):
            target = ("bigint" if column.wide else "json") if name in passed else None
            casts.append(f"cast({quoted(name)} as {target}) as {quoted(name)}" if target else quoted(name))
        return f"select {', '.join(casts)} from {source}"

    return query


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
