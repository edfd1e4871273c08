"""A stand-in for Mailchimp's Marketing API on loopback, for the sample pipeline and for tests; standard library only.

    python -m sample_configs.stand_ins.mailchimp --port 8043 --state audience.json

It keeps one audience and runs batches of operations in the background, as Mailchimp does
(https://mailchimp.com/developer/marketing/api/ and …/guides/run-async-requests-batch-endpoint/). Contacts are saved
to a JSON file, so that a second run updates what the first one created. It is as strict as the real one is documented
to be: Basic authentication, required fields, types of merge fields, the status of a contact that exists.
"""

from __future__ import annotations

import argparse
import base64
import contextlib
import hashlib
import http.client
import json
import os
import queue
import re
import socket
import threading
import time
import uuid
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from sample_configs.stand_ins.mailchimp_audience import Answer, Audience, problem
from sample_configs.stand_ins.mailchimp_batches import Batch, Fault, archive

__all__ = ["API_KEY", "AUDIENCE", "Audience", "Batch", "Fault", "StandIn", "serve", "subscriber_hash"]

API_KEY = "0123456789abcdef0123456789abcdef-us21"
AUDIENCE = "a1b2c3d4e5"
_INNER = "X-Stand-In-Batch"
_ACCOUNT = {
    "account_id": "8d3a3db4d97663a9074efcc16",
    "account_name": "Northwind Outdoor",
    "email": "owner@example.com",
    "username": "northwind",
    "role": "owner",
    "total_subscribers": 0,
}


