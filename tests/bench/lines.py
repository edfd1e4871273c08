"""Measured lines: what, its budget, the median and the spread; all of a run stand together at its end."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

LINES: list[Line] = []
"""All lines of this process, in the order in which they were measured."""


@dataclass(frozen=True, slots=True)
class Line:
    """``values`` are in ``unit``; their median is to be at most the ``budget``, None where it is only told."""

    what: str
    unit: str
    budget: float | None
    values: Sequence[float]

    @property
    def median(self) -> float:
        return statistics.median(self.values)

    @property
    def within(self) -> bool:
        return self.budget is None or self.median <= self.budget

    def cells(self) -> tuple[str, ...]:
        """What, budget, median, spread, and a mark where it is more than the budget."""
        budget = "" if self.budget is None else f"{self.budget:,g} {self.unit}"
        spread = f"{_number(min(self.values))}–{_number(max(self.values))}"
        return self.what, budget, f"{_number(self.median)} {self.unit}", spread, "" if self.within else "OVER"


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def measured(what: str, unit: str, budget: float | None, values: Sequence[float]) -> Line:
    """Keep a line, and print it."""
    line = Line(what, unit, budget, values)
    LINES.append(line)
    print(f"\n{table([line])}", end="")
    return line


def table(lines: Sequence[Line]) -> str:
    """Lines below each other, as text."""
    what = max(len(line.what) for line in lines)
    shown = []
    for line in lines:
        name, budget, median, spread, over = line.cells()
        shown.append(f"{name:<{what}}  {budget:>10}  {median:>12}  {spread:>17}  {over}".rstrip())
    return "\n".join(shown)
