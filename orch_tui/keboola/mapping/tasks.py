"""A task of an orchestrator or a flow as a task of ours, and the configurations that are made for it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from orch_tui.keboola.mapping.conditions import FlowNames, NotTold, expression_text
from orch_tui.keboola.mapping.configurations import map_body
from orch_tui.keboola.mapping.findings import Finding, Level
from orch_tui.keboola.mapping.names import secret_name
from orch_tui.keboola.mapping.references import References, component_id
from orch_tui.keboola.mapping.statuses import quoted
from orch_tui.keboola.mapping.texts import escaped
from orch_tui.keboola.values import ORCHESTRATIONS, Body
from orch_tui.model.components.component import NOTIFICATION_COMPONENT
from orch_tui.model.components.configuration import Configuration
from orch_tui.model.texts.text import safe_line, valid_id
from orch_tui.model.variables.values import VARIABLE_NAME

VARIABLES_COMPONENT = "variables"
_NOT_DONE = {
    "tag": "it asks for a certain version of the component",
    "backend": "it asks for a size of the backend",
    "previousJobId": "it continues a job of Keboola",
    "variableOverrides": "it takes only some variables of the flow",
    "variableValuesData": "it gives values to variables of its configuration",
    "variableValuesId": "it takes other values for variables of its configuration",
}
_RETRY_ON = {"errorMessageContains": "contains", "errorMessageExact": "equals"}


@dataclass
class FlowMapping:
    """What comes together while one flow is mapped. ``id`` is that of the orchestration here.

    ``values_of`` are the variables of a configuration (by what it is called here) with their values, ``rows_of`` the
    ids that its rows have here by those that they have in Keboola.
    """

    id: str
    references: References
    names: FlowNames
    values_of: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    rows_of: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    made: list[Configuration] = field(default_factory=list)
    referred: dict[str, tuple[str, str]] = field(default_factory=dict)
    secrets: list[str] = field(default_factory=list)

    def note(self, level: Level, message: str) -> None:
        self.findings.append(Finding(level, message))


def task_values(task: Body, flow: FlowMapping) -> Body:
    """The keys of the task's table here."""
    task_id = flow.names.tasks[str(task["id"])]
    inner = task["task"]
    values: Body = {"id": task_id}
    kind = inner.get("type", "job")
    if kind == "notification":
        values["configuration"] = _notification(inner, task_id, flow)
    elif kind == "variable":
        values |= _variable(task, inner, task_id, flow)
    else:
        values["configuration"] = _configuration(task, inner, task_id, flow, values)
    if task.get("enabled", True) is False:
        values["enabled"] = False
    if task.get("continueOnFailure") is True:
        values["continue_on_failure"] = True
    if kind == "job":
        values |= _job_options(inner, task_id, flow)
        values |= _rows(inner, task_id, values["configuration"], flow)
    return values


def _rows(inner: Body, task_id: str, ref: str, flow: FlowMapping) -> Body:
    """The rows that a task names; of a configuration that was not brought along by the ids that they have there."""
    named = inner.get("configRowIds")
    if named is None or named == []:
        return {}
    if not isinstance(named, list) or not all(isinstance(one, str | int) for one in named):
        flow.note(Level.DIFFERS, f'task "{task_id}": the rows that it names (configRowIds) are not understood: all run')
        return {}
    known = flow.rows_of.get(ref)
    rows = [str(one) if known is None else known.get(str(one), "") for one in named]
    if absent := [safe_line(str(one), 40) for one, row in zip(named, rows, strict=True) if not valid_id(row)]:
        flow.note(Level.DIFFERS, f'task "{task_id}" names rows that are not there: {", ".join(absent[:5])}')
    found = list(dict.fromkeys(row for row in rows if valid_id(row)))
    return {"rows": found} if found else {}


def retry_table(retry: Any, place: str, flow: FlowMapping) -> Body | None:
    """``retry`` of a task or a phase; None where it has no form here."""
    if not isinstance(retry, Mapping):
        return None
    given = retry.get("strategyParams")
    params: Mapping[str, Any] = given if isinstance(given, Mapping) else {}
    attempts, delay = params.get("maxRetries", 3), params.get("delay", params.get("delaySeconds", 10))
    if not (_is_count(attempts) and _is_count(delay)):
        flow.note(Level.DIFFERS, f"{place}: its retry is not understood, and is left out")
        return None
    table: Body = {"attempts": attempts, "delay": f"{delay}s"}
    failures = []
    for one in as_list(retry.get("retryOn")):
        match = _RETRY_ON.get(str(one.get("type"))) if isinstance(one, Mapping) else None
        if match is not None and str(one.get("value") or "").strip():
            failures.append(f"{match}: {str(one['value']).strip()}")
        elif one != "error":
            flow.note(Level.DIFFERS, f"{place}: a failure that it retries on is not understood: any counts")
    if failures:
        table["on"] = failures
    return table


