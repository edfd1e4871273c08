"""The client that connectors talk to an API with: requests repeated with care, errors as one sentence."""

from __future__ import annotations

import json as json_module
import logging
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit

import httpx

from orch_tui.components.http.auth import Auth, authentication, secrets_of
from orch_tui.components.http.responses import HttpError, no_answer, refusal, server_message, shown_url
from orch_tui.components.http.retry import PerMinute, back_off, retry_after
from orch_tui.components.http.tls import trusting
from orch_tui.components.http.tokens import ClientCredentials
from orch_tui.components.kit.redact import Redactor
from orch_tui.model.errors import UserError
from orch_tui.model.text import safe_line

__all__ = ["HttpClient", "HttpError"]

_REPEATED = frozenset({429, 500, 502, 503, 504})
_IDEMPOTENT = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE"})
_NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)
_HOPELESS = (httpx.LocalProtocolError, httpx.UnsupportedProtocol, httpx.DecodingError)
_CONNECT_TIMEOUT = 10.0
_REDIRECTS = 10
_TELL_EVERY = 8 * 2**20
"""Bytes of a large answer between two words about it."""
_HARMLESS = frozenset(
    {"accept", "accept-encoding", "content-length", "content-type", "transfer-encoding", "user-agent"}
)
"""Headers that may follow a redirect to another host: all others might hold a key."""


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
    ) -> None:
        # At INFO it writes every address with its query, and so its keys.
        for name in ("httpx", "httpcore"):
            logging.getLogger(name).setLevel(logging.WARNING)
        self.base_url = base_url.rstrip("/")
        self._origin = _origin(_parsed(base_url))
        self._auth = auth if isinstance(auth, httpx.Auth) else authentication(auth)
        self._redactor = Redactor(secrets_of(auth) if isinstance(auth, Auth) else [])
        self._headers = _checked(headers or {})
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
        limits = httpx.Timeout(timeout, connect=min(timeout, _CONNECT_TIMEOUT))
        self._ca_file = ca_file
        self._http = httpx.Client(timeout=limits, headers={"User-Agent": "orch-tui"}, verify=trusting(ca_file))

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

        429, 500, 502, 503, 504, refused and dropped connections are repeated. What might have been carried out
        (a POST, unless ``idempotent``) only when the server said "later" with Retry-After, or was never reached.

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
        address = _parsed(self.absolute(url))
        given = {name: value for name, value in (params or {}).items() if value is not None}
        if given:
            address = address.copy_merge_params(given)
        sent = httpx.Headers({"Accept": "application/json, */*;q=0.5"})
        sent.update(self._headers if self._is_home(address) else {})
        sent.update(_checked(headers or {}))
        if json is not None:
            try:
                content = json_module.dumps(json, ensure_ascii=False, allow_nan=False).encode()
            except (ValueError, TypeError) as error:
                raise UserError(f"the body is no JSON: {safe_line(str(error), 120)}") from error
            sent.setdefault("Content-Type", "application/json")
        return self._http.build_request(method.upper(), address, data=data, content=content, headers=sent)

    def _is_home(self, url: httpx.URL) -> bool:
        """True for the host of ``base_url``: https instead of its http is no other one, the reverse is."""
        scheme, host, port = self._origin
        upgraded = ("https", host, 443) if (scheme, port) == ("http", 80) else self._origin
        return _origin(url) in (self._origin, upgraded)

    def _answered(
        self, request: httpx.Request, repeatable: bool, into: Path | None, accept: frozenset[int]
    ) -> httpx.Response:
        """The answer after all repetitions, whatever its status. Raises: HttpError when there is none."""
        waited = 0.0
        for attempt in range(1, self._retries + 2):
            try:
                response = self._sent(request, into)
            except httpx.HTTPError as error:
                never_sent = isinstance(error, _NEVER_SENT)
                reason = no_answer(error, min(self._timeout, _CONNECT_TIMEOUT), self._timeout)
                if isinstance(error, _HOPELESS) or not (repeatable or never_sent) or attempt > self._retries:
                    raise self._failed(request, reason, attempt, repeatable or never_sent) from error
                seconds, asked = back_off(attempt, self._backoff, self._max_wait), False
            else:
                status = response.status_code
                if status not in _REPEATED or status in accept:
                    return response
                wanted = retry_after(response, self._clock())
                later = wanted is not None and status in (429, 503)
                if not (repeatable or later):
                    return response
                seconds = back_off(attempt, self._backoff, self._max_wait) if wanted is None else wanted
                asked = wanted is not None
                reason = f"{status} {response.reason_phrase}".strip()
                if attempt > self._retries:
                    raise self._gave_up(request, response, attempt, reason)
                if waited + seconds > self._max_total_wait:
                    raise self._too_long(request, response, seconds, waited)
            waited += seconds
            self._wait(seconds, reason, asked, attempt)
        raise AssertionError("unreachable")

    def _wait(self, seconds: float, reason: str, asked: bool, attempt: int) -> None:
        why = f"the server asked for it ({reason})" if asked else reason
        text = safe_line(f"waiting {_seconds(seconds)}: {why}", 200)
        self._log(f"{text}; then repetition {attempt} of {self._retries}")
        self._progress(text)
        if seconds > 0:
            self._sleep(seconds)

    def _failed(self, request: httpx.Request, reason: str, attempts: int, repeatable: bool) -> HttpError:
        if not repeatable:
            return HttpError(
                f"{_shown(request)}: {reason}; whether the server carried it out is not known, so it was not repeated",
                maybe_done=True,
            )
        tried = f"gave up after {attempts} attempts: " if attempts > 1 else ""
        return HttpError(f"{_shown(request)}: {tried}{reason}")

    def _gave_up(self, request: httpx.Request, response: httpx.Response, attempts: int, reason: str) -> HttpError:
        detail = self._detail(response)
        said = f"{reason}: {detail}" if detail else reason
        tried = f"gave up after {attempts} attempts" if attempts > 1 else "failed"
        return HttpError(
            f"{_shown(request)}: {tried}, the server answered {said}; try again later, or raise the number of retries",
            response=response,
            detail=detail,
        )

    def _too_long(self, request: httpx.Request, response: httpx.Response, seconds: float, waited: float) -> HttpError:
        before = f" after {_seconds(waited)} of waiting" if waited else ""
        return HttpError(
            f"{_shown(request)}: the server answered {response.status_code} and wants a pause of {_seconds(seconds)}"
            f"{before}, longer than the {_seconds(self._max_total_wait)} that a request may wait; run the task again "
            "then, or ask for less",
            response=response,
            detail=self._detail(response),
        )

    def _refused(self, request: httpx.Request, response: httpx.Response, repeatable: bool) -> HttpError:
        detail = self._detail(response)
        sentence = refusal(_shown(request), response, detail)
        if response.status_code in (401, 403) and self._auth is not None and not self._is_home(response.url):
            sentence += f"; {safe_line(response.url.host, 100)} is not the server of base_url, so it got no credentials"
        maybe_done = response.status_code >= 500 and not repeatable
        return HttpError(sentence, response=response, detail=detail, maybe_done=maybe_done)

    def _detail(self, response: httpx.Response) -> str:
        """The server's words; some repeat what they were sent."""
        return server_message(response, self.hide)

    def hide(self, text: str) -> str:
        """``text`` with the secrets masked that this client sends."""
        token = self._auth.token if isinstance(self._auth, ClientCredentials) else None
        return self._redactor.text(Redactor([token]).text(text) if token else text)

    def _sent(self, request: httpx.Request, into: Path | None) -> httpx.Response:
        """One attempt, with its redirects. Raises: httpx.HTTPError; HttpError when there is no token."""
        for _ in range(_REDIRECTS):
            response = self._one(request, into)
            following = response.next_request
            if following is None:
                return response
            if not self._is_home(following.url):
                kept = {name: value for name, value in following.headers.items() if name in _HARMLESS}
                following.headers = httpx.Headers(kept)
                following.headers["Host"] = following.url.netloc.decode("ascii")
            request = following
        raise HttpError(f"{_shown(request)}: more than {_REDIRECTS} redirects; check the address")

    def _one(self, request: httpx.Request, into: Path | None) -> httpx.Response:
        auth = self._auth if self._is_home(request.url) else None
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
                response.read()
        finally:
            response.close()
        return response

    def _keep(self, response: httpx.Response, into: Path) -> None:
        size = 0
        with into.open("wb") as file:
            for piece in response.iter_bytes():
                file.write(piece)
                before, size = size, size + len(piece)
                if size // _TELL_EVERY > before // _TELL_EVERY:
                    self._progress(f"{size >> 20} MB received")

    def _wait_for_rate(self, seconds: float) -> None:
        text = f"waiting {_seconds(seconds)}: the limit of requests per minute is reached"
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
        ) as client:
            client._redactor = self._redactor
            response = client._answered(request, True, None, frozenset())
        auth.accept(response, self._clock(), self._redactor.text)
        self._log(f"a token from {shown_url(auth.token_url)}")


