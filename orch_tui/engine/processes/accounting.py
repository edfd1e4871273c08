"""What the kernel has counted for a process that has ended and was not waited for yet.

Sources: wait4(2), whose rusage has the process and the children that it waited for (``ru_maxrss`` in KiB is that of the
largest one); ``/proc/PID/io``, which adds those children up as well (Documentation/filesystems/proc.rst). A process
that was started by ``posix_spawn`` begins its count of memory with that of its parent, whose memory it has up to
``exec`` (``exec_mmap`` in fs/exec.c of Linux).
"""

from __future__ import annotations

import os
import re
import resource
from typing import NamedTuple

from orch_tui.model.texts.pattern import pattern
from orch_tui.model.usage import Usage

_COUNT = pattern(rb"^(rchar|wchar): (\d+)$", re.MULTILINE)
_KIB = 1024


class Reaped(NamedTuple):
    """How a child ended: its exit code, or minus the signal, and what it used."""

    code: int
    usage: Usage


def reap(pid: int) -> Reaped:
    """Wait for a child and forget it. Raises: ChildProcessError when the kernel has forgotten it already."""
    # As long as nobody has waited for it, it is still there to be asked.
    read, written = bytes_of(pid)
    _, status, used = os.wait4(pid, 0)
    # What is not above this program's own may be this program's own.
    peak = used.ru_maxrss * _KIB if used.ru_maxrss > own_peak() else None
    usage = Usage(peak, round(used.ru_utime + used.ru_stime, 3), read, written)
    return Reaped(os.waitstatus_to_exitcode(status), usage)


def reaped_elsewhere(status: int, cpu: float, peak: int, moved: tuple[int | None, int | None]) -> Reaped:
    """Of a process that its own parent has waited for; ``status``, ``cpu`` (seconds) and ``peak`` (KiB) as it was told
    by wait4, ``moved`` as by :func:`bytes_of` before."""
    return Reaped(os.waitstatus_to_exitcode(status), Usage(peak * _KIB, round(cpu, 3), *moved))


def own_peak() -> int:
    """The most memory that this program has had, in KiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def bytes_of(pid: int) -> tuple[int | None, int | None]:
    """What a process that has ended read and wrote; None where the kernel does not count that, or does not say."""
    try:
        with open(f"/proc/{pid}/io", "rb") as file:
            counts = {name: int(count) for name, count in _COUNT.findall(file.read())}
    except OSError:
        return None, None
    return counts.get(b"rchar"), counts.get(b"wchar")