def as_list(value: Any) -> list[Any]:
    """The value if it is a list, else an empty one."""
    return value if isinstance(value, list) else []


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _job_options(inner: Body, task_id: str, flow: FlowMapping) -> Body:
    values: Body = {}
    place = f'task "{task_id}"'
    if retry := retry_table(inner.get("retry"), place, flow):
        values["retry"] = retry
    delay = inner.get("delay")
    if isinstance(delay, str) and delay.isdigit():
        delay = int(delay)
    if _is_count(delay):
        values["delay"] = f"{delay}s"
    if inner.get("mode") == "debug":
        flow.note(Level.DIFFERS, f"{place} runs in the mode debug there, which is not done here")
    for key, words in _NOT_DONE.items():
        if inner.get(key) is not None:
            flow.note(Level.DIFFERS, f"{place}: {words}")
    return values


def _configuration(task: Body, inner: Body, task_id: str, flow: FlowMapping, values: Body) -> str:
    """What it runs here. A configuration that is not there, or stands in the task itself, is made."""
    component = str(inner.get("componentId") or "")
    configuration = str(inner.get("configId") or "")
    path = str(inner.get("configPath") or "")
    if isinstance(inner.get("configData"), dict):
        mapped = map_body(
            inner["configData"], component_id(component), f"{flow.id}-{task_id}", str(task.get("name") or task_id)
        )
        flow.findings += mapped.findings
        flow.secrets += mapped.secrets
        flow.made.append(mapped.value)
        return mapped.value.ref
    found = flow.references.at(path) if path else flow.references.ref(component, configuration)
    if found is None and path:
        parts = path.split("/")
        component, configuration = (parts[-2], parts[-1]) if len(parts) > 1 else ("unknown", path)
    if found is None and configuration:
        found = flow.references.made_up(component, configuration)
        if component in ORCHESTRATIONS:
            flow.note(Level.CANNOT_RUN, f'task "{task_id}" runs another orchestration, which was not brought along')
        flow.referred[found] = (str(task.get("name") or configuration), path or configuration)
    if found is None:
        found = f"{component_id(component)}/{flow.id}-{task_id}"
        name = str(task.get("name") or task_id)
        flow.made.append(
            Configuration(component_id(component), f"{flow.id}-{task_id}", name, "No configuration was chosen.")
        )
        if task.get("enabled", True):
            flow.note(Level.CANNOT_RUN, f'task "{task_id}" has no configuration in Keboola either: it is switched off')
            values["enabled"] = False
    if variables := flow.values_of.get(found):
        values["variables"] = dict(variables)
    return found


def _notification(inner: Body, task_id: str, flow: FlowMapping) -> str:
    targets = []
    for one in as_list(inner.get("recipients")):
        address = str(one.get("address") or one.get("url") or "") if isinstance(one, Mapping) else str(one)
        if address:
            targets.append(target_of(address, flow.secrets))
    title = str(inner.get("title") or "")
    parameters: Body = {"text": str(inner.get("message") or title)}
    parameters |= {"title": title, "to": list(dict.fromkeys(targets))}
    parameters = {key: value for key, value in parameters.items() if value}
    name = title or task_id
    made = Configuration(NOTIFICATION_COMPONENT, f"{flow.id}-{task_id}", name, "", _literal(parameters))
    flow.made.append(made)
    return made.ref


def _literal(parameters: Body) -> Body:
    return {
        key: escaped(value, variables=False) if isinstance(value, str) else value for key, value in parameters.items()
    }


def target_of(address: str, secrets: list[str]) -> str:
    """An address of apprise: a webhook as it is; of mail the name of a secret, which knows the server too."""
    for scheme, ours in (("https://", "jsons://"), ("http://", "json://")):
        if address.startswith(scheme):
            return ours + address.removeprefix(scheme)
    name = secret_name("alert", address)
    if name not in secrets:
        secrets.append(name)
    return f"${{{name}}}"


def _variable(task: Body, inner: Body, task_id: str, flow: FlowMapping) -> Body:
    """The task that sets a variable, as one of the component ``variables``."""
    name = str(inner.get("name"))
    values: Body = {"configuration": f"{VARIABLES_COMPONENT}/{flow.id}-{task_id}"}
    expression = quoted("")
    if "value" in inner:
        expression = quoted(str(inner["value"]))
    elif not VARIABLE_NAME.fullmatch(name):
        flow.note(Level.CANNOT_RUN, f'task "{task_id}" sets "{safe_line(name, 60)}", which cannot be a variable here')
        values["enabled"] = False
    else:
        try:
            expression = expression_text(inner.get("source") or {}, flow.names, str(task["phase"]))
        except NotTold as told:
            flow.note(Level.CANNOT_RUN, f'task "{task_id}" cannot set "{name}" here: it asks for {told}')
            values["enabled"] = False
    key = name if VARIABLE_NAME.fullmatch(name) else "value"
    description = "" if key == name else f"Sets {name}."
    made = Configuration(VARIABLES_COMPONENT, f"{flow.id}-{task_id}", str(task.get("name") or name), description,
                         {"expressions": {key: expression}})  # fmt: skip
    flow.made.append(made)
    return values


def own_ids(things: Iterable[Mapping[str, Any]], key: str) -> list[str | None]:
    """The ids of ours that an export wrote into phases or tasks."""
    found = []
    for one in things:
        kept = one.get(key)
        own = kept.get("id") if isinstance(kept, Mapping) else None
        found.append(own if isinstance(own, str) and valid_id(own) else None)
    return found
