"""MySQL's types and DuckDB's, both ways.

Sources: https://dev.mysql.com/doc/dev/mysql-server/latest/field__types_8h.html and
https://dev.mysql.com/doc/refman/8.4/en/data-types.html
"""

from __future__ import annotations

import re

from orch_tui.components.dbapi.fit import Choice
from orch_tui.components.dbapi.held import Family, Target, changed, source_of
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
from orch_tui.model.dataclass import dataclass
from orch_tui.storage.values.conversion import text_of

_BINARY = 63
"""The number of the character set that is none."""
_UNSIGNED = 32
"""The flag of a column without negative numbers."""

FLOAT, BIT = 4, 16
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
    if field.code == BIT:
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


_DECLARED: dict[str, tuple[str, Family]] = {
    "BOOLEAN": ("tinyint(1)", "integer"),
    "TINYINT": ("tinyint", "integer"),
    "SMALLINT": ("smallint", "integer"),
    "INTEGER": ("int", "integer"),
    "BIGINT": ("bigint", "integer"),
    "UTINYINT": ("tinyint unsigned", "integer"),
    "USMALLINT": ("smallint unsigned", "integer"),
    "UINTEGER": ("int unsigned", "integer"),
    "UBIGINT": ("bigint unsigned", "integer"),
    "HUGEINT": ("decimal(39,0)", "decimal"),
    "UHUGEINT": ("decimal(39,0)", "decimal"),
    "UUID": ("char(36)", "text"),
}
_DECIMAL = re.compile(r"DECIMAL\((\d+),(\d+)\)")
_MOST_SCALE = 30
_KEY_LENGTH = 255
_MANY_DIGITS = r"regexp_matches({text}, '[0-9]{16,}|[0-9]\.[0-9]{15,}')"
_ENDLESS = "not isfinite({x})"
_YEARS = "({x} < '0001-01-01' or {x} >= '10000-01-01')"
"""Before and after the calendar of MySQL, among them what has no end."""


def choices(kind: str, *, key: bool, exact_json: bool) -> list[Choice]:
    """The types that a new column for values of a DuckDB type may have, the best one first.

    As part of a ``key`` a text has a limited length. ``exact_json``: JSON stays the text it is, as in MariaDB.
    """
    text = f"varchar({_KEY_LENGTH})" if key else "longtext"
    last = Choice(text, Target("text", text))
    if kind in _DECLARED:
        declared, family = _DECLARED[kind]
        return [Choice(declared, Target(family, declared))]
    if found := _DECIMAL.fullmatch(kind):
        declared = f"decimal({found[1]},{found[2]})"
        return [Choice(declared, Target("decimal", declared))] if int(found[2]) <= _MOST_SCALE else [last]
    if kind in ("FLOAT", "DOUBLE"):
        return [Choice(kind.lower(), Target("real" if kind == "FLOAT" else "double", kind.lower()), _ENDLESS), last]
    if kind == "DATE":
        return [Choice("date", Target("date", "date"), _YEARS), last]
    if kind in ("TIME", "TIME_NS"):
        return [_in_microseconds(kind, Target("time", "time(6)")), last]
    if kind.startswith("TIMESTAMP"):
        return [_in_microseconds(kind, Target("timestamp", "datetime(6)"), _YEARS), last]
    if kind == "JSON" or source_of(kind) == "nested":
        return [_json(kind, exact_json), last]
    if kind == "BLOB":
        declared = f"varbinary({_KEY_LENGTH})" if key else "longblob"
        return [Choice(declared, Target("bytes", declared))]
    return [last]


def _json(kind: str, exact: bool) -> Choice:
    beyond = []
    if kind == "JSON":
        beyond.append(r"regexp_matches({text}, '(^|[\[:,]\s*)-?(NaN|Infinity)')")
    if not exact:
        # MySQL itself takes JSON apart: numbers become doubles, and of a key that comes twice the last one stays.
        beyond.append(_MANY_DIGITS)
    text = "cast({x} as varchar)" if kind == "JSON" else f"({text_of('{x}', kind)})"
    condition = f"({' or '.join(beyond)})".replace("{text}", text) if beyond else None
    return Choice("json", Target("json", "json", unique_keys=not exact), condition)


def _in_microseconds(kind: str, target: Target, also: str | None = None) -> Choice:
    # Nanoseconds reach from 1677 to 2262 only.
    beyond = changed("{x}", kind, target) if kind.endswith("_NS") else also
    return Choice(target.shown, target, beyond)


_TYPE = re.compile(r"(\w+)(?:\((.*)\))?", re.DOTALL)
_INTEGER_TYPES = ("tinyint", "smallint", "mediumint", "int", "bigint")
_TIMES: dict[str, Family] = {"time": "time", "datetime": "timestamp", "timestamp": "timestamp"}
_PLAIN: dict[str, Family] = {"date": "date", "uuid": "uuid", "json": "json", "year": "year", "bit": "bits"}
_BLOBS = ("tinyblob", "blob", "mediumblob", "longblob", "varbinary")


