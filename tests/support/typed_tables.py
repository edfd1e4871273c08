"""Random tables of all of DuckDB's types with their values in Python, and whether a value came back from somewhere."""

from __future__ import annotations

import datetime
import json
import math
import random
import re
import struct
import uuid
from dataclasses import dataclass
from datetime import UTC, date, timedelta
from decimal import Decimal
from typing import Any

NAMES = [
    "x",
    "a b",
    'quo"te',
    "select",
    "Ünï",
    "1",
    "it's",
    "🚀",
    "Straße",
    "STRASSE",
    "\u212a",
    "k",
    "a.b",
    "per%cent",
]
TEXTS = ["", "a", "007", "NULL", "null", "it's", '"', "\\", "a\nb", "a\r\nb", "é😀", "1.50", "true", "2024-01-05", "{}",
         "[1]", " x ", "\t", ",", "a,b", "1e5", "+5", "nan", "10:00:00", "2024-01-05 10:00:00", "\\N", "#"]  # fmt: skip
JSON_TEXTS = [
    '{"a": 1.10, "b": [12345678901234567890]}',
    "[]",
    '"x"',
    "null",
    "1e400",
    '{"a": 1, "a": 2}',
    "[null, {}]",
]
INTEGERS = {
    "TINYINT": (-(2**7), 2**7 - 1), "SMALLINT": (-(2**15), 2**15 - 1), "INTEGER": (-(2**31), 2**31 - 1),
    "BIGINT": (-(2**63), 2**63 - 1), "HUGEINT": (-(2**127), 2**127 - 1), "UTINYINT": (0, 2**8 - 1),
    "USMALLINT": (0, 2**16 - 1), "UINTEGER": (0, 2**32 - 1), "UBIGINT": (0, 2**64 - 1), "UHUGEINT": (0, 2**128 - 1),
    "BIGNUM": (-(10**45), 10**45),
}  # fmt: skip
MOMENTS = {"TIMESTAMP": 1, "TIMESTAMP_S": 10**6, "TIMESTAMP_MS": 1000, "TIMESTAMP_NS": 1, "TIMESTAMP WITH TIME ZONE": 1}
"""Microseconds that one step of each type has."""
PLAIN = [*INTEGERS, *MOMENTS, "BOOLEAN", "FLOAT", "DOUBLE", "VARCHAR", "BLOB", "DATE", "TIME", "TIME WITH TIME ZONE",
         "INTERVAL", "UUID", "BIT", "ENUM('a', 'B c', 'é')", "JSON", "DECIMAL"]  # fmt: skip
NESTED = ["LIST", "STRUCT", "ARRAY", "MAP", "UNION"]


class Single(float):
    """A FLOAT: 32 bits."""


class JsonText(str):
    """A value of the type JSON."""


class OneOf(dict[str, Any]):
    """A UNION: its member's name with its value, which is stored as JSON."""


@dataclass(frozen=True)
class Span:
    """An INTERVAL."""

    months: int
    days: int
    micros: int


@dataclass(frozen=True)
class Kind:
    """A type: its name in SQL, and the types in it with their names."""

    sql: str
    inner: tuple[tuple[str, Kind], ...] = ()
    shape: str = ""


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def random_kind(rng: random.Random, depth: int = 0) -> Kind:
    shape = rng.choice([*PLAIN, *(NESTED if depth < 2 else [])])
    if shape == "DECIMAL":
        digits = rng.choice([4, 9, 18, 38])
        return Kind(f"DECIMAL({digits},{rng.randrange(min(digits, 20))})")
    if shape in ("LIST", "ARRAY"):
        element = random_kind(rng, depth + 1)
        return Kind(f"{element.sql}[{2 if shape == 'ARRAY' else ''}]", (("", element),), shape)
    if shape in ("STRUCT", "UNION"):
        names = ["num", "text"] if shape == "UNION" else rng.sample(NAMES, rng.randint(1, 3))
        inner = tuple((name, random_kind(rng, depth + 1)) for name in names)
        return Kind(f"{shape}({', '.join(f'{quoted(name)} {kind.sql}' for name, kind in inner)})", inner, shape)
    if shape == "MAP":
        key = Kind(rng.choice(["VARCHAR", "INTEGER"]))
        value = random_kind(rng, depth + 1)
        return Kind(f"MAP({key.sql}, {value.sql})", (("", key), ("", value)), shape)
    return Kind(shape)


