"""What the page of figures consists of."""

from __future__ import annotations

from dataclasses import dataclass

from tests.bench.timing import Way

OURS = "orch-tui"


@dataclass(frozen=True, slots=True)
class Case:
    """One row of the page: what is done, the ways by name (ours among them), and what may be said of it.

    ``bounds`` are the largest ratios to the fastest other way, by what is compared (``wall``, ``cpu``). ``most`` is how
    often it is measured at the most.
    """

    title: str
    ways: dict[str, Way]
    bounds: dict[str, float]
    most: int = 100
