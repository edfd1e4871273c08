"""The transitions of a flow's phase as rules of ours, which only go forward."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from orch_tui.keboola.flows.conditions import CONTINUE
from orch_tui.keboola.mapping.conditions import NotTold, condition_text
from orch_tui.keboola.mapping.findings import Level
from orch_tui.keboola.mapping.tasks import FlowMapping
from orch_tui.keboola.values import Body
from orch_tui.model.orchestration.rules import END
from orch_tui.model.texts.text import safe_line

_NOT_HERE = "not possible here"


def tolerated_tasks(phase: Mapping[str, Any]) -> frozenset[str]:
    """The tasks of a phase that may fail, where its transitions say just that: go on if all others succeeded.

    Source: help.keboola.com/flows, "Continue on failure".
    """
    transitions = list(phase.get("next") or ())
    condition = transitions[0].get("condition") if transitions else None
    if not isinstance(condition, Mapping) or condition.get("operator") != CONTINUE:
        return frozenset()
    others = transitions[1:]
    if str(condition.get("phase", phase["id"])) != str(phase["id"]) or transitions[0]["goto"] is None:
        return frozenset()
    if len(others) > 1 or any(one.get("condition") is not None or one["goto"] is not None for one in others):
        return frozenset()
    return frozenset(map(str, condition.get("tasks") or ()))


def says_only_continue(phase: Mapping[str, Any]) -> bool:
    """Whether the transitions say no more than :func:`tolerated_tasks` tells."""
    condition = next((one.get("condition") for one in phase.get("next") or ()), None)
    if not isinstance(condition, Mapping) or condition.get("operator") != CONTINUE:
        return False
    return bool(tolerated_tasks(phase)) or not condition.get("tasks")


def rule_tables(phase: Mapping[str, Any], later: Sequence[str], flow: FlowMapping) -> list[Body]:
    """``next`` of a phase; ``later`` are the phases (Keboola's ids) after it, in order.

    Where Keboola goes a way that there is not here, the run ends in error: nothing runs that would not run there.
    """
    transitions = list(phase.get("next") or ())
    if says_only_continue(phase):
        transitions = [{key: value for key, value in transitions[0].items() if key != "condition"}]
    place = f'phase "{safe_line(str(phase["name"]), 60)}"'
    rules: list[Body] = []
    complete = not transitions
    for number, one in enumerate(transitions):
        name = str(one.get("name") or "")
        if one["goto"] is not None and str(one["goto"]) not in later:
            back = safe_line(str(one["goto"]), 60)
            message = f'{place} goes back to "{back}": a run here only goes forward, and ends there in error'
            flow.note(Level.CANNOT_RUN, message)
            rules.append(_stop(name or "back"))
            return rules
        target = END if one["goto"] is None else flow.names.phases[str(one["goto"])]
        rule: Body = {"goto": target}
        if one.get("condition") is not None:
            try:
                rule = {"when": condition_text(one["condition"], flow.names, str(phase["id"])), "on": "any", **rule}
            except NotTold as told:
                message = f"{place}: a condition asks for {told}: a run that comes there ends in error"
                flow.note(Level.CANNOT_RUN, message)
                rules.append(_stop(name))
                return rules
            if rule["when"] == "true":
                rule.pop("when")
        rules.append({**({"name": name} if name else {}), **rule})
        if "when" not in rule:
            complete = True
            if number + 1 < len(transitions):
                flow.note(Level.DIFFERS, f"{place} has transitions that are never tried: the one before always holds")
            break
    if not complete:
        flow.note(
            Level.DIFFERS, f"{place} has no transition without a condition: when none holds, the run ends in error"
        )
        rules.append({"name": "none holds", "goto": END, "as": "error"})
    elif len(rules) > 1 and rules[-1]["goto"] != END:
        flow.note(Level.DIFFERS, f"{place}: after a failure that no condition covers the run ends here")
    return _plain(rules, later, flow)


def _plain(rules: list[Body], later: Sequence[str], flow: FlowMapping) -> list[Body]:
    """No rules where they say what the order of the phases says."""
    if not later:
        return rules if any("when" in rule or "as" in rule for rule in rules) else []
    if not rules:
        return [{"goto": END}]
    only_next = (
        len(rules) == 1 and rules[0].keys() <= {"goto", "name"} and rules[0]["goto"] == flow.names.phases[later[0]]
    )
    return [] if only_next else rules


def _stop(name: str) -> Body:
    return {"name": f"{name}: {_NOT_HERE}" if name else _NOT_HERE, "on": "any", "goto": END, "as": "error"}
