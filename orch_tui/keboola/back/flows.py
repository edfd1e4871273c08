"""An orchestration of ours as the body of a flow or an orchestrator of Keboola.

What came from Keboola and was not edited stays as it was there, with all its keys. What Keboola cannot say is kept
under a key of our own, so that an import of what was written gives the same orchestration again.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from orch_tui.keboola.back.order import chained, placed
from orch_tui.keboola.back.own import keep_own
from orch_tui.keboola.back.tasks import Reference, TaskWriter
from orch_tui.keboola.back.transitions import TransitionWriter, all_reached
from orch_tui.keboola.flows.checking import faults_of
from orch_tui.keboola.mapping.orchestrations import MappedOrchestration, map_orchestration
from orch_tui.keboola.mapping.references import References
from orch_tui.keboola.values import FLOW, OWN_KEY, Body, Brought, KeboolaError, Stored
from orch_tui.model.components.configuration import Configuration
from orch_tui.model.orchestration.orchestration import Orchestration, Phase, Task
from orch_tui.model.texts.text import safe_line, unique

NewPhaseId = Callable[[Phase, int], str]
NewTaskId = Callable[[Task, str, int], str]


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What an export knows besides the orchestration.

    ``configuration`` gives a configuration of the project, None where it cannot be read; ``reference`` how tasks name
    one in Keboola. New phases and tasks get their ids there from the two functions; an id that is there is given again
    a place of its own.
    """

    configuration: Callable[[str], Configuration | None]
    reference: Reference
    new_phase: NewPhaseId = lambda phase, number: phase.id
    new_task: NewTaskId = lambda task, phase, number: task.id
    moved_task: Callable[[str, str], str] = lambda task, phase: task


@dataclass(frozen=True, slots=True)
class FlowWritten:
    """``notes`` are sentences about what Keboola will not do."""

    body: Body
    notes: tuple[str, ...] = ()


@dataclass
class _Ids:
    """Keboola's ids, as they are in the body, by ours."""

    phases: dict[str, Any] = field(default_factory=dict)
    tasks: dict[str, Any] = field(default_factory=dict)


def write_flow(
    value: Orchestration,
    stored: Stored,
    base: MappedOrchestration | None,
    references: References,
    brought: Brought,
    around: Surroundings,
) -> FlowWritten:
    """The body of ``stored``, whose own body ``base`` was made of (None: it is new), for ``value``.

    ``brought`` has what belongs to it: schedules, variables.

    Raises:
        KeboolaError: Keboola would refuse it.
    """
    is_flow = stored.component == FLOW
    notes: list[str] = []
    ids = _ids(value, stored, base, around)
    before = _by_id(stored.body)
    own_base = base.value if base is not None else None
    task_writer = TaskWriter(base, is_flow, around.configuration, around.reference, notes)
    phases, tasks = {}, {}
    for phase in value.phases:
        phases[phase.id] = _phase(
            phase, before[0].get(str(_old_phase(phase.id, base))), ids, own_base, is_flow, task_writer
        )
        for task in phase.tasks:
            old = before[1].get(str(_old_task(task.id, base)))
            tasks[task.id] = task_writer.write(task, old, ids.tasks[task.id], ids.phases[phase.id])
    if is_flow:
        transitions = TransitionWriter(
            value, base, {str(k): v for k, v in before[0].items()}, ids.phases, ids.tasks, notes
        )
        for number, phase in enumerate(value.phases):
            _set(phases[phase.id], "next", transitions.after(number))
        all_reached(list(phases.values()))
    body = {key: item for key, item in stored.body.items() if key != OWN_KEY}
    body["phases"] = placed(stored.body.get("phases") or (), list(phases.values()))
    if not is_flow:
        body["phases"] = chained(body["phases"], [phases[phase.id] for phase in value.phases], before[0].keys())
    wanted = [[tasks[task.id] for task in phase.tasks] for phase in value.phases]
    body["tasks"] = placed(stored.body.get("tasks") or (), list(tasks.values()), wanted)
    if faults := faults_of(body, stored.component):
        raise KeboolaError(*(f"{safe_line(value.name, 80)}: Keboola would refuse it: {fault}" for fault in faults))
    body = keep_own(value, body, ids.phases, ids.tasks, _again(stored, value.id, references, brought), notes)
    return FlowWritten(body, tuple(dict.fromkeys(notes)))


def _again(
    stored: Stored, orchestration_id: str, references: References, brought: Brought
) -> Callable[[Body], MappedOrchestration]:
    return lambda body: map_orchestration(
        replace(stored, body=body), orchestration_id, copy.deepcopy(references), brought
    )


def _by_id(body: Mapping[str, Any]) -> tuple[dict[str, Body], dict[str, Body]]:
    phases, tasks = (body.get(key) or () for key in ("phases", "tasks"))
    return {str(one["id"]): one for one in phases}, {str(one["id"]): one for one in tasks}


def _old_phase(own: str, base: MappedOrchestration | None) -> str | None:
    return _keboola_id(own, base.phases if base is not None else None)


def _old_task(own: str, base: MappedOrchestration | None) -> str | None:
    return _keboola_id(own, base.tasks if base is not None else None)


def _keboola_id(own: str, known: Mapping[str, str] | None) -> str | None:
    return next((key for key, name in (known or {}).items() if name == own), None)


def _ids(value: Orchestration, stored: Stored, base: MappedOrchestration | None, around: Surroundings) -> _Ids:
    """Ids that are there stay, with their types; tasks that moved may get others."""
    before = _by_id(stored.body)
    ids = _Ids()
    taken = {*before[0]}
    for number, phase in enumerate(value.phases, 1):
        old = _old_phase(phase.id, base)
        if old is not None:
            ids.phases[phase.id] = before[0][old]["id"]
            continue
        ids.phases[phase.id] = unique(around.new_phase(phase, number), taken)
        taken.add(ids.phases[phase.id])
    taken = {*before[1]}
    for phase in value.phases:
        for number, task in enumerate(phase.tasks, 1):
            old = _old_task(task.id, base)
            kept = before[1][old]["id"] if old is not None else None
            wanted = around.moved_task(kept, ids.phases[phase.id]) if kept is not None else None
            if kept is None or wanted != kept:
                new = wanted if wanted is not None else around.new_task(task, ids.phases[phase.id], number)
                kept = unique(str(new), taken)
                taken.add(kept)
            ids.tasks[task.id] = kept
    return ids


def _phase(
    phase: Phase, old: Body | None, ids: _Ids, base: Orchestration | None, is_flow: bool, writer: TaskWriter
) -> Body:
    known = {one.id: one for one in base.phases}.get(phase.id) if base is not None and old is not None else None
    body: Body = {key: item for key, item in (old or {}).items() if key != OWN_KEY}
    body = {**body, "id": ids.phases[phase.id]} if old else {"id": ids.phases[phase.id], "name": phase.name}
    if known is None or phase.name != known.name:
        body["name"] = phase.name
    if is_flow and (known is None or phase.retry != known.retry):
        _set(body, "retry", writer.retry(phase.retry, body.get("retry")))
    return body


def _set(body: Body, key: str, value: Any) -> None:
    """None takes the key away."""
    if value is not None:
        body[key] = value
    else:
        body.pop(key, None)


__all__ = ["FlowWritten", "Surroundings", "write_flow"]
