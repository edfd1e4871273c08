"""Addresses: checked, shown without what may be secret, joined with links, and what may be sent to which."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, urlsplit

from orch_tui.model.errors import UserError
from orch_tui.model.texts.text import safe_line

if TYPE_CHECKING:
    import httpx

HARMLESS_HEADERS = frozenset(
    {"accept", "accept-encoding", "content-length", "content-type", "host", "transfer-encoding", "user-agent"}
)
"""Headers that may go to another server: all others might hold a key."""
_PORTS = {"http": 80, "https": 443}
_DELIMITERS = re.compile(r"[/?#@]")
_LEAST = 4
"""Characters of a part of a secret that is masked by itself."""
_ENCODE = (
    "a user or a password in an address needs its @ : / ? # percent-encoded; better, name them in auth (type = basic)"
)


def shown_url(url: object) -> str:
    """Scheme, host and path of an address: a query, a user or a password may be secret."""
    text = str(url)
    try:
        parts = urlsplit(text)
        host = parts.hostname or ""
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return "the address (which is no valid one)"
    if _may_be_password(parts):
        return "the address (which cannot be shown: part of it may be a password)"
    if ":" in host:
        host = f"[{host}]"
    return safe_line(f"{parts.scheme}://{host}{port}{parts.path}" if host else parts.path, 200)


def _may_be_password(parts: SplitResult) -> bool:
    """True when a password with one of the characters that end a host may be what looks like host, port and path."""
    users, behind = parts.netloc.count("@"), parts.path + parts.query
    if users > 1 or "@" in parts.fragment:
        return True
    # "http://user:12/34@host": user is no name of a host that has a port, as a rule.
    host = parts.hostname or ""
    short = ":" in parts.netloc and not ("." in host or ":" in host or host == "localhost")
    return "@" in behind and (users > 0 or short)


def parsed_address(address: str) -> httpx.URL:
    """Raises: UserError, without the secret parts of the address, when it is none of http or https."""
    import httpx

    try:
        urlsplit(address)
        url = httpx.URL(address.strip())
    except (httpx.InvalidURL, ValueError) as error:
        # The text of the error may quote a part of a password.
        why = _ENCODE if "@" in address else safe_line(str(error), 120)
        raise UserError(f"{shown_url(address)}: this is no valid address: {why}") from error
    if url.scheme not in _PORTS or not url.host:
        raise UserError(f'{shown_url(address)}: an address begins with "https://" (or "http://") and a host')
    return url


def check_user_part(address: str, secrets: Iterable[str]) -> None:
    """Raises: UserError when a secret stands in the address as a user or a password, and ends the host there."""
    for secret in secrets:
        if _DELIMITERS.search(secret) and f"{secret}@" in address:
            raise UserError(f"the address holds a secret before its @ that is no part of an address: {_ENCODE}")


def linked(response: httpx.Response, link: str, what: str) -> str:
    """The full address of a link in an answer. Raises: UserError when it is none; ``what`` begins the sentence."""
    import httpx

    try:
        urlsplit(link)
        url = response.url.join(link)
    except (httpx.InvalidURL, ValueError) as error:
        raise UserError(f"{what} is no address") from error
    if url.scheme not in _PORTS or not url.host:
        raise UserError(f"{what} begins with {safe_line(url.scheme or 'nothing', 20)}:, which is no address of the web")
    if url.scheme == "http" and response.url.scheme == "https" and url.host == response.url.host:
        # Servers behind a proxy forget that they are asked by https.
        url = url.copy_with(scheme="https", port=response.url.port)
    return str(url)


class Home:
    """The server of a base address: the only one that gets credentials, and bodies, which may hold some."""

    def __init__(self, base: httpx.URL) -> None:
        self._origin = _origin(base)

    def has(self, url: httpx.URL) -> bool:
        """True for that server: https instead of its http is no other one, the reverse is."""
        scheme, host, port = self._origin
        upgraded = ("https", host, 443) if (scheme, port) == ("http", 80) else self._origin
        return _origin(url) in (self._origin, upgraded)


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host.lower(), url.port or _PORTS.get(url.scheme)


def named_secrets() -> list[str]:
    """The values of the variables that ``ORCH_SECRETS`` names: those that the configuration refers to."""
    names = (name.strip() for name in os.environ.get("ORCH_SECRETS", "").split(","))
    return [os.environ[name] for name in names if name and os.environ.get(name)]


def parts_in_addresses(secrets: Iterable[str]) -> Iterator[str]:
    """The parts that an address is cut into by secrets in it, and that are shown or sent by themselves."""
    for secret in secrets:
        if "://" in secret:
            # An address that is a secret itself, as those of chat webhooks are; its host is none.
            try:
                parts = urlsplit(secret)
            except ValueError:
                continue
            yield from (part for part in (parts.path.strip("/"), parts.query) if part)
        elif _DELIMITERS.search(secret):
            yield from (part for part in _DELIMITERS.split(secret) if len(part) >= _LEAST)
