"""Checks an orchestration that is being edited: at once while that is cheap, else in a thread. No Textual."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from orch_tui.model.orchestration.orchestration import Orchestration
from orch_tui.model.problem import Problem, to_mend
from orch_tui.project.lint.check import Linter
from orch_tui.project.project import Project

# From so many tasks on a check takes longer than a frame (10,000 tasks: a quarter of a second).
MANY_TASKS = 400


class Checker:
    """``found`` gets the problems, errors first, with the value that they are of; it may be called from a thread."""

    def __init__(self, project: Project, found: Callable[[Orchestration, list[Problem]], object]) -> None:
        self._project = project
        self._found = found
        self._linter = Linter(project)
        self._pool: ThreadPoolExecutor | None = None
        self._waiting: Orchestration | None = None
        self._busy = False

    def is_cheap(self, value: Orchestration) -> bool:
        return sum(len(phase.tasks) for phase in value.phases) < MANY_TASKS

    def check(self, value: Orchestration) -> None:
        """Check the value; of several that come while one is being checked only the last is checked."""
        if self.is_cheap(value):
            self._found(value, to_mend(self._linter.check(value)))
            return
        self._waiting = value
        if self._pool is None:
            self._pool = ThreadPoolExecutor(1, "check")
            # A project is not for several threads: this one gets its own.
            self._linter = Linter(Project(self._project.root, tolerant=True))
        if not self._busy:
            self._busy = True
            self._pool.submit(self._work)

    def wait(self) -> None:
        """Until the thread has nothing to do."""
        if self._pool is not None:
            self._pool.submit(lambda: None).result()

    def _work(self) -> None:
        while (value := self._waiting) is not None:
            self._waiting = None
            problems = to_mend(self._linter.check(value))
            if self._waiting is None:
                self._found(value, problems)
        self._busy = False
