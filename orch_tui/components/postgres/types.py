"""PostgreSQL's types and DuckDB's, both ways.

Source: https://www.postgresql.org/docs/current/catalog-pg-type.html
"""

from __future__ import annotations

from dataclasses import dataclass

from orch_tui.components.dbapi.values import Convert, date, decimal, time, timestamp

_WIDTH, _SCALE = 38, 9
"""Digits of a decimal whose declaration says nothing: what DuckDB can hold, and what most warehouses take."""

AS_TEXT = ("date", "time", "timestamp", "timestamptz", "uuid", "json", "jsonb")
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
_CHECKED: dict[str, tuple[str, Convert]] = {
    "date": ("DATE", date),
    "time": ("TIME", time),
    "timestamp": ("TIMESTAMP", timestamp),
    "timestamptz": ("TIMESTAMP WITH TIME ZONE", timestamp),
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


def reading(kind: PostgresType) -> tuple[str, str, Convert | None]:
    """How a column is read: the DuckDB type, an expression with ``{}`` for the column, and what fits its values."""
    if kind.built_in and kind.name in _PLAIN:
        return _PLAIN[kind.name], "{}", None
    if kind.built_in and kind.name in _CHECKED:
        target, convert = _CHECKED[kind.name]
        return target, "{}", convert
    if kind.built_in and kind.name in ("numeric", "money"):
        return _decimal(kind)
    if kind.category == "A" or kind.kind == "c" or (kind.built_in and kind.name == "record"):
        return "JSON", "to_json({})::text", None
    return "VARCHAR", "{}::text", None


def _decimal(kind: PostgresType) -> tuple[str, str, Convert]:
    precision, scale = kind.precision, kind.scale
    # PostgreSQL 15 and later also take a scale below zero or above the precision.
    if precision is not None and scale is not None and 0 <= scale <= _WIDTH:
        precision = min(max(precision, scale), _WIDTH)
        return f"DECIMAL({precision},{scale})", "{}", decimal(precision, scale)
    return f"DECIMAL({_WIDTH},{_SCALE})", f"round({{}}::numeric, {_SCALE})", decimal(_WIDTH, _SCALE)


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
