"""Every process that a test starts is the test's own: it ends with the test, also when the test fails or hangs.

The process that runs the tests is made the one that orphans fall to, so that whatever left its session and its parent
is still found below it. Source: PR_SET_CHILD_SUBREAPER in prctl(2).
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_SET_CHILD_SUBREAPER = 36
_ROUNDS = 200
_CALM = 3
"""Looks in a row that must find nothing: a thread of this process may be about to start another one."""


def adopt_orphans() -> None:
    """From now on orphaned descendants become children of this process. Raises: OSError."""
    if ctypes.CDLL(None, use_errno=True).prctl(_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl")


def take_interrupts() -> None:
    """A program started with ``nohup`` or by a shell in the background ignores these, and so would all it starts."""
    usually: list[tuple[signal.Signals, Any]] = [
        (signal.SIGINT, signal.default_int_handler),
        (signal.SIGQUIT, signal.SIG_DFL),
        (signal.SIGHUP, signal.SIG_DFL),
    ]
    for number, usual in usually:
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, usual)


@dataclass(frozen=True, slots=True)
class Process:
    """``start`` is in clock ticks since boot: with the pid it names one process."""

    pid: int
    parent: int
    start: int
    state: str

    @property
    def words(self) -> str:
        try:
            line = Path(f"/proc/{self.pid}/cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
        except OSError:
            line = "gone"
        return f"{self.pid} {line.strip()[:200]}"


_foreign: set[int] = set()
"""Processes that are not below this one and never will be. On a machine with thousands of them reading each again and
again costs more than the tests."""


def _processes() -> dict[int, Process]:
    """All but the foreign ones that are known."""
    present = {int(entry) for entry in os.listdir("/proc") if entry.isdigit()}
    # One that has gone may leave its number to one of ours.
    _foreign.intersection_update(present)
    found = {}
    for pid in present - _foreign:
        with contextlib.suppress(OSError):
            fields = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
            found[pid] = Process(pid, int(fields[1]), int(fields[19]), fields[0].decode())
    _foreign.update(pid for pid in found if _is_foreign(pid, found))
    return found


def _is_foreign(pid: int, found: dict[int, Process]) -> bool:
    """Whether its ancestors are known up to one that is foreign. Not where one of them has gone meanwhile: whoever it
    left behind may be ours."""
    here = os.getpid()
    while pid in found and pid != here:
        pid = found[pid].parent
    return pid == 0 or pid in _foreign


_spared: set[int] = set()


def spare(pid: int) -> None:
    """A child that serves all tests and ends with this process: it is none of what a test starts."""
    _spared.add(pid)


def _has_children() -> bool:
    """Also those that have ended and nobody has waited for. Costs a system call, or a file for each thread too."""
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return False
    if not _spared:
        return True
    try:
        children = [path.read_text() for path in Path("/proc/self/task").glob("*/children")]
    except OSError:
        # A thread has ended meanwhile.
        return True
    # Source: proc_pid_task_tid_children(5): not every kernel has the file.
    return not children or any(int(pid) not in _spared for pids in children for pid in pids.split())


def descendants() -> list[Process]:
    """Those of this process, its children first; after ``adopt_orphans`` also those that left their parents."""
    if not _has_children():
        # Most tests start no process, and looking through /proc several times costs more than they do.
        return []
    processes = _processes()
    children: dict[int, list[Process]] = {}
    for process in processes.values():
        children.setdefault(process.parent, []).append(process)
    found, queue = [], [os.getpid()]
    while queue:
        below = [process for process in children.get(queue.pop(0), []) if process.pid not in _spared]
        found += below
        queue += [process.pid for process in below]
    return found


def reap_orphans(before: frozenset[tuple[int, int]] = frozenset()) -> None:
    """Wait for children that have ended, but for those of ``before`` (pid and start).

    Nobody waits for them any more, or their owner finds them gone, which subprocess takes for an end.
    """
    for process in descendants():
        if process.state == "Z" and process.parent == os.getpid() and (process.pid, process.start) not in before:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(process.pid, os.WNOHANG)


class Owned:
    """The processes that were started below this one since this was made."""

    def __init__(self) -> None:
        self._before = frozenset((process.pid, process.start) for process in descendants())

    def living(self) -> list[Process]:
        own = [process for process in descendants() if (process.pid, process.start) not in self._before]
        return [process for process in own if process.state not in "ZX"]

    def wait(self, seconds: float) -> bool:
        """Give those that are about to end by themselves time for it; True when none is left."""
        deadline = time.monotonic() + seconds
        while self.living():
            if time.monotonic() > deadline:
                return False
            time.sleep(0.02)
        return True

    def end(self) -> list[str]:
        """Kill and reap them; what they were, in words."""
        told: dict[int, str] = {}
        calm = 0
        for _ in range(_ROUNDS):
            left = self.living()
            for process in left:
                told.setdefault(process.pid, process.words)
                with contextlib.suppress(ProcessLookupError):
                    os.kill(process.pid, signal.SIGKILL)
            reap_orphans(self._before)
            calm = 0 if left else calm + 1
            if calm == (_CALM if told else 1):
                break
            time.sleep(0.01)
        return list(told.values())