def random_value(rng: random.Random, kind: Kind, *, null: float = 0.15) -> tuple[str, Any]:
    """SQL of a random value of a type, and the value."""
    if rng.random() < null:
        return f"cast(null as {kind.sql})", None
    return _nested_value(rng, kind) if kind.inner else _plain_value(rng, kind.sql)


def _nested_value(rng: random.Random, kind: Kind) -> tuple[str, Any]:
    if kind.shape in ("LIST", "ARRAY"):
        count = 2 if kind.shape == "ARRAY" else rng.randrange(4)
        items = [random_value(rng, kind.inner[0][1]) for _ in range(count)]
        return f"cast([{', '.join(sql for sql, _ in items)}] as {kind.sql})", [item for _, item in items]
    if kind.shape == "STRUCT":
        made = [(name, *random_value(rng, inner)) for name, inner in kind.inner]
        fields = ", ".join(f"{literal(name)}: {sql}" for name, sql, _ in made)
        return f"cast({{{fields}}} as {kind.sql})", {name: item for name, _, item in made}
    if kind.shape == "UNION":
        name, inner = rng.choice(kind.inner)
        sql, item = random_value(rng, inner, null=0)
        return f"cast(union_value({quoted(name)} := {sql}) as {kind.sql})", OneOf({name: item})
    (_, key), (_, value) = kind.inner
    keys = rng.sample(["a", "", "é", "b c"] if key.sql == "VARCHAR" else [0, -1, 7], rng.randrange(3))
    values = [random_value(rng, value) for _ in keys]
    listed = ", ".join(literal(one) if isinstance(one, str) else str(one) for one in keys)
    sql = f"map([{listed}]::{key.sql}[], [{', '.join(one for one, _ in values)}]::{value.sql}[])"
    return f"cast({sql} as {kind.sql})", dict(zip(keys, (item for _, item in values), strict=True))


