"""The ``httpx.Auth`` classes: keys that never change, and OAuth2 tokens that are fetched and renewed."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from typing import Any
from urllib.parse import quote_plus

import httpx

from orch_tui.components.http.wire.addresses import shown_url
from orch_tui.components.http.wire.responses import HttpError, server_message
from orch_tui.model.texts.text import safe_line

_EARLY = 60.0
"""Seconds before its end at which a token is renewed."""
_LIFE = 3600.0
"""Seconds a token lives when the server does not say."""


class KeyAuth(httpx.Auth):
    """A header or a parameter of the query, the same with every request."""

    def __init__(self, name: str, value: str, *, prefix: str = "", in_query: bool = False) -> None:
        self._name = name
        self._value = value
        self._prefix = prefix
        self._in_query = in_query

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        if self._in_query:
            request.url = request.url.copy_set_param(self._name, self._value)
        else:
            request.headers[self._name] = f"{self._prefix}{self._value}"
        yield request


class ClientCredentials(httpx.Auth):
    """OAuth2 client credentials (https://www.rfc-editor.org/rfc/rfc6749#section-4.4).

    The client asks for a token when :meth:`stale` says so: with its own care for errors, which a request made inside
    of ``auth_flow`` would not get.
    """

    def __init__(
        self,
        token_url: str,
        client_id: str,
        client_secret: str,
        *,
        scope: str | None = None,
        in_header: bool = False,
        extra: Mapping[str, str] | None = None,
    ) -> None:
        self.token_url = token_url
        self._id = client_id
        self._secret = client_secret
        self._form = {"grant_type": "client_credentials", **({"scope": scope} if scope else {}), **(extra or {})}
        self._in_header = in_header
        self._token: str | None = None
        self._ends = 0.0

    @property
    def token(self) -> str | None:
        """The token in use."""
        return self._token

    def stale(self, now: float) -> bool:
        """True when there is no token, or it ends within a minute. ``now``: seconds, as given to :meth:`accept`."""
        return self._token is None or now >= self._ends

    def forget(self) -> None:
        """The server did not take the token: the next request needs another one."""
        self._token = None

    def token_request(self) -> dict[str, Any]:
        """Arguments of the request for a token, for ``httpx.Client.build_request``."""
        form = dict(self._form)
        headers = {"Accept": "application/json"}
        if self._in_header:
            # RFC 6749, 2.3.1: both are form-encoded before they become a Basic header.
            pair = httpx.BasicAuth(quote_plus(self._id), quote_plus(self._secret))
            made = next(pair.auth_flow(httpx.Request("POST", "http://localhost")))
            headers["Authorization"] = made.headers["Authorization"]
        else:
            form |= {"client_id": self._id, "client_secret": self._secret}
        return {"method": "POST", "url": self.token_url, "data": form, "headers": headers}

    def accept(self, response: httpx.Response, now: float, hide: Callable[[str], str] = str) -> None:
        """Take the token of an answer. ``hide`` masks secrets that the server repeats.

        Raises:
            HttpError: the server gave none; one sentence with the address, the status and the server's words.
        """
        where = shown_url(self.token_url)
        if not response.is_success:
            detail = server_message(response, hide)
            said = f"{response.status_code}: {detail}" if detail else str(response.status_code)
            raise HttpError(
                f"no token from {where}: the server answered {said}; check client id, client secret and scope",
                response=response,
                detail=detail,
            )
        try:
            body = response.json()
            token = body["access_token"]
            life = float(body.get("expires_in") or _LIFE)
        except (ValueError, KeyError, TypeError) as error:
            kind = safe_line(response.headers.get("content-type", "no type"), 60)
            raise HttpError(
                f"no token from {where}: its answer ({kind}) holds no access_token; check token_url", response=response
            ) from error
        if not (isinstance(token, str) and token and token.isascii() and token.isprintable()):
            raise HttpError(f"no token from {where}: its access_token is no usable text", response=response)
        self._token = token
        # A token that lives for less than a minute is used for half of its life.
        self._ends = now + (life - _EARLY if life > 2 * _EARLY else life / 2)

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        request.headers["Authorization"] = f"Bearer {self._token}"
        yield request
