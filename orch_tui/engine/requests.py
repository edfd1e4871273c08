"""Requests to a run from any process: files in the run's directory, taken by whoever executes it."""

from __future__ import annotations

import getpass
import json
import os
from dataclasses import dataclass
from pathlib import Path

from orch_tui.engine.process import host
from orch_tui.project.atomic import write_atomic
from orch_tui.project.paths import make_private

_DIRECTORY = "control"


@dataclass(frozen=True, slots=True)
class CancelRequest:
    """``now`` leaves out the grace time; ``task`` stops one task only."""

    by: str
    now: bool = False
    task: str | None = None


def who_am_i() -> str:
    """``user@host`` and the terminal, if there is one: for "started by" and "cancelled by"."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        user = f"uid {os.getuid()}"
    for descriptor in (0, 1, 2):
        try:
            return f"{user}@{host()} ({os.ttyname(descriptor).removeprefix('/dev/')})"
        except OSError:
            continue
    return f"{user}@{host()}"


def ask(run_directory: Path, request: CancelRequest) -> None:
    """Leave a request for the executor of a run. Raises: OSError."""
    directory = run_directory / _DIRECTORY
    make_private(directory)
    body = {"action": "cancel", "by": request.by, "now": request.now, "task": request.task}
    write_atomic(directory / f"{os.urandom(8).hex()}.json", json.dumps(body), 0o600)


class Mailbox:
    """The executor's end: a poll costs one ``stat`` while nothing has come."""

    def __init__(self, run_directory: Path) -> None:
        self._directory = run_directory / _DIRECTORY
        self._seen: int | None = None

    def take(self) -> list[CancelRequest]:
        """Requests that came since the last call; what is no request is removed and passed over."""
        try:
            changed = self._directory.stat().st_mtime_ns
        except FileNotFoundError:
            return []
        if changed == self._seen:
            return []
        self._seen = changed
        found = []
        for path in sorted(self._directory.glob("[!.]*.json")):
            try:
                body = json.loads(path.read_bytes())
                found.append(CancelRequest(str(body["by"]), bool(body["now"]), body["task"]))
            except (OSError, ValueError, KeyError, TypeError):
                continue
            finally:
                path.unlink(missing_ok=True)
        return found
