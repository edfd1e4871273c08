"""Edits of the rules after a phase: add, change, remove, order. Each returns a new value or raises EditError."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from orch_tui.model.edits.base import EditError, check_text, clamp, phase_index, quoted, with_phases
from orch_tui.model.orchestration.orchestration import Orchestration, Phase
from orch_tui.model.orchestration.rules import END, Rule

_NAME_LIMIT = 200


def add_rule(orch: Orchestration, phase_id: str, rule: Rule, position: int | None = None) -> Orchestration:
    """Another rule after a phase; ``position`` counts from 0, without it the rule goes last, but before one that
    always holds after the same outcome: behind that it would never be tried.

    Raises:
        EditError: an unknown phase, or a rule that no file can hold.
    """
    phase = orch.phases[phase_index(orch, phase_id)]
    rules = list(phase.rules)
    if position is None and rule.when is not None:
        position = next((at for at, one in enumerate(rules) if one.when is None and one.on.covers(rule.on)), None)
    rules.insert(clamp(position, len(rules)), _checked(rule))
    return _with_rules(orch, phase, rules)


def change_rule(orch: Orchestration, phase_id: str, index: int, rule: Rule) -> Orchestration:
    """Another rule at its place.

    Raises:
        EditError: there is no such phase or rule, or no file can hold the new one.
    """
    phase = _phase_with(orch, phase_id, index)
    return _with_rules(orch, phase, [*phase.rules[:index], _checked(rule), *phase.rules[index + 1 :]])


def remove_rule(orch: Orchestration, phase_id: str, index: int) -> Orchestration:
    """Without the rule. Raises: EditError when there is no such phase or rule."""
    phase = _phase_with(orch, phase_id, index)
    return _with_rules(orch, phase, [*phase.rules[:index], *phase.rules[index + 1 :]])


def move_rule(orch: Orchestration, phase_id: str, index: int, to: int) -> Orchestration:
    """The rule at the place ``to`` of the result, from 0.

    Raises:
        EditError: there is no such phase, rule or place.
    """
    phase = _phase_with(orch, phase_id, index)
    if not 0 <= to < len(phase.rules):
        way = "up" if to < index else "down"
        raise EditError(
            f"The rule {quoted(phase.rules[index].title)} cannot move that far {way}; "
            f"it is number {index + 1} of {len(phase.rules)}. Rules stay with their phase."
        )
    rules = list(phase.rules)
    rules.insert(to, rules.pop(index))
    return _with_rules(orch, phase, rules)


def led_elsewhere(phases: Sequence[Phase], goals: Mapping[str, str]) -> list[Phase]:
    """The phases with rules that lead to where ``goals`` say instead, by ids; those that are not about it stay the same
    objects."""
    return [_led_elsewhere(phase, goals) for phase in phases]


def _led_elsewhere(phase: Phase, goals: Mapping[str, str]) -> Phase:
    if not any(rule.goto in goals for rule in phase.rules):
        return phase
    return replace(phase, rules=tuple(replace(one, goto=goals.get(one.goto, one.goto)) for one in phase.rules))


def merged_rules(phases: Sequence[Phase]) -> tuple[Rule, ...]:
    """The rules after a phase that is made of these, in their order.

    One that leads to another of them leads nowhere any more and goes away; those that always hold come last.
    """
    inside = {phase.id for phase in phases}
    rules = [rule for phase in phases for rule in phase.rules if rule.goto not in inside]
    ordered = [*(one for one in rules if one.when is not None), *(one for one in rules if one.when is None)]
    return tuple(dict.fromkeys(ordered))


def _phase_with(orch: Orchestration, phase_id: str, index: int) -> Phase:
    phase = orch.phases[phase_index(orch, phase_id)]
    if not 0 <= index < len(phase.rules):
        raise EditError(f"The phase {quoted(phase.name)} has no rule {index + 1}; it may have been removed.")
    return phase


def _with_rules(orch: Orchestration, phase: Phase, rules: Sequence[Rule]) -> Orchestration:
    new = tuple(rules)
    if new == phase.rules:
        return orch
    return with_phases(orch, [replace(one, rules=new) if one is phase else one for one in orch.phases])


def _checked(rule: Rule) -> Rule:
    check_text(rule.name, "name of the rule")
    check_text(rule.when or "", "condition")
    if len(rule.name) > _NAME_LIMIT:
        raise EditError(f"The name of the rule has {len(rule.name)} characters; {_NAME_LIMIT} are the limit.")
    if rule.when is not None and not rule.when.strip():
        raise EditError("The condition of the rule is empty; write one, or leave it out: then the rule always holds.")
    if not rule.goto:
        raise EditError(f'The rule leads nowhere; name a later phase, or "{END}".')
    if rule.ends_as is not None and rule.goto != END:
        raise EditError("A rule says as what the run ends only where it leads to the end.")
    return rule
