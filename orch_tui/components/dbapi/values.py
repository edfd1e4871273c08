"""A column of a database server on its way, and what its driver's values are made into."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from orch_tui.components.dbapi.settle import Finding
from orch_tui.model.dataclass import dataclass

Convert = Callable[[Any], Any]
"""Makes a value that is not None fit its column."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column that is read: its name, its DuckDB type, and how its values get there (None: as they are).

    With ``finding`` the values arrive as text and decide whether they have the type ``kind``.
    """

    name: str
    kind: str
    convert: Convert | None = None
    finding: Finding | None = None

    @property
    def collected(self) -> str:
        """The type while rows arrive."""
        return self.kind if self.finding is None else self.finding.collected


class Converter:
    """Applies the conversions of all columns (None: none) to batches of rows."""

    def __init__(self, conversions: Sequence[Convert | None]) -> None:
        self._work = [(n, convert) for n, convert in enumerate(conversions) if convert is not None]

    def __call__(self, rows: Sequence[Sequence[Any]]) -> Sequence[Sequence[Any]]:
        if not self._work or not rows:
            return rows
        by_column: list[Sequence[Any]] = list(zip(*rows, strict=True))
        for n, convert in self._work:
            by_column[n] = [None if value is None else convert(value) for value in by_column[n]]
        return list(zip(*by_column, strict=True))
