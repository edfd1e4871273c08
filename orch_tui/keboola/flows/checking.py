"""What is wrong with an orchestrator or a flow: one sentence for each phase or task, with its place.

The rules are those of Keboola's own validation: the schemas of both kinds (github.com/keboola/mcp-server), its checks
of structure, and those of the newer command line (github.com/keboola/cli). Where the two contradict each other (loops),
a way back to the first phase is taken, and any other circle refused.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from orch_tui.keboola.flows.conditions import condition_fault
from orch_tui.keboola.flows.ordering import CircleError, dependencies, entry_phases, goto_edges, in_order
from orch_tui.keboola.reading.phases import without_previous
from orch_tui.keboola.values import FLOW, Body
from orch_tui.model.texts.text import safe_line

_MODES = ("run", "debug")
_TASK_TYPES = ("job", "notification", "variable")


def faults_of(body: Mapping[str, Any], component: str) -> list[str]:
    """Why a flow (``component`` is keboola.flow) or an orchestrator cannot be brought over; empty when it can.

    What is wrong with single phases and tasks comes first; what is wrong with the whole only where they are right.
    """
    flow = component == FLOW
    for stage in (_shapes, _references, _graph, _enabled if flow else _nothing):
        if found := list(stage(body, flow)):
            return found
    return []


def _nothing(body: Mapping[str, Any], flow: bool) -> Iterator[str]:
    return iter(())


def key_of(value: Any) -> str:
    """An id as a text: legacy ids may be numbers."""
    return str(value)


def shown(value: Any) -> str:
    """A name or id in a sentence."""
    return f'"{safe_line(str(value), 60)}"'


def _is_id(value: Any) -> bool:
    return isinstance(value, str | int) and not isinstance(value, bool) and value != ""


def _shapes(body: Mapping[str, Any], flow: bool) -> Iterator[str]:
    for key in ("phases", "tasks"):
        if not isinstance(body.get(key), list):
            yield f"{key} must be a list"
            return
    seen: dict[str, int] = {}
    for number, phase in enumerate(body["phases"], 1):
        if (fault := _phase_fault(phase, flow) or _twice(phase, seen, number)) is not None:
            yield f"phases[{number}]{fault}"
    seen = {}
    for number, task in enumerate(body["tasks"], 1):
        if (fault := _task_fault(task, flow) or _twice(task, seen, number)) is not None:
            yield f"tasks[{number}]{fault}"


def _twice(thing: Body, seen: dict[str, int], number: int) -> str | None:
    key = key_of(thing["id"])
    first = seen.setdefault(key, number)
    return None if first == number else f".id: {shown(key)} is the id of number {first} too"


def _phase_fault(phase: Any, flow: bool) -> str | None:
    if not isinstance(phase, dict):
        return " must be an object"
    if not _is_id(phase.get("id")):
        return ".id is missing, or no text or number"
    if not isinstance(phase.get("name"), str) or not phase["name"].strip():
        return ".name is missing or empty"
    if flow:
        return _transitions_fault(phase.get("next"))
    depends = phase.get("dependsOn", [])
    if not isinstance(depends, list):
        return ".dependsOn must be a list of phases"
    return None


def _transitions_fault(transitions: Any) -> str | None:
    if transitions is None:
        return None
    if not isinstance(transitions, list):
        return ".next must be a list"
    for number, one in enumerate(transitions, 1):
        place = f".next[{number}]"
        if not isinstance(one, dict):
            return f"{place} must be an object"
        if "goto" not in one:
            return f"{place}.goto is missing; null ends the flow"
        if one["goto"] is not None and not _is_id(one["goto"]):
            return f"{place}.goto must be the id of a phase, or null"
        if "condition" in one and (fault := condition_fault(one["condition"])) is not None:
            return f"{place}.condition{fault}"
    return None


def _task_fault(task: Any, flow: bool) -> str | None:
    if not isinstance(task, dict):
        return " must be an object"
    if not _is_id(task.get("id")):
        return ".id is missing, or no text or number"
    if not _is_id(task.get("phase")):
        return ".phase is missing: it is the id of a phase"
    inner = task.get("task")
    if not isinstance(inner, dict):
        return ".task is missing: it says what is run"
    kind = inner.get("type", "job") if flow else "job"
    if kind not in _TASK_TYPES:
        return f".task.type is {shown(kind)}; it can be job, notification or variable"
    if kind == "variable":
        return None if isinstance(inner.get("name"), str) else ".task.name is missing: it names the variable"
    if kind == "notification":
        return None if isinstance(inner.get("title"), str) else ".task.title is missing"
    if not isinstance(inner.get("componentId") or inner.get("configPath"), str):
        return ".task.componentId is missing"
    if inner.get("mode", "run") not in _MODES:
        return f".task.mode is {shown(inner['mode'])}; it can be run or debug"
    return None


def _references(body: Mapping[str, Any], flow: bool) -> Iterator[str]:
    phases = without_previous(body["phases"])
    known = {key_of(phase["id"]) for phase in phases}
    for number, phase in enumerate(phases, 1):
        if flow:
            targets = [(f"next[{n}].goto", one["goto"]) for n, one in enumerate(phase.get("next") or (), 1)]
        else:
            targets = [("dependsOn", one) for one in phase.get("dependsOn", [])]
        for key, target in targets:
            if not (target is None and flow) and (isinstance(target, bool) or key_of(target) not in known):
                yield f"phases[{number}].{key} names {shown(target)}, which is no phase"
                break
    for number, task in enumerate(body["tasks"], 1):
        if key_of(task["phase"]) not in known:
            yield f"tasks[{number}].phase names {shown(task['phase'])}, which is no phase"


def _graph(body: Mapping[str, Any], flow: bool) -> Iterator[str]:
    phases = without_previous(body["phases"])
    if not phases:
        return
    edges = goto_edges(phases) if flow else dependencies(phases)
    try:
        in_order([key_of(phase["id"]) for phase in phases], edges)
    except CircleError as error:
        key = "next" if flow else "dependsOn"
        yield f"the phases go round in a circle ({key}): {' → '.join(safe_line(one, 60) for one in error.path)}"
        return
    if flow and len(found := entry_phases(phases)) > 1:
        yield f"phases {' and '.join(map(shown, found[:3]))} both begin the flow: only one may have none before it"


def _enabled(body: Mapping[str, Any], flow: bool) -> Iterator[str]:
    busy = {key_of(task["phase"]) for task in body["tasks"] if task.get("enabled", True)}
    for number, phase in enumerate(body["phases"], 1):
        if key_of(phase["id"]) not in busy:
            yield f"phases[{number}] ({shown(phase['name'])}) has no enabled task"
