"""The program in a terminal, and what its answers cost it."""

from __future__ import annotations

import select
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from tests.pty.harness import PtyApp

_PATIENCE = 30.0


class Answer(NamedTuple):
    """What a key cost: ms of the main thread until the first byte, and all bytes until it was quiet."""

    ms: float
    bytes: int


def command(project: Path, *arguments: str) -> list[str]:
    """What a person types who opens a project."""
    return [sys.executable, "-m", "orch_tui", "--project", str(project), *arguments]


def installed(directory: Path) -> dict[str, str | None]:
    """The environment of a program whose keys and colours nobody has changed; its modules are compiled already."""
    return {"ORCH_TUI_CONFIG": str(directory / "config.toml")}


@contextmanager
def opened(project: Path, directory: Path, *, waits_for: str) -> Iterator[PtyApp]:
    """The program on the project, when ``waits_for`` is on its screen and nothing moves any more."""
    with PtyApp(command(project), environment=installed(directory), cold=True) as app:
        app.wait_for(waits_for)
        app.settle()
        yield app


def thread_ms(app: PtyApp) -> float:
    """Milliseconds of the processor that the main thread took so far.

    Source: Documentation/scheduler/sched-stats.rst, "/proc/<pid>/schedstat": the first field, in nanoseconds.
    """
    return int(Path(f"/proc/{app.pid}/task/{app.pid}/schedstat").read_text().split()[0]) / 1e6


def process_ms(app: PtyApp) -> float:
    """Milliseconds of the processor that all of its threads took so far, also those that have ended.

    Source: clock_getcpuclockid(3), whose numbers include/linux/posix-timers_types.h makes: the complement of the
    process shifted by three, and 2 for the scheduler's clock.
    """
    return time.clock_gettime(~app.pid << 3 | 2) * 1000


def memory(app: PtyApp) -> float:
    """Resident MB of the program."""
    return int(Path(f"/proc/{app.pid}/status").read_text().split("VmRSS:")[1].split()[0]) / 1024


def answer(app: PtyApp, key: str, quiet: float = 0.6) -> Answer:
    """Press a key. The slower parts of an answer follow when the person pauses; the next key is not to meet them."""
    before, had = thread_ms(app), len(app.log)
    app.send(key)
    assert select.select([app.fd], [], [], _PATIENCE)[0], f"no answer to {key!r}"
    taken = thread_ms(app) - before
    app.settle(quiet)
    return Answer(taken, len(app.log) - had)
