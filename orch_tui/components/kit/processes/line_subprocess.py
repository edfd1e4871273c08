"""A program whose two streams are read line by line while it runs."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from orch_tui.components.kit.component import UserError
from orch_tui.components.kit.processes.subprocess import Ended, Overdue, pump, stop_signals_noted, widen
from orch_tui.model.texts.text import safe_line

Sink = Callable[[bytes], None]
"""Takes one line, without its end."""

_LINE = 64 << 20
"""Bytes of the longest line that is read whole."""
_GRACE = 5.0
"""Seconds between TERM and KILL for a program that is no longer wanted."""


class Lines:
    """Puts pieces of a stream together to lines."""

    def __init__(self, sink: Sink, *, limit: int) -> None:
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
    with stop_signals_noted() as came:
        sys.stdout.flush()
        process = _start(argv, cwd, env)
        try:
            for number in came:
                # It may have come between fork and exec, where the program could not see it.
                process.send_signal(number)
            assert process.stdout is not None and process.stderr is not None
            lines = {
                process.stdout.fileno(): Lines(out, limit=line_limit),
                process.stderr.fileno(): Lines(err, limit=1 << 16),
            }
            deadline = None if timeout is None else time.monotonic() + timeout
            pump(process, {descriptor: one.feed for descriptor, one in lines.items()}, deadline)
            for one in lines.values():
                one.finish()
            process.wait()
        except Overdue:
            name = Path(argv[0]).name
            raise UserError(
                f"{name} gave no answer in time and was stopped; try it by hand, it may be waiting"
            ) from None
        finally:
            _end(process)
        code = process.returncode if process.returncode >= 0 else 128 - process.returncode
        return Ended(code, came[0] if came else 0)


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
    assert process.stdout is not None
    widen(process.stdout.fileno())
    return process


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
