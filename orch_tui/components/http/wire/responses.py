"""What a server answered, or why it did not, in sentences: nothing secret, nothing that is not safe to show."""

from __future__ import annotations

import json
import re
import socket
import ssl
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from orch_tui.model.errors import UserError
from orch_tui.model.texts.text import safe_line

if TYPE_CHECKING:
    import httpx

_LIMIT = 300
_KEYS = ("detail", "message", "error_description", "error_message", "error", "title", "description", "msg", "reason")
_LISTS = ("errors", "validation", "invalid-params", "violations", "details", "problems", "messages")
_PLACES = ("field", "pointer", "loc", "path", "propertypath", "location", "name")
"""Where an entry of such a list says which part of the request it means."""
_TITLE = re.compile(r"<title[^>]*>(.*?)</title>", re.IGNORECASE | re.DOTALL)


class HttpError(UserError):
    """A request that failed, as one sentence. ``response`` is the answer, None when there was none.

    ``detail`` is what the server said about it, safe to show, perhaps empty. ``maybe_done`` says that the server may
    have carried out the request although no answer came.
    """

    def __init__(
        self,
        sentence: str,
        *,
        response: httpx.Response | None = None,
        detail: str = "",
        maybe_done: bool = False,
    ) -> None:
        super().__init__(sentence)
        self.response = response
        self.detail = detail
        self.maybe_done = maybe_done

    @property
    def status(self) -> int | None:
        """The status code of the answer."""
        return None if self.response is None else self.response.status_code


def server_message(response: httpx.Response, hide: Callable[[str], str] = str) -> str:
    """What the body of an error says, cut to 300 characters; "" if nothing. ``hide`` masks secrets before the cut.

    Understands problem details (https://www.rfc-editor.org/rfc/rfc9457), OAuth errors and the usual keys.
    """
    text = response.text.strip()
    found = ""
    if text[:1] in ("{", "["):
        try:
            found = _message(json.loads(text))
        except (ValueError, RecursionError):
            found = text
    elif "html" in response.headers.get("content-type", "") or text[:1] == "<":
        title = _TITLE.search(text)
        found = title[1].strip() if title else ""
    else:
        found = text
    return safe_line(hide(re.sub(r"\s+", " ", found)), _LIMIT).strip().rstrip(".")


def said_in(body: Any) -> str:
    """The words of a JSON value about an error, cut to 300 characters; "" if there are none."""
    return safe_line(re.sub(r"\s+", " ", _message(body)), _LIMIT).strip().rstrip(".")


def _message(body: Any, depth: int = 0) -> str:
    if isinstance(body, str):
        return body
    if depth > 4:
        return ""
    if isinstance(body, list):
        return "; ".join(filter(None, (_with_field(item, depth + 1) for item in body[:3])))
    if not isinstance(body, dict):
        return ""
    lowered = {str(key).lower(): value for key, value in body.items()}
    found = next(filter(None, (_message(lowered.get(key), depth + 1) for key in _KEYS)), "")
    more = next(filter(None, (_listed(lowered.get(key), depth + 1) for key in _LISTS)), "")
    if found and more and more not in found:
        return f"{found}: {more}"
    return found or more


def _listed(value: Any, depth: int) -> str:
    if isinstance(value, dict):
        # {"email": ["is not valid"]}, as many frameworks have it.
        pairs = [(key, _message(item, depth)) for key, item in list(value.items())[:3]]
        return "; ".join(f"{key}: {text}" for key, text in pairs if text)
    if isinstance(value, list):
        return "; ".join(filter(None, (_with_field(item, depth) for item in value[:3])))
    return ""


def _with_field(item: Any, depth: int) -> str:
    text = _message(item, depth)
    if not text or not isinstance(item, dict):
        return text
    lowered = {str(key).lower(): value for key, value in item.items()}
    place = next(filter(None, (_place(lowered.get(key)) for key in _PLACES)), "")
    return f"{place}: {text}" if place and place not in text else text


def _place(value: Any) -> str:
    """``body.email`` from ``["body", "email"]``, ``#/email`` or ``email``."""
    if isinstance(value, str):
        return value
    if isinstance(value, list) and all(isinstance(part, str | int) for part in value):
        return ".".join(map(str, value))
    return ""


def refusal(request: str, response: httpx.Response, detail: str) -> str:
    """The sentence for an answer that no repetition mends. ``request`` is like ``GET https://…/path``."""
    status = response.status_code
    said = f"{status} {response.reason_phrase}".strip() + (f": {detail}" if detail else "")
    said = safe_line(said)
    if status in (401, 403):
        more = ", and what they are allowed to see" if status == 403 else ""
        return f"{request}: the server refused the credentials ({said}); check them{more}"
    if status == 404:
        return f"{request}: the server knows no such address ({said}); check the address"
    if status in (404, 405):
        return f"{request}: the server takes no such request here ({said}); check path and method"
    if status == 407:
        return f"{request}: the proxy wants credentials ({said})"
    if 300 <= status < 400:
        return f"{request}: the server answered with a redirect that leads nowhere ({said}); check the address"
    if status >= 500:
        return f"{request}: the server failed ({said}); try again later, or ask those who run it"
    return f"{request}: the server refused the request ({said}); correct the parameters"


def no_answer(error: httpx.HTTPError, connect_timeout: float, timeout: float, proxy: str = "") -> str:
    """Why there is no answer: a phrase that follows ``GET https://…/path: ``. Never the text of a header.

    ``proxy`` is the host and port that the request went to first, if there is one.
    """
    import httpx

    cause = _root(error)
    if proxy and isinstance(cause, socket.gaierror | ConnectionRefusedError):
        from orch_tui.components.http.wire.connections import VARIABLES

        what = (
            "is no host that there is"
            if isinstance(cause, socket.gaierror)
            else "refused the connection: nothing listens there"
        )
        return f"the proxy {proxy} {what}; correct {VARIABLES}, or name the server in NO_PROXY"
    if isinstance(error, httpx.ConnectTimeout):
        return f"the server did not take the connection within {connect_timeout:g} s; check host, port and network"
    if isinstance(error, httpx.TimeoutException):
        return f"no answer within {timeout:g} s; try again later, or set a larger timeout"
    if isinstance(cause, socket.gaierror):
        return "there is no host of that name (or no network); check the address"
    if isinstance(cause, ssl.SSLCertVerificationError):
        reason = safe_line(cause.verify_message, 120)
        return f"its TLS certificate is not trusted ({reason}); check the address, and who signed it"
    if isinstance(cause, ssl.SSLError):
        reason = safe_line(str(cause.reason or "no common protocol"), 80)
        return f"no TLS connection ({reason}); check whether the address begins with https:// or http:// rightly"
    if isinstance(cause, ConnectionRefusedError):
        return "the connection was refused: nothing listens there; check host and port, or start the server"
    if isinstance(error, httpx.ProxyError):
        return f"the proxy refused ({safe_line(str(error), 120)})"
    if isinstance(error, httpx.LocalProtocolError):
        return "a header or the address holds characters that HTTP does not allow, such as a line end; check the values"
    if isinstance(error, httpx.DecodingError):
        return f"its answer could not be unpacked, it is damaged ({safe_line(str(error), 80)})"
    if isinstance(error, httpx.ConnectError):
        return f"no connection ({safe_line(str(error) or type(cause).__name__, 120)}); check host, port and network"
    return "the connection broke before the answer was complete"


def _root(error: BaseException) -> BaseException:
    seen = error
    for _ in range(10):
        inner = seen.__cause__ or seen.__context__
        if inner is None:
            break
        seen = inner
        if isinstance(seen, OSError):
            break
    return seen
