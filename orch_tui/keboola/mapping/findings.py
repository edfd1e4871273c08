"""What an import says of each thing: whether it is here exactly what it was there."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """``CANNOT_RUN``: a run comes to a place where it ends in error, or a task is switched off."""

    EXACT = "exact"
    DIFFERS = "differs"
    CANNOT_RUN = "cannot run"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not here what it is in Keboola, as a sentence."""

    level: Level
    message: str


_ORDER = tuple(Level)


def worst(findings: Iterable[Finding]) -> Level:
    """The level of a thing with these findings."""
    return max((one.level for one in findings), key=_ORDER.index, default=Level.EXACT)
