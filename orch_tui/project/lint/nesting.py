"""Orchestrations that run one another: what a nested one reads and writes, and cycles."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from orch_tui.model.components.component import ORCHESTRATION_COMPONENT
from orch_tui.model.orchestration.orchestration import Orchestration, Task

Lookup = Callable[[str], Orchestration | None]
_PREFIX = f"{ORCHESTRATION_COMPONENT}/"


def nested_id(task: Task) -> str | None:
    """The id of the orchestration that a task runs; None for a task of another component."""
    return task.configuration.removeprefix(_PREFIX) if task.configuration.startswith(_PREFIX) else None


def find_cycle(orchestration: Orchestration, lookup: Lookup, *, disabled: bool = False) -> list[str] | None:
    """The shortest way from an orchestration back to itself, as ids: ``["a", "b", "a"]``.

    ``lookup`` gives other orchestrations, or None where one cannot be read. Disabled tasks count with ``disabled``.
    """
    start = orchestration.id
    came_from: dict[str, str] = {}
    queue = [start]
    for current in queue:
        value = orchestration if current == start else lookup(current)
        for child in _children(value, disabled) if value is not None else ():
            if child == start:
                path, node = [start], current
                while node != start:
                    path.append(node)
                    node = came_from[node]
                return [start, *reversed(path)]
            if child not in came_from:
                came_from[child] = current
                queue.append(child)
    return None


def _children(orchestration: Orchestration, disabled: bool) -> Iterator[str]:
    for task in orchestration.tasks():
        child = nested_id(task)
        if child is not None and (task.enabled or disabled):
            yield child


def all_tasks(orchestration: Orchestration, lookup: Lookup) -> Iterator[Task]:
    """The enabled tasks of an orchestration and of all that it runs, each orchestration once."""
    seen = {orchestration.id}
    queue = [orchestration]
    for current in queue:
        for task in current.tasks():
            if not task.enabled:
                continue
            child = nested_id(task)
            if child is None:
                yield task
            elif child not in seen:
                seen.add(child)
                value = lookup(child)
                if value is not None:
                    queue.append(value)
