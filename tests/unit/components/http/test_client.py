"""The HTTP client against a real server: repetitions, waits, redirects, and what its errors say."""

from __future__ import annotations

import email.utils
import logging
import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from orch_tui.components.http.auth.settings import Auth
from orch_tui.components.http.client import HttpClient, HttpError
from orch_tui.components.http.wire.retry import PerMinute, back_off
from orch_tui.model.errors import UserError

from tests.servers.http_server import CUT, DROP, Answer, HttpServer, refused_port

SECRET = "geheim-4711-äöü".encode("ascii", "ignore").decode() + "xyz"


@pytest.fixture
def server() -> Iterator[HttpServer]:
    with HttpServer() as running:
        yield running


class Time:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.now = 1_000_000.0
        self.slept: list[float] = []
        self.lines: list[str] = []

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds

    def client(self, url: str, auth: Auth | None = None, **more: Any) -> HttpClient:
        return HttpClient(
            url, auth, sleep=self.sleep, clock=lambda: self.now, log=self.lines.append, **{"timeout": 5.0, **more}
        )


@pytest.mark.parametrize("fault", [Answer(503), Answer(500), Answer(502), Answer(504), DROP, CUT])
def test_a_fault_in_the_middle_is_repeated(server: HttpServer, fault: Answer) -> None:
    # GIVEN a server that fails twice
    server.script("/x", fault, fault, Answer(json=[1]))
    # WHEN a GET is sent
    clock = Time()
    with clock.client(server.url) as client:
        answer = client.request("GET", "x")
    # THEN the third answer counts, after pauses that grow, each of them a line
    assert answer.json() == [1] and len(server.calls) == 3
    assert 0.5 <= clock.slept[0] <= 1 and 1 <= clock.slept[1] <= 2
    assert [line.startswith("waiting ") for line in clock.lines] == [True, True]


@pytest.mark.parametrize("form", ["seconds", "date", "date without a clock"])
def test_retry_after_is_kept(server: HttpServer, form: str) -> None:
    # GIVEN a server whose clock is an hour ahead and that wants a pause of 12 s
    clock = Time()
    theirs = clock.now + 3600
    headers = {"Retry-After": "12"}
    if form != "seconds":
        base = theirs if form == "date" else clock.now
        headers = {"Retry-After": email.utils.formatdate(base + 12, usegmt=True)}
    server.route("/x", lambda call: Answer(429, headers=headers) if len(server.calls) == 1 else Answer(json={}))
    if form == "date":
        _with_date(server, theirs)
    elif form == "date without a clock":
        _with_date(server, clock.now)
    texts: list[str] = []
    # WHEN a request is sent
    with clock.client(server.url, progress=texts.append) as client:
        client.request("POST", "x", json={})
    # THEN it waits just that, also for a POST, and says so
    assert clock.slept == [12.0]
    assert texts == ["waiting 12 s: the server asked for it (429 Too Many Requests)"]


def _with_date(server: HttpServer, moment: float) -> None:
    server.date = email.utils.formatdate(moment, usegmt=True)


def test_a_pause_that_is_too_long_is_an_error(server: HttpServer) -> None:
    server.script("/x", Answer(429, headers={"Retry-After": "7200"}))
    clock = Time()
    with clock.client(server.url) as client, pytest.raises(HttpError, match=r"429 and wants a pause of 7200 s.* 900 s"):
        client.request("GET", "x")
    assert clock.slept == []


def test_it_gives_up(server: HttpServer) -> None:
    # GIVEN a server that stays ill
    server.script("/x", Answer(503, json={"message": "down for\x1b[31m maintenance"}))
    clock = Time()
    # WHEN it is asked with 3 repetitions, THEN the error says how often, and what the server said, made safe
    with clock.client(server.url, retries=3) as client, pytest.raises(HttpError) as caught:
        client.request("GET", "x", params={"key": SECRET})
    assert str(caught.value).startswith(f"GET {server.url}/x: gave up after 4 attempts, the server answered 503")
    assert "down for maintenance" in str(caught.value) and caught.value.status == 503
    assert len(server.calls) == 4 and SECRET not in str(caught.value) + "".join(clock.lines)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (
            {
                "type": "https://stoplight.io/prism/errors#UNPROCESSABLE_ENTITY",
                "title": "Invalid request",
                "status": 422,
                "detail": "Your request is not valid",
                "validation": [
                    {"location": ["body"], "code": "required", "message": "must have required property 'email'"},
                    {"location": ["body", "zip"], "code": "type", "message": "must be a text"},
                ],
            },
            "Your request is not valid: body: must have required property 'email'; body.zip: must be a text",
        ),
        (
            {"title": "Not valid", "errors": [{"detail": "must be positive", "pointer": "#/age"}]},
            "Not valid: #/age: must be positive",
        ),
        (
            {"title": "Not valid", "invalid-params": [{"name": "age", "reason": "must be positive"}]},
            "Not valid: age: must be positive",
        ),
        ({"detail": [{"loc": ["body", 0, "age"], "msg": "field required"}]}, "body.0.age: field required"),
        ({"errors": [{"field": "age", "message": "age is too low"}]}, "age is too low"),
        ({"errors": {"age": ["too low"]}}, "age: too low"),
    ],
)
def test_what_is_wrong_with_a_request_is_told_in_the_servers_words(server: HttpServer, body: Any, said: str) -> None:
    # GIVEN a server that refuses and lists why, as problem details, Prism and common frameworks do
    server.script("/x", Answer(422, json=body))
    # WHEN it is asked, THEN the error has the list with its places
    with Time().client(server.url) as client, pytest.raises(HttpError) as caught:
        client.request("GET", "x")
    assert caught.value.detail == said


