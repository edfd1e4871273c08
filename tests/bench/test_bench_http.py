"""Memory of the HTTP extractor: 100,000 and 1,000,000 records, in pages and in one answer.

``pytest -m bench -s tests/bench/test_bench_http.py``
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.integration.attempts import attempt
from tests.servers.http_server import Answer, Call, HttpServer

pytestmark = pytest.mark.bench
PAGE = 5_000
RECORD = (
    '{{"id":{0},"name":"campaign {0}","zip":"0{0}","active":true,"budget":{0}.25,"at":"2026-01-31T10:00:00Z",'
    '"owner":{{"id":7,"name":"Zoë"}},"tags":["a","b"]}}'
)


def records(start: int, stop: int) -> Iterator[bytes]:
    """A JSON array of records, in pieces."""
    yield b"["
    for at in range(start, stop, 1_000):
        text = ",".join(RECORD.format(number) for number in range(at, min(at + 1_000, stop)))
        yield (("," if at > start else "") + text).encode()
    yield b"]"


def extract(root: Path, url: str, count: int, parameters: dict[str, Any], key: list[str]) -> tuple[float, float]:
    """Peak resident memory of the task's process (MB), and its seconds."""
    root.mkdir()
    output = {"source": "x", "destination": "a/x", "primary_key": key}
    given = attempt(root, {"base_url": url, **parameters}, outputs=[output])
    before = time.perf_counter()
    process = given.start("orch_tui.components.http_api.extractor")
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - before
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.stderr is not None and process.stdout is not None
    assert (process.returncode, process.stderr.read()) == (0, "")
    process.stdout.close()
    process.stderr.close()
    info = given.storage.get("a/x")
    assert info is not None and info.rows == count
    return usage.ru_maxrss / 1024, seconds


@pytest.mark.parametrize(("kind", "most"), [("pages", 1.9), ("one answer", 1.9), ("pages, primary key", 2.4)])
def test_memory_is_flat(tmp_path: Path, kind: str, most: float) -> None:
    # Finding keys that come twice takes a table of the keys, which DuckDB moves to disk beyond 512 MB.
    key = ["id"] if "key" in kind else []
    pagination = {"pagination": {"type": "offset", "limit_param": "limit", "limit": PAGE}} if "pages" in kind else {}
    # 100,000 rows do not fill a row group of Parquet yet; from a million on the peak stays where it is.
    found = []
    for count in (100_000, 1_000_000):

        def answer(call: Call, count: int = count) -> Answer:
            start = int(call.query.get("offset", "0"))
            size = int(call.query.get("limit", str(count)))
            headers = {"Content-Type": "application/json"}
            return Answer(body=records(start, min(start + size, count)), headers=headers)

        with HttpServer() as server:
            server.route("/x", answer)
            found.append(extract(tmp_path / str(count), server.url, count, {"path": "x", **pagination}, key))
        print(f"{kind}: {count} records: {found[-1][0]:.0f} MB, {found[-1][1]:.1f} s")
    ratio = found[1][0] / found[0][0]
    print(f"{kind}: ratio {ratio:.2f}")
    assert ratio < most
