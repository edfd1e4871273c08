"""One program run to its end, its output masked on the way. The caller outlives it, whatever signal the group gets."""

from __future__ import annotations

import array
import contextlib
import errno
import fcntl
import os
import select
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import FrameType

from orch_tui.model.dataclass import dataclass
from orch_tui.model.texts.text import safe_line
from orch_tui.project.masking.redactor import Redactor
from orch_tui.project.masking.stream import StreamRedactor

PIPE = 1 << 20
"""Bytes of the pipe and of one read."""
_POLL_MS = 100
"""Milliseconds between two looks at the child where the kernel has no pidfd."""
_STOP = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT)

NOT_EXECUTABLE = 126
NOT_FOUND = 127


class Overdue(Exception):
    """The program runs longer than it was allowed to."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How a program ended: its exit code (128 + n for signal n), and the signal that asked us to stop, or 0."""

    code: int
    stopped: int = 0


def run_child(
    argv: Sequence[str],
    *,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    redactor: Redactor | None = None,
) -> Ended:
    """Start ``argv`` in our process group and wait for it; with secrets its output goes through the redactor.

    TERM, INT, HUP and QUIT are for the program (they reach the whole group) and do not end us before it. A program
    that cannot be started gives 127 or 126 after a sentence on standard error.
    """
    with stop_signals_noted() as came:
        return Ended(_start_and_wait(argv, cwd, env, redactor, came), came[0] if came else 0)


@contextlib.contextmanager
def stop_signals_noted() -> Iterator[list[int]]:
    """TERM, INT, HUP and QUIT do not end us within the block: the value lists those that came."""
    came: list[int] = []

    def note(number: int, frame: FrameType | None) -> None:
        came.append(number)

    # Handlers, not SIG_IGN: an ignored signal would stay ignored in the program.
    before = {kind: signal.signal(kind, note) for kind in _STOP}
    try:
        yield came
    finally:
        for kind, handler in before.items():
            signal.signal(kind, handler)


def _start_and_wait(
    argv: Sequence[str], cwd: Path | None, env: Mapping[str, str] | None, redactor: Redactor | None, came: list[int]
) -> int:
    sys.stdout.flush()
    reader = writer = None
    try:
        if redactor:
            reader, writer = os.pipe()
            widen(writer)
        try:
            process = subprocess.Popen(argv, cwd=cwd, env=env, stdout=writer, stderr=writer)
        except OSError as error:
            code, sentence = _not_started(argv, cwd, error)
            print(safe_line(sentence), file=sys.stderr, flush=True)  # noqa: T201
            return code
        finally:
            if writer is not None:
                os.close(writer)
        for number in came:
            # It may have come between fork and exec, where the program could not see it.
            process.send_signal(number)
        if reader is not None and redactor:
            log, stream = _Log(), StreamRedactor(redactor)
            try:
                pump(process, {reader: lambda data: log.write(stream.feed(data))})
            finally:
                log.write(stream.finish())
        process.wait()
    finally:
        if reader is not None:
            os.close(reader)
    return process.returncode if process.returncode >= 0 else 128 - process.returncode


def pump(
    process: subprocess.Popen[bytes], sinks: Mapping[int, Callable[[bytes], object]], deadline: float | None = None
) -> None:
    """Give what arrives at each descriptor to its sink, until the program ended and the pipes hold no more.

    Raises:
        Overdue: it still runs at ``deadline`` (of the monotonic clock).
    """
    poller, pidfd, left = select.poll(), None, dict(sinks)
    for descriptor in left:
        poller.register(descriptor, select.POLLIN)
    with contextlib.suppress(OSError, AttributeError):
        pidfd = os.pidfd_open(process.pid)
        poller.register(pidfd, select.POLLIN)
    try:
        while True:
            wait = None if pidfd is not None and deadline is None else _POLL_MS
            ready = {descriptor for descriptor, _ in poller.poll(wait)}
            if deadline is not None and time.monotonic() > deadline:
                raise Overdue
            if pidfd in ready if pidfd is not None else process.poll() is not None:
                # Only what is there now: a process it left behind may hold the pipe open and write for ever.
                for descriptor, sink in left.items():
                    _drain(descriptor, sink)
                return
            for descriptor in ready & left.keys():
                data = os.read(descriptor, PIPE)
                if data:
                    left[descriptor](data)
                else:
                    poller.unregister(descriptor)
                    left.pop(descriptor)
    finally:
        if pidfd is not None:
            os.close(pidfd)


def _drain(descriptor: int, sink: Callable[[bytes], object]) -> None:
    size = array.array("i", [0])
    fcntl.ioctl(descriptor, termios.FIONREAD, size)
    while size[0] > 0 and (data := os.read(descriptor, min(size[0], PIPE))):
        size[0] -= len(data)
        sink(data)


def widen(descriptor: int) -> None:
    """More per read from a pipe than the usual 64 KiB; the limit for users may be lower."""
    with contextlib.suppress(OSError):
        fcntl.fcntl(descriptor, fcntl.F_SETPIPE_SZ, PIPE)


class _Log:
    """Standard output that survives a full disk: what cannot be written is dropped, counted and reported later."""

    def __init__(self) -> None:
        self._lost = 0

    def write(self, data: bytes) -> None:
        if self._lost and data:
            notice = f"\n[{self._lost} bytes of this log were lost: it could not be written]\n".encode()
            if self._put(notice) < len(notice):
                self._lost += len(data)
                return
            self._lost = 0
        self._lost += len(data) - self._put(data)

    def _put(self, data: bytes) -> int:
        view, done = memoryview(data), 0
        while done < len(data):
            try:
                done += os.write(1, view[done:])
            except OSError:
                # Whatever it is (no room, a closed reader), the program must not stall or die of it.
                break
        return done


def _not_started(argv: Sequence[str], cwd: Path | None, error: OSError) -> tuple[int, str]:
    program = argv[0] if argv else ""
    path = (cwd or Path()) / program
    if cwd is not None and not cwd.is_dir():
        return NOT_FOUND, f'the directory "{cwd}" does not exist; create it or correct the parameter'
    if isinstance(error, FileNotFoundError):
        if "/" in program and path.exists():
            return NOT_FOUND, f'"{program}" cannot be started: the interpreter in its first line does not exist'
        return NOT_FOUND, f'the program "{program}" was not found; install it, or correct its name or path'
    if "/" in program and path.is_dir():
        return NOT_EXECUTABLE, f'"{program}" is a directory, not a program'
    if isinstance(error, PermissionError):
        return NOT_EXECUTABLE, f'"{program}" is not executable; run: chmod +x {program}'
    if error.errno == errno.ENOEXEC:
        return NOT_EXECUTABLE, f'"{program}" is no program for this machine; a script needs a first line like #!/bin/sh'
    return NOT_EXECUTABLE, f'"{program}" cannot be started: {error.strerror or error}'
