"""A server that speaks S3 on loopback: moto, with faults between it and its clients.

    with S3Server() as server:
        address = server.address()
        server.fault = lambda call: Fault(lose=True) if call.method == "PUT" else None
        … server.calls …

moto looks at a condition and writes in two steps: requests reach it one by one here, as a store that keeps its word
behaves.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import pytest
from orch_tui.project.definitions.storage_address import StorageAddress
from orch_tui.storage.objects.bucket import Bucket
from orch_tui.storage.storage import Storage

KEYS = ("AKIDEXAMPLE", "s3-test-key-3f9c17")
BUCKET = "tables-of-tests"


@dataclass(frozen=True, slots=True)
class S3Call:
    """``key`` is the object's, without the bucket; ``headers`` are those of the condition alone."""

    method: str
    key: str
    condition: str


@dataclass(frozen=True, slots=True)
class Fault:
    """``status`` instead of asking the store; ``lose``: it is asked, and its answer never arrives; ``without``: it is
    asked as if there were no condition; ``wait`` is an event that is waited for before, a minute at most."""

    status: int = 0
    lose: bool = False
    without_condition: bool = False
    wait: threading.Event | None = None


class S3Server:
    """With the bucket :data:`BUCKET`. ``fault`` says what goes wrong with a request; it may be set at any time."""

    def __init__(self) -> None:
        pytest.importorskip("obstore", reason="obstore is not installed")
        moto = pytest.importorskip("moto.server", reason="moto is not installed")
        serving = pytest.importorskip("werkzeug.serving")
        self.calls: list[S3Call] = []
        self.fault: Callable[[S3Call], Fault | None] = lambda call: None
        self._app = moto.DomainDispatcherApplication(moto.create_backend_app)
        self._one = threading.Lock()
        self._server = serving.make_server("127.0.0.1", 0, self._serve, threaded=True, request_handler=_quiet(serving))
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def address(self, prefix: str = "project", lease: float = 15.0) -> StorageAddress:
        return StorageAddress(BUCKET, prefix, self.url, lease=lease)

    def storage(self, home: Path, prefix: str = "project", lease: float = 15.0, **settings: Any) -> Storage:
        """A storage as a machine of its own has it: ``home`` is its project's directory."""
        root = home / ".orch" / "storage"
        root.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        return Storage(root, place=Bucket(root, self.address(prefix, lease), lambda: (*KEYS, None)), **settings)

    def settings(self, prefix: str = "project") -> str:
        """For ``orch.toml``."""
        return f'[storage]\nurl = "s3://{BUCKET}/{prefix}"\nendpoint = "{self.url}"\n'

    def __enter__(self) -> S3Server:
        self._thread.start()
        import urllib.request

        urllib.request.urlopen(urllib.request.Request(f"{self.url}/{BUCKET}", method="PUT")).close()
        self.calls.clear()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _serve(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        key = environ["PATH_INFO"].removeprefix(f"/{BUCKET}").lstrip("/")
        condition = environ.get("HTTP_IF_MATCH") or environ.get("HTTP_IF_NONE_MATCH") or ""
        call = S3Call(environ["REQUEST_METHOD"], key, condition)
        fault = self.fault(call) or Fault()
        self.calls.append(call)
        if fault.wait is not None:
            fault.wait.wait(60)
        if fault.status:
            start(f"{fault.status} Fault", [("Content-Type", "application/xml")])
            return [b"<Error><Code>InternalError</Code><Message>made up by a test</Message></Error>"]
        if fault.without_condition:
            environ.pop("HTTP_IF_MATCH", None)
            environ.pop("HTTP_IF_NONE_MATCH", None)
        said: list[Any] = []
        with self._one:
            body = list(self._app(environ, lambda *arguments: said.append(arguments)))
        if fault.lose:
            environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
            raise ConnectionAbortedError("the answer is lost on purpose")
        start(*said[-1])
        return body


def _quiet(serving: Any) -> type:
    class Quiet(serving.WSGIRequestHandler):  # type: ignore[misc]
        def log(self, *arguments: object) -> None:
            """Nobody reads what the server says of each request."""

    return Quiet


@pytest.fixture(scope="module")
def s3_server() -> Iterator[S3Server]:
    with S3Server() as server:
        yield server


@pytest.fixture
def s3(s3_server: S3Server) -> Iterator[S3Server]:
    """The server of the module without faults; each test takes a prefix of its own."""
    s3_server.fault = lambda call: None
    s3_server.calls.clear()
    yield s3_server
    s3_server.fault = lambda call: None
