"""Pools that the tasks of an orchestration are in, and that the project does not have, or not as large."""

from __future__ import annotations

from collections.abc import Iterator

from orch_tui.model.orchestration.orchestration import Orchestration, TaskOptions
from orch_tui.model.problem import Problem, Severity
from orch_tui.model.run.pools import needed, wrong_pool
from orch_tui.project.project import Project
from orch_tui.project.toml.decode import quote


def pool_problems(project: Project, value: Orchestration) -> Iterator[Problem]:
    """By what the task says, or else its component, its orchestration, the project."""
    settings = project.settings
    for phase in value.phases:
        defaults = phase.options_over(value.defaults.over(settings.defaults))
        for task in phase.tasks:
            component = project.component(task.configuration.partition("/")[0])
            own = TaskOptions() if component is None else TaskOptions(pool=component.pool, weight=component.weight)
            pool, weight = needed(task.configuration, task.options.over(own).over(defaults))
            if pool and (wrong := wrong_pool(pool, weight, settings.pools)):
                message, _, remedy = f"the task {quote(task.id)} {wrong}".rpartition("; ")
                yield Problem(Severity.ERROR, "pool", message, remedy, phase=phase.id, task=task.id)
