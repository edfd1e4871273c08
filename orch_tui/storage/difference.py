"""What is different between two versions of a table, or two tables: schema, rows, and by a key each value.

DuckDB joins both by the key within little memory and spills to the disk; no row passes through Python but the samples.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from orch_tui.model.dataclass import dataclass
from orch_tui.model.errors import UserError
from orch_tui.model.texts.text import safe_line
from orch_tui.storage.duckdb import Column, count, describe, folded, open_database, parquet, quoted, readable
from orch_tui.storage.preview import Cells, cell_text, safe_cells
from orch_tui.storage.values.conversion import text_of

if TYPE_CHECKING:
    import duckdb

MEMORY = "512MB"
SAMPLE = 5
"""Rows that are shown of each kind."""
_CELL = 80
_HERE = quoted("\x1fhere")
"""A column that no table has: it tells which sides a row is on."""


@dataclass(frozen=True, slots=True)
class Retyped:
    column: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Schema:
    """Columns with their types that only one side has, and those with another type."""

    added: tuple[Column, ...] = ()
    removed: tuple[Column, ...] = ()
    retyped: tuple[Retyped, ...] = ()

    @property
    def same(self) -> bool:
        return not (self.added or self.removed or self.retyped)


@dataclass(frozen=True, slots=True)
class ChangedColumn:
    """A column that both have: in how many rows of both sides it has another value, and some of these.

    ``samples`` are the key, the value before and the value after.
    """

    column: str
    rows: int
    samples: tuple[tuple[Cells, str | None, str | None], ...] = ()


@dataclass(frozen=True, slots=True)
class Difference:
    """``key`` is what rows are matched by; empty: whole rows are (of the columns that both have), so that a row that
    changed is one removed and one added. ``why_no_key`` says why a key that was wanted cannot be used.

    ``added_rows`` and ``removed_rows`` are samples, with ``columns`` as titles.
    """

    before_rows: int
    after_rows: int
    schema: Schema
    key: tuple[str, ...]
    why_no_key: str
    added: int
    removed: int
    changed: int
    columns: tuple[ChangedColumn, ...] = ()
    shown: tuple[str, ...] = ()
    added_rows: tuple[Cells, ...] = ()
    removed_rows: tuple[Cells, ...] = ()

    @property
    def same(self) -> bool:
        return self.schema.same and not (self.added or self.removed or self.changed)


def difference(before: Path, after: Path, key: Sequence[str], spill: Path, *, memory: str = MEMORY) -> Difference:
    """Compare two Parquet files. ``key`` may be empty.

    Raises:
        UserError: one of them cannot be read.
    """
    import duckdb

    try:
        with open_database(spill, memory_limit=memory, preserve_insertion_order=False) as connection:
            return _Comparison(connection, before, after, tuple(key)).result()
    except duckdb.Error as error:
        raise UserError(f"the tables cannot be compared: {readable(error)}") from error


class _Comparison:
    def __init__(self, connection: duckdb.DuckDBPyConnection, before: Path, after: Path, key: tuple[str, ...]) -> None:
        self._connection = connection
        self._files = (parquet(before), parquet(after))
        self._before, self._after = (describe(connection, file) for file in self._files)
        ours = {folded(name): (name, kind) for name, kind in self._before}
        self._common = [(ours[folded(name)], (name, kind)) for name, kind in self._after if folded(name) in ours]
        self._wanted = key

    def result(self) -> Difference:
        rows = [count(self._connection, file) for file in self._files]
        why = self._complaint()
        schema = self._schema()
        if self._wanted and not why:
            return self._by_key(rows, schema)
        return self._by_rows(rows, schema, why)

    def _schema(self) -> Schema:
        before = {folded(name) for name, _ in self._before}
        after = {folded(name) for name, _ in self._after}
        return Schema(
            tuple(_safe(column) for column in self._after if folded(column[0]) not in before),
            tuple(_safe(column) for column in self._before if folded(column[0]) not in after),
            tuple(Retyped(safe_line(new[0], 100), old[1], new[1]) for old, new in self._common if old[1] != new[1]),
        )

    def _pairs(self) -> dict[str, tuple[Column, Column]]:
        return {folded(new[0]): (old, new) for old, new in self._common}

    def _complaint(self) -> str:
        """Why rows cannot be matched by the key; empty when they can."""
        if not self._wanted:
            return ""
        pairs = self._pairs()
        if missing := [name for name in self._wanted if folded(name) not in pairs]:
            return f"not both have the key {', '.join(missing)}"
        for side, words in enumerate(("the first", "the second")):
            columns = [quoted(pairs[folded(name)][side][0]) for name in self._wanted]
            null = " or ".join(f"{column} is null" for column in columns)
            source = self._files[side]
            if self._one(f"select count(*) from (select 1 from {source} where {null} limit 1)"):
                return f"the key has nulls in {words}"
            keys = ", ".join(self._text_of_key(pairs[folded(name)], side) for name in self._wanted)
            twice = f"select 1 from {source} group by {keys} having count(*) > 1 limit 1"
            if self._one(f"select count(*) from ({twice})"):
                return f"the key is not unique in {words}"
        return ""

    def _text_of_key(self, pair: tuple[Column, Column], side: int, prefix: str = "") -> str:
        """What keys are compared by: values where both have one type, else their texts."""
        name, kind = pair[side]
        value = f"{prefix}{quoted(name)}"
        return value if pair[0][1] == pair[1][1] and "INTERVAL" not in kind else text_of(value, kind)

    def _by_key(self, rows: Sequence[int], schema: Schema) -> Difference:
        pairs = self._pairs()
        keys = [pairs[folded(name)] for name in self._wanted]
        others = [pair for pair in self._common if pair not in keys]
        match = " and ".join(
            f"{self._text_of_key(pair, 0, 'b.')} = {self._text_of_key(pair, 1, 'a.')}" for pair in keys
        )
        joined = (
            f"(select 1 as {_HERE}, * from {self._files[0]}) b full join "
            f"(select 1 as {_HERE}, * from {self._files[1]}) a on {match}"
        )
        unequal = [self._unequal(pair) for pair in others]
        both = f"b.{_HERE} is not null and a.{_HERE} is not null"
        counts = [
            f"count(*) filter (where b.{_HERE} is null)",
            f"count(*) filter (where a.{_HERE} is null)",
            f"count(*) filter (where {both} and ({' or '.join(unequal) or 'false'}))",
            *(f"count(*) filter (where {both} and {one})" for one in unequal),
        ]
        found = self._connection.execute(f"select {', '.join(counts)} from {joined}").fetchone()
        added, removed, changed, *columns = [int(number) for number in found or ()]
        shown = self._shown([new for _, new in keys])
        return Difference(
            rows[0],
            rows[1],
            schema,
            tuple(safe_line(name, 100) for name in self._wanted),
            "",
            added,
            removed,
            changed,
            tuple(
                ChangedColumn(safe_line(pair[1][0], 100), number, self._changed(joined, both, keys, pair))
                for pair, number in zip(others, columns, strict=True)
                if number
            ),
            tuple(safe_line(name, 100) for name, _ in shown),
            self._rows(f"{self._files[1]} a anti join {self._files[0]} b on {match}", "a.", shown) if added else (),
            self._rows(f"{self._files[0]} b anti join {self._files[1]} a on {match}", "b.", self._there(shown))
            if removed
            else (),
        )

    def _unequal(self, pair: tuple[Column, Column]) -> str:
        (old, old_kind), (new, new_kind) = pair
        before, after = f"b.{quoted(old)}", f"a.{quoted(new)}"
        if old_kind != new_kind or "INTERVAL" in old_kind:
            before, after = text_of(before, old_kind), text_of(after, new_kind)
        return f"({before} is distinct from {after})"

    def _changed(
        self, joined: str, both: str, keys: Sequence[tuple[Column, Column]], pair: tuple[Column, Column]
    ) -> tuple[tuple[Cells, str | None, str | None], ...]:
        shown = [_cell("a.", new) for _, new in keys]
        values = [_cell("b.", pair[0]), _cell("a.", pair[1])]
        found = self._connection.execute(
            f"select {', '.join([*shown, *values])} from {joined} where {both} and {self._unequal(pair)} "
            f"order by all limit {SAMPLE}"
        ).fetchall()
        return tuple((cells[:-2], cells[-2], cells[-1]) for cells in map(safe_cells, found))

    def _by_rows(self, rows: Sequence[int], schema: Schema, why: str) -> Difference:
        """Whole rows, each as often as it is there, in the columns that both have."""
        sides = [
            f"(select {', '.join(self._value(pair, side) for pair in self._common) or '1'} from {self._files[side]})"
            for side in (0, 1)
        ]
        added, removed = (
            f"(select * from {sides[one]} except all select * from {sides[other]})" for one, other in ((1, 0), (0, 1))
        )
        numbers = [count(self._connection, source) for source in (added, removed)]
        shown = [new for _, new in self._common]
        texts = [(f"c{at}", "VARCHAR" if old[1] != new[1] else new[1]) for at, (old, new) in enumerate(self._common)]
        samples = [
            self._rows(source, "", texts) if number and texts else ()
            for source, number in zip((added, removed), numbers, strict=True)
        ]
        titles = tuple(safe_line(name, 100) for name, _ in shown)
        return Difference(rows[0], rows[1], schema, (), why, numbers[0], numbers[1], 0, (), titles, *samples)

    def _value(self, pair: tuple[Column, Column], side: int) -> str:
        name, kind = pair[side]
        place = self._common.index(pair)
        value = quoted(name) if pair[0][1] == pair[1][1] else text_of(quoted(name), kind)
        return f"{value} as c{place}"

    def _shown(self, first: Sequence[Column]) -> list[Column]:
        """Columns of a sample of rows: the key first, then the others that both have."""
        return list(dict.fromkeys([*first, *(new for _, new in self._common)]))

    def _there(self, columns: Sequence[Column]) -> list[Column]:
        """The same columns as the first side calls them."""
        return [self._pairs()[folded(name)][0] for name, _ in columns]

    def _rows(self, source: str, prefix: str, columns: Sequence[Column]) -> tuple[Cells, ...]:
        cells = ", ".join(_cell(prefix, column) for column in columns)
        found = self._connection.execute(f"select {cells} from {source} order by all limit {SAMPLE}").fetchall()
        return tuple(map(safe_cells, found))

    def _one(self, query: str) -> int:
        row = self._connection.execute(query).fetchone()
        return int(row[0]) if row else 0


def _cell(prefix: str, column: Column) -> str:
    name, kind = column
    return f"left({cell_text(f'{prefix}{quoted(name)}', kind)}, {_CELL})"


def _safe(column: Column) -> Column:
    return safe_line(column[0], 100), column[1]
