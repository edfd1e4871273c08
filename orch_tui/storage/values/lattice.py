"""The type that holds the values of several types exactly: the lattice of types, by the types alone.

Two types meet in the narrowest type that holds every value of both, so that each comes back as it was; where there is
none they meet as text. What counts as the same value:

* a number is what its text says: a FLOAT of 0.1 is a DOUBLE of 0.1, and an integer is held by a DOUBLE while it has no
  more than 53 bits; a decimal may get more zeros at its end (1.23 as 1.230), a number never fewer digits;
* a DATE is no TIMESTAMP: a day has no time of day, and midnight would be made up;
* a time without a zone is one in UTC, as on every connection of a task, so that it meets one with a zone;
* a field that a STRUCT lacks is null in it; field names that differ in more than their order do not meet when they are
  the same but for their case;
* values of different shapes (a list and an object) meet as JSON, which holds both; JSON holds numbers too;
* BOOLEAN, ENUM, UUID, BLOB, BIT, INTERVAL and TIME meet nothing but themselves.

Where the types alone do not suffice (a BIGINT and a DOUBLE), their values may: :mod:`orch_tui.storage.values.meeting`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from orch_tui.storage.duckdb import folded
from orch_tui.storage.values.types import (
    ARRAY,
    DECIMAL_DIGITS,
    LIST,
    MAP,
    NULL_TYPE,
    STRUCT,
    TEXT,
    TUPLE,
    ZONED,
    DataType,
    decimal,
    list_of,
    parse_type,
)

INTEGERS = {
    "UTINYINT": (0, 2**8 - 1), "USMALLINT": (0, 2**16 - 1), "UINTEGER": (0, 2**32 - 1), "UBIGINT": (0, 2**64 - 1),
    "TINYINT": (-(2**7), 2**7 - 1), "SMALLINT": (-(2**15), 2**15 - 1), "INTEGER": (-(2**31), 2**31 - 1),
    "BIGINT": (-(2**63), 2**63 - 1), "HUGEINT": (-(2**127), 2**127 - 1), "UHUGEINT": (0, 2**128 - 1),
}  # fmt: skip
"""Smallest and largest value of each integer type; within unsigned and signed ones from narrow to wide."""
BIG = "BIGNUM"
"""Integers of any length."""
FLOAT_BITS = {"FLOAT": 24, "DOUBLE": 53}
"""Bits of an integer that a floating point type holds exactly."""
_INSTANTS = ("TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP", ZONED)
_NANOSECONDS = ("TIMESTAMP_NS", "TIMESTAMPTZ_NS")
_DAY_TIMES = ("TIME", "TIME_NS")


def common_type(types: Iterable[str]) -> str:
    """The type that holds every value of all these types exactly; ``VARCHAR`` when there is none.

    The type of nothing but nulls (``"NULL"``) is neutral; alone it becomes ``VARCHAR``. The result does not depend on
    the order of the types, but for the order of the fields of structs.

    Args:
        types: as ``describe`` gives them.

    Raises:
        ValueError: a text is no type.
    """
    texts = list(types)
    kinds = [parse_type(text) for text in texts]
    joined = join(kinds)
    if joined.name == NULL_TYPE:
        return TEXT
    return next((text for text, kind in zip(texts, kinds, strict=True) if kind == joined), str(joined))


def join(kinds: Sequence[DataType]) -> DataType:
    """As :func:`common_type`, with trees; the type of nulls where all are that."""
    known = list(dict.fromkeys(kind for kind in kinds if kind.name != NULL_TYPE))
    if not known:
        return DataType(NULL_TYPE)
    if len(known) == 1:
        return known[0]
    names = {kind.name for kind in known}
    if all(is_number(kind) for kind in known):
        found = _join_numbers(known)
    elif all(kind.nested for kind in known):
        found = _join_nested(known) or DataType("JSON")
    elif names <= {*_INSTANTS, *_NANOSECONDS}:
        found = _join_instants(names)
    elif names <= {*_DAY_TIMES}:
        found = DataType("TIME_NS")
    elif "JSON" in names and all(_is_json(kind) for kind in known):
        found = DataType("JSON")
    else:
        found = None
    return found or DataType(TEXT)


def is_number(kind: DataType) -> bool:
    return kind.name in INTEGERS or kind.name in (BIG, "DECIMAL", "FLOAT", "DOUBLE")


def is_integer(kind: DataType) -> bool:
    return kind.name in INTEGERS or kind.name == BIG


def digits_of(kind: DataType) -> int:
    """Digits before the point that a value of an integer or decimal type may have."""
    if kind.name == "DECIMAL":
        return kind.digits - kind.scale
    low, high = INTEGERS[kind.name]
    return len(str(max(-low, high)))


def _is_json(kind: DataType) -> bool:
    """JSON has no number for NaN and infinity, so floating point types are not among these."""
    return kind.nested or is_integer(kind) or kind.name in ("JSON", "BOOLEAN", "DECIMAL")


def _join_numbers(kinds: Sequence[DataType]) -> DataType | None:
    floating = [kind for kind in kinds if kind.name in FLOAT_BITS]
    decimals = [kind for kind in kinds if kind.name == "DECIMAL"]
    integers = [kind for kind in kinds if is_integer(kind)]
    if floating:
        if decimals or any(kind.name == BIG for kind in integers):
            return None
        bits = max([0, *(max(-low, high).bit_length() for low, high in _ranges(integers))])
        wide = any(kind.name == "DOUBLE" for kind in floating) or bits > FLOAT_BITS["FLOAT"]
        return DataType("DOUBLE" if wide else "FLOAT") if bits <= FLOAT_BITS["DOUBLE"] else None
    if not decimals:
        return _join_integers(integers)
    scale = max(kind.scale for kind in decimals)
    if all(kind.name != BIG for kind in kinds):
        digits = scale + max(digits_of(kind) for kind in kinds)
        if digits <= DECIMAL_DIGITS:
            return decimal(digits, scale)
    if scale:
        return None
    # Decimals without a fraction are integers of at most 38 digits.
    return _join_integers([*integers, DataType("HUGEINT")])


def _ranges(kinds: Iterable[DataType]) -> list[tuple[int, int]]:
    return [INTEGERS[kind.name] for kind in kinds]


def _join_integers(kinds: Sequence[DataType]) -> DataType:
    if any(kind.name == BIG for kind in kinds):
        return DataType(BIG)
    ranges = _ranges(kinds)
    low, high = min(low for low, _ in ranges), max(high for _, high in ranges)
    for name, (lowest, highest) in INTEGERS.items():
        if name.startswith("U") == (low == 0) and lowest <= low and high <= highest:
            # Parquet has no 128-bit integers; a decimal of 20 digits holds UBIGINT beside BIGINT.
            if name == "HUGEINT" and all(kind.name not in ("HUGEINT", "UHUGEINT") for kind in kinds):
                return decimal(len(str(max(-low, high))), 0)
            return DataType(name)
    return DataType(BIG)


def _join_instants(names: set[str]) -> DataType | None:
    if names <= set(_NANOSECONDS):
        return DataType("TIMESTAMPTZ_NS")
    if names <= set(_INSTANTS):
        return DataType(max(names, key=_INSTANTS.index))
    # Nanoseconds end with the year 2262, microseconds do not have their digits.
    return None


def _join_nested(kinds: Sequence[DataType]) -> DataType | None:
    names = {kind.name for kind in kinds}
    if names <= {LIST, ARRAY}:
        element = join([kind.element for kind in kinds])
        lengths = {kind.length for kind in kinds}
        if names == {ARRAY} and len(lengths) == 1:
            return DataType(ARRAY, (("", element),), length=lengths.pop())
        return list_of(element)
    if names == {MAP} or (names == {TUPLE} and len({len(kind.members) for kind in kinds}) == 1):
        columns = zip(*([member for _, member in kind.members] for kind in kinds), strict=True)
        return DataType(names.pop(), tuple(("", join(column)) for column in columns))
    if names == {STRUCT}:
        return _join_structs(kinds)
    return None


def _join_structs(kinds: Sequence[DataType]) -> DataType | None:
    spelling: dict[str, str] = {}
    found: dict[str, list[DataType]] = {}
    for kind in kinds:
        for name, member in kind.members:
            # DuckDB tells names of fields apart without their case, so it can hold only one of "a" and "A".
            if spelling.setdefault(folded(name), name) != name:
                return None
            found.setdefault(name, []).append(member)
    return DataType(STRUCT, tuple((name, join(members)) for name, members in found.items()))
