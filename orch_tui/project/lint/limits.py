"""Pools that the tasks of an orchestration are in, and that the project does not have, or not as large; memory that
they need, and that the project does not give."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from orch_tui.model.components.component import ORCHESTRATION_COMPONENT
from orch_tui.model.components.configuration import Configuration
from orch_tui.model.orchestration.orchestration import Orchestration
from orch_tui.model.problem import Problem, Severity
from orch_tui.model.run.memory import memory_needed, wrong_memory
from orch_tui.model.run.pools import needed, pool_options, wrong_pool
from orch_tui.project.lint.task_names import NameOf
from orch_tui.project.project import Project


def limit_problems(
    project: Project, value: Orchestration, configuration: Callable[[str], Configuration | None], name_of: NameOf
) -> Iterator[Problem]:
    """By what the task says, or else its configuration, its component, its orchestration, the project.

    ``configuration`` gives one by its reference, None for one that cannot be read.
    """
    settings = project.settings
    for phase in value.phases:
        defaults = phase.options_over(value.defaults.over(settings.defaults))
        for task in phase.tasks:
            component = project.component(task.configuration.partition("/")[0])
            own = pool_options(component, configuration(task.configuration))
            options = task.options.over(own).over(defaults)
            pool, weight = needed(task.configuration, options)
            memory = None if settings.is_far(options.runs_on) else settings.memory
            if wrong := wrong_memory(memory_needed(task.configuration, options), memory):
                message, _, remedy = f"the task {name_of(task)} {wrong}".rpartition("; ")
                yield Problem(Severity.ERROR, "memory", message, remedy, phase=phase.id, task=task.id)
            elif component is not None and component.id == ORCHESTRATION_COMPONENT and task.options.memory:
                message = f"the task {name_of(task)} has a memory limit, which does nothing for a nested orchestration"
                remedy = "set it for the tasks in it"
                yield Problem(Severity.WARNING, "memory", message, remedy, phase=phase.id, task=task.id)
            if pool and (wrong := wrong_pool(pool, weight, settings.pools)):
                message, _, remedy = f"the task {name_of(task)} {wrong}".rpartition("; ")
                yield Problem(Severity.ERROR, "pool", message, remedy, phase=phase.id, task=task.id)
