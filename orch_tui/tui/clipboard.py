"""Copying that works over SSH: into tmux, or to the terminal by OSC 52, and always into a file whose path is said."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orch_tui.project.files.own_files import create_own
from orch_tui.project.paths import ProjectPaths, make_private

if TYPE_CHECKING:
    from textual.app import App

OSC_52_LIMIT = 74_000
"""Bytes: terminals take about 100,000 characters of base64 in one sequence."""
_KEPT_FILES = 20
_TMUX_SECONDS = 2.0


def copy(text: str, app: App[Any]) -> str:
    """Copy, and say in a sentence which way it went. Never raises. ``app`` is the program's, with its project."""
    return copy_text(text, app.project.paths, app.copy_to_clipboard)  # type: ignore[attr-defined]


def copy_text(
    text: str,
    paths: ProjectPaths,
    to_terminal: Callable[[str], None],
    environment: Mapping[str, str] = os.environ,
) -> str:
    """As :func:`copy`, for a project and a terminal. ``to_terminal`` sends OSC 52."""
    data = text.encode("utf-8", "replace")
    lines = text.removesuffix("\n").count("\n") + 1
    what, verb, it = (f"{lines:,} lines", "are", "they are") if lines > 1 else ("The line", "is", "it is")
    try:
        place = f"in {paths.relative(_write(paths, data))}"
    except OSError as error:
        place = f"in no file ({error.strerror or error})"
    small = len(data) <= OSC_52_LIMIT
    way = _to_tmux(data, outside=small) if environment.get("TMUX") else None
    if way:
        return f"{what} {verb} {way}, and {place}."
    if not small:
        return f"{what} {verb} too much for a terminal's clipboard ({len(data):,} bytes); {it} {place}."
    to_terminal(text)
    return f"{what} {verb} sent to the terminal's clipboard (OSC 52; some terminals do not take it), and {place}."


def _to_tmux(data: bytes, *, outside: bool) -> str | None:
    """Into a buffer of tmux, and ``outside`` to the terminal around it (tmux 3.2); in words, None if it would not."""
    both, buffer = (["-w", "-"], "in tmux's buffer and sent to the terminal"), (["-"], "in tmux's buffer")
    for arguments, words in (both, buffer) if outside else (buffer,):
        try:
            done = subprocess.run(
                ["tmux", "load-buffer", *arguments],
                input=data,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                timeout=_TMUX_SECONDS,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired):
            return None
        if done.returncode == 0:
            return words
    return None


def _write(paths: ProjectPaths, data: bytes) -> Path:
    """A new file under ``.orch/copied``, readable by its owner only; the oldest are removed. Raises: OSError."""
    directory = paths.state / "copied"
    paths.make_state()
    make_private(directory)
    name = time.strftime("%Y%m%d-%H%M%S")
    for number in range(1000):
        path = directory / (f"{name}-{number}.txt" if number else f"{name}.txt")
        try:
            create_own(path, data)
        except FileExistsError:
            continue
        break
    else:
        raise FileExistsError(17, "there are too many copies of this second")
    for old in sorted(directory.glob("*.txt"), key=lambda one: one.stat().st_mtime_ns)[:-_KEPT_FILES]:
        old.unlink(missing_ok=True)
    return path
