"""Python programs as processes that are forked from one that has their libraries loaded: real ones, without the start
of an interpreter and its imports for each.

``WarmInterpreter`` is the end of whoever starts them; ``python -m tests.support.warm`` is the other, which loads
modules and forks. What is started is an orphan, so it becomes a child of the process that runs the tests
(:func:`tests.support.owned.adopt_orphans`), which waits for it as for any other. It has its own session, streams,
directory and environment, runs its program as ``__main__`` and ends as an interpreter does; only ``/proc`` still shows
the command line and the environment of the one that it was forked from, and modules have read that environment.
"""

from __future__ import annotations

import array
import contextlib
import fcntl
import gc
import json
import os
import runpy
import selectors
import signal
import socket
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import IO, Any, NamedTuple

from tests.support.owned import adopt_orphans, spare

_SOCKET = 3
_LONGEST = 128 << 10
_STREAMS = 3
_ROOT = Path(__file__).resolve().parents[2]
_AT_START = ("PYTHON", "LD_", "LC_", "LANG", "GLIBC_", "MALLOC_", "OPENSSL_", "SSL_", "FAKETIME")
"""Beginnings of names that an interpreter and its libraries read when they are loaded."""
_OF_ANY = {"PYTHONPATH": str(_ROOT), "LC_ALL": "C.UTF-8"}
"""What programs of these tests are told, and what holds for a warm interpreter too."""


class Ended(NamedTuple):
    """Of a program that has ended: its exit code, or minus the signal that ended it."""

    code: int
    out: str
    err: str


class WarmInterpreter:
    """Starts programs that are told as ``[sys.executable, "-m" or "-c", what, argument…]``. It serves many tests and
    ends with the process that runs them."""

    def __init__(self, *modules: str) -> None:
        """``modules`` are loaded before the first program is started."""
        adopt_orphans()
        self._asking = threading.Lock()
        self._socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.support.warm", str(theirs.fileno()), *modules],
                stdin=subprocess.DEVNULL,
                cwd=_ROOT,
                env={**os.environ, **_OF_ANY},
                pass_fds=[theirs.fileno()],
                start_new_session=True,
            )
        spare(self._process.pid)

    @property
    def lives(self) -> bool:
        return self._process.poll() is None

    def start(
        self, argv: Sequence[str], environment: Mapping[str, str], directory: Path, streams: tuple[int, int, int]
    ) -> int:
        """The pid of the program. Where its input is a terminal, that is the one of its session.

        Raises: AssertionError: the warm process is gone.
        """
        os.umask(umask := os.umask(0o077))
        asked = {"argv": list(argv), "environment": dict(environment), "directory": str(directory), "umask": umask}
        with self._asking:
            socket.send_fds(self._socket, [json.dumps(asked).encode()], streams)
            answer = self._socket.recv(_LONGEST)
        assert answer, "the warm interpreter ended"
        pid: int = json.loads(answer)
        return pid

    def run(self, argv: Sequence[str], environment: Mapping[str, str], directory: Path, seconds: float) -> Ended:
        """The program to its end, without input; what it wrote has ended when all that it started has closed it.

        Raises: subprocess.TimeoutExpired.
        """
        end = time.monotonic() + seconds
        with contextlib.ExitStack() as opened:
            (out, write_out), (err, write_err) = os.pipe(), os.pipe()
            opened.callback(os.close, out)
            opened.callback(os.close, err)
            streams = (os.open(os.devnull, os.O_RDONLY), write_out, write_err)
            try:
                pid = self.start(argv, environment, directory, streams)
            finally:
                for stream in streams:
                    os.close(stream)
            written: dict[int, bytearray] = {out: bytearray(), err: bytearray()}
            reading = opened.enter_context(selectors.DefaultSelector())
            for stream in written:
                reading.register(stream, selectors.EVENT_READ)
            while reading.get_map():
                if (left := end - time.monotonic()) <= 0:
                    os.killpg(pid, signal.SIGKILL)
                    os.waitpid(pid, 0)
                    raise subprocess.TimeoutExpired(list(argv), seconds, bytes(written[out]), bytes(written[err]))
                for key, _ in reading.select(left):
                    if data := os.read(key.fd, _LONGEST):
                        written[key.fd] += data
                    else:
                        reading.unregister(key.fd)
            code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
            return Ended(code, written[out].decode(errors="replace"), written[err].decode(errors="replace"))

    @staticmethod
    def can_start(argv: Sequence[str]) -> bool:
        return argv[0] == sys.executable and argv[1] in ("-c", "-m")


