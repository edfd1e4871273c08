"""The proxy that variables of the environment name, for messages: which one a request went to."""

from __future__ import annotations

import urllib.request
from urllib.parse import urlsplit

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
