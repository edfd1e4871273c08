"""Limits of requests as servers tell of them, and how a client waits for them."""

from __future__ import annotations

import email.utils
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from orch_tui.components.http.client import HttpClient, HttpError
from orch_tui.components.http.wire.rate_limits import pause_until_more, used_up

from tests.servers.http_server import Answer, HttpServer

NOW = 1_790_000_000.0


def refusal(status: int, headers: dict[str, str], json: Any = None) -> httpx.Response:
    return httpx.Response(status, headers=headers, json=json)


@pytest.mark.parametrize(
    ("status", "headers", "limited", "pause"),
    [
        (403, {}, False, None),
        (403, {"X-RateLimit-Remaining": "3", "X-RateLimit-Reset": f"{NOW + 60:.0f}"}, False, None),
        (403, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": f"{NOW + 60:.0f}"}, True, 60),
        (403, {"x-rate-limit-remaining": "0", "x-rate-limit-reset": f"{NOW - 5:.0f}"}, True, 0),
        (403, {"X-RateLimit-Remaining": "0"}, True, None),
        (403, {"RateLimit-Remaining": "0", "RateLimit-Reset": "30"}, True, 30),
        (403, {"RateLimit": '"default";r=0;t=45'}, True, 45),
        (403, {"RateLimit": '"default";r=5;t=45'}, False, None),
        (403, {"Retry-After": "7"}, True, 7),
        (403, {"Throttle-Retry-After": "9"}, True, 9),
        (403, {"Retry-After": "soon"}, False, None),
        (429, {}, True, None),
        (429, {"Throttle-Retry-After": "9"}, True, 9),
        (429, {"Throttle-Retry-After": "9", "Retry-After": "12"}, True, 12),
        (429, {"X-RateLimit-Reset": f"{(NOW + 20) * 1000:.0f}"}, True, 20),
        (429, {"RateLimit-Remaining": "0, 0;window=60", "RateLimit-Reset": "11"}, True, 11),
        (429, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "tomorrow"}, True, None),
        (503, {"Retry-After": "4", "X-RateLimit-Remaining": "0"}, False, 4),
        (503, {"X-RateLimit-Reset": "4"}, False, None),
        (200, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "4"}, False, None),
    ],
)
def test_what_headers_say(status: int, headers: dict[str, str], limited: bool, pause: float | None) -> None:
    answer = refusal(status, headers)
    assert (used_up(answer), pause_until_more(answer, NOW)) == (limited, pause)


def test_a_moment_is_one_of_the_servers_clock() -> None:
    # GIVEN a server whose clock is an hour ahead
    headers = {"Date": email.utils.formatdate(NOW + 3600, usegmt=True), "X-RateLimit-Reset": f"{NOW + 3610:.0f}"}
    assert pause_until_more(refusal(429, headers), NOW) == 10


@pytest.mark.parametrize(
    ("body", "limited"),
    [
        ({"error": {"errors": [{"reason": "userRateLimitExceeded"}]}}, True),
        ({"error": {"errors": [{"domain": "x"}, {"reason": "rateLimitExceeded"}]}}, True),
        ({"error": {"errors": [{"reason": "insufficientPermissions"}]}}, False),
        ({"error": {"errors": "rateLimitExceeded"}}, False),
        ({"error": "rateLimitExceeded"}, False),
        (["rateLimitExceeded"], False),
    ],
)
def test_what_a_body_says(body: Any, limited: bool) -> None:
    assert used_up(refusal(403, {}, body)) is limited


@pytest.fixture
def server() -> Iterator[HttpServer]:
    with HttpServer() as running:
        yield running


@pytest.mark.parametrize("method", ["GET", "POST", "PATCH"])
def test_a_used_up_limit_is_waited_for_with_any_method(server: HttpServer, method: str) -> None:
    # GIVEN a server that refuses with 403 until its limit is set back
    limit = Answer(403, headers={"X-RateLimit-Remaining": "0", "RateLimit-Reset": "17"})
    server.script("/x", limit, limit, Answer(json=1))
    slept: list[float] = []
    lines: list[str] = []
    # WHEN it is asked, THEN it is waited for as it says, also by a POST: nothing was carried out
    with HttpClient(server.url, sleep=slept.append, log=lines.append) as client:
        assert client.request(method, "x").json() == 1
    assert slept == [17, 17] and "403 Forbidden, its limit of requests is used up" in lines[0]


def test_a_limit_that_stays_used_up_is_told_as_one(server: HttpServer) -> None:
    server.script("/x", Answer(403, headers={"X-RateLimit-Remaining": "0"}, json={"message": "quota"}))
    with (
        HttpClient(server.url, retries=1, sleep=lambda seconds: None) as client,
        pytest.raises(HttpError, match=r"answered 403 Forbidden, its limit of requests is used up: quota; try again"),
    ):
        client.request("GET", "x")
    server.script("/x", Answer(403, headers={"Retry-After": "3600"}))
    with (
        HttpClient(server.url, sleep=lambda seconds: None) as client,
        pytest.raises(HttpError, match=r"403 \(its limit of requests is used up\) and wants a pause of 3600 s"),
    ):
        client.request("GET", "x")
    # A refusal for another reason is none.
    server.script("/x", Answer(403, headers={"X-RateLimit-Remaining": "9"}))
    with HttpClient(server.url) as client, pytest.raises(HttpError, match="refused the credentials"):
        client.request("GET", "x")
