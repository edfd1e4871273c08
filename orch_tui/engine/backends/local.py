"""Processes of this machine: belief in a fixed order, never a guess.

The exit file first, then a living leader, then whoever still holds the log or carries the task's tag; what is left
is lost.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orch_tui.engine.backends.backend import Finding, Left, Told, Verdict
from orch_tui.engine.processes.adopt import Gone, adopt_leader, find_leader, own_group
from orch_tui.engine.processes.launcher import AttemptSpec, Exit, Launcher, Running, StopRequest
from orch_tui.engine.processes.local import LocalLauncher, leader_of, read_exit_file
from orch_tui.engine.processes.process import boot_id, host, is_same, tagged
from orch_tui.model.run.attempt_state import AttemptState
from orch_tui.project.attempt_dir import exit_file, log_file
from orch_tui.project.concurrent.locks import is_locked

if TYPE_CHECKING:
    from orch_tui.engine.processes.warm import WarmStarts


class LocalJob:
    """A started process; ``announced``: the journal has its identity already, or never will."""

    def __init__(self, running: Running, *, announced: bool = False) -> None:
        self._running = running
        self._announced = announced

    async def wait(self, stop: StopRequest, told: Told) -> Exit:
        """See :class:`orch_tui.engine.backends.backend.Job`."""
        if not self._announced:
            told.started(process=self._running.identity)
        return await self._running.wait(stop, told.killing)


class LocalBackend:
    """Starts attempts by a launcher; those of built-in components warm where it is the program's own."""

    key = ""

    def __init__(self, launcher: Launcher) -> None:
        self._launcher = launcher
        self._warm: WarmStarts | None = None

    def name_job(self) -> str:
        return ""

    async def start(self, spec: AttemptSpec, name: str, inherit: tuple[int, ...] = ()) -> LocalJob:
        """See :class:`orch_tui.engine.backends.backend.Backend`."""
        warm = await self._start_warm(spec, inherit) if spec.built_in is not None else None
        return LocalJob(warm or self._launcher.start(spec, inherit), announced=isinstance(warm, Gone))

    async def _start_warm(self, spec: AttemptSpec, inherit: tuple[int, ...]) -> Running | None:
        if self._warm is None:
            from orch_tui.engine.processes.warm import WarmStarts

            if not isinstance(self._launcher, LocalLauncher):
                return None
            self._warm = WarmStarts(self._launcher)
        return await self._warm.start(spec, inherit)

    def inspect(self, directory: Path, known: AttemptState, starter: Mapping[str, Any]) -> Finding:
        """See :class:`orch_tui.engine.backends.backend.Backend`."""
        return inspect_process(directory, known, starter)

    def adopt(self, spec: AttemptSpec, left: Left) -> LocalJob:
        """See :class:`orch_tui.engine.backends.backend.Backend`."""
        known, verdict = left.known, left.finding.verdict
        leader = None
        if verdict in (Verdict.RUNNING, Verdict.DESCENDANTS):
            if known.pid is not None and known.start is not None:
                leader = adopt_leader(known.pid, known.start, spec)
            else:
                leader = find_leader(spec)
        if leader is not None:
            return LocalJob(leader, announced=True)
        group = own_group(known.pid, known.start, left.starter.get("boot_id"))
        lost = left.finding.text if verdict in (Verdict.LOST, Verdict.UNSTARTED) else ""
        thorough = left.in_use or verdict is not Verdict.FINISHED
        return LocalJob(Gone(spec, group, known, lost, left.when, thorough=thorough), announced=True)


def inspect_process(directory: Path, known: AttemptState, starter: Mapping[str, Any]) -> Finding:
    """What became of an attempt in ``directory``; ``starter`` is the identity of the process that started it."""
    if starter.get("host") not in (None, host()):
        return Finding(Verdict.OTHER_HOST, None, f"started on {starter['host']}: look there")
    alive = _leader_lives(known, starter)
    held = is_locked(log_file(directory))
    others = [] if alive else tagged([directory])
    # Last: the shim writes it before it ends, so nothing that finished in between is missed.
    code = read_exit_file(directory)
    if code is not None:
        left = "; processes of it are still there" if held or others else ""
        return Finding(Verdict.FINISHED, code, f"finished with exit code {code}{left}")
    if alive:
        return Finding(Verdict.RUNNING, None, f"still running (pid {known.pid})")
    if known.pid is None and others and (leader := leader_of(directory)) is not None:
        return Finding(Verdict.RUNNING, None, f"still running (pid {leader[0]})")
    if held or others:
        return Finding(Verdict.DESCENDANTS, None, "its first process is gone or unknown, others of it still run")
    if starter.get("boot_id") == boot_id() and directory.is_dir() and not exit_file(directory).exists():
        # Not after a reboot: a file system may lose what was written last.
        return Finding(Verdict.UNSTARTED, None, "it never began: its executor was gone before")
    return Finding(Verdict.LOST, None, "lost: it is gone and left no exit code")


def _leader_lives(attempt: AttemptState, executor: Mapping[str, Any]) -> bool:
    boot = executor.get("boot_id")
    if attempt.pid is None or attempt.start is None or not isinstance(boot, str):
        return False
    return is_same(attempt.pid, attempt.start, boot)
