"""The executor's end of the program that talks with a scheduler (:mod:`orch_tui.engine.backends.dask.client`)."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import json
import os
import socket
import threading
from collections.abc import Callable, Mapping
from typing import Any

from orch_tui.engine.processes.own_program import start_own_program
from orch_tui.project.definitions.dask_settings import DaskSettings

_PROGRAM = "orch_tui.engine.backends.dask.client"
_LONGEST = 1 << 26
# The rest is the tasks'.
_ENVIRONMENT = ("PATH", "HOME", "USER", "LOGNAME", "LANG", "LC_ALL", "TZ", "TMPDIR", "LD_LIBRARY_PATH")
_OF_DASK = "DASK_"

Hear = Callable[[Mapping[str, Any]], None]


class Link:
    """On the executor's loop: the program goes when that is closed. ``hear`` gets what it tells, and ``{"gone": True}``
    when it is gone."""

    def __init__(self, settings: DaskSettings, hear: Hear) -> None:
        """Raises: OSError."""
        self._hear = hear
        self._writer: asyncio.StreamWriter | None = None
        self._unsent: list[bytes] = []
        passed = {
            name: value for name, value in os.environ.items() if name in _ENVIRONMENT or name.startswith(_OF_DASK)
        }
        own, pid = start_own_program([_PROGRAM], passed, socket.SOCK_STREAM)
        try:
            # It takes a while to leave, and nobody waits for that.
            threading.Thread(target=_reap, args=(pid,), name="dask-client", daemon=True).start()
        except RuntimeError as error:
            # By its socket it hears that nobody is there.
            own.close()
            raise OSError(errno.EAGAIN, os.strerror(errno.EAGAIN)) from error
        self.gone = False
        self.send({"settings": settings.told})
        # With the loop all of its tasks are cancelled, and this one closes what is here.
        self._listening = asyncio.get_running_loop().create_task(self._listen(own))

    def send(self, message: Mapping[str, Any]) -> None:
        """What it is told while it goes is lost, as all is that nobody has kept: that is seen by its being gone."""
        line = json.dumps(message).encode() + b"\n"
        if self._writer is None:
            self._unsent.append(line)
        elif not self.gone:
            self._writer.write(line)

    async def _listen(self, own: socket.socket) -> None:
        try:
            reader, self._writer = await asyncio.open_unix_connection(sock=own, limit=_LONGEST)
            for line in self._unsent:
                self._writer.write(line)
            with contextlib.suppress(ConnectionError):
                while line := await reader.readline():
                    self._hear(json.loads(line))
        finally:
            self.gone = True
            if self._writer is not None:
                self._writer.close()
            own.close()
        self._hear({"gone": True})


def _reap(pid: int) -> None:
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, 0)
