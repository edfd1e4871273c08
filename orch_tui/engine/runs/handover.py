"""Giving a run that this process executes to a headless successor, so that this process may go.

The same takeover as after a crash, only prepared: the successor is started first and waits for the lock.
"""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

from orch_tui.engine.runs.start import ActiveRun
from orch_tui.project.files.own_files import open_own
from orch_tui.project.project import DefinitionError, Project

SUCCESSOR_LOG = "executor.log"
_LETTING_GO = 2.0


def hand_over(run: ActiveRun, project_root: Path) -> int:
    """Start the successor in a session of its own, let go of the run, and return the successor's pid.

    Raises:
        OSError: no successor could be started, or it could not read the project; the run is still executed here.
    """
    try:
        Project(project_root)
    except DefinitionError as error:
        raise OSError(errno.EINVAL, f"{error}; correct that first") from error
    log = open_own(run.directory / SUCCESSOR_LOG, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    try:
        successor = subprocess.Popen(
            [
                sys.executable,
                "-P",
                "-m",
                "orch_tui",
                "run",
                "--resume",
                run.id,
                "--project",
                str(project_root),
                "--plain",
            ],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    finally:
        os.close(log)
    run.hand_over(_LETTING_GO)
    # Nobody waits for it here: it outlives this process.
    successor.returncode = 0
    return successor.pid
