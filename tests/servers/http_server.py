"""A small HTTP server on loopback for tests: scripted answers, faults, dropped connections, everything recorded.

    with HttpServer() as server:
        server.script("/items", Answer(429, headers={"Retry-After": "0"}), Answer(json=[{"id": 1}]))
        server.route("/pages", lambda call: Answer(json={"page": call.query["page"]}))
        … server.url … server.calls …

Answers of a script are used up one by one, the last one stays. A path without script or route gets 404.
"""

from __future__ import annotations

import json as json_module
import socket
import struct
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any
from urllib.parse import parse_qs, urlsplit


@dataclass(frozen=True, slots=True)
class Call:
    """One request as it came. ``query`` and ``form`` hold the last value of each name."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Message
    body: bytes
    target: str

    @property
    def json(self) -> Any:
        return json_module.loads(self.body)

    @property
    def form(self) -> dict[str, str]:
        return _last(self.body.decode())


@dataclass(frozen=True, slots=True)
class Answer:
    """What to answer. ``json`` becomes the body, else ``body``, whole or in pieces.

    ``drop``: the connection breaks ``before`` an answer, or in the ``middle`` of the body. ``wait`` is an event to
    wait for before the answer, 10 s at most.
    """

    status: int = 200
    json: Any = None
    body: bytes | Iterable[bytes] = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    drop: str | None = None
    wait: threading.Event | None = None


Handler = Callable[[Call], Answer]
DROP = Answer(drop="before")
CUT = Answer(json=[{"half": "of the body"}] * 20, drop="middle")


class HttpServer:
    """A server with a thread for each connection, on a free port or the one named. ``calls`` has all requests."""

    def __init__(self, port: int = 0) -> None:
        self.calls: list[Call] = []
        self._routes: dict[tuple[str | None, str], Handler] = {}
        self._lock = threading.Lock()
        self.date: str | None = None
        """Sent as ``Date``; None for the time it is."""
        outer = self

        class Requests(_Requests):
            server_of_test = outer

        self._server = _Server(("127.0.0.1", port), Requests)
        self.port: int = self._server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    def __enter__(self) -> HttpServer:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)

    def route(self, path: str, handler: Handler, method: str | None = None) -> None:
        """Answer ``path`` (of any method without one) with what ``handler`` says."""
        self._routes[(method, path)] = handler

    def script(self, path: str, *answers: Answer, method: str | None = None) -> None:
        """Answer ``path`` with these, one after another; the last one again and again."""
        left = list(answers)

        def following(call: Call) -> Answer:
            return left.pop(0) if len(left) > 1 else left[0]

        self.route(path, following, method)

    def paths(self) -> list[str]:
        """``GET /path?query`` of every request so far."""
        return [f"{call.method} {call.target}" for call in self.calls]

    def answer(self, call: Call) -> Answer:
        with self._lock:
            self.calls.append(call)
            handler = self._routes.get((call.method, call.path)) or self._routes.get((None, call.path))
            if handler is None:
                return Answer(404, json={"message": f"no route {call.method} {call.path}"})
            return handler(call)


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    # A broken connection is what the tests want; its traceback is not.
    def handle_error(self, request: Any, client_address: Any) -> None:
        pass


class _Requests(BaseHTTPRequestHandler):
    server_of_test: HttpServer
    protocol_version = "HTTP/1.1"
    # Headers and body in one packet, and a client that is gone does not keep the thread.
    wbufsize = -1
    timeout = 30
    disable_nagle_algorithm = True

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def date_time_string(self, timestamp: float | None = None) -> str:
        return self.server_of_test.date or super().date_time_string(timestamp)

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        call = Call(self.command, parts.path, _last(parts.query), self.headers, body, self.path)
        answer = self.server_of_test.answer(call)
        if answer.wait is not None:
            answer.wait.wait(10)
        if answer.drop == "before":
            self._break()
            return
        self._send(answer)

    do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_GET

    def _send(self, answer: Answer) -> None:
        body: bytes | Iterable[bytes] = answer.body
        headers = {"Content-Type": "application/json" if answer.json is not None else "text/plain", **answer.headers}
        if answer.json is not None:
            body = json_module.dumps(answer.json).encode()
        self.send_response(answer.status)
        for name, value in headers.items():
            self.send_header(name, value)
        if isinstance(body, bytes):
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if answer.drop == "middle":
                self.wfile.write(body[: len(body) // 2])
                self.wfile.flush()
                self._break()
                return
            if self.command != "HEAD":
                self.wfile.write(body)
        else:
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            for piece in body:
                if piece:
                    self.wfile.write(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
            self.wfile.write(b"0\r\n\r\n")
        self.wfile.flush()

    def _break(self) -> None:
        """A reset instead of an orderly end: what a crashed server or a firewall does."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
        self.close_connection = True


def _last(query: str) -> dict[str, str]:
    return {name: values[-1] for name, values in parse_qs(query, keep_blank_values=True).items()}


def refused_port() -> int:
    """A port at which nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def pages(rows: Sequence[Any], offset: str = "offset", limit: str = "limit", cap: int = 100) -> Handler:
    """A handler that answers with a slice of ``rows`` as a JSON array."""

    def answer(call: Call) -> Answer:
        start = int(call.query.get(offset, "0"))
        size = min(cap, int(call.query.get(limit, str(cap))))
        return Answer(json=list(rows[start : start + size]))

    return answer
