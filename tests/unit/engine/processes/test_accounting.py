"""What a process that has ended used, as the kernel counted it."""

from __future__ import annotations

import os
import resource

import pytest
from orch_tui.engine.processes.accounting import reap


def _cpu_of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def test_the_time_of_a_process_is_what_it_used_itself_and_in_the_kernel() -> None:
    # GIVEN a program that works for a moment
    script = "i=0; while [ $i -lt 30000 ]; do i=$((i+1)); done; : </dev/null; exit 3"
    before = _cpu_of_children()
    pid = os.posix_spawn("/bin/sh", ["sh", "-c", script], {})
    # WHEN it is waited for THEN its code is known, and the time that the kernel counts for children now
    ended = reap(pid)
    assert ended.code == 3 and ended.usage.cpu is not None
    assert ended.usage.cpu == pytest.approx(_cpu_of_children() - before, abs=0.001)
    assert ended.usage.cpu > 0
    # AND it is forgotten
    with pytest.raises(ChildProcessError):
        reap(pid)
