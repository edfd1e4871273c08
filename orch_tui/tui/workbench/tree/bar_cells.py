"""The bars of tasks and phases, drawn on an axis. Pure: text and names of styles only."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import NamedTuple

from orch_tui.model.status import Status
from orch_tui.runs.live.timeline import Bar, Span, Try
from orch_tui.tui.status_look import style_of
from orch_tui.tui.workbench.tree.axis import Axis

_FAILED = frozenset((Status.ERROR, Status.WARNING, Status.TERMINATED))


class Glyphs(NamedTuple):
    """What bars are made of."""

    ran: str
    expected: str
    waits: str
    rule: str
    critical: str
    failed: str
    ran_phase: str
    phase: str


BLOCKS = Glyphs("▆", "▄", "·", "┊", "◂", "✘", "━", "─")
ASCII = Glyphs("#", "+", ".", "|", "<", "x", "=", "-")


class Cells(NamedTuple):
    """A piece of a drawn line, and the name of its style in a list."""

    text: str
    style: str


def draw_bar(bar: Bar | None, axis: Axis, rules: Iterable[int], glyphs: Glyphs = BLOCKS) -> list[Cells]:
    """A task as exactly ``axis.cells`` columns; ``rules`` are the columns at which phases begin.

    Dots are waiting; behind them come the attempts, tall and in the colours of their status, then what is expected,
    lower, and without colour where it is but a guess. The mark of the critical path stands behind the bar, where there
    is a column for it.
    """
    canvas = _Canvas(axis, rules, glyphs)
    if bar is not None:
        canvas.fill(axis.cell(bar.free), axis.cell(bar.start), glyphs.waits, "dim")
        if bar.tries:
            canvas.tries(bar)
        else:
            canvas.fill(*canvas.place(bar.start, bar.end), glyphs.expected, _expected(bar))
        if bar.critical:
            canvas.mark(glyphs.critical, "heading")
    return canvas.pieces()


def draw_span(span: Span | None, axis: Axis, rules: Iterable[int], glyphs: Glyphs = BLOCKS) -> list[Cells]:
    """A phase as exactly ``axis.cells`` columns: a line, heavy as far as it has run."""
    canvas = _Canvas(axis, rules, glyphs)
    if span is not None:
        first, after = canvas.place(span.start, span.end)
        canvas.fill(first, after, glyphs.phase, "dim")
        if span.done > span.start:
            canvas.fill(first, canvas.place(span.start, span.done)[1], glyphs.ran_phase, style_of(span.status))
    return canvas.pieces()


def _expected(bar: Bar) -> str:
    return ("heading" if bar.critical else "accent") if bar.known else "dim"


class _Canvas:
    """One line of cells; later strokes lie over earlier ones, rules show where nothing else is."""

    def __init__(self, axis: Axis, rules: Iterable[int], glyphs: Glyphs) -> None:
        self._axis = axis
        self._glyphs = glyphs
        self._texts = [" "] * axis.cells
        self._styles = ["dim"] * axis.cells
        self._end = 0
        for at in rules:
            self._texts[at] = glyphs.rule

    def place(self, start: float, end: float) -> tuple[int, int]:
        """The first column, and the one behind the last; never none, where there are columns at all."""
        first = self._axis.cell(start)
        return first, max(first + 1, round(self._axis.at(end)))

    def fill(self, first: int, after: int, glyph: str, style: str) -> None:
        after = min(after, self._axis.cells)
        if after > first:
            self._texts[first:after] = [glyph] * (after - first)
            self._styles[first:after] = [style] * (after - first)
            self._end = max(self._end, after)

    def tries(self, bar: Bar) -> None:
        """Attempts one after another, dots where it waited for the next one, and what is still expected."""
        before: Try | None = None
        if bar.end > bar.done:
            self.fill(*self.place(bar.done, bar.end), self._glyphs.expected, _expected(bar))
        for one in bar.tries:
            if before is not None:
                self.fill(
                    self.place(before.start, before.end)[1], self._axis.cell(one.start), self._glyphs.waits, "dim"
                )
            self.fill(*self.place(one.start, one.end), self._glyphs.ran, style_of(one.status))
            if one.status in _FAILED:
                last = self.place(one.start, one.end)[1] - 1
                self.fill(last, last + 1, self._glyphs.failed, style_of(one.status))
            before = one

    def mark(self, glyph: str, style: str) -> None:
        """Behind all that was drawn, if there is a column left."""
        if self._end < self._axis.cells:
            self._texts[self._end], self._styles[self._end] = glyph, style

    def pieces(self) -> list[Cells]:
        return list(self._pieces())

    def _pieces(self) -> Iterator[Cells]:
        for style, cells in groupby(range(self._axis.cells), self._styles.__getitem__):
            yield Cells("".join(map(self._texts.__getitem__, cells)), style)
