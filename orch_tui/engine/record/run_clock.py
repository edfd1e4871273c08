"""The time of a run: it goes forward evenly, whatever happens to the machine's clock meanwhile.

A run's times are compared with each other (how long, how long still) far more than with a clock on the wall, so the
wall's time is taken once, when the run begins, and counted on from there with the kernel's clock since boot, which
nobody sets (CLOCK_BOOTTIME in clock_gettime(2); it goes on while the machine sleeps). Every process of the same boot
gets the same time from the run's journal.
"""

from __future__ import annotations

from collections.abc import Callable

from orch_tui.engine.processes.process import boot_id, host
from orch_tui.model.clocks.machine_clock import MACHINE, MachineClock, uptime, wall
from orch_tui.model.clocks.run_time import BootTime, RunTime
from orch_tui.model.run.runstate import RunState


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
