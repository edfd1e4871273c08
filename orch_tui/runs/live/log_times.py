"""When tasks of a run wrote into their logs last. Reads files: for a thread."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from orch_tui.model.clocks.machine_clock import MACHINE, MachineClock
from orch_tui.model.clocks.run_time import BootTime
from orch_tui.project.attempt_dir import attempt_directory, log_file


class _Seen(NamedTuple):
    """``stamp`` is another one after anything was written; ``looked`` is when it was seen last."""

    stamp: tuple[int, int]
    written: BootTime
    looked: BootTime


class LogTimes:
    """Looks at the logs of one run again and again.

    What a file says of itself is by the clock on the wall. It is believed at the first look only: from then on, a file
    that is the same was not written to, and one that is another was written to since the last look, whatever was done
    to that clock meanwhile.
    """

    def __init__(self, directory: Path, machine: MachineClock = MACHINE) -> None:
        self._directory = directory
        self._machine = machine
        self._seen: dict[tuple[str, int], _Seen] = {}

    def look(self, running: Iterable[tuple[str, int]]) -> dict[str, BootTime]:
        """When these tasks, given with the numbers of their attempts, wrote last. Without a log, it is left out."""
        before, self._seen = self._seen, {}
        for task, attempt in running:
            try:
                status = os.stat(log_file(attempt_directory(self._directory, task, attempt)))
            except OSError:
                continue
            stamp, known = (status.st_size, status.st_mtime_ns), before.get((task, attempt))
            now, written = BootTime(self._machine.uptime()), self._machine.of_file(status.st_mtime)
            if known is not None:
                written = known.written if known.stamp == stamp else max(written, known.looked)
            self._seen[task, attempt] = _Seen(stamp, written, now)
        return {task: seen.written for (task, _), seen in self._seen.items()}
