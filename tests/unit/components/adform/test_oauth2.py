"""The login of the Adform extractor at a token endpoint that nobody of this project wrote.

https://github.com/axa-group/oauth2-mock-server; the stand-in takes the tokens that it signs.
"""

from __future__ import annotations

import base64
import json
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sample_configs.stand_ins.adform import Settings, serve

from tests.servers.tools import program, tool
from tests.support.bench import Bench
from tests.unit.components.adform.test_extractor import STATS, extract


@pytest.fixture
def issuer() -> Iterator[str]:
    """The address of the server, a process of its own."""
    script = tool("oauth2") / "node_modules" / "oauth2-mock-server" / "dist" / "oauth2-mock-server.mjs"
    process = subprocess.Popen(
        [str(program("node")), str(script), "-a", "127.0.0.1", "-p", "0"], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    try:
        lines = (line for line in process.stdout if "listening on" in line)
        yield next(lines).split()[-1]
    finally:
        process.terminate()
        process.wait(10)
        process.stdout.close()


class Foreign(dict[str, tuple[float, frozenset[str]]]):
    """Tokens of somebody else, as the stand-in asks for them: until when, and for what."""

    def __init__(self, port: str) -> None:
        super().__init__()
        self.port = port
        self.seen: set[str] = set()

    def get(self, token: str, default: Any = None) -> Any:
        claims = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))
        if not claims["iss"].endswith(f":{self.port}"):
            return default
        self.seen.add(token)
        return time.monotonic() + claims["exp"] - time.time(), frozenset(claims["scope"].split())


@pytest.mark.parametrize("credentials", ["body", "header"])
def test_the_login_works_with_a_foreign_token_endpoint(tmp_path: Path, issuer: str, credentials: str) -> None:
    # GIVEN an API that takes the tokens of another server
    bench = Bench(tmp_path)
    with serve(settings=Settings(polls=1)) as server:
        server.tokens = tokens = Foreign(issuer.rpartition(":")[2])
        # WHEN statistics are read
        extract(bench, server, **STATS, token_url=f"{issuer}/token", credentials=credentials)
    # THEN one token of its was enough, and it is for statistics
    assert len(bench.rows()) > 10 and len(tokens.seen) == 1
    assert tokens.get(next(iter(tokens.seen)))[1] == {"https://api.adform.com/scope/buyer.stats"}
