"""Ways measured beside each other, in turn: A B A B, so that what disturbs the machine meets both."""

from __future__ import annotations

import math
import os
import statistics
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Sample:
    """Seconds on the wall and of the processor, and the largest resident memory in MB; NaN: not measured."""

    wall: float
    cpu: float = math.nan
    memory: float = math.nan


@dataclass(frozen=True, slots=True)
class Measured:
    """All samples of one way."""

    samples: Sequence[Sample]

    def median(self, what: str) -> float:
        """Of ``wall``, ``cpu`` or ``memory``."""
        return float(statistics.median(getattr(one, what) for one in self.samples))

    def spread(self, what: str) -> str:
        """The median, and the least and the most: ``1.20 (1.15–1.31)``."""
        values = [getattr(one, what) for one in self.samples]
        if any(map(math.isnan, values)):
            return "–"
        return f"{statistics.median(values):.2f} ({min(values):.2f}–{max(values):.2f})"


Way = Callable[[], Sample]
"""Does what is measured, once."""
Starter = Callable[[], "subprocess.Popen[str]"]
"""Prepares what a process needs, and starts it; its outputs are pipes."""


def in_turn(ways: Mapping[str, Way], times: int) -> dict[str, Measured]:
    """Each way ``times`` times, one after the other."""
    samples: dict[str, list[Sample]] = {name: [] for name in ways}
    for _ in range(times):
        for name, way in ways.items():
            samples[name].append(way())
    return {name: Measured(found) for name, found in samples.items()}


def whole(start: Starter) -> Way:
    """A process from its start to its end, with its children that it waited for.

    The way raises AssertionError when the process fails, with its outputs.
    """

    def way() -> Sample:
        process = start()
        # From here on: what the preparation took is nobody's.
        before = time.perf_counter()
        watch = _Peak(process.pid)
        watch.start()
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - before
        process.returncode = os.waitstatus_to_exitcode(status)
        with process:
            told = [stream.read() for stream in (process.stdout, process.stderr) if stream]
        assert process.returncode == 0, told
        watch.join()
        return Sample(wall, usage.ru_utime + usage.ru_stime, watch.megabytes)

    return way


class _Peak(threading.Thread):
    """The largest resident memory of a process while it lives: wait4 tells that of who started it, if it is larger."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self._status = Path(f"/proc/{pid}/status")
        self.megabytes = 0.0

    def run(self) -> None:
        while True:
            try:
                told = self._status.read_text()
            except OSError:
                return
            if "VmHWM:" not in told:
                return
            self.megabytes = int(told.split("VmHWM:")[1].split()[0]) / 1024
            time.sleep(0.02)
