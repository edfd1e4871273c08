"""Log messages in GELF over TCP, received on this machine only, as lines of text.

Sources: https://go2docs.graylog.org/current/getting_in_log_data/gelf.html (TCP: JSON, ended by a NUL byte, neither
compressed nor chunked), https://developers.keboola.com/extend/common-interface/logging/.
"""

from __future__ import annotations

import json
import select
import socket
import socketserver
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

_LEVELS = ("EMERGENCY", "ALERT", "CRITICAL", "ERROR", "WARNING", "NOTICE", "INFO", "DEBUG")
_MESSAGE = 1 << 20
"""Bytes of the longest message."""
_WAIT = 2.0
"""Seconds that what is still on its way may take after the program has ended."""


def readable_message(data: bytes) -> list[str]:
    """The lines of one message: level and short text first, then what the full text has beyond it."""
    try:
        body = json.loads(data)
    except ValueError:
        return [data.decode("utf-8", "replace")]
    if not isinstance(body, dict):
        return [data.decode("utf-8", "replace")]
    return _lines(body)


def _lines(body: dict[str, Any]) -> list[str]:
    level = body.get("level")
    word = _LEVELS[level] if isinstance(level, int) and 0 <= level < len(_LEVELS) else "INFO"
    short = str(body.get("short_message") or "")
    full = str(body.get("full_message") or "")
    more = full.removeprefix(short).strip() if full != short else ""
    # The short text says most in one line, so it comes last: the end of a log is what people see.
    return [*more.splitlines(), *(f"{word} {line}" for line in short.splitlines() or [""])]


@contextmanager
def listener(say: Callable[[str], None]) -> Iterator[int]:
    """Receive messages on a free port of the loopback interface until the block is left; the value is the port."""
    lock = threading.Lock()

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            for data in _messages(self.request):
                with lock:
                    for line in readable_message(data):
                        say(line)

    class Server(socketserver.ThreadingTCPServer):
        def process_request(self, request: Any, client_address: Any) -> None:
            # Daemons: a program that was left behind must not hold up the end of the task.
            thread = threading.Thread(target=self.process_request_thread, args=(request, client_address), daemon=True)
            handlers.append(thread)
            thread.start()

    handlers: list[threading.Thread] = []
    with Server(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield int(server.server_address[1])
        finally:
            server.shutdown()
            while select.select([server], [], [], 0)[0]:
                # Connected and ended before the loop saw it.
                server.handle_request()
            for handler in handlers:
                handler.join(_WAIT)


def _messages(connection: socket.socket) -> Iterator[bytes]:
    rest = b""
    while data := connection.recv(65536):
        *whole, rest = (rest + data).split(b"\0")
        yield from (message for message in whole if message.strip())
        if len(rest) > _MESSAGE:
            yield rest
            rest = b""
    if rest.strip():
        yield rest
