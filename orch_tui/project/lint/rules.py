"""What is wrong with the rules of an orchestration: where they lead, and what their conditions ask for."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace

from orch_tui.model.orchestration.orchestration import Orchestration, Phase
from orch_tui.model.orchestration.rules import END, FaultyRule, Rule, RuleFault, faults_of
from orch_tui.model.problem import Problem, Severity
from orch_tui.project.toml.decode import did_you_mean, quote


def rule_problems(value: Orchestration, variables: Collection[str]) -> Iterator[Problem]:
    """``variables`` are the names of those that a run of it can know."""
    if not any(phase.rules for phase in value.phases):
        return
    for fault in faults_of([(phase.id, phase.rules) for phase in value.phases]):
        yield _fault(value, fault)
    for phase in value.phases:
        for number, rule in enumerate(phase.rules):
            if rule.when is not None:
                problems = _condition_problems(value, phase, rule, rule.when, variables)
                yield from (replace(problem, rule=number) for problem in problems)


def _fault(value: Orchestration, fault: FaultyRule) -> Problem:
    phase = value.phase(fault.phase)
    if fault.rule is None:
        message = f"no run comes to the phase {quote(phase.name)}: the rules before it always go past it"
        remedy = "let a rule go there, or remove the phase"
        return Problem(Severity.WARNING, fault.fault.value, message, remedy, phase=phase.id)
    rule = phase.rules[fault.rule]
    said = f"the rule {quote(rule.title)} after the phase {quote(phase.name)}"
    severity = Severity.ERROR
    if fault.fault is RuleFault.UNKNOWN_PHASE:
        message = f"{said} goes to {quote(fault.other)}, and there is no such phase"
        later = [other.id for other in value.phases[value.phases.index(phase) + 1 :]]
        remedy = did_you_mean(fault.other, later) or f"name one of {', '.join((*later, END))}"
    elif fault.fault is RuleFault.BACKWARD:
        message = f"{said} goes back to {quote(fault.other)}; a rule only goes forward"
        remedy = f'name a later phase, or "{END}"; what is to be tried again is a retry of its task'
    elif fault.fault is RuleFault.ENDS_NOTHING:
        message = f"{said} says as what the run ends, but goes on to {quote(fault.other)}"
        remedy = f'write goto = "{END}", or remove "as"'
    else:
        severity = Severity.WARNING
        other_rule = phase.rules[int(fault.other)]
        message = f"{said} is never tried: {quote(other_rule.title)} before it always holds"
        remedy = "move it up, or remove it"
    return Problem(severity, fault.fault.value, message, remedy, phase=phase.id, rule=fault.rule)


def _condition_problems(
    value: Orchestration, phase: Phase, rule: Rule, text: str, variables: Collection[str]
) -> Iterator[Problem]:
    from orch_tui.conditions.condition import Condition, ConditionError
    from orch_tui.conditions.names import Names, unknown_names

    names = Names({task.id for task in value.tasks()}, {other.id for other in value.phases}, variables)
    try:
        faults = list(unknown_names(Condition(text), names))
    except ConditionError as error:
        faults = [error]
    for fault in faults:
        line = f"line {fault.line}, " if "\n" in text else ""
        message = (
            f"the rule {quote(rule.title)} after the phase {quote(phase.name)}: {fault.sentence} "
            f"({line}character {fault.column} of its condition)"
        )
        remedy = "correct the condition; docs/flow.md has what it can ask for"
        yield Problem(Severity.ERROR, "condition", message, remedy, phase=phase.id)
