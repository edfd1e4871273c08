"""Prism between a client and a server: it holds every request and every answer against an OpenAPI description.

With ``--errors`` a request that breaks the description gets 422 and does not reach the server, and an answer that
breaks it becomes 500 (https://docs.stoplight.io/docs/prism/). What Prism finds fault with is in its log as well.
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path
from types import TracebackType

import pytest

from tests.servers.tools import program, tool

_START_LIMIT = 60.0
_SETTLE_LIMIT = 20.0
_FAULT = re.compile(r"Violation: |Request terminated with error")


class Prism:
    """A running proxy before ``upstream``. ``url`` is its address; ended with the context."""

    def __init__(self, directory: Path, upstream: str, document: str = "mailchimp.json") -> None:
        home = tool("prism")
        self._node = program("node")
        self._program = home / "node_modules" / ".bin" / "prism"
        self._document = home / document
        self._upstream = upstream
        self._log = directory / "prism.log"
        self._process: subprocess.Popen[bytes] | None = None
        self._marks = 0
        self.url = ""

    def __enter__(self) -> Prism:
        for _ in range(3):
            # Prism cannot choose a free port itself; another program may be quicker to take this one.
            port = _free_port()
            if self._start(port):
                self.url = f"http://127.0.0.1:{port}"
                return self
        pytest.fail(f"prism does not start: {self._log.read_text(errors='replace')[-2000:]}")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    def _start(self, port: int) -> bool:
        argv = [str(self._node), str(self._program), "proxy", "--errors", "--verboseLevel", "error"]
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [*argv, "--host", "127.0.0.1", "--port", str(port), str(self._document), self._upstream],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                # Prism colours its log where it believes in a terminal.
                env={"PATH": os.environ["PATH"], "HOME": str(self._log.parent), "NO_COLOR": "1"},
            )
        limit = time.monotonic() + _START_LIMIT
        while time.monotonic() < limit and self._process.poll() is None:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
                return True
            time.sleep(0.05)
        self._end()
        return False

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is None or process.poll() is not None:
            return
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(10)

    @property
    def violations(self) -> list[str]:
        """A line of the log for each request or answer so far that breaks the description."""
        # The log is written behind the answers: a path that does not exist marks its end.
        self._marks += 1
        mark = f"/end-of-log-{self._marks}"
        with contextlib.suppress(urllib.error.HTTPError):
            urllib.request.urlopen(self.url + mark, timeout=_SETTLE_LIMIT)
        limit = time.monotonic() + _SETTLE_LIMIT
        while mark not in (text := self._log.read_text(errors="replace")):
            assert time.monotonic() < limit, "prism does not write its log"
            time.sleep(0.02)
        return [line for line in text.splitlines() if _FAULT.search(line) and "/end-of-log-" not in line]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
