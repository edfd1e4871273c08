from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from orch_tui.components.http_api import writer as http_writer
from orch_tui.components.http_api.writer import deliver
from orch_tui.components.http_api.writer_parameters import Parameters
from orch_tui.components.kit.checkpoint import sent_file
from orch_tui.components.kit.component import Context, UserError
from orch_tui.storage.tables import Publication
from pydantic import ValidationError

from tests.integration.attempts import Attempt, attempt
from tests.servers.http_server import DROP, Answer, Call, HttpServer, refused_port
from tests.support.bench import Bench
from tests.support.tables import parquet_file

OK = Answer(json={"ok": True})
PEOPLE = "select i as id, 'p' || i as name from range(1, 8) t(i)"


@pytest.fixture(scope="module")
def shared() -> Iterator[HttpServer]:
    with HttpServer() as server:
        yield server


@pytest.fixture
def server(shared: HttpServer) -> HttpServer:
    shared.calls.clear()
    shared._routes.clear()
    shared.script("/hook", OK)
    return shared


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def context(bench: Bench, query: str = PEOPLE) -> Context:
    ctx = bench.context({"rows": query}, ())
    ctx.component, ctx.configuration, ctx.run = "http-writer", "c", "r1"
    return ctx


def send(bench: Bench, server: HttpServer, query: str = PEOPLE, path: str = "/hook", **more: Any) -> Context:
    ctx = context(bench, query)
    deliver(Parameters(**{"url": server.url + path, **more}), ctx, sleep=lambda seconds: None)
    return ctx


def bodies(server: HttpServer) -> list[Any]:
    return [call.json for call in server.calls]


def test_one_row_in_each_request_is_an_object(bench: Bench, server: HttpServer) -> None:
    # GIVEN a table of seven rows WHEN it is sent
    ctx = send(bench, server)
    # THEN there are seven requests in the order of the rows, and nothing is remembered
    assert bodies(server) == [{"id": i, "name": f"p{i}"} for i in range(1, 8)]
    assert {call.headers["Content-Type"] for call in server.calls} == {"application/json"}
    assert ctx.metrics == {"rows": 7, "requests": 7, "rejected": 0}
    assert not sent_file(ctx).exists() and ctx.warning is None


def test_one_is_not_many(bench: Bench, server: HttpServer) -> None:
    # GIVEN / WHEN one row is sent, and before it one of other rows THEN each count has its noun
    server.script("/hook", OK, Answer(401), OK)
    with pytest.raises(UserError):
        send(bench, server)
    send(bench, server, "select 10 as id")
    assert "an earlier attempt sent 1 request of other rows" in "\n".join(bench.lines)
    assert bench.lines[-1] == "sent: 1 row in 1 request"


@pytest.mark.parametrize(
    ("more", "first", "count"),
    [
        ({"body": "array", "batch_size": 3}, [{"id": 1}, {"id": 2}, {"id": 3}], 3),
        ({"body": "array", "batch_size": 3, "key": "items"}, {"items": [{"id": 1}, {"id": 2}, {"id": 3}]}, 3),
        ({"body": "array"}, [{"id": i} for i in range(1, 8)], 1),
    ],
)
def test_batches(bench: Bench, server: HttpServer, more: dict[str, Any], first: Any, count: int) -> None:
    # WHEN several rows go into a request
    send(bench, server, columns={"id": "id"}, **more)
    # THEN
    assert bodies(server)[0] == first and len(server.calls) == count


def test_ndjson_and_forms(bench: Bench, server: HttpServer) -> None:
    # WHEN rows are sent as lines, and as forms
    send(bench, server, body="ndjson", batch_size=4)
    send(bench, server, "select 1.50::decimal(5,2) as a, null as b, true as c, 'x&y=ü' as d", body="form")
    # THEN
    lines = server.calls[0].body.splitlines()
    assert [json.loads(line)["id"] for line in lines] == [1, 2, 3, 4]
    assert server.calls[0].headers["Content-Type"] == "application/x-ndjson"
    assert server.calls[2].form == {"a": "1.50", "b": "", "c": "true", "d": "x&y=ü"}


