"""An HTTP proxy in front of fakesnow, for what fakesnow cannot do: refuse a login, fail, and answer in pieces.

    with Proxy(stand_in.port) as proxy:
        proxy.fail("POST /queries/v1/query-request", "503", times=2)
        … proxy.port … proxy.calls …

The real service answers with a first piece and the addresses of the others; fakesnow puts all rows into one answer.
With ``chunk_rows`` the answers are taken apart in the same form. That takes pyarrow, which only fakesnow's own
environment has, so this file is also a program for it: :func:`pieces`.
"""

from __future__ import annotations

import argparse
import base64
import contextlib
import gzip
import http.client
import json
import re
import signal
import socket
import struct
import subprocess
import sys
import threading
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any


@dataclass(slots=True)
class Fault:
    """What happens to requests whose "METHOD /path" begins with ``match``: ``after`` of them pass, then ``times`` fail.

    ``kind``: a status such as "503"; "drop" ends the connection without an answer, "cut" in the middle of it; a JSON
    object is answered as it is; "hold" waits for the event ``Proxy.released``.
    """

    match: str
    kind: str
    after: int = 0
    times: int = 1_000_000
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Call:
    method: str
    target: str
    body: Any

    def __str__(self) -> str:
        return f"{self.method} {self.target}"


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away, which is what these tests are about."""


class Proxy:
    """A proxy on a free port, in threads of this process."""

    def __init__(self, upstream: int, *, chunk_rows: int = 0, faults: Sequence[Fault] = ()) -> None:
        self.upstream, self.chunk_rows, self.faults = upstream, chunk_rows, list(faults)
        self.calls: list[Call] = []
        self.chunks: dict[str, bytes] = {}
        self.released = threading.Event()
        self.holding = threading.Event()
        self._lock = threading.Lock()
        self._server = _Server(("127.0.0.1", 0), type("Handler", (_Handler,), {"proxy": self}))
        self.port = int(self._server.server_address[1])
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)

    def __enter__(self) -> Proxy:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.released.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def fail(self, match: str, kind: str, **more: Any) -> None:
        self.faults.append(Fault(match, kind, **more))

    def fault_of(self, request: str) -> Fault | None:
        with self._lock:
            for fault in self.faults:
                if request.startswith(fault.match):
                    if fault.after > 0:
                        fault.after -= 1
                    elif fault.times > 0:
                        fault.times -= 1
                        return fault
        return None

    def take_apart(self, answer: bytes) -> bytes:
        """The answer with its first rows inline and the others as pieces to be fetched."""
        import pyarrow as pa

        body = json.loads(answer)
        data = body.get("data") or {}
        if data.get("queryResultFormat") != "arrow" or int(data.get("total") or 0) <= self.chunk_rows:
            return answer
        table = pa.ipc.open_stream(base64.b64decode(data["rowsetBase64"])).read_all()
        parts = [table.slice(at, self.chunk_rows) for at in range(0, len(table), self.chunk_rows)]
        packed = []
        for part in parts:
            sink = pa.BufferOutputStream()
            with pa.ipc.new_stream(sink, table.schema) as writer:
                writer.write_table(part)
            packed.append(sink.getvalue().to_pybytes())
        data["rowsetBase64"] = base64.b64encode(packed[0]).decode()
        data["chunks"] = []
        for part, content in zip(parts[1:], packed[1:], strict=True):
            name = uuid.uuid4().hex
            self.chunks[name] = content
            size = {"uncompressedSize": len(content), "compressedSize": len(content)}
            url = f"http://127.0.0.1:{self.port}/chunks/{name}"
            data["chunks"].append({"url": url, "rowCount": len(part), **size})
        return json.dumps(body).encode()


class _Handler(BaseHTTPRequestHandler):
    proxy: Proxy
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def do_POST(self) -> None:
        self._handle()

    def do_GET(self) -> None:
        self._handle()

    def _handle(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        plain = gzip.decompress(body) if self.headers.get("Content-Encoding") == "gzip" else body
        try:
            read: Any = json.loads(plain) if plain else None
        except ValueError:
            read = plain
        call = Call(self.command, self.path, read)
        self.proxy.calls.append(call)
        fault = self.proxy.fault_of(str(call))
        if fault is not None and not self._broken(fault):
            return
        status, content = self._answer(body)
        if fault is not None and fault.kind == "cut":
            self._send(status, content, {"X-Cut": "1"}, cut=True)
            return
        self._send(status, content, {})

    def _broken(self, fault: Fault) -> bool:
        """True when the request is to be answered all the same."""
        if fault.kind == "hold":
            self.proxy.holding.set()
            self.proxy.released.wait(20)
            return True
        if fault.kind == "cut":
            return True
        if fault.kind == "drop":
            self._hang_up()
        elif fault.kind.startswith("{"):
            self._send(200, fault.kind.encode(), fault.headers)
        else:
            self._send(int(fault.kind), b"no", fault.headers)
        return False

    def _answer(self, body: bytes) -> tuple[int, bytes]:
        if self.path.startswith("/chunks/"):
            return 200, self.proxy.chunks[self.path.rpartition("/")[2]]
        connection = http.client.HTTPConnection("127.0.0.1", self.proxy.upstream, timeout=120)
        with contextlib.closing(connection):
            headers = {
                name: value for name, value in self.headers.items() if name.lower() not in ("host", "accept-encoding")
            }
            connection.request(self.command, self.path, body, headers)
            answer = connection.getresponse()
            content = answer.read()
        if self.proxy.chunk_rows and self.path.startswith("/queries/v1/query-request"):
            content = self.proxy.take_apart(content)
        return answer.status, content

    def _send(self, status: int, content: bytes, headers: Mapping[str, str], *, cut: bool = False) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", **headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content[: len(content) // 2] if cut else content)
        if cut:
            self.wfile.flush()
            self._hang_up()

    def _hang_up(self) -> None:
        # Without lingering the other side gets a reset, as from a router that forgot the connection.
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True
        with contextlib.suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)
        self.connection.close()


@contextlib.contextmanager
def pieces(python: Path, upstream: int, chunk_rows: int, *faults: Fault) -> Iterator[int]:
    """The port of a proxy that answers in pieces, as a process of fakesnow's own environment (``python``)."""
    told = json.dumps([[f.match, f.kind, f.after, f.times] for f in faults])
    process = subprocess.Popen(
        [python, __file__, str(upstream), str(chunk_rows), told], stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert re.fullmatch(r"\d+\n", line), "the proxy did not start"
        yield int(line)
    finally:
        process.terminate()
        process.wait(10)
        if process.stdout is not None:
            process.stdout.close()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("upstream", type=int)
    parser.add_argument("chunk_rows", type=int)
    parser.add_argument("faults")
    chosen = parser.parse_args()
    faults = [Fault(*item) for item in json.loads(chosen.faults)]
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    with Proxy(chosen.upstream, chunk_rows=chosen.chunk_rows, faults=faults) as proxy:
        sys.stdout.write(f"{proxy.port}\n")
        sys.stdout.flush()
        stop.wait()


if __name__ == "__main__":
    main()
