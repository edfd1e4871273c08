"""Executors of runs as processes of their own, to be killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from orch_tui.engine.processes.process import is_same
from orch_tui.model.run.runstate import RunState
from orch_tui.project.journal.file import is_executed, read_run

from tests.support.engine_kit import until
from tests.support.owned import descendants
from tests.support.projects import started


def host(name: str, seen: tuple[Path, Path] | None = None) -> list[str]:
    """A program that starts another one on a host of this name, as far as that can tell; with ``seen`` as ``(other,
    directory)`` it sees the one in the place of the other."""
    script = 'hostname "$0"; [ -z "$1" ] || mount --bind "$1" "$2"; shift 2; exec "$@"'
    return ["unshare", "--uts", "--mount", "sh", "-c", script, name, *map(str, seen or ("", ""))]


class Executor:
    """A process that executes a run of the orchestration ``o``; ``directory`` is the run's."""

    def __init__(self, root: Path, directory: Path | None = None, within: Sequence[str] = ()) -> None:
        """With ``directory``, one that takes that run over; ``within`` starts it, see :func:`host`."""
        module = "kill_me" if directory is None else "take_over_me"
        arguments = [str(root)] if directory is None else [str(root), str(directory)]
        command = [*within, sys.executable, "-m", f"tests.integration.{module}", *arguments]
        self.process = started(command, stdout=subprocess.PIPE)
        assert self.process.stdout is not None
        said = self.process.stdout.readline().strip()
        assert said, "the executor ended before it executed anything"
        self.directory = Path(said) if directory is None else directory

    @property
    def state(self) -> RunState:
        return read_run(self.directory)

    def kill(self) -> None:
        """Let go of the run by SIGKILL; what it was starting at this moment has become another program afterwards."""
        self.process.send_signal(signal.SIGKILL)
        self.process.communicate()
        until(lambda: not is_executed(self.directory))

    def end(self) -> int:
        """Wait for its own end; the exit code."""
        self.process.communicate(timeout=60)
        return self.process.returncode


def living_executor(directory: Path) -> int | None:
    """The pid of the process that executes a run now, as its journal names it; None when that one is gone.

    Its identity is compared, never the pid alone: right after a takeover the journal still names the one before, whose
    pid may be anybody's by now.
    """
    state = read_run(directory)
    if not is_executed(directory) or not state.executors:
        return None
    last = state.executors[-1]
    return int(last["pid"]) if is_same(last["pid"], (last["start"][0], last["start"][1]), last["boot_id"]) else None


def kill_process(pid: int) -> bool:
    """SIGKILL to a process that is pinned and still below this one; False when it is gone or is none of ours."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return False
    try:
        if pid not in {process.pid for process in descendants()}:
            return False
        signal.pidfd_send_signal(descriptor, signal.SIGKILL)
    except ProcessLookupError:
        return False
    finally:
        os.close(descriptor)
    return True


def exit_file(directory: Path, task: str, number: int = 1) -> Path:
    return directory / "tasks" / task / str(number) / "exit"


def wait_for_exit_file(directory: Path, task: str, number: int = 1) -> Path:
    """Until the task has ended and said so."""
    path = exit_file(directory, task, number)
    until(lambda: path.exists() and path.read_text().endswith("\n"))
    return path
