"""The time of a run: it goes forward evenly, whatever happens to the machine's clock meanwhile.

A run's times are compared with each other (how long, how long still) far more than with a clock on the wall, so the
wall's time is taken once, when the run begins, and counted on from there with the kernel's clock since boot, which
nobody sets (CLOCK_BOOTTIME in clock_gettime(2); it goes on while the machine sleeps). Every process of the same boot
gets the same time from the run's journal.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from orch_tui.engine.process import boot_id, host
from orch_tui.model.runstate import RunState


def uptime() -> float:
    """Seconds since boot."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


class RunClock:
    """Seconds since the epoch. At ``up`` seconds since boot it was ``at``."""

    def __init__(self, at: float, up: float, since_boot: Callable[[], float] = uptime) -> None:
        self._offset = at - up
        self._uptime = since_boot

    def now(self) -> float:
        return self._offset + self._uptime()

    def of_file(self, modified: float) -> float:
        """When a file of this moment's file system was modified, given its ``st_mtime``; never later than now."""
        return self.now() - max(0.0, time.time() - modified)


def new_clock() -> RunClock:
    """For a run that begins now."""
    return RunClock(time.time(), uptime())


def clock_of(state: RunState) -> RunClock:
    """For a run that has begun: the clock of its last executor where it was started since this machine's boot, else
    one that goes on from the last time in the journal at the earliest."""
    last = state.executors[-1] if state.executors else {}
    up, at = last.get("uptime"), last.get("at")
    same_boot = last.get("host") == host() and last.get("boot_id") == boot_id()
    if same_boot and isinstance(up, int | float) and isinstance(at, int | float):
        return RunClock(at, up)
    return RunClock(max(time.time(), state.latest), uptime())
