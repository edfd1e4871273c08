"""Memory of this process."""

from __future__ import annotations

from pathlib import Path


def peak_memory() -> float:
    """The most MB that it had at once.

    ``ru_maxrss`` of getrusage(2) is that of whoever started it, too: it outlives exec. Source: proc_pid_status(5).
    """
    return int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0]) / 1024