def _shown(request: httpx.Request) -> str:
    return f"{request.method} {shown_url(request.url)}"


def _seconds(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds % 1 and seconds < 10 else f"{seconds:.0f} s"


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    ports = {"http": 80, "https": 443}
    return url.scheme, url.host.lower(), url.port or ports.get(url.scheme)


def _parsed(address: str) -> httpx.URL:
    """Raises: UserError, without the address' secret parts, when it is none."""
    try:
        urlsplit(address)
        url = httpx.URL(address.strip())
    except (httpx.InvalidURL, ValueError) as error:
        raise UserError(f"{shown_url(address)}: this is no valid address: {safe_line(str(error), 120)}") from error
    if url.scheme not in ("http", "https") or not url.host:
        raise UserError(f'{shown_url(address)}: an address begins with "https://" (or "http://") and a host')
    return url


def _checked(headers: Mapping[str, str]) -> dict[str, str]:
    """Raises: UserError when a header cannot be sent; its value is not shown."""
    for name, value in headers.items():
        if not (value.isascii() and (value.isprintable() or not value)):
            raise UserError(
                f"header {safe_line(name, 60)}: its value holds line ends or letters that a header cannot carry"
            )
        if not (name.isascii() and name.replace("-", "").replace("_", "").isalnum()):
            raise UserError(f'header "{safe_line(name, 60)}": this is no name of a header')
    return dict(headers)
