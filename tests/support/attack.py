"""What attacks have in common: many trials with one seed, and a tally of what was seen."""

from __future__ import annotations

import os
import random
from collections import Counter
from dataclasses import dataclass, field

import pytest

from tests.support.owned import reap_orphans

_EVERY = 50
"""Trials between two words about how far it is."""
_EXAMPLES = 10


def trials(short: int, long: int) -> pytest.MarkDecorator:
    """Parametrizes ``trials``: a few in CI, many by hand with ``-m long``."""
    many = pytest.param(long, id="at-length", marks=pytest.mark.long)
    return pytest.mark.parametrize("trials", [pytest.param(short, id="short"), many])


def first_seed() -> int:
    """Of the first trial: always the same with ``CI``, a given one with ``ORCH_TUI_SEED``, else another each time."""
    given = os.environ.get("ORCH_TUI_SEED") or ("1" if os.environ.get("CI") else None)
    return int(given) if given else random.randrange(10**9)


@dataclass
class Tally:
    """What was seen, over all trials. ``seen`` counts what has to happen for the trials to mean anything."""

    trials: int = 0
    seen: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    examples: list[str] = field(default_factory=list)

    def fault(self, kind: str, what: str) -> None:
        self.faults[kind] += 1
        self.examples.append(f"{kind}: {what}")
        print(self.examples[-1], flush=True)

    def look_for_traceback(self, said: str, where: str) -> None:
        """An error is told in a sentence, and never as a fault of the program."""
        if "Traceback" in said or "fault of orch-tui" in said:
            self.fault("traceback", f"{where}: {said[-600:]}")

    def trial_over(self) -> None:
        self.trials += 1
        # What a trial orphaned falls to this process; thousands of them would make each look at all processes slow.
        reap_orphans()
        if self.trials % _EVERY == 0:
            print(self.words, flush=True)

    @property
    def words(self) -> str:
        return f"{self.trials} trials, {dict(self.seen)}, faults {dict(self.faults)}"

    def require_none(self) -> None:
        """Say the figures. Raises: AssertionError with examples of the faults."""
        print(self.words)
        assert not self.faults, "\n".join([self.words, *self.examples[:_EXAMPLES]])
