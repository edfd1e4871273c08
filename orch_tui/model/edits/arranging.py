"""Make the phases of an orchestration out of what has to come before what."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace

from orch_tui.model.components.component import ComponentType
from orch_tui.model.edits.base import EditError, Ids, name_key, with_phases
from orch_tui.model.orchestration.orchestration import Orchestration, Phase, Task
from orch_tui.model.orchestration.rules import END

_ORDINALS = ("", "Second ", "Third ", "Fourth ", "Fifth ", "Sixth ", "Seventh ", "Eighth ", "Ninth ", "Tenth ")


def arrange_by_data(
    orch: Orchestration,
    earlier: Mapping[str, Collection[str]],
    type_of: Callable[[str], ComponentType | None],
) -> Orchestration:
    """As few phases as the data allows: each task in the first one behind all that have to come before it.

    ``earlier`` gives by the id of a task the ids of those that have to be in an earlier phase; a key that is no task's
    id stands for all that is before it. Where these lead in a circle, the present order breaks it. Tasks keep their
    relative order. A phase stays (with its id, name and options) where most of its tasks do; a new one is named after
    the type of its components. Rules that would lead back go.

    Raises:
        EditError: there is no task.
    """
    tasks = list(orch.tasks())
    if not tasks:
        raise EditError("There are no tasks to arrange; add some first.")
    levels = _levels([task.id for task in tasks], earlier)
    groups: list[list[Task]] = [[] for _ in range(1 + max(levels.values()))]
    for task in tasks:
        groups[levels[task.id]].append(task)
    kept = _kept_phases(orch, groups)
    ids = Ids(phase.id for phase in orch.phases)
    taken = {name_key(phase.name) for phase in kept.values()}
    phases = []
    for number, group in enumerate(groups):
        phase = kept.get(number)
        if phase is None:
            name = _name(group, type_of, taken)
            taken.add(name_key(name))
            phase = Phase(id=ids.take(name, "phase"), name=name)
        phases.append(phase if phase.tasks == tuple(group) else replace(phase, tasks=tuple(group)))
    return with_phases(orch, _with_forward_rules(phases))


def _levels(order: Iterable[str], earlier: Mapping[str, Collection[str]]) -> dict[str, int]:
    """How many have to come before each one at least, one after another."""
    place = {task: number for number, task in enumerate(order)}
    gates = earlier.keys() - place.keys()
    levels: dict[str, int] = {}
    under_way: set[str] = set()
    for start in place:
        # A stack and no recursion: chains may be as long as there are tasks.
        stack = [start]
        while stack:
            task = stack[-1]
            if task in levels:
                stack.pop()
                continue
            under_way.add(task)
            before = [one for one in earlier.get(task, ()) if one in place or one in gates]
            before.sort(key=lambda one: place.get(one, -1))
            # One that waits for this one in turn is in a circle with it.
            left = [one for one in before if one not in levels and one not in under_way]
            if left:
                stack += left[:1]
                continue
            last = max((levels[one] for one in before if one in levels), default=-1)
            levels[task] = last if task in gates else 1 + last
            under_way.discard(task)
            stack.pop()
    return levels


def _kept_phases(orch: Orchestration, groups: list[list[Task]]) -> dict[int, Phase]:
    """Which of the present phases each of the groups goes on in, by its number: the one that gives it most."""
    level = {task.id: number for number, group in enumerate(groups) for task in group}
    shares = [
        (-count, number, place)
        for place, phase in enumerate(orch.phases)
        for number, count in Counter(level[task.id] for task in phase.tasks).items()
    ]
    kept: dict[int, Phase] = {}
    used: set[int] = set()
    for _, number, place in sorted(shares):
        if number not in kept and place not in used:
            kept[number] = orch.phases[place]
            used.add(place)
    return kept


def _name(group: list[Task], type_of: Callable[[str], ComponentType | None], taken: Collection[str]) -> str:
    """``Transformation phase``, ``Second transformation phase``, …, after the type of most of its components."""
    kinds = Counter(type_of(task.configuration) or ComponentType.OTHER for task in group)
    name = kinds.most_common(1)[0][0].phase_name
    for ordinal in _ORDINALS:
        found = f"{ordinal}{name.lower()}" if ordinal else name
        if name_key(found) not in taken:
            return found
    number = len(_ORDINALS) + 1
    while name_key(f"{name} {number}") in taken:
        number += 1
    return f"{name} {number}"


def _with_forward_rules(phases: list[Phase]) -> list[Phase]:
    """Without rules that lead to a phase that is not behind theirs any more."""
    place = {phase.id: number for number, phase in enumerate(phases)}
    found = []
    for number, phase in enumerate(phases):
        rules = tuple(rule for rule in phase.rules if rule.goto == END or place.get(rule.goto, -1) > number)
        found.append(phase if len(rules) == len(phase.rules) else replace(phase, rules=rules))
    return found
