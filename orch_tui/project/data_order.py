"""Which tasks of an orchestration have to come before which others, by what they read and write."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import pairwise

from orch_tui.model.components.component import ComponentType
from orch_tui.model.components.configuration import Configuration, split_ref
from orch_tui.model.dataclass import dataclass
from orch_tui.model.orchestration.orchestration import Orchestration, Task
from orch_tui.model.run.promises import Sets
from orch_tui.model.variables.references import variable_names, variables_of
from orch_tui.project.lint.nesting import all_tasks, nested_id
from orch_tui.project.project import DefinitionError, Project
from orch_tui.project.setters import sets_of

_GATE = "\0"
"""What the keys of gates begin with; no task's id has this character."""


@dataclass(frozen=True, slots=True)
class TaskData:
    """What a task reads and writes: tables by name, variables as ``{{ name }}``. ``unknown``: it may read anything."""

    reads: frozenset[str]
    writes: frozenset[str]
    unknown: bool = False


def earlier_tasks(project: Project, value: Orchestration) -> dict[str, frozenset[str]]:
    """By the id of each task the ids of those that have to be in an earlier phase: its own, and those of gates.

    A gate is a key that is no task's id, and stands for all that is before it in turn: where thousands of tasks come
    after thousands of others, pairs of them would be millions.

    Who reads a table comes after all that write it, and so do those that write it one after another in their present
    order. A task of which nobody knows what it reads stays behind the phases before it, and before those behind it.
    """
    data = dict(_data(project, value))
    refs = {task.id: task.configuration for task in value.tasks()}
    found: dict[str, set[str]] = {task: set() for task in data}
    for what, (writers, readers) in _users(data).items():
        for reader in readers:
            found[reader].update(writer for writer in writers if writer != reader)
        if not what.startswith("{{"):
            for first, second in pairwise(writers):
                if refs[first] != refs[second]:
                    found[second].add(first)
    _keep_in_order(value, {task for task, one in data.items() if one.unknown}, found)
    return {task: frozenset(before) for task, before in found.items()}


def through_gates(earlier: Mapping[str, Iterable[str]], task: str) -> Iterator[str]:
    """The ids of the tasks before one, as :func:`earlier_tasks` gives them, with those that gates stand for."""
    ways, seen = [task], set[str]()
    while ways:
        for one in earlier.get(ways.pop(), ()):
            if not one.startswith(_GATE):
                yield one
            elif one not in seen:
                seen.add(one)
                ways.append(one)


def _keep_in_order(value: Orchestration, unknown: Collection[str], found: dict[str, set[str]]) -> None:
    """Put those that may read anything behind all tasks of the phases before theirs, and before all of those behind."""
    everything, opaque = _Gate("all", found), _Gate("unknown", found)
    for number, phase in enumerate(value.phases):
        tasks = [task.id for task in phase.tasks]
        here = [task for task in tasks if task in unknown]
        for task in tasks:
            found[task] |= everything.before(number) if task in unknown else opaque.before(number)
        everything.take(tasks)
        opaque.take(here)


class _Gate:
    """All tasks taken so far, as one key for each phase that asks."""

    def __init__(self, name: str, found: dict[str, set[str]]) -> None:
        self._name = name
        self._found = found
        self._last: set[str] = set()
        self._new: list[str] = []

    def take(self, tasks: Sequence[str]) -> None:
        self._new += tasks

    def before(self, number: int) -> set[str]:
        """The gate of the phase with this number; nothing while no task was taken."""
        if self._new:
            gate = f"{_GATE}{self._name} {number}"
            self._found[gate] = {*self._last, *self._new}
            self._last, self._new = {gate}, []
        return self._last


def _users(data: Mapping[str, TaskData]) -> dict[str, tuple[list[str], list[str]]]:
    """Of each table and variable the tasks that write it and those that read it, in their order."""
    users: dict[str, tuple[list[str], list[str]]] = {}
    for task, one in data.items():
        for what in sorted(one.writes):
            users.setdefault(what, ([], []))[0].append(task)
        for what in sorted(one.reads):
            users.setdefault(what, ([], []))[1].append(task)
    return users


def _data(project: Project, value: Orchestration) -> Iterator[tuple[str, TaskData]]:
    sets = sets_of(project)
    for task in value.tasks():
        yield task.id, task_data(project, task, sets)


def task_data(project: Project, task: Task, sets: Sets) -> TaskData:
    """What a task reads and writes, a nested orchestration all that its tasks do."""
    set_here = frozenset(f"{{{{ {name} }}}}" for name in sets(task))
    child = nested_id(task)
    inner = _orchestration(project, child) if child is not None else None
    if inner is not None:
        tables = [_tables(project, one) for one in all_tasks(inner, lambda name: _orchestration(project, name))]
        writes = frozenset[str]().union(*(written for _, written in tables))
        reads = frozenset[str]().union(*(read for read, _ in tables)) - writes
        return TaskData(reads, writes | set_here, unknown=not (reads or writes))
    reads, writes = _tables(project, task)
    used = _variables(project, task)
    knows = bool(reads or writes or set_here) or _type(project, task) is ComponentType.EXTRACTOR
    return TaskData(reads | used, writes | set_here, unknown=not knows)


def _orchestration(project: Project, name: str) -> Orchestration | None:
    try:
        return project.orchestration(name)
    except DefinitionError:
        return None


def _configuration(project: Project, task: Task) -> Configuration | None:
    try:
        return project.configuration(task.configuration)
    except DefinitionError:
        return None


def _tables(project: Project, task: Task) -> tuple[frozenset[str], frozenset[str]]:
    found = _configuration(project, task)
    if found is None:
        return frozenset(), frozenset()
    return frozenset(item.table for item in found.reads), frozenset(item.table for item in found.writes)


def _variables(project: Project, task: Task) -> frozenset[str]:
    found = _configuration(project, task)
    names: Collection[str] = variables_of(found) if found is not None else ()
    return frozenset(f"{{{{ {name} }}}}" for name in {*names, *variable_names(dict(task.variables))})


def _type(project: Project, task: Task) -> ComponentType | None:
    try:
        component = project.component(split_ref(task.configuration)[0])
    except ValueError:
        return None
    return component.type if component is not None else None
