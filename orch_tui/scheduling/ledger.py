"""What the scheduler asks of whatever keeps the records of one schedule."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from orch_tui.scheduling.values import Mark, Record


class Ledger(Protocol):
    """The records of one schedule. Methods raise OSError when they cannot be read or written."""

    def mark(self) -> Mark | None:
        """How far it is settled; None when it was never seen."""

    def set_mark(self, mark: Mark) -> None:
        """Keep how far it is settled."""

    def records(self, after: float) -> Sequence[Record]:
        """Those of times later than ``after``, the earliest first.

        A claim whose holder is gone is none: it is the start of the run that came of it, or it is left out.
        """

    def settle(self, record: Record) -> bool:
        """Keep a record; False when one of its times has one already, and nothing is changed."""

    def drop_reasons(self, after: float) -> None:
        """Forget why times later than ``after`` were not started: the clock was set back before them."""