TYPES = """
    select 1::bigint as i, 1.5::decimal(10,2) as d, 12345678901234567890.12::decimal(38,2) as big, true as b,
    date '2026-01-31' as day, timestamp '2026-01-31 10:00:00.25' as at, timestamptz '2026-01-31 10:00:00+02' as z,
    'nan'::double as nan, [1, 2] as list, {'x': 1, 'y': 'é'} as obj, '{"k": [true]}'::json as js, 'a"b' as "we""ird",
    '\\x00ff'::blob as bin, null::varchar as nothing, time '10:00:00' as t
"""


def test_types(bench: Bench, server: HttpServer) -> None:
    # GIVEN a row of every kind WHEN it is sent
    send(bench, server, TYPES)
    # THEN
    assert bodies(server)[0] == {
        "i": 1, "d": 1.5, "big": "12345678901234567890.12", "b": True, "day": "2026-01-31",
        "at": "2026-01-31T10:00:00.25", "z": "2026-01-31T08:00:00Z", "nan": None, "list": [1, 2],
        "obj": {"x": 1, "y": "é"}, "js": {"k": [True]}, 'we"ird': 'a"b', "bin": "AGZm", "nothing": None,
        "t": "10:00:00",
    }  # fmt: skip


def test_names_with_dots_become_objects(bench: Bench, server: HttpServer) -> None:
    # WHEN columns are renamed, some into objects, and nulls are left out
    columns = {"id": "person.id", "NAME": "person.name.first", "n": "person.n"}
    send(bench, server, "select 1 as id, 'Ada' as name, null::int as n", columns=columns, nulls="omit")
    send(bench, server, "select 1 as id", columns={"id": "a.b"}, nested=False)
    # THEN
    assert bodies(server) == [{"person": {"id": 1, "name": {"first": "Ada"}}}, {"a.b": 1}]


def test_values_in_the_address_are_quoted(bench: Bench, server: HttpServer) -> None:
    # GIVEN ids that mean something in an address
    for path in ("/c/a%2Fb%20%3F%26", "/c/%C3%BC"):
        server.script(path, OK)
    query = "select * from (values ('a/b ?&', 1), ('ü', 2)) t(id, n)"
    # WHEN rows are put there
    send(bench, server, query, "/c/{ID}?n={n}", method="PUT")
    send(bench, server, query, "/c/{id}", method="DELETE", body="none")
    # THEN
    assert server.paths() == [
        "PUT /c/a%2Fb%20%3F%26?n=1", "PUT /c/%C3%BC?n=2", "DELETE /c/a%2Fb%20%3F%26", "DELETE /c/%C3%BC",
    ]  # fmt: skip
    # AND what is in the address is not in the body
    assert server.calls[0].body == b"{}" and server.calls[2].body == b""


@pytest.mark.parametrize("value", ["null", "''", "'..'", "' '"])
def test_a_row_without_a_usable_value_is_never_sent(bench: Bench, server: HttpServer, value: str) -> None:
    # GIVEN a row that would address the whole collection WHEN / THEN
    with pytest.raises(UserError, match='row 1: its column "id", a part of the address, has no usable value'):
        send(bench, server, f"select {value} as id", "/c/{id}", method="DELETE", body="none")
    assert server.calls == []


def test_an_empty_table_sends_nothing(bench: Bench, server: HttpServer) -> None:
    ctx = send(bench, server, f"{PEOPLE} where false")
    assert server.calls == [] and "has no rows: nothing was sent" in bench.lines[-1]
    assert ctx.metrics == {"rows": 0, "requests": 0, "rejected": 0} and not sent_file(ctx).exists()


@pytest.mark.parametrize(
    ("more", "part"),
    [
        ({"columns": {"nope": "x"}}, 'no column "nope"; its columns are id, name'),
        ({"path": "/c/{nope}"}, 'no column "nope"'),
        ({"columns": {"id": "a", "name": "a"}}, 'two columns would be called "a"'),
        ({"columns": {"id": "a", "name": "a.b"}}, '"a" cannot be a value and, for "a.b", an object'),
        ({"columns": {"id": "a..b"}}, "empty part"),
    ],
)
def test_columns_are_checked_before_anything_is_sent(
    bench: Bench, server: HttpServer, more: dict[str, Any], part: str
) -> None:
    with pytest.raises(UserError, match=part):
        send(bench, server, **more)
    assert server.calls == []


