"""Processes as the kernel knows them: identity that survives pid reuse, groups, and what a task left behind.

Sources: proc(5), pidfd_open(2), killpg(3).
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import os
import select
import signal
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from orch_tui.project.attempt_dir import log_file

TASK_TAG = "ORCH_TASK"
ANCESTORS_TAG = "ORCH_ANCESTORS"
_TICKS = os.sysconf("SC_CLK_TCK")
_POLL = 0.1


class Stat(NamedTuple):
    """``start`` is in clock ticks since boot: with the pid and the boot id it names one process for ever."""

    state: str
    group: int
    start: int


# What /proc answers of a process that is gone, or that is not ours to look at. Anything else (no descriptor left, say)
# is no answer, and must never be taken for one.
_NOT_THERE = (FileNotFoundError, ProcessLookupError, PermissionError)


def read_stat(pid: int | str) -> Stat | None:
    """None when there is no such process. Raises: OSError when the kernel could not be asked."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            fields = file.read().rpartition(b")")[2].split()
    except _NOT_THERE:
        return None
    return Stat(fields[0].decode(), int(fields[2]), int(fields[19]))


def boot_id() -> str:
    return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()


def host() -> str:
    return os.uname().nodename


class OwnIdentity(NamedTuple):
    """This process, for those who look for it later. ``start`` is in clock ticks since boot."""

    pid: int
    start: int
    host: str
    boot_id: str


@functools.cache
def own_identity() -> OwnIdentity:
    """Raises: OSError when the kernel could not be asked; once asked, it is known."""
    stat = read_stat(os.getpid())
    return OwnIdentity(os.getpid(), stat.start if stat else 0, host(), boot_id())


def signal_group(group: int, number: int) -> bool:
    """Send a signal to a process group; False when it has no member any more."""
    try:
        os.killpg(group, number)
    except ProcessLookupError:
        return False
    except PermissionError:
        # Some member belongs to another user (a task that used sudo); the others got the signal.
        return True
    return True


def group_members(group: int) -> list[int]:
    """Living members of a process group; zombies that nobody has reaped yet do not count.

    Raises: OSError when the kernel could not be asked.
    """
    if not signal_group(group, 0):
        return []
    members = []
    for entry in os.listdir("/proc"):
        if entry.isdigit() and (stat := read_stat(entry)) and stat.group == group and stat.state not in "ZX":
            members.append(int(entry))
    return members


def tagged(directories: Iterable[Path], *, own_only: bool = False) -> list[int]:
    """Living processes that carry the tag of one of these attempts, or descend from one, or write to its log.

    The tag is in the environment, so it finds what left the process group; the log, what cleaned its environment.
    ``own_only`` leaves out the tasks of a nested run.

    Raises: OSError when the kernel could not be asked.
    """
    needles, logs = [], set()
    for directory in directories:
        text = os.fsencode(directory)
        needles += [b"\0%s=%s\0" % (TASK_TAG.encode(), text), *(() if own_only else (b":%s:" % text,))]
        logs.add(os.fspath(log_file(directory)))
    own, found = os.getpid(), []
    for entry in os.listdir("/proc"):
        if not entry.isdigit() or int(entry) == own:
            continue
        if _has_needle(entry, needles) or _writes_to(entry, logs):
            stat = read_stat(entry)
            if stat is not None and stat.state not in "ZX":
                found.append(int(entry))
    return found


def read_environment(pid: int) -> dict[str, str]:
    """The variables that a process was started with; empty when it is gone or another user's."""
    try:
        with open(f"/proc/{pid}/environ", "rb") as file:
            entries = file.read().split(b"\0")
    except OSError:
        return {}
    pairs = (os.fsdecode(entry).partition("=") for entry in entries if entry)
    return {name: value for name, _, value in pairs}


def _has_needle(pid: str, needles: list[bytes]) -> bool:
    try:
        with open(f"/proc/{pid}/environ", "rb") as file:
            environment = b"\0" + file.read() + b"\0"
    except _NOT_THERE:
        return False
    return any(needle in environment for needle in needles)


def _writes_to(pid: str, logs: set[str]) -> bool:
    for descriptor in "12":
        try:
            if os.readlink(f"/proc/{pid}/fd/{descriptor}") in logs:
                return True
        except _NOT_THERE:
            continue
    return False


def kill_processes(pids: Iterable[int], number: int = signal.SIGKILL) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, number)


def when_gone(pidfd: int, tell: Callable[[], None]) -> Callable[[], None]:
    """Call ``tell`` when the process behind a pidfd is gone; returns what takes that back. For the running loop.

    One at a time for each descriptor: the loop holds one callback for it.
    """
    loop = asyncio.get_running_loop()
    try:
        loop.add_reader(pidfd, tell)
    except OSError:
        # The kernel has no room to watch another one: it is asked again and again instead.
        return _poll_until_gone(loop, pidfd, tell)

    def forget() -> None:
        loop.remove_reader(pidfd)

    return forget


def _poll_until_gone(loop: asyncio.AbstractEventLoop, pidfd: int, tell: Callable[[], None]) -> Callable[[], None]:
    poller = select.poll()
    poller.register(pidfd, select.POLLIN)

    def look() -> None:
        if poller.poll(0):
            tell()
        else:
            timers[0] = loop.call_later(_POLL, look)

    timers = [loop.call_later(_POLL, look)]
    return lambda: timers[0].cancel()


async def wait_for_exit(pidfd: int, timeout: float | None = None) -> bool:
    """Wait until the process behind a pidfd is gone, at most ``timeout`` seconds; True when it is."""
    gone: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def told() -> None:
        if not gone.done():
            gone.set_result(None)

    forget = when_gone(pidfd, told)
    try:
        await asyncio.wait_for(gone, timeout)
    except TimeoutError:
        return False
    finally:
        forget()
    return True


def boot_ticks() -> int:
    """Now, on the clock of :attr:`Stat.start`."""
    return int(time.clock_gettime(time.CLOCK_BOOTTIME) * _TICKS)


def is_same(pid: int, started: tuple[int, int], boot: str) -> bool:
    """True when the process that was recorded as started between these ticks of this boot still lives."""
    if boot != boot_id():
        return False
    stat = read_stat(pid)
    # One tick more on both sides: the kernel rounds down.
    return stat is not None and started[0] - 1 <= stat.start <= started[1] + 1 and stat.state not in "ZX"


def ancestors(environment: Mapping[str, str]) -> str:
    """The value of the ancestors tag for tasks started below the task that runs this program, if any."""
    above = environment.get(ANCESTORS_TAG, "")
    own = environment.get(TASK_TAG)
    return f"{above or ':'}{own}:" if own else above
