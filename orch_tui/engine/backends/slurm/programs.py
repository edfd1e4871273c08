"""Slurm's own programs, run to their ends beside the event loop. None of them is trusted to answer."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import threading
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from orch_tui.engine.processes.beside import beside
from orch_tui.engine.processes.process import wait_for_exit
from orch_tui.engine.processes.unheld_spawn import spawn

_PATIENCE = {"sbatch": 150.0, "squeue": 60.0, "scancel": 60.0}
"""Seconds until a program that does not answer is given up; with a MessageTimeout of 60 s they try for two minutes."""
# The rest is the task's, or would be read by Slurm's programs as options (SBATCH_REQUEUE, SQUEUE_FORMAT).
_ENVIRONMENT = (
    *("PATH", "HOME", "USER", "LOGNAME", "LANG", "LC_ALL", "TZ", "LD_LIBRARY_PATH", "SLURM_CONF", "SLURM_CLUSTERS"),
    *("KRB5CCNAME", "SLURM_JWT", "MUNGE_SOCKET"),
)


class Answer(NamedTuple):
    """``code`` is None for a program that gave no answer in time and was ended."""

    code: int | None
    output: str
    error: str


class Unanswered(Exception):
    """It was begun, and its answer cannot be had: why."""


async def run(argv: Sequence[str], given: bytes = b"", keep: int | None = None) -> Answer:
    """Run one of Slurm's programs to its end; ``keep`` is a descriptor that it holds open, from now until it ends.

    When this is cancelled, a program that keeps something goes on, and begins if it has not; any other is ended.
    Raises: OSError.
    """
    path = shutil.which(argv[0])
    if path is None:
        raise FileNotFoundError(2, "it is not installed on this machine", argv[0])
    environment = {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ}
    program = _Program(path, argv, environment, given, keep)
    try:
        starting = beside(program.start)
    except OSError:
        program.forget()
        raise
    try:
        pidfd = await starting
        in_time = await wait_for_exit(pidfd, _PATIENCE[argv[0]])
        if not in_time:
            program.kill()
            await wait_for_exit(pidfd)
    except Unanswered as error:
        return Answer(None, "", str(error))
    except asyncio.CancelledError:
        program.abandon()
        raise
    return program.answer(in_time=in_time)


class _Program:
    """One that is started by a thread, which may come to that when nobody waits for it any more."""

    def __init__(
        self, path: str, argv: Sequence[str], environment: Mapping[str, str], given: bytes, keep: int | None
    ) -> None:
        """Raises: OSError."""
        self._path, self._argv, self._environment = path, argv, environment
        self._changing = threading.Lock()
        self._pid: int | None = None
        self._abandoned = False
        with contextlib.ExitStack() as opened:
            # In memory: what nobody reads meanwhile does not hold the program up.
            self._streams = [_opened(opened, os.memfd_create(f"slurm-{name}")) for name in ("in", "out", "err")]
            os.write(self._streams[0], given)
            os.lseek(self._streams[0], 0, os.SEEK_SET)
            # The number of what the caller closes meanwhile may be given to another file.
            self._kept = None if keep is None else os.dup(keep)
            self._held = opened.pop_all()

    def forget(self) -> None:
        """It will not be started."""
        self._let_go()
        self.close()

    def start(self) -> int:
        """Start it, in any thread; a descriptor that tells when it is gone. Raises: OSError, Unanswered."""
        descriptors = dict(enumerate(self._streams))
        if self._kept is not None:
            descriptors[self._kept] = self._kept
        try:
            # A session of its own: Ctrl-C at the terminal is for the executor.
            pid = spawn(self._path, self._argv, self._environment, descriptors, [signal.SIGINT])
        except OSError:
            self.close()
            raise
        finally:
            self._let_go()
        try:
            pidfd = _opened(self._held, os.pidfd_open(pid))
        except OSError as error:
            # It has begun, and what it does nobody could wait for.
            os.kill(pid, signal.SIGKILL)
            _reap(pid)
            self.close()
            raise Unanswered(error.strerror) from error
        with self._changing:
            self._pid, abandoned = pid, self._abandoned
        if abandoned:
            self._leave(pid)
        return pidfd

    def kill(self) -> None:
        """End it, once it was started."""
        assert self._pid is not None
        os.kill(self._pid, signal.SIGKILL)

    def answer(self, *, in_time: bool) -> Answer:
        """Of one that is gone."""
        assert self._pid is not None
        code = os.waitstatus_to_exitcode(os.waitpid(self._pid, 0)[1])
        output, error = map(_text, self._streams[1:])
        self.close()
        return Answer(code if in_time else None, output, error)

    def abandon(self) -> None:
        """Nobody waits for it any more."""
        with self._changing:
            self._abandoned, pid = True, self._pid
        if pid is not None:
            self._leave(pid)

    def close(self) -> None:
        """Nothing is read of it any more."""
        self._held.close()

    def _let_go(self) -> None:
        """From here on at most the program holds what is locked by it."""
        if self._kept is not None:
            os.close(self._kept)

    def _leave(self, pid: int) -> None:
        if self._kept is None:
            os.kill(pid, signal.SIGKILL)
        # Whoever starts many phases in one process would leave one for each.
        threading.Thread(target=_reap, args=(pid,), name="slurm", daemon=True).start()
        self.close()


def _opened(held: contextlib.ExitStack, descriptor: int) -> int:
    held.callback(os.close, descriptor)
    return descriptor


def _reap(pid: int) -> None:
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, 0)


def _text(fd: int) -> str:
    size = os.fstat(fd).st_size
    return os.pread(fd, size, 0).decode("utf-8", "replace")
