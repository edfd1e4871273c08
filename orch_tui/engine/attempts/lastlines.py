"""The end of a task's log: its last lines, for messages (bounded reads, any bytes), and words put behind them."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Sequence
from pathlib import Path

from orch_tui.model.texts.text import safe_line
from orch_tui.project.files.own_files import open_own, write_all

_BLOCK = 65536
_LINE = 400


def last_lines(log: Path, count: int, width: int = 2000) -> list[str]:
    """At most ``count`` last lines that are not blank, made safe to show; empty when there is no log, or
    none that can be read.

    Of a line with carriage returns (a progress bar) only what was last visible is kept. Reads 64 KiB at most.
    """
    try:
        fd = open_own(log)
    except OSError:
        return []
    try:
        size = os.fstat(fd).st_size
        data = os.pread(fd, _BLOCK, max(0, size - _BLOCK))
    except OSError:
        # A failing disk costs the words, never the run whose task has ended.
        return []
    finally:
        os.close(fd)
    text = data.decode("utf-8", "replace")
    shown = (safe_line(line.rstrip("\r").rpartition("\r")[2], width) for line in text.split("\n"))
    return [line for line in shown if line.strip()][-count:]


def say_in_log(log: Path, lines: Sequence[str]) -> None:
    """Put lines of this program's own behind what a task has written. A full disk costs them, and nothing else."""
    if not lines:
        return
    with contextlib.suppress(OSError):
        fd = open_own(log, os.O_RDWR | os.O_APPEND)
        try:
            size = os.fstat(fd).st_size
            begun = size > 0 and os.pread(fd, 1, size - 1) != b"\n"
            text = "".join(f"orch-tui: {safe_line(line, _LINE)}\n" for line in lines)
            write_all(fd, (begun * "\n" + text).encode("utf-8", "replace"), log)
        finally:
            os.close(fd)


def last_line(log: Path) -> str:
    """The program's own last word, at most 400 characters."""
    lines = last_lines(log, 1, _LINE)
    return lines[0].strip() if lines else ""