class StandIn:
    """The running server. ``seen`` counts requests by method and path, ``writes`` the accepted writes by contact.

    ``through`` is the address of a proxy before this server: operations of batches take the way through it too, so
    that it sees what they hold (with ``every`` = 4 each fourth one). With ``count_only`` nothing is kept but numbers,
    for tests with very many contacts.
    """

    def __init__(
        self,
        port: int = 0,
        state: Path | None = None,
        *,
        api_key: str = API_KEY,
        audience: Audience | None = None,
        count_only: bool = False,
    ) -> None:
        self.api_key = api_key
        self.audience = audience or Audience(AUDIENCE, "Newsletter")
        self.through: str | None = None
        self.every = 1
        self._proxy: http.client.HTTPConnection | None = None
        self.count_only = count_only
        self.faults: list[Fault] = []
        self.seen: Counter[str] = Counter()
        self.operations: list[dict[str, Any]] = []
        self.counted = 0
        self.largest = 0
        self.batches: dict[str, Batch] = {}
        self.hold = threading.Event()
        """Batches stay pending while it is not set."""
        self.hold.set()
        self.reached = threading.Event()
        self.release = threading.Event()
        self.lock = threading.RLock()
        self._state = state
        if state is not None and state.exists():
            self.audience.load(json.loads(state.read_text(encoding="utf-8")))
        self._work: queue.Queue[Batch | None] = queue.Queue()
        self._server = ThreadingHTTPServer(("127.0.0.1", port), _handler(self))
        self._server.daemon_threads = True
        self.port = int(self._server.server_address[1])
        self.url = f"http://127.0.0.1:{self.port}"
        self._threads = [
            threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True),
            threading.Thread(target=self._run_batches, daemon=True),
        ]
        for thread in self._threads:
            thread.start()

    def __enter__(self) -> StandIn:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self.hold.set()
        self.release.set()
        self._work.put(None)
        self._server.shutdown()
        self._server.server_close()
        for thread in self._threads:
            thread.join(10)
        self.save()

    def save(self) -> None:
        if self._state is None:
            return
        with self.lock:
            text = json.dumps(self.audience.dump(), ensure_ascii=False, indent=1)
            temporary = self._state.with_name(f".{self._state.name}.tmp")
            temporary.write_text(text, encoding="utf-8")
            os.replace(temporary, self._state)

    def forget(self) -> None:
        """Everything that was written and counted, and all faults: as it was at the start."""
        with self.lock:
            self.audience = Audience(self.audience.id, self.audience.name)
            self.faults, self.operations, self.counted, self.largest = [], [], 0, 0
            self.seen.clear()
            self.batches.clear()
            self.every = 1
            self.reached.clear()
            self.release.clear()

    def answer(self, method: str, path: str, query: dict[str, str], body: Any) -> Answer:
        """What one request, of its own or inside a batch, is answered with."""
        if path == "/ping" and method == "GET":
            return 200, {"health_status": "Everything's Chimpy!"}
        if path == "/" and method == "GET":
            return 200, _ACCOUNT
        if path == "/lists" and method == "GET":
            return 200, {"lists": [{"id": self.audience.id, "name": self.audience.name}], "total_items": 1}
        if path == "/batches" and method == "POST":
            return self._submit(body)
        if (found := re.fullmatch(r"/batches/([\w-]+)", path)) and method == "GET":
            with self.lock:
                batch = self.batches.get(found[1])
                return (200, self._about(batch)) if batch else problem(404, "Resource Not Found", "no such batch")
        with self.lock:
            return self.audience.answer(method, path, query, body)

    def _submit(self, body: Any) -> Answer:
        operations = body.get("operations") if isinstance(body, dict) else None
        if not isinstance(operations, list) or not operations:
            return problem(400, "Invalid Resource", "the resource submitted could not be validated: operations")
        with self.lock:
            batch = Batch(uuid.uuid4().hex[:10], operations, total=len(operations), submitted_at=_now())
            if len(self.batches) >= 500:
                # Mailchimp forgets old batches as well (after seven days).
                self.batches.pop(next(iter(self.batches)))
            self.batches[batch.id] = batch
            self.counted += len(operations)
            self.largest = max(self.largest, len(operations))
            if not self.count_only:
                self.operations += operations
        self._work.put(batch)
        return 200, self._about(batch)

    def _about(self, batch: Batch) -> dict[str, Any]:
        about: dict[str, Any] = {
            "id": batch.id,
            "status": batch.status,
            "total_operations": batch.total,
            "finished_operations": batch.finished,
            "errored_operations": batch.errored,
            "submitted_at": batch.submitted_at,
            "response_body_url": "",
        }
        if batch.status == "finished":
            about["completed_at"] = batch.completed_at
            about["response_body_url"] = f"{self.url}/archive/{batch.id}-response.tar.gz?X-Amz-Signature=abc"
        return about

    def _run_batches(self) -> None:
        while (batch := self._work.get()) is not None:
            self.hold.wait()
            batch.status = "started"
            if self.count_only:
                batch.finished = batch.total
            else:
                for operation in batch.operations:
                    self._carry_out(batch, operation)
                self.save()
            with self.lock:
                batch.operations = []
                batch.completed_at, batch.status = _now(), "finished"

    def _carry_out(self, batch: Batch, operation: dict[str, Any]) -> None:
        method, target = str(operation["method"]), "/" + str(operation["path"]).lstrip("/")
        text = operation.get("body")
        if self.through and batch.finished % self.every == 0:
            status, body = self._by_proxy(method, target, text)
        else:
            parts = urlsplit(target)
            query = dict(parse_qsl(parts.query)) | {k: str(v) for k, v in (operation.get("params") or {}).items()}
            fault = self.fault(method, parts.path)
            if fault is not None and fault.hold:
                self.reached.set()
                self.release.wait()
                fault = None
            if fault is not None:
                status, body = problem(fault.status, "Internal Server Error", "an unexpected error occurred")
            else:
                status, body = self.answer(method, parts.path, query, json.loads(text) if text else None)
        with self.lock:
            batch.finished += 1
            batch.errored += status >= 400
            result = {"status_code": status, "operation_id": operation.get("operation_id")}
            batch.results.append({**result, "response": json.dumps(body) if body is not None else ""})

    def _by_proxy(self, method: str, target: str, text: str | None) -> Answer:
        connection = self._proxy
        if connection is None:
            connection = self._proxy = http.client.HTTPConnection(str(self.through).removeprefix("http://"), timeout=30)
            connection.connect()
            connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        token = base64.b64encode(f"batch:{self.api_key}".encode()).decode()
        headers = {"Authorization": f"Basic {token}", "Content-Type": "application/json", _INNER: "1"}
        try:
            connection.request(method, target, text.encode() if text else None, headers)
            reply = connection.getresponse()
            data = reply.read()
        except (OSError, http.client.HTTPException):
            # The connection was idle for too long; Mailchimp would answer so too when it is in trouble.
            connection.close()
            self._proxy = None
            return problem(503, "Service Unavailable", "try again")
        return reply.status, json.loads(data) if data else None

    def fault(self, method: str, path: str) -> Fault | None:
        with self.lock:
            return next((fault for fault in self.faults if fault.strikes(method, path)), None)


