"""How values stand in a grid: how wide columns are, and digits in groups. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rich.cells import cell_len, set_cell_size

NULL = "NULL"
WIDEST = 40
"""Cells of a column at most; the whole value is a key away."""
_NARROWEST = 4
_GROUPED = re.compile(r"^(-?)(\d{5,})(\.\d+)?$")


@dataclass(frozen=True, slots=True)
class GridColumn:
    """``kind`` is the DuckDB type; ``number``: its values stand at the right and have groups of digits."""

    name: str
    kind: str
    number: bool = False


def grouped(text: str) -> str:
    """``12 345.50`` for ``12345.50``, for reading only; four digits stay together."""
    found = _GROUPED.match(text)
    if found is None:
        return text
    sign, digits, rest = found.groups()
    return f"{sign}{int(digits):,}".replace(",", " ") + (rest or "") if digits[0] != "0" else text


def shown(cell: str | None, column: GridColumn) -> str:
    """The text of a cell as it stands in the grid."""
    if cell is None:
        return NULL
    return grouped(cell) if column.number else cell


def widths(
    columns: Sequence[GridColumn], rows: Iterable[Sequence[str | None]], before: Sequence[int] = ()
) -> list[int]:
    """So many cells for each column that titles and these rows fit; never less than ``before``."""
    sizes = [max(_NARROWEST, cell_len(column.name), cell_len(short_kind(column.kind))) for column in columns]
    for row in rows:
        for at, (cell, column) in enumerate(zip(row, columns, strict=True)):
            sizes[at] = max(sizes[at], cell_len(shown(cell, column)))
    sizes = [min(WIDEST, size) for size in sizes]
    return [max(pair) for pair in zip(sizes, before, strict=True)] if before else sizes


def short_kind(kind: str) -> str:
    """The type in small letters, as short as its usual name."""
    text = kind.lower()
    return text.replace("timestamp with time zone", "timestamptz")


def fitted(text: str, width: int, *, right: bool = False) -> str:
    """The text in exactly ``width`` cells, with an ellipsis where it is cut."""
    size = cell_len(text)
    if size > width:
        return set_cell_size(text, width - 1) + "…"
    blanks = " " * (width - size)
    return blanks + text if right else text + blanks
