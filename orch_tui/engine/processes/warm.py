"""Attempts of built-in components, started by a process that has their libraries loaded and forks.

One for a run (:mod:`orch_tui.components.kit.processes.forker`), there from the second such attempt on. What it does not
do, and what it does not answer, is started as any program is.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import select
import signal
import socket
from collections import deque
from collections.abc import Mapping
from typing import Any

from orch_tui.engine.processes.accounting import Reaped, bytes_of, reaped_elsewhere
from orch_tui.engine.processes.adopt import Gone
from orch_tui.engine.processes.launcher import AttemptSpec, Identity
from orch_tui.engine.processes.local import LocalAttempt, LocalLauncher, leader_of
from orch_tui.engine.processes.log import open_log
from orch_tui.engine.processes.own_program import start_own_program
from orch_tui.engine.processes.process import TASK_TAG, boot_ticks
from orch_tui.model.components.component import STORAGE_KEYS_VARIABLE
from orch_tui.project.attempt_dir import exit_file, log_file
from orch_tui.project.concurrent.locks import is_locked

_FORKER = "orch_tui.components.kit.processes.forker"
_FIRST = 2
"""Which built-in attempt of a run makes it worth to have a forker."""
_MOST = 3
"""Forkers that a run has one after another, should they die."""
_ARGUMENTS, _ENVIRONMENT = 16 << 10, 48 << 10
"""Bytes of room for the arguments and the environment of an attempt: some hundreds and one or two thousand are used."""
_LONGEST_MESSAGE = 128 << 10
_PATIENCE = 30.0
"""Seconds until a forker that does not answer is given up: it may have to load a library from a slow disk."""
_LEAVING = 1.0
_LOOK_AGAIN = (0.0, 0.05, 0.2, 0.5, 1.0)
_OF_AN_ATTEMPT = frozenset(
    (
        *(TASK_TAG, "KBC_DATADIR", "KBC_COMPONENTID", "KBC_CONFIGID", "ORCH_TASK_ID", "ORCH_ATTEMPT", "ORCH_SECRETS"),
        *("ORCH_ITEM", "ORCH_ITEM_NUMBER"),
        STORAGE_KEYS_VARIABLE,
    )
)
_AT_START = ("PYTHON", "LD_", "LC_", "LANG", "GLIBC_", "MALLOC_", "OPENSSL_", "SSL_")
"""Beginnings of names that an interpreter and its libraries read when they are loaded."""


class WarmStarts:
    """Those of one run, on the executor's loop: the forker goes when that is closed."""

    def __init__(self, launcher: LocalLauncher) -> None:
        self._launcher = launcher
        self._due = 0
        self._made = 0
        self._forker: _Forker | None = None

    async def start(self, spec: AttemptSpec, inherit: tuple[int, ...]) -> LocalAttempt | Gone | None:
        """None when it is to be started plainly: nothing of it has begun then. Gone when it has ended already.

        Raises:
            OSError: its log cannot be opened, or the forker died over it and nobody knows what became of it.
        """
        # A limit of memory is held by the shim.
        if spec.memory is not None:
            return None
        if spec.built_in is None:
            return None
        common = _common(spec.environment)
        self._due += 1
        forker = None if common is None or self._due < _FIRST else self._ready(common)
        if forker is None:
            return None
        asked = {
            "module": spec.built_in,
            "argv": spec.argv,
            "cwd": spec.cwd,
            "umask": int(self._launcher.umask, 8),
            "exit_file": str(exit_file(spec.directory)),
        }
        message = json.dumps({"start": asked}).encode()
        if len(message) > _LONGEST_MESSAGE:
            return None
        before = boot_ticks()
        with contextlib.ExitStack() as opened:
            variables = os.memfd_create("environment")
            opened.callback(os.close, variables)
            os.write(variables, b"".join(os.fsencode(f"{name}={value}\0") for name, value in spec.environment.items()))
            log = open_log(spec.directory)
            opened.callback(os.close, log)
            told = await forker.to_its_answer(message, (variables, log, *inherit))
        if told is None:
            forker.kill()
            return await _what_became_of(spec)
        if "pid" not in told:
            return None
        identity = Identity(told["pid"], before, boot_ticks())
        return LocalAttempt(identity, spec, oom=self._launcher.oom, reap=forker.reap)

    def _ready(self, environment: Mapping[str, str]) -> _Forker | None:
        if self._forker is not None and self._forker.gone:
            self._forker = None
        if self._forker is None and self._made < _MOST:
            self._made += 1
            with contextlib.suppress(OSError):
                self._forker = _Forker(environment)
        forker = self._forker
        return forker if forker is not None and forker.environment == environment else None


