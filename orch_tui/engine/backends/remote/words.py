"""What the queue's own programs said on a node, in the attempt's log of the queue."""

from __future__ import annotations

import contextlib
from pathlib import Path

from orch_tui.model.texts.text import safe_line
from orch_tui.project.attempt_dir import queue_log
from orch_tui.project.files.own_files import read_own

_MOST = 100_000


def queue_words(directory: Path) -> list[str]:
    """Its lines that are not empty; none when it cannot be read."""
    with contextlib.suppress(OSError):
        lines = read_own(queue_log(directory), _MOST).decode("utf-8", "replace").split("\n")
        return [line for line in lines if line.strip()]
    return []


def last_words(directory: Path) -> str:
    return safe_line((queue_words(directory) or [""])[-1], 300)
