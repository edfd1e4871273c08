"""A forker that dies once it has forked, before what it forked has begun."""

from __future__ import annotations

import os
import signal
import time

from orch_tui.components.kit.processes import forker

_begin = forker._begin


def _begin_alone(attempt: forker.Attempt) -> None:
    parent = os.getppid()
    os.kill(parent, signal.SIGKILL)
    # With it the end of the pipe is closed that it alone held open: another process is the parent then.
    while os.getppid() == parent:
        time.sleep(0.001)
    _begin(attempt)


if __name__ == "__main__":
    forker._begin = _begin_alone
    forker.main()