def _plain_value(rng: random.Random, kind: str) -> tuple[str, Any]:
    if kind in INTEGERS:
        low, high = INTEGERS[kind]
        number = rng.choice([low, high, rng.randint(low, high), rng.randint(0, 100)])
        return f"'{number}'::{kind}", number
    if kind in MOMENTS:
        step = MOMENTS[kind]
        first, days = (datetime.datetime(1, 1, 2), 3_650_000) if kind != "TIMESTAMP_NS" else (
            datetime.datetime(1700, 1, 1), 150_000)  # fmt: skip
        micros = rng.choice([rng.randrange(days * 86_400 * 10**6), rng.randrange(days) * 86_400 * 10**6])
        moment = first + timedelta(microseconds=micros // step * step)
        if kind == "TIMESTAMP WITH TIME ZONE":
            return f"timestamptz '{moment}+00'", moment.replace(tzinfo=UTC)
        return f"'{moment}'::{kind}", moment
    if kind.startswith("DECIMAL"):
        digits, scale = map(int, kind[8:-1].split(","))
        number = rng.choice([rng.randint(-(10**digits) + 1, 10**digits - 1), rng.randint(-500, 500)])
        number = max(min(number, 10**digits - 1), 1 - 10**digits)
        text = f"{'-' if number < 0 else ''}{abs(number) // 10**scale}"
        text += f".{abs(number) % 10**scale:0{scale}d}" if scale else ""
        return f"'{text}'::{kind}", Decimal(text)
    return _OTHERS[kind.partition("(")[0]](rng)


def _double(rng: random.Random) -> tuple[str, float]:
    number = rng.choice([0.1, 1.5, 3.0, 1e300, 5e-324, math.nan, math.inf, -math.inf, rng.uniform(-1e6, 1e6), 2.0**60])
    return f"'{number!r}'::DOUBLE", number


def _single(rng: random.Random) -> tuple[str, Single]:
    number = rng.choice([0.1, 16777216.0, 3.4028235e38, 1e-45, math.nan, math.inf, rng.uniform(-1e6, 1e6)])
    return f"'{number!r}'::FLOAT", Single(struct.unpack("f", struct.pack("f", number))[0])


def _boolean(rng: random.Random) -> tuple[str, bool]:
    yes = rng.random() < 0.5
    return str(yes).lower(), yes


def _text(rng: random.Random) -> tuple[str, str]:
    text = rng.choice(TEXTS)
    return literal(text), text


def _blob(rng: random.Random) -> tuple[str, bytes]:
    data = rng.choice([bytes(rng.randrange(256) for _ in range(rng.randrange(4))), b"abc", b"12", b"a\\'\""])
    return f"from_hex('{data.hex()}')", data


def _day(rng: random.Random) -> tuple[str, date]:
    day = rng.choice([date.min, date.max, date(2024, 2, 29), date.fromordinal(rng.randrange(1, date.max.toordinal()))])
    return f"date '{day:%Y-%m-%d}'" if day.year > 999 else f"date '{day.isoformat()}'", day


def _clock(rng: random.Random) -> tuple[str, datetime.time]:
    micros = rng.choice([0, 86_399_999_999, 36_000_000_000, rng.randrange(86_400 * 10**6)])
    moment = (datetime.datetime(2000, 1, 1) + timedelta(microseconds=micros)).time()
    return f"time '{moment}'", moment


def _clock_with_zone(rng: random.Random) -> tuple[str, datetime.time]:
    _, moment = _clock(rng)
    hours = rng.choice([0, 0, 0, 2, -11])
    zone = datetime.timezone(timedelta(hours=hours))
    return f"'{moment}{hours:+03d}'::TIMETZ", moment.replace(tzinfo=zone)


def _interval(rng: random.Random) -> tuple[str, Span]:
    span = Span(rng.choice([0, 14, -1, 1]), rng.choice([0, 3, -2, 30]), rng.choice([0, 5_000, 14_706_500_000, -1, 7]))
    return f"(to_months({span.months}) + to_days({span.days}) + to_microseconds({span.micros}))", span


def _uuid(rng: random.Random) -> tuple[str, uuid.UUID]:
    made = uuid.UUID(int=rng.choice([0, 2**128 - 1, rng.getrandbits(128)]))
    return f"'{made}'::UUID", made


def _bits(rng: random.Random) -> tuple[str, str]:
    text = "".join(rng.choice("01") for _ in range(rng.randint(1, 9)))
    return f"'{text}'::BIT", text


def _enum(rng: random.Random) -> tuple[str, str]:
    text = rng.choice(["a", "B c", "é"])
    return f"{literal(text)}::ENUM('a', 'B c', 'é')", text


def _json(rng: random.Random) -> tuple[str, str]:
    text = rng.choice(JSON_TEXTS)
    return f"{literal(text)}::JSON", JsonText(text)


_OTHERS = {
    "DOUBLE": _double, "FLOAT": _single, "BOOLEAN": _boolean, "VARCHAR": _text, "BLOB": _blob, "DATE": _day,
    "TIME": _clock, "TIME WITH TIME ZONE": _clock_with_zone, "INTERVAL": _interval, "UUID": _uuid, "BIT": _bits,
    "ENUM": _enum, "JSON": _json,
}  # fmt: skip


@dataclass(frozen=True)
class TypedTable:
    """``query`` gives ``rows`` in the order of their ``id``; ``kinds`` are the other columns."""

    query: str
    kinds: dict[str, Kind]
    rows: list[dict[str, Any]]


def random_table(seed: int | str) -> TypedTable:
    """Up to four columns besides ``id`` and up to five rows."""
    rng = random.Random(seed)
    kinds = {name: random_kind(rng) for name in rng.sample(NAMES, rng.randint(1, 4))}
    selects, rows = [], []
    for number in range(rng.randrange(6)):
        made = {name: random_value(rng, kind) for name, kind in kinds.items()}
        rows.append({"id": number, **{name: item for name, (_, item) in made.items()}})
        selects.append(f"select {number} as id, " + ", ".join(f"{sql} as {quoted(n)}" for n, (sql, _) in made.items()))
    empty = ", ".join(f"cast(null as {kind.sql}) as {quoted(name)}" for name, kind in kinds.items())
    return TypedTable(" union all ".join(selects) or f"select 0 as id, {empty} limit 0", kinds, rows)


def text_of(value: Any) -> str:
    """The one text of a value that has no values in it, as docs/types.md says."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Single):
        return text_of(next(float(text) for n in range(1, 10) if _same_single(text := f"{value:.{n}g}", value)))
    if isinstance(value, float):
        return repr(value).removesuffix(".0")
    if isinstance(value, bytes):
        return "".join(chr(b) if 32 <= b < 127 and b not in b"\"'\\" else f"\\x{b:02X}" for b in value)
    if isinstance(value, datetime.datetime):
        text = f"{value.replace(tzinfo=None)}"
        return (text.rstrip("0") if value.microsecond else text) + ("+00" if value.tzinfo else "")
    if isinstance(value, datetime.time):
        text = f"{value.replace(tzinfo=None)}"
        offset = value.utcoffset()
        zone = "" if offset is None else f"{round(offset.total_seconds() / 3600):+03d}"
        return (text.rstrip("0") if value.microsecond else text) + zone
    if isinstance(value, Decimal):
        return f"{value:f}"
    return value.isoformat() if isinstance(value, date) else str(value)


def _same_single(text: str, value: float) -> bool:
    number = float(text)
    if not math.isfinite(number) or not math.isfinite(value):
        return number == value or (number != number and value != value)
    try:
        return struct.pack("f", number) == struct.pack("f", value)
    except OverflowError:
        return False


def _span(value: Any) -> Span | None:
    """An interval as Parquet's twelve bytes or as DuckDB's text."""
    if isinstance(value, bytes) and len(value) == 12:
        months, days, millis = struct.unpack("<III", value)
        return Span(months, days, millis * 1000)
    if not isinstance(value, str):
        return None
    found = {unit: int(number) for number, unit in re.findall(r"(-?\d+) (year|month|day)s?", value)}
    clock = re.search(r"(-?)(\d+):(\d+):(\d+)(?:\.(\d+))?$", value)
    micros = 0
    if clock:
        sign, hours, minutes, seconds, part = clock.groups()
        micros = (int(hours) * 3600 + int(minutes) * 60 + int(seconds)) * 10**6 + int((part or "0").ljust(6, "0"))
        micros = -micros if sign else micros
    return Span(found.get("year", 0) * 12 + found.get("month", 0), found.get("day", 0), micros)


def _loads(text: str) -> Any:
    return json.loads(text, parse_float=Decimal)


def same(before: Any, after: Any) -> bool:
    """Whether a value is the one that was written; a text must say exactly what it was."""
    if before is None or after is None:
        return before is after
    if isinstance(before, list | dict):
        return _same_nested(before, after)
    if isinstance(before, JsonText):
        return _same_json(before, after)
    if isinstance(before, Span):
        # One that is shorter than a day has the text of a time.
        return _span(text_of(after) if isinstance(after, datetime.time) else after) == before
    if isinstance(before, uuid.UUID):
        return after in (before, before.bytes, str(before))
    if isinstance(before, Single) and isinstance(after, float | int | Decimal):
        return _same_single(str(after), before)
    if isinstance(before, bool) or isinstance(after, bool):
        return text_of(before) == text_of(after)
    if isinstance(before, int | float | Decimal) and isinstance(after, int | float | Decimal):
        if before != before or after != after:
            return before != before and after != after
        return Decimal(repr(before) if isinstance(before, float) else before) == Decimal(
            repr(after) if isinstance(after, float) else after
        )
    if isinstance(before, datetime.datetime) and isinstance(after, datetime.datetime):
        return before.replace(tzinfo=UTC) == after.replace(tzinfo=UTC)
    if isinstance(before, datetime.time) and isinstance(after, datetime.time):
        return before.replace(tzinfo=None) == after.replace(tzinfo=None) and not before.utcoffset()
    return text_of(before) == text_of(after)


def _same_nested(before: list[Any] | dict[Any, Any], after: Any) -> bool:
    if isinstance(after, str):
        # In JSON there is one null.
        after, before = _loads(after), _without_json_nulls(before)
    if isinstance(before, list):
        return isinstance(after, list) and len(before) == len(after) and all(map(same, before, after))
    if isinstance(after, list) and all(isinstance(one, tuple) for one in after):
        after = dict(after)
    if not isinstance(after, dict):
        return False
    # A member that a struct of another row has is null in this one; a map in JSON has texts as its keys.
    found = {str(key): value for key, value in after.items()}
    own = {str(key): value for key, value in before.items()}
    return own.keys() <= found.keys() and all(same(own.get(name), part) for name, part in found.items())


def _without_json_nulls(value: Any) -> Any:
    if isinstance(value, list):
        return [_without_json_nulls(item) for item in value]
    if isinstance(value, dict):
        return {name: _without_json_nulls(item) for name, item in value.items()}
    return None if isinstance(value, JsonText) and value == "null" else value


def _same_json(before: str, after: Any) -> bool:
    """JSON is a text of its own, a member of other JSON, or the text that it holds."""
    held = _loads(before)
    if after in (before, held):
        return True
    try:
        return isinstance(after, str) and bool(_loads(after) == held)
    except ValueError:
        return False


def without_specials(value: Any) -> Any:
    """What a file of JSON has of a value: no NaN, no infinity, and one kind of null."""
    if isinstance(value, JsonText):
        return None if value == "null" else value
    if isinstance(value, OneOf):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, list):
        return [without_specials(item) for item in value]
    if isinstance(value, dict):
        return {name: without_specials(item) for name, item in value.items()}
    return value
