"""Commands in this process, for tests of what they say: without the start of an interpreter for each.

Where the process itself is what a test is about (signals, streams, the exit of a whole run), it is
:func:`tests.support.projects.orch`.
"""

from __future__ import annotations

import contextlib
import io
import os
import subprocess
from pathlib import Path
from unittest import mock

from orch_tui.cli.main import run_command_line

from tests.support.projects import environment


class NoScreen:
    """For commands that open none."""

    def open(self, root: Path, *, mouse: bool) -> int:
        raise AssertionError(f"{root} was opened on the screen, mouse {mouse}")

    def keys(self) -> tuple[str, bool]:
        raise AssertionError("the keys were asked for")


def command_here(project: Path, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    """The command in the project's directory, with the environment that a process of the program would have."""
    out, err = _stream(), _stream()
    with (
        contextlib.chdir(project),
        mock.patch.dict(os.environ, environment(**more), clear=True),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        code = run_command_line(list(arguments), NoScreen())
    return subprocess.CompletedProcess(arguments, code, _text(out), _text(err))


def _stream() -> io.TextIOWrapper:
    """Keeps every byte: what is no text comes back as it would from the names of files."""
    return io.TextIOWrapper(io.BytesIO(), encoding="utf-8", errors="surrogateescape", newline="\n")


def _text(stream: io.TextIOWrapper) -> str:
    stream.flush()
    stream.seek(0)
    return stream.read()
