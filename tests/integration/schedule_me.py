"""A scheduler whose clock goes faster, to be killed: ``python -m tests.integration.schedule_me PROJECT BEGIN SPEED``.

``BEGIN`` is when its clock shows ``tests.integration.schedule_me.EPOCH``, in seconds since the machine came up; the
clock goes on while no scheduler is there. It prints a line before its first turn.
"""

from __future__ import annotations

import select
import sys
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

from orch_tui.engine.processes.process import boot_id
from orch_tui.project.project import open_project
from orch_tui.scheduling.life import become_scheduler
from orch_tui.scheduling.outage import Moment
from orch_tui.scheduling.service import Service

EPOCH = 1_795_930_200.0 - 20
"""20 seconds before a full minute."""


class FastClock:
    """Shows ``speed`` seconds for each that passes, and wakes whoever sleeps by it."""

    def __init__(self, begin: float, speed: float) -> None:
        self._begin, self._speed = begin, speed

    def moment(self) -> Moment:
        up = time.clock_gettime(time.CLOCK_BOOTTIME) * self._speed
        return Moment(EPOCH + up - self._begin * self._speed, up, up, boot_id())

    def watch(self, directories: Iterable[Path]) -> None:
        """Definitions stay as they are."""

    def wait(self, until: float, descriptors: Sequence[int]) -> None:
        poll = select.poll()
        for descriptor in descriptors:
            poll.register(descriptor, select.POLLIN)
        poll.poll(max(0.0, until - self.moment().now) / self._speed * 1000 + 1)


if __name__ == "__main__":
    project = open_project(Path(sys.argv[1]))
    clock = FastClock(float(sys.argv[2]), float(sys.argv[3]))
    lock = become_scheduler(project.paths, clock.moment().now)
    if isinstance(lock, str):
        sys.exit(f"taken: {lock}")
    service = Service(project, clock.moment, lambda text: print(text, file=sys.stderr, flush=True))
    print("at work", flush=True)
    service.serve(clock, lambda: False)
