"""The HTTP extractor as its own process, against a real server: what is published, what is said, what is kept."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from orch_tui.components.http_api import extractor as http_extractor
from orch_tui.components.kit.parameters import load_parameters
from orch_tui.model.errors import UserError
from orch_tui.project.masking.redactor import Redactor

from tests.integration.attempts import Attempt, attempt
from tests.servers.http_server import CUT, DROP, Answer, Call, HttpServer, pages, refused_port
from tests.support.bench import Bench
from tests.support.tables import database
from tests.support.tasks_here import run_here

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
        self.as_process = False
        """As the engine does it; else in this process, which is many times cheaper and reads and writes the same."""

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
        code, out, err = self._execute()
        for text in (out, err, *(file.read_text() for file in self.last.data.rglob("*.json"))):
            assert SECRET not in text
        return code, out, err

    def _execute(self) -> tuple[int, str, str]:
        if self.as_process:
            return self.last.run(http_extractor.__name__)
        return run_here(self.last, http_extractor)

    def rows(self, table: str = "shop/items", order: str = "all") -> list[tuple[Any, ...]]:
        info = self.last.storage.get(table)
        assert info is not None
        with database() as con:
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


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def refused(bench: Bench, parameters: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> str:
    """The sentence with which an extraction in this process ends; one line, nothing written."""
    monkeypatch.setenv("TOKEN", SECRET)
    ctx = bench.context(outputs=("items",))
    with pytest.raises(UserError) as caught:
        http_extractor.run(load_parameters(http_extractor.Parameters, parameters, Redactor()), ctx)
    assert not list((bench.data / "out" / "tables").iterdir()) and not list((bench.data / "tmp" / "http").iterdir())
    assert "\n" not in str(caught.value) and SECRET not in str(caught.value) + "".join(bench.lines)
    return str(caught.value)


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


def test_nested_objects_become_columns_and_lists_become_tables(server: HttpServer, project: Project) -> None:
    # GIVEN two pages whose records have different members
    server.script(
        "/orders",
        Answer(
            json={
                "data": {
                    "orders": [
                        {
                            "id": 1,
                            "customer": {"name": "Zoë", "address": None},
                            "zip": "00123",
                            "lines": [{"sku": "a", "qty": 1}, {"sku": "b", "qty": 2, "id": 9}],
                            "tags": ["x", "y"],
                            "raw": {"k1": 1},
                            "day": "2026-01-31",
                            "at": "2026-01-31T10:00:00Z",
                        }
                    ]
                },
                "next": "/orders2?page=2",
            }
        ),
    )
    server.script(
        "/orders2",
        Answer(
            json={
                "next": None,
                "data": {
                    "orders": [
                        {
                            "extra": 1.5,
                            "id": 2,
                            "customer": {"address": {"city": "Wien"}},
                            "lines": [],
                            "tags": [],
                            "raw": {"k2": [1, 2]},
                            "day": "2026-02-01",
                            "at": "2026-02-01T10:00:00.5Z",
                            "big": 12345678901234567890123,
                            "mixed": 1,
                        },
                        {"id": 3, "mixed": "a", "zip": None, "nothing": None},
                    ]
                },
            }
        ),
    )
    # WHEN they are extracted into three tables
    code, _, err = project.run(
        {
            "base_url": server.url,
            "path": "orders",
            "records": "data.orders",
            "pagination": {"type": "link", "next_path": "next"},
            "keep_json": ["raw"],
            "types": {"extra": "DECIMAL(9,2)"},
            "children": [
                {"path": "lines", "output": "lines", "keys": {"order_id": "id"}, "position": "line"},
                {"path": "tags", "output": "tags", "keys": {"order_id": "id"}},
            ],
        },
        [
            {"source": "orders", "destination": "shop/orders", "primary_key": ["id"]},
            {"source": "lines", "destination": "shop/lines", "primary_key": ["order_id", "line"]},
            {"source": "tags", "destination": "shop/tags"},
        ],
    )
    # THEN columns are the same for all of them, with the types that all values have
    assert (code, err) == (0, "")
    assert project.columns("shop/orders") == {
        "id": "BIGINT", "customer_name": "VARCHAR", "customer_address_city": "VARCHAR", "zip": "VARCHAR", "raw": "JSON",
        "day": "DATE", "at": "TIMESTAMP WITH TIME ZONE", "extra": "DECIMAL(9,2)", "big": "VARCHAR", "mixed": "VARCHAR",
        "nothing": "VARCHAR",
    }  # fmt: skip
    first, second, third = project.rows("shop/orders", "id")
    at = datetime(2026, 1, 31, 10, tzinfo=UTC)
    assert first == (1, "Zoë", None, "00123", '{"k1":1}', date(2026, 1, 31), at, None, None, None, None)
    assert (
        second[2] == "Wien"
        and second[4] == '{"k2":[1,2]}'
        and str(second[7]) == "1.50"
        and second[8] == str(12345678901234567890123)
    )
    assert second[6] == datetime(2026, 2, 1, 10, 0, 0, 500_000, tzinfo=UTC) and third[9] == "a"
    assert project.rows("shop/lines") == [(1, 1, "a", 1, None), (1, 2, "b", 2, 9)]
    assert project.columns("shop/lines") == {
        "order_id": "BIGINT", "line": "BIGINT", "sku": "VARCHAR", "qty": "BIGINT", "id": "BIGINT",
    }  # fmt: skip
    assert project.rows("shop/tags") == [(1, "x"), (1, "y")]


@pytest.mark.parametrize(("mode", "warned"), [("full", True), ("append", False)])
def test_a_wrong_path_of_a_child_is_told(server: HttpServer, project: Project, mode: str, warned: bool) -> None:
    # GIVEN records with a list, and a configuration that names it and the key wrongly
    server.script("/orders", Answer(json=[{"id": 1, "lines": [{"sku": "a"}]}, {"id": 2}]))
    child = {"path": "line", "output": "lines", "keys": {"order_id": "idd"}}
    outputs: list[dict[str, Any]] = [
        {"source": "orders", "destination": "shop/orders"},
        {"source": "lines", "destination": "shop/lines", "mode": mode},
    ]
    # WHEN they are extracted
    code, out, _ = project.run({"base_url": server.url, "path": "orders", "children": [child]}, outputs)
    # THEN it says what no record has; a table that keeps its rows may get none from a few records
    assert code == 0 and "no record has idd, line, which children names for shop/lines" in out
    assert ("warning: no record has" in out) == warned


def test_page_numbers_end_with_an_empty_page_or_none_at_all(server: HttpServer, project: Project) -> None:
    # GIVEN a server that answers 404 behind its last page
    def answer(call: Call) -> Answer:
        number = int(call.query["p"])
        return Answer(json={"r": ITEMS[number * 2 - 2 : number * 2]}) if number <= 3 else Answer(404)

    server.route("/x", answer)
    base = {"base_url": server.url, "path": "x", "records": "r"}
    # WHEN its pages are read, THEN that is the end and no failure
    code, _, err = project.run({**base, "pagination": {"type": "page", "page_param": "p"}})
    assert (code, err) == (0, "") and len(project.rows()) == 6 and len(server.calls) == 4
    # WHEN there is no first page, THEN it is a failure
    code, _, err = project.run({**base, "pagination": {"type": "page", "page_param": "p", "start": 9}})
    assert code == 1 and "knows no such address (404" in err


def test_cursors(server: HttpServer, project: Project) -> None:
    # GIVEN a search that takes its cursor in the body, and one whose cursor is the last id
    def search(call: Call) -> Answer:
        start = int((call.json.get("page") or {}).get("cursor", 0))
        following = start + 100 if start + 100 < 250 else None
        return Answer(json={"hits": ITEMS[start : start + 100], "paging": {"next": following}})

    def after(call: Call) -> Answer:
        start = int(call.query.get("after", "-1")) + 1
        return Answer(json={"data": ITEMS[start : start + 60], "has_more": start + 60 < 250})

    server.route("/search", search, "POST")
    server.route("/list", after)
    # WHEN both are read
    body = {"filter": {"name": "n"}}
    code, _, err = project.run(
        {
            "base_url": server.url, "path": "search", "method": "POST", "body": body, "records": "hits",
            "pagination": {
                "type": "cursor", "cursor_path": "paging.next", "cursor_param": "page.cursor", "place": "body",
            },
        }
    )  # fmt: skip
    assert (code, err, len(project.rows())) == (0, "", 250)
    assert [call.json for call in server.calls] == [
        body,
        {**body, "page": {"cursor": 100}},
        {**body, "page": {"cursor": 200}},
    ]
    code, _, err = project.run(
        {
            "base_url": server.url, "path": "list", "records": "data",
            "pagination": {
                "type": "cursor", "cursor_field": "id", "cursor_param": "after", "more_path": "has_more",
            },
        }
    )  # fmt: skip
    # THEN nothing is missing
    assert (code, err, len(project.rows())) == (0, "", 250)


def test_link_headers(server: HttpServer, project: Project) -> None:
    server.script("/a", Answer(json=[{"id": 1}], headers={"Link": '<a2?x=1>; rel="next last", </z>; rel=prev'}))
    server.script("/a2", Answer(json=[{"id": 2}], headers={"Link": "</a>; rel=first"}))
    code, _, err = project.run(
        {"base_url": server.url, "path": "a", "params": {"q": 5}, "pagination": {"type": "link"}}
    )
    assert (code, err) == (0, "") and project.rows() == [(1,), (2,)]
    assert [call.target for call in server.calls] == ["/a?q=5", "/a2?x=1"]


@pytest.mark.parametrize(
    ("pagination", "says"),
    [
        ({"type": "offset"}, "page 2 is the same as the page before"),
        ({"type": "cursor", "cursor_path": "next", "cursor_param": "c"}, "the same as the page before"),
        ({"type": "link", "next_path": "link"}, "the same as the page before"),
        ({"type": "page", "more_path": "has_more"}, 'the answer has nothing at "has_more"'),
    ],
)
def test_pagination_that_does_not_fit(
    server: HttpServer, bench: Bench, monkeypatch: pytest.MonkeyPatch, pagination: dict[str, Any], says: str
) -> None:
    # GIVEN a server that ignores what it is asked for
    server.script("/x", Answer(json={"r": ITEMS[:3], "next": "again", "link": "/x"}))
    # WHEN it is read, THEN that is an error
    parameters = {"base_url": server.url, "path": "x", "records": "r", "pagination": pagination}
    assert says in refused(bench, parameters, monkeypatch)


def test_a_server_that_points_in_circles_and_one_without_an_end(server: HttpServer, project: Project) -> None:
    base = {"base_url": server.url, "path": "x", "records": "r"}
    server.route("/x", lambda call: Answer(json={"r": [{"n": len(server.calls)}], "next": f"c{len(server.calls) % 2}"}))
    cursor = {"type": "cursor", "cursor_path": "next", "cursor_param": "c"}
    code, _, err = project.run({**base, "pagination": cursor})
    assert code == 1 and "points back to a page that was read already" in err
    code, _, err = project.run({**base, "pagination": {"type": "page", "max_pages": 5}})
    assert code == 0 and len(project.rows()) == 5
    assert "stopped after 5 pages, since max_pages says so" in project.last.result["warning"]


def job_server(server: HttpServer, *states: Answer) -> None:
    headers = {"Operation-Location": "/operations/7", "Location": f"{server.url}/reports/7"}
    server.script("/reports", Answer(202, json={"id": 7}, headers=headers), method="POST")
    server.script("/operations/7", *states)
    server.script("/reports/7", Answer(json={"rows": [{"day": "2026-01-01", "clicks": 5}]}))


JOB: dict[str, Any] = {
    "path": "reports", "method": "POST", "body": {"metrics": ["clicks"]}, "records": "rows",
    "job": {
        "type": "poll", "poll": "header:Operation-Location", "status": "status", "fetch": "header:Location",
        "interval": 0.05,
    },
}  # fmt: skip


def test_a_job_is_submitted_asked_and_fetched(server: HttpServer, project: Project) -> None:
    # GIVEN a job that takes a while, with a fault on the way
    job_server(
        server, Answer(202), Answer(json={"status": "notStarted"}), Answer(503, headers={"Retry-After": "0"}),
        Answer(json={"status": "running"}), Answer(json={"status": "Succeeded"}),
    )  # fmt: skip
    # WHEN it is run
    code, out, err = project.run({"base_url": server.url, **JOB})
    # THEN its rows are there, and it was submitted once
    assert (code, err) == (0, "") and project.rows() == [(date(2026, 1, 1), 5)]
    assert server.paths() == ["POST /reports", *["GET /operations/7"] * 5, "GET /reports/7"]
    assert server.calls[0].json == {"metrics": ["clicks"]} and "the job is done after 0 s" in out


@pytest.mark.parametrize(
    ("states", "job", "says"),
    [
        ([{"status": "failed", "error": {"message": "no such metric"}}], {}, "status failed: no such metric"),
        ([{"status": "running"}], {"time_limit": 0.2}, "the job is still running after"),
        ([{"state": "running"}], {}, 'has no status at "status"'),
        ([{"status": "done"}], {"fetch": "body:url"}, 'no answer has "url" in its body'),
        ([{"status": "done"}], {"fetch": "/r/{id}"}, "needs id_path"),
        ([{"status": "done"}], {"fetch": "/r/{id}", "id_path": "no"}, 'no id of a job at "no"'),
    ],
)
def test_jobs_that_fail(
    server: HttpServer,
    bench: Bench,
    monkeypatch: pytest.MonkeyPatch,
    states: list[Any],
    job: dict[str, Any],
    says: str,
) -> None:
    job_server(server, *(Answer(json=state) for state in states))
    assert says in refused(bench, {"base_url": server.url, **JOB, "job": {**JOB["job"], **job}}, monkeypatch)


def test_a_job_by_id_and_status_code(server: HttpServer, project: Project) -> None:
    server.script("/jobs", Answer(json={"job": {"id": "a-1"}}), method="POST")
    server.script("/jobs/a-1", Answer(202, headers={"Retry-After": "0"}), Answer(json=[{"id": 1}]), method="GET")
    job = {"type": "poll", "id_path": "job.id", "poll": "/jobs/{id}"}
    code, _, err = project.run({"base_url": server.url, "path": "jobs", "method": "POST", "job": job})
    assert (code, err) == (0, "") and project.rows() == [(1,)]


def changes(server: HttpServer, records: list[dict[str, Any]]) -> None:
    def answer(call: Call) -> Answer:
        since = call.query.get("since", "")
        return Answer(json=[item for item in records if item["at"] >= since])

    server.route("/changes", answer)


def test_only_what_is_new(server: HttpServer, project: Project) -> None:
    # GIVEN records with a time of change, and a task that is a process of its own each time
    project.as_process = True
    records = [{"id": 1, "at": "2026-01-01T00:00:00Z"}, {"id": 2, "at": "2026-01-05T00:00:00Z"}]
    changes(server, records)
    parameters = {
        "base_url": server.url, "path": "changes",
        "incremental": {"field": "at", "param": "since", "initial": "2025-12-31", "lag": "2d"},
    }  # fmt: skip
    # WHEN they are extracted, and again after one is new and one has changed
    assert project.run(parameters, output())[0] == 0
    names = {"separator": "_", "names": {"id": ["id"], "at": ["at"]}}
    assert project.state == {"field": "at", "last": "2026-01-05T00:00:00Z", "columns": {"shop/items": names}}
    records += [{"id": 3, "at": "2026-01-04T00:00:00Z"}, {"id": 4, "at": "2026-01-06T00:00:00Z"}]
    code, out, _ = project.run(parameters, output())
    # THEN the second run asks from the last time on, less the lag
    assert [call.query["since"] for call in server.calls] == ["2025-12-31", "2026-01-03T00:00:00Z"]
    assert code == 0 and [row[0] for row in project.rows(order="id")] == [1, 2, 3, 4] and "3 records on 1 page" in out
    # WHEN the next one fails, THEN the state stays
    server.script("/changes", Answer(400))
    assert project.run(parameters, output())[0] == 1 and project.state["last"] == "2026-01-06T00:00:00Z"
    # WHEN nothing is new, THEN table and state stay, without a warning
    server.script("/changes", Answer(json=[]))
    code, _, err = project.run(parameters, output())
    assert (code, err) == (0, "") and len(project.rows()) == 4 and project.state["last"] == "2026-01-06T00:00:00Z"
    assert project.last.result.get("warning") is None
    # WHEN it would replace the table, THEN it is refused before anything is asked
    before = len(server.calls)
    code, _, err = project.run(parameters)
    assert code == 1 and "would lose all older rows" in err and len(server.calls) == before


def test_an_empty_answer_keeps_the_columns(server: HttpServer, project: Project) -> None:
    parameters = {"base_url": server.url, "path": "x"}
    # GIVEN no rows at the very first, THEN there is a warning, and no table whose columns nobody knows
    server.script("/x", Answer(json=[]))
    code, _, err = project.run(parameters)
    assert (code, err) == (0, "") and project.last.storage.get("shop/items") is None
    assert "columns are not known yet" in project.last.result["warning"]
    # GIVEN types, THEN there is an empty table
    assert project.run({**parameters, "types": {"id": "BIGINT", "amount": "DOUBLE"}})[0] == 0
    assert project.rows() == [] and project.columns() == {"id": "BIGINT", "amount": "DOUBLE"}
    # GIVEN a table with rows, WHEN the source is empty, THEN the table is, with its types
    server.script("/x", Answer(json=[{"id": 1, "amount": 1.5}]))
    assert project.run(parameters)[0] == 0
    server.script("/x", Answer(204))
    assert project.run(parameters)[0] == 0
    assert project.rows() == [] and project.columns() == {"id": "BIGINT", "amount": "DOUBLE"}
    assert project.last.result["warning"] == "the source gave no rows, so shop/items is empty now; it had 1"


def test_a_column_that_disappears(server: HttpServer, project: Project) -> None:
    server.script("/x", Answer(json=[{"id": 1, "price": 1.5, "who": {"name": "a"}, "day": "2026-01-01"}]))
    parameters = {"base_url": server.url, "path": "x"}
    assert project.run(parameters)[0] == 0
    # WHEN a number is whole, an object or a value null, THEN columns and types stay
    server.script("/x", Answer(json=[{"id": 1, "price": 2, "who": None, "day": None}]))
    assert project.run({**parameters, "strict": True})[0] == 0
    assert project.columns() == {"id": "BIGINT", "price": "DOUBLE", "who_name": "VARCHAR", "day": "DATE"}
    # WHEN a column is gone, THEN that is a warning, and with strict an error that leaves the table alone
    server.script("/x", Answer(json=[{"id": 1, "price": "n/a", "day": "2026-01-01"}]))
    code, _, err = project.run({**parameters, "strict": True})
    assert code == 1 and 'column "price" is VARCHAR now and was DOUBLE; column "who_name" is gone' in err
    assert len(project.columns()) == 4
    assert project.run(parameters)[0] == 0
    assert 'column "who_name" is gone' in project.last.result["warning"]
    assert list(project.columns()) == ["id", "price", "day"]


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (Answer(401, json={"message": f"bad token {SECRET}"}), "refused the credentials (401 Unauthorized: bad token"),
        (Answer(429, headers={"Retry-After": "86400"}), "wants a pause of 86400 s"),
        (Answer(500, json={"error": "boom"}), "gave up after 2 attempts, the server answered 500"),
        (DROP, "gave up after 2 attempts: the connection broke before the answer was complete"),
        (CUT, "gave up after 2 attempts: the connection broke before the answer was complete"),
        (Answer(json={"data": []}), 'the answer has nothing at "r"; it has data; correct records'),
        (Answer(body=b"<html>login</html>"), "the answer is a web page, not JSON"),
        (Answer(body=b"id,name\n1,a"), 'the answer is not JSON, it begins with "id,name 1,a"'),
        (Answer(body=b'{"r": [{"id": 1}, {"id"'), "the answer is no complete JSON at character 23"),
        (Answer(body=b'{"r": [{"id": \xff}]}'), "no text in utf-8"),
        (Answer(body=b'{"r": ' + b"[" * 100_000), "nested too deeply"),
    ],
)
def test_failures_are_one_sentence(
    server: HttpServer, bench: Bench, monkeypatch: pytest.MonkeyPatch, answer: Answer, says: str
) -> None:
    # GIVEN a first page, and then a fault that stays
    server.script("/x", Answer(json={"r": [{"id": 1}], "next": 1}), answer)
    parameters = {
        "base_url": server.url, "path": "x", "records": "r", "retries": 1, "params": {"key": "${TOKEN}"},
        "auth": {"type": "bearer", "token": "${TOKEN}"},
        "pagination": {"type": "cursor", "cursor_path": "next", "cursor_param": "c"},
    }  # fmt: skip
    # WHEN it is read, THEN one sentence says where and what
    sentence = refused(bench, parameters, monkeypatch)
    assert f"{server.url}/x: " in sentence and says in sentence


def test_a_failure_publishes_nothing_and_shows_no_secret(server: HttpServer, project: Project) -> None:
    # GIVEN a server that repeats the wrong password it was sent
    server.route("/x", lambda call: Answer(401, json={"message": f"bad token {call.headers['Authorization']}"}))
    # WHEN it is asked (the project looks for the secret in all that is left)
    code, _, err = project.run({"base_url": server.url, "path": "x", "auth": {"type": "bearer", "token": "${TOKEN}"}})
    # THEN there is one sentence and no table
    assert code == 1 and err.count("\n") == 1
    assert err.startswith(
        f"GET {server.url}/x: the server refused the credentials (401 Unauthorized: bad token Bearer *"
    )
    assert project.last.storage.get("shop/items") is None


def test_nobody_there(project: Project) -> None:
    url = f"http://127.0.0.1:{refused_port()}"
    code, _, err = project.run({"base_url": url, "retries": 0})
    assert code == 1 and err == (
        f"GET {url}: the connection was refused: nothing listens there; check host and port, or start the server\n"
    )


def test_the_connection_can_be_tested(server: HttpServer, project: Project) -> None:
    server.route("/items", pages(ITEMS))
    server.route("/", lambda call: Answer(404))
    parameters = {
        "base_url": server.url, "path": "items", "auth": {"type": "bearer", "token": "${TOKEN}"},
        "pagination": {"type": "offset", "limit_param": "limit"},
    }  # fmt: skip
    code, out, _ = project.run(parameters, action="testConnection")
    assert code == 0 and json.loads(out.splitlines()[-1]) == {
        "status": "success", "message": f"{server.url}/items answers with 1 record, with the fields id, name",
        "columns": ["id", "name"],
    }  # fmt: skip
    assert server.paths() == ["GET /items?limit=1&offset=0"]
    # A job is not submitted.
    code, out, _ = project.run({"base_url": server.url, **JOB}, action="testConnection")
    assert code == 0 and "answers (404); the job was not submitted" in out
    server.script("/items", Answer(403, json={"detail": "no right"}))
    code, _, err = project.run(parameters, action="testConnection")
    assert code == 1 and "refused the credentials (403 Forbidden: no right)" in err


COLLISIONS: list[list[dict[str, Any]]] = [
    [{"k": 1, "user": {"id": 100}, "user_id": 7}, {"k": 2, "user_id": 8, "user": {"id": 200}}],
    [{"k": 1, "user": {"id": 100}}, {"k": 2, "user_id": 8}, {"k": 3, "user_id": 9, "user": {"id": 300}}],
    [{"k": 1, "user_id": 7}, {"k": 2, "user": {"id": 200}}, {"k": 3, "user": {"id": 300}, "user_id": 9}],
    [{"k": 1, "Id": 7, "id": 100}, {"k": 2, "id": 200}, {"k": 3, "ID": 1000, "Id": 9}],
]


@pytest.mark.parametrize("runs", COLLISIONS)
@pytest.mark.parametrize("mode", ["append", "incremental", "full"])
def test_values_of_two_members_never_share_a_column(
    server: HttpServer, project: Project, runs: list[dict[str, Any]], mode: str
) -> None:
    # GIVEN members that would have one name, of which some come in one run and others in the next
    columns: dict[str, str] = {}
    for record in runs:
        server.script("/x", Answer(json=[record]))
        key = {"primary_key": ["k"]} if mode == "incremental" else {}
        outputs = [{"source": "items", "destination": "shop/items", "mode": mode, **key}]
        # WHEN they are extracted into one table
        assert project.run({"base_url": server.url, "path": "x"}, outputs)[0] == 0
        # THEN each member is in the column that it had before
        (row,) = [row for row in project.rows() if row[0] == record["k"]]
        found = dict(zip(project.columns(), row, strict=True))
        flat = {"user.id": record.get("user", {}).get("id"), **{name: record.get(name) for name in record}}
        for member, value in flat.items():
            if value is not None and not isinstance(value, dict):
                (column,) = [name for name, held in found.items() if held == value]
                assert columns.setdefault(member, column) == column
    assert len(set(columns.values())) == len(columns)


def test_records_in_lists_and_maps(server: HttpServer, project: Project) -> None:
    # GIVEN records that are members of an object, and records in lists of groups
    server.script("/map", Answer(json={"data": {"17": {"name": "a"}, "18": {"name": "b", "key": "own"}}}))
    server.script("/groups", Answer(json=[{"team": "x", "people": [{"id": 1}, {"id": 2}]}, {"people": [{"id": 3}]}]))
    # WHEN they are read, THEN each record is a row, with its name in a column that nothing else has
    base = {"base_url": server.url, "path": "map", "records": "data.*"}
    assert project.run({**base, "key_column": "id"})[0] == 0
    assert project.rows() == [("17", "a", None), ("18", "b", "own")] and [*project.columns()] == ["id", "name", "key"]
    assert project.run(base)[0] == 0
    key, name, own = project.columns()
    assert (key, name) == ("key", "name") and own.startswith("key_")
    assert project.rows() == [("17", "a", None), ("18", "b", "own")]
    assert project.run({"base_url": server.url, "path": "groups", "records": "people"})[0] == 0
    assert project.rows() == [(1,), (2,), (3,)]


def test_numbers_keep_their_digits(server: HttpServer, project: Project) -> None:
    # GIVEN numbers that no double and no integer of 64 bits holds
    body = (
        b'[{"id": 123456789012345678901234567890, "n": 9007199254740993, "deep": [{"x": 0.1234567890123456789}], '
        b'"huge": 1e400, "price": 1.50, "z": [null, 1e400, -0]},'
        b'{"id": 5, "n": 1.5, "deep": [{"x": 1}], "huge": 2, "price": 2}]'
    )
    server.script("/x", Answer(body=body))
    code, _, err = project.run({"base_url": server.url, "path": "x"})
    # THEN they are text, and those in lists are as they came; a number that is a double is one
    assert (code, err) == (0, "")
    first = ("123456789012345678901234567890", "9007199254740993", '[{"x":0.1234567890123456789}]', "1e400", 1.5)
    assert project.rows(order="price") == [
        (*first, "[null,1e400,-0]"), ("5", "1.5", '[{"x":1}]', "2", 2.0, None),
    ]  # fmt: skip


def test_rows_in_are_rows_out_and_rows_left_out(server: HttpServer, project: Project) -> None:
    # GIVEN a record that moves to the second page, and lists with nothing in some places
    server.script(
        "/x",
        Answer(json=[{"id": 1, "tags": ["a", None]}, {"id": 2, "tags": None}]),
        Answer(json=[{"id": 1, "tags": ["b"]}, {"id": 3}]),
        Answer(json=[]),
    )
    outputs: list[dict[str, Any]] = [
        {"source": "items", "destination": "shop/items", "primary_key": ["id"]},
        {"source": "tags", "destination": "shop/tags"},
    ]
    child = {"path": "tags", "output": "tags", "keys": {"id": "id"}, "position": "at"}
    # WHEN they are read
    parameters = {"base_url": server.url, "path": "x", "pagination": {"type": "page"}, "children": [child]}
    code, out, _ = project.run(parameters, outputs)
    # THEN log and result say how many were left out, and the places in the list are those that they have
    assert code == 0 and "1 records came on several pages" in out and "1 entries of the lists for shop/tags" in out
    assert "3 rows and 1 column for shop/items" in out and "4 records on 3 pages" in out
    assert "the end: a page without records" in out
    metrics = project.last.result["metrics"]
    assert metrics == {"pages": 3, "records": 4, "left_out": 1, "left_out_of_children": 1}
    assert [table["written"] for table in project.last.result["tables"]] == [3, 2]
    assert project.rows("shop/tags") == [(1, 1, "a"), (1, 1, "b")]
    # Records without any member are no rows, and are told.
    server.script("/x", Answer(json=[{}, {}]))
    code, out, _ = project.run({"base_url": server.url, "path": "x"}, [{"source": "i", "destination": "shop/none"}])
    assert code == 0 and "gave 2 records without any member" in out and project.last.result["metrics"]["left_out"] == 2
