"""Memory that tasks say they need: no two start that do not fit, counted over all runs and processes of a project."""

from __future__ import annotations

import contextlib

from orch_tui.engine.phases.pools import Taken
from orch_tui.model.events.reasons import Cause, Reason
from orch_tui.model.run.memory import memory_of
from orch_tui.model.run.plan import PlannedTask
from orch_tui.model.texts.sizes import write_size
from orch_tui.project.concurrent.memory_claims import MemoryClaims
from orch_tui.project.paths import ProjectPaths


class Memory:
    """``size`` is what the project has for its tasks, in bytes; None for any."""

    def __init__(self, paths: ProjectPaths, size: int | None) -> None:
        self._claims = MemoryClaims(paths)
        self._size = size
        self._waiting: set[str] = set()

    def take(self, task: PlannedTask, who: str) -> Taken | Reason:
        """What the task needs, or why it has to wait. ``who`` is the task in words.

        What those need that came before is left for them. A project that has become smaller than the task since the
        run was started lets it run alone. Raises: OSError.
        """
        needed = memory_of(task)
        if self._size is None or not needed:
            return Taken()
        wanted = min(needed, self._size)
        lock = self._claims.claim(who, wanted, self._size)
        if lock is not None:
            # An executor before this one may have waited for the same task.
            self._waiting.discard(who)
            self._claims.line.leave(who)
            return Taken((lock,))
        self._claims.line.wait(who, wanted)
        self._waiting.add(who)
        use = self._claims.use(self._size)
        sizes = {"needed": write_size(wanted), "taken": write_size(use.taken), "size": write_size(self._size)}
        return Reason.of(Cause.MEMORY, **sizes, holders=use.words_for(who))

    def leave_all(self) -> None:
        """Nothing waits any more. What cannot be taken away now keeps nothing a moment later."""
        while self._waiting:
            with contextlib.suppress(OSError):
                self._claims.line.leave(self._waiting.pop())
