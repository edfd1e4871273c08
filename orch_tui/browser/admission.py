"""Who may open the page: whoever has the token, from a page of this very server, under a name of this machine.

The address is a loopback one, but every user of the machine and every page in the person's browser can reach it: the
token keeps out the former, the names of host and origin keep out the latter (rebinding of names, requests across
sites).
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from urllib.parse import urlsplit

_OWN_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})


class Refusal(Enum):
    """Why a request gets nothing."""

    HOST = "this address is not known under that name: open it as localhost or 127.0.0.1"
    ORIGIN = "the request comes from a page of another site"
    TOKEN = "the token is missing or belongs to an earlier start: open the address that orch-tui serve printed"


@dataclass(frozen=True)
class Admission:
    """``port`` is the one listened at; it makes the cookie's name, since ports of a host share their cookies."""

    port: int
    token: str = field(default_factory=lambda: secrets.token_urlsafe(32))

    @property
    def cookie(self) -> str:
        """The name of the cookie that keeps the token."""
        return f"orch_tui_{self.port}"

    def holds(self, token: str) -> bool:
        """Whether this is the token; takes the same time whatever is wrong with it."""
        return hmac.compare_digest(token.encode("utf-8", "surrogatepass"), self.token.encode())

    def refusal(self, headers: Mapping[str, str], cookies: Mapping[str, str]) -> Refusal | None:
        """Why a request is refused; None when it is not. ``headers`` are found by their usual spelling."""
        return self.refused_address(headers) or (None if self.holds(cookies.get(self.cookie, "")) else Refusal.TOKEN)

    def refused_address(self, headers: Mapping[str, str]) -> Refusal | None:
        """As :meth:`refusal`, without the token: for the one request that brings it along."""
        host = headers.get("Host", "")
        # Not by the port: it may be forwarded from another one (ssh -L).
        if _name(f"//{host}") not in _OWN_NAMES:
            return Refusal.HOST
        origin = headers.get("Origin")
        return Refusal.ORIGIN if origin is not None and origin != f"http://{host}" else None


def _name(address: str) -> str | None:
    try:
        return urlsplit(address).hostname
    except ValueError:
        return None
