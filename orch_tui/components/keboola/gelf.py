"""Log messages in GELF over TCP and UDP, received on this machine only, as lines of text.

Sources: https://go2docs.graylog.org/current/getting_in_log_data/gelf.html (TCP: JSON, ended by a NUL byte, neither
compressed nor chunked; UDP: zlib, gzip or plain, in up to 128 chunks),
https://developers.keboola.com/extend/common-interface/logging/.
"""

from __future__ import annotations

import contextlib
import json
import select
import socket
import socketserver
import threading
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

_LEVELS = ("EMERGENCY", "ALERT", "CRITICAL", "ERROR", "WARNING", "NOTICE", "INFO", "DEBUG")
_MESSAGE = 1 << 20
"""Bytes of the longest message."""
_CHUNK = b"\x1e\x0f"
_OPEN = 64
"""Messages of which some chunks came."""
_WAIT = 2.0
"""Seconds that what is still on its way may take after the program has ended."""


def readable_message(data: bytes) -> list[str]:
    """The lines of one message: level and short text first, then what the full text has beyond it."""
    try:
        body = json.loads(data)
    except (ValueError, RecursionError):
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
                _say_all(data, say, lock)

    class Server(socketserver.ThreadingTCPServer):
        def process_request(self, request: Any, client_address: Any) -> None:
            # Daemons: a program that was left behind must not hold up the end of the task.
            thread = threading.Thread(target=self.process_request_thread, args=(request, client_address), daemon=True)
            handlers.append(thread)
            thread.start()

    handlers: list[threading.Thread] = []
    with Server(("127.0.0.1", 0), Handler) as server, socket.socket(type=socket.SOCK_DGRAM) as datagrams:
        port = int(server.server_address[1])
        # The port that TCP got is free for UDP nearly always; where it is not, TCP alone is what most programs want.
        with contextlib.suppress(OSError):
            datagrams.bind(("127.0.0.1", port))
        over_udp = _Datagrams(datagrams, lambda data: _say_all(data, say, lock))
        threads = [
            threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True),
            threading.Thread(target=over_udp.serve, daemon=True),
        ]
        for thread in threads:
            thread.start()
        try:
            yield port
        finally:
            server.shutdown()
            over_udp.ended.set()
            while select.select([server], [], [], 0)[0]:
                # Connected and ended before the loop saw it.
                server.handle_request()
            for thread in (*threads, *handlers):
                thread.join(_WAIT)


def _say_all(data: bytes, say: Callable[[str], None], lock: threading.Lock) -> None:
    with lock:
        for line in readable_message(data):
            say(line)


class _Datagrams:
    """Puts datagrams together to messages until it is told to end and none is left."""

    def __init__(self, connection: socket.socket, take: Callable[[bytes], None]) -> None:
        self._connection = connection
        self._take = take
        self._chunks: dict[bytes, dict[int, bytes]] = {}
        self.ended = threading.Event()

    def serve(self) -> None:
        while True:
            last = self.ended.is_set()
            while select.select([self._connection], [], [], 0 if last else 0.05)[0]:
                self._add(self._connection.recv(65536))
            if last:
                return

    def _add(self, data: bytes) -> None:
        if not data.startswith(_CHUNK):
            self._take(unpacked(data))
            return
        # Two bytes that say "chunk", eight of the message's id, its number and how many there are.
        identity, number, count = data[2:10], *data[10:12].ljust(2, b"\0")
        if len(self._chunks) >= _OPEN and identity not in self._chunks:
            # What is lost on the way never becomes whole.
            del self._chunks[next(iter(self._chunks))]
        parts = self._chunks.setdefault(identity, {})
        parts[number] = data[12:]
        if len(parts) >= count:
            del self._chunks[identity]
            self._take(unpacked(b"".join(part for _, part in sorted(parts.items()))))


def unpacked(data: bytes) -> bytes:
    """A message as it was before zlib or gzip, cut where a message is too long to be one."""
    if data[:1] != b"\x78" and data[:2] != b"\x1f\x8b":
        return data
    try:
        return zlib.decompressobj(wbits=zlib.MAX_WBITS | 32).decompress(data, _MESSAGE)
    except zlib.error:
        return data


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
