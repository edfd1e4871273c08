"""Variables that tasks say they set: which of them a task can count on, and why one has no value."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import Any

from orch_tui.model.components.component import Component
from orch_tui.model.orchestration.orchestration import Orchestration, Task
from orch_tui.model.run.runstate import RunState
from orch_tui.model.variables.values import text_of

Sets = Callable[[Task], Collection[str]]
"""The names of the variables that a task sets, also those that its configuration says."""


def said_by_task(task: Task) -> Collection[str]:
    """Only what the task itself says."""
    return task.sets


def said_by_parameters(component: Component, parameters: Mapping[str, Any]) -> Iterator[str]:
    """The variables that a configuration with these parameters says it sets, see :class:`Component`."""
    for key in component.sets:
        value = parameters.get(key)
        names: Iterable[Any] = ()
        if isinstance(value, Mapping):
            names = value
        elif isinstance(value, list | tuple):
            names = (item.get("name") for item in value if isinstance(item, Mapping))
        yield from (name for name in names if isinstance(name, str))


def promised(orchestration: Orchestration, sets: Sets = said_by_task) -> frozenset[str]:
    """The names of all variables that tasks of it say they set."""
    return frozenset(name for task in orchestration.tasks() for name in sets(task))


def promised_before(orchestration: Orchestration, sets: Sets = said_by_task) -> dict[str, frozenset[str]]:
    """What tasks of earlier phases say they set, by the id of each task. A phase's own tasks run at the same time."""
    known: frozenset[str] = frozenset()
    before: dict[str, frozenset[str]] = {}
    for phase in orchestration.phases:
        before |= {task.id: known for task in phase.tasks}
        known |= {name for task in phase.tasks for name in sets(task)}
    return before


def texts_now(state: RunState, given: Mapping[str, str]) -> dict[str, str]:
    """What ``{{ name }}`` means at this moment of a run: what tasks have set, over what it was started with."""
    return {**given, **{name: text_of(one.value) for name, one in state.values.items()}}


def values_now(state: RunState, given: Mapping[str, str]) -> dict[str, object]:
    """What conditions see as ``vars``: as :func:`texts_now`, with their types; None for what a task has yet to set."""
    unset = {name: None for task in state.tasks.values() for name in task.planned.sets}
    return {**unset, **given, **{name: one.value for name, one in state.values.items()}}


def why_unset(state: RunState, name: str) -> str:
    """A sentence for a variable without a value."""
    setters = [task for task in state.tasks.values() if name in task.planned.sets]
    if not setters:
        return f"variable {name} has no value; declare it, give it with --var {name}=…, or let a task set it"
    task = setters[-1]
    if task.attempts and task.succeeded:
        return f"variable {name} has no value: task {task.id} says that it sets it, and ended without doing so"
    said = f": {task.reason}" if task.reason else ""
    return f"variable {name} has no value: task {task.id}, which sets it, did not run to its end ({task.status}{said})"
