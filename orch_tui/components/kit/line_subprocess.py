"""A program whose two streams are read line by line while it runs."""

from __future__ import annotations

import array
import contextlib
import fcntl
import os
import select
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import FrameType

from orch_tui.components.kit.component import UserError
from orch_tui.components.kit.subprocess import Ended
from orch_tui.model.text import safe_line

Sink = Callable[[bytes], None]
"""Takes one line, without its end."""

_READ = 1 << 20
"""Bytes of the pipes and of one read."""
_LINE = 64 << 20
"""Bytes of the longest line that is read whole."""
_POLL_MS = 200
"""Milliseconds between two looks at the clock, and at the child where the kernel has no pidfd."""
_GRACE = 5.0
"""Seconds between TERM and KILL for a program that is no longer wanted."""
_STOP = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT)


class _Lines:
    """Puts pieces of a stream together to lines."""

    def __init__(self, descriptor: int, sink: Sink, *, limit: int) -> None:
        self.descriptor = descriptor
        self._sink = sink
        self._limit = limit
        self._rest: list[bytes] = []
        self._size = 0

    def feed(self, data: bytes) -> None:
        lines = data.split(b"\n")
        if len(lines) > 1:
            self._sink(b"".join([*self._rest, lines[0]]))
            for line in lines[1:-1]:
                self._sink(line)
            self._rest, self._size = [], 0
        if lines[-1]:
            self._rest.append(lines[-1])
            self._size += len(lines[-1])
        if self._size > self._limit:
            self.finish()

    def finish(self) -> None:
        if self._rest:
            line, self._rest, self._size = b"".join(self._rest), [], 0
            self._sink(line)


def run_program(
    argv: Sequence[str],
    *,
    out: Sink,
    err: Sink,
    cwd: Path,
    env: Mapping[str, str],
    timeout: float | None = None,
    line_limit: int = _LINE,
) -> Ended:
    """Start ``argv`` in our process group and wait for it; each line of its streams goes to ``out`` and ``err``.

    TERM, INT, HUP and QUIT are for the program (they reach the whole group) and do not end us before it; the result
    says that one came. When a sink raises, or after ``timeout`` seconds, the program is ended, and the error goes on.
    A line of more than ``line_limit`` bytes arrives in pieces.

    Raises:
        UserError: it cannot be started, or did not end in time.
    """
    came: list[int] = []

    def note(number: int, frame: FrameType | None) -> None:
        came.append(number)

    # Handlers, not SIG_IGN: an ignored signal would stay ignored in the program.
    before = {kind: signal.signal(kind, note) for kind in _STOP}
    try:
        sys.stdout.flush()
        process = _start(argv, cwd, env)
        try:
            for number in came:
                # It may have come between fork and exec, where the program could not see it.
                process.send_signal(number)
            assert process.stdout is not None and process.stderr is not None
            streams = [
                _Lines(process.stdout.fileno(), out, limit=line_limit),
                _Lines(process.stderr.fileno(), err, limit=1 << 16),
            ]
            _pump(process, streams, None if timeout is None else time.monotonic() + timeout, Path(argv[0]).name)
            process.wait()
        finally:
            _end(process)
        code = process.returncode if process.returncode >= 0 else 128 - process.returncode
        return Ended(code, came[0] if came else 0)
    finally:
        for kind, handler in before.items():
            signal.signal(kind, handler)


def _start(argv: Sequence[str], cwd: Path, env: Mapping[str, str]) -> subprocess.Popen[bytes]:
    try:
        process = subprocess.Popen(
            argv, cwd=cwd, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
    except OSError as error:
        name = safe_line(str(argv[0]), 300)
        if isinstance(error, FileNotFoundError) and Path(argv[0]).exists():
            raise UserError(
                f"{name} cannot be started: the interpreter in its first line is gone, as when a virtual environment "
                "was moved; make the environment anew"
            ) from error
        raise UserError(f"{name} cannot be started: {error.strerror or error}") from error
    with contextlib.suppress(OSError):
        # More per read than the usual 64 KiB; the limit for users may be lower.
        assert process.stdout is not None
        fcntl.fcntl(process.stdout.fileno(), fcntl.F_SETPIPE_SZ, _READ)
    return process


def _pump(process: subprocess.Popen[bytes], streams: list[_Lines], deadline: float | None, name: str) -> None:
    """Feed the streams until the program ended and the pipes hold no more. Raises: UserError at the deadline."""
    poller, pidfd = select.poll(), None
    by_descriptor = {stream.descriptor: stream for stream in streams}
    for descriptor in by_descriptor:
        poller.register(descriptor, select.POLLIN)
    with contextlib.suppress(OSError, AttributeError):
        pidfd = os.pidfd_open(process.pid)
        poller.register(pidfd, select.POLLIN)
    try:
        while True:
            wait = None if pidfd is not None and deadline is None else _POLL_MS
            ready = {descriptor for descriptor, _ in poller.poll(wait)}
            if deadline is not None and time.monotonic() > deadline:
                raise UserError(f"{name} gave no answer in time and was stopped; try it by hand, it may be waiting")
            if pidfd in ready if pidfd is not None else process.poll() is not None:
                # Only what is there now: a process it left behind may hold the pipe open and write for ever.
                for stream in by_descriptor.values():
                    left = _waiting_bytes(stream.descriptor)
                    while left > 0 and (data := os.read(stream.descriptor, min(left, _READ))):
                        left -= len(data)
                        stream.feed(data)
                break
            for descriptor in ready & by_descriptor.keys():
                data = os.read(descriptor, _READ)
                if data:
                    by_descriptor[descriptor].feed(data)
                else:
                    poller.unregister(descriptor)
                    by_descriptor.pop(descriptor)
        for stream in streams:
            stream.finish()
    finally:
        if pidfd is not None:
            os.close(pidfd)


def _waiting_bytes(descriptor: int) -> int:
    size = array.array("i", [0])
    fcntl.ioctl(descriptor, termios.FIONREAD, size)
    return size[0]


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the program if it still runs, and close the pipes."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(_GRACE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    for stream in (process.stdout, process.stderr):
        if stream is not None:
            stream.close()
