"""An orchestrator or a flow as an orchestration of ours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from orch_tui.keboola.flows.checking import faults_of
from orch_tui.keboola.flows.ordering import dependencies, goto_edges, in_order, is_chain
from orch_tui.keboola.mapping.conditions import FlowNames
from orch_tui.keboola.mapping.configurations import row_ids
from orch_tui.keboola.mapping.findings import Finding, Level
from orch_tui.keboola.mapping.names import unique_ids
from orch_tui.keboola.mapping.references import References
from orch_tui.keboola.mapping.starts import alert_tables, schedule_tables
from orch_tui.keboola.mapping.tasks import FlowMapping, own_ids, retry_table, task_values
from orch_tui.keboola.mapping.transitions import rule_tables, tolerated_tasks
from orch_tui.keboola.reading.phases import without_previous
from orch_tui.keboola.values import FLOW, OWN_KEY, VARIABLES, Body, Brought, KeboolaError, Stored
from orch_tui.model.components.configuration import Configuration
from orch_tui.model.orchestration.orchestration import Orchestration
from orch_tui.model.texts.text import safe_line
from orch_tui.project.definitions.orchestrations import decode_orchestration
from orch_tui.project.toml.decode import Place


@dataclass(frozen=True, slots=True)
class MappedOrchestration:
    """``made`` are configurations that only its tasks need; ``referred`` are those that tasks name and that were not
    brought along, by what they are called here, with a name and Keboola's id. ``phases`` and ``tasks`` are our ids by
    Keboola's."""

    value: Orchestration
    findings: tuple[Finding, ...] = ()
    made: tuple[Configuration, ...] = ()
    referred: Mapping[str, tuple[str, str]] | None = None
    secrets: tuple[str, ...] = ()
    phases: Mapping[str, str] | None = None
    tasks: Mapping[str, str] | None = None


def map_orchestration(
    stored: Stored, orchestration_id: str, references: References, brought: Brought
) -> MappedOrchestration:
    """Raises: KeboolaError with a sentence for everything that is wrong in it."""
    body = stored.body
    if faults := faults_of(body, stored.component):
        raise KeboolaError(*(f"{safe_line(stored.place or stored.name, 300)}: {fault}" for fault in faults))
    is_flow = stored.component == FLOW
    phases = without_previous(body["phases"])
    ids = [str(phase["id"]) for phase in phases]
    before = goto_edges(phases) if is_flow else dependencies(phases)
    order = in_order(ids, before)
    by_id = {str(phase["id"]): phase for phase in phases}
    tasks_of: dict[str, list[Body]] = {phase: [] for phase in ids}
    for task in body["tasks"]:
        tasks_of[str(task["phase"])].append(task)
    tasks = [task for phase in order for task in tasks_of[phase]]
    own = own_ids(phases, OWN_KEY)
    names = FlowNames(
        unique_ids([str(task["id"]) for task in tasks], own_ids(tasks, OWN_KEY), "task"),
        unique_ids(ids, own, "phase"),
        {phase: [str(t["id"]) for t in tasks_of[phase] if t.get("enabled", True)] for phase in ids},
        {str(task["task"]["name"]) for task in tasks if task["task"].get("type") == "variable"},
        order,
    )
    flow = FlowMapping(
        orchestration_id, references, names, _values_of(brought, references), _rows_of(brought, references)
    )
    if not is_flow and not is_chain(order, before):
        flow.note(Level.DIFFERS, "phases that do not wait for each other (dependsOn) run one after another here")
    data: Body = {"name": stored.name}
    if stored.description:
        data["description"] = stored.description
    if declared := _declared(brought, stored):
        data["variables"] = declared
    data["phases"] = [
        _phase(by_id[phase], tasks_of[phase], order[number + 1 :], flow, is_flow) for number, phase in enumerate(order)
    ]
    data |= schedule_tables(stored, brought, flow)
    data |= alert_tables(stored, brought, flow)
    return _decoded(_over(data, body.get(OWN_KEY)), flow)


def _decoded(data: Body, flow: FlowMapping) -> MappedOrchestration:
    place = Place("", "", flow.id)
    value = decode_orchestration(data, place, flow.id)
    if place.broken:
        raise KeboolaError(*(problem.message for problem in place.problems))
    return MappedOrchestration(
        value, tuple(dict.fromkeys(flow.findings)), tuple(flow.made), flow.referred, tuple(dict.fromkeys(flow.secrets)),
        flow.names.phases, flow.names.tasks,
    )  # fmt: skip


def _phase(phase: Body, tasks: Sequence[Body], later: Sequence[str], flow: FlowMapping, is_flow: bool) -> Body:
    values: Body = {"id": flow.names.phases[str(phase["id"])], "name": phase["name"]}
    place = f'phase "{safe_line(phase["name"], 60)}"'
    if retry := retry_table(phase.get("retry"), place, flow):
        values["retry"] = retry
    if is_flow and (rules := rule_tables(phase, later, flow)):
        values["next"] = rules
    behavior = phase.get("behavior")
    if isinstance(behavior, Mapping) and behavior.get("onError") not in (None, "stop"):
        flow.note(Level.DIFFERS, f"{place} goes on after an error there (behavior.onError)")
    tolerated = tolerated_tasks(phase) if is_flow else frozenset()
    kinds = {str(task["task"].get("type", "job")) for task in tasks if task.get("enabled", True)}
    if len(kinds) > 1:
        flow.note(Level.DIFFERS, f"{place}: notifications and variables come before its jobs there, here together")
    tables = []
    for task in tasks:
        table = task_values(task, flow)
        if str(task["id"]) in tolerated:
            table["continue_on_failure"] = True
        tables.append(_over(table, task.get(OWN_KEY)))
    values = _over(values, phase.get(OWN_KEY))
    return {**values, "tasks": tables}


def _over(values: Body, own: Any) -> Body:
    """The values with what an export kept of ours: None takes a key away."""
    merged = {**values, **own} if isinstance(own, Mapping) else values
    return {key: value for key, value in merged.items() if value is not None}


def _declared(brought: Brought, stored: Stored) -> dict[str, str]:
    """The variables of an orchestration with their default values."""
    return next((values_of(one) for one in brought.children(stored, "variablesFor")), {})


def _values_of(brought: Brought, references: References) -> dict[str, dict[str, str]]:
    """The variables of configurations with their default values, by what the configurations are called here."""
    by_key = brought.by_key()
    found: dict[str, dict[str, str]] = {}
    for one in brought.stored:
        ref = references.ref(*one.key)
        variables = by_key.get((VARIABLES, str(one.body.get("variables_id"))))
        if ref is not None and not one.is_orchestration and variables is not None and (values := values_of(variables)):
            found[ref] = values
    return found


def _rows_of(brought: Brought, references: References) -> dict[str, dict[str, str]]:
    """The ids here of rows by Keboola's, by what their configurations are called here."""
    found: dict[str, dict[str, str]] = {}
    for one in brought.stored:
        if (ref := references.ref(*one.key)) is not None and not one.is_orchestration:
            found[ref] = dict(zip((row.id for row in one.rows), row_ids(one.rows), strict=True))
    return found


def values_of(variables: Stored) -> dict[str, str]:
    """The values of the first row of variables that has some."""
    for row in variables.rows:
        values = row.body.get("values")
        if isinstance(values, list) and values:
            return {str(one.get("name")): str(one.get("value") or "") for one in values if isinstance(one, Mapping)}
    return {}


def renamed(mapped: MappedOrchestration, orchestration_id: str) -> MappedOrchestration:
    """The same under another id."""
    return replace(mapped, value=replace(mapped.value, id=orchestration_id))