@pytest.mark.parametrize(
    ("answers", "idempotent", "calls"),
    [
        ([DROP], None, 1),
        ([CUT], None, 1),
        ([Answer(500)], None, 1),
        ([Answer(503)], None, 1),
        ([Answer(503, headers={"Retry-After": "0"}), Answer(json=1)], None, 2),
        ([Answer(429, headers={"Retry-After": "0"}), Answer(json=1)], None, 2),
        ([DROP, Answer(500), Answer(json=1)], True, 3),
    ],
)
def test_a_post_is_repeated_only_when_it_cannot_have_been_done(
    server: HttpServer, answers: list[Answer], idempotent: bool | None, calls: int
) -> None:
    server.script("/x", *answers)
    with Time().client(server.url) as client:
        if calls == 1:
            with pytest.raises(HttpError) as caught:
                client.request("POST", "x", json={}, idempotent=idempotent)
            assert caught.value.maybe_done
        else:
            assert client.request("POST", "x", json={}, idempotent=idempotent).json() == 1
    assert len(server.calls) == calls


def test_a_post_that_never_arrived_is_repeated() -> None:
    clock = Time()
    with clock.client(f"http://127.0.0.1:{refused_port()}", retries=2) as client, pytest.raises(HttpError) as caught:
        client.request("POST", "x", json={})
    assert "gave up after 3 attempts: the connection was refused" in str(caught.value) and len(clock.slept) == 2
    assert not caught.value.maybe_done


@pytest.mark.parametrize(
    ("answer", "parts"),
    [
        (
            Answer(401, json={"error": {"message": "bad token"}}),
            ["refused the credentials (401 Unauthorized: bad token)"],
        ),
        (Answer(403, body=b""), ["refused the credentials (403 Forbidden)", "allowed to see"]),
        (Answer(404, json={"detail": "no such list"}), ["knows no such address (404 Not Found: no such list)"]),
        (
            Answer(422, json={"title": "Invalid", "errors": [{"field": "email", "message": "is fake"}]}),
            ["refused the request (422", "Invalid: email: is fake"],
        ),
        (Answer(400, json={"errors": {"name": ["too long"]}}), ["name: too long"]),
        (Answer(400, body=b"x" * 5000), ["x" * 200 + "", "…"]),
        (
            Answer(400, body=b"<html><title>Bad\nthing</title>...", headers={"Content-Type": "text/html"}),
            ["Bad thing"],
        ),
        (Answer(501), ["the server failed (501"]),
        (Answer(304), ["redirect that leads nowhere (304"]),
    ],
)
def test_refusals_are_one_sentence(server: HttpServer, answer: Answer, parts: list[str]) -> None:
    server.script("/x", answer)
    with Time().client(server.url) as client, pytest.raises(HttpError) as caught:
        client.request("GET", "x", params={"token": SECRET})
    for part in [f"GET {server.url}/x: ", *parts]:
        assert part in str(caught.value)
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 600 and SECRET not in str(caught.value)


def test_unreachable_servers(server: HttpServer) -> None:
    cases = {
        f"http://127.0.0.1:{refused_port()}": "nothing listens there",
        "http://no-such-host.invalid": "no host of that name",
        f"https://127.0.0.1:{server.port}": "no TLS connection",
    }
    for url, says in cases.items():
        with Time().client(url, retries=0) as client, pytest.raises(HttpError, match=says):
            client.request("GET", "x")
    never = threading.Event()
    server.script("/slow", Answer(wait=never))
    with Time().client(server.url, retries=0, timeout=0.2) as client, pytest.raises(HttpError, match=r"within 0\.2 s"):
        client.request("GET", "slow")
    never.set()


