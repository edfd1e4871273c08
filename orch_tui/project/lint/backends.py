"""Backends that tasks of an orchestration are to run on, and that cannot carry them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from orch_tui.model.orchestration.orchestration import Orchestration, Phase, Task, TaskOptions
from orch_tui.model.orchestration.places import stays_here
from orch_tui.model.orchestration.resources import Resources
from orch_tui.model.problem import Problem, Severity
from orch_tui.project.definitions.backends import BackendSettings
from orch_tui.project.extensions.backend_entries import lacking_programs
from orch_tui.project.extensions.launcher_entries import LOCAL
from orch_tui.project.lint.task_names import NameOf
from orch_tui.project.project import Project
from orch_tui.project.toml.decode import did_you_mean, one_of, quote
from orch_tui.project.toml.lines import line_of

if TYPE_CHECKING:
    from orch_tui.project.definitions.dask_settings import DaskSettings


def backend_problems(project: Project, value: Orchestration, name_of: NameOf) -> Iterator[Problem]:
    """By what the task says, or else its phase, its orchestration, the project."""
    settings, seen = project.settings, set[str]()
    for phase in value.phases:
        defaults = phase.options_over(value.defaults.over(settings.defaults))
        for task in phase.tasks:
            if stays_here(task.configuration):
                continue
            options = task.options.over(defaults)
            name = options.runs_on or settings.runs_on
            if not settings.is_place(name):
                known = [LOCAL, *settings.backends]
                message = f"the task {name_of(task)} runs on {quote(name)}; it can be {one_of(known)}"
                remedy = did_you_mean(name, known) or f"write [backends.{name}] into orch.toml"
                yield Problem(Severity.ERROR, "backend", message, remedy, phase=phase.id, task=task.id)
                continue
            backend = settings.backends.get(name)
            if backend is None:
                found = _on_this_machine(name_of(task), options)
            else:
                found = _of_task(name_of(task), backend, options)
                if name not in seen:
                    seen.add(name)
                    yield from _of_backend(project, backend, phase, task)
            for severity, message, remedy in found:
                yield Problem(severity, "backend", message, remedy, phase=phase.id, task=task.id)


Found = list[tuple[Severity, str, str]]
"""How bad it is, what it is, and what to do."""


def _on_this_machine(task: str, options: TaskOptions) -> Found:
    if options.resources is None:
        return []
    message = f"the task {task} names resources, which nobody asks for on this machine"
    return [(Severity.WARNING, message, "name a backend with runs_on")]


def _of_task(task: str, backend: BackendSettings, options: TaskOptions) -> Found:
    if backend.dask is None:
        return []
    unasked = backend.dask.unasked(options.resources or Resources())
    if not unasked:
        return []
    message = f"the task {task} names {' and '.join(unasked)}, which nobody asks for on {quote(backend.name)}"
    remedy = f'say which resource of its workers that is: [backends.{backend.name}.resources] NAME = "{unasked[0]}"'
    return [(Severity.WARNING, message, remedy)]


def _of_backend(project: Project, backend: BackendSettings, phase: Phase, task: Task) -> Iterator[Problem]:
    """What is said once of each, where it stands; on the screen one goes to the first task there."""
    found: Found = []
    if lacking := lacking_programs(backend.kind):
        found.append((Severity.ERROR, *lacking_words(backend.name, lacking)))
    if backend.dask is not None:
        found += _of_dask(backend.name, backend.dask)
    if not found:
        return
    path = project.paths.settings
    file, line = project.paths.relative(path), line_of(project.source(path).text, ("backends", backend.name))
    for severity, message, remedy in found:
        yield Problem(severity, "backend", message, remedy, file, line, phase=phase.id, task=task.id)


def lacking_words(name: str, lacking: Sequence[str]) -> tuple[str, str]:
    """Message and remedy for a backend whose programs this machine does not have."""
    message = f"the backend {quote(name)} needs {' and '.join(lacking)}, which this machine does not have"
    return message, "install them, start runs where they are, or run all here with --backend local"


def _of_dask(name: str, settings: DaskSettings) -> Found:
    message = f"the scheduler of {quote(name)} keeps what waits in its memory alone: when it ends, nothing starts there"
    remedy = "have it started again by itself; what runs goes on meanwhile, and what waited is asked for again"
    found = [(Severity.WARNING, message, remedy)]
    if settings.is_open:
        message = f"who reaches the scheduler of {quote(name)} runs programs as its workers' user: it has no login"
        remedy = "give it certificates (tls), or let nobody else into its network"
        found.append((Severity.WARNING, message, remedy))
    return found
