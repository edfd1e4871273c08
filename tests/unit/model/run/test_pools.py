"""What tasks need of the pools of a project."""

from __future__ import annotations

from orch_tui.model.orchestration.orchestration import TaskOptions
from orch_tui.model.run.plan import Decision, PlannedPhase, PlannedTask, RunPlan
from orch_tui.model.run.pools import pool_fault


def _plan(*options: TaskOptions) -> RunPlan:
    tasks = [
        PlannedTask(f"t{number}", "command/c", "C", "p", Decision.RUN, options=one)
        for number, one in enumerate(options)
    ]
    return RunPlan("o", "O", (PlannedPhase("p", "P", tuple(tasks), 10),))


def test_a_task_whose_pool_has_room_for_it_can_start() -> None:
    assert pool_fault(_plan(TaskOptions(), TaskOptions(pool="api", weight=2)), {"api": 2}) == ""
    # AND one that needs none can where there are none
    assert pool_fault(_plan(TaskOptions(), TaskOptions(weight=5)), {}) == ""


def test_the_first_that_can_never_start_is_named() -> None:
    said = pool_fault(_plan(TaskOptions(pool="api"), TaskOptions(pool="api", weight=3)), {"api": 2})
    assert said.startswith("task t1 ") and "3" in said
    assert pool_fault(_plan(TaskOptions(pool="none")), {"api": 2}).startswith("task t0 ")
