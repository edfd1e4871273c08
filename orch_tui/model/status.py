"""The one vocabulary of states for tasks, phases and runs."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import NamedTuple


class Status(StrEnum):
    """Keboola's job states plus ``skipped`` and ``queued``: it waits where it was sent to, outside of this program.

    Anything but success carries a reason in words.
    """

    CREATED = "created"
    WAITING = "waiting"
    QUEUED = "queued"
    PROCESSING = "processing"
    SUCCESS = "success"
    WARNING = "warning"
    ERROR = "error"
    TERMINATING = "terminating"
    TERMINATED = "terminated"
    CANCELLED = "cancelled"
    SKIPPED = "skipped"

    @property
    def final(self) -> bool:
        """True when nothing will change this state any more."""
        return self in FINAL

    @property
    def style(self) -> StatusStyle:
        """How the state is shown: always glyph, word and colour together."""
        return STYLES[self]


class StatusStyle(NamedTuple):
    """How a state is shown. ``glyph`` and ``ascii`` are one cell wide; ``color`` is an ANSI colour name."""

    glyph: str
    ascii: str
    word: str
    color: str


FINAL = frozenset(
    {
        Status.SUCCESS,
        Status.WARNING,
        Status.ERROR,
        Status.TERMINATED,
        Status.CANCELLED,
        Status.SKIPPED,
    }
)

UNDER_WAY = (Status.QUEUED, Status.PROCESSING, Status.TERMINATING)
"""An attempt goes on: here, or where it was sent to."""

STYLES: dict[Status, StatusStyle] = {
    Status.CREATED: StatusStyle("·", ".", "created", "bright_black"),
    Status.WAITING: StatusStyle("○", "o", "waiting", "bright_black"),
    Status.QUEUED: StatusStyle("◔", "q", "queued", "blue"),
    Status.PROCESSING: StatusStyle("●", "*", "processing", "blue"),
    Status.SUCCESS: StatusStyle("✔", "+", "success", "green"),
    Status.WARNING: StatusStyle("▲", "!", "warning", "yellow"),
    Status.ERROR: StatusStyle("✘", "x", "error", "red"),
    Status.TERMINATING: StatusStyle("◌", "~", "terminating", "magenta"),
    Status.TERMINATED: StatusStyle("■", "#", "terminated", "magenta"),
    Status.CANCELLED: StatusStyle("□", "-", "cancelled", "magenta"),
    Status.SKIPPED: StatusStyle("–", "-", "skipped", "bright_black"),
}

# Worst last. A skipped or reused task never makes a run worse than its other tasks do.
_SEVERITY = (
    Status.SKIPPED,
    Status.SUCCESS,
    Status.WARNING,
    Status.CANCELLED,
    Status.TERMINATED,
    Status.ERROR,
)


def worst(statuses: Iterable[Status]) -> Status:
    """The worst of final states; ``success`` for none or for skipped ones only.

    An error outranks a cancellation: a run that failed and was then stopped has failed.

    Raises:
        ValueError: a state is not final.
    """
    found = set(statuses)
    if unfinished := found - FINAL:
        raise ValueError(f"{min(unfinished).value} is not a final state")
    rank = max(map(_SEVERITY.index, found), default=0)
    return Status.SUCCESS if rank == 0 else _SEVERITY[rank]
