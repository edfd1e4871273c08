"""What a server says about its limit of requests: that it is used up, and when there will be more.

No standard names these headers; those here are of https://docs.github.com/en/rest/using-the-rest-api
(``X-RateLimit-``), https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers/ (``RateLimit-``, and
``RateLimit`` with all of them), X (``X-Rate-Limit-``) and Adform's older API (``Throttle-Retry-After``).
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from orch_tui.components.http.wire.retry import retry_after, server_time

if TYPE_CHECKING:
    import httpx

_PREFIXES = ("x-ratelimit-", "ratelimit-", "x-rate-limit-")
_REFUSALS = frozenset({403, 429})
_REASONS = frozenset({"rateLimitExceeded", "userRateLimitExceeded"})
"""What Google's APIs call it in the body (https://developers.google.com/drive/api/guides/handle-errors)."""
_SINCE_1970 = 1e9
"""A larger number of seconds is a moment, not a pause: 1e9 s are 31 years."""
_IN_MILLISECONDS = 1e12


def used_up(response: httpx.Response) -> bool:
    """True for a refusal because of too many requests: nothing was carried out, and later it will be.

    That is 429, and 403 with a pause that the server asks for, without a request left, or with Google's words for it.
    """
    status = response.status_code
    if status != 403:
        return status == 429
    return _asked(response, 0.0) is not None or _left(response) == 0 or _says_so(response)


def pause_until_more(response: httpx.Response, now: float) -> float | None:
    """Seconds that the server asks for before the next request; None when it does not say, or says it of no refusal.

    ``now`` are seconds since 1970, for servers that name a moment and not their own time.
    """
    asked = _asked(response, now)
    if asked is not None or response.status_code not in _REFUSALS:
        return asked
    return _until_reset(response, now) if _left(response) in (0, None) else None


def _asked(response: httpx.Response, now: float) -> float | None:
    found = [retry_after(response, now, name) for name in ("retry-after", "throttle-retry-after")]
    return max((seconds for seconds in found if seconds is not None), default=None)


def _left(response: httpx.Response) -> float | None:
    found = [_number(response.headers.get(f"{prefix}remaining")) for prefix in _PREFIXES]
    found.append(_member(response, "r"))
    return min((number for number in found if number is not None), default=None)


def _until_reset(response: httpx.Response, now: float) -> float | None:
    found = [_number(response.headers.get(f"{prefix}reset")) for prefix in _PREFIXES]
    found.append(_member(response, "t"))
    moments = [number for number in found if number is not None]
    if not moments:
        return None
    return max(_pause(number, server_time(response, now)) for number in moments)


def _pause(number: float, now: float) -> float:
    if number < _SINCE_1970:
        return number
    moment = number / 1000 if number > _IN_MILLISECONDS else number
    return max(0.0, moment - now)


def _member(response: httpx.Response, name: str) -> float | None:
    """A member of the structured header ``RateLimit: "default";r=0;t=30``."""
    found = re.search(rf";\s*{name}=(\d+)", response.headers.get("ratelimit", ""))
    return float(found[1]) if found else None


def _number(text: str | None) -> float | None:
    """The number that a header begins with: some add the window, as in ``10, 10;window=1``."""
    found = re.match(r"\s*(\d{1,15}(?:\.\d{1,9})?)\s*(?:[,;]|$)", text or "")
    return float(found[1]) if found else None


def _says_so(response: httpx.Response) -> bool:
    try:
        body: Any = json.loads(response.text)
    except (ValueError, RecursionError):
        return False
    error = body.get("error") if isinstance(body, dict) else None
    errors = error.get("errors") if isinstance(error, dict) else None
    entries = errors if isinstance(errors, list) else []
    return any(isinstance(entry, dict) and entry.get("reason") in _REASONS for entry in entries)
