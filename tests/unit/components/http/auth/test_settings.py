"""Authentication against a real server, and what wrong settings are told."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

import pytest
from orch_tui.components.http.auth.settings import Auth, authentication
from orch_tui.components.http.client import HttpClient, HttpError
from orch_tui.components.kit.component import Parameters
from orch_tui.components.kit.parameters import model_errors
from orch_tui.model.errors import UserError
from orch_tui.model.texts.text import safe_line

from tests.servers.http_server import DROP, Answer, Call, HttpServer

SECRET = "s3cret&/ü+value"


@pytest.fixture
def server() -> Iterator[HttpServer]:
    with HttpServer() as running:
        running.route("/x", lambda call: Answer(json={}))
        yield running


class Tokens:
    """A token endpoint and an API that takes only the newest token."""

    def __init__(self, server: HttpServer, life: float = 3600) -> None:
        self.server = server
        self.life = life
        self.given = 0
        self.withdrawn: set[str] = set()
        server.route("/token", self.token)
        server.route("/api", self.api)

    def token(self, call: Call) -> Answer:
        self.given += 1
        return Answer(json={"access_token": f"token-{self.given}", "expires_in": self.life, "token_type": "bearer"})

    def api(self, call: Call) -> Answer:
        shown = call.headers["Authorization"].removeprefix("Bearer ")
        if shown != f"token-{self.given}" or shown in self.withdrawn:
            return Answer(401, json={"error": f"token {shown} is not valid"})
        return Answer(json={})

    def auth(self, **more: Any) -> Auth:
        return Auth(
            type="oauth2_client_credentials",
            token_url=f"{self.server.url}/token",
            client_id="id",
            client_secret=SECRET,
            **more,
        )


def client(
    server: HttpServer, auth: Auth, now: list[float] | None = None, lines: list[str] | None = None
) -> HttpClient:
    clock = now or [1e9]

    def sleep(seconds: float) -> None:
        clock[0] += seconds

    return HttpClient(
        server.url, auth, sleep=sleep, clock=lambda: clock[0], log=(lines if lines is not None else []).append
    )


def test_keys_go_where_they_belong(server: HttpServer) -> None:
    for auth in (
        Auth(),
        Auth(type="bearer", token="tok"),
        Auth(type="basic", username="ü", password=SECRET),
        Auth(type="api_key", name="X-Api-Key", value="tok "),
        Auth(type="api_key", name="key", value=SECRET, place="query"),
    ):
        with client(server, auth) as http:
            http.request("GET", "x?a=1")
    none, bearer, basic, header, query = server.calls
    assert "Authorization" not in none.headers
    assert bearer.headers["Authorization"] == "Bearer tok"
    assert base64.b64decode(basic.headers["Authorization"].split()[1]).decode() == f"ü:{SECRET}"
    assert header.headers["X-Api-Key"] == "tok"
    assert query.query == {"a": "1", "key": SECRET}


def test_a_token_is_fetched_once_and_renewed_before_its_end(server: HttpServer) -> None:
    # GIVEN tokens that live for an hour
    tokens, now = Tokens(server), [1e9]
    lines: list[str] = []
    with client(server, tokens.auth(scope="a b", extra={"audience": "all"}), now, lines) as http:
        # WHEN nothing is asked, THEN there is no token either
        assert server.calls == []
        # WHEN requests come, THEN they share a token until a minute before its end
        for moment, given in ((0, 1), (3539, 1), (3541, 2), (3600, 2)):
            now[0] = 1e9 + moment
            http.request("GET", "api")
            assert tokens.given == given
    first = server.calls[0]
    credentials = {"client_id": "id", "client_secret": SECRET}
    assert first.form == {"grant_type": "client_credentials", "scope": "a b", "audience": "all", **credentials}
    assert "Authorization" not in first.headers and not any("token-" in line or SECRET in line for line in lines)


def test_credentials_in_the_header(server: HttpServer) -> None:
    tokens = Tokens(server)
    with client(server, tokens.auth(credentials="header")) as http:
        http.request("GET", "api")
    decoded = base64.b64decode(server.calls[0].headers["Authorization"].split()[1]).decode()
    assert decoded == "id:s3cret%26%2F%C3%BC%2Bvalue" and "client_secret" not in server.calls[0].form


def test_a_withdrawn_token_is_renewed_once(server: HttpServer) -> None:
    # GIVEN a token that the server no longer takes
    tokens = Tokens(server)
    with client(server, tokens.auth()) as http:
        http.request("GET", "api")
        tokens.withdrawn.add("token-1")
        # WHEN it is used, THEN another one is fetched, also for a POST
        http.request("POST", "api", json={"a": 1})
        assert tokens.given == 2 and server.calls[-1].json == {"a": 1}
        # WHEN none is taken, THEN that is an error, without the token
        tokens.withdrawn |= {"token-2", "token-3"}
        with pytest.raises(HttpError, match="refused the credentials") as caught:
            http.request("GET", "api")
    assert tokens.given == 3 and "token-3" not in str(caught.value) and "is not valid" in str(caught.value)


def test_tokens_of_a_few_seconds(server: HttpServer) -> None:
    tokens, now = Tokens(server, life=20), [1e9]
    with client(server, tokens.auth(), now) as http:
        for moment, given in ((0, 1), (9, 1), (11, 2)):
            now[0] = 1e9 + moment
            http.request("GET", "api")
            assert tokens.given == given


def test_a_token_endpoint_that_is_ill_for_a_moment(server: HttpServer) -> None:
    tokens = Tokens(server)
    answers = iter([DROP, Answer(503)])
    server.route("/token", lambda call: next(answers, None) or tokens.token(call))
    with client(server, tokens.auth()) as http:
        http.request("POST", "api", json={})
    assert [call.path for call in server.calls] == ["/token"] * 3 + ["/api"]


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (
            Answer(400, json={"error": "invalid_client", "error_description": f"unknown {SECRET}\x1b[2J"}),
            "the server answered 400: unknown [*]{5}; check client id, client secret and scope",
        ),
        (Answer(401, json={"error": "invalid_client"}), "the server answered 401: invalid_client"),
        (Answer(200, body=b"<html>", headers={"Content-Type": "text/html"}), r"\(text/html\) holds no access_token"),
        (Answer(200, json=[]), "holds no access_token"),
        (Answer(200, json={"access_token": "a\nb"}), "no usable text"),
    ],
)
def test_no_token_is_one_sentence(server: HttpServer, answer: Answer, says: str) -> None:
    tokens = Tokens(server)
    server.script("/token", answer)
    with client(server, tokens.auth()) as http, pytest.raises(HttpError, match=says) as caught:
        http.request("GET", "api")
    text = str(caught.value)
    assert text.startswith(f"no token from {server.url}/token: ") and SECRET not in text and text == safe_line(text)


class Model(Parameters):
    auth: Auth = Auth()


@pytest.mark.parametrize(
    ("auth", "says"),
    [
        ({}, []),
        ({"type": "bearer", "token": "${TOKEN}"}, []),
        ({"type": "bearer"}, ['auth.token: type = "bearer" needs this']),
        ({"type": "basic", "username": ""}, ['auth.username: type = "basic" needs this']),
        ({"type": "basic", "username": "a"}, []),
        (
            {"type": "bearer", "token": "a", "password": "b"},
            ['auth.password: it is not used with type = "bearer"; take it out, or choose another type'],
        ),
        ({"type": "oauth"}, ["auth.type: must be 'none', 'bearer', 'basic', 'api_key' or 'oauth2_client_credentials'"]),
        ({"type": "api_key", "name": "k"}, ['auth.value: type = "api_key" needs this']),
        (
            {"type": "oauth2_client_credentials", "token_url": "x/y", "client_id": "a", "client_secret": "${B}"},
            ['auth.token_url: it must be a full address that begins with "https://"'],
        ),
        ({"tokn": "a"}, ['auth.tokn: there is no such parameter; did you mean "token"?']),
    ],
)
def test_settings_are_checked_field_by_field(auth: dict[str, Any], says: list[str]) -> None:
    assert model_errors(Model, {"auth": auth}) == says


def test_secrets_that_cannot_be_sent() -> None:
    for token in ("a\nb", "ä", "  "):
        with pytest.raises(UserError, match=r"^auth\.token: the value") as caught:
            authentication(Auth(type="bearer", token=token))
        assert repr(token) not in str(caught.value)


def test_a_settings_object_never_shows_its_secrets() -> None:
    auth = Auth(type="basic", username="u", password=SECRET)
    assert SECRET not in repr(auth) + str(auth)
