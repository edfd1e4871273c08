"""Single files: a bare orchestrator or flow, a stored configuration, a list of them, components with theirs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from orch_tui.keboola.reading.documents import read_json
from orch_tui.keboola.reading.notifications import read_subscriptions
from orch_tui.keboola.values import (
    FLOW,
    ORCHESTRATOR,
    SCHEDULER,
    Body,
    Brought,
    KeboolaError,
    Parent,
    Row,
    Stored,
)
from orch_tui.model.texts.text import safe_line

_FORMS = (
    'it has neither "phases" and "tasks" (an orchestrator or flow), nor a "configuration" as the API gives it, nor '
    'components with "configurations"'
)


def read_file(path: Path) -> Brought:
    """What one JSON file holds. Raises: KeboolaError."""
    shown = path.name
    value = read_json(path, shown)
    stored = tuple(_stored(value, shown, path.stem))
    if not stored:
        raise KeboolaError(f"{safe_line(shown, 300)} is nothing of Keboola that can be brought over: {_FORMS}")
    subscriptions = read_subscriptions(value.get("notifications") if isinstance(value, dict) else None)
    return Brought(stored, subscriptions, layout="file")


def is_flow_body(body: Mapping[str, Any]) -> bool:
    """Whether it is a conditional flow: it has transitions, or tasks that say of which type they are."""
    phases = [phase for phase in _list(body.get("phases")) if isinstance(phase, dict)]
    tasks = [task.get("task") for task in _list(body.get("tasks")) if isinstance(task, dict)]
    if any("dependsOn" in phase for phase in phases):
        return False
    return any("next" in phase for phase in phases) or any(isinstance(t, dict) and "type" in t for t in tasks)


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _stored(value: Any, shown: str, stem: str) -> Iterator[Stored]:
    if isinstance(value, list):
        for number, item in enumerate(value):
            yield from _stored(item, f"{shown}[{number + 1}]", f"{stem}-{number + 1}")
    elif isinstance(value, dict):
        if "phases" in value and "tasks" in value:
            component = FLOW if is_flow_body(value) else ORCHESTRATOR
            yield Stored(component, stem, stem, value, place=shown)
        elif "components" in value:
            yield from _stored(value["components"], f"{shown}: components", stem)
        elif isinstance(value.get("configurations"), list) and "id" in value:
            for number, item in enumerate(value["configurations"]):
                place = f"{shown}: configurations[{number + 1}]"
                if isinstance(item, dict):
                    yield _configuration(item, str(value["id"]), str(value.get("type") or ""), place, stem)
        elif isinstance(value.get("configuration"), dict):
            yield _configuration(value, _component_of(value), "", shown, stem)


def _component_of(value: Body) -> str:
    named = value.get("componentId") or value.get("component")
    if isinstance(named, dict):
        named = named.get("id")
    if named:
        return str(named)
    body = value["configuration"]
    if "phases" in body:
        return FLOW if is_flow_body(body) else ORCHESTRATOR
    return SCHEDULER if "schedule" in body else "unknown"


def _configuration(value: Body, component: str, kind: str, place: str, stem: str) -> Stored:
    body = value.get("configuration")
    body = body if isinstance(body, dict) else {}
    configuration = str(value.get("id") or stem)
    parents: tuple[Parent, ...] = ()
    target = body.get("target")
    if component == SCHEDULER and isinstance(target, dict):
        parents = (Parent("schedulerFor", str(target.get("componentId")), str(target.get("configurationId"))),)
    return Stored(
        component,
        configuration,
        str(value.get("name") or configuration),
        body,
        str(value.get("description") or ""),
        bool(value.get("isDisabled")),
        tuple(_rows(value.get("rows"))),
        kind,
        place,
        parents=parents,
    )


def _rows(value: Any) -> Iterator[Row]:
    for number, item in enumerate(_list(value)):
        if isinstance(item, dict):
            body = item.get("configuration")
            name = str(item.get("name") or item.get("id") or number + 1)
            yield Row(
                str(item.get("id") or number + 1),
                name,
                body if isinstance(body, dict) else {},
                str(item.get("description") or ""),
                bool(item.get("isDisabled")),
            )
