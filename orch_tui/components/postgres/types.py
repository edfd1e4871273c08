"""PostgreSQL's types and DuckDB's, both ways.

Source: https://www.postgresql.org/docs/current/catalog-pg-type.html
"""

from __future__ import annotations

from orch_tui.components.dbapi.fit import Choice
from orch_tui.components.dbapi.held import Family, Target, changed, source_of
from orch_tui.components.dbapi.pipe import CsvColumn
from orch_tui.components.dbapi.settle import WIDTH, Digits, Finding, Finite, date, moment, time, timestamp
from orch_tui.model.dataclass import dataclass
from orch_tui.storage.values.conversion import text_of

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


_MADE = {"JSON": "cast({} as json)", "BLOB": "from_hex(substr({}, 3))"}
"""Of the server's text, where DuckDB's parser would not make it so."""


def csv_column(name: str, kind: str, finding: Finding | None) -> CsvColumn:
    """How the texts of COPY become values of a column that is read as this type."""
    if finding is not None or kind == "VARCHAR":
        return CsvColumn(name)
    return CsvColumn(name, made=_MADE[kind]) if kind in _MADE else CsvColumn(name, parsed=kind)


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


_DECLARED: dict[str, tuple[str, Family]] = {
    "BOOLEAN": ("boolean", "boolean"),
    "TINYINT": ("smallint", "integer"),
    "SMALLINT": ("smallint", "integer"),
    "UTINYINT": ("smallint", "integer"),
    "INTEGER": ("integer", "integer"),
    "USMALLINT": ("integer", "integer"),
    "BIGINT": ("bigint", "integer"),
    "UINTEGER": ("bigint", "integer"),
    "UBIGINT": ("numeric(20,0)", "decimal"),
    "HUGEINT": ("numeric(39,0)", "decimal"),
    "UHUGEINT": ("numeric(39,0)", "decimal"),
    "FLOAT": ("real", "real"),
    "DOUBLE": ("double precision", "double"),
    "UUID": ("uuid", "uuid"),
    "BLOB": ("bytea", "bytes"),
    "INTERVAL": ("interval", "interval"),
}
_DAYS = "isfinite({x}) and {x} not between '4713-11-24 (BC)' and '5874897-12-31'"
_FIRST = "isfinite({x}) and {x} < '4713-11-24 (BC)'"
"""Where the calendar of PostgreSQL begins and ends. https://www.postgresql.org/docs/current/datatype-datetime.html"""
_NO_JSONB = r"(contains({text}, '\u0000') or regexp_matches({text}, '\\u[dD][89a-fA-F]'))"
_NO_JSON = r"regexp_matches({text}, '(^|[\[:,]\s*)-?(NaN|Infinity)')"
"""What DuckDB takes for JSON and PostgreSQL does not; found inside of a text it does no harm."""

_TEXT = Target("text", "text", nul=False)


def choices(kind: str) -> list[Choice]:
    """The types that a new column for values of a DuckDB type may have, the best one first."""
    last = Choice("text", _TEXT)
    if kind == "VARCHAR":
        return [Choice("text", _TEXT, "contains({x}, chr(0))")]
    if kind in _DECLARED:
        declared, family = _DECLARED[kind]
        return [Choice(declared, Target(family, declared))]
    if kind.startswith("DECIMAL"):
        declared = kind.replace("DECIMAL", "numeric")
        return [Choice(declared, Target("decimal", declared))]
    if kind == "DATE":
        return [Choice("date", Target("date", "date"), _DAYS), last]
    if kind in ("TIME", "TIME_NS"):
        return [_in_microseconds(kind, Target("time", "time")), last]
    if kind.startswith("TIMESTAMP"):
        shown: tuple[Family, str] = ("moment", "timestamptz") if "Z" in kind else ("timestamp", "timestamp")
        return [_in_microseconds(kind, Target(*shown), _FIRST), last]
    if kind == "JSON" or source_of(kind) == "nested":
        text = "cast({x} as varchar)" if kind == "JSON" else f"({text_of('{x}', kind)})"
        odd = _NO_JSON.replace("{text}", text) if kind == "JSON" else "false"
        jsonb = f"({_NO_JSONB.replace('{text}', text)} or {odd})"
        return [
            Choice("jsonb", Target("json", "jsonb", unique_keys=True), jsonb),
            Choice("json", Target("json", "json"), odd),
            last,
        ]
    return [Choice("text", _TEXT)]


