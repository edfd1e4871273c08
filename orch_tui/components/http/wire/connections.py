"""Connections: through the proxies that variables of the environment name, and without a word in the log."""

from __future__ import annotations

import logging
import urllib.request
from typing import Any
from urllib.parse import urlsplit

import httpx

from orch_tui.model.errors import UserError

VARIABLES = "HTTP_PROXY, HTTPS_PROXY or ALL_PROXY"


def proxy_for(address: str) -> str:
    """Host and port of the proxy that a request to this address goes through, without its user and password; empty when
    it goes straight there. ``NO_PROXY`` counts."""
    parts = urlsplit(address)
    # It knows the names in small letters too, and what counts as "not through a proxy".
    named = urllib.request.getproxies()
    proxy = named.get(parts.scheme) or named.get("all", "")
    if not proxy or urllib.request.proxy_bypass(parts.netloc.rpartition("@")[2]):
        return ""
    return (urlsplit(proxy).netloc or proxy).rpartition("@")[2]


def open_client(base_url: str, **options: Any) -> httpx.Client:
    """A client with these options that goes through the proxies of the environment.

    Raises:
        UserError: one of them is of a kind that cannot be used, or is no address.
    """
    # At INFO it writes every address with its query, and so its keys.
    for name in ("httpx", "httpcore"):
        logging.getLogger(name).setLevel(logging.WARNING)
    try:
        return httpx.Client(**options)
    except (ImportError, ValueError, httpx.InvalidURL) as error:
        # Only the proxies are looked at here. The text of the error may have their passwords.
        why = "a SOCKS proxy needs the package socksio" if isinstance(error, ImportError) else "it is no address"
        raise UserError(
            f"the proxy that {VARIABLES} names for {proxy_for(base_url) or 'some addresses'} cannot be used: {why}; "
            "write it like http://host:port"
        ) from None
