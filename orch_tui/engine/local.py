"""Attempts as processes of this machine that do not depend on the life of the program that started them.

Each has its own session, reads from /dev/null and writes straight to its log; a small shell shim leaves the exit code
in a file for whoever comes later. The lock on the log travels with the task's descriptors 1 and 2.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from orch_tui.engine.launcher import AttemptSpec, Exit, Identity, StopRequest
from orch_tui.engine.process import (
    group_members,
    is_locked,
    kill_processes,
    read_stat,
    signal_group,
    tagged,
    wait_for_exit,
)
from orch_tui.model.events import FailureKind

# `trap :` instead of `trap ''`: a signal that is ignored would stay ignored in the task.
_SHIM = 'f=$1; shift; trap : TERM INT HUP; "$@"; rc=$?; printf "%d\\n" "$rc" >"$f"; exit "$rc"'
# A script for the shell needs no second shell: a subshell runs it.
_SCRIPT_SHIM = 'f=$1; s=$2; set --; trap : TERM INT HUP; (eval "$s"); rc=$?; printf "%d\\n" "$rc" >"$f"; exit "$rc"'
_SHELL = ("/bin/sh", "-c")
_UNKILLABLE_AFTER = 30.0
_SWEEPS = 50


class LocalLauncher:
    """Starts attempts with ``/bin/sh`` on this machine."""

    def start(self, spec: AttemptSpec) -> LocalAttempt:
        """Raises: OSError when the log or the process cannot be made."""
        log = os.open(spec.directory / "log", os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(log, fcntl.LOCK_EX)
            process = subprocess.Popen(
                _wrap(spec),
                env=spec.environment,
                cwd=spec.cwd,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                pass_fds=spec.inherit,
            )
        finally:
            os.close(log)
        return LocalAttempt(process, spec)


def _wrap(spec: AttemptSpec) -> list[str]:
    exit_file = os.fspath(spec.directory / "exit")
    if spec.argv[:2] == _SHELL and len(spec.argv) == 3:
        return [*_SHELL, _SCRIPT_SHIM, "sh", exit_file, spec.argv[2]]
    return [*_SHELL, _SHIM, "sh", exit_file, *spec.argv]


class LocalAttempt:
    """A started attempt: its leader is the shim, its process group the whole task."""

    def __init__(self, process: subprocess.Popen[bytes], spec: AttemptSpec) -> None:
        self._process = process
        self._spec = spec
        self._fd = os.pidfd_open(process.pid)
        stat = read_stat(process.pid)
        self._identity = Identity(process.pid, stat.start if stat else 0)
        self._log_full = False

    @property
    def identity(self) -> Identity:
        return self._identity

    async def wait(self, stop: StopRequest, killing: Callable[[FailureKind, float], None]) -> Exit:
        """See :class:`orch_tui.engine.launcher.Running`."""
        try:
            why = await self._until_end_or_stop(stop)
            if why is None:
                return Exit(self._reap(), leftovers=await self._clean_up(thorough=False))
            grace = 0.0 if stop.now else self._spec.grace
            killing(why, grace)
            return await self._stop(why, stop, grace)
        finally:
            os.close(self._fd)

    async def _until_end_or_stop(self, stop: StopRequest) -> FailureKind | None:
        """None when the leader ended by itself, else why it is to be stopped."""
        gone = asyncio.ensure_future(wait_for_exit(self._fd, self._spec.timeout))
        others = [asyncio.ensure_future(stop.asked())]
        if self._spec.max_log is not None:
            others.append(asyncio.ensure_future(self._watch_log(self._spec.max_log)))
        try:
            await asyncio.wait({gone, *others}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for waiter in others:
                waiter.cancel()
            if not gone.done():
                gone.cancel()
            # The reader must have left before another waiter may add its own.
            await asyncio.wait({gone, *others})
        if not gone.cancelled() and gone.result():
            return None
        if stop.why is not None:
            return stop.why
        return FailureKind.TIMEOUT if not gone.cancelled() else FailureKind.LOG_LIMIT

    async def _watch_log(self, limit: int) -> None:
        path = self._spec.directory / "log"
        while True:
            await asyncio.sleep(1.0)
            with contextlib.suppress(FileNotFoundError):
                if path.stat().st_size > limit:
                    return

    async def _stop(self, why: FailureKind, stop: StopRequest, grace: float) -> Exit:
        """TERM to the group, a grace time, KILL, and then whatever left the group."""
        begun, group, killed = time.monotonic(), self._process.pid, False
        if grace > 0:
            signal_group(group, signal.SIGTERM)
            signal_group(group, signal.SIGCONT)
            killed = not await self._group_gone(stop, grace)
        else:
            killed = True
        if killed:
            signal_group(group, signal.SIGKILL)
        if not await wait_for_exit(self._fd, _UNKILLABLE_AFTER):
            return Exit(None, why, killed=True, unkillable=True, seconds_to_stop=time.monotonic() - begun)
        code = self._reap()
        took = time.monotonic() - begun
        leftovers = await self._clean_up(thorough=True)
        return Exit(code, why, killed=killed, seconds_to_stop=took, leftovers=leftovers)

    async def _group_gone(self, stop: StopRequest, grace: float) -> bool:
        """True when the whole group, not the leader alone, ended within the grace time."""
        hurry = asyncio.ensure_future(stop.hurry())
        deadline = time.monotonic() + grace
        leader = asyncio.ensure_future(wait_for_exit(self._fd, grace))
        try:
            await asyncio.wait({leader, hurry}, return_when=asyncio.FIRST_COMPLETED)
            if leader.done() and not leader.result():
                return False
            pause = 0.01
            while not hurry.done() and time.monotonic() < deadline:
                # The unreaped leader is a zombie here, which does not count as a member.
                if not group_members(self._process.pid):
                    return True
                await asyncio.wait({hurry}, timeout=pause)
                pause = min(pause * 2, 0.25)
            return not group_members(self._process.pid)
        finally:
            for waiter in (leader, hurry):
                waiter.cancel()
            await asyncio.wait({leader, hurry})

    def _reap(self) -> int:
        _, status = os.waitpid(self._process.pid, 0)
        code = os.waitstatus_to_exitcode(status)
        self._process.returncode = code
        written = read_exit_file(self._spec.directory)
        return code if written is None else written

    async def _clean_up(self, *, thorough: bool) -> int:
        """End what the leader left: its group always, escaped processes if stopped or if they hold the log open."""
        group, ended = self._process.pid, set[int]()
        signal_number, pause = signal.SIGTERM, 0.02
        for _ in range(_SWEEPS):
            left = set(group_members(group)) if signal_group(group, 0) else set()
            if thorough or is_locked(self._spec.directory / "log"):
                left |= set(tagged([self._spec.directory]))
            if not left:
                break
            ended |= left
            kill_processes(left, signal_number)
            await asyncio.sleep(pause)
            if pause >= 0.3 or thorough:
                signal_number = signal.SIGKILL
            pause = min(pause * 2, 0.5)
        return len(ended)


def read_exit_file(directory: Path) -> int | None:
    """The exit code that the shim left; None when it has not (a final line end marks it as whole).

    Raises:
        OSError: the file is there and cannot be read.
    """
    try:
        text = (directory / "exit").read_text(encoding="ascii")
    except FileNotFoundError:
        return None
    return int(text) if text.endswith("\n") else None
