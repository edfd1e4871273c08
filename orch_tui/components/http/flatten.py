"""Nested records to flat rows, with the same columns on every page."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from orch_tui.model.errors import UserError
from orch_tui.model.text import safe_line

BOOL, INT, WIDE, FLOAT, TEXT, NESTED = 1, 2, 4, 8, 16, 32
"""Kinds of values, as bits. WIDE is a whole number beyond 64 bits; NESTED an object or a list kept as JSON."""

_KINDS = {bool: BOOL, int: INT, float: FLOAT, str: TEXT}
_MOST = 2_000
"""Columns. More are members named by data, such as ids, rather than fields."""

Path = tuple[str, ...]


@dataclass(slots=True)
class Entry:
    """One member of an object: its values (under ``id`` in a row), and its own members where it is an object."""

    id: str
    path: Path
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
    """Makes rows of records, which are dictionaries from column ids to values; nulls are left out.

    ``keep`` are paths whose objects stay JSON, ``skip`` paths that become tables of their own.
    """

    flatten: bool = True
    keep: Collection[Path] = ()
    skip: Collection[Path] = ()
    separator: str = "_"
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
        if value is None:
            return
        kind = _KINDS.get(type(value), NESTED)
        if kind == INT and not -(2**63) <= value < 2**63:
            kind = WIDE
        entry.kinds |= kind
        out[entry.id] = value

    def _entry(self, members: dict[str, Entry], name: str, path: Path) -> Entry:
        self._number += 1
        if self._number > _MOST:
            where = ".".join(safe_line(part, 60) for part in path[:-1]) or "the records"
            raise UserError(
                f"the records have more than {_MOST} different members, the last ones in {where}; if their names are "
                "data, keep that object as JSON: name its path in keep_json, or set flatten = false"
            )
        entry = members[name] = Entry(str(self._number), path, skipped=path in self.skip)
        return entry
