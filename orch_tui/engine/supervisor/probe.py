"""What a node sees of an executor's files: ``python -m orch_tui.engine.supervisor.probe DIRECTORY``, sent as a task is.

Prints a line of JSON. Who sent it holds the lock of ``held`` and has made ``made``; this holds the lock of ``taken``
until ``seen`` is there, or a few seconds long.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import sys
import time
from pathlib import Path

from orch_tui.engine.processes.process import host
from orch_tui.project.concurrent.locks import is_locked
from orch_tui.project.files.own_files import create_own, open_own

HELD, MADE, TAKEN, SEEN = "held", "made", "taken", "seen"
_PATIENCE = 10.0


def main() -> int:
    """Look, tell, and wait to be looked at."""
    directory = Path(sys.argv[1])
    scratch = os.environ.get("TMPDIR") or "/tmp"
    free, fault = _room(scratch)
    told = {
        "host": host(),
        "time": time.time(),
        "locked": is_locked(directory / HELD),
        "exclusive": _is_refused(directory / MADE),
        "scratch": scratch,
        "free": free,
        "fault": fault,
    }
    descriptor = open_own(directory / TAKEN, os.O_RDWR | os.O_CREAT)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    sys.stdout.write(json.dumps(told) + "\n")
    sys.stdout.flush()
    # A network file system may keep it here until the file is closed.
    os.fsync(sys.stdout.fileno())
    end = time.monotonic() + _PATIENCE
    while SEEN not in os.listdir(directory) and time.monotonic() < end:
        time.sleep(0.05)
    os.close(descriptor)
    return 0


def _room(scratch: str) -> tuple[int, str]:
    """Bytes that are free where temporary files go, and why none can be made there."""
    try:
        made = f"{scratch}/orch-{os.urandom(8).hex()}"
        os.mkdir(made, 0o700)
        os.rmdir(made)
        return shutil.disk_usage(scratch).free, ""
    except OSError as error:
        return 0, error.strerror or str(error)


def _is_refused(path: Path) -> bool:
    """Whether a file that is there cannot be made once more."""
    try:
        create_own(path, b"")
    except FileExistsError:
        return True
    return False


if __name__ == "__main__":
    sys.exit(main())
