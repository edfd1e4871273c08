"""The time of a run: it goes forward evenly, whatever happens to the machine's clock meanwhile.

A run's times are compared with each other (how long, how long still) far more than with a clock on the wall, so the
wall's time is taken once, when the run begins, and counted on from there with the kernel's clock since boot, which
nobody sets (CLOCK_BOOTTIME in clock_gettime(2); it goes on while the machine sleeps). Every process of the same boot
gets the same time from the run's journal.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from orch_tui.engine.process import boot_id, host
from orch_tui.model.run_time import BootTime, RunTime
from orch_tui.model.runstate import RunState


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


class RunClock:
    """At ``up`` seconds since boot it was ``at``, in seconds since the epoch."""

    def __init__(self, at: float, up: float, since_boot: Callable[[], float] = uptime) -> None:
        self._offset = at - up
        self._uptime = since_boot

    def now(self) -> RunTime:
        return RunTime(self._offset + self._uptime())

    def at(self, moment: BootTime) -> RunTime:
        """What it shows, or showed, so many seconds after boot."""
        return RunTime(self._offset + moment)

    def ahead_of(self, other: RunClock) -> float:
        """By how many seconds it is ahead of that of another run: the machine's clock may have been set in between."""
        return self._offset - other._offset

    def of_file(self, modified: float) -> RunTime:
        """When a file of this moment's file system was modified, given its ``st_mtime``; never later than now."""
        return self.at(MACHINE.of_file(modified))


def new_clock() -> RunClock:
    """For a run that begins now."""
    return RunClock(wall(), uptime())


def clock_of(state: RunState, machine: MachineClock = MACHINE) -> RunClock:
    """For a run that has begun: the clock of its last executor where it was started since this machine's boot, else
    one that goes on from the last time in the journal at the earliest."""
    last = state.executors[-1] if state.executors else {}
    up, at = last.get("uptime"), last.get("at")
    same_boot = last.get("host") == host() and last.get("boot_id") == boot_id()
    if same_boot and isinstance(up, int | float) and isinstance(at, int | float):
        return RunClock(at, up, machine.uptime)
    return RunClock(max(machine.wall(), state.latest), machine.uptime(), machine.uptime)


def now_of(state: RunState, machine: MachineClock = MACHINE) -> RunTime:
    """Now, by the clock of a run that has begun: the time to compare its own times with, for whoever looks at it."""
    return clock_of(state, machine).now()
