"""The HTTP extractor as its own process, against a real server: what is published, what is said, what is kept."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.e2e.attempts import Attempt, attempt
from tests.servers.http_server import CUT, DROP, Answer, Call, HttpServer, pages, refused_port

MODULE = "orch_tui.components.http_extractor"
SECRET = "s3cret-4711-value"


@pytest.fixture
def server() -> Iterator[HttpServer]:
    with HttpServer() as running:
        yield running


class Project:
    """A project whose task ``extract`` runs again and again, each time as an attempt of its own."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.number = 0
        self.last: Attempt

    def run(
        self, parameters: dict[str, Any], outputs: list[dict[str, Any]] | None = None, action: str = "run"
    ) -> tuple[int, str, str]:
        self.number += 1
        self.last = attempt(
            self.root,
            parameters,
            outputs=outputs or [{"source": "items", "destination": "shop/items", "mode": "full"}],
            secrets={"TOKEN": SECRET},
            name=str(self.number),
        )
        path = self.last.data / "config.json"
        body = json.loads(path.read_text())
        body["action"] = action
        body["orch_tui"] |= {"component": "http-extractor", "configuration": "shop"}
        path.write_text(json.dumps(body))
        code, out, err = self.last.run(MODULE)
        for text in (out, err, *(file.read_text() for file in self.last.data.rglob("*.json"))):
            assert SECRET not in text
        return code, out, err

    def rows(self, table: str = "shop/items", order: str = "all") -> list[tuple[Any, ...]]:
        info = self.last.storage.get(table)
        assert info is not None
        with duckdb.connect() as con:
            con.execute("set timezone = 'UTC'")
            return con.execute(f"from read_parquet('{info.file}') order by {order}").fetchall()

    def columns(self, table: str = "shop/items") -> dict[str, str]:
        info = self.last.storage.get(table)
        assert info is not None
        return dict(info.columns)

    @property
    def state(self) -> Any:
        return json.loads((self.root / ".orch" / "state" / "http-extractor" / "shop.json").read_text())


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


def output(mode: str = "incremental", **more: Any) -> list[dict[str, Any]]:
    return [{"source": "items", "destination": "shop/items", "mode": mode, "primary_key": ["id"], **more}]


ITEMS = [{"id": number, "name": f"n{number}"} for number in range(250)]


def test_offset_pages_with_faults_on_the_way(server: HttpServer, project: Project) -> None:
    # GIVEN 250 records, a server that gives 100 at most, and a fault of each kind on the way
    faults = iter(
        [Answer(429, headers={"Retry-After": "0"}), None, Answer(503, headers={"Retry-After": "0"}), None, None]
    )
    page = pages(ITEMS)
    server.route("/v1/items", lambda call: next(faults, None) or page(call))
    # WHEN they are extracted with a token, 200 at a time
    code, out, err = project.run(
        {
            "base_url": f"{server.url}/v1",
            "path": "items",
            "auth": {"type": "bearer", "token": "${TOKEN}"},
            "pagination": {"type": "offset", "limit_param": "limit", "limit": 200},
        }
    )
    # THEN all of them are there, although each page was shorter than asked for
    assert (code, err) == (0, "")
    assert project.rows() == [(item["id"], item["name"]) for item in ITEMS]
    assert project.columns() == {"id": "BIGINT", "name": "VARCHAR"}
    assert [call.query.get("offset") for call in server.calls] == ["0", "0", "100", "100", "200", "250"]
    assert "waiting 0 s: the server asked for it (429 Too Many Requests)" in out
    assert f"250 records on 4 pages of {server.url}/v1/items" in out
    assert project.last.result["metrics"] == {"pages": 4, "records": 250}
    assert {call.headers["Authorization"] for call in server.calls} == {f"Bearer {SECRET}"}
