"""Many files as one table: columns matched by name, one type for each, and the query that reads them in order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field
from itertools import groupby
from typing import TYPE_CHECKING

from orch_tui.components.files import csv_files, json_files, parquet_files
from orch_tui.components.files.csv_files import CsvFile
from orch_tui.components.files.date_formats import FIRST_TEXTS, may_be_dates
from orch_tui.components.files.json_files import JsonFile
from orch_tui.components.files.parquet_files import ParquetFile
from orch_tui.components.files.typed_columns import Typed, Wishes, json_texts, texts
from orch_tui.components.kit.sql import listed
from orch_tui.model.dataclass import dataclass
from orch_tui.model.errors import UserError
from orch_tui.model.texts.text import safe_line
from orch_tui.storage.duckdb import folded, literal, quoted
from orch_tui.storage.values.assumed import assumed_types
from orch_tui.storage.values.conversion import converted, holds, text_of
from orch_tui.storage.values.meeting import meeting
from orch_tui.storage.values.types import NULL_TYPE, TEXT

if TYPE_CHECKING:
    import duckdb

TableFile = CsvFile | JsonFile | ParquetFile


@dataclass(frozen=True, slots=True)
class Part:
    """Files that are read by one call. ``columns`` are the SQL of the columns in it, by name as :func:`folded`.

    ``kind`` is ``csv``, ``json`` or ``parquet``; ``types`` are those that the columns have in the files.
    """

    files: tuple[TableFile, ...]
    kind: str
    scan: str
    columns: dict[str, str]
    types: dict[str, str]

    def relation(self, names: Sequence[str]) -> str:
        """Its rows with columns of these names; those that the files lack are null."""
        chosen = [f"{self.columns.get(folded(name), 'null')} as {quoted(name)}" for name in names]
        return f"(select {', '.join(chosen)} from {self.scan})"


@dataclass(slots=True)
class Column:
    """A column of the table: its type, and what it is made of in each kind of files (and type within it)."""

    name: str
    type: str
    sides: dict[tuple[str, str], Typed] = field(default_factory=dict)

    def value(self, part: Part) -> str:
        """SQL of its value in the rows of a part."""
        side = self.sides.get(_side(part, self.name))
        return f"cast({'null' if side is None else side.value} as {self.type}) as {quoted(self.name)}"


@dataclass(frozen=True, slots=True)
class Table:
    """``prepared`` is SQL of a relation, with ``{}`` for the rows of a part, that the columns are made of."""

    parts: tuple[Part, ...]
    columns: tuple[Column, ...]
    prepared: str = "{}"

    def query(self, filename_column: str | None) -> str:
        """The rows of all parts in the order of their files."""
        names = [column.name for column in self.columns]
        selects = []
        for part in self.parts:
            chosen = [column.value(part) for column in self.columns]
            if filename_column:
                chosen.append(f"{literal(part.files[0].source.label)} as {quoted(filename_column)}")
            rows = self.prepared.replace("{}", part.relation(names), 1)
            selects.append(f"select {', '.join(chosen)} from {rows}")
        return " union all ".join(selects)


def parts_of(files: Sequence[TableFile], *, one_by_one: bool = False) -> list[Part]:
    """Runs of files that are alike, or each file alone."""
    if one_by_one:
        return [_part([file]) for file in files]
    return [_part(list(group)) for _, group in groupby(files, key=lambda file: (type(file), file.alike))]


def _part(files: list[TableFile]) -> Part:
    first = files[0]
    kinds = dict.fromkeys([folded(name) for name in first.names], TEXT)
    if isinstance(first, CsvFile):
        columns = {folded(name): quoted(name) for name in first.names}
        return Part(tuple(files), "csv", csv_files.scan([f for f in files if isinstance(f, CsvFile)]), columns, kinds)
    if isinstance(first, JsonFile):
        columns = {folded(name): f"m{at}" for at, name in enumerate(first.names)}
        scan = json_files.scan([f for f in files if isinstance(f, JsonFile)])
        return Part(tuple(files), "json", scan, columns, kinds)
    columns = {folded(name): quoted(name) for name in first.names}
    kinds = {folded(name): kind for name, kind in first.columns}
    scan = parquet_files.scan([f for f in files if isinstance(f, ParquetFile)])
    return Part(tuple(files), "parquet", scan, columns, kinds)


def build(con: duckdb.DuckDBPyConnection, parts: Sequence[Part], wishes: Wishes, keep: Sequence[str]) -> Table:
    """Find the columns of all parts and their types; ``keep`` are those to keep, in order (all if empty).

    Raises:
        UserError: a column that a person named is not there.
        duckdb.Error: a file cannot be read.
    """
    names = _names(parts, wishes, keep)
    columns = {name: Column(name, TEXT) for name in names}
    for kind, find in (("csv", texts), ("json", json_texts)):
        if relation := _relation([part for part in parts if part.kind == kind], names):
            here = [n for n in names if any(part.kind == kind and folded(n) in part.columns for part in parts)]
            for name, typed in find(con, relation, here, wishes).items():
                columns[name].sides[kind, TEXT] = typed
    for part in parts:
        if part.kind == "parquet":
            _add_typed(part, columns, wishes)
    for column in columns.values():
        _settle(con, parts, column, wishes)
    return Table(tuple(parts), tuple(columns.values()))


def assume(con: duckdb.DuckDBPyConnection, parts: Sequence[Part], wishes: Wishes, keep: Sequence[str]) -> Table | None:
    """As :func:`build`, by the first rows alone: the table's query fails with :func:`is_broken` where they mislead.

    None where types depend on more than the texts themselves.

    Raises:
        UserError: a column that a person named is not there.
        duckdb.Error: a file cannot be read.
    """
    names = _names(parts, wishes, keep)
    if any(part.kind != "csv" for part in parts) or wishes.types or wishes.all_text or wishes.decimal:
        return None
    if wishes.date_format:
        return None
    relation = _relation(parts, names)
    # The files are opened once for their first rows.
    con.execute(f"create or replace temp table first_rows as select * from {relation} limit {FIRST_TEXTS}")
    try:
        if may_be_dates(con, "first_rows", [quoted(name) for name in names]):
            return None
        assumed = assumed_types(con, "first_rows", names)
    finally:
        con.execute("drop table if exists first_rows")
    if assumed is None:
        return None
    prepared, found = assumed
    columns = []
    for name, one in found.items():
        kind = TEXT if one.type == NULL_TYPE else one.type
        columns.append(Column(name, kind, {("csv", TEXT): Typed(kind, one.value, quoted(name))}))
    return Table(tuple(parts), tuple(columns), prepared)


def _names(parts: Sequence[Part], wishes: Wishes, keep: Sequence[str]) -> list[str]:
    """The columns of the table in order. Raises: UserError as :func:`build`."""
    spelling: dict[str, str] = {}
    for part in parts:
        for file in part.files:
            for name in file.names:
                spelling.setdefault(folded(name), name)
    wanted = [folded(name) for name in keep]
    unknown = [name for name in [*wishes.types, *wanted] if name not in spelling]
    if unknown:
        raise UserError(
            f'there is no column "{safe_line(unknown[0], 60)}"; the columns are {listed(spelling.values(), 40)}'
        )
    return [spelling[name] for name in wanted] or list(spelling.values())


def _relation(parts: Sequence[Part], names: Sequence[str]) -> str:
    """The rows of parts of one kind with these columns; "" for no part."""
    relations = [part.relation(names) for part in parts]
    return (
        relations[0]
        if len(relations) == 1
        else f"({' union all '.join(f'from {r}' for r in relations)})" * bool(relations)
    )


def _side(part: Part, name: str) -> tuple[str, str]:
    return part.kind, part.types.get(folded(name), "")


def _add_typed(part: Part, columns: dict[str, Column], wishes: Wishes) -> None:
    """The columns of a Parquet part, which have their types."""
    for name, column in columns.items():
        kind = part.types.get(folded(name))
        if kind is None or (part.kind, kind) in column.sides:
            continue
        value, text = quoted(name), text_of(quoted(name), kind)
        asked = wishes.types.get(folded(name))
        if asked:
            typed = Typed(asked, converted(value, kind, asked), text, holds(value, kind, asked))
        elif wishes.all_text:
            typed = Typed(TEXT, text, text)
        else:
            typed = Typed(kind, value, text)
        column.sides[part.kind, kind] = typed


def _settle(con: duckdb.DuckDBPyConnection, parts: Sequence[Part], column: Column, wishes: Wishes) -> None:
    """One type for a column, in which the values of all its sides stay what they are."""
    sides = column.sides
    known = {key: side for key, side in sides.items() if side.type != NULL_TYPE}
    asked = wishes.types.get(folded(column.name))
    if asked or not known:
        column.type = asked or TEXT
        return
    kinds = {side.type for side in known.values()}
    if len(kinds) == 1:
        column.type = kinds.pop()
    else:
        relations = {
            key: _relation([part for part in parts if _side(part, column.name) == key], [column.name]) for key in known
        }
        met = meeting(con, [(relations[key], side.value, side.type) for key, side in known.items()])
        column.type = met.type
        wishes.log(
            f'column "{safe_line(column.name, 60)}": the files have it as {listed(sorted(kinds))}; it is {met.type}'
        )
        for (key, side), value in zip(known.items(), met.expressions, strict=True):
            # A text is what the file has, not what a type that is not taken made of it.
            sides[key] = Typed(met.type, side.text if met.type == TEXT else value, side.text)
    for key in set(sides) - set(known):
        sides[key] = Typed(column.type, "null", "null")


def changed_value(con: duckdb.DuckDBPyConnection, table: Table) -> tuple[Column, Part, str] | None:
    """A value that the type which a person asked for would change, with its column and the part it is in.

    Raises:
        duckdb.Error: a file cannot be read.
    """
    names = [column.name for column in table.columns]
    for part in table.parts:
        tests = [
            (column, side)
            for column in table.columns
            if (side := column.sides.get(_side(part, column.name))) is not None and side.same != "true"
        ]
        if not tests:
            continue
        relation = part.relation(names)
        verdicts = ", ".join(f"bool_and({side.same})" for _, side in tests)
        row = con.execute(f"select {verdicts} from {relation}").fetchone() or ()
        for (column, side), verdict in zip(tests, row, strict=True):
            if verdict is False:
                bad = con.execute(f"select {side.text} from {relation} where not {side.same} limit 1").fetchone()
                return column, part, str(bad[0]) if bad else ""
    return None