def _in_microseconds(kind: str, target: Target, also: str | None = None) -> Choice:
    # Nanoseconds reach from 1677 to 2262 only.
    beyond = changed("{x}", kind, target) if kind.endswith("_NS") else also
    return Choice(target.shown, target, beyond)


@dataclass(frozen=True, slots=True)
class PostgresColumn:
    """The type of a column as pg_type and pg_attribute have it: below its domains, with its modifier (-1: none)."""

    name: str
    built_in: bool
    modifier: int
    shown: str


_FAMILIES: dict[str, Family] = {
    "bool": "boolean", "int2": "integer", "int4": "integer", "int8": "integer", "oid": "integer", "numeric": "decimal",
    "money": "decimal", "float4": "real", "float8": "double", "text": "text", "varchar": "text", "bpchar": "text",
    "name": "text", "char": "text", "bytea": "bytes", "date": "date", "time": "time", "timestamp": "timestamp",
    "timestamptz": "moment", "interval": "interval", "uuid": "uuid", "json": "json", "jsonb": "json",
}  # fmt: skip
_NO_PRECISION, _ALL_FIELDS = 0xFFFF, 0x7FFF
"""Of an interval: https://github.com/postgres/postgres/blob/master/src/include/utils/timestamp.h"""


def target_of(column: PostgresColumn) -> Target:
    """What a column holds."""
    family = _FAMILIES.get(column.name, "other") if column.built_in else "other"
    name, modifier, shown = column.name, column.modifier, column.shown
    if name == "money":
        return Target("decimal", shown, scale=2)
    if family == "decimal" and modifier >= 0:
        # Eleven bits with a sign.
        scale = (modifier - 4) & 0x7FF
        return Target("decimal", shown, scale=scale - 2048 if scale > _LARGEST_SCALE else scale)
    if name in ("name", "char"):
        return Target("text", shown, length=63 if name == "name" else 1, in_bytes=True, nul=False)
    if family == "text":
        return Target("text", shown, length=modifier - 4 if modifier >= 4 else None, trims=name == "bpchar", nul=False)
    if family in ("time", "timestamp", "moment"):
        return Target(family, shown, scale=modifier if modifier >= 0 else None)
    if family == "interval" and modifier >= 0:
        digits, fields = modifier & 0xFFFF, modifier >> 16 & 0x7FFF
        return Target("interval", shown, scale=None if digits == _NO_PRECISION else digits, fixed=fields != _ALL_FIELDS)
    if family == "bytes":
        return Target("bytes", shown, trims=True)
    return Target(family, shown, unique_keys=name == "jsonb")


_SIMPLE = ("BOOLEAN", "FLOAT", "DOUBLE", "TIME", "TIME_NS", "UUID", "INTERVAL")


def copied(column: str, kind: str, target: Target) -> str:
    """A DuckDB expression that gives ``column`` (quoted) as a field of COPY's CSV format.

    Source: https://www.postgresql.org/docs/current/sql-copy.html, "CSV Format"
    """
    if kind == "BLOB":
        return f"'\\x' || lower(hex({column}))"
    if (kind == "DATE" or kind.startswith("TIMESTAMP")) and target.family in ("date", "timestamp", "moment"):
        text = f"cast({column} as varchar)"
        if kind.endswith("_NS"):
            return text
        before = f"replace({text}, ' (BC)', '') || ' BC'"
        return f"case when {column} < '0001-01-01' and isfinite({column}) then {before} else {text} end"
    if source_of(kind) in ("integer", "decimal", "date", "timestamp", "moment") or kind in _SIMPLE:
        return text_of(column, kind) if target.family == "text" else f"cast({column} as varchar)"
    return text_of(column, kind)
