"""How far an incremental extraction has come: the largest value of a column, kept as text together with its type."""

from __future__ import annotations

import datetime
import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orch_tui.components.dbapi.names import require
from orch_tui.components.dbapi.sql_source import saved_last, tell_start
from orch_tui.components.dbapi.values import Column
from orch_tui.components.kit.component import Context
from orch_tui.components.kit.sql import literal, quoted
from orch_tui.model.errors import UserError
from orch_tui.model.text import safe_line

if TYPE_CHECKING:
    import duckdb

_INTEGER = re.compile(r"U?(TINYINT|SMALLINT|INTEGER|BIGINT)$")

Value = int | float | Decimal | datetime.date | datetime.datetime | str


@dataclass(frozen=True, slots=True)
class Last:
    """The largest value of ``column`` that was read, with the DuckDB type it was read as."""

    column: str
    kind: str
    value: Value


def last_of(ctx: Context, column: str | None) -> Last | None:
    """Where the last extraction by this column ended; None when there was none.

    Raises:
        UserError: the state is not one that this program wrote.
    """
    if column is None:
        return None
    saved = saved_last(ctx, column)
    if saved is None:
        tell_start(ctx, column, None)
        return None
    kind, text = str(ctx.state.get("type")), str(saved)
    try:
        last = Last(column, kind, _value(kind, text))
    except (ValueError, ArithmeticError) as error:
        raise UserError(
            f'the saved state says that "{safe_line(column)}" came to {safe_line(text, 60)} of type '
            f"{safe_line(kind, 60)}, which is none; delete the state of this configuration to start from the beginning"
        ) from error
    tell_start(ctx, column, text)
    return last


def require_growing(columns: Sequence[Column], name: str, last: Last | None, shown: str) -> Column:
    """The incremental column among those that are read.

    Raises:
        UserError: it is not there, its values have no order, or not the one they had.
    """
    names = [column.name for column in columns]
    column = columns[names.index(require(name, names, "column", shown))]
    family = _family(column.kind)
    if family is None:
        raise UserError(
            f'incremental_column "{safe_line(name)}" is {column.kind}, which cannot be gone by; choose a number, a '
            "date, a time or a text that only grows"
        )
    if last is not None and _family(last.kind) != family:
        raise UserError(
            f'incremental_column "{safe_line(name)}" is {column.kind} now and was {last.kind}, so what is new cannot '
            "be told; delete the state of this configuration to start from the beginning"
        )
    return column


def remember(con: duckdb.DuckDBPyConnection, ctx: Context, name: str, column: Column, path: Path) -> None:
    """Keep the largest value of the rows in the Parquet file for the next extraction; no rows keep the old one."""
    value, where = quoted(column.name), ""
    if column.kind in ("DOUBLE", "FLOAT"):
        # As a double also where it is none: 0.3 as the nearest float is not 0.3 as the nearest double.
        value, where = f"cast({value} as double)", f" where isfinite({value})"
    row = con.execute(f"select cast(max({value}) as varchar) from read_parquet({literal(str(path))}){where}").fetchone()
    if row is not None and row[0] is not None:
        ctx.next_state = {"column": name, "type": column.kind, "last": row[0]}


def _family(kind: str) -> str | None:
    if _INTEGER.match(kind) or kind.startswith("DECIMAL") or kind in ("DOUBLE", "FLOAT"):
        return "number"
    if kind == "DATE" or kind.startswith("TIMESTAMP"):
        return "time"
    return "text" if kind == "VARCHAR" else None


def _value(kind: str, text: str) -> Any:
    if _INTEGER.match(kind):
        return int(text)
    if kind.startswith("DECIMAL"):
        return Decimal(text)
    if kind in ("DOUBLE", "FLOAT"):
        return float(text)
    if kind == "DATE":
        return datetime.date.fromisoformat(text)
    if kind.startswith("TIMESTAMP"):
        return datetime.datetime.fromisoformat(text)
    if kind == "VARCHAR":
        return text
    raise ValueError(kind)
