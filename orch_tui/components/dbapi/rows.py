"""What every writer to a database checks about its rows before it opens the database."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from orch_tui.components.kit.component import Input
from orch_tui.components.kit.sql import listed, quoted
from orch_tui.model.errors import UserError
from orch_tui.model.text import safe_line

if TYPE_CHECKING:
    import duckdb


def chosen(columns: Sequence[str], key: Sequence[str], table: Input) -> list[tuple[str, str]]:
    """Name and DuckDB type of the columns to write (all if ``columns`` is empty), among which the key must be.

    Raises:
        UserError: a column is not there, or the key is not written.
    """
    known = {name.casefold(): (name, kind) for name, kind in table.columns}
    wanted = columns or [name for name, _ in table.columns]
    for name in [*wanted, *key]:
        if name.casefold() not in known:
            there = listed((name for name, _ in table.columns), 40)
            raise UserError(f'the table "{table.table}" has no column "{safe_line(name)}"; its columns are {there}')
    for name in key:
        if name.casefold() not in {column.casefold() for column in wanted}:
            raise UserError(f'the key column "{safe_line(name)}" is not among the columns to write; add it to columns')
    return [known[name.casefold()] for name in wanted]


def check_keys(con: duckdb.DuckDBPyConnection, key: Sequence[str], table: Input) -> None:
    """Every row of the view ``source`` has a key of its own. Raises: UserError with an example of one that has not."""
    columns = ", ".join(quoted(name) for name in key)
    empty = " or ".join(f"{quoted(name)} is null" for name in key)
    if con.execute(f"select 1 from source where {empty} limit 1").fetchone():
        raise UserError(
            f'rows of "{table.table}" have no value in the key ({listed(key)}); leave them out or choose another key'
        )
    twice = con.execute(
        f"select {columns}, count(*) from source group by {columns} having count(*) > 1 order by {columns} limit 1"
    ).fetchone()
    if twice:
        example = ", ".join(f"{name} = {value}" for name, value in zip(key, twice[:-1], strict=True))
        raise UserError(
            f'"{table.table}" has {twice[-1]} rows with one key ({safe_line(example, 200)}); every key may come once'
        )


def reader(con: duckdb.DuckDBPyConnection, values: Iterable[str]) -> Callable[[int], list[tuple[Any, ...]]]:
    """Batches of the values (DuckDB expressions) of the view ``source``. Raises: duckdb.Error."""
    return con.execute(f"select {', '.join(values)} from source").fetchmany
