"""Conditions of Keboola's flows as conditions of ours, in CEL."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from orch_tui.keboola.flows.conditions import CONTINUE, QUANTIFIERS
from orch_tui.keboola.mapping.statuses import all_of, any_of, job_ended, phase_ended, quoted, task_ended
from orch_tui.model.texts.text import safe_line

_ROWS = re.compile(r"importedRowsCount")
_HOURS = {"G": "now.getHours()", "H": "now.getHours()", "i": "now.getMinutes()", "Y": "now.getFullYear()"}
_DAYS = {"n": "(now.getMonth() + 1)", "m": "(now.getMonth() + 1)", "j": "now.getDate()", "d": "now.getDate()",
         "w": "now.getDayOfWeek()", "N": "((now.getDayOfWeek() + 6) % 7 + 1)"}  # fmt: skip
_DATES = {**_HOURS, **_DAYS}
"""Formats of one field, as PHP has them, as numbers in UTC."""
_COMPARED = {"EQUALS": "==", "NOT_EQUALS": "!=", "GREATER_THAN": ">", "LESS_THAN": "<"}


class NotTold(Exception):
    """A condition that ours cannot say; the text says which part of it."""


@dataclass(frozen=True, slots=True)
class FlowNames:
    """Our ids of the tasks and phases of a flow by Keboola's; ``tasks_of`` are the enabled tasks of each phase.

    ``variables`` are the names that conditions may ask for; ``earlier`` the phases (Keboola's ids) that may have ended.
    """

    tasks: Mapping[str, str]
    phases: Mapping[str, str]
    tasks_of: Mapping[str, Sequence[str]]
    variables: Collection[str] = ()
    order: Sequence[str] = field(default=())


@dataclass(frozen=True, slots=True)
class _Status:
    """Something that ends in words; ``test`` gives what is true when it did so in one of them."""

    test: Callable[[Collection[str]], str]


def condition_text(node: Mapping[str, Any], names: FlowNames, phase: str) -> str:
    """The condition of a transition after ``phase`` (Keboola's id), in CEL.

    Raises:
        NotTold: it asks for something that no condition here can know.
    """
    return _bare(_Writer(names, phase).operator(node))


def _bare(text: str) -> str:
    """The text without parentheses around all of it."""
    depth = 0
    for number, letter in enumerate(text):
        depth += (letter == "(") - (letter == ")")
        if depth == 0:
            return text[1:-1] if letter == ")" and number == len(text) - 1 and text[0] == "(" else text
    return text


def expression_text(source: Mapping[str, Any], names: FlowNames, phase: str) -> str:
    """The ``source`` of a variable task as an expression. Raises: NotTold."""
    return _Writer(names, phase).value(source, None)


class _Writer:
    def __init__(self, names: FlowNames, phase: str) -> None:
        self.names = names
        self.phase = phase

    def operator(self, node: Mapping[str, Any], star: str | None = None) -> str:
        """``star`` is the task (Keboola's id) that ``"*"`` stands for."""
        operator, operands = str(node.get("operator")), list(node.get("operands") or ())
        if operator in ("AND", "OR"):
            tests = [self.operator(operand, star) for operand in operands]
            return all_of(tests) if operator == "AND" else any_of(tests)
        if operator == CONTINUE:
            return self._continue(node)
        if operator in QUANTIFIERS:
            return self._quantified(operator, node, operands)
        if operator == "INCLUDES":
            return self._includes(operands[0], operands[1], star)
        if operator == "CONTAINS":
            return self._contains(operands[0], operands[1], star)
        if operator in _COMPARED:
            return self._compared(operator, operands[0], operands[1], star)
        raise NotTold(f"the operator {safe_line(operator, 40)}")

    def _continue(self, node: Mapping[str, Any]) -> str:
        phase, tolerated = str(node.get("phase", self.phase)), set(map(str, node.get("tasks") or ()))
        return all_of(
            [task_ended(self.task(one), ["success"]) for one in self._tasks_of(phase) if one not in tolerated]
        )

    def _quantified(self, operator: str, node: Mapping[str, Any], operands: list[Any]) -> str:
        if len(operands) != 1 or not isinstance(operands[0], dict):
            raise NotTold(f"{operator} without exactly one operand")
        if operator == "ANY_TASKS_IN_ANY_PHASE":
            order = list(self.names.order)
            ended = order[: order.index(self.phase) + 1] if self.phase in order else order
            tasks = [task for phase in ended for task in self._tasks_of(phase)]
        else:
            tasks = list(self._tasks_of(str(node.get("phase", self.phase))))
        tests = [self.operator(operands[0], task) for task in tasks]
        return all_of(tests) if operator == "ALL_TASKS_IN_PHASE" else any_of(tests)

    def _tasks_of(self, phase: str) -> Sequence[str]:
        if phase not in self.names.phases:
            raise NotTold(f"the phase {safe_line(phase, 60)}, which there is not")
        return self.names.tasks_of.get(phase, ())

    def task(self, keboola_id: str) -> str:
        """Our id. Raises: NotTold."""
        found = self.names.tasks.get(keboola_id)
        if found is None:
            raise NotTold(f"the task {safe_line(keboola_id, 60)}, which there is not")
        return found

    def _compared(self, operator: str, first: Any, second: Any, star: str | None) -> str:
        for subject, other in ((first, second), (second, first)):
            status = self._status(subject, star)
            if status is not None:
                if operator not in ("EQUALS", "NOT_EQUALS"):
                    raise NotTold(f"{operator} of a status")
                test = status.test([self._word(other)])
                return test if operator == "EQUALS" else f"!({test})"
        left, right = self.value(first, star), self.value(second, star)
        if _is_number(left) != _is_number(right) and "now." in left + right:
            # The date as a number, whatever the constant is written as.
            left, right = (_as_number(side) for side in (left, right))
        test = f"{left} {_COMPARED[operator]} {right}"
        known = [side for side in (left, right) if side.startswith("task[")]
        if operator in ("GREATER_THAN", "LESS_THAN") and known:
            return all_of([*(f"{side} != null" for side in known), test])
        return test

    def _includes(self, first: Any, second: Any, star: str | None) -> str:
        values = self._constants(second)
        status = self._status(first, star)
        if status is not None:
            return status.test([str(value) for value in values])
        items = ", ".join(_literal(value) for value in values)
        return f"{self.value(first, star)} in [{items}]"

    def _contains(self, first: Any, second: Any, star: str | None) -> str:
        wanted = self._constant(second)
        text = self.value(first, star)
        pattern = quoted("(?i)" + re.sub(r"([^\w\s])", r"\\\1", str(wanted)))
        test = f"{text}.matches({pattern})"
        return all_of([f"{text} != null", test]) if text.startswith("task[") else test

    def _status(self, node: Any, star: str | None) -> _Status | None:
        if not isinstance(node, dict):
            return None
        value = str(node.get("value"))
        if node.get("type") == "phase" and value == "status":
            phase = str(node.get("phase"))
            tasks = [self.task(one) for one in self._tasks_of(phase)]
            return _Status(lambda words: phase_ended(self.names.phases[phase], tasks, words))
        if node.get("type") == "task" and value in ("status", "job.status"):
            task = self.task(self._named(node, star))
            ended = task_ended if value == "status" else job_ended
            return _Status(lambda words: ended(task, words))
        return None

    def _named(self, node: Mapping[str, Any], star: str | None) -> str:
        named = str(node.get("task"))
        if named != "*":
            return named
        if star is None:
            raise NotTold('the task "*" outside of an operator for all or any tasks')
        return star

    def _constant(self, node: Any) -> Any:
        values = self._constants(node)
        if len(values) != 1:
            raise NotTold("a comparison with several values")
        return values[0]

    def _word(self, node: Any) -> str:
        value = self._constant(node)
        if not isinstance(value, str):
            raise NotTold("a status that is no word")
        return value

    def _constants(self, node: Any) -> list[Any]:
        if isinstance(node, dict) and node.get("type") in ("const", "constant"):
            value = node.get("value")
            return value if isinstance(value, list) else [value]
        if isinstance(node, dict) and node.get("type") == "array" and isinstance(node.get("operands"), list):
            return [value for operand in node.get("operands") or () for value in self._constants(operand)]
        raise NotTold("a comparison of two things that only a run knows")

    def value(self, node: Any, star: str | None) -> str:
        """A value in CEL."""
        if not isinstance(node, dict):
            raise NotTold("an operand that is no object")
        match node.get("type"):
            case "const" | "constant":
                return _literal(node.get("value"))
            case "array":
                return f"[{', '.join(self.value(one, star) for one in node.get('operands') or ())}]"
            case "variable":
                return self._variable(str(node.get("value")))
            case "task":
                return self._fact(node, star)
            case "function":
                return self._function(node, star)
            case "operator":
                return f"({self.operator(node, star)})"
            case other:
                raise NotTold(f"an operand of type {safe_line(str(other), 40)}")

    def _variable(self, name: str) -> str:
        if name not in self.names.variables:
            raise NotTold(f"the variable {safe_line(name, 60)}, which nothing in this flow sets")
        return f"vars[{quoted(name)}]"

    def _fact(self, node: Mapping[str, Any], star: str | None) -> str:
        task, path = self.task(self._named(node, star)), str(node.get("value"))
        facts = {"job.duration": "seconds", "job.result.message": "error", "status": "status", "job.status": "status"}
        if path in facts:
            return f"task[{quoted(task)}].{facts[path]}"
        if path == "taskId":
            return quoted(task)
        if _ROWS.search(path) and path.startswith("sum("):
            return f"task[{quoted(task)}].rows"
        raise NotTold(f"{safe_line(path, 80)} of a job")

    def _function(self, node: Mapping[str, Any], star: str | None) -> str:
        operands = list(node.get("operands") or ())
        name = str(node.get("function"))
        if name == "DATE" and len(operands) == 1:
            wanted = str(self._constant(operands[0]))
            if wanted in _DATES:
                return _DATES[wanted]
            raise NotTold(f"DATE in the format {safe_line(wanted, 40)}")
        if name == "COUNT" and len(operands) == 1 and isinstance(operands[0], dict):
            inner = operands[0]
            if inner.get("type") == "task" and inner.get("value") == "job.result.output.tables":
                return f"size(task[{quoted(self.task(self._named(inner, star)))}].tables)"
        raise NotTold(f"the function {safe_line(name, 40)} of this")


def _literal(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None:
        return "null"
    if isinstance(value, list):
        return f"[{', '.join(map(_literal, value))}]"
    return quoted(value) if isinstance(value, str) else repr(value)


def _is_number(text: str) -> bool:
    return text.startswith(("now.", "(now.", "((now.")) or text.lstrip("-").replace(".", "", 1).isdigit()


def _as_number(text: str) -> str:
    inner = text.strip('"')
    return str(int(inner)) if inner.isdigit() else text


def asked_variables(node: Any) -> Iterator[str]:
    """The names of the variables in a condition or source."""
    if isinstance(node, dict):
        if node.get("type") == "variable" and "value" in node:
            yield str(node["value"])
        for operand in node.get("operands") or ():
            yield from asked_variables(operand)
