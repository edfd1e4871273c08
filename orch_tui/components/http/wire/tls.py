"""Certificates of an authority of one's own, such as a company's."""

from __future__ import annotations

import functools
import ssl
from pathlib import Path

import httpx

from orch_tui.model.errors import UserError
from orch_tui.model.texts.text import safe_line


def trusting(ca_file: Path | None) -> ssl.SSLContext:
    """What ``httpx.Client`` verifies servers with: the public authorities, and those in ``ca_file`` (PEM).

    Raises:
        UserError: the file is not there, or holds no certificate.
    """
    if ca_file is None:
        return _public()
    context = httpx.create_ssl_context()
    try:
        context.load_verify_locations(cafile=str(ca_file))
    except (OSError, ssl.SSLError) as error:
        reason = (error.strerror if not isinstance(error, ssl.SSLError) else None) or "it holds no certificate in PEM"
        raise UserError(f"ca_file {ca_file} cannot be used: {safe_line(reason, 120)}") from error
    return context


@functools.cache
def _public() -> ssl.SSLContext:
    """Read once for all clients of a process: it takes longer than a login on loopback, and a login is a client."""
    return httpx.create_ssl_context()
