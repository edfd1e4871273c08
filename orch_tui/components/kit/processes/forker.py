"""Starts attempts of built-in components by forking: ``python -P -m orch_tui.components.kit.processes.forker ROOM``.

An interpreter that has the libraries loaded is a copy of its memory away from a running attempt; a new one needs tenths
of a second of CPU. Descriptor 3 is a socket of messages (SOCK_SEQPACKET) to the executor that started this process:

* ``{"start": {…}}`` with the environment in a file, the log, and other descriptors to hold → ``{"pid": n}`` or
  ``{"refused": why}``. The environment is read by the copy alone: no secret is ever in the memory of this process, of
  which the next attempt is a copy too;
* ``{"reap": pid}`` of one that has ended → ``{"status", "cpu", "peak"}``, as wait4(2) has them (seconds, KiB).

Each is answered before the next is read. When the executor is gone, no more is started: what runs is waited for, each
exit code is left in its file, and this process ends with the last of them. It holds no log and no lock.

What is forked has to be single: a thread does not come along, and a lock that it held stays locked for ever. Importing
DuckDB and OpenSSL starts none (DuckDB's begin with the first connection), and as libraries may change,
``/proc/self/task`` is asked before each fork: where there is more than one thread, starting is refused.

``/proc/PID/environ`` and ``cmdline``, by which processes of an attempt are found, are memory of the process that was
there at ``exec`` (proc(5)). A copy writes its own there; ROOM and a variable make the room.
"""

from __future__ import annotations

import atexit
import contextlib
import ctypes
import functools
import gc
import importlib
import json
import os
import runpy
import select
import signal
import socket
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

from orch_tui.components.kit.component import read_program
from orch_tui.model.dataclass import compile_all
from orch_tui.model.texts.pattern import compile_patterns
from orch_tui.project.files.own_files import open_own
from orch_tui.storage.duckdb import open_database

SOCKET = 3
_LONGEST_MESSAGE = 1 << 20
_MOST_DESCRIPTORS = 253
"""As many as a message can have (SCM_MAX_FD): an attempt may hold many slots of a pool, each of them a lock."""
_NO_EXIT_FILE = 125
_NO_DIRECTORY = 126
_LOADED = (
    "orch_tui.components.kit.staging.checking",
    "orch_tui.components.kit.parameters",
    "orch_tui.components.kit.sql",
    "orch_tui.components.kit.staging.staging",
    "orch_tui.storage.publishing.merge",
    "orch_tui.storage.publishing.publish",
    "orch_tui.storage.storage",
)
"""What attempts of most built-in components import, also inside functions."""


class _Area(NamedTuple):
    """Memory of this process from which the kernel tells its arguments or its environment."""

    start: int
    end: int

    @property
    def size(self) -> int:
        return self.end - self.start

    def write(self, data: bytes) -> None:
        ctypes.memmove(self.start, data.ljust(self.size, b"\0"), self.size)


class Refused(Exception):
    """It cannot be started by forking; the text says why. It may be started as any program is."""


class Attempt(NamedTuple):
    """What a copy is to become. ``argv`` is what a plain start would have. ``descriptors`` are a file with the
    environment as ``/proc/PID/environ`` has it, the log, and what else it holds."""

    module: str
    argv: list[str]
    cwd: str
    umask: int
    exit_file: str
    descriptors: list[int]


