"""Which variables the tasks of an orchestration set: what they say themselves, and what their configurations say."""

from __future__ import annotations

from collections.abc import Collection

from orch_tui.model.components.component import Component
from orch_tui.model.components.configuration import split_ref
from orch_tui.model.orchestration.orchestration import Task
from orch_tui.model.run.promises import Sets, said_by_parameters
from orch_tui.project.files.source import DefinitionError
from orch_tui.project.project import Project


def sets_of(project: Project) -> Sets:
    """A configuration that cannot be read says nothing; what is wrong with it is told elsewhere."""

    def sets(task: Task) -> Collection[str]:
        component = _component_that_says(project, task)
        if component is None:
            return task.sets
        try:
            parameters = project.configuration(task.configuration).parameters
        except DefinitionError:
            return task.sets
        return (*task.sets, *said_by_parameters(component, parameters))

    return sets


def _component_that_says(project: Project, task: Task) -> Component | None:
    """Its component, where the configurations of that name variables."""
    try:
        component = project.component(split_ref(task.configuration)[0])
    except (ValueError, DefinitionError):
        return None
    return component if component is not None and component.sets else None
