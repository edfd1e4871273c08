"""Talks with a dask scheduler for one executor: ``python -m orch_tui.engine.backends.dask.client``, at descriptor 3.

A program of its own, so that nobody else loads the library, and neither its log nor its threads, nor what a scheduler
makes it unpickle, is in the executor. Lines of JSON go both ways, see :class:`Client`; it leaves when its executor
does. What the scheduler gets of an attempt is its name and the path of its directory, and a function of the standard
library: it keeps, shows and logs nothing else.

Sources: https://distributed.dask.org/en/stable/api.html (Client, fire_and_forget, Security), and ``get_task_status``
among the handlers of ``distributed.scheduler.Scheduler``.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import socket
import subprocess
from collections.abc import Mapping
from typing import Any

SOCKET = 3
_CONNECTING = 10.0
_ANSWER = 20.0
"""Seconds until a scheduler that is connected and does not answer counts as mute."""
_AGAIN = 1.0
_LEAVING = 3.0
_KEPT_LOOK = 0.02
_KEPT_LOOK_MOST = 0.5
# A worker needs neither this package nor its Python for it; what the attempt's log of the queue gets is not dask's.
_SCRIPT = (
    'exec >>"$2/queue.log" 2>&1; '
    '"$0" -P -m orch_tui.engine.supervisor.on_worker "$1" "$2" && exit; '
    'exec "$0" -P -m orch_tui.engine.supervisor.leftovers "$2"'
)
_SAID_MOST = 300


class Connection:
    """One connection to the scheduler, from when it is there until it is lost. ``library`` is the module."""

    def __init__(self, library: Any, client: Any, program: Client) -> None:
        self._library = library
        self.client = client
        self._program = program
        self._futures: dict[str, Any] = {}
        self._unkept: dict[str, Any] = {}
        self._keeping: asyncio.Task[None] | None = None

    def submit(self, name: str, python: str, directory: str, resources: Mapping[str, float]) -> None:
        future = self.client.submit(
            subprocess.call,
            ["/bin/sh", "-c", _SCRIPT, python, name, directory],
            key=name,
            pure=False,
            resources=dict(resources) or None,
            # Whatever happens to the worker's own process, the attempt goes on: a session of its own.
            stdin=subprocess.DEVNULL,
            cwd="/",
            start_new_session=True,
        )
        self._futures[name] = self._unkept[name] = future
        future.add_done_callback(self._done)
        if self._keeping is None or self._keeping.done():
            self._keeping = asyncio.ensure_future(self._keep())

    def _done(self, future: Any) -> None:
        if future.status == "error":
            task = asyncio.ensure_future(self._say_why(future))
            task.add_done_callback(lambda _: self._futures.pop(future.key, None))
        else:
            self._futures.pop(future.key, None)

    async def _say_why(self, future: Any) -> None:
        with contextlib.suppress(asyncio.CancelledError, TimeoutError):
            error = await future.exception()
            self._program.tell({"ended": future.key, "said": _line(f"{type(error).__name__}: {error}")})

    async def _keep(self) -> None:
        """A scheduler drops what no client asks for any more; it knows of a task a little after it was asked for it."""
        pause = _KEPT_LOOK
        while self._unkept and self.client.status == "running":
            states: dict[str, str | None] = {}
            # One that is slow once has them all the same: it is asked until it is lost.
            with contextlib.suppress(OSError, TimeoutError):
                states = await self._states(list(self._unkept))
            known = [name for name, state in states.items() if state is not None and name in self._unkept]
            for name in known:
                self._library.fire_and_forget(self._unkept.pop(name))
                self._program.tell({"kept": name})
            pause = _KEPT_LOOK if known else min(pause * 2, _KEPT_LOOK_MOST)
            # What has ended in the meantime is known no more.
            for name in [name for name, future in self._unkept.items() if future.done()]:
                del self._unkept[name]
            await asyncio.sleep(pause)

    async def states(self, names: list[str]) -> dict[str, str | None]:
        """In which state each is (``processing``), None where the scheduler knows of none; ``asked`` where that may not
        have come to it yet. Raises: OSError, TimeoutError."""
        found = await self._states(names)
        return {name: "asked" if state is None and name in self._unkept else state for name, state in found.items()}

    async def _states(self, names: list[str]) -> dict[str, str | None]:
        asked = self.client.scheduler.get_task_status(keys=names)
        answer: dict[str, str | None] = await asyncio.wait_for(asked, _ANSWER)
        return answer

    async def drop(self, name: str) -> None:
        """Take it out of the queue, whoever has asked for it. Raises: OSError, TimeoutError."""
        self._unkept.pop(name, None)
        future = self._futures.pop(name, None) or self._library.Future(name, self.client)
        await asyncio.wait_for(self.client.cancel([future], force=True), _ANSWER)

    async def leave(self) -> None:
        """What was asked for is kept, and goes on."""
        if self._keeping is not None:
            await self._keeping
        await self.client.close(timeout=_LEAVING)


class Client:
    """The program. It is told ``{"settings": {...}}`` first, and then:

    ``{"submit": name, "python": path, "directory": path, "resources": {...}}``, ``{"drop": name}``, and
    ``{"states": [name, ...]}``, which is answered by ``{"states": {name: state}}`` as soon as the scheduler answers. It
    tells ``{"answers": bool, "said": why not}``, ``{"kept": name}`` once a task stays though this leaves, and
    ``{"ended": name, "said": words}`` of a task that the scheduler has given up.
    """

    def __init__(self, settings: Mapping[str, Any], writer: asyncio.StreamWriter) -> None:
        self._settings = settings
        self._writer = writer
        self._connection: Connection | None = None
        self._waiting: dict[str, dict[str, Any]] = {}
        self._answers: bool | None = None
        self._asking: asyncio.Task[None] | None = None
        self._dropping: set[asyncio.Task[None]] = set()

    def tell(self, message: Mapping[str, Any]) -> None:
        self._writer.write(json.dumps(message).encode() + b"\n")

    async def connect(self) -> None:
        """Be connected, again and again, until this is cancelled."""
        try:
            library = await asyncio.to_thread(_load)
        except ImportError as error:
            self._mute(error)
            return
        while True:
            try:
                client = await library.Client(
                    **self._where(library),
                    asynchronous=True,
                    timeout=_CONNECTING,
                    set_as_default=False,
                    name="orch-tui",
                )
            except Exception as error:  # noqa: BLE001 - whatever it is, it is said, and tried again
                self._mute(error)
                await asyncio.sleep(_AGAIN)
                continue
            self._connection = Connection(library, client, self)
            self._say(answers=True)
            for name in list(self._waiting):
                self._submit(self._waiting.pop(name))
            while client.status == "running" and self._connection is not None:
                await asyncio.sleep(_AGAIN)
            self._connection = None
            self._mute(ConnectionError("the connection was lost"))
            with contextlib.suppress(Exception):
                await client.close(timeout=_LEAVING)

    def _where(self, library: Any) -> dict[str, Any]:
        found: dict[str, Any] = {}
        if self._settings.get("scheduler_file"):
            found["scheduler_file"] = self._settings["scheduler_file"]
        else:
            found["address"] = self._settings["scheduler"]
        if (tls := self._settings.get("tls")) is not None:
            found["security"] = library.Security(
                tls_ca_file=tls["ca"], tls_client_cert=tls["cert"], tls_client_key=tls["key"], require_encryption=True
            )
        return found

    def _mute(self, error: BaseException) -> None:
        self._say(answers=False, said=_line(str(error) or type(error).__name__))

    def _say(self, *, answers: bool, said: str = "") -> None:
        if answers != self._answers:
            self._answers = answers
            self.tell({"answers": answers, "said": said})

    def take(self, message: Mapping[str, Any]) -> None:
        """What needs an answer of the scheduler is done beside the next messages: it may take its time."""
        if "submit" in message:
            self._submit(dict(message))
        elif "drop" in message:
            self._waiting.pop(message["drop"], None)
            if self._connection is not None:
                dropping = asyncio.ensure_future(self._drop(self._connection, message["drop"]))
                self._dropping.add(dropping)
                dropping.add_done_callback(self._dropping.discard)
        elif self._asking is None or self._asking.done():
            self._asking = asyncio.ensure_future(self._tell_states(message["states"]))

    def _submit(self, message: dict[str, Any]) -> None:
        if self._connection is None:
            self._waiting[message["submit"]] = message
            return
        self._connection.submit(message["submit"], message["python"], message["directory"], message["resources"])

    async def _tell_states(self, names: list[str]) -> None:
        connection = self._connection
        if connection is None:
            return
        try:
            states = await connection.states(names)
        except (OSError, TimeoutError) as error:
            self._lose(connection, error)
            return
        self._say(answers=True)
        self.tell({"states": {**states, **dict.fromkeys(self._waiting.keys() & states.keys(), "asked")}})

    async def _drop(self, connection: Connection, name: str) -> None:
        try:
            await connection.drop(name)
        except (OSError, TimeoutError) as error:
            # Where it is not dropped, the worker that takes it sees that it must not begin.
            self._lose(connection, error)

    def _lose(self, connection: Connection, error: BaseException) -> None:
        """It does not answer: a new one is made in its place."""
        if connection is self._connection:
            self._mute(error)
            self._connection = None

    async def leave(self) -> None:
        if self._dropping:
            await asyncio.wait(self._dropping, timeout=_LEAVING)
        if self._connection is not None:
            with contextlib.suppress(Exception):
                await asyncio.wait_for(self._connection.leave(), _LEAVING)


def _load() -> Any:
    """The library, which takes a second; whoever loads it can leave meanwhile. Raises: ImportError."""
    import distributed

    return distributed


def _line(text: str) -> str:
    return " ".join(text.split())[:_SAID_MOST]


async def _serve() -> None:
    reader, writer = await asyncio.open_unix_connection(sock=socket.socket(fileno=SOCKET), limit=1 << 26)
    first = await reader.readline()
    if not first:
        return
    client = Client(json.loads(first)["settings"], writer)
    connecting = asyncio.ensure_future(client.connect())
    while line := await reader.readline():
        client.take(json.loads(line))
    connecting.cancel()
    await client.leave()


async def _serve_and_leave() -> None:
    with contextlib.suppress(ConnectionError):
        await _serve()
    # Tasks and threads of the library may wait for what nobody needs any more, a server that does not answer, say.
    os._exit(0)


def main() -> None:
    """Until the executor is gone."""
    asyncio.run(_serve_and_leave())


if __name__ == "__main__":
    main()