def _common(environment: Mapping[str, str]) -> dict[str, str] | None:
    """What attempts of a run have in common; None where one has something of its own that counts at a start."""
    secrets = frozenset(filter(None, environment.get("ORCH_SECRETS", "").split(",")))
    if any(name.startswith(_AT_START) for name in secrets):
        return None
    own = _OF_AN_ATTEMPT | secrets
    return {name: value for name, value in environment.items() if name not in own}


async def _what_became_of(spec: AttemptSpec) -> LocalAttempt | Gone | None:
    """The attempt that a forker was asked for that is gone now; None when it surely has not begun.

    Raises: OSError.
    """
    for pause in _LOOK_AGAIN:
        await asyncio.sleep(pause)
        leader = leader_of(spec.directory)
        if leader is not None:
            with contextlib.suppress(ProcessLookupError):
                return LocalAttempt(Identity(leader[0], leader[1], leader[1]), spec, child=False)
        if not is_locked(log_file(spec.directory)):
            break
    if os.path.lexists(exit_file(spec.directory)):
        return Gone(spec, None, None, "the process that forked it died, and it left no exit code", None, thorough=False)
    if is_locked(log_file(spec.directory)):
        raise ChildProcessError(0, "the process that forked it died in the same moment", spec.argv[-1])
    return None


class _Forker:
    """The executor's end of a forker. ``environment`` is what it was started with."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        """Raises: OSError."""
        self.environment = environment
        self._socket, self._pid = start_own_program(
            [_FORKER, "-" * _ARGUMENTS],
            {**environment, "ORCH_ROOM": "-" * _ENVIRONMENT},
            socket.SOCK_SEQPACKET,
        )
        self._socket.setblocking(False)
        # Answers come in the order of questions.
        self._asked: deque[asyncio.Future[dict[str, Any] | None]] = deque()
        self.gone = False
        # With the loop all of its tasks are cancelled, and this one closes what is here.
        self._listening = asyncio.get_running_loop().create_task(self._listen())

    async def ask(self, message: bytes, descriptors: tuple[int, ...] = ()) -> dict[str, Any] | None:
        """Its answer; None when it is gone or gives none."""
        try:
            socket.send_fds(self._socket, [message], descriptors)
        except BlockingIOError:
            return {"refused": "it has more to do than it can take in"}
        except OSError:
            return {"refused": "it is gone"}
        answer: asyncio.Future[dict[str, Any] | None] = asyncio.get_running_loop().create_future()
        self._asked.append(answer)
        try:
            # The answer of one that nobody waits for any more still comes, and is taken off the line.
            return await asyncio.wait_for(asyncio.shield(answer), _PATIENCE)
        except TimeoutError:
            return None

    async def to_its_answer(self, message: bytes, descriptors: tuple[int, ...]) -> dict[str, Any] | None:
        """As :meth:`ask`. What is asked for is there, or not, when this ends, also when it is cancelled: whoever goes
        on with a run that is handed over looks for the attempt, and must not come before it."""
        asked = asyncio.ensure_future(self.ask(message, descriptors))
        try:
            return await asyncio.shield(asked)
        except asyncio.CancelledError:
            # One that somebody stopped would be waited for until patience ends.
            self._wake()
            await asyncio.wait({asked})
            raise

    def _wake(self) -> None:
        # One that is gone is buried, and its number may be another's.
        if not self.gone:
            os.kill(self._pid, signal.SIGCONT)

    async def reap(self, pid: int) -> Reaped | None:
        """Let it wait for an attempt that has ended; None when it cannot any more."""
        moved = bytes_of(pid)
        told = await self.ask(json.dumps({"reap": pid}).encode())
        if told is None or "status" not in told:
            return None
        return reaped_elsewhere(told["status"], told["cpu"], told["peak"], moved)

    def kill(self) -> None:
        """It does not answer. What it has forked lives on."""
        self.gone = True
        with contextlib.suppress(ProcessLookupError):
            os.kill(self._pid, signal.SIGKILL)

    async def _listen(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            while answer := await loop.sock_recv(self._socket, _LONGEST_MESSAGE):
                waiting = self._asked.popleft()
                if not waiting.done():
                    waiting.set_result(json.loads(answer))
        except ConnectionResetError:
            # It was killed with a question unread.
            return
        finally:
            self.gone = True
            self._socket.close()
            for waiting in self._asked:
                if not waiting.done():
                    waiting.set_result(None)
            self._bury()

    def _bury(self) -> None:
        """It ends when its socket is closed, at once unless attempts of it live on without this executor."""
        with contextlib.suppress(OSError):
            end = os.pidfd_open(self._pid)
            try:
                # One that somebody stopped would stay for ever.
                signal.pidfd_send_signal(end, signal.SIGCONT)
                poller = select.poll()
                poller.register(end, select.POLLIN)
                if poller.poll(_LEAVING * 1000 if not self._asked else 0):
                    os.waitpid(self._pid, 0)
            finally:
                os.close(end)
