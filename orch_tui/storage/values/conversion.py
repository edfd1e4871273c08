"""SQL that converts values exactly, and the one text of a value of any type.

The connection must be in UTC (:func:`orch_tui.storage.duckdb.open_database`), as texts of times with a zone are.
"""

from __future__ import annotations

import json
from itertools import count

from orch_tui.storage.duckdb import literal
from orch_tui.storage.values.lattice import BIG, FLOAT_BITS, INTEGERS, digits_of, is_integer, is_number
from orch_tui.storage.values.types import ARRAY, LIST, MAP, NULL_TYPE, STRUCT, TEXT, TUPLE, UNION, DataType, parse_type

_RAW_JSON = frozenset({"BOOLEAN", "DECIMAL", BIG, *INTEGERS})
"""Types whose text is a JSON value as it is."""


def text_of(expression: str, kind: str | DataType) -> str:
    """SQL for the one text of a value: two values of a type have the same text only if they are the same.

    ======================  ==========================================================================================
    BOOLEAN                 ``true``, ``false``
    integers, BIGNUM        digits, with ``-`` before negative ones
    DECIMAL                 all digits of its scale: ``1.50``
    FLOAT, DOUBLE           the fewest digits that give the value back, whole numbers without a point: ``3``, ``0.1``,
                            ``1e+16``; ``nan``, ``inf``, ``-inf``
    DATE, TIME, TIMESTAMP   ISO with a blank, as many digits after the second as there are: ``2024-01-05 10:00:00.5``
    with time zone          the same in UTC: ``2024-01-05 10:00:00+00``
    INTERVAL, UUID, BIT     as DuckDB writes them
    BLOB                    printable ASCII, other bytes (and the backslash) as ``\\x5C``
    JSON                    as it is
    LIST, TUPLE, ...        JSON without blanks, every number with all its digits, everything else that JSON does not
                            have as a string of its text (also NaN and infinity); a UNION is ``{"member":value}``
    ======================  ==========================================================================================
    """
    return _Text().of(expression, _tree(kind))


def json_of(expression: str, kind: str | DataType) -> str:
    """SQL for a value as a JSON text, as it is inside of :func:`text_of`'s lists; the text ``null`` for null.

    NaN and infinity, which JSON does not have, are ``null`` too, at every depth.
    """
    return _Text(not_finite="'null'").json(expression, _tree(kind))


def converted(expression: str, source: str | DataType, target: str | DataType) -> str:
    """SQL that makes a value of type ``source`` one of type ``target``: the same value, not the nearest one.

    Fails when it runs where the target cannot hold a value at all, rounds where it has fewer digits; :func:`holds`
    tells before. Null stays null.
    """
    return _Conversion().of(expression, _tree(source), _tree(target))


def holds(expression: str, source: str | DataType, target: str | DataType) -> str:
    """SQL predicate for types without members: ``target`` holds this value exactly. Null is held by every type."""
    source, target = _tree(source), _tree(target)
    if source == target or target.name == TEXT:
        return "true"
    if target.name == "JSON":
        return f"({expression} is null or isfinite({expression}))" if source.name in FLOAT_BITS else "true"
    there = _Conversion(trying=True).of(expression, source, target)
    back = _Conversion(trying=True).of(f"({there})", target, source)
    same = f"({expression} is null or coalesce({back} = {expression}, false))"
    if source.name in FLOAT_BITS and target.name not in FLOAT_BITS:
        # Only floating point has a negative zero, and it is equal to the other one.
        return f"({same} and coalesce(cast({expression} as varchar) <> '-0.0', true))"
    if target.name in FLOAT_BITS and is_number(source) and source.name not in FLOAT_BITS:
        # Beyond this the text of the number would be another one (1e+18), though some such numbers are exact.
        largest = 2 ** FLOAT_BITS[target.name]
        if source.name == BIG or digits_of(source) >= len(str(largest)):
            # A type without a sign cannot be compared with a negative number: DuckDB casts its values to INT64.
            signed = source.name not in INTEGERS or INTEGERS[source.name][0] < 0
            within = f"between -{largest} and {largest}" if signed else f"<= {largest}::{source.name}"
            return f"({same} and coalesce({expression} {within}, true))"
    return same


