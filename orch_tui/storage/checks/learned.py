"""Bounds that are learned from earlier versions of a table. Pure.

A number fits when it is near what it was (the level of the last versions), or when it changed as it used to (so that a
table that grows steadily is no surprise). Both are medians with a spread (the median of the distances from it), which
one odd version does not move; the spread is never taken for less than a share that people would not look at.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from statistics import median

from orch_tui.model.checks.values import Learned

LEAST_VERSIONS = 5
"""Versions that bounds are learned from, at least."""
VERSIONS = 20
"""The last versions that count."""
_SPREADS = 4.0
_NORMAL = 1.4826
"""Makes the median distance the standard deviation of what is spread normally."""
_SHARE = {Learned.ROWS: 0.3, Learned.SUM: 0.5}
"""Of the level: what is always let through."""
_NULLS = 0.05
_CHANGE = math.log(1.5)

Bounds = tuple[float, float]


def learned_bounds(what: Learned, history: Sequence[float]) -> Bounds | None:
    """From which to which value a new version may be; None while there are too few versions. The oldest is first."""
    values = [value for value in history[-VERSIONS:] if math.isfinite(value)]
    if len(values) < LEAST_VERSIONS:
        return None
    if what is Learned.NULLS:
        return 0.0, min(1.0, _level(values, _NULLS)[1])
    least, greatest = _level(values, _SHARE[what] * abs(median(values)))
    if all(value > 0 for value in values):
        low, high = _after(values)
        least, greatest = min(least, low), max(greatest, high)
    return (max(0.0, least), greatest) if what is Learned.ROWS else (least, greatest)


def _level(values: Sequence[float], room: float) -> Bounds:
    middle = median(values)
    room = max(room, _SPREADS * _spread(values))
    return middle - room, middle + room


def _after(values: Sequence[float]) -> Bounds:
    """Where the next value is when it changes as it did before."""
    changes = [math.log(after) - math.log(before) for before, after in pairwise(values)]
    middle = median(changes)
    room = max(_CHANGE, _SPREADS * _spread(changes))
    low, high = (values[-1] * math.exp(min(700.0, max(-700.0, middle + way))) for way in (-room, room))
    return low, min(high, 1e300)


def _spread(values: Sequence[float]) -> float:
    middle = median(values)
    return _NORMAL * median([abs(value - middle) for value in values])