def serve(port: int = 0, state: Path | None = None, **more: Any) -> StandIn:
    """Start the stand-in; it runs until its ``close``. See :class:`StandIn` for the rest."""
    return StandIn(port, state, **more)


def subscriber_hash(address: str) -> str:
    return hashlib.md5(address.strip().lower().encode(), usedforsecurity=False).hexdigest()


def _now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime())


def _handler(stand_in: StandIn) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 60
        # Head and body are two writes; without this each answer waits for the other side's delayed acknowledgement.
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            self._serve()

        do_POST = do_PUT = do_PATCH = do_DELETE = do_GET

        def _serve(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            data = self.rfile.read(length)
            parts = urlsplit(self.path)
            path = parts.path.removeprefix("/3.0") or "/"
            if path.startswith("/archive/"):
                self._archive(path)
                return
            inner = self.headers.get(_INNER) is not None
            with stand_in.lock:
                stand_in.seen[f"{'batch ' if inner else ''}{self.command} {_shape(path)}"] += 1
            if not self._authorized():
                detail = "Your API key may be invalid, or you've attempted to access the wrong datacenter."
                self._send(*problem(401, "API Key Invalid", detail))
                return
            fault = stand_in.fault(self.command, path)
            if fault is not None and not fault.drop:
                self._send(*problem(fault.status, "Internal Server Error", "try again"), headers=fault.headers)
                return
            try:
                body = json.loads(data) if data else None
            except ValueError:
                self._send(*problem(400, "JSON Parse Error", "We encountered an unspecified JSON parsing error."))
                return
            status, answer = stand_in.answer(self.command, path, dict(parse_qsl(parts.query)), body)
            if fault is not None:
                with contextlib.suppress(OSError):
                    self.connection.shutdown(socket.SHUT_RDWR)
                self.close_connection = True
                return
            if not inner and self.command != "GET" and path != "/batches":
                stand_in.save()
            self._send(status, answer)

        def _authorized(self) -> bool:
            kind, _, token = (self.headers.get("Authorization") or "").partition(" ")
            try:
                name_and_key = base64.b64decode(token, validate=True).decode()
            except ValueError:
                return False
            return kind.lower() == "basic" and name_and_key.partition(":")[2] == stand_in.api_key

        def _archive(self, path: str) -> None:
            with stand_in.lock:
                batch = stand_in.batches.get(path.removeprefix("/archive/").removesuffix("-response.tar.gz"))
            if self.headers.get("Authorization"):
                # As Amazon S3: a signed address and a header exclude each other.
                self._send(*problem(400, "InvalidArgument", "Only one auth mechanism allowed"))
            elif batch is None or stand_in.fault("GET", path) is not None:
                self._send(*problem(503 if batch else 404, "SlowDown", "Please reduce your request rate."))
            else:
                self._send(200, archive(batch), kind="application/x-gzip")

        def _send(
            self, status: int, answer: Any, *, headers: dict[str, str] | None = None, kind: str | None = None
        ) -> None:
            data = b"" if answer is None else answer if isinstance(answer, bytes) else json.dumps(answer).encode()
            self.send_response(status)
            if data:
                default = "application/problem+json" if status >= 400 else "application/json"
                self.send_header("Content-Type", kind or f"{default}; charset=utf-8")
            if status != 204:
                self.send_header("Content-Length", str(len(data)))
            for name, value in (headers or {}).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, format: str, *arguments: Any) -> None:
            """Quiet: addresses hold no secrets, but a log of each request helps nobody."""

    return Handler


def _shape(path: str) -> str:
    """The path with ids taken out, for counting."""
    path = re.sub(r"/[0-9a-f]{32}\b", "/{hash}", path)
    return re.sub(r"^/(lists|batches)/[\w-]+", r"/\1/{id}", path)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--port", type=int, default=0, help="port on 127.0.0.1; a free one by default")
    parser.add_argument("--state", type=Path, help="JSON file that keeps the contacts between two starts")
    parser.add_argument("--api-key", default=API_KEY, help="the key that is accepted (default: %(default)s)")
    chosen = parser.parse_args()
    with serve(chosen.port, chosen.state, api_key=chosen.api_key) as server:
        print(f"Mailchimp stand-in: {server.url} audience {server.audience.id}", flush=True)  # noqa: T201
        with contextlib.suppress(KeyboardInterrupt):
            threading.Event().wait()


if __name__ == "__main__":
    main()