@pytest.mark.parametrize(
    ("more", "part"),
    [
        ({"url": "ftp://x"}, "full address"),
        ({"url": "https://{id}.example.com/"}, "not in the host"),
        ({"url": "https://x/{id}", "body": "array"}, "one row in each request"),
        ({"batch_size": 5}, "batch_size is for body array and ndjson"),
        ({"body": "ndjson", "key": "x"}, 'key is for body "array"'),
        ({"body": "array", "on_rejected": "warn"}, "on_rejected = warn needs one row"),
        ({"answer": {"type": "each"}}, "each needs status or error"),
        ({"answer": {"type": "failed", "path": "errors"}}, "needs this"),
        ({"answer": {"path": "items"}}, "not used with"),
        ({"idempotency_header": "a b"}, "idempotency_header"),
    ],
)
def test_parameters_that_do_not_fit(more: dict[str, Any], part: str) -> None:
    with pytest.raises(ValidationError, match=part):
        Parameters(**{"url": "https://example.com/hook", **more})


@pytest.mark.parametrize("url", ["${HOOK}", "https://x/{{ part }}/y", "https://x/${TOKEN}/{id}"])
def test_references_pass_until_they_are_replaced(url: str) -> None:
    assert Parameters(url=url).url == url


@pytest.mark.parametrize(
    ("answer", "part"),
    [
        (
            Answer(401, json={"message": "bad token"}),
            "the server refused the credentials (401 Unauthorized: bad token)",
        ),
        (Answer(404, json={}), "the server knows no such address"),
        (Answer(302, headers={"Location": "/elsewhere"}), "the server redirected to http://127.0.0.1"),
        (Answer(422, json={"detail": "name is odd"}), "row 4: 422 name is odd; correct the row, or set on_rejected"),
        (Answer(500), "the server failed (500"),
        (DROP, "whether the server carried it out is not known"),
    ],
)
def test_failures_say_what_was_sent(bench: Bench, server: HttpServer, answer: Answer, part: str) -> None:
    # GIVEN a server that takes three rows, and then this
    server.script("/hook", OK, OK, OK, answer)
    server.script("/elsewhere", OK)
    # WHEN rows are sent
    with pytest.raises(UserError) as caught:
        send(bench, server)
    # THEN
    assert part in str(caught.value)
    assert "3 of 7 rows were sent before; the next attempt goes on behind them." in str(caught.value)
    assert ("is sent again" in str(caught.value)) == (answer is DROP or answer.status == 500)


def test_the_next_attempt_sends_the_rest_with_the_same_keys(bench: Bench, server: HttpServer) -> None:
    # GIVEN an attempt that broke in its third batch
    server.script("/hook", OK, OK, Answer(500), OK)
    with pytest.raises(UserError):
        send(bench, server, body="array", batch_size=2)
    failed = [call.headers["Idempotency-Key"] for call in server.calls]
    # WHEN the task is tried again
    ctx = send(bench, server, body="array", batch_size=2)
    # THEN nothing that was confirmed is sent twice, and what was not has the same key
    assert [[row["id"] for row in body] for body in bodies(server)] == [[1, 2], [3, 4], [5, 6], [5, 6], [7]]
    keys = [call.headers["Idempotency-Key"] for call in server.calls]
    assert keys[3] == failed[2] and len(set(keys)) == 4
    assert ctx.metrics == {"rows": 7, "requests": 2, "rejected": 0, "sent_before": 4}
    # WHEN it all runs again later THEN everything is sent, with other keys
    send(bench, server, body="array", batch_size=2)
    assert not {call.headers["Idempotency-Key"] for call in server.calls[5:]} & set(keys)
    assert len(server.calls) == 9


def test_other_rows_or_parameters_begin_anew(bench: Bench, server: HttpServer) -> None:
    # GIVEN an attempt that broke after two rows
    server.script("/hook", OK, OK, Answer(401), OK)
    with pytest.raises(UserError):
        send(bench, server)
    # WHEN the rows are others THEN all of them are sent, and the log says so
    send(bench, server, "select 10 as id, 'x' as name union all select 11, 'y'")
    assert [body["id"] for body in bodies(server)][3:] == [10, 11]
    assert "an earlier attempt sent 2 requests of other rows" in "\n".join(bench.lines)


