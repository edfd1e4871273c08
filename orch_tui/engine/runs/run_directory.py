"""The directory of a new run, and its name: the run's id."""

from __future__ import annotations

import contextlib
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

from orch_tui.project.history import moment_of, newest_run_ids
from orch_tui.project.paths import ProjectPaths, make_private


def new_run_id(paths: ProjectPaths, orchestration: str, now: float) -> str:
    """``20261122T140213.123Z-7f``: sorts by time, also for runs that follow each other within a second.

    It sorts after those of all earlier runs also when the clock was set back since: it is then a little later than
    the last of them, whatever the clock says.
    """
    newest = max((at for at in map(moment_of, newest_run_ids(paths, orchestration, now)) if at is not None), default=0)
    at = datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=max(int(now * 1000), newest + 1))
    return f"{at:%Y%m%dT%H%M%S}.{at.microsecond // 1000:03}Z-{os.urandom(1).hex()}"


def make_run_directory(paths: ProjectPaths, orchestration: str, now: float) -> Path:
    """A new directory with a new id. Raises: OSError."""
    make_private(paths.runs(orchestration))
    while True:
        directory = paths.run(orchestration, new_run_id(paths, orchestration, now))
        # Another run of it may begin in this moment, below another run.
        with contextlib.suppress(FileExistsError):
            directory.mkdir(mode=0o700)
            return directory
