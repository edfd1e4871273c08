"""From a Singer stream's JSON Schema to columns of a table.

Sources: https://github.com/singer-io/getting-started/blob/master/docs/SPEC.md (SCHEMA message),
https://json-schema.org/understanding-json-schema/reference/type.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import cached_property
from typing import Any

from orch_tui.model.errors import UserError
from orch_tui.model.texts.text import safe_line
from orch_tui.storage.duckdb import folded

_DIGITS = 38
"""Digits of DuckDB's widest decimal."""
_STRINGS = {"date-time": "TIMESTAMP WITH TIME ZONE", "date": "DATE"}


@dataclass(frozen=True, slots=True)
class Column:
    """A property of the records and the DuckDB type of its values."""

    name: str
    kind: str


@dataclass
class Shape:
    """What a stream's SCHEMA message says."""

    columns: list[Column]
    keys: tuple[str, ...] = ()
    names: frozenset[str] = frozenset()

    @cached_property
    def numbers(self) -> tuple[str, ...]:
        """Columns of numbers that are doubles, or may become doubles by a later schema."""
        return tuple(column.name for column in self.columns if column.kind in ("BIGINT", "DOUBLE"))

    @cached_property
    def json(self) -> frozenset[str]:
        """Columns whose values stay JSON."""
        return frozenset(column.name for column in self.columns if column.kind == "JSON")


def shape_of(stream: str, schema: Any, keys: Any, exclude: Collection[str] = ()) -> Shape:
    """Columns in the order of the schema, without those of ``exclude``.

    Raises:
        UserError: the schema names no properties, or two that differ in upper and lower case only.
    """
    properties = schema.get("properties") if isinstance(schema, Mapping) else None
    if not isinstance(properties, Mapping) or not properties:
        raise UserError(
            f'the schema of stream "{safe_line(stream, 100)}" names no properties, so there are no columns; '
            "the tap has to describe its records"
        )
    columns = [Column(str(name), duckdb_type(spec)) for name, spec in properties.items() if name not in exclude]
    seen: dict[str, str] = {}
    for column in columns:
        twin = seen.setdefault(folded(column.name), column.name)
        if twin != column.name:
            raise UserError(
                f'stream "{safe_line(stream, 100)}" has "{safe_line(twin, 60)}" and "{safe_line(column.name, 60)}", '
                "which differ in upper and lower case only; leave one out with exclude"
            )
    if not columns:
        raise UserError(f'every column of stream "{safe_line(stream, 100)}" is excluded; leave one in')
    names = frozenset(map(str, properties))
    return Shape(
        columns,
        tuple(str(key) for key in keys or () if isinstance(key, str) and key in names and key not in exclude),
        names,
    )


def duckdb_type(spec: Any) -> str:
    """The type that holds every value a property's schema allows; JSON where only the text of the value does."""
    found = {kind for kind in _types(spec) if kind != "NULL"}
    if len(found) == 1:
        return found.pop()
    if not found or "JSON" in found:
        return "JSON"
    if found <= {"BIGINT", "DOUBLE"}:
        return "DOUBLE"
    return "VARCHAR"


def _types(spec: Any) -> Iterator[str]:
    if not isinstance(spec, Mapping):
        yield "JSON"
        return
    for word in ("anyOf", "oneOf"):
        options = spec.get(word)
        if isinstance(options, list) and options:
            for option in options:
                yield from _types(option)
            return
    names = spec.get("type")
    if isinstance(names, str):
        names = [names]
    if not isinstance(names, list) or not names:
        if isinstance(spec.get("format"), str) or _all_texts(spec.get("enum")):
            names = ["string"]
        else:
            yield "JSON"
            return
    for name in names:
        yield _one(str(name), spec)


def _all_texts(values: Any) -> bool:
    return (
        isinstance(values, list) and bool(values) and all(value is None or isinstance(value, str) for value in values)
    )


def _one(name: str, spec: Mapping[str, Any]) -> str:
    if name == "string":
        return _STRINGS.get(str(spec.get("format")), "VARCHAR")
    if name == "number":
        return _number(spec.get("multipleOf"))
    return {"integer": "BIGINT", "boolean": "BOOLEAN", "null": "NULL"}.get(name, "JSON")


def _number(multiple: Any) -> str:
    """DECIMAL where the schema says how many digits follow the point (0.01), else DOUBLE, if the values are doubles.

    tap-postgres says 1e-38 of a numeric without digits: that says nothing of its digits.
    """
    if multiple is None or isinstance(multiple, bool):
        return "DOUBLE"
    try:
        step = Decimal(str(multiple)).normalize()
    except InvalidOperation:
        return "DOUBLE"
    exponent = step.as_tuple().exponent
    if not isinstance(exponent, int) or step <= 0 or not 0 <= -exponent < _DIGITS:
        return "DOUBLE"
    return f"DECIMAL({_DIGITS},{-exponent})"
