"""What the tests of both database servers share: components run in this process, and as tasks of their own."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from orch_tui.components.kit import Context
from orch_tui.model.configuration import WriteMode

from tests.e2e.attempts import Attempt, attempt
from tests.unit.components.bench import Bench


def extract(
    bench: Bench,
    module: Any,
    parameters: dict[str, Any],
    mode: WriteMode = WriteMode.FULL,
    state: dict[str, Any] | None = None,
) -> Context:
    """Run an extractor's ``run`` with one output."""
    ctx = bench.context(mode=mode, state=state)
    module.run(module.Parameters(**parameters), ctx)
    return ctx


def write(bench: Bench, module: Any, parameters: dict[str, Any], query: str) -> Context:
    """Run a writer's ``run`` with the rows of ``query`` as the only input ``t``."""
    ctx = bench.context({"t": query}, ())
    module.run(module.Parameters(**parameters), ctx)
    return ctx


def task(root: Path, parameters: dict[str, Any], name: str = "1", **more: Any) -> Attempt:
    """An attempt with the password as a reference to a secret, as people write it."""
    secret = {"DB_PASSWORD": parameters["password"]}
    return attempt(root, {**parameters, "password": "${DB_PASSWORD}"}, secrets=secret, name=name, **more)


def action(made: Attempt, name: str = "testConnection") -> Attempt:
    """The attempt with another action than run."""
    path = made.data / "config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "action": name}))
    return made


OUT = [{"source": "result", "destination": "shop/rows"}]


def until(condition: Callable[[], Any], seconds: float = 30) -> Any:
    """Wait for something at a server, which tells nobody when it happens."""
    end = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.02)
    return found


def end(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    out, err = process.communicate(timeout=60)
    return process.returncode, out, err


def terminated(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    """TERM as the engine sends it: to the whole group."""
    os.killpg(process.pid, signal.SIGTERM)
    return end(process)


def holds(root: Path, secret: str) -> list[Path]:
    """Files below ``root`` with the secret in them."""
    return [path for path in root.rglob("*") if path.is_file() and secret.encode() in path.read_bytes()]


@contextmanager
def silent_server() -> Iterator[int]:
    """A port that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
        yield port
