"""Intervals as a grid with a cell for each: days by month, hours by day, weeks by quarter, months by year. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from enum import StrEnum

from orch_tui.scheduling.backfill import Every, Interval, IntervalState

_WIDTHS = {Every.HOUR: 24, Every.DAY: 31, Every.WEEK: 14, Every.MONTH: 12}


class Cell(StrEnum):
    """What is told of an interval, each with the sign that stands for it."""

    DONE = "done"
    CHANGED = "changed since"
    FAILED = "failed"
    GOING = "going"
    INTERRUPTED = "interrupted"
    MISSING = "missing"

    @property
    def sign(self) -> str:
        return _SIGNS[self]

    @property
    def open(self) -> bool:
        """Whether it is to be run, to have all of them done as they are defined now."""
        return self in (Cell.CHANGED, Cell.FAILED, Cell.INTERRUPTED, Cell.MISSING)


_SIGNS: Mapping[Cell, str] = {
    Cell.DONE: "✔",
    Cell.CHANGED: "~",
    Cell.FAILED: "✘",
    Cell.GOING: "●",
    Cell.INTERRUPTED: "?",
    Cell.MISSING: "·",
}
_OF_STATE = {
    IntervalState.DONE: Cell.DONE,
    IntervalState.FAILED: Cell.FAILED,
    IntervalState.GOING: Cell.GOING,
    IntervalState.INTERRUPTED: Cell.INTERRUPTED,
    IntervalState.MISSING: Cell.MISSING,
}


def cell_of(one: Interval) -> Cell:
    """What is told of it."""
    return Cell.CHANGED if one.changed else _OF_STATE[one.state]


def counts(intervals: Sequence[Interval]) -> list[tuple[Cell, int]]:
    """How many there are of each, without those of which there is none."""
    number = Counter(map(cell_of, intervals))
    return [(cell, number[cell]) for cell in Cell if number[cell]]


@dataclass(frozen=True, slots=True)
class GridRow:
    """``cells`` are indexes of intervals, or None where there is none."""

    label: str
    cells: tuple[int | None, ...]


@dataclass(frozen=True, slots=True)
class Grid:
    """``head`` are the names of the columns."""

    head: tuple[str, ...]
    rows: tuple[GridRow, ...]

    def place(self, index: int) -> tuple[int, int]:
        """The row and the column of an interval."""
        return next((at, row.cells.index(index)) for at, row in enumerate(self.rows) if index in row.cells)


def grid_of(intervals: Sequence[Interval], every: Every, zone: tzinfo) -> Grid:
    """The grid of intervals that follow each other; the one that begins where its cell is taken gets the next one:
    an hour that comes twice."""
    rows: dict[str, list[int | None]] = {}
    for index, one in enumerate(intervals):
        label, column = _label_and_column(datetime.fromtimestamp(one.begin, zone), every)
        cells = rows.setdefault(label, [None] * _WIDTHS[every])
        if cells[column] is not None:
            cells.append(index)
        else:
            cells[column] = index
    first = 0 if every is Every.HOUR else 1
    head = tuple(str(number) for number in range(first, _WIDTHS[every] + first))
    return Grid(head, tuple(GridRow(label, tuple(cells)) for label, cells in rows.items()))


def _label_and_column(begin: datetime, every: Every) -> tuple[str, int]:
    if every is Every.HOUR:
        return f"{begin:%Y-%m-%d}", begin.hour
    if every is Every.DAY:
        return f"{begin:%Y-%m}", begin.day - 1
    if every is Every.WEEK:
        quarter = (begin.month - 1) // 3
        first = begin.replace(month=3 * quarter + 1, day=1)
        return f"{begin:%Y} Q{quarter + 1}", (begin.timetuple().tm_yday - first.timetuple().tm_yday) // 7
    return f"{begin:%Y}", begin.month - 1


def text_of(intervals: Sequence[Interval], every: Every, zone: tzinfo) -> list[str]:
    """The grid as lines, a sign for each interval, with what the signs mean below."""
    grid = grid_of(intervals, every, zone)
    width = max((len(row.label) for row in grid.rows), default=0)
    lines = []
    for row in grid.rows:
        signs = "".join(" " if at is None else cell_of(intervals[at]).sign for at in row.cells)
        lines.append(f"{row.label.ljust(width)}  {signs}".rstrip())
    legend = "  ".join(f"{cell.sign} {number} {cell.value}" for cell, number in counts(intervals))
    return [*lines, legend] if lines else []
