"""Memory of the HTTP writer: the same for a million rows as for a hundred thousand."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from orch_tui.storage.tables import Publication

from tests.integration.attempts import attempt
from tests.support.tables import parquet_file

pytestmark = pytest.mark.bench
QUERY = "select i as id, 'person number ' || i as name, i * 1.5 as amount, now() as at from range({rows}) t(i)"


class _Counting(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    rows = 0

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        type(self).rows += len(json.loads(body))
        self.send_response(204)
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def address() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Counting) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}/hook"
        server.shutdown()


def peak_mb(root: Path, address: str, rows: int) -> float:
    """Peak of the memory of one attempt, as the kernel counts it."""
    given = attempt(
        root, {"url": address, "body": "array", "batch_size": 1000}, [{"source": "b/t", "destination": "t"}]
    )
    given.storage.publish([Publication("b/t", parquet_file(root / "seed.parquet", QUERY.format(rows=rows)))])
    _Counting.rows = 0
    process = given.start("orch_tui.components.http_api.writer")
    _, status, usage = os.wait4(process.pid, 0)
    assert os.waitstatus_to_exitcode(status) == 0, process.stderr and process.stderr.read()
    assert _Counting.rows == rows
    process.returncode = 0
    process.communicate()
    return usage.ru_maxrss / 1024


def test_memory_does_not_grow_with_the_rows(tmp_path: Path, address: str) -> None:
    # GIVEN / WHEN
    small = peak_mb(tmp_path / "small", address, 100_000)
    large = peak_mb(tmp_path / "large", address, 1_000_000)
    # THEN
    print(f"\nhttp-writer: {small:.0f} MB for 100,000 rows, {large:.0f} MB for 1,000,000 ({large / small:.2f})")
    assert large < small * 1.5
