"""Slots of pools: who gets them, who waits, and for whom what is free is kept."""

from __future__ import annotations

from pathlib import Path

import pytest
from orch_tui.engine.phases import pools as pools_module
from orch_tui.engine.phases.pools import Pools, Taken
from orch_tui.model.events.reasons import Cause, Reason
from orch_tui.model.orchestration.orchestration import TaskOptions
from orch_tui.model.run.plan import Decision, PlannedTask
from orch_tui.project.concurrent.pool_slots import PoolUse, use_of
from orch_tui.project.paths import ProjectPaths


def _task(name: str, weight: int, pool: str | None = "db") -> PlannedTask:
    options = TaskOptions(pool=pool, weight=weight)
    return PlannedTask(name, f"command/{name}", name, "p", Decision.RUN, options=options)


def _slots(taken: Taken | Reason) -> int:
    assert isinstance(taken, Taken)
    return len(taken.locks)


def _free(taken: Taken | Reason) -> None:
    assert isinstance(taken, Taken)
    for lock in taken.locks:
        lock.close()


def test_what_is_free_is_kept_for_who_came_first(tmp_path: Path) -> None:
    # GIVEN a pool of three, two slots of which are taken, and one that waits for two
    pools = Pools(ProjectPaths(tmp_path), {"db": 3})
    first = pools.take(_task("first", 2), "first")
    assert _slots(first) == 2
    why = pools.take(_task("second", 2), "second")
    assert (
        isinstance(why, Reason) and why.cause is Cause.POOL and (why.fields["taken"], why.fields["size"]) == ("2", "3")
    )
    # WHEN another wants the one that is free THEN it waits as well, and is told for whom
    why = pools.take(_task("third", 1), "third")
    assert isinstance(why, Reason) and why.fields["taken"] == "2"
    assert why.fields["holders"] == "first, kept for second"
    # WHEN all are free THEN both have theirs, in whatever order they look
    _free(first)
    third = pools.take(_task("third", 1), "third")
    second = pools.take(_task("second", 2), "second")
    assert (_slots(third), _slots(second)) == (1, 2)
    _free(third)
    _free(second)


def test_a_slot_that_gets_free_while_it_is_looked_is_told_as_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # GIVEN a pool of three whose two slots get free after a task that wants two has found too few
    pools = Pools(ProjectPaths(tmp_path), {"db": 3})
    first = pools.take(_task("first", 2), "first")

    def later(paths: ProjectPaths, pool: str, size: int) -> PoolUse:
        _free(first)
        return use_of(paths, pool, size)

    monkeypatch.setattr(pools_module, "use_of", later)
    # WHEN it is told why it waits THEN so many are said to be taken that it makes sense
    why = pools.take(_task("second", 2), "second")
    assert isinstance(why, Reason) and (why.fields["taken"], why.fields["size"]) == ("2", "3")


def test_who_waits_no_more_keeps_nothing_and_one_without_a_pool_needs_nothing(tmp_path: Path) -> None:
    paths = ProjectPaths(tmp_path)
    one, other = Pools(paths, {"db": 2}), Pools(paths, {"db": 2})
    held = one.take(_task("a", 1), "a")
    assert isinstance(other.take(_task("b", 2), "b"), Reason) and isinstance(one.take(_task("c", 1), "c"), Reason)
    # WHEN the one that waited gives up THEN others may have what is free
    other.leave_all()
    got = one.take(_task("c", 1), "c")
    assert _slots(got) == 1
    _free(got)
    _free(held)
    # AND who needs more than there is by now gets all; a pool that is gone holds nobody up
    whole = one.take(_task("d", 5), "d")
    assert _slots(whole) == 2
    _free(whole)
    assert one.take(_task("e", 1, None), "e") == one.take(_task("f", 1, "gone"), "f") == Taken()
