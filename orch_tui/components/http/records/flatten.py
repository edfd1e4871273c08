"""Nested records to flat rows, with the same columns on every page."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from orch_tui.components.http.json.exact_json import Number, dumps
from orch_tui.model.errors import UserError
from orch_tui.model.texts.text import safe_line

BOOL, INT, LONG, WIDE, FLOAT, EXACT, SPECIAL, TEXT, NESTED = (1 << bit for bit in range(9))
"""Kinds of values, as bits. Whole numbers: INT up to 53 bits, LONG up to 64, WIDE beyond. Others: FLOAT where the
nearest double is that very number, EXACT where it is not, SPECIAL for NaN and infinities. NESTED is an object or a list
kept as JSON."""
PLAIN = BOOL | INT | LONG | WIDE | FLOAT | EXACT | SPECIAL
"""Numbers and truth values: what stands in JSON without quotes."""

_PLAIN_CELL, _JSON_CELL = "n", "j"
_LEAST, _MOST_EXACT = -(2**53), 2**53
_MOST = 2_000
"""Columns. More are members named by data, such as ids, rather than fields."""

Path = tuple[str, ...]


@dataclass(slots=True)
class Entry:
    """One member of an object: its values (under ``id`` in a row, see :func:`cells`), and its own members where it is
    an object."""

    id: str
    path: Path
    plain: str
    kinds: int = 0
    children: dict[str, Entry] | None = None
    skipped: bool = False


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the table: ``id`` in the rows, the kinds of its values; ``kinds`` 0 is nothing but nulls."""

    id: str
    path: Path
    kinds: int


@dataclass(slots=True)
class Flattener:
    """Makes rows of records, which are dictionaries from the ids of cells to values that have one text in JSON: texts,
    integers, truth values, and all other numbers as texts. Nulls are left out.

    ``keep`` are paths whose objects stay JSON, ``skip`` paths that become tables of their own.
    """

    flatten: bool = True
    keep: Collection[Path] = ()
    skip: Collection[Path] = ()
    separator: str = "_"
    reserved: int = 0
    """Columns that came from :meth:`reserve`; they are the first ones."""
    _root: dict[str, Entry] = field(default_factory=dict)
    _number: int = 0

    def row(self, record: Mapping[str, Any]) -> dict[str, Any]:
        """Raises: UserError when there are too many columns."""
        out: dict[str, Any] = {}
        self._fill(record, self._root, (), out)
        return out

    def reserve(self, name: str) -> Callable[[dict[str, Any], Any], None]:
        """A column before those of the records; returns what puts a value into a row."""
        entry = self._entry(self._root, f"\0{name}", (name,))
        self.reserved += 1

        def put(out: dict[str, Any], value: Any) -> None:
            self._put(entry, value, out)

        return put

    def columns(self) -> list[Column]:
        """The columns in the order in which they were first seen, parts of an object together."""
        return list(self._columns(self._root))

    def _columns(self, members: Mapping[str, Entry]) -> Iterator[Column]:
        for entry in members.values():
            # null where other records have an object is no value of its own.
            if not entry.skipped and (entry.kinds or not entry.children):
                yield Column(entry.id, entry.path, entry.kinds)
            if entry.children:
                yield from self._columns(entry.children)

    def _fill(self, record: Mapping[str, Any], members: dict[str, Entry], path: Path, out: dict[str, Any]) -> None:
        for name, value in record.items():
            entry = members.get(name)
            if entry is None:
                entry = self._entry(members, name, (*path, name))
            if value is None or entry.skipped:
                continue
            if type(value) is dict and self.flatten and entry.path not in self.keep:
                if entry.children is None:
                    entry.children = {}
                self._fill(value, entry.children, entry.path, out)
            else:
                self._put(entry, value, out)

    @staticmethod
    def _put(entry: Entry, value: Any, out: dict[str, Any]) -> None:
        kind = type(value)
        if kind is str:
            entry.kinds |= TEXT
            out[entry.id] = value
        elif kind is int:
            entry.kinds |= _size(value)
            out[entry.plain] = value
        elif kind is bool:
            entry.kinds |= BOOL
            out[entry.plain] = value
        elif kind is float:
            entry.kinds |= FLOAT if value - value == 0 else SPECIAL
            out[entry.plain] = repr(value)
        elif kind is Number:
            entry.kinds |= _fraction(value)
            out[entry.plain] = value.text
        elif value is not None:
            entry.kinds |= NESTED
            out[entry.id + _JSON_CELL] = dumps(value)

    def _entry(self, members: dict[str, Entry], name: str, path: Path) -> Entry:
        self._number += 1
        if self._number > _MOST:
            where = ".".join(safe_line(part, 60) for part in path[:-1]) or "the records"
            raise UserError(
                f"the records have more than {_MOST} different members, the last ones in {where}; if their names are "
                "data, keep that object as JSON: name its path in keep_json, or set flatten = false"
            )
        cell = str(self._number)
        entry = members[name] = Entry(cell, path, cell + _PLAIN_CELL, skipped=path in self.skip)
        return entry


def cells(column: Column) -> tuple[str | None, str | None, str | None]:
    """The ids of the cells that a column's values may be in, as far as it has such values: those of texts, those of
    numbers and truth values (as their text), and those of JSON."""
    kinds = column.kinds
    return (
        column.id if kinds & TEXT else None,
        column.id + _PLAIN_CELL if kinds & PLAIN else None,
        column.id + _JSON_CELL if kinds & NESTED else None,
    )


def _size(value: int) -> int:
    if _LEAST <= value <= _MOST_EXACT:
        return INT
    return LONG if -(2**63) <= value < 2**63 else WIDE


def _fraction(number: Number) -> int:
    """The kind of a number with a fraction or an exponent. Python finds the double next to any text."""
    exact = number.value
    return FLOAT if exact.is_finite() and Decimal(repr(float(number.text))) == exact else EXACT
