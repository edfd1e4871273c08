"""What never leaves for another server: headers, bodies, secrets in addresses; and addresses that are none."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from orch_tui.components.http.auth.settings import Auth
from orch_tui.components.http.client import HttpClient, HttpError
from orch_tui.components.http.wire.addresses import shown_url
from orch_tui.model.errors import UserError

from tests.servers.http_server import Answer, HttpServer

SECRET = "s3cret-4711-value"


@pytest.fixture
def server() -> Iterator[HttpServer]:
    with HttpServer() as running:
        yield running


@pytest.fixture
def other() -> Iterator[HttpServer]:
    with HttpServer() as running:
        running.route("/in", lambda call: Answer(json={"access_token": "t"}))
        yield running


def oauth(server: HttpServer, **more: Any) -> Auth:
    return Auth(
        type="oauth2_client_credentials",
        token_url=f"{server.url}/token",
        client_id="id",
        client_secret=SECRET,
        **more,
    )


@pytest.mark.parametrize("status", [307, 308])
@pytest.mark.parametrize("place", ["body", "header"])
def test_credentials_do_not_follow_a_redirect_of_the_token_address(
    server: HttpServer, other: HttpServer, status: int, place: str
) -> None:
    # GIVEN a token endpoint that sends its callers to another server
    server.script("/token", Answer(status, headers={"Location": f"{other.url}/in"}))
    # WHEN a token is needed, THEN nothing goes there, and the sentence names both
    with HttpClient(server.url, oauth(server, credentials=place)) as client, pytest.raises(HttpError) as caught:
        client.request("GET", "x")
    assert other.calls == [] and SECRET not in str(caught.value)
    assert f"redirects to {other.url}/in, which is not the server of {server.url}/token" in str(caught.value)


def test_a_token_that_is_renewed_stays_at_home_as_well(server: HttpServer, other: HttpServer) -> None:
    # GIVEN a first token, and an endpoint that moves after it
    server.script("/token", Answer(json={"access_token": "t1"}), Answer(308, headers={"Location": f"{other.url}/in"}))
    server.script("/x", Answer(json=1), Answer(401))
    with HttpClient(server.url, oauth(server)) as client:
        client.request("GET", "x")
        with pytest.raises(HttpError, match="its body, which may hold credentials, is not sent there"):
            client.request("GET", "x")
    assert other.calls == []


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("body", [{"json": {"key": SECRET}}, {"data": {"a": "1"}}, {"content": b"x"}])
def test_no_body_goes_to_another_server(
    server: HttpServer, other: HttpServer, method: str, body: dict[str, Any]
) -> None:
    server.script("/x", Answer(307, headers={"Location": f"{other.url}/in"}))
    with HttpClient(server.url) as client:
        # WHEN a server redirects a body, or a link leads away with one, THEN that is an error
        with pytest.raises(HttpError, match="is not sent there"):
            client.request(method, "x", **body)
        with pytest.raises(HttpError, match="is not sent there"):
            client.request(method, f"{other.url}/in", **body)
        assert other.calls == []
        # WHEN there is none, or it stays at home, THEN it is followed
        server.script("/y", Answer(307, headers={"Location": "/z"}))
        server.script("/z", Answer(json=2))
        assert client.request(method, "y", **body).json() == 2 and server.calls[-1].body == server.calls[-2].body
        assert client.request(method, "x").is_success and other.calls[-1].body == b""


@pytest.mark.parametrize("query", [f"?api_key={SECRET}", f"?a=1&k=x{SECRET}y", "?k=%73%33cret"])
def test_no_secret_in_an_address_goes_to_another_server(server: HttpServer, other: HttpServer, query: str) -> None:
    # GIVEN a server that copies the query, and with it the key, into an address elsewhere
    auth = Auth(type="api_key", name="api_key", value=SECRET, place="query")
    server.script("/x", Answer(302, headers={"Location": f"{other.url}/in{query}"}))
    with HttpClient(server.url, auth) as client:
        if SECRET not in query:
            # What is no secret, such as a signature, is the server's business.
            assert client.request("GET", "x").is_success
            return
        for url in ("x", f"{other.url}/in{query}"):
            with pytest.raises(HttpError, match="has a secret of this configuration in it") as caught:
                client.request("GET", url)
            assert SECRET not in str(caught.value)
    assert other.calls == []


def test_a_secret_variable_in_the_parameters_stays_at_home(
    server: HttpServer, other: HttpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ORCH_SECRETS", "KEY")
    monkeypatch.setenv("KEY", "köy/+&=1234")
    server.script("/x", Answer(302, headers={"Location": f"{other.url}/in?k=k%C3%B6y%2F%2B%26%3D1234"}))
    with HttpClient(server.url) as client, pytest.raises(HttpError, match="has a secret of this configuration"):
        client.request("GET", "x", params={"k": "köy/+&=1234"})
    assert other.calls == []


def test_cookies_and_headers_stay_at_home(server: HttpServer, other: HttpServer) -> None:
    # GIVEN a session cookie of the API, whose host differs in its port only
    server.script("/x", Answer(json=1, headers={"Set-Cookie": f"session={SECRET}; Path=/"}))
    with HttpClient(server.url, headers={"X-Key": SECRET, "Proxy-Authorization": SECRET}) as client:
        client.request("GET", "x")
        client.request("GET", f"{other.url}/in", headers={"X-Own": SECRET, "Accept": "text/csv"})
    assert SECRET not in str(other.calls[0].headers) and other.calls[0].headers["Accept"] == "text/csv"


@pytest.mark.parametrize(
    ("target", "says"),
    [
        ("file:///etc/passwd", "redirects to an address with file:, which is not followed"),
        ("FILE://localhost/etc/passwd", "redirects to an address with file:"),
        ("ftp://a.example/x", "redirects to an address with ftp:"),
        ("gopher://a.example", "redirects to an address with gopher:"),
        ("data:text/plain,x", "redirects to an address with data:"),
        ("javascript:alert(1)", "redirects to an address with javascript:"),
        ("http://[x", "redirects to something that is no address"),
        ("http://a.example:port/", "redirects to something that is no address"),
    ],
)
@pytest.mark.parametrize("status", [302, 307])
def test_redirects_that_lead_out_of_the_web(server: HttpServer, target: str, says: str, status: int) -> None:
    server.script("/x", Answer(status, headers={"Location": target}))
    with HttpClient(server.url, sleep=lambda seconds: None) as client, pytest.raises(HttpError) as caught:
        client.request("GET", "x")
    assert says in str(caught.value) and len(server.calls) == 1


PASSWORDS = [
    "pa/ss4711",
    "p@ss4711",
    "pass#4711",
    "12/word4711",
    "12?word4711",
    "pa:ss/4711",
    "[pass4711",
    "12#4711word",
]


@pytest.mark.parametrize("password", PASSWORDS)
@pytest.mark.parametrize("known", [True, False])
def test_no_part_of_a_password_is_in_the_error_of_an_address(
    monkeypatch: pytest.MonkeyPatch, password: str, known: bool
) -> None:
    # GIVEN a password that is not encoded in an address, from a variable or in the clear
    if known:
        monkeypatch.setenv("ORCH_SECRETS", "OTHER,PASSWORD")
        monkeypatch.setenv("PASSWORD", password)
    url = f"http://user:{password}@127.0.0.1:1/api"
    # WHEN it is used
    try:
        with HttpClient(url, retries=0) as client:
            client.request("GET", "x")
    except UserError as error:
        text = str(error)
    # THEN no part of it is shown; a known one is told at once, before anything is asked
    for part in ("4711", "word", "pa/", "pass"):
        assert part not in text.replace("password", "")
    assert not known or "percent-encoded" in text


def test_addresses_as_they_are_shown() -> None:
    for url, shown in (
        ("https://u:p@a.example:8443/x?key=1#y", "https://a.example:8443/x"),
        ("https://a.example/users/@me", "https://a.example/users/@me"),
        ("http://localhost:8080?email=a@b.example", "http://localhost:8080"),
        ("http://[::1]:80/x", "http://[::1]:80/x"),
        ("items?since=1", "items"),
        ("http://u:12#34@a.example/", "the address (which cannot be shown: part of it may be a password)"),
    ):
        assert shown_url(url) == shown


def test_a_secret_in_the_path_is_hidden_in_its_parts(server: HttpServer, monkeypatch: pytest.MonkeyPatch) -> None:
    # GIVEN a key in a path that has the characters of an address in it, so that only a part of it is the path
    monkeypatch.setenv("ORCH_SECRETS", "KEY")
    monkeypatch.setenv("KEY", "abcd1234?efgh5678#ijkl")
    with HttpClient(server.url) as client, pytest.raises(HttpError) as caught:
        client.request("GET", "hooks/abcd1234?efgh5678#ijkl")
    assert "abcd1234" not in str(caught.value) and "/hooks/*****" in str(caught.value)


def test_a_packed_answer_that_is_cut_short_is_asked_for_again(server: HttpServer, tmp_path: Path) -> None:
    # GIVEN lines that are cut short inside of a packed body whose length is right
    lines = b'{"id": 1}\n' * 1000
    packed = gzip.compress(lines)
    zipped = {"Content-Encoding": "gzip"}
    server.script("/x", Answer(body=packed[:-20], headers=zipped), Answer(body=packed, headers=zipped))
    # WHEN they are read, THEN they are asked for again, and are all there
    with HttpClient(server.url, sleep=lambda seconds: None) as client:
        client.request("GET", "x", into=tmp_path / "body")
        assert (tmp_path / "body").read_bytes() == lines and len(server.calls) == 2
        server.script("/x", Answer(body=packed[:-20], headers=zipped))
        with pytest.raises(HttpError, match="the connection broke before the answer was complete"):
            client.request("GET", "x", into=tmp_path / "body")
        server.script("/x", Answer(body=b"\x1f\x8brest", headers=zipped))
        with pytest.raises(HttpError, match="could not be unpacked, it is damaged"):
            client.request("GET", "x", into=tmp_path / "body")


def test_a_part_of_a_body_is_not_taken_for_all_of_it(server: HttpServer, tmp_path: Path) -> None:
    server.script("/x", Answer(206, body=b'{"id":1}\n', headers={"Content-Range": "bytes 0-8/900"}))
    server.script("/y", Answer(206, json=[1], headers={"Content-Range": "items 0-0/1"}))
    with HttpClient(server.url) as client:
        with pytest.raises(HttpError, match=r"gave only a part of the answer \(bytes 0-8/900\)"):
            client.request("GET", "x", into=tmp_path / "body")
        # PostgREST answers so to whole pages.
        assert client.request("GET", "y", into=tmp_path / "body").status_code == 206
