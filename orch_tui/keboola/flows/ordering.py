"""In which order the phases of a flow or an orchestrator are run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

Edges = Mapping[str, frozenset[str]]
"""For each phase the phases that run before it; ids as texts."""


class CircleError(ValueError):
    """Phases that wait for each other; ``path`` begins and ends with the same one."""

    def __init__(self, path: list[str]) -> None:
        self.path = path
        super().__init__(" → ".join(path))


def dependencies(phases: Sequence[Mapping[str, Any]]) -> Edges:
    """By ``dependsOn``, which names phases that run before."""
    return {str(phase["id"]): frozenset(map(str, phase.get("dependsOn") or ())) for phase in phases}


def goto_edges(phases: Sequence[Mapping[str, Any]]) -> Edges:
    """By the transitions of a flow. A way back to the first phase starts it again, and orders nothing."""
    first = str(phases[0]["id"]) if phases else ""
    before: dict[str, set[str]] = {str(phase["id"]): set() for phase in phases}
    starts_again = not any(
        str(phase["id"]) != first and str(phase["id"]) not in _targets(phases) for phase in phases
    ) and first in _targets(phases)
    for phase in phases:
        for one in phase.get("next") or ():
            target = one["goto"]
            if target is None or (starts_again and str(target) == first and str(phase["id"]) != first):
                continue
            before[str(target)].add(str(phase["id"]))
    return {phase: frozenset(names) for phase, names in before.items()}


def _targets(phases: Iterable[Mapping[str, Any]]) -> set[str]:
    return {str(one["goto"]) for phase in phases for one in phase.get("next") or () if one["goto"] is not None}


def entry_phases(phases: Sequence[Mapping[str, Any]]) -> list[str]:
    """The ids of the phases that no transition leads to."""
    targets = _targets(phases)
    return [str(phase["id"]) for phase in phases if str(phase["id"]) not in targets]


def in_order(phases: Sequence[str], before: Edges) -> list[str]:
    """All phases, each after those before it; of several that may come next the first in the file.

    Raises: CircleError.
    """
    left = list(phases)
    placed: list[str] = []
    done: set[str] = set()
    while left:
        following = next((phase for phase in left if before[phase] <= done), None)
        if following is None:
            raise CircleError(_circle(left, before))
        left.remove(following)
        placed.append(following)
        done.add(following)
    return placed


def _circle(left: Sequence[str], before: Edges) -> list[str]:
    """A circle among phases that all wait for others of them, in the direction of the run."""
    path = [left[0]]
    while True:
        above = next(one for one in left if one in before[path[-1]])
        if above in path:
            circle = [*path[path.index(above) :], above]
            return circle[::-1]
        path.append(above)


def is_chain(phases: Sequence[str], before: Edges) -> bool:
    """Whether each phase, in this order, waits for exactly the one before it: nothing could run at the same time."""
    return all(before[phase] == frozenset(phases[number - 1 : number]) for number, phase in enumerate(phases) if number)