def test_a_changed_password_does_not_begin_anew(bench: Bench, server: HttpServer) -> None:
    # GIVEN an attempt that ended because the token was no good
    server.script("/hook", OK, OK, Answer(401), OK)
    with pytest.raises(UserError):
        send(bench, server, auth={"type": "bearer", "token": "old-token"})
    # WHEN it is corrected THEN the rest is sent
    send(bench, server, auth={"type": "bearer", "token": "new-token"})
    assert [body["id"] for body in bodies(server)] == [1, 2, 3, 3, 4, 5, 6, 7]
    assert server.calls[-1].headers["Authorization"] == "Bearer new-token"


def test_without_resume_everything_is_sent_again(bench: Bench, server: HttpServer) -> None:
    server.script("/hook", OK, Answer(401), OK)
    with pytest.raises(UserError, match=r"are sent again by the next attempt \(resume = false\)"):
        send(bench, server, resume=False)
    send(bench, server, resume=False)
    assert [body["id"] for body in bodies(server)] == [1, 2, 1, 2, 3, 4, 5, 6, 7]
    # AND attempts of one run have the same keys
    assert server.calls[0].headers["Idempotency-Key"] == server.calls[2].headers["Idempotency-Key"]


def test_retry_after_is_kept_and_a_put_is_repeated_after_a_drop(bench: Bench, server: HttpServer) -> None:
    # GIVEN a server that asks for a pause, fails and drops the connection
    server.script("/hook", Answer(429, headers={"Retry-After": "7"}), Answer(503), DROP, OK)
    # WHEN rows are put
    waits: list[float] = []
    ctx = context(bench, "select 1 as id")
    deliver(Parameters(url=f"{server.url}/hook", method="PUT"), ctx, sleep=waits.append)
    # THEN it is one row in the end, with one key
    assert waits[0] == 7 and len(waits) == 3
    assert len({call.headers["Idempotency-Key"] for call in server.calls}) == 1 and len(server.calls) == 4
    assert ctx.metrics["requests"] == 1
    assert "waiting 7 s: the server asked for it (429 Too Many Requests)" in "\n".join(bench.lines)


def test_a_post_is_repeated_only_where_that_does_no_harm(bench: Bench, server: HttpServer) -> None:
    # GIVEN a server that knows the key
    server.script("/hook", DROP, OK)
    # WHEN / THEN
    send(bench, server, "select 1 as id", repeatable=True)
    assert len(server.calls) == 2


def test_no_idempotency_header_when_it_is_not_wanted(bench: Bench, server: HttpServer) -> None:
    send(bench, server, "select 1 as id", idempotency_header="", headers={"X-Own": "1"})
    assert "Idempotency-Key" not in server.calls[0].headers and server.calls[0].headers["X-Own"] == "1"


def test_headers_of_the_configuration_go_before_those_of_the_writer(bench: Bench, server: HttpServer) -> None:
    own = {"content-type": "application/vnd.api+json", "idempotency-key": "mine"}
    send(bench, server, "select 1 as id", headers=own)
    found = [(name.lower(), value) for name, value in server.calls[0].headers.items()]
    assert [pair for pair in found if pair[0] in own] == list(own.items())


def test_rejected_rows_are_counted_and_listed(bench: Bench, server: HttpServer) -> None:
    # GIVEN a server that does not take every third row
    def picky(call: Call) -> Answer:
        return Answer(422, json={"message": f"no {call.json['id']}"}) if call.json["id"] % 3 == 0 else OK

    server.route("/hook", picky)
    # WHEN all are sent
    ctx = send(bench, server, "select i as id from range(1, 101) t(i)", on_rejected="warn")
    # THEN the others arrived, and the first ones that did not are told
    assert ctx.metrics == {"rows": 67, "requests": 100, "rejected": 33}
    assert ctx.warning == "33 of 100 rows were rejected, the first: row 3: 422 no 3"
    told = [line for line in bench.lines if line.startswith("rejected: ")]
    assert len(told) == 20 and told[1] == "rejected: row 6: 422 no 6"
    assert "further rejected rows are only counted" in bench.lines


