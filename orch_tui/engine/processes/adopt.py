"""Attempts that another process started: followed by what the kernel and their files say."""

from __future__ import annotations

import os
from collections.abc import Callable

from orch_tui.engine.processes.launcher import AttemptSpec, Exit, Identity, StopRequest
from orch_tui.engine.processes.local import LocalAttempt, clean_up, leader_of, read_ending
from orch_tui.engine.processes.memory_limit import memory_end
from orch_tui.engine.processes.process import boot_id, is_same, read_stat
from orch_tui.model.failure import FailureKind
from orch_tui.model.run.attempt_state import AttemptState
from orch_tui.project.attempt_dir import exit_file

_UNSTARTED = "it never began: its executor was gone before"
_AGAIN = 5
"""How often in a row what never began is begun again."""


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
    """Follow a task whose start was not recorded any more."""
    found = leader_of(spec.directory)
    return None if found is None else adopt_leader(found[0], (found[1], found[1]), spec)


class Gone:
    """An attempt whose first process is gone: what is left of it is ended, as when it had ended before our eyes."""

    def __init__(
        self,
        spec: AttemptSpec,
        group: int | None,
        known: AttemptState | None,
        lost: str,
        when: Callable[[float], float] | None,
        *,
        thorough: bool,
    ) -> None:
        """``group`` is its process group, if that is certain; ``lost`` why its exit code may never be known. ``when``
        turns the time of a file into the run's; ``known`` is what the journal says of it. Both are None for one that
        this process asked for, which ended just now. ``thorough``: see ``clean_up``; for one that ended with 0, that
        is.
        """
        self._spec = spec
        self._group = group
        self._known = known
        self._lost = lost
        self._when = when
        self._thorough = thorough

    @property
    def identity(self) -> Identity:
        return Identity(0, 0, 0)

    async def wait(self, stop: StopRequest, killing: Callable[[FailureKind, float], None]) -> Exit:
        """See :class:`orch_tui.engine.processes.launcher.Running`."""
        directory, nested = self._spec.directory, self._spec.nested is not None
        # Before what was left ends, and may touch it.
        code, modified = await read_ending(directory, patient=True)
        leftovers = await clean_up(self._group, directory, thorough=self._thorough or code != 0, own_only=nested)
        if code is None and self._never_began():
            return Exit(None, leftovers=leftovers, unstarted=_UNSTARTED, again=_AGAIN)
        limit = self._spec.memory
        memory = None if limit is None else await memory_end(directory, limit)
        ended = None if code is None or modified is None or self._when is None else self._when(modified)
        if self._known is None or self._known.killing is None:
            return Exit(code, leftovers=leftovers, lost=self._lost, ended=ended, memory=memory)
        # It got its signal, and is gone: with KILL, no exit code is left.
        since = self._known.killing_at
        took = None if ended is None or since is None else max(0.0, ended - since)
        why = FailureKind(self._known.killing)
        return Exit(code, why, killed=code is None, seconds_to_stop=took, leftovers=leftovers, ended=ended)

    def _never_began(self) -> bool:
        """Its log was held as its start was asked for and had not come about, by nothing that has its tag."""
        known = self._known
        asked = known is not None and known.pid is None and known.killing is None
        return asked and not self._lost and not os.path.lexists(exit_file(self._spec.directory))


def own_group(pid: int | None, started: tuple[int, int] | None, boot: object) -> int | None:
    """The process group that a task's first process led, now that this process is gone; None when unsure.

    The kernel gives no pid away while a group has its number, so a process with that pid that is another one proves
    that nothing of the group is left.
    """
    if pid is None or started is None or boot != boot_id():
        return None
    stat = read_stat(pid)
    return pid if stat is None or started[0] - 1 <= stat.start <= started[1] + 1 else None
