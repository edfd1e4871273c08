"""The processes that scheduled runs are started in: each in a session of its own, whatever becomes of the scheduler."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from orch_tui.project.files.own_files import open_own
from orch_tui.scheduling.decide import Start
from orch_tui.scheduling.scheduler import Key
from orch_tui.scheduling.values import Watched

_LONGEST_LOG = 1 << 20


def start_command(watched: Watched, at: float, project: Path, *options: str) -> list[str]:
    """The command that starts an orchestration for a scheduled time."""
    program = [sys.executable, "-P", "-m", "orch_tui", "run", watched.orchestration, "--scheduled", watched.id]
    return [*program, "--at", f"{at:.0f}", *options, "--quiet", "--project", str(project)]


def start_detached(command: list[str], directory: Path, log: Path) -> subprocess.Popen[bytes]:
    """A process in a session of its own; what it says is appended to the log. Raises: OSError."""
    written = open_own(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    try:
        if os.fstat(written).st_size > _LONGEST_LOG:
            os.ftruncate(written, 0)
        return subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=written, stderr=written, start_new_session=True, cwd=directory
        )
    finally:
        os.close(written)


@dataclass(slots=True)
class _Started:
    key: Key
    process: subprocess.Popen[bytes]
    pidfd: int


class Processes:
    """Those that one scheduler started. What they say goes to a log, since nobody else may be there to read it."""

    def __init__(self, project: Path, log: Path) -> None:
        self._project = project
        self._log = log
        self._started: list[_Started] = []

    def start(self, watched: Watched, start: Start) -> None:
        """Raises: OSError."""
        command = start_command(watched, start.at, self._project, *(["--late"] if start.late else []))
        process = start_detached(command, self._project, self._log)
        self._started.append(_Started((*watched.key, start.at), process, os.pidfd_open(process.pid)))

    def ended(self) -> Iterable[tuple[Key, int]]:
        """Those that ended since the last call, with their exit codes."""
        ended = [one for one in self._started if one.process.poll() is not None]
        self._started = [one for one in self._started if one not in ended]
        for one in ended:
            os.close(one.pidfd)
        return [(one.key, one.process.returncode) for one in ended]

    @property
    def descriptors(self) -> Sequence[int]:
        """Readable once one of the processes has ended."""
        return [one.pidfd for one in self._started]

    def leave(self) -> None:
        """Let them go on by themselves."""
        for one in self._started:
            os.close(one.pidfd)
            # Nobody waits for it here: it outlives this process.
            one.process.returncode = 0
        self._started = []
