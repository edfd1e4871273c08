"""Tasks with parts: what they are run for, and whether their parts can run beside each other."""

from __future__ import annotations

from collections.abc import Iterator

from orch_tui.model.components.component import Component
from orch_tui.model.components.configuration import Configuration
from orch_tui.model.orchestration.array_faults import array_fault
from orch_tui.model.orchestration.each import list_items
from orch_tui.model.orchestration.orchestration import Orchestration, Phase, Task
from orch_tui.model.problem import Problem, Severity
from orch_tui.model.run.promises import said_by_parameters
from orch_tui.project.lint.task_names import NameOf
from orch_tui.project.project import Project


def array_problems(
    project: Project,
    value: Orchestration,
    place: tuple[Phase, Task],
    component: Component,
    configuration: Configuration,
    severity: Severity,
    name_of: NameOf,
) -> Iterator[Problem]:
    """Those of one task. A list that a run or another task gives is known only then."""
    phase, task = place
    if task.each is None:
        if task.allow_empty:
            message = f"task {name_of(task)} has allow_empty, which says nothing without each"
            remedy = "say with each what it is run for, or remove allow_empty"
            yield Problem(Severity.WARNING, "array", message, remedy, phase=phase.id, task=task.id)
        return
    sets = tuple(said_by_parameters(component, configuration.parameters))
    if (fault := array_fault(task, component, configuration, sets)) is not None:
        message = f"task {name_of(task)} cannot have parts (each): {fault[0]}"
        yield Problem(severity, "array", message, fault[1], phase=phase.id, task=task.id)
    declared = {one.name: one.value for one in (*project.settings.variables, *value.variables) if one.value is not None}
    text = task.variables.get(task.each.variable, declared.get(task.each.variable))
    if task.each.variable and text is not None and "{{" not in text:
        try:
            list_items(text)
        except ValueError as error:
            message = f"task {name_of(task)} is run for each of the variable {task.each.variable}: {error}"
            yield Problem(severity, "array", message, "correct the variable", phase=phase.id, task=task.id)
