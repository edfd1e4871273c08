"""Backends that tasks of an orchestration are to run on, and that cannot carry them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from orch_tui.model.orchestration.orchestration import Orchestration
from orch_tui.model.orchestration.places import stays_here
from orch_tui.model.problem import Problem, Severity
from orch_tui.project.extensions.backend_entries import lacking_programs
from orch_tui.project.extensions.launcher_entries import LOCAL
from orch_tui.project.project import Project
from orch_tui.project.toml.decode import did_you_mean, one_of, quote


def backend_problems(project: Project, value: Orchestration) -> Iterator[Problem]:
    """By what the task says, or else its phase, its orchestration, the project."""
    settings, without = project.settings, set[str]()
    for phase in value.phases:
        defaults = phase.options_over(value.defaults.over(settings.defaults))
        for task in phase.tasks:
            if stays_here(task.configuration):
                continue
            options = task.options.over(defaults)
            name = options.runs_on or settings.runs_on
            if not settings.is_place(name):
                known = [LOCAL, *settings.backends]
                message = f"the task {quote(task.id)} runs on {quote(name)}; it can be {one_of(known)}"
                remedy = did_you_mean(name, known) or f"write [backends.{name}] into orch.toml"
                yield Problem(Severity.ERROR, "backend", message, remedy, phase=phase.id, task=task.id)
                continue
            backend = settings.backends.get(name)
            if backend is None and task.options.resources is not None:
                message = f"the task {quote(task.id)} names resources, which nobody asks for on this machine"
                yield Problem(
                    Severity.WARNING, "backend", message, "name a backend with runs_on", phase=phase.id, task=task.id
                )
            if backend is not None and name not in without and (lacking := lacking_programs(backend.kind)):
                without.add(name)
                message, remedy = lacking_words(name, lacking)
                yield Problem(Severity.ERROR, "backend", message, remedy, phase=phase.id, task=task.id)


def lacking_words(name: str, lacking: Sequence[str]) -> tuple[str, str]:
    """Message and remedy for a backend whose programs this machine does not have."""
    message = f"the backend {quote(name)} needs {' and '.join(lacking)}, which this machine does not have"
    return message, "install them, start runs where they are, or run all here with --backend local"
