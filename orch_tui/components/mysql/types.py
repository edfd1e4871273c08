"""MySQL's types and DuckDB's, both ways.

Sources: https://dev.mysql.com/doc/dev/mysql-server/latest/field__types_8h.html and
https://dev.mysql.com/doc/refman/8.4/en/data-types.html
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from orch_tui.components.dbapi.settle import (
    WIDTH,
    Digits,
    Finding,
    Finite,
    date,
    moment,
    padded,
    time,
    timestamp,
    truth,
)
from orch_tui.components.dbapi.values import Convert

_BINARY = 63
"""The number of the character set that is none."""
_UNSIGNED = 32
"""The flag of a column without negative numbers."""

FLOAT = 4
_INTEGERS = {1: "TINYINT", 2: "SMALLINT", 9: "INTEGER", 3: "INTEGER", 8: "BIGINT"}
_CHECKED: dict[int, Finding] = {
    10: date(),
    14: date(),
    11: time(padded()),
    12: timestamp(padded()),
    # A moment: the server turns it into the zone of the session, which is UTC.
    7: moment(f"({padded()} || '+00')"),
}


@dataclass(frozen=True, slots=True)
class MysqlField:
    """A column of a result as the protocol describes it."""

    name: str
    code: int
    length: int
    scale: int
    flags: int
    charset: int


def _bits(value: bytes) -> int:
    return int.from_bytes(value, "big")


def _bit(value: bytes) -> bool:
    return value != b"\x00"


@dataclass(frozen=True, slots=True)
class Reading:
    """How a column is read: its DuckDB type, what makes its values fit, and how they tell their type."""

    kind: str
    convert: Convert | None = None
    finding: Finding | None = None


def reading(field: MysqlField, *, booleans: bool = True) -> Reading:
    """How a column is read. ``booleans``: TINYINT(1) is one, where its values are 0 and 1."""
    if field.code == 1 and field.length == 1 and booleans:
        return _found(truth("UTINYINT" if field.flags & _UNSIGNED else "TINYINT"))
    if field.code in _INTEGERS:
        return Reading(("U" if field.flags & _UNSIGNED else "") + _INTEGERS[field.code])
    if field.code in _CHECKED:
        return _found(_CHECKED[field.code])
    if field.code in (0, 246):
        return _found(_decimal(field))
    if field.code == 16:
        return Reading("BOOLEAN", _bit) if field.length == 1 else Reading("UBIGINT", _bits)
    simple = {FLOAT: "FLOAT", 5: "DOUBLE", 6: "VARCHAR", 13: "SMALLINT", 245: "JSON", 255: "BLOB"}
    if field.code in simple:
        return Reading(simple[field.code])
    return Reading("BLOB" if field.charset == _BINARY else "VARCHAR")


def _found(finding: Finding) -> Reading:
    return Reading(finding.kind, None, finding)


def _decimal(field: MysqlField) -> Finding:
    # The length counts the sign and the point.
    digits = field.length - (0 if field.flags & _UNSIGNED else 1) - (1 if field.scale else 0)
    precision = max(digits, field.scale, 1)
    return Finite(precision, field.scale) if precision <= WIDTH else Digits(min(field.scale, WIDTH))


_DECLARED = {
    "BOOLEAN": "tinyint(1)",
    "TINYINT": "tinyint",
    "SMALLINT": "smallint",
    "INTEGER": "int",
    "BIGINT": "bigint",
    "UTINYINT": "tinyint unsigned",
    "USMALLINT": "smallint unsigned",
    "UINTEGER": "int unsigned",
    "UBIGINT": "bigint unsigned",
    "HUGEINT": "decimal(39,0)",
    "UHUGEINT": "decimal(39,0)",
    "FLOAT": "float",
    "DOUBLE": "double",
    "DATE": "date",
    "TIME": "time(6)",
    "UUID": "char(36)",
    "JSON": "json",
}
_DECIMAL = re.compile(r"DECIMAL\((\d+),(\d+)\)")
_MOST_SCALE = 30


def declared(kind: str, *, key: bool) -> str:
    """The type of a column that is made for values of a DuckDB type; as part of a ``key`` it has a limited length."""
    if found := _DECIMAL.fullmatch(kind):
        return f"decimal({found[1]},{found[2]})" if int(found[2]) <= _MOST_SCALE else "varchar(255)"
    if kind.startswith("TIMESTAMP"):
        return "datetime(6)"
    if _nested(kind):
        return "json"
    if kind == "BLOB":
        return "varbinary(255)" if key else "longblob"
    return _DECLARED.get(kind, "varchar(255)" if key else "longtext")


def _nested(kind: str) -> bool:
    return kind.endswith("]") or kind.startswith(("STRUCT", "MAP", "UNION"))


def written(column: str, kind: str) -> str:
    """A DuckDB expression that gives ``column`` (quoted) as a literal of MySQL without backslash escapes.

    Infinite numbers end the query with an error: MySQL has none.
    """
    if kind in ("FLOAT", "DOUBLE"):
        sentence = f"{column} holds a number that is infinite or none, which MySQL cannot store".replace("'", "''")
        return (
            f"case when {column} is null then 'NULL' when isfinite({column}) then cast({column} as varchar)"
            f" else error('{sentence}') end"
        )
    return f"coalesce({_present(column, kind)}, 'NULL')"


def _present(column: str, kind: str) -> str:
    if kind == "BOOLEAN":
        return f"cast(cast({column} as tinyint) as varchar)"
    if kind.endswith("INT") or kind.endswith("INTEGER") or kind.startswith("DECIMAL"):
        return f"cast({column} as varchar)"
    if kind == "BLOB":
        return f"'x''' || hex({column}) || ''''"
    if kind.startswith("TIMESTAMP"):
        # In UTC and without a zone, which only newer servers understand.
        return f"'''' || cast(cast({column} as timestamp) as varchar) || ''''"
    text = f"cast(to_json({column}) as varchar)" if _nested(kind) else f"cast({column} as varchar)"
    return f"'''' || replace({text}, '''', '''''') || ''''"
