"""Backends that tasks of an orchestration are to run on, and that cannot carry them."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

from orch_tui.model.orchestration.orchestration import Orchestration
from orch_tui.model.orchestration.places import stays_here
from orch_tui.model.problem import Problem, Severity
from orch_tui.project.extensions.backend_entries import SLURM
from orch_tui.project.extensions.launcher_entries import LOCAL
from orch_tui.project.project import Project
from orch_tui.project.toml.decode import did_you_mean, one_of, quote

SLURM_PROGRAMS = ("sbatch", "squeue", "scancel")


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
            if backend is not None and backend.kind == SLURM and name not in without:
                lacking = [program for program in SLURM_PROGRAMS if shutil.which(program) is None]
                if lacking:
                    without.add(name)
                    message = (
                        f"the backend {quote(name)} needs {' and '.join(lacking)}, which this machine does not have"
                    )
                    remedy = "install Slurm's client programs, or start runs where they are"
                    yield Problem(Severity.WARNING, "backend", message, remedy, phase=phase.id, task=task.id)
