"""Why a task cannot have parts. Pure."""

from __future__ import annotations

from collections.abc import Collection

from orch_tui.model.components.component import APPROVAL_COMPONENT, ORCHESTRATION_COMPONENT, Component
from orch_tui.model.components.configuration import Configuration, WriteMode
from orch_tui.model.orchestration.orchestration import Task


def array_fault(
    task: Task, component: Component, configuration: Configuration, sets: Collection[str] = ()
) -> tuple[str, str] | None:
    """A sentence and what to do, for a task with ``each``; None where its parts can run beside each other. ``sets`` are
    the variables that its configuration says it sets."""
    if component.id == APPROVAL_COMPONENT:
        return "people are asked once, not for each of several", "remove each, or ask in a task of its own"
    if component.id == ORCHESTRATION_COMPONENT:
        return "an orchestration runs once at a time", "give each to the tasks in it"
    if configuration.rows:
        return f"{configuration.ref} has rows", "make a configuration without rows, whose parameters have {{ item }}"
    replaced = next((one.table for one in configuration.writes if one.mode is WriteMode.FULL), None)
    if replaced is not None:
        what = f"each of its parts would replace what the others have written to {replaced}"
        return what, 'write that output with mode = "append", or "incremental" with a primary_key'
    if names := sorted({*task.sets, *sets}):
        return f"its parts would each set the variable {names[0]}", "set it in a task that runs once"
    return None