def _tree(kind: str | DataType) -> DataType:
    return parse_type(kind) if isinstance(kind, str) else kind


class _Text:
    """``not_finite`` is the SQL of what NaN and infinity are inside JSON: a string of their text, if left out."""

    def __init__(self, not_finite: str = "") -> None:
        self._numbers = count(1)
        self._not_finite = not_finite

    def of(self, value: str, kind: DataType) -> str:
        if kind.name == TEXT:
            return value
        if kind.nested or kind.name == "VARIANT":
            return self._nested(value, kind)
        text = f"cast({value} as varchar)"
        if kind.name in FLOAT_BITS:
            return f"case when suffix({text}, '.0') then {text}[:-3] else {text} end"
        if kind.name == "DECIMAL" and kind.digits == kind.scale:
            # DuckDB leaves out the zero: .50
            return _leading_zero(text)
        return text

    def _nested(self, value: str, kind: DataType) -> str:
        if kind.name in (LIST, ARRAY):
            return f"'[' || {self._elements(value, kind)} || ']'"
        if kind.name == STRUCT:
            fields = [
                f"{literal(_json_string(name) + ':')} || {self.json(_field(value, name), member)}"
                for name, member in kind.members
            ]
            return _unless_null(value, f"'{{' || {_joined(fields)} || '}}'")
        if kind.name == TUPLE:
            parts = [
                self.json(f"struct_extract({value}, {at})", member) for at, (_, member) in enumerate(kind.members, 1)
            ]
            return _unless_null(value, f"'[' || {_joined(parts)} || ']'")
        if kind.name == MAP:
            return self._map(value, kind)
        if kind.name == UNION:
            return self._union(value, kind)
        return f"cast(cast({value} as json) as varchar)"

    def _elements(self, value: str, kind: DataType) -> str:
        listed = f"cast({value} as {kind.element}[])" if kind.name == ARRAY else value
        item = self._name()
        return f"array_to_string(list_transform({listed}, lambda {item}: {self.json(item, kind.element)}), ',')"

    def _map(self, value: str, kind: DataType) -> str:
        (_, key), (_, member) = kind.members
        item = self._name()
        pair = f"cast(to_json({self.of(f'{item}.key', key)}) as varchar) || ':' || {self.json(f'{item}.value', member)}"
        return f"'{{' || array_to_string(list_transform(map_entries({value}), lambda {item}: {pair}), ',') || '}}'"

    def _union(self, value: str, kind: DataType) -> str:
        cases = " ".join(
            f"when {literal(name)} then {literal('{' + _json_string(name) + ':')} || "
            f"{self.json(f'union_extract({value}, {literal(name)})', member)} || '}}'"
            for name, member in kind.members
        )
        return f"case cast(union_tag({value}) as varchar) {cases} end"

    def json(self, value: str, kind: DataType) -> str:
        """The text of a value inside another one: never null."""
        if kind.name == NULL_TYPE:
            return "'null'"
        text = self.of(value, kind)
        if kind.name in FLOAT_BITS:
            other = self._not_finite or f"'\"' || {text} || '\"'"
            text = f"case when isfinite({value}) then {text} else {other} end"
        elif not (kind.nested or kind.name in _RAW_JSON or kind.name in ("JSON", "VARIANT")):
            text = f"cast(to_json({text}) as varchar)"
        return f"coalesce({text}, 'null')"

    def _name(self) -> str:
        return f"_item{next(self._numbers)}"


