"""What is known of a table while a script is read: which columns of the inputs its columns are made of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, Self


class Origin(NamedTuple):
    """A column of an input. ``table`` is what the script calls the input."""

    table: str
    column: str


Origins = frozenset[Origin]
NOTHING: Origins = frozenset()


@dataclass(frozen=True, slots=True)
class Relation:
    """A table or the result of a query. Names are folded (small letters).

    ``columns``: of which columns of the inputs the values of each column are made, in their order. ``rest`` are inputs
    of which further columns pass under their own names, since their columns are not known. ``rows`` are columns that
    decide which rows there are: of conditions, joins and groups. ``tables`` are all inputs that it reads.
    """

    columns: Mapping[str, Origins] = field(default_factory=dict)
    rest: frozenset[str] = frozenset()
    rows: Origins = NOTHING
    tables: frozenset[str] = frozenset()

    @classmethod
    def of_input(cls, name: str, columns: Iterable[str] | None) -> Self:
        """An input under the name that the script has for it; ``columns`` is None where nobody knows them."""
        if columns is None:
            return cls({}, frozenset({name}), NOTHING, frozenset({name}))
        return cls({one: frozenset({Origin(name, one)}) for one in columns}, tables=frozenset({name}))

    def column(self, name: str) -> Origins:
        """What the values of a column are made of."""
        known = self.columns.get(name)
        return known if known is not None else frozenset(Origin(table, name) for table in self.rest)

    def joined(self, other: Relation) -> Relation:
        """With the rows of another one below its own: columns of equal names meet."""
        names = dict.fromkeys((*self.columns, *other.columns))
        columns = {name: self.column(name) | other.column(name) for name in names}
        return Relation(columns, self.rest | other.rest, self.rows | other.rows, self.tables | other.tables)

    def renamed(self, names: Iterable[str]) -> Relation:
        """Its columns under these names, by their places."""
        columns = dict(zip(names, self.columns.values(), strict=False))
        left = dict(list(self.columns.items())[len(columns) :])
        return Relation(columns | left, self.rest, self.rows, self.tables)
