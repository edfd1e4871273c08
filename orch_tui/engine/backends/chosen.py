"""Which backend carries a task: what ``runs_on`` names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

from orch_tui.engine.backends.backend import Backend, Finding
from orch_tui.engine.backends.local import LocalBackend, inspect_process
from orch_tui.engine.processes.launcher import Launcher
from orch_tui.engine.processes.launchers import LauncherMissing, make_launcher
from orch_tui.model.errors import OrchError
from orch_tui.model.orchestration.places import stays_here
from orch_tui.model.run.attempt_state import AttemptState
from orch_tui.model.run.plan import Decision, PlannedTask, RunPlan
from orch_tui.project.definitions.settings import ProjectSettings
from orch_tui.project.extensions.launcher_entries import LOCAL
from orch_tui.project.toml.decode import one_of


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

        Raises: BackendMissing: what ``runs_on`` of the project names cannot be made.
        """
        self._settings = settings
        self._made: dict[str, Backend] = {}
        if launcher is not None:
            self._made[LOCAL] = LocalBackend(launcher)
        self._default = LOCAL if launcher is not None else settings.runs_on
        # Processes of this machine are started by the project's launcher, if it names one.
        self._here = LOCAL if self._default in settings.backends else self._default
        for name in {self._default, self._here}:
            self._named(name)

    def of_task(self, task: PlannedTask) -> Backend:
        """What carries the next attempt of a task. Raises: BackendMissing."""
        if stays_here(task.configuration):
            return self._named(self._here)
        return self._named(task.options.runs_on or self._default)

    def of_attempt(self, attempt: AttemptState) -> Backend:
        """What carries an attempt, as the journal names it. Raises: BackendMissing."""
        if attempt.backend and attempt.backend not in self._settings.backends:
            raise BackendMissing(f'there is no backend "{attempt.backend}" in orch.toml any more; put it back')
        return self._named(attempt.backend or self._here)

    def _named(self, name: str) -> Backend:
        made = self._made.get(name)
        if made is None:
            made = self._made[name] = self._make(name)
        return made

    def _make(self, name: str) -> Backend:
        own = self._settings.backends.get(name)
        if own is None:
            try:
                return LocalBackend(make_launcher(name))
            except LauncherMissing as error:
                raise BackendMissing(str(error)) from error
        # Few projects have one.
        from orch_tui.project.extensions.backend_entries import DASK, SLURM, backend_entry

        if own.kind == SLURM:
            from orch_tui.engine.backends.slurm.backend import SlurmBackend

            return SlurmBackend(own, self._settings.pass_environment)
        if own.kind == DASK:
            from orch_tui.engine.backends.dask.backend import DaskBackend

            return DaskBackend(own, self._settings.pass_environment)
        entry = backend_entry(own.kind)
        if entry is None:
            raise BackendMissing(f'no package that is installed here offers backends of the kind "{own.kind}"')
        try:
            backend: Backend = entry.load()(own)
        except Exception as error:
            # It is the code of somebody else: whatever fails in it, the run is not started and it is said.
            said = f"{type(error).__name__}: {error}"
            raise BackendMissing(f'the backend "{name}" ({entry.value}) cannot be made: {said}') from error
        return backend


def carried_by(plan: RunPlan, name: str | None) -> RunPlan:
    """The plan with all tasks carried by the backend ``name``; with None by what they say.

    A nested orchestration only hands on what was said of the whole run: its own tasks say where they run.
    """

    def placed(task: PlannedTask) -> PlannedTask:
        if name is None and not (task.options.runs_on and stays_here(task.configuration)):
            return task
        return replace(task, options=replace(task.options, runs_on=name))

    if name is None and not any(task.options.runs_on for task in plan.tasks()):
        return plan
    phases = tuple(replace(phase, tasks=tuple(map(placed, phase.tasks))) for phase in plan.phases)
    return replace(plan, phases=phases)


def place_fault(plan: RunPlan, settings: ProjectSettings) -> str | None:
    """Why a task of the plan cannot run where it shall, in a sentence; None when all can."""
    for task in plan.tasks():
        name = task.options.runs_on
        if name is not None and task.decision is Decision.RUN and not settings.is_place(name):
            known = one_of([LOCAL, *settings.backends])
            return f'{task.name} ({task.id}) runs on "{name}"; it can be {known}, or write [backends.{name}]'
    return None


def lacking_fault(plan: RunPlan, settings: ProjectSettings) -> str | None:
    """Why what runs elsewhere cannot be sent from this machine, in a sentence; None when nothing does, or all can."""
    if not settings.backends:
        return None
    from orch_tui.project.extensions.backend_entries import lacking_programs
    from orch_tui.project.lint.backends import lacking_words

    wanted = {
        task.options.runs_on or settings.runs_on
        for task in plan.tasks()
        if task.decision is Decision.RUN and not stays_here(task.configuration)
    }
    for name in sorted(wanted & settings.backends.keys()):
        if lacking := lacking_programs(settings.backends[name].kind):
            return "; ".join(lacking_words(name, lacking))
    return None


class _Processes:
    def inspect(self, directory: Path, known: AttemptState, starter: Mapping[str, Any]) -> Finding:
        return inspect_process(directory, known, starter)


class _Files:
    def inspect(self, directory: Path, known: AttemptState, starter: Mapping[str, Any]) -> Finding:
        from orch_tui.engine.backends.remote.finding import inspect_files

        return inspect_files(directory, known)


class _WithoutSettings:
    """Looks at attempts of which nobody knows the project."""

    def of_attempt(self, attempt: AttemptState) -> Inspector:
        return _Files() if attempt.backend else _Processes()


inspectors = _WithoutSettings()
