"""Memory that tasks say they need: who gets it, who waits, and for whom."""

from __future__ import annotations

from pathlib import Path

from orch_tui.engine.phases.memory import Memory
from orch_tui.engine.phases.pools import Taken
from orch_tui.model.events.reasons import Cause, Reason
from orch_tui.model.orchestration.orchestration import TaskOptions
from orch_tui.model.run.plan import Decision, PlannedTask
from orch_tui.project.paths import ProjectPaths

MB = 1 << 20


def _task(name: str, memory: int | None) -> PlannedTask:
    return PlannedTask(name, f"command/{name}", name, "p", Decision.RUN, options=TaskOptions(memory=memory))


def _free(taken: Taken | Reason) -> None:
    assert isinstance(taken, Taken)
    for lock in taken.locks:
        lock.close()


def test_two_that_do_not_fit_together_run_one_after_another(tmp_path: Path) -> None:
    # GIVEN 100 MiB for a project, of which one task has 60
    memory = Memory(ProjectPaths(tmp_path), 100 * MB)
    big, next_one, small = _task("big", 60 * MB), _task("next", 60 * MB), _task("small", 40 * MB)
    first = memory.take(big, "big")
    assert isinstance(first, Taken) and len(first.locks) == 1
    # WHEN another wants as much THEN it waits, and is told for whom
    why = memory.take(next_one, "next")
    assert isinstance(why, Reason) and why.cause is Cause.MEMORY
    assert why.fields["needed"] == why.fields["taken"] != why.fields["size"]
    assert str(why.fields["holders"]).startswith("big has ")
    # AND what came later does not get before it, although it would fit
    kept = memory.take(small, "small")
    assert isinstance(kept, Reason) and "kept for next" in str(kept.fields["holders"])
    # WHEN there is room THEN it has its turn, and the small one beside it
    _free(first)
    second = memory.take(next_one, "next")
    third = memory.take(small, "small")
    _free(second)
    _free(third)


def test_who_waits_no_more_keeps_nothing(tmp_path: Path) -> None:
    # GIVEN two executors, of which one waits
    paths = ProjectPaths(tmp_path)
    one, other = Memory(paths, 100 * MB), Memory(paths, 100 * MB)
    held = one.take(_task("a", 60 * MB), "a")
    assert isinstance(other.take(_task("b", 60 * MB), "b"), Reason)
    assert isinstance(one.take(_task("c", 40 * MB), "c"), Reason)
    # WHEN it gives up THEN others may have what is free
    other.leave_all()
    _free(one.take(_task("c", 40 * MB), "c"))
    _free(held)


def test_a_task_without_a_limit_or_a_project_without_one_holds_nothing(tmp_path: Path) -> None:
    paths = ProjectPaths(tmp_path)
    assert Memory(paths, 100 * MB).take(_task("a", None), "a") == Taken()
    assert Memory(paths, None).take(_task("a", 60 * MB), "a") == Taken()
    # AND one that needs more than there is by now runs alone
    _free(Memory(paths, 100 * MB).take(_task("a", 500 * MB), "a"))
