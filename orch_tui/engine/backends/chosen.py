"""Which backend carries a task: what ``runs_on`` names."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

from orch_tui.engine.backends.backend import Backend, Finding
from orch_tui.engine.backends.local import LocalBackend, inspect_process
from orch_tui.engine.processes.launcher import Launcher
from orch_tui.engine.processes.launchers import LauncherMissing, make_launcher
from orch_tui.model.errors import OrchError
from orch_tui.model.run.attempt_state import AttemptState
from orch_tui.model.run.plan import PlannedTask
from orch_tui.project.definitions.settings import ProjectSettings


class BackendMissing(OrchError):
    """A backend is not there, or its package cannot make it; the text says which and why."""


class Inspector(Protocol):
    """Looks what became of an attempt; see :class:`orch_tui.engine.backends.backend.Backend`."""

    def inspect(self, directory: Path, known: AttemptState, starter: Mapping[str, Any]) -> Finding: ...


class Inspectors(Protocol):
    def of_attempt(self, attempt: AttemptState) -> Inspector: ...


class Backends:
    """Those of a project, each made when it is asked for."""

    def __init__(self, settings: ProjectSettings, launcher: Launcher | None = None) -> None:
        """``launcher`` starts the processes of this machine in the place of the one that the project names.

        Raises: BackendMissing.
        """
        try:
            self._local = LocalBackend(launcher or make_launcher(settings.runs_on))
        except LauncherMissing as error:
            raise BackendMissing(str(error)) from error

    def of_task(self, task: PlannedTask) -> Backend:
        """What carries the next attempt of a task."""
        return self._local

    def of_attempt(self, attempt: AttemptState) -> Backend:
        """What carries an attempt, as the journal names it. Raises: BackendMissing."""
        if not attempt.backend:
            return self._local
        raise BackendMissing(f'there is no backend "{attempt.backend}" in orch.toml')


class _Processes:
    def inspect(self, directory: Path, known: AttemptState, starter: Mapping[str, Any]) -> Finding:
        return inspect_process(directory, known, starter)


class _WithoutSettings:
    """Looks at attempts of which nobody knows the project."""

    def of_attempt(self, attempt: AttemptState) -> Inspector:
        return _Processes()


inspectors = _WithoutSettings()
