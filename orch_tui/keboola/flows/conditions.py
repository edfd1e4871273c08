"""The conditions of transitions: which shapes there are.

Source: conditional-flow-schema.json of github.com/keboola/cli, and help.keboola.com/flows for what is newer.
"""

from __future__ import annotations

from typing import Any

from orch_tui.model.texts.text import safe_line

AT_LEAST_ONE, TWO = ("AND", "OR"), ("EQUALS", "NOT_EQUALS", "GREATER_THAN", "LESS_THAN", "INCLUDES", "CONTAINS")
QUANTIFIERS = ("ALL_TASKS_IN_PHASE", "ANY_TASKS_IN_PHASE", "ANY_TASKS_IN_ANY_PHASE")
CONTINUE = "CONTINUE_ON_FAILURE"


def condition_fault(condition: Any) -> str | None:
    """What is wrong with a condition, as the end of a sentence that begins with its place; None when nothing is.

    Operators that are not known here are no fault: Keboola adds new ones.
    """
    if not isinstance(condition, dict) or condition.get("type") != "operator":
        return " must be an operator"
    return _operator_fault(condition, "")


def _operator_fault(node: dict[str, Any], place: str) -> str | None:
    operator, operands = node.get("operator"), node.get("operands", [])
    if not isinstance(operator, str):
        return f"{place}.operator is missing"
    if not isinstance(operands, list):
        return f"{place}.operands must be a list"
    if operator == CONTINUE and not isinstance(node.get("tasks", []), list):
        return f"{place}.tasks must be a list"
    if operator in AT_LEAST_ONE and not operands:
        return f"{place}: {operator} needs an operand at least, and has none"
    if operator in TWO and len(operands) != 2:
        return f"{place}: {safe_line(operator, 40)} needs 2 operands, and has {len(operands)}"
    for number, operand in enumerate(operands, 1):
        inner = f"{place}.operands[{number}]"
        if not isinstance(operand, dict):
            return f"{inner} must be an object"
        if operand.get("type") == "operator" and (fault := _operator_fault(operand, inner)) is not None:
            return fault
    return None
