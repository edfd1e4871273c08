"""The HTTP extractor against json-server, a REST server that nobody of this project wrote.

https://github.com/typicode/json-server/tree/v0.17.4
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from orch_tui.components.http_api import extractor as http_extractor
from orch_tui.components.http_api.extractor import Parameters
from orch_tui.components.kit.component import Answer, Context
from orch_tui.model.components.configuration import WriteMode
from orch_tui.model.errors import UserError

from tests.servers.tools import program, tool
from tests.support.bench import Bench

POSTS = [
    {"id": n, "title": f"title {n}", "author": {"name": "Zoë"}, "at": f"2026-01-{n % 28 + 1:02d}T00:00:00Z"}
    for n in range(1, 236)
]


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server with 235 posts."""
    start = tool("json-server") / "node_modules" / ".bin" / "json-server"
    home = tmp_path_factory.mktemp("json-server")
    (home / "db.json").write_text(json.dumps({"posts": POSTS}))
    for _ in range(3):
        # It cannot choose a free port itself; another program may be quicker to take this one.
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        with (home / "log").open("wb") as log:
            process = subprocess.Popen(
                [str(program("node")), str(start), "--host", "127.0.0.1", "--port", str(port), "db.json"],
                cwd=home,
                env={"PATH": os.environ["PATH"], "HOME": str(home)},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            if _answers(process, port):
                yield f"http://127.0.0.1:{port}"
                return
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait(10)
    pytest.fail(f"json-server does not start: {(home / 'log').read_text(errors='replace')[-2000:]}")


def _answers(process: subprocess.Popen[bytes], port: int) -> bool:
    limit = time.monotonic() + 30
    while time.monotonic() < limit and process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
        time.sleep(0.05)
    return False


def extract(bench: Bench, url: str, mode: WriteMode = WriteMode.FULL, **more: Any) -> Context:
    ctx = bench.context(mode=mode)
    http_extractor.run(Parameters(base_url=url, **{"path": "posts", **more}), ctx)
    return ctx


@pytest.mark.parametrize(
    ("pagination", "pages"),
    [
        ({"type": "offset", "offset_param": "_start", "limit_param": "_limit", "limit": 100}, 4),
        ({"type": "offset", "offset_param": "_start", "limit_param": "_limit", "limit": 100, "stop": "short"}, 3),
        ({"type": "page", "page_param": "_page", "limit_param": "_limit", "limit": 47}, 6),
        ({"type": "link", "limit_param": "_limit", "limit": 100}, 3),
        ({"type": "none"}, 1),
    ],
)
def test_every_way_through_the_pages(url: str, tmp_path: Path, pagination: dict[str, Any], pages: int) -> None:
    # GIVEN a server with 235 posts (whose link header needs a page to begin with)
    bench = Bench(tmp_path)
    params: dict[str, Any] = {"_page": 1} if pagination["type"] == "link" else {}
    # WHEN they are read page by page
    ctx = extract(bench, url, pagination=pagination, params=params)
    # THEN all are there, once, in order, flat and typed
    assert ctx.metrics == {"pages": pages, "records": 235}
    assert [row[0] for row in bench.rows()] == list(range(1, 236))
    assert bench.columns() == {
        "id": "BIGINT", "title": "VARCHAR", "author_name": "VARCHAR", "at": "TIMESTAMP WITH TIME ZONE",
    }  # fmt: skip


def test_what_is_new(url: str, tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    rule = {"field": "at", "param": "at_gte", "initial": "2026-01-26"}
    ctx = extract(bench, url, WriteMode.APPEND, incremental=rule)
    assert ctx.next_state is not None
    assert (ctx.next_state["field"], ctx.next_state["last"]) == ("at", "2026-01-28T00:00:00Z")
    assert {row[3] for row in bench.rows()} == {datetime(2026, 1, day, tzinfo=UTC) for day in (26, 27, 28)}


def test_its_errors_and_the_test_of_a_connection(url: str, tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    with pytest.raises(UserError, match=r"/nothing: the server knows no such address \(404 Not Found\)"):
        extract(bench, url, path="nothing")
    pagination = {"type": "offset", "offset_param": "_start", "limit_param": "_limit"}
    parameters = Parameters(base_url=url, path="posts", pagination=pagination)
    answer = http_extractor.test_connection(parameters, bench.context())
    assert answer == Answer(
        f"{url}/posts answers with 1 record, with the fields id, title, author, at", ("id", "title", "author", "at")
    )