def test_a_server_that_hangs_up_is_a_sentence() -> None:
    # GIVEN something that listens and speaks no HTTP
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def greet() -> None:
            connection, _ = listener.accept()
            connection.sendall(b"220 mail ready\r\n")
            connection.close()

        thread = threading.Thread(target=greet)
        thread.start()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        with Time().client(url, retries=0) as client, pytest.raises(HttpError, match="the connection broke"):
            client.request("GET", "")
        thread.join()


@pytest.mark.parametrize("url", ["", "example.com", "ftp://example.com", "https://", "http://[x", "https://u:p@[/"])
def test_an_address_that_is_none(url: str) -> None:
    with pytest.raises(UserError, match="address"):
        HttpClient(url)


def test_an_authority_of_ones_own(server: HttpServer, tmp_path: Path) -> None:
    # GIVEN a server with a certificate that nobody else knows
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    make = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout key -out cert -days 2"
    names = ["-subj", "/CN=test", "-addext", "subjectAltName=IP:127.0.0.1"]
    subprocess.run([*make.split(), *names], cwd=tmp_path, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "cert", tmp_path / "key")
    server._server.socket = context.wrap_socket(server._server.socket, server_side=True)
    server.route("/x", lambda call: Answer(json=1))
    url = server.url.replace("http:", "https:")
    # WHEN it is asked without and with that certificate, THEN it is refused and trusted
    with Time().client(url, retries=0) as client, pytest.raises(HttpError, match=r"not trusted \(self-signed"):
        client.request("GET", "x")
    with Time().client(url, ca_file=tmp_path / "cert") as client:
        assert client.request("GET", "x").json() == 1
    for wrong, says in (("key", "holds no certificate"), ("none", "No such file")):
        with pytest.raises(UserError, match=says):
            HttpClient(url, ca_file=tmp_path / wrong)


def test_redirects(server: HttpServer) -> None:
    # GIVEN an API that sends a client around, and at last to another host
    with HttpServer() as other:
        server.script("/a", Answer(302, headers={"Location": "/b"}))
        server.script("/b", Answer(307, headers={"Location": f"{other.url}/c?signature=1"}))
        other.script("/c", Answer(json=1))
        auth = Auth(type="bearer", token=SECRET)
        with Time().client(server.url, auth, headers={"X-Key": SECRET}) as client:
            assert client.request("GET", "a").json() == 1
            # WHEN it asks the other host itself, THEN nothing secret goes there either
            assert client.request("GET", f"{other.url}/c").json() == 1
        assert [call.headers["Authorization"] for call in server.calls] == [f"Bearer {SECRET}"] * 2
        for call in other.calls:
            assert SECRET not in str(call.headers) and call.headers["Host"] == f"127.0.0.1:{other.port}"
    server.script("/round", Answer(302, headers={"Location": "/round"}))
    with Time().client(server.url) as client, pytest.raises(HttpError, match="more than 10 redirects"):
        client.request("GET", "round")


def test_credentials_that_another_host_wants(server: HttpServer) -> None:
    with HttpServer() as other:
        server.script("/a", Answer(302, headers={"Location": f"{other.url}/c"}))
        other.script("/c", Answer(401))
        with (
            Time().client(server.url, Auth(type="bearer", token=SECRET)) as client,
            pytest.raises(HttpError, match="is not the server of base_url, so it got no credentials"),
        ):
            client.request("GET", "a")


def test_https_is_no_other_server_than_http() -> None:
    for base, other, home in (
        ("http://a.example", "https://a.example/x", True),
        ("https://a.example", "http://a.example/x", False),
        ("https://a.example:443", "https://A.example/x", True),
        ("http://a.example:8080", "https://a.example/x", False),
        ("https://a.example", "https://b.example/x", False),
    ):
        with HttpClient(base, headers={"X-Key": "k"}) as client:
            assert ("X-Key" in client._build("GET", other, None, None, None, None, None).headers) is home


def test_what_is_sent(server: HttpServer) -> None:
    server.route("/v1/x", lambda call: Answer(json={}))
    with Time().client(f"{server.url}/v1/", headers={"X-A": "1"}) as client:
        client.request("get", "/x?a=1", params={"b": [2, 3], "c": None, "d": True, "e": "ä &"})
        client.request("POST", "x", json={"é": 1}, headers={"X-A": "2"})
        client.request("POST", "x", data={"a": "b c"})
        client.request("POST", "x", content="{}\n", headers={"Content-Type": "application/x-ndjson"})
        with pytest.raises(UserError, match="the body is no JSON"):
            client.request("POST", "x", json={"a": float("nan")})
        client.request("GET", "x", headers={"accept": "text/csv"})
    get, post, form, lines, csv = server.calls
    assert csv.headers.get_all("Accept") == ["text/csv"]
    assert get.target == "/v1/x?a=1&b=2&b=3&d=true&e=%C3%A4+%26" and get.headers["X-A"] == "1"
    assert post.json == {"é": 1} and post.headers["X-A"] == "2" and post.headers["Content-Type"] == "application/json"
    assert form.form == {"a": "b c"} and lines.body == b"{}\n"
    assert lines.headers["Content-Type"] == "application/x-ndjson"


