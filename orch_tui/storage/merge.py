"""How staged rows meet the rows that a table has already: full, incremental by key, append."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from orch_tui.model.configuration import WriteMode
from orch_tui.model.errors import UserError
from orch_tui.model.text import safe_line
from orch_tui.storage.duckdb import COPY_OPTIONS, count, describe, identifier, literal, parquet

if TYPE_CHECKING:
    import duckdb

    from orch_tui.storage.publish import Publication
    from orch_tui.storage.tables import TableInfo


@dataclass(frozen=True, slots=True)
class Built:
    """A new version: all its rows, the rows this task brought, its columns (name, DuckDB type)."""

    rows: int
    written: int
    columns: list[tuple[str, str]]


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
    from orch_tui.storage.publish import bring

    if item.mode is WriteMode.INCREMENTAL and not item.primary_key:
        raise UserError(
            f'table "{item.table}" is written incrementally and has no primary key; '
            'name one with primary_key = ["…"] in the output, or use mode = "append"'
        )
    new = parquet(item.path)
    columns = describe(connection, new)
    written = count(connection, new)
    check_key(connection, new, columns, item.table, item.primary_key, "the new rows")
    if not written:
        log(f'table "{item.table}": no rows were written; the table keeps its columns')
    if item.mode is WriteMode.FULL or old is None:
        bring(item.path, target)
        return Built(written, written, columns)
    previous = parquet(old.file)
    _report_missing(item, columns, old, log)
    rows_kept = previous
    if item.mode is WriteMode.INCREMENTAL:
        _require_key(connection, item, old)
        match = " and ".join(
            f"n.{identifier(key)} is not distinct from o.{identifier(key)}" for key in item.primary_key
        )
        rows_kept = f"{previous} o where not exists (select 1 from {new} n where {match})"
    connection.execute(
        f"copy (select * from {rows_kept} union all by name select * from {new}) "
        f"to {literal(str(target))} ({COPY_OPTIONS})"
    )
    merged, merged_columns = parquet(target), describe(connection, parquet(target))
    if item.mode is WriteMode.APPEND or item.primary_key != old.primary_key:
        check_key(connection, merged, merged_columns, item.table, item.primary_key, "old and new rows together")
    return Built(count(connection, merged), written, merged_columns)


def check_key(
    connection: duckdb.DuckDBPyConnection,
    source: str,
    columns: list[tuple[str, str]],
    table: str,
    key: tuple[str, ...],
    which: str,
) -> None:
    """Every key column exists and is not null, and no key occurs twice. Raises: UserError with an example."""
    if not key:
        return
    names = {name.casefold() for name, _ in columns}
    if missing := [column for column in key if column.casefold() not in names]:
        raise UserError(
            f'table "{table}": primary key column {_listed(missing)} is not among the columns '
            f"{_listed([name for name, _ in columns])} of {which}"
        )
    quoted = [identifier(column) for column in key]
    shown = ", ".join(f"left(cast({column} as varchar), 100)" for column in quoted)
    null = connection.execute(
        f"select {shown} from {source} where {' or '.join(f'{column} is null' for column in quoted)} limit 1"
    ).fetchone()
    if null is not None:
        raise UserError(
            f'table "{table}": primary key {_listed(key)} is null in {which}, for example {_example(key, null)}; '
            "nothing was published"
        )
    twice = connection.execute(
        f"select {shown}, count(*) from {source} group by {', '.join(quoted)} having count(*) > 1 limit 1"
    ).fetchone()
    if twice is not None:
        raise UserError(
            f'table "{table}": primary key {_listed(key)} is not unique in {which}, for example '
            f"{_example(key, twice[:-1])} occurs {twice[-1]} times; nothing was published"
        )


def _require_key(connection: duckdb.DuckDBPyConnection, item: Publication, old: TableInfo) -> None:
    names = {name.casefold() for name, _ in old.columns}
    if missing := [column for column in item.primary_key if column.casefold() not in names]:
        raise UserError(
            f'table "{item.table}" has no column {_listed(missing)} in its stored rows, so new rows cannot replace '
            'them by that key; write the table once with mode = "full"'
        )


def _report_missing(
    item: Publication, columns: list[tuple[str, str]], old: TableInfo, log: Callable[[str], None]
) -> None:
    names = {name.casefold() for name, _ in columns}
    if missing := [name for name, _ in old.columns if name.casefold() not in names]:
        log(f'warning: table "{item.table}": the new rows lack {_listed(missing)}; it is null in them')


def _listed(names: tuple[str, ...] | list[str]) -> str:
    return ", ".join(f'"{safe_line(name, 100)}"' for name in names)


def _example(key: tuple[str, ...], values: tuple[object, ...]) -> str:
    pairs = zip(key, values, strict=True)
    return ", ".join(
        f"{safe_line(name, 100)} = {'null' if value is None else safe_line(str(value))}" for name, value in pairs
    )