def target_of(shown: str, *, exact_json: bool) -> Target:
    """What a column holds whose type information_schema.columns calls ``shown``, as in ``decimal(10,2) unsigned``."""
    found = _TYPE.match(shown)
    name, inner = (found[1].lower(), found[2] or "") if found else ("", "")
    numbers = [int(part) for part in inner.split(",") if part.strip().isdecimal()]
    if name in _INTEGER_TYPES:
        return Target("integer", shown, rounds=True)
    if name == "decimal":
        return Target("decimal", shown, scale=numbers[1] if len(numbers) > 1 else 0)
    if name in ("float", "double"):
        return Target("real" if name == "float" else "double", shown, scale=numbers[1] if len(numbers) > 1 else None)
    if name in _TIMES:
        return Target(_TIMES[name], shown, scale=numbers[0] if numbers else 0)
    if name in ("char", "varchar"):
        return Target("text", shown, length=numbers[0] if numbers else 1, trims=name == "char")
    if name.endswith("text"):
        return Target("text", shown)
    if name == "binary":
        return Target("bytes", shown, length=numbers[0] if numbers else 1, fixed=True)
    if name in _BLOBS:
        return Target("bytes", shown)
    if name in ("enum", "set"):
        return Target("choice", shown, several=name == "set", choices=_labels(inner))
    return Target(_PLAIN.get(name, "other"), shown, unique_keys=name == "json" and not exact_json)


def _labels(inner: str) -> tuple[str, ...]:
    return tuple(label.replace("''", "'") for label in re.findall(r"'((?:[^']|'')*)'", inner))


def written(column: str, kind: str, target: Target) -> str:
    """A DuckDB expression that gives ``column`` (quoted) as a literal of MySQL without backslash escapes.

    An infinite number that is to be one ends the query with an error: MySQL has none.
    """
    if target.family in ("text", "choice", "json") and kind != "BLOB":
        return f"coalesce({_string(text_of(column, kind))}, 'NULL')"
    if kind in ("FLOAT", "DOUBLE"):
        return f"coalesce(cast({_finite(column)} as varchar), 'NULL')"
    return f"coalesce({_present(column, kind)}, 'NULL')"


def _finite(column: str) -> str:
    sentence = f"{column} holds a number that is infinite or none, which MySQL cannot store".replace("'", "''")
    # As a double: the shortest text of a FLOAT is another number.
    number = f"cast({column} as double)"
    return f"case when {column} is null or isfinite({column}) then {number} else error('{sentence}') end"


def _string(text: str) -> str:
    return f"'''' || replace({text}, '''', '''''') || ''''"


def _present(column: str, kind: str) -> str:
    if kind == "BOOLEAN":
        return f"cast(cast({column} as tinyint) as varchar)"
    if source_of(kind) in ("integer", "decimal"):
        return f"cast({column} as varchar)"
    if kind == "BLOB":
        return f"'x''' || hex({column}) || ''''"
    if source_of(kind) == "moment":
        # In UTC and without a zone, which only newer servers understand.
        return _string(f"cast(cast({column} as timestamp) as varchar)")
    return _string(text_of(column, kind))


@dataclass(frozen=True, slots=True)
class Sent:
    """A value on its way to LOAD DATA: DuckDB's expression of its text, whether that is to be in quotes in any case,
    and what MySQL makes of the text ``{}``; None: what it makes of every text that is for the column."""

    text: str
    quoted: bool
    made: str | None = None


_NUMBERS: tuple[Family, ...] = ("integer", "decimal", "real", "double")
_TEXTS: tuple[Family, ...] = ("text", "choice", "json")
_TIME: tuple[Family, ...] = ("date", "time", "timestamp", "moment")
_DIRECT: dict[str, tuple[Family, ...]] = {
    "boolean": _NUMBERS, "integer": _NUMBERS, "decimal": _NUMBERS, "float": _NUMBERS,
    "date": _TIME, "time": _TIME, "timestamp": _TIME, "moment": _TIME,
}  # fmt: skip
"""Where a text that LOAD DATA reads becomes the same as that value in an INSERT."""


def sent(column: str, kind: str, target: Target) -> Sent:
    """How ``column`` (quoted, of a DuckDB type) gets into a column of MySQL by LOAD DATA, as :func:`written` does by
    INSERT.

    An infinite number that is to be one ends the query with an error, as there.
    """
    source = source_of(kind)
    if kind == "BLOB":
        return Sent(f"hex({column})", True, "unhex({})")
    if target.family in _TEXTS:
        return Sent(text_of(column, kind), True)
    direct = target.family in _DIRECT.get(source, ())
    if source == "float":
        return Sent(_finite(column), False, None if direct else "{} + 0e0")
    if source == "boolean":
        return Sent(f"cast({column} as tinyint)", False, None if direct else "cast({} as signed)")
    if source == "integer":
        return Sent(column, False, None if direct else f"cast({{}} as {'un' * kind.startswith('U')}signed)")
    if source == "decimal":
        return Sent(column, False, None if direct else f"cast({{}} as {kind})")
    text = f"cast({column} as timestamp)" if source == "moment" else text_of(column, kind)
    return Sent(text, not direct, None if direct else "{}")
