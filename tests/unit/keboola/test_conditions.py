"""Keboola's conditions in CEL: what they say of the same run."""

from __future__ import annotations

from typing import Any

import pytest
from orch_tui.conditions.condition import Condition
from orch_tui.keboola.mapping.conditions import FlowNames, NotTold, condition_text

from tests.support.keboola_projects import equals, status_of

NAMES = FlowNames({"t1": "load", "t2": "mail"}, {"p": "first"}, {"p": ["t1", "t2"]}, {"day"}, ["p"])


def _operator(name: str, *operands: Any, **more: Any) -> dict[str, Any]:
    return {"type": "operator", "operator": name, "operands": list(operands), **more}


def _facts(load: str, code: int | None = 0, **more: Any) -> dict[str, Any]:
    """Facts after a run of the phase, in which the other task succeeded."""
    one = {"status": load, "exit_code": code, "seconds": 5.0, "error": None, "rows": None, "tables": {}, **more}
    phase = {"status": "success" if load in ("success", "warning") else "error", "seconds": 5.0, "error": None}
    other = {**one, "status": "success", "exit_code": 0}
    return {"task": {"load": one, "mail": other}, "phase": {"first": phase}, "vars": {"day": "monday"}}


def _const(value: Any) -> dict[str, Any]:
    return {"type": "const", "value": value}


USER = equals(status_of("t1"), "user_error")
STAR = equals(status_of("*"), "success")
PHASE = {"type": "phase", "phase": "p", "value": "status"}


@pytest.mark.parametrize(
    ("condition", "facts", "holds"),
    [
        (USER, _facts("error", 1), True),
        (USER, _facts("error", 2), False),
        (equals(status_of("t1"), "application_error"), _facts("error", 2), True),
        (equals(status_of("t1"), "success"), _facts("warning", 1), True),
        (_operator("NOT_EQUALS", status_of("t1"), _const("success")), _facts("error", 1), True),
        (equals(PHASE, "success"), _facts("success"), True),
        (equals(PHASE, "user_error"), _facts("error", 1), True),
        (equals(PHASE, "user_error"), _facts("error", 2), False),
        (_operator("INCLUDES", PHASE, _const(["user_error", "application_error"])), _facts("error", 2), True),
        (_operator("ALL_TASKS_IN_PHASE", STAR, phase="p"), _facts("success"), True),
        (_operator("ALL_TASKS_IN_PHASE", STAR, phase="p"), _facts("error", 1), False),
        (_operator("ANY_TASKS_IN_PHASE", STAR, phase="p"), _facts("error", 1), True),
        (_operator("ANY_TASKS_IN_ANY_PHASE", equals(status_of("*"), "user_error")), _facts("error", 1), True),
        (
            {"type": "operator", "operator": "CONTINUE_ON_FAILURE", "phase": "p", "tasks": ["t1"]},
            _facts("error", 1),
            True,
        ),
        ({"type": "operator", "operator": "CONTINUE_ON_FAILURE", "phase": "p", "tasks": []}, _facts("error", 1), False),
        (equals({"type": "variable", "value": "day"}, "monday"), _facts("success"), True),
        (
            _operator("GREATER_THAN", {"type": "task", "task": "t1", "value": "job.duration"}, _const(4)),
            _facts("success"),
            True,
        ),
        (
            _operator("GREATER_THAN", {"type": "task", "task": "t1", "value": "job.duration"}, _const(4)),
            _facts("skipped", None, seconds=None),
            False,
        ),
        (
            _operator("CONTAINS", {"type": "task", "task": "t1", "value": "job.result.message"}, _const("time (out)")),
            _facts("error", 1, error="Time (Out) of reach"),
            True,
        ),
        (
            _operator("AND", USER, _operator("OR", STAR | {"operands": USER["operands"]}, USER)),
            _facts("error", 1),
            True,
        ),
    ],
    ids=str,
)
def test_a_condition_holds_for_what_it_holds_for_there(condition: Any, facts: dict[str, Any], holds: bool) -> None:
    # WHEN
    text = condition_text(condition, NAMES, "p")
    # THEN
    assert Condition(text).verdict(facts).holds is holds, text


@pytest.mark.parametrize(
    ("condition", "what"),
    [
        (_operator("MATCHES", USER), "the operator MATCHES"),
        (_operator("ANY_TASKS_IN_PHASE", phase="p"), "without exactly one operand"),
        (equals({"type": "task", "task": "t1", "value": "job.id"}, "5"), "job.id of a job"),
        (equals({"type": "variable", "value": "nobody"}, "5"), "which nothing in this flow sets"),
        (equals(status_of("gone"), "success"), "which there is not"),
    ],
    ids=["operator", "operands", "fact", "variable", "task"],
)
def test_what_no_condition_here_can_know_is_said(condition: Any, what: str) -> None:
    with pytest.raises(NotTold, match=what):
        condition_text(condition, NAMES, "p")
