"""What another orchestration has, brought into this one, and an orchestration around a single configuration."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from orch_tui.model.edits.base import EditError, Ids, clamp, find_name, quoted, with_phases
from orch_tui.model.orchestration.orchestration import NO_OPTIONS, Orchestration, Phase, Task
from orch_tui.model.orchestration.starts import Schedule


def copy_phases(orch: Orchestration, other: Orchestration, position: int | None = None) -> Orchestration:
    """With copies of all phases of another orchestration and their tasks, from ``position`` (from 0) on, else last.

    Phases and tasks get ids that are free here, a phase whose name is taken a number behind it. Tasks have what that
    orchestration sets for all of its tasks. Rules stay behind: they speak of that orchestration.

    Raises:
        EditError: it has no task, or one that runs this orchestration.
    """
    copied = [phase for phase in other.phases if phase.tasks]
    if not copied:
        raise EditError(f"The orchestration {quoted(other.name)} has no tasks to copy.")
    own = f"orchestration/{orch.id}"
    if any(task.configuration == own for phase in copied for task in phase.tasks):
        raise EditError(f"A task of {quoted(other.name)} runs this orchestration, which cannot run itself.")
    tasks, phases = Ids(task.id for task in orch.tasks()), Ids(phase.id for phase in orch.phases)
    result = list(orch.phases)
    at = clamp(position, len(result))
    for number, phase in enumerate(copied):
        name = _free_name(replace(orch, phases=tuple(result)), phase.name)
        made = tuple(_copy(task, tasks.take(task.id, "task"), other) for task in phase.tasks)
        new = Phase(phases.take(name, "phase"), name, made, phase.max_parallel, (), phase.retry)
        result.insert(at + number, new)
    return with_phases(orch, result)


def automation_of(configuration: str, name: str, cron: str, taken: Iterable[str]) -> Orchestration:
    """An orchestration that only runs a configuration (called ``name``), by a schedule; ``taken`` are the ids of those
    that there are."""
    task = Task(Ids(()).take(name, "task"), configuration)
    phase = Phase("run", "Run", (task,))
    return Orchestration(Ids(taken).take(name, "orchestration"), name, phases=(phase,), schedules=(Schedule(cron),))


def _copy(task: Task, new_id: str, other: Orchestration) -> Task:
    options = task.options if other.defaults == NO_OPTIONS else task.options.over(other.defaults)
    return replace(task, id=new_id, options=options)


def _free_name(orch: Orchestration, name: str) -> str:
    free, number = name, 1
    while find_name(orch, free) is not None:
        number += 1
        free = f"{name} {number}"
    return free
