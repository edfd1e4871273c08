"""Edits of tasks: add, remove, set, move. Each returns a new value or raises EditError and changes nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final, NamedTuple

from orch_tui.model.edits.base import (
    EditError,
    Ids,
    change_tasks,
    check_ids,
    check_limit,
    check_names,
    check_options,
    check_ref,
    check_variables,
    clamp,
    find_name,
    new_phase_value,
    phase_index,
    quoted,
    task_ids,
    unknown_task,
    with_phases,
)
from orch_tui.model.orchestration.each import Each
from orch_tui.model.orchestration.orchestration import Orchestration, Phase, Task, TaskOptions

NEW_PHASE_NAME = "New phase"


class Keep:
    """The type of :data:`KEEP`, which leaves a field as it is where None would clear it."""


KEEP: Final = Keep()


def add_tasks(
    orch: Orchestration,
    configurations: Sequence[str],
    phase_id: str | None = None,
    names: Mapping[str, str] | None = None,
) -> Orchestration:
    """New tasks at the end of the phase; without one at the end of the last phase, or in a first "New phase".

    ``configurations`` are references (``component-id/configuration-id``), one task each, repeats included.
    ``names`` gives the configurations' names by reference, of which the ids are made; a configuration without one
    lends its own id. :func:`new_task_ids` tells which ids came out.

    Raises:
        EditError: nothing to add, no such phase, no valid reference, or the orchestration itself.
    """
    if not configurations:
        raise EditError("No configuration is chosen; pick one or more to add.")
    names = names or {}
    ids = Ids(task.id for task in orch.tasks())
    added = []
    for ref in configurations:
        check_ref(orch, ref)
        added.append(Task(id=ids.take(names.get(ref) or ref.partition("/")[2], "task"), configuration=ref))
    phases = list(orch.phases)
    if phase_id is not None:
        index = phase_index(orch, phase_id)
    else:
        if not phases:
            phases.append(new_phase_value(orch, NEW_PHASE_NAME))
        index = len(phases) - 1
    phases[index] = replace(phases[index], tasks=(*phases[index].tasks, *added))
    return with_phases(orch, phases)


def new_task_ids(before: Orchestration, after: Orchestration) -> tuple[str, ...]:
    """The ids of the tasks that ``after`` has and ``before`` has not, in the order of the phases."""
    known = {task.id for task in before.tasks()}
    return tuple(task.id for task in after.tasks() if task.id not in known)


def remove_tasks(orch: Orchestration, ids: Iterable[str]) -> Orchestration:
    """Without these tasks; a phase that becomes empty stays. Raises: EditError for an unknown id."""
    wanted = task_ids(orch, ids)
    return with_phases(orch, _without(orch, wanted))


def duplicate_tasks(orch: Orchestration, ids: Iterable[str]) -> Orchestration:
    """A copy with a new id behind each task, to run one configuration with other variables.

    Raises:
        EditError: an unknown id.
    """
    wanted = task_ids(orch, ids)
    fresh = Ids(task.id for task in orch.tasks())
    phases = []
    for phase in orch.phases:
        tasks: list[Task] = []
        for task in phase.tasks:
            tasks.append(task)
            if task.id in wanted:
                tasks.append(replace(task, id=fresh.take(task.id, "task")))
        phases.append(phase if len(tasks) == len(phase.tasks) else replace(phase, tasks=tuple(tasks)))
    return with_phases(orch, phases)


def set_enabled(orch: Orchestration, ids: Iterable[str], enabled: bool) -> Orchestration:
    """Whether a run starts these tasks or skips them. Raises: EditError for an unknown id."""
    return change_tasks(orch, task_ids(orch, ids), enabled=enabled)


def set_continue_on_failure(orch: Orchestration, ids: Iterable[str], on: bool) -> Orchestration:
    """Whether the run goes on when one of these tasks fails. Raises: EditError for an unknown id."""
    return change_tasks(orch, task_ids(orch, ids), continue_on_failure=on)


def set_options(
    orch: Orchestration,
    ids: Iterable[str],
    *,
    options: TaskOptions | Keep = KEEP,
    variables: Mapping[str, str] | Keep = KEEP,
    max_parallel: int | Keep | None = KEEP,
    sets: Sequence[str] | Keep = KEEP,
    rows: Sequence[str] | Keep = KEEP,
    each: Each | Keep | None = KEEP,
    allow_empty: bool | Keep = KEEP,
) -> Orchestration:
    """Options, variables and parallel limit of these tasks, the variables that they set, the rows that they run, and
    what they have parts for; what is left at KEEP stays, None clears the limit, and the parts.

    Raises:
        EditError: an unknown id, a number below its minimum, a bad name of a variable or a bad id of a row.
    """
    wanted = task_ids(orch, ids)
    changes: dict[str, object] = {}
    if not isinstance(options, Keep):
        changes["options"] = check_options(options)
    if not isinstance(variables, Keep):
        changes["variables"] = check_variables(variables)
    if not isinstance(max_parallel, Keep):
        changes["max_parallel"] = check_limit(max_parallel, "task")
    if not isinstance(sets, Keep):
        changes["sets"] = check_names(sets)
    if not isinstance(rows, Keep):
        changes["rows"] = check_ids(rows)
    changes |= {name: value for name, value in (("each", each), ("allow_empty", allow_empty)) if value is not KEEP}
    return change_tasks(orch, wanted, **changes) if changes else orch


def set_configuration(orch: Orchestration, task_id: str, configuration: str) -> Orchestration:
    """Point a task at another configuration (``component-id/configuration-id``); its id stays.

    Raises:
        EditError: an unknown id, no valid reference, or the orchestration itself.
    """
    wanted = task_ids(orch, [task_id])
    check_ref(orch, configuration)
    return change_tasks(orch, wanted, configuration=configuration)


def replace_configuration(orch: Orchestration, old: str, new: str) -> Orchestration:
    """Follow a renamed configuration: all tasks of ``old`` run ``new``; unchanged when there are none.

    Raises:
        EditError: ``new`` is no valid reference, or the orchestration itself.
    """
    check_ref(orch, new)
    wanted = frozenset(task.id for task in orch.tasks() if task.configuration == old)
    return change_tasks(orch, wanted, configuration=new)


def move_tasks(
    orch: Orchestration,
    ids: Iterable[str],
    *,
    phase_id: str | None = None,
    phase_name: str | None = None,
    position: int | None = None,
) -> Orchestration:
    """Gather these tasks in one phase, in the order in which they stand, as a block.

    The phase is given by its id or by its name; a name that no phase has makes a new phase, which goes last.
    ``position`` counts the other tasks of the phase from 0; without it the block goes to the end, and nothing moves
    when all the tasks are in the phase already. Phases that become empty stay (see drop_empty_phases).

    Raises:
        EditError: an unknown id, a bad new name, or not exactly one of phase_id and phase_name.
    """
    wanted = task_ids(orch, ids)
    target = _target(orch, phase_id, phase_name)
    moved = tuple([task for phase in orch.phases for task in phase.tasks if task.id in wanted])
    if target is None:
        added = new_phase_value(orch, phase_name or "", moved)
        return with_phases(orch, [*_without(orch, wanted), added])
    if position is None and wanted <= {task.id for task in orch.phases[target].tasks}:
        return orch
    phases = _without(orch, wanted)
    rest = phases[target].tasks
    at = clamp(position, len(rest))
    phases[target] = replace(phases[target], tasks=(*rest[:at], *moved, *rest[at:]))
    return with_phases(orch, phases)


def move_task_by(orch: Orchestration, task_id: str, step: int) -> Orchestration:
    """Move a task by ``step`` places (negative: up) within its phase.

    Raises:
        EditError: an unknown id, or the task would leave its phase.
    """
    at = _place(orch, task_id)
    phase = orch.phases[at.phase]
    new = at.task + step
    if not 0 <= new < len(phase.tasks):
        raise EditError(
            f"The task {quoted(task_id)} cannot move that far {'up' if step < 0 else 'down'}; "
            f"it is number {at.task + 1} of {len(phase.tasks)} in its phase."
        )
    return _moved(orch, at, at.phase, new)


def move_task_across(orch: Orchestration, task_id: str, step: int) -> Orchestration:
    """Move a task one place up (``step`` -1) or down (1); at the edge of its phase into the neighbour phase.

    It enters the phase before at its end and the phase behind at its start.

    Raises:
        EditError: an unknown id, the edge of the orchestration, or another step.
    """
    if step not in (-1, 1):
        raise EditError("A task crosses phases one place at a time; use the step -1 or 1.")
    at = _place(orch, task_id)
    if 0 <= at.task + step < len(orch.phases[at.phase].tasks):
        return move_task_by(orch, task_id, step)
    neighbour = at.phase + step
    if not 0 <= neighbour < len(orch.phases):
        raise EditError(
            f"The task {quoted(task_id)} is the {'first' if step < 0 else 'last'} one of the orchestration already."
        )
    return _moved(orch, at, neighbour, len(orch.phases[neighbour].tasks) if step < 0 else 0)


class _Place(NamedTuple):
    phase: int
    task: int


def _place(orch: Orchestration, task_id: str) -> _Place:
    for index, phase in enumerate(orch.phases):
        for number, task in enumerate(phase.tasks):
            if task.id == task_id:
                return _Place(index, number)
    raise unknown_task(orch, task_id)


def _moved(orch: Orchestration, source: _Place, phase: int, position: int) -> Orchestration:
    """One task at another place, counted without it; only the phases that it leaves and enters are looked at."""
    phases = list(orch.phases)
    tasks = phases[source.phase].tasks
    phases[source.phase] = replace(phases[source.phase], tasks=tasks[: source.task] + tasks[source.task + 1 :])
    rest = phases[phase].tasks
    phases[phase] = replace(phases[phase], tasks=(*rest[:position], tasks[source.task], *rest[position:]))
    return with_phases(orch, phases)


def _target(orch: Orchestration, phase_id: str | None, phase_name: str | None) -> int | None:
    """Where the phase is that was asked for; None for one that has to be made."""
    if (phase_id is None) == (phase_name is None):
        raise EditError("Choose the phase to move to: one that exists, or the name of a new one.")
    return phase_index(orch, phase_id) if phase_id is not None else find_name(orch, phase_name or "")


def _without(orch: Orchestration, wanted: frozenset[str]) -> list[Phase]:
    phases = []
    for phase in orch.phases:
        tasks = tuple([task for task in phase.tasks if task.id not in wanted])
        phases.append(phase if len(tasks) == len(phase.tasks) else replace(phase, tasks=tasks))
    return phases
