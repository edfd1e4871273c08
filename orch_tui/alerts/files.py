"""Where a project keeps what alerting needs, and the lock on it."""

from __future__ import annotations

import contextlib
import errno
import os
import time
from collections.abc import Iterator
from pathlib import Path

from orch_tui.project.concurrent.locks import Lock
from orch_tui.project.paths import ProjectPaths, make_private

_WAIT = 20.0
"""Seconds to wait for another program that looks for what is to be told."""
_PAUSE = 0.02


def alerts_directory(paths: ProjectPaths) -> Path:
    return paths.state / "alerts"


def outbox_directory(paths: ProjectPaths) -> Path:
    """One file for each alert and channel, and nothing else."""
    return alerts_directory(paths) / "outbox"


def memory_file(paths: ProjectPaths, orchestration: str) -> Path:
    return alerts_directory(paths) / "seen" / f"{orchestration}.json"


def sending_lock(paths: ProjectPaths) -> Path:
    """Held by the process that sends: one at a time, so that nothing is sent by two."""
    return paths.locks / "alerts-sending.lock"


def staying_lock(paths: ProjectPaths, alert: str = "") -> Path:
    """Held by the process that waits for the next try; for a task's message, of its first alert."""
    return paths.locks / f"alerts-staying{f'-{alert}' if alert else ''}.lock"


@contextlib.contextmanager
def looking(paths: ProjectPaths) -> Iterator[None]:
    """Nobody else looks for what is to be told meanwhile. Raises: OSError when another program does for long."""
    paths.make_state()
    make_private(paths.locks)
    path, deadline = paths.locks / "alerts.lock", time.monotonic() + _WAIT
    while (lock := Lock.acquire(path, f"process {os.getpid()}")) is None:
        if time.monotonic() > deadline:
            raise OSError(errno.ETIMEDOUT, "another program does not give it free", str(path))
        time.sleep(_PAUSE)
    try:
        yield
    finally:
        lock.free()
