"""What stands at the right of each row of the tree: its bar on the axis that all rows share. No Textual."""

from __future__ import annotations

import locale
from collections.abc import Sequence
from typing import NamedTuple, Protocol

from orch_tui.runs.live.timeline import Bar, Span
from orch_tui.tui.widgets.row_painter import Part, Row
from orch_tui.tui.workbench.tree.axis import Axis, heading, scale
from orch_tui.tui.workbench.tree.bar_cells import ASCII, BLOCKS, Cells, draw_bar, draw_span
from orch_tui.tui.workbench.tree.columns import GAP, Columns, Widths, share

_RULES_APART = 6
"""Columns between the lines where phases begin, at least on average: more of them tell nothing."""


class Bars(Protocol):
    """A plan or a run in time, in seconds from its start."""

    @property
    def seconds(self) -> float:
        """Where the last bar ends."""

    @property
    def timed(self) -> bool:
        """Whether the seconds mean anything."""

    @property
    def starts(self) -> Sequence[float]:
        """When phases begin."""

    def task(self, phase: str, task: str) -> Bar | None:
        """The bar of a task of a phase, by their ids."""

    def span(self, phase: str) -> Span | None:
        """The place of a phase in time, by its id."""


class Layout(NamedTuple):
    """All that the bars of rows have in common: two bars that are alike are drawn alike for as long as it stays."""

    columns: Columns = Columns()
    axis: Axis = Axis(0.0, 0)
    rules: Sequence[int] = ()
    timed: bool = False


class Chart:
    """What rows show at their right; ``layout`` is how."""

    def __init__(self) -> None:
        self.layout = Layout()
        self.glyphs = BLOCKS if "utf" in locale.getpreferredencoding(False).lower() else ASCII
        self._bars: Bars | None = None
        self._seconds = 0.0
        self._laid_out: tuple[object, ...] = ()

    def show(self, bars: Bars | None, *, moving: bool = False) -> None:
        """Other bars, None for what has no times. While they are ``moving`` the axis is longer than they are, so that
        it seldom changes."""
        self._bars = bars
        seconds = 0.0 if bars is None else bars.seconds
        self._seconds = scale(self._seconds, seconds) if moving else seconds
        self._laid_out = ()

    def lay_out(self, width: int, widths: Widths, *, bars: bool) -> None:
        """Share ``width`` columns; ``bars``: whether the screen is wide enough for any."""
        new = (width, widths, bars)
        if new == self._laid_out:
            return
        self._laid_out = new
        columns = share(width, widths, bars=bars and self._bars is not None)
        axis = Axis(self._seconds, columns.bars)
        rules = {axis.cell(start) for start in self._bars.starts} if self._bars is not None and axis.cells else ()
        inside = sorted(at for at in rules if at > 0)
        self.layout = Layout(
            columns,
            axis,
            inside if len(inside) * _RULES_APART <= axis.cells else (),
            self._bars is not None and self._bars.timed,
        )

    @property
    def columns(self) -> Columns:
        """How a row is shared."""
        return self.layout.columns

    @property
    def axis(self) -> Axis:
        """What the bars stand on."""
        return self.layout.axis

    @property
    def timed(self) -> bool:
        """Whether the seconds of what is shown mean anything."""
        return self.layout.timed

    def place(self, phase: str, task: str) -> Bar | None:
        """When a task runs; None for one that does not."""
        return self._bars.task(phase, task) if self._bars is not None else None

    def usual(self, bar: Bar | None) -> float | None:
        """How many seconds a task takes by earlier runs; None where they do not tell, or it would not run."""
        return bar.end - bar.start if bar is not None and bar.known else None

    def usual_of_phase(self, phase: str) -> float | None:
        """How many seconds a phase takes by earlier runs."""
        span = self._bars.span(phase) if self._bars is not None else None
        return span.end - span.start if span is not None else None

    def phase(self, phase: str) -> tuple[Part, ...]:
        """The line of a phase, with what keeps it apart from the rest of its row."""
        return self.bar(self._bars.span(phase) if self._bars is not None else None)

    def bar(self, what: Bar | Span | None) -> tuple[Part, ...]:
        """A bar or a line in the columns for it; nothing where there are none."""
        if not self.columns.bars:
            return ()
        cells: Sequence[Cells]
        if isinstance(what, Span):
            cells = draw_span(what, self.axis, self.layout.rules, self.glyphs)
        else:
            cells = draw_bar(what, self.axis, self.layout.rules, self.glyphs)
        return (Part(" " * GAP), *(Part(cell.text, cell.style, picture=True) for cell in cells))

    def head(self, left: str) -> Row:
        """The line above the rows: ``left``, and the times of the axis where they mean anything."""
        if not self.columns.bars:
            return Row((Part(left, "dim"),))
        times = heading(self.axis, "|" if self.glyphs is ASCII else "╷") if self.timed else " " * self.columns.bars
        return Row((Part(left, "dim"),), (Part(times, "dim"), Part(" ")))