def test_when_the_first_hundred_are_rejected_it_stops(bench: Bench, server: HttpServer) -> None:
    server.script("/hook", Answer(400, json={"error": "what is this"}))
    with pytest.raises(UserError, match=r"first 100 rows were all rejected.* row 100: 400 what is this"):
        send(bench, server, "select i as id from range(500) t(i)", on_rejected="warn")
    assert len(server.calls) == 100


def test_a_missing_target_is_a_rejected_row_where_the_row_is_in_the_address(bench: Bench, server: HttpServer) -> None:
    server.script("/c/1", OK)
    ctx = send(bench, server, "select 1 as id union all select 2", "/c/{id}", method="PATCH", on_rejected="warn")
    assert ctx.metrics["rejected"] == 1 and "row 2: 404 no route PATCH /c/2" in str(ctx.warning)


EACH = {"type": "each", "path": "items", "status": "index.status", "error": "index.error.reason"}
FAILED = {"type": "failed", "path": "insertErrors", "index": "index", "error": "errors.0.message"}


def bulk(call: Call) -> Answer:
    """Elasticsearch's answer, which refuses every third id."""
    items = [
        {"index": {"status": 400, "error": {"reason": f"no {row['id']}"}}}
        if row["id"] % 3 == 0
        else {"index": {"status": 201}}
        for row in call.json
    ]
    return Answer(json={"took": 3, "errors": True, "items": items})


def inserts(call: Call, first: int = 0) -> Answer:
    """BigQuery's answer, which lists what it refused."""
    wrong = [at for at, row in enumerate(call.json) if row["id"] % 3 == 0]
    errors = [{"index": at + first, "errors": [{"message": f"no {call.json[at]['id']}"}]} for at in reversed(wrong)]
    return Answer(json={"insertErrors": errors} if errors else {})


def multi_status(call: Call) -> Answer:
    return Answer(207, json=[{"status": "error" if row["id"] % 3 == 0 else "Created"} for row in call.json])


@pytest.mark.parametrize(
    ("handler", "answer", "first"),
    [
        (bulk, EACH, "400 no 3"),
        (bulk, {**EACH, "status": None}, "no 3"),
        (inserts, FAILED, "no 3"),
        (lambda call: inserts(call, 1), {**FAILED, "first_index": 1, "error": None}, "no 3"),
        (multi_status, {"type": "each", "status": "status"}, "error"),
    ],
)
def test_rows_that_an_answer_refuses_are_counted_and_listed(
    bench: Bench, server: HttpServer, handler: Any, answer: dict[str, Any], first: str
) -> None:
    # GIVEN a server that says inside of its answer which rows it did not take
    server.route("/hook", handler)
    # WHEN rows are sent, several in a request
    ctx = send(bench, server, body="array", batch_size=4, on_rejected="warn", answer=answer)
    # THEN those are rejected rows, by their place in the table, and the others were sent
    assert ctx.metrics == {"rows": 5, "requests": 2, "rejected": 2}
    told = [line for line in bench.lines if line.startswith("rejected: ")]
    assert [line.split(":")[1] for line in told] == [" row 3", " row 6"]
    assert ctx.warning is not None and ctx.warning.startswith(f"2 of 7 rows were rejected, the first: row 3: {first}")


def test_a_refused_row_in_a_batch_fails_the_task_where_it_should(bench: Bench, server: HttpServer) -> None:
    server.route("/hook", bulk)
    with pytest.raises(UserError) as caught:
        send(bench, server, body="array", batch_size=4, answer=EACH)
    text = str(caught.value)
    assert "row 3: 400 no 3; correct the row" in text and "the other 3 rows of its request were written" in text
    # WHEN it goes on with a warning instead, THEN nothing is missing
    server.calls.clear()
    ctx = send(bench, server, body="array", batch_size=4, answer=EACH, on_rejected="warn")
    assert ctx.metrics["rows"] == 5 and ctx.metrics["rejected"] == 2 and len(server.calls) == 2


