"""Where a task failed, as result.json tells it."""

from __future__ import annotations

from typing import Any

import pytest
from orch_tui.model.components.fault import KEY, Fault, read_fault


def test_what_is_told_is_read() -> None:
    # GIVEN a fault WHEN it goes through result.json THEN it is the same
    fault = Fault(("sql",), 3, "no such table")
    assert read_fault({KEY: fault.as_json()}) == fault


@pytest.mark.parametrize(
    "line",
    [None, 0, -1, True, "3"],
)
def test_a_line_that_cannot_be_is_none(line: Any) -> None:
    fault = read_fault({KEY: {"parameter": ["a", "b"], "line": line}})
    assert fault == Fault(("a", "b"), None, "")


@pytest.mark.parametrize("told", [None, "sql", [], {"parameter": "sql"}, {"parameter": []}, {"parameter": [1]}])
def test_what_is_no_fault_is_none(told: Any) -> None:
    assert read_fault({KEY: told}) is None


def test_texts_of_programs_are_made_safe() -> None:
    fault = read_fault({KEY: {"parameter": ["a"], "message": "\x1b[31mred\n" + "x" * 5000}})
    assert fault is not None and "\x1b" not in fault.message and len(fault.message) <= 1000
