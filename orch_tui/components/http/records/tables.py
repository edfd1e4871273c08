"""Spooled rows to Parquet: each column with a type that all of its values have, and none of them loses anything in."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from orch_tui.components.http.records.flatten import BOOL, FLOAT, INT, LONG, NESTED, SPECIAL, TEXT, Column, cells
from orch_tui.components.http.records.names import ColumnNames
from orch_tui.components.http.records.spool import PAGE, Spool
from orch_tui.components.kit.sql import listed
from orch_tui.model.errors import UserError
from orch_tui.storage.duckdb import columns_of, folded, parquet, quoted
from orch_tui.storage.values.conversion import holds
from orch_tui.storage.values.inference import infer_types
from orch_tui.storage.values.parquet import write_parquet
from orch_tui.storage.values.types import ZONED, parse_type

if TYPE_CHECKING:
    import duckdb

_TIMES = frozenset({"DATE", "TIMESTAMP", ZONED})
"""What a text of JSON may be besides a text."""
_NEVER_ANOTHER = _TIMES | {"BOOLEAN"}
"""Types whose values have another text in every other type, though that may hold them."""
_NUMBER = re.compile(r"U?(TINYINT|SMALLINT|INTEGER|BIGINT|HUGEINT|INT)|DECIMAL(\(.*)?|NUMERIC(\(.*)?", re.IGNORECASE)


@dataclass(slots=True)
class Stored:
    """What became of the rows of a table: its columns (none: no file was written), remarks for the log, and rows that
    were left out since they came again on a later page."""

    columns: list[tuple[str, str]] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    left_out: int = 0


def store(
    con: duckdb.DuckDBPyConnection,
    spool: Spool,
    path: Path,
    names: ColumnNames,
    known: Mapping[str, str],
    types: Mapping[str, str],
) -> Stored:
    """Write the rows of a spool as Parquet.

    Args:
        names: they are assigned to the columns here.
        known: columns of the table as it is. Where a column has no value now, it keeps its type there, and also where
            that type holds all new values.
        types: types that the user set, by column.

    Raises:
        duckdb.Error: values do not fit the types that the user set.
        UserError: a type is set for a column that is not there.
    """
    return _Storing(con, spool, path, names, known, types).result()


class _Storing:
    def __init__(
        self,
        con: duckdb.DuckDBPyConnection,
        spool: Spool,
        path: Path,
        names: ColumnNames,
        known: Mapping[str, str],
        types: Mapping[str, str],
    ) -> None:
        self._con, self._spool, self._path, self._known = con, spool, path, known
        self._types = types
        self._wanted = {folded(name): kind for name, kind in types.items()}
        spool.close()
        self._columns = spool.flattener.columns()
        paths = [column.path for column in self._columns]
        self._named = dict(zip(names.assign(paths, spool.flattener.reserved, known), self._columns, strict=True))
        self._source = spool.source(self._columns)
        self._stored = Stored(remarks=list(names.remarks))

    def result(self) -> Stored:
        self._check_types()
        selected = self._selected()
        if not selected:
            selected = [(_null(kind), name) for name, kind in {**self._known, **self._types}.items()]
        if not selected:
            return self._stored
        listed_columns = ", ".join(f"{expression} as {quoted(name)}" for expression, name in selected)
        source = self._newest({name: expression for expression, name in selected})
        query = f"select {listed_columns} from {source if self._spool.rows else self._nothing()}"
        write_parquet(self._con, query, self._path)
        self._stored.columns = columns_of(self._con, f"from {parquet(self._path)}")
        self._remark_on_values()
        return self._stored

    def _check_types(self) -> None:
        there = {folded(name) for name in [*self._named, *self._known]}
        lacking = [name for name in self._types if folded(name) not in there]
        if lacking and self._spool.rows:
            raise UserError(f'types: there is no column "{lacking[0]}"; the columns are {listed(self._named, 40)}')

    def _selected(self) -> list[tuple[str, str]]:
        """The expression of each column, and its name."""
        times = self._times()
        before = {folded(name): kind for name, kind in self._known.items()}
        taken = {folded(name) for name in self._named}
        selected: list[tuple[str, str]] = []
        for name, column in self._named.items():
            key = folded(name)
            inside = f"{name}{self._spool.flattener.separator}"
            parts = [] if column.kinds else [item for item in self._known.items() if item[0].startswith(inside)]
            if parts and key not in before and key not in self._wanted:
                # Only nulls where there were objects before: their columns are not gone, they are empty.
                selected += [(_null(kind), part) for part, kind in parts if folded(part) not in taken]
                continue
            kind = self._wanted.get(key) or self._settled(column, times, before.get(key))
            selected.append((_as_type(column, kind), name))
        return selected

    def _settled(self, column: Column, times: Mapping[str, str], before: str | None) -> str:
        if not column.kinds:
            return before or "VARCHAR"
        now = times.get(column.id) or type_of(column.kinds)
        # Whole numbers today in a column of decimals are no change that anybody needs to hear of.
        return before if before is not None and self._fits(column, now, before) else now

    def _fits(self, column: Column, now: str, before: str) -> bool:
        """Whether the type that the table has holds all values; a text that could hold anything is no reason."""
        if before == now or before in ("VARCHAR", "JSON") or now in ("VARCHAR", "JSON"):
            return before == now
        if parse_type(before).nested or _NEVER_ANOTHER & {before, now}:
            # A day has no time of day, a time without a zone is no moment, and yes is no number.
            return False
        predicate = holds(_as_type(column, now), now, before)
        row = self._con.execute(f"select coalesce(bool_and({predicate}), true) from {self._source}").fetchone()
        return bool(row and row[0])

    def _newest(self, expressions: Mapping[str, str]) -> str:
        """The source without rows that came again on a later page: records move on while pages are read.

        Two rows with one key on the same page stay: the key is wrong then, and the storage will say so.
        """
        spool = self._spool
        of_key = [expressions[name] for name in spool.key if name in expressions]
        if spool.page == 1 or not of_key or len(of_key) != len(spool.key):
            return self._source
        keys = ", ".join(of_key)
        moved = self._count(f"(select 1 from {self._source} group by {keys} having min({PAGE}) < max({PAGE}))")
        if not moved:
            return self._source
        newest = f"(select * from {self._source} qualify {PAGE} = max({PAGE}) over (partition by {keys}))"
        self._stored.left_out = self._count(self._source) - self._count(newest)
        self._stored.remarks.append(
            f"{moved} records came on several pages, since they moved while pages were read; the last ones count, and "
            f"{self._stored.left_out} older ones are left out"
        )
        return newest

    def _count(self, relation: str) -> int:
        row = self._con.execute(f"select count(*) from {relation}").fetchone()
        return int(row[0]) if row else 0

    def _nothing(self) -> str:
        """A source of no rows with all cells."""
        names = [cell for column in self._columns for cell in cells(column) if cell is not None]
        return f"(select {', '.join(f'null::varchar as {quoted(name)}' for name in names) or '1'} where false)"

    def _times(self) -> dict[str, str]:
        """Columns of texts that are ISO dates or times in one form, every one of them, with their types, by id."""
        texts = [column for column in self._columns if column.kinds == TEXT]
        if not texts:
            return {}
        found = infer_types(self._con, self._spool.source(texts), [quoted(column.id) for column in texts])
        kinds = {column.id: found[quoted(column.id)].type for column in texts}
        return {key: kind for key, kind in kinds.items() if kind in _TIMES}

    def _remark_on_values(self) -> None:
        """What is stored otherwise than it came: numbers in types that the user set, and broken texts."""
        if self._spool.halves:
            self._stored.remarks.append(
                f"{self._spool.halves} rows have half of a surrogate pair in a text, which no text can hold; it is "
                'stored as "?"'
            )
        for name, column in self._named.items():
            kind = self._wanted.get(folded(name))
            if kind is None or not column.kinds or not _NUMBER.fullmatch(kind.strip()):
                continue
            text = f"try_cast({_text(column)} as decimal(38, 18))"
            there = f"cast(cast({_text(column)} as {kind}) as decimal(38, 18))"
            if count := self._count(f"{self._source} where {text} <> {there}"):
                self._stored.remarks.append(
                    f'{count} values of "{name}" have more digits than {kind}, which types sets; they are rounded'
                )


def type_of(kinds: int) -> str:
    """The type that holds all values of these kinds exactly; text where there is none."""
    if kinds & NESTED:
        return "JSON"
    if kinds == BOOL:
        return "BOOLEAN"
    if not kinds & ~(INT | LONG):
        return "BIGINT"
    return "DOUBLE" if not kinds & ~(INT | FLOAT | SPECIAL) else "VARCHAR"


def _text(column: Column) -> str:
    """The text of a column's value, for one without JSON."""
    parts = [quoted(cell) for cell in cells(column) if cell is not None]
    return parts[0] if len(parts) == 1 else f"coalesce({', '.join(parts)})"


def _as_type(column: Column, kind: str) -> str:
    """SQL of a column's values in a type."""
    if not column.kinds:
        return _null(kind)
    text, plain, nested = (None if cell is None else quoted(cell) for cell in cells(column))
    if nested is None and kind != "JSON":
        return f"cast({_text(column)} as {kind})"
    parts = [
        nested and f"cast({nested} as json)",
        # NaN is no JSON, though DuckDB takes it for some.
        plain and f"case when {plain} in ('nan', 'inf', '-inf') then to_json({plain}) else cast({plain} as json) end",
        text and f"to_json({text})",
    ]
    value = f"coalesce({', '.join([*filter(None, parts), 'null'])})"
    return value if kind == "JSON" else f"cast({value} as {kind})"


def _null(kind: str) -> str:
    return f"cast(null as {kind})"
