"""What became of the tasks of a run whose executor is gone: belief in a fixed order, never a guess.

The exit file first, then a living leader, then whoever still holds the log or carries the task's tag; what is left
is lost.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from orch_tui.engine.processes.local import leader_of, read_exit_file
from orch_tui.engine.processes.process import boot_id, host, is_same, tagged
from orch_tui.model.run.attempt_state import AttemptState
from orch_tui.model.run.runstate import RunState, TaskState
from orch_tui.model.status import Status
from orch_tui.project.attempt_dir import attempt_directory, exit_file, log_file
from orch_tui.project.concurrent.locks import is_locked


class Verdict(StrEnum):
    """``UNSTARTED``: the executor was gone before the task began. ``OTHER_HOST``: recorded by another machine, about
    which nothing can be said here."""

    FINISHED = "finished"
    RUNNING = "running"
    DESCENDANTS = "descendants"
    OTHER_HOST = "other-host"
    LOST = "lost"
    UNSTARTED = "unstarted"


@dataclass(frozen=True, slots=True)
class Finding:
    """``exit_code`` belongs to FINISHED; ``text`` says it in words."""

    verdict: Verdict
    exit_code: int | None
    text: str


def inspect_run(directory: Path, state: RunState) -> dict[str, Finding]:
    """A finding for every task that the journal leaves running. For a run that nobody executes."""
    found = {}
    for task in state.tasks.values():
        attempt = task.attempt
        if attempt is not None and task.status in (Status.PROCESSING, Status.TERMINATING):
            found[task.id] = inspect_attempt(directory, task, attempt, starter_of(state, attempt))
    return found


def starter_of(state: RunState, attempt: AttemptState) -> Mapping[str, Any]:
    """The identity of the process that started an attempt; empty when the journal does not say."""
    return state.executors[attempt.executor] if 0 <= attempt.executor < len(state.executors) else {}


def inspect_attempt(
    run_directory: Path, task: TaskState, attempt: AttemptState, executor: Mapping[str, Any]
) -> Finding:
    """``executor`` is the identity of the process that started the attempt."""
    directory = attempt_directory(run_directory, task.id, attempt.number)
    if executor.get("host") not in (None, host()):
        return Finding(Verdict.OTHER_HOST, None, f"started on {executor['host']}: look there")
    alive = _leader_lives(attempt, executor)
    held = is_locked(log_file(directory))
    others = [] if alive else tagged([directory])
    # Last: the shim writes it before it ends, so nothing that finished in between is missed.
    code = read_exit_file(directory)
    if code is not None:
        left = "; processes of it are still there" if held or others else ""
        return Finding(Verdict.FINISHED, code, f"finished with exit code {code}{left}")
    if alive:
        return Finding(Verdict.RUNNING, None, f"still running (pid {attempt.pid})")
    if attempt.pid is None and others and (leader := leader_of(directory)) is not None:
        return Finding(Verdict.RUNNING, None, f"still running (pid {leader[0]})")
    if held or others:
        return Finding(Verdict.DESCENDANTS, None, "its first process is gone or unknown, others of it still run")
    if executor.get("boot_id") == boot_id() and directory.is_dir() and not exit_file(directory).exists():
        # Not after a reboot: a file system may lose what was written last.
        return Finding(Verdict.UNSTARTED, None, "it never began: its executor was gone before")
    return Finding(Verdict.LOST, None, "lost: it is gone and left no exit code")


def _leader_lives(attempt: AttemptState, executor: Mapping[str, Any]) -> bool:
    boot = executor.get("boot_id")
    if attempt.pid is None or attempt.start is None or not isinstance(boot, str):
        return False
    return is_same(attempt.pid, attempt.start, boot)