class Forker:
    """Serves one executor: a message, an answer."""

    def __init__(self, connection: socket.socket) -> None:
        """Raises: OSError, ValueError: the kernel does not say where arguments and environment are."""
        fields = Path("/proc/self/stat").read_bytes().rpartition(b")")[2].split()
        # Fields 48 to 51 of proc(5), counted from the state, which is field 3.
        self._arguments, self._environment = _Area(*map(int, fields[45:47])), _Area(*map(int, fields[47:49]))
        if self._arguments.start <= 0 or self._environment.start <= 0:
            raise ValueError("/proc/self/stat says nothing of arguments and environment")
        # In the C locale an interpreter sets LC_CTYPE for what it starts (PEP 538).
        given = {entry.partition(b"=")[0] for entry in Path("/proc/self/environ").read_bytes().split(b"\0")}
        self._added = {name: value for name, value in os.environ.items() if os.fsencode(name) not in given}
        self._connection = connection
        self._exit_files: dict[int, str] = {}
        self.programs = _Programs()
        self._arguments.write(_joined([sys.executable, "-P", "-m", "orch_tui.components.kit.processes.forker"]))

    def serve(self) -> Attempt | None:
        """In the copy, what it is to become; None when the executor is gone and all that was started has ended."""
        while True:
            try:
                message, descriptors, flags, _ = socket.recv_fds(self._connection, _LONGEST_MESSAGE, _MOST_DESCRIPTORS)
            except ConnectionResetError:
                break
            if not message:
                break
            asked = json.loads(message)
            if "reap" in asked:
                answer = self._reap(asked["reap"])
            else:
                attempt = Attempt(**asked["start"], descriptors=descriptors)
                try:
                    if flags & socket.MSG_CTRUNC:
                        raise Refused("not all that it is to hold can be taken over: too many files are open")
                    pid = self._fork(attempt)
                    if pid == 0:
                        return attempt
                    answer = {"pid": pid}
                except (Refused, OSError) as error:
                    answer = {"refused": str(error)}
                # The lock on the log is the attempt's alone.
                for descriptor in descriptors:
                    os.close(descriptor)
            try:
                self._connection.sendall(json.dumps(answer).encode())
            except (BrokenPipeError, ConnectionResetError):
                break
        self._connection.close()
        while self._exit_files:
            self._leave_code(*os.wait())
        return None

    def _fork(self, attempt: Attempt) -> int:
        """The pid of the copy, 0 in the copy itself. Raises: Refused, OSError."""
        self.programs.load(attempt.module)
        title = _joined([*attempt.argv, attempt.exit_file])
        size = os.fstat(attempt.descriptors[0]).st_size
        if len(title) > self._arguments.size or size > self._environment.size:
            raise Refused("its arguments and its environment are too long")
        if (threads := len(os.listdir("/proc/self/task"))) > 1:
            raise Refused(f"{threads} threads run in the process that forks")
        # What it asked before its end is still read, and whoever took its run over starts that anew.
        if self._alone:
            raise Refused("nobody waits for it any more")
        entered, tell = os.pipe()
        try:
            pid = os.fork()
        except OSError:
            os.close(entered)
            os.close(tell)
            raise
        if pid:
            self._exit_files[pid] = attempt.exit_file
            os.close(tell)
            # Until then it leads no group that a signal could be sent to, and has no tag by which it is found.
            os.read(entered, 1)
            os.close(entered)
            return pid
        try:
            os.close(entered)
            if self._alone:
                os._exit(_NO_EXIT_FILE)
            self._connection.close()
            environment = os.pread(attempt.descriptors[0], size, 0)
            _enter(attempt, environment, self._added)
            # The tag is in it: nothing of the attempt is done before others can find it.
            self._environment.write(environment)
            self._arguments.write(title)
            _begin(attempt)
            # Without the process that forked it, it is found by its tag: it has begun, so it goes on.
            with contextlib.suppress(BrokenPipeError):
                os.write(tell, b".")
            os.close(tell)
        except BaseException:  # noqa: BLE001 - nothing may lead from here to the parent's code
            os._exit(_NO_EXIT_FILE)
        return 0

    @property
    def _alone(self) -> bool:
        """Whether the executor is gone, also while something that it sent is unread."""
        poller = select.poll()
        # A hang-up is told unasked.
        poller.register(self._connection, 0)
        return bool(poller.poll(0))

    def _reap(self, pid: int) -> dict[str, Any]:
        try:
            _, status, used = os.wait4(pid, 0)
        except ChildProcessError:
            return {"refused": "it is no child"}
        self._leave_code(pid, status)
        return {"status": status, "cpu": used.ru_utime + used.ru_stime, "peak": used.ru_maxrss}

    def _leave_code(self, pid: int, status: int) -> None:
        """Whoever looks for the exit code later finds it, also of what a signal ended."""
        path = self._exit_files.pop(pid, None)
        if path is None:
            return
        code = os.waitstatus_to_exitcode(status)
        try:
            if os.stat(path).st_size == 0:
                _write_code(path, 128 - code if code < 0 else code)
        except OSError:
            # Deleted with the run, or no room: as when a shell cannot write it.
            return


