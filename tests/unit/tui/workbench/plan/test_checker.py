"""Checking while editing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from threading import get_ident

from orch_tui.model.orchestration.orchestration import Orchestration
from orch_tui.model.problem import Problem, Severity
from orch_tui.tui.workbench.plan.checker import MANY_TASKS, Checker

from tests.tui.seed import big, big_project


def test_a_small_orchestration_is_checked_at_once_errors_first(tmp_path: Path) -> None:
    # GIVEN a checker and a value with an error behind a warning
    found: list[tuple[Orchestration, list[Problem], int]] = []
    project = big_project(tmp_path, 10)
    checker = Checker(project, lambda value, problems: found.append((value, problems, get_ident())))
    value = big(10)
    twice = replace(value.phases[0].tasks[0], id="twice")
    gone = replace(value.phases[0].tasks[0], id="gone", configuration="gone/x")
    value = replace(value, phases=(replace(value.phases[0], tasks=(*value.phases[0].tasks, twice, gone)),))
    # WHEN it is checked THEN the answer is there, in this thread, the error first
    checker.check(value)
    ((checked, problems, thread),) = found
    assert checked is value
    assert thread == get_ident()
    assert [problem.severity for problem in problems] == [Severity.ERROR, Severity.WARNING]


def test_a_big_one_is_checked_in_a_thread_and_the_last_value_wins(tmp_path: Path) -> None:
    # GIVEN an orchestration that takes a while
    found: list[tuple[Orchestration, list[Problem], int]] = []
    project = big_project(tmp_path, MANY_TASKS)
    checker = Checker(project, lambda value, problems: found.append((value, problems, get_ident())))
    values = [replace(big(MANY_TASKS), name=f"Name {number}") for number in range(5)]
    # WHEN several values follow one another
    for value in values:
        checker.check(value)
    checker.wait()
    # THEN the last one was checked, elsewhere, and none twice
    assert found[-1][0] is values[-1]
    assert all(thread != get_ident() for _, _, thread in found)
    assert len({id(value) for value, _, _ in found}) == len(found)
