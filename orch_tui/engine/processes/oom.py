"""Whether the kernel killed a process of ours because memory ended: it counts that, so nobody has to guess.

Sources: ``oom_kill`` in memory.events (Documentation/admin-guide/cgroup-v2.rst), in memory.oom_control
(cgroup-v1/memory.rst), and in /proc/vmstat, which counts for the whole machine.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator

from orch_tui.model.texts.pattern import pattern

_COUNT = pattern(rb"^oom_kill (\d+)$", re.MULTILINE)
_BYTES = 65536


class OomCounter:
    """The kernel's count of such kills in the control group of this process, which its tasks share: without those
    in groups below it, which are of tasks with a limit of their own.

    Of the whole machine where there is no such group.
    """

    def __init__(self, proc: str = "/proc", cgroups: str = "/sys/fs/cgroup") -> None:
        self._fd = -1
        for path in _places(proc, cgroups):
            with contextlib.suppress(OSError):
                self._fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
                if self.read() is not None:
                    return
                os.close(self._fd)
                self._fd = -1

    def read(self) -> int | None:
        """None where the kernel does not say."""
        if self._fd < 0:
            return None
        try:
            found = _COUNT.search(os.pread(self._fd, _BYTES, 0))
        except OSError:
            return None
        return int(found[1]) if found else None

    def __del__(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)


def _places(proc: str, cgroups: str) -> Iterator[str]:
    """Files that may have the count, the one about the smallest group first."""
    try:
        with open(f"{proc}/self/cgroup", encoding="utf-8") as file:
            lines = file.read().splitlines()
    except OSError:
        lines = []
    for line in lines:
        _, controllers, path = [*line.split(":", 2), "", ""][:3]
        # In a container the path may be the one outside, while what is mounted begins with our group.
        if controllers == "":
            yield from (
                f"{cgroups}{path}/memory.events.local",
                f"{cgroups}{path}/memory.events",
                f"{cgroups}/memory.events",
            )
        elif "memory" in controllers.split(","):
            yield from (f"{cgroups}/memory{path}/memory.oom_control", f"{cgroups}/memory/memory.oom_control")
    yield f"{proc}/vmstat"
