"""Whether the names in a condition are of something that there is, before anything runs."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from orch_tui.conditions.condition import Condition, ConditionError, Expression, Reference, nearest
from orch_tui.conditions.facts import PHASE_FACTS, RUN_FACTS, TASK_FACTS
from orch_tui.model.dataclass import dataclass


@dataclass(frozen=True, slots=True)
class Names:
    """What an orchestration has: the ids of its tasks and phases, and the variables that a run of it can know."""

    tasks: Collection[str]
    phases: Collection[str]
    variables: Collection[str]


def condition_faults(condition: Condition, names: Names) -> Iterator[ConditionError]:
    """What is wrong with a condition whatever a run does: names that there are not, or that it cannot be decided."""
    faults = list(unknown_names(condition, names))
    yield from faults
    if not faults and (never := condition.fault()):
        yield ConditionError(f"it cannot be decided, whatever a run does: {never}", 1, 1)


def unknown_names(condition: Expression, names: Names) -> Iterator[ConditionError]:
    """Each reference of which something does not exist, with its place; keys that are computed cannot be told."""
    for reference in condition.references:
        sentence = _complaint(reference, names)
        if sentence is not None:
            yield ConditionError(sentence, *condition.place_of(reference.place))


def _complaint(reference: Reference, names: Names) -> str | None:
    keys = reference.keys
    if not keys:
        return None
    if reference.root in ("task", "phase"):
        known, facts = (names.tasks, TASK_FACTS) if reference.root == "task" else (names.phases, PHASE_FACTS)
        if keys[0] not in known:
            return f'there is no {reference.root} "{keys[0]}"; {nearest(keys[0], known)}'
        if len(keys) > 1 and keys[1] not in facts:
            return f'a {reference.root} has no "{keys[1]}"; {nearest(keys[1], facts)}'
    elif reference.root == "run" and keys[0] not in RUN_FACTS:
        return f'a run has no "{keys[0]}"; {nearest(keys[0], RUN_FACTS)}'
    elif reference.root == "vars" and keys[0] not in names.variables:
        close = nearest(keys[0], names.variables)
        return f'no variable "{keys[0]}" is declared, and no task says that it sets it; {close}'
    return None
