"""What the parts of triggers hand to each other: facts, what was seen of them, occurrences."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

Facts = Mapping[str, str]
"""What there is: a file with its time and size, a table with its version, an ended run with its outcome."""


@dataclass(frozen=True, slots=True)
class Occurrence:
    """Facts that start one run. ``at`` (whole seconds since the epoch) names it among those of its trigger.

    ``variables`` are what the run is given, ``words`` say what it was started by.
    """

    at: float
    variables: Mapping[str, str] = field(hash=False)
    words: str


@dataclass(frozen=True, slots=True)
class Seen:
    """``facts`` started something already, or were there before the trigger; ``settled`` is the last occurrence that
    came to something, ``going`` one that did not yet. ``what`` tells when the trigger waits for something else now."""

    what: str
    facts: Facts = field(default_factory=dict, hash=False)
    settled: float = 0.0
    going: Occurrence | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """``new`` are facts for the next occurrence, ``all`` what is to count as seen with it. ``wake`` is when there may
    be more, in seconds since the epoch, where it is a matter of time."""

    new: Facts = field(default_factory=dict, hash=False)
    all: Facts = field(default_factory=dict, hash=False)
    wake: float | None = None
