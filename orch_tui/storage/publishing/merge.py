"""How staged rows meet the rows that a table has already: full, incremental by key, append.

Where old and new rows have different types in a column, both become values of the type in which they meet
(:mod:`orch_tui.storage.values.meeting`): no value changes. Keys are compared in that type, which is the one that is
stored.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from orch_tui.model.components.configuration import WriteMode
from orch_tui.model.dataclass import dataclass
from orch_tui.model.errors import UserError
from orch_tui.model.texts.text import safe_line
from orch_tui.storage.changes import TypeChange, type_changes
from orch_tui.storage.duckdb import Column, count, describe, folded, literal, parquet, quoted
from orch_tui.storage.tables import Content
from orch_tui.storage.values.conversion import text_of
from orch_tui.storage.values.meeting import meeting
from orch_tui.storage.values.parquet import write_parquet

if TYPE_CHECKING:
    import duckdb

    from orch_tui.storage.tables import Publication, TableInfo


@dataclass(frozen=True, slots=True)
class Built:
    """A new version: all its rows, the rows this task brought, its columns, and those with another type than before."""

    rows: int
    written: int
    columns: list[Column]
    changes: list[TypeChange]


def build_version(
    connection: duckdb.DuckDBPyConnection,
    item: Publication,
    old: TableInfo | None,
    target: Path,
    log: Callable[[str], None],
) -> Built:
    """Make the Parquet file ``target`` from the staged rows and the table's old version.

    Raises:
        UserError: a key column is missing, null or not unique; incremental without a key; the old rows lack the key.
        duckdb.Error: a file is not Parquet, values do not fit together, no room on the disk.
        OSError: the file cannot be moved into place.
    """

    if item.mode is WriteMode.INCREMENTAL and not item.primary_key:
        raise UserError(
            f'table "{item.table}" is written incrementally and has no primary key; '
            'name one with primary_key = ["…"] in the output, or use mode = "append"'
        )
    new = parquet(item.path)
    columns = describe(connection, new)
    written = count(connection, new)
    check_key(connection, new, columns, item.table, item.primary_key, "the new rows")
    if item.mode is WriteMode.FULL or old is None:
        return bring_whole(replace(item, content=Content(written, columns)), old, target, log)
    if not written:
        _tell_empty(item, log)
    if item.mode is WriteMode.INCREMENTAL:
        _require_key(item, old)
    _report_missing(item, columns, old, log)
    write_parquet(connection, _union(connection, item, old, columns), target)
    merged, merged_columns = parquet(target), describe(connection, parquet(target))
    changes = type_changes(item.table, old.columns, merged_columns, columns)
    changed = {folded(change.column) for change in changes}
    # Keys that were told apart stay apart in another type; this is what keeps that true.
    doubtful = item.primary_key != old.primary_key or any(folded(key) in changed for key in item.primary_key)
    if item.mode is WriteMode.APPEND or doubtful:
        check_key(connection, merged, merged_columns, item.table, item.primary_key, "old and new rows together")
    return Built(count(connection, merged), written, merged_columns, changes)


def bring_whole(item: Publication, old: TableInfo | None, target: Path, log: Callable[[str], None]) -> Built:
    """The version that a file of known content becomes as it is. Raises: OSError: it cannot be moved into place."""
    if item.content is None:
        raise ValueError(f"nobody knows what is in {item.path}")
    rows, columns = item.content
    if not rows:
        _tell_empty(item, log)
    bring(item.path, target)
    return Built(rows, rows, columns, type_changes(item.table, [] if old is None else old.columns, columns))


def _tell_empty(item: Publication, log: Callable[[str], None]) -> None:
    log(f'table "{item.table}": no rows were written; the table keeps its columns')


def _union(
    connection: duckdb.DuckDBPyConnection, item: Publication, old: TableInfo, new_columns: Sequence[Column]
) -> str:
    """The query of the old rows that stay and the new rows, in the columns of both, each in one type."""
    previous, new = parquet(old.file), parquet(item.path)
    came = {folded(name): (name, kind) for name, kind in new_columns}
    old_values, new_values, stored = [], [], {}
    for name, kind in describe(connection, previous):
        column = quoted(name)
        if (match := came.pop(folded(name), None)) is None:
            old_values.append(column)
            new_values.append(f"cast(null as {kind}) as {column}")
            continue
        met = meeting(connection, [(previous, column, kind), (new, quoted(match[0]), match[1])])
        stored[folded(name)] = met.type
        old_values.append(f"{met.expressions[0]} as {column}")
        new_values.append(f"{met.expressions[1]} as {column}")
    for name, kind in came.values():
        old_values.append(f"cast(null as {kind}) as {quoted(name)}")
        new_values.append(quoted(name))
    kept = f"(select {', '.join(old_values)} from {previous}{_staying(connection, item, previous)}) o"
    added = f"(select {', '.join(new_values)} from {new}) n"
    if item.mode is WriteMode.INCREMENTAL:
        pairs = [
            tuple(_identity(f"{side}.{quoted(key)}", stored[folded(key)]) for side in "no") for key in item.primary_key
        ]
        match_keys = " and ".join(f"{ours} is not distinct from {theirs}" for ours, theirs in pairs)
        kept = f"{kept} where not exists (select 1 from {added} where {match_keys})"
    return f"select * from {kept} union all select * from {added}"


def _staying(connection: duckdb.DuckDBPyConnection, item: Publication, previous: str) -> str:
    """The condition, from ``where`` on, for the old rows that are not deleted; empty for all. Raises: UserError."""
    if not item.deletes:
        return ""
    kinds = {folded(name): (name, kind) for name, kind in describe(connection, previous)}
    rules = []
    for rule in item.deletes:
        filters = []
        for one in rule:
            if folded(one.column) not in kinds:
                raise UserError(
                    f'table "{item.table}": rows are to be deleted by the column {_listed([one.column])}, which '
                    f"its stored "
                    'rows do not have; correct the rule, or write the table once with mode = "full"'
                )
            name, kind = kinds[folded(one.column)]
            values = ", ".join(literal(value) for value in one.values) or "null"
            found = f"coalesce(coalesce({text_of(quoted(name), kind)}, '') in ({values}), false)"
            filters.append(f"not {found}" if one.negated else found)
        rules.append(f"({' and '.join(filters) or 'false'})")
    return f" where not ({' or '.join(rules)})"


def _identity(expression: str, kind: str) -> str:
    """What two keys of a type are compared by. DuckDB takes a month for 30 days and a day for 24 hours, at any depth;
    they are different values, and stay so when they are stored."""
    return text_of(expression, kind) if "INTERVAL" in kind else expression


def check_key(
    connection: duckdb.DuckDBPyConnection,
    source: str,
    columns: Sequence[Column],
    table: str,
    key: tuple[str, ...],
    which: str,
) -> None:
    """Every key column exists and is not null, and no key occurs twice. Raises: UserError with an example."""
    if not key:
        return
    kinds = {folded(name): kind for name, kind in columns}
    if missing := [column for column in key if folded(column) not in kinds]:
        raise UserError(
            f'table "{table}": primary key column {_listed(missing)} is not among the columns '
            f"{_listed([name for name, _ in columns])} of {which}"
        )
    names_in_sql = [quoted(column) for column in key]
    shown_texts = [f"left(cast({column} as varchar), 100)" for column in names_in_sql]
    shown = ", ".join(shown_texts)
    null = connection.execute(
        f"select {shown} from {source} where {' or '.join(f'{column} is null' for column in names_in_sql)} limit 1"
    ).fetchone()
    if null is not None:
        raise UserError(
            f'table "{table}": primary key {_listed(key)} is null in {which}, for example {_example(key, null)}; '
            "nothing was published"
        )
    identities = [_identity(quoted(column), kinds[folded(column)]) for column in key]
    examples = ", ".join(f"any_value({text})" for text in shown_texts)
    twice = connection.execute(
        f"select {examples}, count(*) from {source} group by {', '.join(identities)} having count(*) > 1 limit 1"
    ).fetchone()
    if twice is not None:
        raise UserError(
            f'table "{table}": primary key {_listed(key)} is not unique in {which}, for example '
            f"{_example(key, twice[:-1])} occurs {twice[-1]} times; nothing was published"
        )


def _require_key(item: Publication, old: TableInfo) -> None:
    names = {folded(name) for name, _ in old.columns}
    if missing := [column for column in item.primary_key if folded(column) not in names]:
        raise UserError(
            f'table "{item.table}" has no column {_listed(missing)} in its stored rows, so new rows cannot replace '
            'them by that key; write the table once with mode = "full"'
        )


def _report_missing(item: Publication, columns: Sequence[Column], old: TableInfo, log: Callable[[str], None]) -> None:
    names = {folded(name) for name, _ in columns}
    if missing := [name for name, _ in old.columns if folded(name) not in names]:
        log(f'warning: table "{item.table}": the new rows lack {_listed(missing)}; it is null in them')


def _listed(names: tuple[str, ...] | list[str]) -> str:
    return ", ".join(f'"{safe_line(name, 100)}"' for name in names)


def _example(key: tuple[str, ...], values: tuple[object, ...]) -> str:
    pairs = zip(key, values, strict=True)
    return ", ".join(
        f"{safe_line(name, 100)} = {'null' if value is None else safe_line(str(value))}" for name, value in pairs
    )


def bring(source: Path, target: Path) -> None:
    """Hard-link ``source`` to ``target``, or copy it where that cannot be. Raises: OSError."""
    if not source.is_symlink():
        with contextlib.suppress(OSError):
            os.link(source, target)
            return
    shutil.copyfile(source, target)
