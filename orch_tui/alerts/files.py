"""Where a project keeps what alerting needs, and the lock on it."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path

from orch_tui.project.concurrent.locks import project_lock
from orch_tui.project.paths import ProjectPaths

_WAIT = 20.0
"""Seconds to wait for another program that looks for what is to be told."""


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


def looking(paths: ProjectPaths) -> AbstractContextManager[None]:
    """Nobody else looks for what is to be told meanwhile. Raises: OSError when another program does for long."""
    return project_lock(paths, "alerts", _WAIT)
