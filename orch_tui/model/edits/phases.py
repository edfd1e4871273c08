"""Edits of phases: make, rename, remove, move, merge. Each returns a new value or raises EditError."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from orch_tui.model.edits.base import (
    EditError,
    check_limit,
    check_options,
    clamp,
    clean_name,
    find_name,
    new_phase_value,
    phase_index,
    phase_indexes,
    quoted,
    with_phases,
)
from orch_tui.model.edits.rules import led_elsewhere, merged_rules
from orch_tui.model.orchestration.orchestration import Orchestration, Phase, Task, TaskOptions
from orch_tui.model.orchestration.rules import END


def new_phase(orch: Orchestration, name: str, position: int | None = None) -> Orchestration:
    """An empty phase; ``position`` counts from 0, without it the phase goes last.

    Raises:
        EditError: a bad name, or one that another phase has.
    """
    _refuse_taken(orch, name)
    phases = list(orch.phases)
    phases.insert(clamp(position, len(phases)), new_phase_value(orch, name))
    return with_phases(orch, phases)


def rename_phase(orch: Orchestration, phase_id: str, name: str) -> Orchestration:
    """The phase with another name; its id stays.

    Raises:
        EditError: an unknown id, a bad name, or one that another phase has.
    """
    index = phase_index(orch, phase_id)
    name = clean_name(name, "phase")
    _refuse_taken(orch, name, besides=index)
    return _changed(orch, index, replace(orch.phases[index], name=name))


def set_phase_max_parallel(orch: Orchestration, phase_id: str, limit: int | None) -> Orchestration:
    """How many tasks of the phase run at once; None for no limit of its own.

    Raises:
        EditError: an unknown id or a limit below 1.
    """
    index = phase_index(orch, phase_id)
    return _changed(orch, index, replace(orch.phases[index], max_parallel=check_limit(limit, "phase")))


def set_phase_options(orch: Orchestration, phase_id: str, options: Mapping[str, Any]) -> Orchestration:
    """Options of the phase's tasks that say nothing themselves, by their names; None for
    what holds without it.

    Raises:
        EditError: an unknown id, or a number that no run can use.
    """
    index = phase_index(orch, phase_id)
    check_options(TaskOptions(**options))
    return _changed(orch, index, replace(orch.phases[index], **options))


def remove_phase(orch: Orchestration, phase_id: str, *, only_if_empty: bool = False) -> Orchestration:
    """Without the phase and its tasks. A rule that leads to it stays as it is, and is an error from now on: where
    the run goes instead is for people to say.

    Raises:
        EditError: an unknown id, or ``only_if_empty`` and it has tasks.
    """
    index = phase_index(orch, phase_id)
    phase = orch.phases[index]
    if only_if_empty and phase.tasks:
        count = len(phase.tasks)
        raise EditError(
            f"The phase {quoted(phase.name)} has {count} {'task' if count == 1 else 'tasks'}; "
            "move or remove them first."
        )
    return with_phases(orch, orch.phases[:index] + orch.phases[index + 1 :])


def drop_empty_phases(orch: Orchestration) -> Orchestration:
    """Without the phases that have no task. A rule that leads to one of them leads to what comes after it: nothing of
    what a run does is different."""
    goals: dict[str, str] = {}
    following = END
    for phase in reversed(orch.phases):
        if phase.tasks:
            following = phase.id
        else:
            goals[phase.id] = following
    return with_phases(orch, led_elsewhere([phase for phase in orch.phases if phase.tasks], goals))


def move_phase(
    orch: Orchestration,
    phase_id: str,
    position: int | None = None,
    *,
    before: str | None = None,
    after: str | None = None,
) -> Orchestration:
    """The phase at another place: ``position`` in the result, from 0, or before or after the phase of an id.

    Raises:
        EditError: an unknown id, or not exactly one of the three places.
    """
    if sum(place is not None for place in (position, before, after)) != 1:
        raise EditError("Choose one place for the phase: a position, or the phase before or after which it goes.")
    index = phase_index(orch, phase_id)
    neighbour = before if before is not None else after
    if neighbour is None:
        at = clamp(position, len(orch.phases) - 1)
    elif neighbour == phase_id:
        return orch
    else:
        at = phase_index(orch, neighbour)
        # Taking the phase out shifts everything behind it.
        at += (after is not None) - (index < at)
    phases = list(orch.phases)
    phases.insert(at, phases.pop(index))
    return with_phases(orch, phases)


def move_phase_by(orch: Orchestration, phase_id: str, step: int) -> Orchestration:
    """The phase ``step`` places further (negative: up).

    Raises:
        EditError: an unknown id, or it would pass the first or the last place.
    """
    index = phase_index(orch, phase_id)
    at = index + step
    if not 0 <= at < len(orch.phases):
        raise EditError(
            f"The phase {quoted(orch.phases[index].name)} cannot move that far {'up' if step < 0 else 'down'}; "
            f"it is number {index + 1} of {len(orch.phases)}."
        )
    return move_phase(orch, phase_id, at)


def merge_phases(
    orch: Orchestration, ids: Iterable[str], *, into_id: str | None = None, into_name: str | None = None
) -> Orchestration:
    """One phase out of several, with all their tasks in the order in which they stand.

    The result is an existing phase (by id, or by a name that a phase has), which keeps its id, place and limit and
    need not be among ``ids``; or a new one, which takes the place of the first of the phases and the lowest of their
    limits, since a limit protects something that is still there. It has the rules of all of them, and what led to one
    of them leads to it.

    Raises:
        EditError: an unknown id, fewer than two phases, a bad new name, or not exactly one of into_id and into_name.
    """
    if (into_id is None) == (into_name is None):
        raise EditError("Choose the phase to merge into: one that exists, or the name of a new one.")
    chosen = phase_indexes(orch, ids)
    target = phase_index(orch, into_id) if into_id is not None else find_name(orch, into_name or "")
    merged = sorted(chosen if target is None else chosen | {target})
    if not chosen or len(merged) < 2:
        raise EditError("A merge needs at least two phases; mark another one.")
    tasks: tuple[Task, ...] = tuple([task for index in merged for task in orch.phases[index].tasks])
    rules = merged_rules([orch.phases[index] for index in merged])
    if target is None:
        limits = [limit for index in merged if (limit := orch.phases[index].max_parallel) is not None]
        result = replace(
            new_phase_value(orch, into_name or "", tasks), max_parallel=min(limits, default=None), rules=rules
        )
        target = merged[0]
    else:
        result = replace(orch.phases[target], tasks=tasks, rules=rules)
    # A new phase stands where the first of them was, and is another one than that.
    goals = {orch.phases[index].id: result.id for index in merged if orch.phases[index].id != result.id}
    gone = set(merged) - {target}
    left = [result if index == target else phase for index, phase in enumerate(orch.phases) if index not in gone]
    return with_phases(orch, led_elsewhere(left, goals))


def _changed(orch: Orchestration, index: int, phase: Phase) -> Orchestration:
    return with_phases(orch, [*orch.phases[:index], phase, *orch.phases[index + 1 :]])


def _refuse_taken(orch: Orchestration, name: str, besides: int | None = None) -> None:
    found = find_name(orch, name)
    if found is not None and found != besides:
        raise EditError(f"There is a phase {quoted(orch.phases[found].name)} already; choose another name.")
