"""Every edit of an orchestration, a pure function ``(Orchestration, …) -> Orchestration``; import them from here.

An edit that is refused raises :class:`EditError` with a sentence for the person and changes nothing. What an edit
does not touch stays the same object, and an edit that changes nothing returns the orchestration it got: comparing
by identity tells a screen what to draw again.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from dataclasses import replace

from orch_tui.model.edits.arranging import arrange_by_data
from orch_tui.model.edits.base import (
    EditError,
    check_limit,
    check_options,
    check_text,
    check_variable_name,
    clean_name,
    name_key,
    quoted,
)
from orch_tui.model.edits.copying import automation_of, copy_phases
from orch_tui.model.edits.grouping import group_by_type
from orch_tui.model.edits.phases import (
    drop_empty_phases,
    merge_phases,
    move_phase,
    move_phase_by,
    new_phase,
    remove_phase,
    rename_phase,
    set_phase_max_parallel,
    set_phase_options,
)
from orch_tui.model.edits.rules import add_rule, change_rule, move_rule, remove_rule
from orch_tui.model.edits.tasks import (
    KEEP,
    NEW_PHASE_NAME,
    Keep,
    add_tasks,
    duplicate_tasks,
    move_task_across,
    move_task_by,
    move_tasks,
    new_task_ids,
    remove_tasks,
    replace_configuration,
    set_configuration,
    set_continue_on_failure,
    set_enabled,
    set_options,
)
from orch_tui.model.orchestration.orchestration import Orchestration, TaskOptions, Variable
from orch_tui.model.texts.text import slug, unique

__all__ = [
    "KEEP",
    "NEW_PHASE_NAME",
    "EditError",
    "Keep",
    "add_rule",
    "add_tasks",
    "arrange_by_data",
    "automation_of",
    "change_rule",
    "copy_phases",
    "describe",
    "drop_empty_phases",
    "duplicate_orchestration",
    "duplicate_tasks",
    "group_by_type",
    "merge_phases",
    "move_phase",
    "move_phase_by",
    "move_rule",
    "move_task_across",
    "move_task_by",
    "move_tasks",
    "name_key",
    "new_orchestration",
    "new_phase",
    "new_task_ids",
    "remove_phase",
    "remove_rule",
    "remove_tasks",
    "rename",
    "rename_phase",
    "replace_configuration",
    "set_configuration",
    "set_continue_on_failure",
    "set_defaults",
    "set_enabled",
    "set_max_parallel",
    "set_options",
    "set_phase_max_parallel",
    "set_phase_options",
    "set_variables",
]


def new_orchestration(name: str, taken: Container[str] = ()) -> Orchestration:
    """An empty orchestration; its id is made of the name and is none of ``taken``. Raises: EditError for a bad name."""
    name = clean_name(name, "orchestration")
    return Orchestration(id=unique(slug(name, "orchestration"), taken), name=name)


def duplicate_orchestration(orch: Orchestration, name: str, taken: Iterable[str]) -> Orchestration:
    """A copy under another name and a new id that is none of ``taken``; phases and tasks keep their ids.

    Raises:
        EditError: a bad name.
    """
    fresh = new_orchestration(name, {*taken, orch.id})
    return replace(orch, id=fresh.id, name=fresh.name)


def rename(orch: Orchestration, name: str) -> Orchestration:
    """The orchestration with another name; its id stays. Raises: EditError for a bad name."""
    name = clean_name(name, "orchestration")
    return orch if name == orch.name else replace(orch, name=name)


def describe(orch: Orchestration, description: str) -> Orchestration:
    """Another description, of any number of lines. Raises: EditError for text that cannot be saved."""
    check_text(description, "description")
    return orch if description == orch.description else replace(orch, description=description)


def set_variables(orch: Orchestration, variables: Sequence[Variable]) -> Orchestration:
    """Other declared variables. Raises: EditError for a bad name or two of one name."""
    seen: set[str] = set()
    for variable in variables:
        check_variable_name(variable.name)
        if variable.name in seen:
            raise EditError(f"There are two variables {quoted(variable.name)}; give one of them another name.")
        seen.add(variable.name)
        check_text(variable.value or "", f"value of the variable {variable.name}")
        check_text(variable.description, f"description of the variable {variable.name}")
    return orch if orch.variables == tuple(variables) else replace(orch, variables=tuple(variables))


def set_defaults(orch: Orchestration, defaults: TaskOptions) -> Orchestration:
    """What holds for tasks that do not say otherwise. Raises: EditError for a number below its minimum."""
    check_options(defaults)
    return orch if defaults == orch.defaults else replace(orch, defaults=defaults)


def set_max_parallel(orch: Orchestration, limit: int | None) -> Orchestration:
    """How many tasks of the orchestration run at once; None for the project's default. Raises: EditError below 1."""
    check_limit(limit, "orchestration")
    return orch if limit == orch.max_parallel else replace(orch, max_parallel=limit)
