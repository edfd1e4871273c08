"""The heat map: a cell for each interval, with a cursor that goes from one to the next."""

from __future__ import annotations

from collections.abc import Sequence

from orch_tui.scheduling.backfill import Interval
from orch_tui.scheduling.interval_grid import Cell, Grid, cell_of
from orch_tui.tui.actions import bindings
from orch_tui.tui.actions import workbench as actions
from orch_tui.tui.widgets.line_tree import LineList, Part, Row

_STYLES = {
    Cell.DONE: "success",
    Cell.CHANGED: "warning",
    Cell.FAILED: "error",
    Cell.GOING: "accent",
    Cell.INTERRUPTED: "warning",
    Cell.MISSING: "dim",
}
_CURSOR, _MARK, _BOTH = "▸", "◆", "◈"
_WIDTH, _WIDE = 2, 3
"""Columns of a cell: its cursor or mark, its sign, and a blank where there is room."""


def cell_style(cell: Cell) -> str:
    """The style of a row's part for it."""
    return _STYLES[cell]


class HeatGrid(LineList, inherit_bindings=False):
    """``chosen`` is the index of the interval under the cursor."""

    # Enter is a key of the screen, which says in its footer what it does.
    BINDINGS = bindings(action for action in (*actions.LIST, *actions.LIST_TOP) if action.id != "list.choose")

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.intervals: Sequence[Interval] = ()
        self.grid = Grid((), ())
        self.marks: set[int] = set()
        self.chosen = 0
        self._label = 0
        self.empty_text = " The span is shorter than one interval: f takes another"

    def show(self, intervals: Sequence[Interval], grid: Grid, chosen: int) -> None:
        """Show these, with the cursor on one of them."""
        self.intervals, self.grid = intervals, grid
        self._label = max((len(row.label) for row in grid.rows), default=0)
        self.marks = {at for at in self.marks if at < len(intervals)}
        self.chosen = max(0, min(chosen, len(intervals) - 1))
        if intervals:
            self.cursor = grid.place(self.chosen)[0]
        self.reload()

    def head(self, width: int) -> Row:
        """The names of the columns, every fifth one and the first where there is no room for all."""
        size = self._cell_size
        names = [name if size == _WIDE or index % 5 == 0 else "" for index, name in enumerate(self.grid.head)]
        text = "".join(name.rjust(_WIDTH).ljust(size) for name in names)
        return Row((Part(f" {'':{self._label}} {text}", "dim"),))

    @property
    def _cell_size(self) -> int:
        return _WIDE if self._label + 2 + _WIDE * len(self.grid.head) <= self.size.width else _WIDTH

    def count(self) -> int:
        return len(self.grid.rows)

    def row(self, index: int) -> Row:
        row, size = self.grid.rows[index], self._cell_size
        parts = [Part(f" {row.label:<{self._label}} ", "strong")]
        for at in row.cells:
            if at is None:
                parts.append(Part(" " * size))
                continue
            cell, marked = cell_of(self.intervals[at]), at in self.marks
            sign = (_BOTH if marked else _CURSOR) if at == self.chosen else _MARK if marked else " "
            parts += [Part(sign, "marked" if marked else "accent"), Part(cell.sign.ljust(size - 1), cell_style(cell))]
        return Row(tuple(parts))

    def clicked(self, index: int, x: int) -> bool:
        column = (x - self._label - 2) // self._cell_size
        cells = self.grid.rows[index].cells
        at = cells[column] if 0 <= column < len(cells) else None
        if at is not None:
            self.choose(at)
        return at is not None

    def choose(self, at: int) -> None:
        """Put the cursor on an interval."""
        at = max(0, min(at, len(self.intervals) - 1))
        if not self.intervals or at == self.chosen:
            return
        old, self.chosen = self.cursor, at
        row = self.grid.place(at)[0]
        if row == self.cursor:
            self.refresh_rows(row)
            self.post_message(self.Moved(self, row))
        else:
            super().go(row)
            self.refresh_rows(old, row)

    def go(self, index: int, *, step: int = 1) -> None:
        """To the nearest interval of a row, by its column."""
        if not self.intervals:
            return
        column = self.grid.place(self.chosen)[1]
        cells = self.grid.rows[max(0, min(index, self.count() - 1))].cells
        self.choose(min((abs(place - column), at) for place, at in enumerate(cells) if at is not None)[1])