class _Conversion:
    """``trying``: null instead of an error where the target has no such value; for types without members only."""

    def __init__(self, trying: bool = False) -> None:
        self._cast = "try_cast" if trying else "cast"
        self._numbers = count(1)
        self._text = _Text()

    def of(self, value: str, source: DataType, target: DataType) -> str:
        if source == target:
            return value
        if source.name == NULL_TYPE:
            return f"cast(null as {target})"
        if target.name == TEXT:
            return self._text.of(value, source)
        if target.name == "JSON":
            return f"cast({self._text.of(value, source)} as json)"
        if target.nested:
            return self._nested(value, source, target)
        if is_number(source) and is_number(target) and not (is_integer(source) and is_integer(target)):
            return self._number(value, source, target)
        if BIG in (source.name, target.name):
            return f"{self._cast}(cast({value} as varchar) as {target})"
        return f"{self._cast}({value} as {target})"

    def _number(self, value: str, source: DataType, target: DataType) -> str:
        """Through the text where DuckDB's own cast gives another number: the nearest, or the binary one."""
        direct = (is_integer(source) or source.name == "DECIMAL") and target.name == "DECIMAL"
        direct = direct or (source.name in INTEGERS and target.name in FLOAT_BITS)
        direct = direct or (source.name == "DECIMAL" and target.name in INTEGERS)
        if direct and BIG not in (source.name, target.name):
            return f"{self._cast}({value} as {target})"
        return f"{self._cast}(cast({value} as varchar) as {target})"

    def _nested(self, value: str, source: DataType, target: DataType) -> str:
        if target.name in (LIST, ARRAY):
            inside = target.element
            listed = value if source.name == LIST else f"cast({value} as {source.element}[])"
            item = self._name()
            changed = self.of(item, source.element, inside)
            result = listed if changed == item else f"list_transform({listed}, lambda {item}: {changed})"
            return result if target.name == LIST else f"cast({result} as {target})"
        if target.name == STRUCT:
            return self._struct(value, source, target)
        if target.name == TUPLE:
            parts = [
                self.of(f"struct_extract({value}, {at})", before, after)
                for at, ((_, before), (_, after)) in enumerate(zip(source.members, target.members, strict=True), 1)
            ]
            return _unless_null(value, f"row({', '.join(parts)})")
        if target.name == MAP:
            item = self._name()
            pair = ", ".join(
                f"{name}: {self.of(f'{item}.{name}', before, after)}"
                for name, (_, before), (_, after) in zip(("key", "value"), source.members, target.members, strict=True)
            )
            return f"map_from_entries(list_transform(map_entries({value}), lambda {item}: {{{pair}}}))"
        return f"{self._cast}({value} as {target})"

    def _struct(self, value: str, source: DataType, target: DataType) -> str:
        members: dict[str, tuple[str, DataType]]
        if source.name == STRUCT:
            members = {name: (_field(value, name), member) for name, member in source.members}
        else:
            # What Parquet makes of a tuple.
            names = [name for name, _ in target.members]
            members = {
                name: (f"struct_extract({value}, {at})", member)
                for at, (name, (_, member)) in enumerate(zip(names, source.members, strict=True), 1)
            }
        fields = ", ".join(
            f"{literal(name)}: " + (self.of(*members[name], member) if name in members else f"cast(null as {member})")
            for name, member in target.members
        )
        return _unless_null(value, f"{{{fields}}}")

    def _name(self) -> str:
        return f"_member{next(self._numbers)}"


def _leading_zero(text: str) -> str:
    return f"case when starts_with({text}, '.') then '0' || {text} else replace({text}, '-.', '-0.') end"


def _field(value: str, name: str) -> str:
    return f"struct_extract({value}, {literal(name)})"


def _joined(parts: list[str]) -> str:
    return " || ',' || ".join(parts) if parts else "''"


def _unless_null(value: str, result: str) -> str:
    return f"case when {value} is null then null else {result} end"


def _json_string(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
