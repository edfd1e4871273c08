"""Values of a driver made into those of a DuckDB column; what has no counterpart there is counted.

Python's dates end with the year 9999 and know no infinity, and DuckDB's decimals are finite and have 38 digits.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from orch_tui.components.kit.component import Context
from orch_tui.model.errors import UserError
from orch_tui.model.text import safe_line

Convert = Callable[[Any], Any]
"""Makes a value that is not None fit its column. Raises ValueError for one that has no counterpart."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column that is read: its name, its DuckDB type, and how its values get there (None: as they are)."""

    name: str
    kind: str
    convert: Convert | None = None


def date(text: str) -> datetime.date:
    """An ISO date. Raises: ValueError (infinity, 0000-00-00, years before 1 or after 9999)."""
    return datetime.date.fromisoformat(text)


def time(text: str) -> datetime.time:
    """A time of day. Raises: ValueError (24:00:00 and beyond, negative)."""
    return datetime.time.fromisoformat(text)


def timestamp(text: str) -> datetime.datetime:
    """An ISO time, with the zone it has. Raises: ValueError, as for dates."""
    return datetime.datetime.fromisoformat(text)


def timestamp_utc(text: str) -> datetime.datetime:
    """An ISO time without a zone that means UTC. Raises: ValueError, as for dates."""
    return datetime.datetime.fromisoformat(text).replace(tzinfo=datetime.UTC)


def decimal(precision: int, scale: int) -> Convert:
    """Checks that a Decimal is finite and not too large for DECIMAL(precision, scale)."""
    limit = Decimal(10) ** (precision - scale)

    def convert(value: Decimal) -> Decimal:
        # Not abs(): it rounds to 28 digits.
        if not value.is_finite() or value.copy_abs() >= limit:
            raise ValueError
        return value

    return convert


class Converter:
    """Applies the conversions of all columns to batches of rows. ``lost``: column to how many values, and the first."""

    def __init__(self, columns: Sequence[Column]) -> None:
        self._columns = columns
        self._work = [(n, column.convert) for n, column in enumerate(columns) if column.convert is not None]
        self.lost: dict[str, tuple[int, str]] = {}

    def __call__(self, rows: Sequence[Sequence[Any]]) -> Sequence[Sequence[Any]]:
        if not self._work or not rows:
            return rows
        by_column: list[Sequence[Any]] = list(zip(*rows, strict=True))
        for n, convert in self._work:
            try:
                by_column[n] = [None if value is None else convert(value) for value in by_column[n]]
            except ValueError:
                by_column[n] = [self._kept(self._columns[n].name, convert, value) for value in by_column[n]]
        return list(zip(*by_column, strict=True))

    def _kept(self, name: str, convert: Convert, value: Any) -> Any:
        if value is None:
            return None
        try:
            return convert(value)
        except ValueError:
            count, first = self.lost.get(name, (0, safe_line(str(value), 40)))
            self.lost[name] = (count + 1, first)
            return None

    def report(self, ctx: Context, *, strict: bool) -> None:
        """A warning for what was lost. Raises: UserError instead, when ``strict``."""
        if not self.lost:
            return
        kinds = {column.name: column.kind for column in self._columns}
        told = "; ".join(
            f'column "{safe_line(name, 60)}" has {_values(count)} that {kinds[name]} cannot hold, such as {first}'
            for name, (count, first) in self.lost.items()
        )
        if strict:
            raise UserError(f"{told}; the parameter strict refuses that. Say in a query what they should be")
        ctx.warn(f"{told}; stored as null. Say in a query what they should be")


def _values(count: int) -> str:
    return "1 value" if count == 1 else f"{count} values"