def test_a_large_answer_goes_to_a_file(server: HttpServer, tmp_path: Path) -> None:
    # GIVEN an answer that breaks once
    pieces = [b"x" * 1000] * 50
    calls = iter([CUT, Answer(body=pieces)])
    server.route("/x", lambda call: next(calls))
    with Time().client(server.url) as client:
        client.request("GET", "x", into=tmp_path / "body")
    # THEN the file holds only the complete one
    assert (tmp_path / "body").read_bytes() == b"".join(pieces)


def test_the_limit_per_minute(server: HttpServer) -> None:
    server.route("/x", lambda call: Answer(json={}))
    clock = Time()
    with clock.client(server.url, per_minute=3) as client:
        for _ in range(3):
            client.request("GET", "x")
            clock.now += 10
        client.request("GET", "x")
        client.request("GET", "x")
    assert clock.slept == [30.0, 10.0] and "limit of requests per minute" in clock.lines[0]
    rate = PerMinute(1)
    rate.count(1e9)
    assert rate.wait(0.0) == 60.0


def test_back_off_grows_to_its_limit() -> None:
    assert [back_off(n, 1.0, 60.0, lambda: 1.0) for n in (1, 2, 3, 7, 5000)] == [1, 2, 4, 60, 60]
    assert back_off(3, 1.0, 60.0, lambda: 0.0) == 2


def test_a_header_that_cannot_be_sent_is_not_shown() -> None:
    for headers in ({"X-Key": f"{SECRET}\n"}, {"X-Key": f"{SECRET}ä"}, {"X Key": "a"}):
        with pytest.raises(UserError) as caught:
            HttpClient("http://localhost", headers=headers)
        assert SECRET not in str(caught.value)


def test_httpx_stays_quiet(server: HttpServer, caplog: pytest.LogCaptureFixture) -> None:
    server.route("/x", lambda call: Answer(json={}))
    with Time().client(server.url) as client:
        client.request("GET", "x", params={"key": SECRET})
    assert caplog.text == "" and logging.getLogger("httpx").level == logging.WARNING


@pytest.mark.parametrize("method", ["POST", "PATCH"])
@pytest.mark.parametrize("status", [500, 502, 504])
def test_a_failure_is_no_later_whatever_pause_it_names(server: HttpServer, method: str, status: int) -> None:
    # GIVEN a server that failed on the way, perhaps behind the point of no return, and names a pause all the same
    server.script("/x", Answer(status, headers={"Retry-After": "0"}), Answer(json=1))
    # WHEN it got a POST, THEN that is not repeated; a GET is
    with Time().client(server.url) as client:
        with pytest.raises(HttpError) as caught:
            client.request(method, "x", json={})
        assert len(server.calls) == 1 and caught.value.maybe_done
        assert client.request("GET", "x").json() == 1


def test_pauses_add_up_to_what_a_request_may_wait(server: HttpServer) -> None:
    # GIVEN a server that asks for a pause of 40 s again and again
    server.script("/x", Answer(503, headers={"Retry-After": "40"}))
    clock = Time()
    # WHEN 100 s are the most that a request may wait, THEN it waits twice and no third time
    with (
        clock.client(server.url, retries=9, max_total_wait=100.0) as client,
        pytest.raises(HttpError, match=r"503 and wants a pause of 40 s after 80 s of waiting, longer than the 100 s"),
    ):
        client.request("GET", "x")
    assert clock.slept == [40, 40] and len(server.calls) == 3
    # AND the next request has all of its time again
    with clock.client(server.url, retries=2, max_total_wait=100.0) as client, pytest.raises(HttpError, match="gave up"):
        client.request("GET", "x")


def test_pauses_of_its_own_add_up_as_well(server: HttpServer) -> None:
    server.script("/x", DROP)
    clock = Time()
    with (
        clock.client(server.url, retries=100, backoff=8.0, max_wait=8.0, max_total_wait=20.0) as client,
        pytest.raises(HttpError, match=r"the connection broke .* needs a pause of .* longer than the 20 s"),
    ):
        client.request("GET", "x")
    assert 2 <= len(clock.slept) <= 4 and sum(clock.slept) <= 20
