"""The row of a rule in the tree: below the tasks of the phase after which it is tried."""

from __future__ import annotations

from dataclasses import dataclass

from orch_tui.model.orchestration.orchestration import Phase
from orch_tui.model.orchestration.rules import Rule, rule_id
from orch_tui.model.problem import Problem
from orch_tui.model.texts.text import safe_line


@dataclass(frozen=True, slots=True)
class RuleRow:
    """``phase`` is the id of the phase that has the rule, ``index`` its place among those of the phase."""

    id: str
    phase: str
    index: int
    rule: Rule


def rule_rows(phase: Phase) -> list[RuleRow]:
    """The rows of all rules of a phase."""
    return [RuleRow(rule_id(phase.id, index), phase.id, index, rule) for index, rule in enumerate(phase.rules)]


def title_of_rule(rule: Rule) -> str:
    """As a part of a sentence: ``rule nothing came``."""
    return f"rule {safe_line(rule.title, 40)}"


def place_in_tree(problem: Problem) -> str | None:
    """The id of the row that a problem is about; None when it is about none."""
    if problem.phase is not None and problem.rule is not None:
        return rule_id(problem.phase, problem.rule)
    return problem.task or problem.phase
