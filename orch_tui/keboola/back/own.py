"""What Keboola cannot say of an orchestration, kept in its JSON under a key of our own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from orch_tui.keboola.mapping.orchestrations import MappedOrchestration
from orch_tui.keboola.values import OWN_KEY, Body, KeboolaError
from orch_tui.model.orchestration.orchestration import Orchestration
from orch_tui.model.texts.text import safe_line
from orch_tui.project.definitions.alert_fields import alert_values
from orch_tui.project.definitions.schedule_fields import schedule_values
from orch_tui.project.definitions.task_fields import task_values
from orch_tui.project.definitions.trigger_fields import trigger_values
from orch_tui.project.saving.orchestration_text import phase_values, root_values

_SILENT = ("id", "configuration")
"""What is no difference in a run."""


def keep_own(
    value: Orchestration,
    body: Body,
    phases: Mapping[str, Any],
    tasks: Mapping[str, Any],
    again: Callable[[Body], MappedOrchestration],
    notes: list[str],
) -> Body:
    """``body`` with a key of our own wherever an import of it (``again``) would give something else than ``value``.

    ``phases`` and ``tasks`` are Keboola's ids by ours. Raises: KeboolaError when even that does not give it.
    """
    found = again(body)
    there = {phase.id: phase for phase in found.value.phases}
    tasks_there = {task.id: task for task in found.value.tasks()}
    own_phases: dict[str, Body] = {}
    own_tasks: dict[str, Body] = {}
    for phase in value.phases:
        other = there[(found.phases or {})[str(phases[phase.id])]]
        own_phases[str(phases[phase.id])] = _different(phase_values(phase), phase_values(other))
        for task in phase.tasks:
            same = tasks_there[(found.tasks or {})[str(tasks[task.id])]]
            own_tasks[str(tasks[task.id])] = _different(task_values(task), task_values(same))
    root = _different(_root(value), _root(found.value))
    result = {
        **body,
        **({OWN_KEY: root} if root else {}),
        "phases": [_with(phase, own_phases[str(phase["id"])]) for phase in body["phases"]],
        "tasks": [_with(task, own_tasks[str(task["id"])]) for task in body["tasks"]],
    }
    _note(value, root, own_phases, own_tasks, phases, tasks, notes)
    if again(result).value != value:
        raise KeboolaError(f"{safe_line(value.name, 80)} cannot be written so that it reads back equal")
    return result


def _with(thing: Body, own: Body) -> Body:
    return {**thing, OWN_KEY: own} if own else thing


def _root(value: Orchestration) -> Body:
    values: Body = dict(root_values(value))
    for key, one in (("schedules", schedule_values), ("triggers", trigger_values), ("alerts", alert_values)):
        values[key] = [one(item) for item in getattr(value, key)]
    return values


def _different(wanted: Mapping[str, Any], there: Mapping[str, Any]) -> Body:
    """The keys of ``wanted`` that ``there`` has otherwise; None for those that it has and ``wanted`` has not."""
    changed = {key: item for key, item in wanted.items() if there.get(key) != item or key not in there}
    return {**changed, **{key: None for key in there if key not in wanted}}


def _note(
    value: Orchestration,
    root: Body,
    own_phases: Mapping[str, Body],
    own_tasks: Mapping[str, Body],
    phases: Mapping[str, Any],
    tasks: Mapping[str, Any],
    notes: list[str],
) -> None:
    said = []
    for phase in value.phases:
        said.append((f'phase "{safe_line(phase.name, 60)}"', own_phases[str(phases[phase.id])]))
        said += [(f'task "{task.id}"', own_tasks[str(tasks[task.id])]) for task in phase.tasks]
    for place, own in (("the orchestration", root), *said):
        if keys := [key for key in own if key not in _SILENT]:
            notes.append(f"{place}: Keboola does not know what is kept of {', '.join(keys)}")
