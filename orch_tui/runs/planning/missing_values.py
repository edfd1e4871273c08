"""Variables that nothing gives a value before a run, with what their declarations say of them."""

from __future__ import annotations

from orch_tui.engine.attempts.task_facts import UnresolvedVariables
from orch_tui.model.orchestration.orchestration import Orchestration, Variable
from orch_tui.project.project import Project


def missing_values(error: UnresolvedVariables, project: Project, value: Orchestration) -> list[Variable]:
    """In the order of the error; ``value`` is the orchestration as it would run."""
    declared = {variable.name: variable for variable in (*project.settings.variables, *value.variables)}
    return [declared.get(name, Variable(name)) for name in error.names]
