"""What is wrong with the rules of an orchestration: where they lead, and what their conditions ask for."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

from orch_tui.model.orchestration.orchestration import Orchestration, Phase
from orch_tui.model.orchestration.rules import END, After, FaultyRule, Rule, RuleFault, faults_of
from orch_tui.model.problem import Problem, Severity
from orch_tui.project.toml.decode import did_you_mean, quote

if TYPE_CHECKING:
    from orch_tui.conditions.condition import Condition
    from orch_tui.conditions.constant import Always
    from orch_tui.project.project import Project


def rule_problems(value: Orchestration, variables: Collection[str], *, hints: bool = True) -> Iterator[Problem]:
    """``variables`` are the names of those that a run of it can know. Without ``hints`` only what keeps a run from
    starting is looked for in conditions."""
    if not any(phase.rules for phase in value.phases):
        return
    for fault in faults_of([(phase.id, phase.rules) for phase in value.phases]):
        yield _fault(value, fault)
    for phase in value.phases:
        for number, rule in enumerate(phase.rules):
            if rule.when is not None:
                problems = [
                    *_condition_problems(value, phase, rule, rule.when, variables, hints),
                    *(_said_before(phase, number, rule) if hints else ()),
                ]
                yield from (replace(problem, phase=phase.id, rule=number) for problem in problems)


def _fault(value: Orchestration, fault: FaultyRule) -> Problem:
    phase = value.phase(fault.phase)
    if fault.rule is None:
        message = f"no run comes to the phase {quote(phase.name)}: the rules before it always go past it"
        remedy = "let a rule go there, or remove the phase"
        return Problem(Severity.WARNING, fault.fault.value, message, remedy, phase=phase.id)
    rule = phase.rules[fault.rule]
    said = _said(phase, rule)
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
    value: Orchestration, phase: Phase, rule: Rule, text: str, variables: Collection[str], hints: bool
) -> Iterator[Problem]:
    from orch_tui.conditions.condition import Condition, ConditionError
    from orch_tui.conditions.names import Names, condition_faults

    found: list[Problem] = []
    names = Names({task.id for task in value.tasks()}, {other.id for other in value.phases}, variables)
    try:
        condition = Condition(text)
        faults = list(condition_faults(condition, names))
        found = [*_hints(value, phase, rule, condition)] if hints and not faults else []
    except ConditionError as error:
        faults = [error]
    for fault in faults:
        line = f"line {fault.line}, " if "\n" in text else ""
        message = f"{_said(phase, rule)}: {fault.sentence} ({line}character {fault.column} of its condition)"
        remedy = "correct the condition; docs/flow.md has what it can ask for"
        yield Problem(Severity.ERROR, "condition", message, remedy)
    yield from found


def _said(phase: Phase, rule: Rule) -> str:
    return f"the rule {quote(rule.title)} after the phase {quote(phase.name)}"


def _hints(value: Orchestration, phase: Phase, rule: Rule, condition: Condition) -> Iterator[Problem]:
    """What a condition says whatever a run does, and what it asks for before it is there."""
    from orch_tui.conditions.constant import Always

    answer = _always(condition.text, phase.id, rule.on)
    if answer is Always.NEVER:
        outcome = "" if rule.on is After.ANY else f" after a {rule.on.value}"
        message = f"{_said(phase, rule)} never holds{outcome}, whatever a run does"
        remedy = "correct its condition or the outcome after which it counts, or remove it"
        yield Problem(Severity.WARNING, "never-holds", message, remedy)
        return
    if answer is Always.HOLDS:
        message = f"{_said(phase, rule)} always holds, whatever a run does"
        yield Problem(Severity.WARNING, "always-holds", message, "leave out its condition, or correct it")
    later = value.phases[value.phases.index(phase) + 1 :]
    places = {("phase", one.id): one.name for one in later}
    places |= {("task", task.id): one.name for one in later for task in one.tasks}
    for reference in condition.references:
        where = places.get((reference.root, reference.keys[0])) if reference.keys else None
        if where is not None:
            what = reference.root if reference.root == "phase" else f"task {quote(reference.keys[0])} of the phase"
            message = f"{_said(phase, rule)} is tried before the {what} {quote(where)} runs, for which it asks"
            yield Problem(Severity.WARNING, "asks-too-early", message, "ask for what runs before, or move the rule")
            return


@lru_cache(2048)
def _always(text: str, phase: str, on: After) -> Always | None:
    """As :func:`always`; the rules of a plan that is edited are asked about at each edit."""
    from orch_tui.conditions.condition import Condition
    from orch_tui.conditions.constant import always

    return always(Condition(text), phase, on)


def _said_before(phase: Phase, number: int, rule: Rule) -> Iterator[Problem]:
    """A rule before has the same condition, and counts wherever this one does."""
    for other in phase.rules[:number]:
        if other.when == rule.when and rule.when is not None and (other.on is After.ANY or other.on is rule.on):
            message = f"{_said(phase, rule)} is never taken: {quote(other.title)} before it has the same condition"
            yield Problem(Severity.WARNING, RuleFault.NEVER_TRIED.value, message, "move it up, or remove it")
            return


def never_taken(project: Project, value: Orchestration) -> Iterator[Problem]:
    """Rules that no run has taken for a long time. Reads journals."""
    if not any(phase.rules for phase in value.phases):
        return
    # Reads the history, which the start of a run does not wait for.
    from orch_tui.project.rule_history import rule_uses

    file = project.paths.relative(project.paths.orchestration(value.id))
    for (place, number), use in rule_uses(project.paths, value).items():
        if not use.never_taken:
            continue
        phase = value.phase(place)
        rule = phase.rules[number]
        after = "" if rule.on is After.ANY else f" that ended as it counts after ({rule.on.value})"
        message = f"{_said(phase, rule)} was never taken in the last {use.runs} runs{after}"
        remedy = "look whether it still says what is meant"
        yield Problem(
            Severity.NOTE, "never-taken", message, remedy, file, orchestration=value.id, phase=place, rule=number
        )
