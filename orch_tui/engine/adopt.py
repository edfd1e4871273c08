"""Attempts that another process started: followed by what the kernel and their files say."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from orch_tui.engine.launcher import AttemptSpec, Exit, Identity, StopRequest
from orch_tui.engine.local import LocalAttempt, clean_up, read_exit_file
from orch_tui.engine.process import boot_id, is_same, read_environment, read_stat, tagged
from orch_tui.model.events import FailureKind
from orch_tui.project.masking.files import is_masked
from orch_tui.project.masking.redactor import secrets_of_task


def adopt_leader(pid: int, started: tuple[int, int], spec: AttemptSpec) -> LocalAttempt | None:
    """Follow a task whose first process lives; None when that ended in this moment."""
    try:
        attempt = LocalAttempt(Identity(pid, *started), spec, child=False)
    except ProcessLookupError:
        return None
    # Compared only now that the descriptor pins the process: before, the pid could still become another's.
    if not is_same(pid, started, boot_id()):
        attempt.release()
        return None
    return attempt


def find_leader(spec: AttemptSpec) -> LocalAttempt | None:
    """Follow a task whose start was not recorded any more: the tagged process that leads its own group."""
    for pid in tagged([spec.directory]):
        stat = read_stat(pid)
        if stat is not None and stat.group == pid:
            return adopt_leader(pid, (stat.start, stat.start), spec)
    return None


class Orphans:
    """What is left of a task whose first process is gone: its answer will never come, so they are ended."""

    def __init__(self, spec: AttemptSpec) -> None:
        self._spec = spec

    @property
    def identity(self) -> Identity:
        return Identity(0, 0, 0)

    async def wait(self, stop: StopRequest, killing: Callable[[FailureKind, float], None]) -> Exit:
        """See :class:`orch_tui.engine.launcher.Running`."""
        leftovers = await clean_up(None, self._spec.directory, thorough=True)
        return Exit(read_exit_file(self._spec.directory), leftovers=leftovers)


def spec_of(directory: Path, timeout: float | None, grace: float, max_log: int | None) -> AttemptSpec:
    """What following an attempt needs to know of it: it is started already, so no program, and of its environment
    only its secrets, to mask what it leaves if it is killed; a living process of it tells them."""
    secrets = {} if is_masked(directory) else _secrets_in_use(directory)
    return AttemptSpec((), secrets, os.fspath(directory), directory, timeout, grace, max_log)


def _secrets_in_use(directory: Path) -> dict[str, str]:
    """``ORCH_SECRETS`` and what it names, as the task got them; empty when nothing of it lives."""
    for pid in tagged([directory]):
        environment = read_environment(pid)
        if "ORCH_SECRETS" in environment:
            return {"ORCH_SECRETS": environment["ORCH_SECRETS"], **secrets_of_task(environment)}
    return {}