@pytest.mark.parametrize(
    ("reply", "refused"),
    [
        ({"ok": True}, None),
        ({"ok": False, "error": "channel_not_found"}, "false channel_not_found"),
        ({"ok": "true"}, None),
        ({"ok": 200}, None),
        ({"ok": "422"}, "422"),
        ({"ok": 0}, "0"),
        ({"ok": "rejected", "error": {"message": "too long"}}, "rejected too long"),
        ({"error": "no"}, "no"),
        ({"error": ""}, None),
    ],
)
def test_the_answer_to_one_row(bench: Bench, server: HttpServer, reply: Any, refused: str | None) -> None:
    # GIVEN a webhook that answers 200 and says in the body how it went
    server.script("/hook", Answer(json=reply))
    answer = {"type": "each", "status": "ok", "error": "error"}
    ctx = send(bench, server, "select 1 as id", on_rejected="warn", answer=answer)
    assert ctx.metrics["rejected"] == (refused is not None)
    assert (ctx.warning or "").lower().endswith(f"row 1: {refused}" if refused else "")


@pytest.mark.parametrize(
    ("reply", "answer", "says"),
    [
        (Answer(body=b"done"), EACH, "the answer is no JSON"),
        (Answer(json={"items": [{}]}), EACH, 'has 1 entries at "items" for 7 rows'),
        (Answer(json={}), EACH, 'has no list at "items" for 7 rows'),
        (Answer(json=[{}] * 7), {"type": "each", "status": "st"}, 'entry 1 of the answer has nothing at "st"'),
        (Answer(json={"insertErrors": {"a": 1}}), FAILED, 'no list of failures at "insertErrors"'),
        (Answer(json={"insertErrors": [{"at": 1}]}), FAILED, 'no place of one of the 7 rows at "index"'),
        (Answer(json={"insertErrors": [{"index": 7}]}), FAILED, "no place of one of the 7 rows"),
    ],
)
def test_an_answer_that_does_not_say_what_it_should_is_an_error(
    bench: Bench, server: HttpServer, reply: Answer, answer: dict[str, Any], says: str
) -> None:
    server.script("/hook", reply)
    with pytest.raises(UserError, match=says) as caught:
        send(bench, server, body="array", answer=answer)
    assert "may have been carried out" in str(caught.value)


@pytest.mark.parametrize(
    ("reply", "warned"),
    [
        (Answer(207, json=[]), "the server answers 207"),
        (Answer(json={"errors": True, "items": []}), 'has an error in it ("errors")'),
        (Answer(json={"ok": False, "error": "invalid_auth"}), "has an error in it (invalid_auth)"),
        (Answer(json={"errors": [], "error": None}), None),
        (Answer(json={"error": {"code": 0, "message": "OK"}}), None),
        (Answer(body=b'"error"'), None),
        (Answer(body=b"error"), None),
    ],
)
def test_a_success_that_complains_is_told(bench: Bench, server: HttpServer, reply: Answer, warned: str | None) -> None:
    # GIVEN an answer that is a success and speaks of errors, and no settings that say where
    server.script("/hook", reply)
    # WHEN rows are sent THEN that is told once
    ctx = send(bench, server)
    assert ctx.metrics["rows"] == 7
    assert (warned or "None") in str(ctx.warning) and sum("set answer" in line for line in bench.lines) == bool(warned)


def test_numbers_go_out_with_all_their_digits(bench: Bench, server: HttpServer) -> None:
    # GIVEN numbers that a double does not hold, at every depth
    query = """
        select '{"x": 0.1234567890123456789, "y": [1e400, 1.50]}'::json as js, 0.1::float as f,
        {'d': 12345678901234567890.12::decimal(38,2), 'n': 'nan'::double,
         'j': '{"a":0.12345678901234567890}'::json} as s,
        [9007199254740993, null] as l, 9007199254740993::bigint as i, 'inf'::double as none
    """
    # WHEN they are sent THEN they are what they were
    send(bench, server, query)
    assert server.calls[0].body.decode() == (
        '{"js":{"x":0.1234567890123456789,"y":[1e400,1.50]},"f":0.1,'
        '"s":{"d":12345678901234567890.12,"n":"nan","j":{"a":0.12345678901234567890}},'
        '"l":[9007199254740993,null],"i":9007199254740993,"none":null}'
    )
    assert "1 values are NaN or infinite, which JSON has not: sent as null" in bench.lines


# As processes, the way a task runs it.


