"""Where the values of several columns meet: by their types, and by the values where the types do not suffice."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from orch_tui.model.dataclass import dataclass
from orch_tui.storage.duckdb import literal
from orch_tui.storage.values.conversion import converted, holds
from orch_tui.storage.values.lattice import FLOAT_BITS, is_integer, is_number, join
from orch_tui.storage.values.types import (
    ARRAY,
    DECIMAL_DIGITS,
    LIST,
    MAP,
    NULL_TYPE,
    STRUCT,
    TEXT,
    TUPLE,
    DataType,
    decimal,
    list_of,
    parse_type,
)

if TYPE_CHECKING:
    import duckdb

Side = tuple[str, str, DataType]
"""A relation (what may stand behind ``from``), the SQL of a column of it (quoted), and the column's type."""


@dataclass(frozen=True, slots=True)
class Meeting:
    """The type in which columns meet, and for each of them, in their order, the SQL that gives its values there."""

    type: str
    expressions: tuple[str, ...]


def meeting(con: duckdb.DuckDBPyConnection, sides: Sequence[tuple[str, str, str]]) -> Meeting:
    """The type that holds every value of all sides exactly; the values are read only where the types do not suffice.

    In this order:

    1. the type that holds all values of all these types (:func:`orch_tui.storage.values.lattice.common_type`);
    2. if there is none, the type of the first side, if it holds all values of the others (a DOUBLE of 3 fits a BIGINT);
       put the stored side first, so that it changes its type only if it must;
    3. of integers and decimals, the decimal with the digits that the values have; of numbers with floating point
       among them, DOUBLE, if each number has so few digits that it comes back; of times, the finer or the longer one;
    4. VARCHAR, with the text of each value as it was in its own type.

    Sides without any value have no say in 2 to 4.

    Lists, structs and maps meet member by member, each by this rule.

    Args:
        con: a connection in UTC on which the relations can be read.

    Raises:
        duckdb.Error: a relation cannot be read.
        ValueError: a type is not understood.
    """
    kinds = [parse_type(kind) for _, _, kind in sides]
    target = _meet(con, [(relation, column, kind) for (relation, column, _), kind in zip(sides, kinds, strict=True)])
    if target.name == NULL_TYPE:
        target = DataType(TEXT)
    text = next((text for (_, _, text), kind in zip(sides, kinds, strict=True) if kind == target), str(target))
    return Meeting(
        text,
        tuple(converted(column, kind, target) for (_, column, _), kind in zip(sides, kinds, strict=True)),
    )


def _meet(con: duckdb.DuckDBPyConnection, sides: Sequence[Side]) -> DataType:
    known = [side for side in sides if side[2].name != NULL_TYPE]
    kinds = list(dict.fromkeys(kind for _, _, kind in known))
    if len(kinds) <= 1:
        return kinds[0] if kinds else DataType(NULL_TYPE)
    joined = join(kinds)
    if all(kind.nested for kind in kinds) and joined.nested:
        return _meet_nested(con, known, joined)
    if joined.name != TEXT or any(kind.nested for kind in kinds):
        return joined
    if len(filled := [side for side in known if _has_values(con, side)]) < len(known):
        return _meet(con, filled or known[:1])
    first = known[0][2]
    if _comparable(kinds) and _all_hold(con, known, first):
        return first
    return next((kind for kind in _candidates(con, known) if _all_hold(con, known, kind)), DataType(TEXT))


def _comparable(kinds: Sequence[DataType]) -> bool:
    """Of one family, so that one type may hold a value of another by chance."""
    if all(is_number(kind) for kind in kinds):
        return True
    names = {kind.name for kind in kinds}
    return all(name.startswith("TIMESTAMP") for name in names)


def _has_values(con: duckdb.DuckDBPyConnection, side: Side) -> bool:
    row = con.execute(f"select 1 from {side[0]} where {side[1]} is not null limit 1").fetchone()
    return row is not None


def _candidates(con: duckdb.DuckDBPyConnection, sides: Sequence[Side]) -> list[DataType]:
    """Types that may hold the values, though not all values of these types; the best one first."""
    kinds = [kind for _, _, kind in sides]
    names = {kind.name for kind in kinds}
    if all(is_number(kind) for kind in kinds):
        if names & set(FLOAT_BITS):
            return [DataType("DOUBLE")]
        return _decimals(con, sides)
    if all(name.startswith("TIMESTAMP") for name in names):
        zoned = any("TZ" in name or "ZONE" in name for name in names)
        choices = ("TIMESTAMP WITH TIME ZONE", "TIMESTAMPTZ_NS") if zoned else ("TIMESTAMP", "TIMESTAMP_NS")
        return [DataType(name) for name in choices]
    if "JSON" in names and all(is_number(kind) or kind.name in ("JSON", "BOOLEAN") for kind in kinds):
        return [DataType("JSON")]
    return []


def _decimals(con: duckdb.DuckDBPyConnection, sides: Sequence[Side]) -> list[DataType]:
    """The decimals of 38 digits that have the digits after the point that the types or, if not, the values have."""
    declared = max(kind.scale for _, _, kind in sides)
    needed = 0
    for relation, column, kind in sides:
        if not is_integer(kind) and kind.scale:
            text = f"rtrim(cast({column} as varchar), '0')"
            row = con.execute(f"select max(length({text}) - instr({text}, '.')) from {relation}").fetchone()
            needed = max(needed, int(row[0] or 0) if row else 0)
    return [decimal(DECIMAL_DIGITS, scale) for scale in dict.fromkeys((declared, needed))]


def _all_hold(con: duckdb.DuckDBPyConnection, sides: Sequence[Side], target: DataType) -> bool:
    for relation, column, kind in sides:
        predicate = holds(column, kind, target)
        if predicate == "true":
            continue
        row = con.execute(f"select bool_and({predicate}) from {relation}").fetchone()
        if row is not None and row[0] is False:
            return False
    return True


def _meet_nested(con: duckdb.DuckDBPyConnection, sides: Sequence[Side], joined: DataType) -> DataType:
    """``joined`` with the members that their values allow."""
    if joined.name in (LIST, ARRAY):
        element = _meet(con, [inside(side, _elements(side), side[2].element) for side in sides])
        return list_of(element) if joined.name == LIST else DataType(ARRAY, (("", element),), length=joined.length)
    if joined.name == MAP:
        parts = []
        for at, function in enumerate(("map_keys", "map_values")):
            inner = [inside(side, f"unnest({function}({side[1]}))", side[2].members[at][1]) for side in sides]
            parts.append(("", _meet(con, inner)))
        return DataType(MAP, tuple(parts))
    if joined.name not in (STRUCT, TUPLE):
        return joined
    members = []
    for at, (name, _) in enumerate(joined.members, 1):
        found: list[Side] = []
        for side in sides:
            place = literal(name) if joined.name == STRUCT else str(at)
            kind = dict(side[2].members).get(name) if joined.name == STRUCT else side[2].members[at - 1][1]
            if kind is not None:
                found.append(inside(side, f"struct_extract({side[1]}, {place})", kind))
        members.append((name, _meet(con, found)))
    return DataType(joined.name, tuple(members))


def _elements(side: Side) -> str:
    _, column, kind = side
    return f"unnest({column})" if kind.name == LIST else f"unnest(cast({column} as {kind.element}[]))"


def inside(side: Side, values: str, kind: DataType) -> Side:
    """A side whose rows are the values inside those of another one."""
    return f"(select {values} as value from {side[0]})", "value", kind
