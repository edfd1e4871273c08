"""The client that connectors talk to an API with: requests repeated with care, errors as one sentence."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit

import httpx

from orch_tui.components.http.auth.settings import Auth, authentication, secrets_of
from orch_tui.components.http.auth.tokens import ClientCredentials
from orch_tui.components.http.json import exact_json
from orch_tui.components.http.unpacking import ACCEPTED, read_whole, unpacked
from orch_tui.components.http.wire.addresses import (
    HARMLESS_HEADERS,
    Home,
    check_user_part,
    named_secrets,
    parsed_address,
    parts_in_addresses,
    shown_url,
)
from orch_tui.components.http.wire.connections import open_client, proxy_for
from orch_tui.components.http.wire.failures import MAYBE_TWICE, Trouble, gave_up, shown_seconds, too_long
from orch_tui.components.http.wire.headers import checked_headers
from orch_tui.components.http.wire.rate_limits import pause_until_more, used_up
from orch_tui.components.http.wire.responses import HttpError, no_answer, refusal, server_message
from orch_tui.components.http.wire.retry import PerMinute, back_off
from orch_tui.components.http.wire.tls import trusting
from orch_tui.components.kit.expansion import Expansion
from orch_tui.model.errors import UserError
from orch_tui.model.texts.text import safe_line
from orch_tui.project.masking.redactor import Redactor

__all__ = ["HttpClient", "HttpError"]

_REPEATED = frozenset({429, 500, 502, 503, 504})
_IDEMPOTENT = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE"})
_NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)
_HOPELESS = (httpx.LocalProtocolError, httpx.UnsupportedProtocol, httpx.DecodingError)
_CONNECT_TIMEOUT = 10.0
_REDIRECTS = 10
_EXPANSION = Expansion(parameter="")
_TELL_EVERY = 8 * 2**20
"""Bytes of a large answer between two words about it."""


class HttpClient:
    """Requests to one API. Use as a context manager; not for several threads at once.

    ``auth`` is a settings object or an ``httpx.Auth``; it and ``headers`` are sent to the host of ``base_url`` only.
    Waits are cut by ``sleep`` and measured with ``clock`` (seconds since 1970); ``log`` gets a line for each, and
    ``progress`` its text.

    Args:
        timeout: seconds without a byte after which a request has failed (10 at most for the connection itself).
        retries: how often one request is repeated.
        max_wait: seconds, the longest pause of the client's own; a Retry-After is kept in full.
        max_total_wait: seconds that one request may wait in all; a Retry-After beyond it is an error.
        per_minute: requests in any minute, tokens not counted.
        backoff: seconds before the first repetition, doubled for each further one.
        ca_file: certificates (PEM) of authorities to trust besides the public ones.
        expansion: how far packed answers may expand.

    Raises:
        UserError: ``base_url`` is no address, or a secret cannot be sent.
    """

    def __init__(
        self,
        base_url: str,
        auth: Auth | httpx.Auth | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        timeout: float = 30.0,
        retries: int = 5,
        max_wait: float = 60.0,
        max_total_wait: float = 900.0,
        per_minute: int | None = None,
        log: Callable[[str], None] | None = None,
        progress: Callable[[str], None] | None = None,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.time,
        backoff: float = 1.0,
        ca_file: Path | None = None,
        expansion: Expansion = _EXPANSION,
    ) -> None:
        self.base_url = base_url.rstrip("/")
        secrets = [*named_secrets(), *(secrets_of(auth) if isinstance(auth, Auth) else [])]
        check_user_part(base_url, secrets)
        self._home = Home(parsed_address(base_url))
        self._auth = auth if isinstance(auth, httpx.Auth) else authentication(auth)
        self._secrets = Redactor(secrets)
        self._redactor = Redactor([*secrets, *parts_in_addresses(secrets)])
        self._headers = checked_headers(headers or {})
        self._timeout = timeout
        self._retries = retries
        self._max_wait = max_wait
        self._max_total_wait = max_total_wait
        self._rate = PerMinute(per_minute)
        self._log = log or (lambda text: None)
        self._progress = progress or (lambda text: None)
        self._sleep = sleep
        self._clock = clock
        self._backoff = backoff
        self._ca_file = ca_file
        self._expansion = expansion
        self._http = open_client(
            self.base_url,
            timeout=httpx.Timeout(timeout, connect=min(timeout, _CONNECT_TIMEOUT)),
            headers={"User-Agent": "orch-tui", "Accept-Encoding": ACCEPTED},
            verify=trusting(ca_file),
            event_hooks={"response": [self._check_location]},
        )

    def __enter__(self) -> HttpClient:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()

    def request(
        self,
        method: str,
        url: str,
        *,
        params: Mapping[str, Any] | None = None,
        json: Any = None,
        data: Mapping[str, Any] | None = None,
        content: bytes | str | None = None,
        headers: Mapping[str, str] | None = None,
        idempotent: bool | None = None,
        into: Path | None = None,
        accept: Iterable[int] = (),
    ) -> httpx.Response:
        """Send one request and return its answer, which is a success.

        429, 500, 502, 503, 504, refused and dropped connections are repeated, and 403 where the limit of requests is
        used up. What might have been carried out (a POST, unless ``idempotent``) only when the server said "later", or
        was never reached. A body goes to the server of ``base_url`` only, and so does what holds a secret.

        Args:
            url: an address, or a path behind ``base_url``; "" is ``base_url`` itself.
            params: added to the query; None is left out, a list gives the name several times.
            into: a file that gets the body of a success piece by piece, so that its size does not matter.
            accept: statuses of 400 and above that are an answer too.

        Raises:
            HttpError: the server refused, failed or could not be reached; one sentence.
        """
        request = self._build(method, url, params, json, data, content, headers)
        repeatable = request.method in _IDEMPOTENT if idempotent is None else idempotent
        response = self._answered(request, repeatable, into, frozenset(accept))
        if response.status_code == 401 and isinstance(self._auth, ClientCredentials) and 401 not in accept:
            # A token can be withdrawn before its end. Once: a second 401 means the credentials.
            self._auth.forget()
            request = self._build(method, url, params, json, data, content, headers)
            response = self._answered(request, repeatable, into, frozenset(accept))
        if not response.is_success and response.status_code not in frozenset(accept):
            raise self._refused(request, response, repeatable)
        return response

    def absolute(self, url: str) -> str:
        """The full address of a path behind ``base_url``; a full one stays as it is."""
        if url.startswith(("http://", "https://")):
            return url
        return f"{self.base_url}/{url.lstrip('/')}" if url else self.base_url

    def _build(
        self,
        method: str,
        url: str,
        params: Mapping[str, Any] | None,
        json: Any,
        data: Mapping[str, Any] | None,
        content: bytes | str | None,
        headers: Mapping[str, str] | None,
    ) -> httpx.Request:
        address = parsed_address(self.absolute(url))
        given = {name: value for name, value in (params or {}).items() if value is not None}
        if given:
            address = address.copy_merge_params(given)
        sent = httpx.Headers({"Accept": "application/json, */*;q=0.5"})
        sent.update(self._headers)
        sent.update(checked_headers(headers or {}))
        if json is not None:
            try:
                content = exact_json.encoded(json)
            except (ValueError, TypeError) as error:
                raise UserError(f"the body is no JSON: {safe_line(str(error), 120)}") from error
            sent.setdefault("Content-Type", "application/json")
        request = self._http.build_request(method.upper(), address, data=data, content=content, headers=sent)
        return request if self._home.has(address) else self._for_another(request, "the request goes to")

    def _for_another(self, request: httpx.Request, why: str) -> httpx.Request:
        """The request for another server: without what may be a key. Raises: HttpError when that cannot be left out."""
        place = f"{why} {self._shown(request.url)}, which is not the server of {self._shown(self.base_url)}"
        if request.headers.get("content-length", "0") != "0" or "transfer-encoding" in request.headers:
            raise HttpError(
                f"{place}: its body, which may hold credentials, is not sent there; if that is the right address, "
                "configure it"
            )
        if self._secrets.text(str(request.url)) != str(request.url) or self._token_in(str(request.url)):
            raise HttpError(
                f"{place}: the address has a secret of this configuration in it, which is not sent there; if that is "
                "the right address, configure it"
            )
        request.headers = httpx.Headers(
            [(name, value) for name, value in request.headers.multi_items() if name in HARMLESS_HEADERS]
        )
        return request

    def _token_in(self, text: str) -> bool:
        token = self._auth.token if isinstance(self._auth, ClientCredentials) else None
        return token is not None and token in text

    def _answered(
        self, request: httpx.Request, repeatable: bool, into: Path | None, accept: frozenset[int]
    ) -> httpx.Response:
        """The answer after all repetitions, whatever its status. Raises: HttpError when there is none."""
        waited, unsure = 0.0, False
        for attempt in range(1, self._retries + 2):
            found = self._attempt(request, repeatable, into, accept)
            if isinstance(found, httpx.Response):
                found.extensions[MAYBE_TWICE] = unsure
                return found
            unsure = unsure or found.maybe_done
            if not found.again or attempt > self._retries:
                raise gave_up(self._shown(request), found, attempt, self._detail(found.response)) from found.cause
            asked, own = found.pause is not None, back_off(attempt, self._backoff, self._max_wait)
            seconds = own if found.pause is None else found.pause
            if waited + seconds > self._max_total_wait:
                limit, detail = self._max_total_wait, self._detail(found.response)
                raise too_long(self._shown(request), found, seconds, waited, limit, detail) from found.cause
            waited += seconds
            self._wait(seconds, found.reason, asked, attempt)
        raise AssertionError("unreachable")

    def _attempt(
        self, request: httpx.Request, repeatable: bool, into: Path | None, accept: frozenset[int]
    ) -> httpx.Response | Trouble:
        try:
            response = self._sent(request, into)
        except httpx.HTTPError as error:
            never = isinstance(error, _NEVER_SENT)
            proxy, to_connect = proxy_for(str(request.url)), min(self._timeout, _CONNECT_TIMEOUT)
            reason = no_answer(error, to_connect, self._timeout, proxy)
            again = (known := repeatable or never) and not isinstance(error, _HOPELESS)
            return Trouble(reason, again, known, maybe_done=not never, cause=error)
        status, limited = response.status_code, used_up(response)
        if status in accept or not (limited or status in _REPEATED):
            return response
        pause = pause_until_more(response, self._clock())
        # A refusal, and "later", say that nothing was carried out; any other failure does not, whatever else it says.
        refused = (limited and status == 403) or (pause is not None and status in (429, 503))
        if not (repeatable or refused):
            return response
        reason = f"{status} {response.reason_phrase}".strip()
        reason += ", its limit of requests is used up" if limited and status == 403 else ""
        return Trouble(reason, True, maybe_done=not refused, pause=pause, response=response)

    def _wait(self, seconds: float, reason: str, asked: bool, attempt: int) -> None:
        why = f"the server asked for it ({reason})" if asked else reason
        text = safe_line(f"waiting {shown_seconds(seconds)}: {why}", 200)
        self._log(f"{text}; then repetition {attempt} of {self._retries}")
        self._progress(text)
        if seconds > 0:
            self._sleep(seconds)

    def _label(self, request: httpx.Request) -> str:
        return f"the answer to {self._shown(request)}"

    def _shown(self, address: httpx.Request | httpx.URL | str) -> str:
        """An address, or a method with its address, without what is secret in it."""
        if isinstance(address, httpx.Request):
            return f"{address.method} {self._shown(address.url)}"
        return self.hide(shown_url(address))

    def _refused(self, request: httpx.Request, response: httpx.Response, repeatable: bool) -> HttpError:
        detail = self._detail(response)
        sentence = refusal(self._shown(request), response, detail)
        if response.status_code in (401, 403) and self._auth is not None and not self._home.has(response.url):
            sentence += f"; {safe_line(response.url.host, 100)} is not the server of base_url, so it got no credentials"
        maybe_done = response.status_code >= 500 and not repeatable
        return HttpError(sentence, response=response, detail=detail, maybe_done=maybe_done)

    def _detail(self, response: httpx.Response | None) -> str:
        """The server's words, "" without an answer; some repeat what they were sent."""
        return "" if response is None else server_message(response, self.hide)

    def hide(self, text: str) -> str:
        """``text`` with the secrets masked that this client sends."""
        token = self._auth.token if isinstance(self._auth, ClientCredentials) else None
        return self._redactor.text(Redactor([token]).text(text) if token else text)

    def _sent(self, request: httpx.Request, into: Path | None) -> httpx.Response:
        """One attempt, with its redirects. Raises: httpx.HTTPError; HttpError when there is no token, or a redirect
        leads where it cannot be followed."""
        for _ in range(_REDIRECTS):
            response = self._one(request, into)
            following = response.next_request
            if following is None:
                return response
            if not self._home.has(following.url):
                following = self._for_another(following, f"{self._shown(request)}: the server redirects to")
            request = following
        raise HttpError(f"{self._shown(request)}: more than {_REDIRECTS} redirects; check the address")

    def _check_location(self, response: httpx.Response) -> None:
        """Raises: HttpError when a redirect leads to no address of the web: httpx has no sentence for that."""
        if not response.has_redirect_location:
            return
        where = self._shown(response.request)
        try:
            urlsplit(response.headers["location"])
            target = response.request.url.join(response.headers["location"])
        except (httpx.InvalidURL, ValueError) as error:
            raise HttpError(
                f"{where}: the server redirects to something that is no address; check the address", response=response
            ) from error
        if target.scheme not in ("http", "https"):
            raise HttpError(
                f"{where}: the server redirects to an address with {safe_line(target.scheme, 20)}:, which is not "
                "followed; check the address",
                response=response,
            )

    def _one(self, request: httpx.Request, into: Path | None) -> httpx.Response:
        auth = self._auth if self._home.has(request.url) else None
        if isinstance(auth, ClientCredentials) and auth.stale(self._clock()):
            self._fetch_token(auth)
        pause = self._rate.wait(self._clock())
        if pause > 0:
            self._wait_for_rate(pause)
        self._rate.count(self._clock())
        response = self._http.send(request, auth=auth, stream=True, follow_redirects=False)
        try:
            if into is not None and response.is_success:
                self._keep(response, into)
            else:
                response = read_whole(response, self._expansion, self._label(request))
        finally:
            response.close()
        return response

    def _keep(self, response: httpx.Response, into: Path) -> None:
        part = response.headers.get("content-range", "")
        if response.status_code == 206 and part.startswith("bytes"):
            raise HttpError(
                f"{self._shown(response.request)}: the server gave only a part of the answer ({safe_line(part, 60)}), "
                "which nobody asked for; try again, or ask those who run it",
                response=response,
            )
        size = 0
        with into.open("wb") as file:
            for piece in unpacked(response, self._expansion, self._label(response.request)):
                file.write(piece)
                before, size = size, size + len(piece)
                if size // _TELL_EVERY > before // _TELL_EVERY:
                    self._progress(f"{size >> 20} MB received")

    def _wait_for_rate(self, seconds: float) -> None:
        text = f"waiting {shown_seconds(seconds)}: the limit of requests per minute is reached"
        self._log(text)
        self._progress(text)
        self._sleep(seconds)

    def _fetch_token(self, auth: ClientCredentials) -> None:
        request = self._http.build_request(**auth.token_request())
        # An address of its own, with its own repetitions: nothing of the API is sent there.
        with HttpClient(
            auth.token_url,
            None,
            timeout=self._timeout,
            retries=self._retries,
            max_wait=self._max_wait,
            max_total_wait=self._max_total_wait,
            log=self._log,
            progress=self._progress,
            sleep=self._sleep,
            clock=self._clock,
            backoff=self._backoff,
            ca_file=self._ca_file,
            expansion=self._expansion,
        ) as client:
            client._redactor, client._secrets = self._redactor, self._secrets
            response = client._answered(request, True, None, frozenset())
        auth.accept(response, self._clock(), self._redactor.text)
        self._log(f"a token from {shown_url(auth.token_url)}")