def as_task(tmp_path: Path, url: str, name: str = "1", action: str = "run", **parameters: Any) -> Attempt:
    given = attempt(
        tmp_path, {"url": url, **parameters}, [{"source": "b/t", "destination": "t"}],
        secrets={"HOOK_PATH": "T0000/B1111/xoxo-secret-hook", "TOKEN": "t0ken-t0ken"}, name=name,
    )  # fmt: skip
    config = json.loads((given.data / "config.json").read_text())
    config["action"] = action
    (given.data / "config.json").write_text(json.dumps(config))
    if name == "1":
        seed = parquet_file(tmp_path / "seed.parquet", PEOPLE)
        given.storage.publish([Publication("b/t", seed)])
    return given


def test_a_task_resumes_and_tells_no_secret(tmp_path: Path, server: HttpServer) -> None:
    # GIVEN a webhook whose address is a secret, which fails in the middle and repeats the token in its answer
    path = "/services/T0000/B1111/xoxo-secret-hook"
    server.script(path, OK, OK, Answer(401, json={"message": "token t0ken-t0ken of T0000/B1111/xoxo-secret-hook"}), OK)
    more: dict[str, Any] = {"headers": {"X-Token": "${TOKEN}"}}
    first = as_task(tmp_path, f"{server.url}/services/${{HOOK_PATH}}?x=1", **more)
    # WHEN it runs
    code, out, err = first.run("orch_tui.components.http_api.writer")
    # THEN one line says where and why, without secrets
    assert code == 1 and len(err.splitlines()) == 1, err
    assert "the server refused the credentials" in err and "2 of 7 rows were sent before" in err
    # WHEN it is tried again
    second = as_task(tmp_path, f"{server.url}/services/${{HOOK_PATH}}?x=1", name="2", **more)
    code, out, err = second.run("orch_tui.components.http_api.writer")
    # THEN
    assert (code, err) == (0, "")
    assert second.result["metrics"] == {"rows": 7, "requests": 5, "rejected": 0, "sent_before": 2}
    assert server.calls[0].headers["X-Token"] == "t0ken-t0ken"
    for file in (tmp_path / ".orch").rglob("*"):
        text = file.read_bytes() if file.is_file() else b""
        assert b"xoxo-secret" not in text and b"t0ken-t0" not in text
    assert "xoxo" not in out + err


def test_a_killed_task_goes_on_where_it_was(tmp_path: Path, server: HttpServer) -> None:
    # GIVEN a server that takes its time with the fourth row
    hold = threading.Event()
    server.script("/hook", OK, OK, OK, Answer(json={}, wait=hold), OK)
    process = as_task(tmp_path, f"{server.url}/hook").start("orch_tui.components.http_api.writer")
    deadline = time.monotonic() + 20
    while len(server.calls) < 4:
        assert time.monotonic() < deadline and process.poll() is None
        time.sleep(0.01)
    # WHEN the task is killed there, and tried again
    process.kill()
    process.communicate()
    hold.set()
    code, _, err = as_task(tmp_path, f"{server.url}/hook", name="2").run("orch_tui.components.http_api.writer")
    # THEN only the row whose answer was lost came twice, under the same key
    assert (code, err) == (0, "")
    assert [body["id"] for body in bodies(server)] == [1, 2, 3, 4, 4, 5, 6, 7]
    assert len({call.headers["Idempotency-Key"] for call in server.calls}) == 7


@pytest.mark.parametrize(
    ("answer", "code", "part"),
    [
        (Answer(405), 0, "answers (405 Method Not Allowed to HEAD); the first run shows"),
        (Answer(200), 0, "answers (200 OK to HEAD)"),
        (Answer(403), 1, "the server refused the credentials"),
        (Answer(502), 1, "the server answered 502"),
    ],
)
def test_the_connection_is_tested_without_a_row(
    tmp_path: Path, server: HttpServer, answer: Answer, code: int, part: str
) -> None:
    # GIVEN a server WHEN the connection is tested
    server.script("/c/", answer)
    done, out, err = as_task(tmp_path, f"{server.url}/c/{{id}}", action="testConnection").run(
        "orch_tui.components.http_api.writer"
    )
    # THEN
    assert done == code and part in (json.loads(out)["message"] if code == 0 else err)
    assert [call.method for call in server.calls] == ["HEAD"]


def test_nothing_listens(bench: Bench) -> None:
    parameters = Parameters(url=f"http://127.0.0.1:{refused_port()}/x")
    with pytest.raises(UserError, match="the connection was refused: nothing listens there"):
        http_writer.test_connection(parameters, context(bench))
