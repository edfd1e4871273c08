"""Carries an attempt for a worker of dask: ``python -m orch_tui.engine.supervisor.on_worker NAME DIRECTORY``.

It holds the lock of the attempt's log of the queue, its standard output, as long as it lives: by that whoever follows
the attempt knows it, whatever becomes of worker and scheduler.
"""

from __future__ import annotations

import fcntl
import sys
from pathlib import Path

from orch_tui.engine.supervisor.__main__ import main as supervise

_LOOK = 0.25
"""Seconds between two looks whether it shall stop: a worker has no way to signal it."""


def main() -> int:
    """Carry it unless somebody does already; see :func:`orch_tui.engine.supervisor.__main__.main`."""
    name, directory = sys.argv[1:]
    if not hold():
        sys.stdout.write("not begun: it is carried already\n")
        return 0
    return supervise(Path(directory), name, _LOOK)


def hold() -> bool:
    """Take the lock of standard output; False when somebody else carries the attempt."""
    try:
        fcntl.flock(sys.stdout.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        # There is still the file that is made once.
        sys.stdout.write(f"its log cannot be locked, so that others cannot see that it lives: {error}\n")
    return True


if __name__ == "__main__":
    sys.exit(main())
