"""The axis of time that all bars of a tree stand on. Pure."""

from __future__ import annotations

from typing import NamedTuple

_MINUTE, _HOUR, _DAY = 60, 3600, 86400
_STEPS = (
    *(0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30),
    *(n * _MINUTE for n in (1, 2, 5, 10, 15, 30)),
    *(n * _HOUR for n in (1, 2, 3, 6, 12)),
    *(n * _DAY for n in (1, 2, 5, 10, 20, 50, 100)),
)
_APART = 8
"""Columns between two ticks, at least."""


class Axis(NamedTuple):
    """``seconds`` in ``cells`` columns."""

    seconds: float
    cells: int

    def at(self, seconds: float) -> float:
        """The column of a time, with its fraction; within the axis."""
        if self.seconds <= 0:
            return 0.0
        return min(max(seconds / self.seconds, 0.0), 1.0) * self.cells

    def cell(self, seconds: float) -> int:
        """The column that begins at a time, or nearest to it; the last one for the end of the axis."""
        return max(0, min(round(self.at(seconds)), self.cells - 1))


def heading(axis: Axis, tick: str = "╷") -> str:
    """The times above their columns: exactly as many columns as the axis has."""
    cells = [" "] * axis.cells
    step = next((one for one in _STEPS if axis.at(one) >= _APART), None)
    number = 0
    while step is not None and number * step <= axis.seconds:
        at, text = axis.cell(number * step), tick + tick_label(number * step, step)
        if at + len(text) > axis.cells:
            break
        cells[at : at + len(text)] = text
        number += 1
    return "".join(cells)


def tick_label(seconds: float, step: float) -> str:
    """``0``, ``0.5 s``, ``15 s``, ``1:30``, ``2 min``, ``1:30 h``, ``3 d``."""
    if not seconds:
        return "0"
    if seconds < _MINUTE:
        return f"{seconds:.1f} s" if step < 1 else f"{seconds:.0f} s"
    whole = round(seconds)
    if whole < _HOUR:
        return f"{whole // _MINUTE}:{whole % _MINUTE:02}" if step % _MINUTE else f"{whole // _MINUTE} min"
    if step % _DAY == 0:
        return f"{whole // _DAY} d"
    return f"{whole // _HOUR}:{whole % _HOUR // _MINUTE:02} h" if step % _HOUR else f"{whole // _HOUR} h"


def scale(shown: float, wanted: float) -> float:
    """How many seconds wide to draw a run that goes on; it changes in steps, as with each of them all is drawn anew."""
    if shown * 0.5 <= wanted <= shown:
        return shown
    return max(wanted * 1.2, 2.0)
