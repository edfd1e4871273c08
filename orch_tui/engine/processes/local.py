"""Attempts as processes of this machine that do not depend on the life of the program that started them.

Each has its own session, reads from /dev/null and writes straight to its log; a small shell shim leaves the exit code
in a file for whoever comes later. The lock on the log travels with the task's descriptors 1 and 2.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from orch_tui.engine.processes.accounting import Reaped, reap
from orch_tui.engine.processes.launcher import AttemptSpec, Exit, Identity, StopRequest
from orch_tui.engine.processes.log import open_log
from orch_tui.engine.processes.memory_limit import MemoryGroups, discard_group, memory_end
from orch_tui.engine.processes.oom import OomCounter
from orch_tui.engine.processes.process import (
    boot_ticks,
    group_members,
    kill_processes,
    read_stat,
    signal_group,
    tagged,
    wait_for_exit,
    when_gone,
)
from orch_tui.engine.processes.shim import NO_EXIT_FILE, wrap
from orch_tui.model.failure import FailureKind
from orch_tui.model.memory import MemoryEnd
from orch_tui.model.usage import Usage
from orch_tui.project.attempt_dir import exit_file, log_file
from orch_tui.project.concurrent.locks import is_locked
from orch_tui.project.files.own_files import open_own

# What Python ignores, and what a program started from a background job would ignore.
DEFAULT_SIGNALS = (signal.SIGPIPE, signal.SIGXFSZ, signal.SIGINT, signal.SIGQUIT)
_UNKILLABLE_AFTER = 30.0
_SWEEPS = 50
_SWEEP_PAUSE = 0.5
_AGAIN_IF_UNREADABLE = (0.05, 0.2, 0.5, 1.0, 2.0)
_FOLLOW_AGAIN = (0.01, 0.05, 0.2)
"""Seconds between tries to follow what has begun: to kill it costs more than to stand still for a moment."""
_LOG_POLL = 1.0
_YOUNG = 2.0
_AGAIN = 0.3


class LocalLauncher:
    """Starts attempts with ``/bin/sh`` on this machine."""

    def __init__(self) -> None:
        """Descriptors that this program inherited itself (a wrapper's lock, say) are not handed on to tasks.

        ``umask`` is the tasks', as octal digits; ``oom`` counts what the kernel killed.
        """
        # It can only be read by setting it.
        current = os.umask(0o077)
        os.umask(current)
        self.umask = f"{current:03o}"
        self.oom = OomCounter()
        self._groups = MemoryGroups()
        for entry in os.listdir("/proc/self/fd"):
            # The descriptor of the listing itself is gone by now.
            with contextlib.suppress(OSError):
                if int(entry) > 2:
                    os.set_inheritable(int(entry), False)

    def start(self, spec: AttemptSpec, inherit: tuple[int, ...] = ()) -> LocalAttempt:
        """Raises: OSError when the log or the process cannot be made.

        ``posix_spawn`` takes half the time of ``subprocess.Popen``, and a big parent makes it no slower.
        """
        log = open_log(spec.directory)
        group = None if spec.memory is None else self._groups.make(spec.memory)
        try:
            before = boot_ticks()
            pid = os.posix_spawn(
                "/bin/sh",
                wrap(spec, self.umask, group),
                spec.environment,
                file_actions=[
                    (os.POSIX_SPAWN_OPEN, 0, "/dev/null", os.O_RDONLY, 0),
                    (os.POSIX_SPAWN_DUP2, log, 1),
                    (os.POSIX_SPAWN_DUP2, log, 2),
                    # Onto itself: that clears close-on-exec, so that the lock lives as long as the task.
                    *((os.POSIX_SPAWN_DUP2, descriptor, descriptor) for descriptor in inherit),
                ],
                setsid=True,
                setsigdef=DEFAULT_SIGNALS,
            )
        except BaseException:
            if group is not None:
                discard_group(group)
            raise
        finally:
            os.close(log)
        pauses = iter(_FOLLOW_AGAIN)
        while True:
            try:
                return LocalAttempt(Identity(pid, before, boot_ticks()), spec, oom=self.oom)
            except OSError:
                if (pause := next(pauses, None)) is not None:
                    time.sleep(pause)
                    continue
                # It cannot be followed (no descriptor left), and what nobody follows must not run.
                signal_group(pid, signal.SIGKILL)
                os.waitpid(pid, 0)
                if group is not None:
                    discard_group(group)
                raise


def leader_of(directory: Path) -> tuple[int, int] | None:
    """Pid and start of the living process that leads an attempt whose start was not recorded any more.

    Raises: OSError when the kernel could not be asked.
    """
    for pid in tagged([directory], own_only=True):
        stat = read_stat(pid)
        if stat is not None and stat.group == pid and _writes_exit_file(pid, directory):
            return pid, stat.start
    return None


def _writes_exit_file(pid: int, directory: Path) -> bool:
    """Whether this process is the shim of the attempt in ``directory``, or a subshell of it."""
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            return os.fsencode(exit_file(directory)) in file.read().split(b"\0")
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return False


class LocalAttempt:
    """A started attempt: its leader is the shim, its process group the whole task.

    With ``child=False`` another process started it: the kernel tells of its end, but only its files of its exit code.
    With ``reap`` another process of ours did, and this asks it to wait for the attempt; None when that is gone.
    """

    def __init__(
        self,
        identity: Identity,
        spec: AttemptSpec,
        *,
        child: bool = True,
        oom: OomCounter | None = None,
        reap: Callable[[int], Awaitable[Reaped | None]] | None = None,
    ) -> None:
        """Raises: ProcessLookupError when the process is gone (and was no child of this one)."""
        self._ask = reap
        self._oom = oom
        self._oom_kills = oom.read() if oom is not None else None
        self._child = child
        self._pid = identity.pid
        self._spec = spec
        self._fd = os.pidfd_open(identity.pid)
        self._identity = identity
        self._since = time.monotonic()
        self._usage: Usage | None = None

    @property
    def identity(self) -> Identity:
        return self._identity

    async def wait(self, stop: StopRequest, killing: Callable[[FailureKind, float], None]) -> Exit:
        """See :class:`orch_tui.engine.processes.launcher.Running`."""
        try:
            why = await self._until_end_or_stop(stop)
            if why is None:
                code = await self._reap()
                # A task that failed may have left more than its group.
                leftovers = await clean_up(
                    self._pid, self._spec.directory, thorough=code != 0, own_only=self._spec.nested is not None
                )
                oom, memory = self._out_of_memory(code), await self._memory_end()
                return Exit(
                    code, leftovers=leftovers, oom=oom, begun=self._began(code), usage=self._usage, memory=memory
                )
            grace = 0.0 if stop.now else self._spec.grace
            killing(why, grace)
            return await self._stop(why, stop, grace)
        finally:
            stop.listen(None)
            self.release()

    def _began(self, code: int | None) -> bool:
        """False when the shim could not even make the exit file, which it does first."""
        return code != NO_EXIT_FILE or os.path.lexists(exit_file(self._spec.directory))

    def _out_of_memory(self, code: int | None) -> bool:
        """Whether the kernel says that it killed for want of memory while this ran, and this was killed.

        Of one with a limit of its own only the count of its own group says anything.
        """
        if self._spec.memory is not None:
            return False
        if code not in (-signal.SIGKILL, 128 + signal.SIGKILL) or self._oom is None or self._oom_kills is None:
            return False
        return (self._oom.read() or 0) > self._oom_kills

    async def _memory_end(self) -> MemoryEnd | None:
        limit = self._spec.memory
        return None if limit is None else await memory_end(self._spec.directory, limit)

    def release(self) -> None:
        """Let go of the process without waiting for it."""
        os.close(self._fd)

    async def _until_end_or_stop(self, stop: StopRequest) -> FailureKind | None:
        """None when the leader ended by itself, else why it is to be stopped.

        One future and no further tasks: this is what every attempt costs.
        """
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[FailureKind | None] = loop.create_future()

        def settle(why: FailureKind | None) -> None:
            if not answer.done():
                answer.set_result(why)

        def look_at_log() -> None:
            if self._log_is_full():
                settle(FailureKind.LOG_LIMIT)
            else:
                timers[0] = loop.call_later(_LOG_POLL, look_at_log)

        forget = when_gone(self._fd, lambda: settle(None))
        timers = [loop.call_later(_LOG_POLL, look_at_log)]
        if self._spec.timeout is not None:
            timers.append(loop.call_later(self._spec.timeout, settle, FailureKind.TIMEOUT))
        stop.listen(lambda: settle(stop.why))
        try:
            return await answer
        finally:
            forget()
            for timer in timers:
                timer.cancel()

    def _log_is_full(self) -> bool:
        limit = self._spec.max_log
        try:
            return limit is not None and os.stat(log_file(self._spec.directory)).st_size > limit
        except OSError:
            # It was deleted, or its disk does not answer: it is looked at again in a second.
            return False

    async def _stop(self, why: FailureKind, stop: StopRequest, grace: float) -> Exit:
        """TERM to the group, a grace time, KILL, and then whatever left the group."""
        begun, group, killed = time.monotonic(), self._pid, False
        if grace > 0:
            signal_group(group, signal.SIGTERM)
            signal_group(group, signal.SIGCONT)
            # Between fork and exec a process still has the shell's handler: a signal in that moment is lost.
            again = asyncio.get_running_loop().call_later(_AGAIN, signal_group, group, signal.SIGTERM)
            if begun - self._since > _YOUNG:
                again.cancel()
            killed = not await self._group_gone(stop, grace)
            again.cancel()
        else:
            killed = True
        if killed:
            signal_group(group, signal.SIGKILL)
        if not await wait_for_exit(self._fd, _UNKILLABLE_AFTER):
            return Exit(None, why, killed=True, unkillable=True, seconds_to_stop=time.monotonic() - begun)
        code = await self._reap()
        took = time.monotonic() - begun
        leftovers = await clean_up(self._pid, self._spec.directory, thorough=True)
        await self._memory_end()
        return Exit(code, why, killed=killed, seconds_to_stop=took, leftovers=leftovers, usage=self._usage)

    async def _group_gone(self, stop: StopRequest, grace: float) -> bool:
        """True when the whole group, not the leader alone, ended within the grace time."""
        hurry = asyncio.Event()
        stop.listen(lambda: hurry.set() if stop.now else None)
        deadline, pause = time.monotonic() + grace, 0.01
        while not hurry.is_set() and time.monotonic() < deadline:
            # The leader is not reaped yet: as a zombie it keeps the group's id, and does not count as a member.
            if _gone(self._pid):
                return True
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(hurry.wait(), min(pause, max(0.0, deadline - time.monotonic())))
            pause = min(pause * 2, 0.25)
        return _gone(self._pid)

    async def _reap(self) -> int | None:
        """The exit code; what the shim wrote is the task's own and goes before what the kernel says of the shim."""
        code = None
        if self._ask is not None:
            if (reaped := await self._ask(self._pid)) is not None:
                code, self._usage = reaped
        elif self._child:
            # Without it the kernel has forgotten it already: who started this program let it ignore SIGCHLD.
            with contextlib.suppress(ChildProcessError):
                code, self._usage = reap(self._pid)
        written, _ = await read_ending(self._spec.directory, patient=code is None)
        if code is None and written is None and await self._waited_for():
            written, _ = await read_ending(self._spec.directory, patient=True)
        return code if written is None else written

    async def _waited_for(self) -> bool:
        """Whether it had ended and its parent came to it only now: that writes the code which a signal left."""
        came = False
        for pause in _AGAIN_IF_UNREADABLE:
            if (stat := read_stat(self._pid)) is None or stat.state != "Z":
                return came
            came = True
            await asyncio.sleep(pause)
        return came


def _gone(group: int) -> bool:
    """Whether a group has no living member; where the kernel cannot be asked, not yet."""
    try:
        return not group_members(group)
    except OSError:
        return False


async def clean_up(group: int | None, directory: Path, *, thorough: bool, own_only: bool = False) -> int:
    """End what a task left behind and return how many processes that were.

    Its process group always; processes that escaped from it if ``thorough``, or if they hold the task's log open.
    The tasks of a nested run are ended with it unless ``own_only``.
    """
    ended, signal_number, pause = set[int](), signal.SIGTERM, 0.02
    for _ in range(_SWEEPS):
        try:
            left = set(group_members(group)) if group is not None else set()
            if thorough or is_locked(log_file(directory)):
                left |= set(tagged(_attempts(directory), own_only=own_only))
        except OSError:
            # Not an answer (no descriptor is free, say): ask again.
            await asyncio.sleep(_SWEEP_PAUSE)
            continue
        if not left:
            break
        ended |= left
        kill_processes(left, signal_number)
        await asyncio.sleep(pause)
        if pause >= 0.3 or thorough:
            signal_number = signal.SIGKILL
        pause = min(pause * 2, _SWEEP_PAUSE)
    return len(ended)


def _attempts(directory: Path) -> list[Path]:
    """This attempt and the earlier ones of its task: the run of a nested orchestration may go on in a later one."""
    number = directory.name
    return [directory.parent / str(n) for n in range(1, int(number) + 1)] if number.isdecimal() else [directory]


async def read_ending(directory: Path, *, patient: bool) -> tuple[int | None, float | None]:
    """The exit code that an attempt left and when, as the file system has it; None for what it does not say.

    ``patient``: nothing else knows the code, so a file that is there and cannot be read now is tried again.
    """
    for pause in _AGAIN_IF_UNREADABLE if patient else ():
        try:
            return read_exit_file(directory), _modified(directory)
        except OSError:
            await asyncio.sleep(pause)
    try:
        return read_exit_file(directory), _modified(directory)
    except OSError:
        return None, None


def _modified(directory: Path) -> float | None:
    try:
        return os.stat(exit_file(directory)).st_mtime
    except FileNotFoundError:
        return None


def read_exit_file(directory: Path) -> int | None:
    """The exit code that the shim left; None when it has not (a final line end marks it as whole).

    Raises:
        OSError: the file is there and cannot be read.
    """
    try:
        fd = open_own(exit_file(directory))
    except FileNotFoundError:
        return None
    try:
        text = os.read(fd, 16)
    finally:
        os.close(fd)
    return int(text) if text.endswith(b"\n") else None
