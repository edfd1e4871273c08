"""Group the tasks of an orchestration by the type of their component."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from orch_tui.model.components.component import DATA_FLOW_ORDER, ComponentType
from orch_tui.model.edits.base import EditError, Ids, name_key, with_phases
from orch_tui.model.orchestration.orchestration import Orchestration, Phase, Task


def group_by_type(
    orch: Orchestration,
    type_of: Callable[[str], ComponentType | None],
    order: Iterable[ComponentType] = DATA_FLOW_ORDER,
) -> Orchestration:
    """One phase for each component type that occurs: "Extractor phase", "Transformation phase", …

    ``type_of`` tells the type from the reference of a configuration; None, an unknown component, goes to "other".
    Types that ``order`` leaves out come behind it. Tasks keep their relative order. All other phases go away; one
    that has the right name already keeps its id and limit.

    Raises:
        EditError: there is no task.
    """
    groups: dict[ComponentType, list[Task]] = {kind: [] for kind in (*order, *DATA_FLOW_ORDER)}
    types: dict[str, ComponentType] = {}
    for task in orch.tasks():
        kind = types.get(task.configuration)
        if kind is None:
            kind = types[task.configuration] = type_of(task.configuration) or ComponentType.OTHER
        groups[kind].append(task)
    if not types:
        raise EditError("There are no tasks to group; add some first.")
    # The first of equal names is the one that all other edits would find.
    existing = {name_key(phase.name): phase for phase in reversed(orch.phases)}
    # Ids of phases that go away are not given again: notes and records about the old phase would seem to mean this one.
    ids = Ids(phase.id for phase in orch.phases)
    phases = []
    for kind, tasks in groups.items():
        if not tasks:
            continue
        name = kind.phase_name
        phase = existing.get(name_key(name)) or Phase(id=ids.take(name, "phase"), name=name)
        phases.append(replace(phase, name=name, tasks=tuple(tasks)))
    return with_phases(orch, phases)
