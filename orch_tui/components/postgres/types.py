"""PostgreSQL's types and DuckDB's, both ways.

Source: https://www.postgresql.org/docs/current/catalog-pg-type.html
"""

from __future__ import annotations

from dataclasses import dataclass

from orch_tui.components.dbapi.settle import WIDTH, Digits, Finding, Finite, date, moment, time, timestamp

_SCALE = 9
"""Digits behind the point that a decimal has room for whose declaration says nothing, as most warehouses take it."""
_LARGEST_SCALE = 1000

AS_TEXT = ("date", "time", "timestamp", "timestamptz", "numeric", "uuid", "json", "jsonb")
"""Types whose values are asked of the driver as the text that the server sends."""

_PLAIN = {
    "bool": "BOOLEAN",
    "int2": "SMALLINT",
    "int4": "INTEGER",
    "int8": "BIGINT",
    "oid": "UINTEGER",
    "float4": "FLOAT",
    "float8": "DOUBLE",
    "text": "VARCHAR",
    "varchar": "VARCHAR",
    "bpchar": "VARCHAR",
    "uuid": "UUID",
    "json": "JSON",
    "jsonb": "JSON",
    "bytea": "BLOB",
}
_ISO = r"regexp_replace({x}, '^(\S+)(.*) BC$', '\1 (BC)\2')"
"""``0044-03-15 10:00:00 BC`` as DuckDB writes it; it would read the server's text as a time after Christ."""

_CHECKED: dict[str, Finding] = {
    "date": date(_ISO),
    "time": time(),
    "timestamp": timestamp(_ISO),
    "timestamptz": moment(_ISO),
}


@dataclass(frozen=True, slots=True)
class PostgresType:
    """A row of pg_type (``built_in``: of the server itself) with the modifiers that a column of a result has."""

    name: str
    built_in: bool
    kind: str
    category: str
    precision: int | None = None
    scale: int | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """How a column is read: the DuckDB type, an expression with ``{}`` for the column, and how its values tell."""

    kind: str
    expression: str = "{}"
    finding: Finding | None = None


def reading(kind: PostgresType) -> Reading:
    """How a column of this type is read."""
    if kind.built_in and kind.name in _PLAIN:
        return Reading(_PLAIN[kind.name])
    if kind.built_in and kind.name in _CHECKED:
        finding = _CHECKED[kind.name]
        return Reading(finding.kind, "{}", finding)
    if kind.built_in and kind.name in ("numeric", "money"):
        decimal = _decimal(kind)
        return Reading(decimal.kind, "{}::numeric" if kind.name == "money" else "{}", decimal)
    if kind.category == "A" or kind.kind == "c" or (kind.built_in and kind.name == "record"):
        return Reading("JSON", "to_json({})::text")
    return Reading("VARCHAR", "{}::text")


def _decimal(kind: PostgresType) -> Finding:
    precision, scale = kind.precision, kind.scale
    if precision is None or scale is None:
        return Digits(_SCALE)
    # PostgreSQL 15 and later also take a scale above the precision, or below zero: the driver gives its 11 bits.
    if not 0 <= scale <= _LARGEST_SCALE:
        return Digits(0)
    if max(precision, scale) <= WIDTH:
        return Finite(max(precision, scale), scale)
    return Digits(min(scale, WIDTH))


_DECLARED = {
    "BOOLEAN": "boolean",
    "TINYINT": "smallint",
    "SMALLINT": "smallint",
    "UTINYINT": "smallint",
    "INTEGER": "integer",
    "USMALLINT": "integer",
    "BIGINT": "bigint",
    "UINTEGER": "bigint",
    "UBIGINT": "numeric(20,0)",
    "HUGEINT": "numeric(39,0)",
    "UHUGEINT": "numeric(39,0)",
    "FLOAT": "real",
    "DOUBLE": "double precision",
    "DATE": "date",
    "TIME": "time",
    "TIMESTAMP WITH TIME ZONE": "timestamptz",
    "UUID": "uuid",
    "JSON": "jsonb",
    "BLOB": "bytea",
    "INTERVAL": "interval",
}


def declared(kind: str) -> str:
    """The type of a column that is made for values of a DuckDB type."""
    if kind.startswith("DECIMAL"):
        return kind.replace("DECIMAL", "numeric")
    if kind.endswith("]") or kind.startswith(("STRUCT", "MAP", "UNION")):
        return "jsonb"
    if kind in ("TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS"):
        return "timestamp"
    return _DECLARED.get(kind, "text")


_SIMPLE = ("BOOLEAN", "FLOAT", "DOUBLE", "DATE", "TIME", "UUID", "INTERVAL")


def copied(column: str, kind: str) -> str:
    """A DuckDB expression that gives ``column`` (quoted) as a field of COPY's text format.

    Source: https://www.postgresql.org/docs/current/sql-copy.html, "Text Format"
    """
    if kind == "BLOB":
        return f"coalesce('\\\\x' || lower(hex({column})), '\\N')"
    if kind in _SIMPLE or kind.endswith("INT") or kind.endswith("INTEGER") or kind.startswith(("DECIMAL", "TIMESTAMP")):
        return f"coalesce(cast({column} as varchar), '\\N')"
    text = f"cast({column} as varchar)"
    if kind.endswith("]") or kind.startswith(("STRUCT", "MAP", "UNION")):
        text = f"cast(to_json({column}) as varchar)"
    for raw, escaped in (("'\\'", "'\\\\'"), ("chr(10)", "'\\n'"), ("chr(13)", "'\\r'"), ("chr(9)", "'\\t'")):
        text = f"replace({text}, {raw}, {escaped})"
    return f"coalesce({text}, '\\N')"