class WarmProcess(subprocess.Popen[str]):
    """As ``subprocess.Popen`` has it, with text for streams; always the leader of a session of its own."""

    def __init__(self, interpreter: WarmInterpreter, argv: Sequence[str], **options: Any) -> None:
        """``options`` are streams, ``cwd`` and ``env``: what else a program may be started with is not done."""
        self._interpreter = interpreter
        super().__init__(argv, text=True, **options)

    def _execute_child(self, *given: Any) -> None:
        """Takes the place of fork and exec; the order of what is given is that of Python 3.11 to 3.14."""
        argv, directory, environment = given[0], given[5], given[6]
        pipes: Sequence[int] = given[10:16]
        read, write, errors = pipes[0], pipes[3], pipes[5]
        self.pid = self._interpreter.start(
            argv,
            os.environ if environment is None else environment,
            Path.cwd() if directory is None else directory,
            (0 if read == -1 else read, 1 if write == -1 else write, 2 if errors == -1 else errors),
        )
        self._child_created = True
        self._close_pipe_fds(*pipes)  # type: ignore[attr-defined]


def starts_alike(environment: Mapping[str, str]) -> bool:
    """Whether a program with this environment is what a warm interpreter is, but for what it reads later."""
    return all(
        value in (os.environ.get(name), _OF_ANY.get(name))
        for name, value in environment.items()
        if name.startswith(_AT_START)
    )


_interpreters: dict[tuple[str, ...], WarmInterpreter] = {}


def warm(*modules: str) -> WarmInterpreter:
    """The interpreter of this process that has these modules loaded; the first who asks starts it."""
    interpreter = _interpreters.get(modules)
    if interpreter is None or not interpreter.lives:
        interpreter = _interpreters[modules] = WarmInterpreter(*modules)
    return interpreter


class _Asked(NamedTuple):
    argv: list[str]
    environment: dict[str, str]
    directory: str
    umask: int
    streams: list[int]


def _serve(line: socket.socket) -> _Asked | None:
    """Fork until nobody asks any more; returns in each copy, with what it is to become, and at the end with None."""
    while True:
        message, descriptors, _, _ = socket.recv_fds(line, _LONGEST, _STREAMS)
        if not message:
            return None
        assert len(os.listdir("/proc/self/task")) == 1, "a process with threads cannot be copied"
        told, telling = os.pipe()
        between = os.fork()
        if between == 0:
            pid = os.fork()
            if pid == 0:
                os.close(told)
                os.close(telling)
                line.close()
                return _Asked(**json.loads(message), streams=descriptors)
            os.write(telling, array.array("q", [pid]).tobytes())
            os._exit(0)
        os.close(telling)
        for descriptor in descriptors:
            os.close(descriptor)
        # Once the one between has ended the copy is nobody's child.
        os.waitpid(between, 0)
        with open(told, "rb") as numbers:
            (number,) = array.array("q", numbers.read())
        line.send(json.dumps(number).encode())


def _become(asked: _Asked) -> None:
    """Another session, other streams, another directory, environment and arguments."""
    os.setsid()
    for number, descriptor in enumerate(asked.streams):
        os.dup2(descriptor, number)
        os.close(descriptor)
    if os.isatty(0):
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    os.chdir(asked.directory)
    os.umask(asked.umask)
    # Where an interpreter looks first: the directory for a module, wherever it is then for a text.
    sys.path[0] = asked.directory if asked.argv[1] == "-m" else ""
    os.environ.clear()
    os.environ.update(asked.environment)
    time.tzset()
    for name, number, mode in (("stdin", 0, "r"), ("stdout", 1, "w"), ("stderr", 2, "w")):
        stream = _text_stream(number, mode)
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)
    signal.signal(signal.SIGINT, signal.default_int_handler)


def _text_stream(number: int, mode: str) -> IO[Any]:
    errors = "backslashreplace" if number == 2 else "surrogateescape"
    # Streams of an interpreter are not closed with their objects.
    return open(number, mode, encoding="utf-8", errors=errors, closefd=False, buffering=1 if os.isatty(number) else -1)


def _run(argv: list[str]) -> None:
    _, way, what, *arguments = argv
    if way == "-m":
        sys.argv = [what, *arguments]
        runpy.run_module(what, run_name="__main__", alter_sys=True)
    else:
        sys.argv = ["-c", *arguments]
        program: dict[str, Any] = {"__name__": "__main__", "__builtins__": __builtins__}
        exec(compile(what, "<string>", "exec"), program)


def main() -> None:
    descriptor, *modules = sys.argv[1:]
    with socket.socket(fileno=int(descriptor)) as line:
        for module in modules:
            import_module(module)
        # A copy shares the memory of what it does not write to, and the collector writes to all that it looks at.
        gc.collect()
        gc.freeze()
        asked = _serve(line)
    if asked is not None:
        _become(asked)
        _run(asked.argv)


if __name__ == "__main__":
    main()
