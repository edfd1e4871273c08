"""How long to wait before a request: what the server asks for, back-off, and a limit of requests per minute."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import httpx

_MINUTE = 60.0


def retry_after(response: httpx.Response, now: float, name: str = "retry-after") -> float | None:
    """Seconds that ``Retry-After`` asks for, as a number or as a date; None without it, or when it makes no sense.

    A date is compared with the server's own clock where it sends one
    (https://www.rfc-editor.org/rfc/rfc9110#field.retry-after).
    """
    text = response.headers.get(name, "").strip()
    if not text:
        return None
    try:
        seconds = float(text) if text.replace(".", "", 1).isdecimal() else _moment(text) - server_time(response, now)
    except (ValueError, TypeError, OverflowError):
        return None
    return max(0.0, seconds)


def _moment(text: str) -> float:
    return parsedate_to_datetime(text).timestamp()


def server_time(response: httpx.Response, now: float) -> float:
    """Seconds since 1970 as the server sees it; ``now`` where it does not say."""
    try:
        return _moment(response.headers["date"])
    except (KeyError, ValueError, TypeError):
        return now


def back_off(attempt: int, base: float, limit: float, chance: Callable[[], float] = random.random) -> float:
    """Seconds after attempt 1, 2, 3, …: ``base`` doubled each time, at most ``limit``, between half of it and all."""
    whole: float = min(limit, base * 2.0 ** min(attempt - 1, 30))
    return whole * (0.5 + 0.5 * chance())


class PerMinute:
    """At most so many requests in any minute, counted when they are sent."""

    def __init__(self, limit: int | None) -> None:
        self._sent: deque[float] | None = deque(maxlen=limit) if limit else None

    def wait(self, now: float) -> float:
        """Seconds until one more may be sent."""
        if self._sent is None or len(self._sent) < (self._sent.maxlen or 0):
            return 0.0
        # A clock that was set back must not stop the task for longer than a minute.
        return min(_MINUTE, max(0.0, self._sent[0] + _MINUTE - now))

    def count(self, now: float) -> None:
        """One is sent now."""
        if self._sent is not None:
            self._sent.append(now)
