"""Executors of runs as processes of their own, to be killed."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

from orch_tui.model.runstate import RunState
from orch_tui.project.journal.file import is_executed, read_run

from tests.support.engine_kit import until


class Executor:
    """A process that executes a run of the orchestration ``o``; ``directory`` is the run's."""

    def __init__(self, root: Path, directory: Path | None = None) -> None:
        """With ``directory``, one that takes that run over."""
        module = "kill_me" if directory is None else "take_over_me"
        arguments = [str(root)] if directory is None else [str(root), str(directory)]
        self.process = subprocess.Popen(
            [sys.executable, "-m", f"tests.integration.{module}", *arguments], stdout=subprocess.PIPE
        )
        assert self.process.stdout is not None
        said = self.process.stdout.readline().decode().strip()
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


def exit_file(directory: Path, task: str, number: int = 1) -> Path:
    return directory / "tasks" / task / str(number) / "exit"


def wait_for_exit_file(directory: Path, task: str, number: int = 1) -> Path:
    """Until the task has ended and said so."""
    path = exit_file(directory, task, number)
    until(lambda: path.exists() and path.read_text().endswith("\n"))
    return path
