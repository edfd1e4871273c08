"""How far an incremental extraction has come: the largest value of a column, kept as text together with its type."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orch_tui.components.dbapi.names import require
from orch_tui.components.dbapi.settle import Settled
from orch_tui.components.dbapi.sql_source import saved_last, tell_start
from orch_tui.components.dbapi.values import Column
from orch_tui.components.kit.component import Context
from orch_tui.model.dataclass import dataclass
from orch_tui.model.errors import UserError
from orch_tui.model.texts.text import safe_line
from orch_tui.storage.duckdb import parquet, quoted

if TYPE_CHECKING:
    import duckdb

_INTEGER = re.compile(r"U?(TINYINT|SMALLINT|INTEGER|BIGINT)$")

_TIME = re.compile(r"\d{4,}-\d\d-\d\d( \(BC\))?( \d\d:\d\d:\d\d(\.\d+)?(\+00)?)?")

Value = int | float | Decimal | str


@dataclass(frozen=True, slots=True)
class Last:
    """The largest value of ``column`` that was read, with the DuckDB type it was read as.

    Dates and times are text: DuckDB and the servers go beyond Python's.
    """

    column: str
    kind: str
    value: Value

    @property
    def family(self) -> str | None:
        """``number``, ``time`` or ``text``."""
        return family(self.kind)


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
    order = family(column.kind)
    if order is None:
        raise UserError(
            f'incremental_column "{safe_line(name)}" is {column.kind}, which cannot be gone by; choose a number, a '
            "date, a time or a text that only grows"
        )
    if last is not None and last.family != order:
        raise UserError(
            f'incremental_column "{safe_line(name)}" is {column.kind} now and was {last.kind}, so what is new cannot '
            "be told; delete the state of this configuration to start from the beginning"
        )
    return column


def remember(
    con: duckdb.DuckDBPyConnection, ctx: Context, name: str, column: Column, found: Settled, path: Path
) -> None:
    """Keep the largest value of the rows in the Parquet file for the next extraction; no rows keep the old one.

    Values that are none, or without an end, do not count: nothing would ever be beyond them.

    Raises:
        UserError: a number is too long to be compared.
    """
    value = quoted(column.name)
    if column.finding is not None and found.beyond:
        _require_comparable(con, column, value, path)
        value = column.finding.value(value)
    where = ""
    if column.kind in ("DOUBLE", "FLOAT"):
        # As a double also where it is none: 0.3 as the nearest float is not 0.3 as the nearest double.
        value, where = f"cast({value} as double)", f" where isfinite({value})"
    row = con.execute(f"select cast(max({value}) as varchar) from {parquet(path)}{where}").fetchone()
    if row is not None and row[0] is not None:
        kind = column.kind if found.beyond else found.kind
        ctx.next_state = {"column": name, "type": kind, "last": row[0]}


def _require_comparable(con: duckdb.DuckDBPyConnection, column: Column, value: str, path: Path) -> None:
    if family(column.kind) != "number":
        return
    assert column.finding is not None
    row = con.execute(
        f"select {value} from {parquet(path)} where regexp_full_match({value}, '[-+]?[0-9.]+')"
        f" and {column.finding.value(value)} is null limit 1"
    ).fetchone()
    if row is not None:
        raise UserError(
            f'incremental_column "{safe_line(column.name)}" holds {safe_line(row[0], 60)}, which is too long to tell '
            "what is new by; choose another column"
        )


def family(kind: str) -> str | None:
    """``number``, ``time`` or ``text`` of a DuckDB type whose values have an order that can be gone by."""
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
    if kind == "VARCHAR" or (family(kind) == "time" and _TIME.fullmatch(text)):
        return text
    raise ValueError(kind)