class _Programs:
    """The modules that attempts run, read once where they can be."""

    def __init__(self) -> None:
        self._read: dict[str, Callable[[], object]] = {}

    def load(self, module: str) -> None:
        """Raises: Refused."""
        if module in self._read:
            return
        try:
            self._read[module] = read_program(module) or functools.partial(_run_module, module)
        except Exception as error:
            # Started as its own program it says what is wrong.
            raise Refused(f"{module} cannot be loaded: {error}") from error
        _set_aside()

    def run(self, attempt: Attempt) -> None:
        """As ``python -m`` would."""
        sys.argv = [attempt.module, *attempt.argv[attempt.argv.index(attempt.module) + 1 :]]
        self._read[attempt.module]()


def _run_module(module: str) -> None:
    runpy.run_module(module, run_name="__main__", alter_sys=True)


def _set_aside() -> None:
    """What is there now stays: the collector of a copy leaves it alone, and the memory stays shared."""
    compile_all()
    compile_patterns()
    gc.collect()
    gc.freeze()


def _joined(arguments: list[str]) -> bytes:
    return b"".join(os.fsencode(argument) + b"\0" for argument in arguments)


def _enter(attempt: Attempt, environment: bytes, added: Mapping[str, str]) -> None:
    """What a program is given by who starts it; ``added`` is what the interpreter adds to its environment."""
    os.setsid()
    variables, log, *held = attempt.descriptors
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.close(log)
    os.close(variables)
    for descriptor in held:
        # Locks, which what the attempt starts inherits as from any program.
        os.set_inheritable(descriptor, True)
    os.environ.clear()
    os.environ.update(added)
    for entry in environment.split(b"\0")[:-1]:
        name, _, value = entry.partition(b"=")
        os.environb[name] = value
    time.tzset()


def _begin(attempt: Attempt) -> None:
    os.umask(0o077)
    os.close(open_own(attempt.exit_file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC))
    os.umask(attempt.umask)
    try:
        os.chdir(attempt.cwd)
    except OSError as error:
        sys.stderr.write(f"{error.strerror}: {attempt.cwd}\n")
        _write_code(attempt.exit_file, _NO_DIRECTORY)
        os._exit(_NO_DIRECTORY)
    # As a shell does when it goes there.
    os.environ["PWD"] = attempt.cwd


def _run(programs: _Programs, attempt: Attempt) -> NoReturn:
    """To its end; the exit code is written when all else of the program is over."""
    code, own = 1, os.getpid()

    def end() -> None:
        # A copy that the program itself made has no say in how the attempt ended.
        if os.getpid() != own:
            return
        try:
            sys.stdout.flush()
            sys.stderr.flush()
        finally:
            _write_code(attempt.exit_file, code)
            os._exit(code)

    # Registered first, so called last, after all threads: what the interpreter does then is to free memory.
    atexit.register(end)
    try:
        programs.run(attempt)
        code = 0
    except SystemExit as stop:
        code = _code_of(stop)
    except KeyboardInterrupt:
        code = 128 + signal.SIGINT
    except BaseException:  # noqa: BLE001 - as the interpreter: said, and then the end
        sys.excepthook(*sys.exc_info())
    sys.exit(code)


def _code_of(stop: SystemExit) -> int:
    if stop.code is None:
        return 0
    if isinstance(stop.code, int):
        return stop.code & 0xFF
    sys.stderr.write(f"{stop.code}\n")
    return 1


def _write_code(path: str, code: int) -> None:
    descriptor = open_own(path, os.O_WRONLY | os.O_CREAT)
    try:
        os.write(descriptor, b"%d\n" % code)
    finally:
        os.close(descriptor)


def main() -> None:
    """Serve the executor at the other end of descriptor 3."""
    os.chdir("/")
    for module in _LOADED:
        importlib.import_module(module)
    # DuckDB's first database costs more than those after it; its threads end with it.
    open_database(Path("/")).close()
    _set_aside()
    forker = Forker(socket.socket(fileno=SOCKET))
    attempt = forker.serve()
    if attempt is not None:
        _run(forker.programs, attempt)
    # Nothing of it is to be tidied, and somebody waits for its end.
    os._exit(0)


if __name__ == "__main__":
    main()
