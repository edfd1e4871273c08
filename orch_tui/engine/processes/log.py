"""The log of an attempt as who starts it opens it."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from orch_tui.project.attempt_dir import log_file
from orch_tui.project.files.own_files import open_own


def open_log(directory: Path) -> int:
    """The log of an attempt as its descriptors 1 and 2, locked as long as anything has it open. Raises: OSError."""
    log = open_own(log_file(directory), os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    try:
        fcntl.flock(log, fcntl.LOCK_EX)
    except BaseException:
        os.close(log)
        raise
    return log
