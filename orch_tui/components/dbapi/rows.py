"""What every writer to a database checks about its rows before it opens the database."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from orch_tui.components.kit.component import Input
from orch_tui.components.kit.sql import listed
from orch_tui.model.errors import UserError
from orch_tui.model.texts.text import safe_line
from orch_tui.storage.duckdb import folded, quoted

if TYPE_CHECKING:
    import duckdb


def chosen(columns: Sequence[str], key: Sequence[str], table: Input) -> list[tuple[str, str]]:
    """Name and DuckDB type of the columns to write (all if ``columns`` is empty), among which the key must be.

    Raises:
        UserError: a column is not there, or the key is not written.
    """
    known = {folded(name): (name, kind) for name, kind in table.columns}
    wanted = columns or [name for name, _ in table.columns]
    for name in [*wanted, *key]:
        if folded(name) not in known:
            there = listed((name for name, _ in table.columns), 40)
            raise UserError(f'the table "{table.table}" has no column "{safe_line(name)}"; its columns are {there}')
    for name in key:
        if folded(name) not in {folded(column) for column in wanted}:
            raise UserError(f'the key column "{safe_line(name)}" is not among the columns to write; add it to columns')
    return [known[folded(name)] for name in wanted]


def check_keys(
    con: duckdb.DuckDBPyConnection, names: Sequence[str], table: Input, compared: Mapping[str, str] | None = None
) -> None:
    """Every row of the view ``source`` has a key of its own.

    ``compared`` are expressions of what is compared of a column, by its name in small letters; else the value.

    Raises:
        UserError: a row has none, or that of another one; with an example.
    """
    kinds = {folded(name): kind for name, kind in table.columns}
    expressions = [(compared or {}).get(folded(name)) or _value(name, kinds[folded(name)]) for name in names]
    empty = " or ".join(f"{quoted(name)} is null" for name in names)
    if con.execute(f"select 1 from source where {empty} limit 1").fetchone():
        raise UserError(
            f'rows of "{table.table}" have no value in the key ({listed(names)}); leave them out or choose another key'
        )
    shown = ", ".join(f"min({quoted(name)})" for name in names)
    groups = f"group by {', '.join(expressions)} having count(*) > 1"
    twice = con.execute(f"select {shown}, count(*) from source {groups} order by all limit 1").fetchone()
    if twice:
        example = ", ".join(f"{name} = {value}" for name, value in zip(names, twice[:-1], strict=True))
        raise UserError(
            f'"{table.table}" has {twice[-1]} rows with one key ({safe_line(example, 200)}); every key may come once'
        )


def _value(name: str, kind: str) -> str:
    # DuckDB takes a month for 30 days.
    return f"cast({quoted(name)} as varchar)" if kind == "INTERVAL" else quoted(name)


def reader(con: duckdb.DuckDBPyConnection, values: Iterable[str]) -> Callable[[int], list[tuple[Any, ...]]]:
    """Batches of the values (DuckDB expressions) of the view ``source``. Raises: duckdb.Error."""
    return con.execute(f"select {', '.join(values)} from source").fetchmany
