"""Clocks of a machine as a test wants them."""

from __future__ import annotations

from dataclasses import dataclass

from orch_tui.model.clocks.machine_clock import MachineClock


def stopped_at(moment: float) -> MachineClock:
    """Both clocks show the same for ever; ``moment`` is in seconds since the epoch."""
    return MachineClock(lambda: moment, lambda: 0.0)


@dataclass(slots=True)
class Machine:
    """Time goes on when the test says so; ``wall`` is what the clock on the wall shows, and may be set to anything."""

    wall: float
    uptime: float

    @property
    def clock(self) -> MachineClock:
        return MachineClock(lambda: self.wall, lambda: self.uptime)

    def go_on(self, seconds: float) -> None:
        """Seconds go by."""
        self.wall += seconds
        self.uptime += seconds
