"""The two clocks of a machine: the one on the wall, which anybody may set, and the one that counts from its boot."""

from __future__ import annotations

import time
from collections.abc import Callable

from orch_tui.model.clocks.run_time import BootTime
from orch_tui.model.dataclass import dataclass


def wall() -> float:
    """Seconds since the epoch by the clock on the wall: for dates, and for what files say of themselves."""
    return time.time()


def uptime() -> float:
    """Seconds since boot."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


@dataclass(frozen=True, slots=True)
class MachineClock:
    """The two clocks of this machine: ``wall`` in seconds since the epoch, which anybody may set, and ``uptime`` in
    seconds since boot."""

    wall: Callable[[], float] = wall
    uptime: Callable[[], float] = uptime

    def of_file(self, modified: float) -> BootTime:
        """When a file was modified, given its ``st_mtime``; never later than now."""
        return BootTime(self.uptime() - max(0.0, self.wall() - modified))


MACHINE = MachineClock()
