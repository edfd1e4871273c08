"""Proxies that variables of the environment name: requests go through them, and what fails there names them."""

from __future__ import annotations

import pytest
from orch_tui.components.http.client import HttpClient, HttpError
from orch_tui.model.errors import UserError

from tests.servers.http_server import Answer, HttpServer, refused_port

VARIABLES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


def client(url: str) -> HttpClient:
    return HttpClient(url, retries=0, sleep=lambda seconds: None, timeout=5.0)


@pytest.mark.parametrize("name", ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"])
def test_a_request_goes_through_the_proxy(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    # GIVEN a proxy, and a server of a name that only the proxy knows
    with HttpServer() as proxy:
        proxy.script("http://api.example.invalid/x", Answer(json=[1]))
        proxy.script("/x", Answer(json=[1]))
        monkeypatch.setenv(name, proxy.url)
        # WHEN
        with client("http://api.example.invalid") as http:
            assert http.request("GET", "x").json() == [1]
        # THEN
        assert len(proxy.calls) == 1


def test_a_server_that_is_excepted_is_asked_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    with HttpServer() as server:
        server.script("/x", Answer(json=[1]))
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{refused_port()}")
        monkeypatch.setenv("no_proxy", "127.0.0.1,localhost")
        with client(server.url) as http:
            assert http.request("GET", "x").json() == [1]


@pytest.mark.parametrize(
    ("proxy", "sentence"),
    [
        (
            "http://user:geheim@no-such-proxy.invalid:3128",
            "the proxy no-such-proxy.invalid:3128 is no host that there is",
        ),
        ("http://user:geheim@127.0.0.1:{refused}", "the proxy 127.0.0.1:{refused} refused the connection"),
    ],
)
def test_what_fails_at_the_proxy_is_not_told_of_the_server(
    monkeypatch: pytest.MonkeyPatch, proxy: str, sentence: str
) -> None:
    refused = str(refused_port())
    monkeypatch.setenv("HTTP_PROXY", proxy.replace("{refused}", refused))
    with client("http://api.example.invalid") as http, pytest.raises(HttpError) as caught:
        http.request("GET", "x")
    said = str(caught.value)
    assert sentence.replace("{refused}", refused) in said and "HTTP_PROXY" in said and "geheim" not in said


@pytest.mark.parametrize("proxy", ["socks5://user:geheim@127.0.0.1:1080", "foo://user:geheim@127.0.0.1:1"])
def test_a_proxy_of_a_kind_that_is_not_known_is_an_error_of_the_user(
    monkeypatch: pytest.MonkeyPatch, proxy: str
) -> None:
    monkeypatch.setenv("ALL_PROXY", proxy)
    with pytest.raises(UserError, match=r"ALL_PROXY names for 127\.0\.0\.1:1") as caught:
        client("http://api.example.invalid")
    assert "geheim" not in str(caught.value)


def test_a_proxy_that_wants_credentials_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    with HttpServer() as proxy:
        proxy.script("http://api.example.invalid/x", Answer(407))
        proxy.script("/x", Answer(407))
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        with (
            client("http://api.example.invalid") as http,
            pytest.raises(HttpError, match="the proxy wants credentials"),
        ):
            http.request("GET", "x")
