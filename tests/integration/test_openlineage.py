"""A run as events of OpenLineage, as the standard's own client writes them."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.support.commands import command_here
from tests.support.table_launcher import TableLauncher

pytest.importorskip("openlineage.client", exc_type=ImportError)

from orch_tui.engine.runs.start import RunRequest
from orch_tui.project.project import open_project


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A source and a transformation, which ran once; the second try of another one failed."""
    (tmp_path / "orch.toml").write_text('name = "Shop"\n')
    for name, body in {
        "file-extractor/a": '[parameters]\npath = "a.csv"\n[[outputs]]\nname = "a"\ntable = "raw/a"\n',
        "sql/b": '[parameters]\nsql = "create table b as select k + 1 as n from a where k > 1"\n'
        '[[inputs]]\ntable = "raw/a"\n[[outputs]]\nname = "b"\ntable = "mart/b"\n',
        "sql/bad": '[parameters]\nsql = "select 1"\n[[outputs]]\nname = "c"\ntable = "mart/c"\n',
    }.items():
        path = tmp_path / "configurations" / f"{name}.toml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(body)
    (tmp_path / "orchestrations").mkdir()
    (tmp_path / "orchestrations" / "o.toml").write_text(
        '[[phases]]\nname = "A"\n[[phases.tasks]]\nid = "a"\nconfiguration = "file-extractor/a"\n'
        '[[phases]]\nname = "B"\n[[phases.tasks]]\nid = "b"\nconfiguration = "sql/b"\n'
        '[[phases.tasks]]\nid = "bad"\nconfiguration = "sql/bad"\n'
    )
    opened = open_project(tmp_path)
    launcher = TableLauncher(opened)
    launcher.failing = {"sql/bad"}
    launcher.run(RunRequest("o"))
    return tmp_path


def of(events: list[dict[str, Any]], job: str, kind: str) -> dict[str, Any]:
    (one,) = [event for event in events if event["job"]["name"] == job and event["eventType"] == kind]
    return one


def test_to_a_file(project: Path, tmp_path: Path) -> None:
    # WHEN
    file = tmp_path / "events.jsonl"
    done = command_here(project, "openlineage", "--to", str(file))
    # THEN there is a start and an end of the run and of each attempt
    assert done.returncode == 0, done.stderr
    assert "8 events" in done.stdout
    events = [json.loads(line) for line in file.read_text().splitlines()]
    assert of(events, "o", "FAIL")["run"]["runId"] == of(events, "o", "START")["run"]["runId"]
    # AND what the transformation read and wrote, to the columns
    end = of(events, "o.b", "COMPLETE")
    assert end["run"]["facets"]["parent"]["run"]["runId"] == of(events, "o", "START")["run"]["runId"]
    assert [(one["namespace"], one["name"]) for one in end["inputs"]] == [("Shop", "raw/a")]
    (output,) = end["outputs"]
    (origin,) = output["facets"]["columnLineage"]["fields"]["n"]["inputFields"]
    assert (origin["name"], origin["field"], origin["transformations"][0]["type"]) == ("raw/a", "k", "DIRECT")
    # AND what is outside, and why one failed
    assert of(events, "o.a", "COMPLETE")["inputs"][0]["name"] == "a.csv"
    assert "exit code 1" in of(events, "o.bad", "FAIL")["run"]["facets"]["errorMessage"]["message"]


def test_to_an_address(project: Path) -> None:
    # GIVEN a server
    came: list[dict[str, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            came.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(201)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Nothing is said."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        # WHEN
        done = command_here(project, "openlineage", "--to", f"http://127.0.0.1:{server.server_port}")
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
    # THEN
    assert done.returncode == 0, done.stderr
    assert len(came) == 8


def test_nobody_listens(project: Path) -> None:
    done = command_here(project, "openlineage", "--to", "https://127.0.0.1:1/")
    assert done.returncode == 2
    assert "0 events were sent" in done.stderr
