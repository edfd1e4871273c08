"""The plan: for every task whether it runs, and if not, why."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from orch_tui.model.orchestration.each import Each, Item
from orch_tui.model.orchestration.orchestration import Orchestration, Phase, Task, TaskOptions
from orch_tui.model.orchestration.retry import Retry
from orch_tui.model.run.plan import (
    Decision,
    PlannedTask,
    PreviousRun,
    PreviousTask,
    RunPlan,
    Selection,
    TaskFacts,
    make_plan,
)

from tests.support.strategies import orchestrations

PROJECT = TaskOptions(timeout=60.0, grace=3.0)


def _facts(task: Task) -> TaskFacts:
    return TaskFacts(f"name of {task.id}", f"digest of {task.configuration}")


def _plan(orchestration: Orchestration, selection: Selection | None = None) -> RunPlan:
    return make_plan(orchestration, _facts, defaults=PROJECT, max_parallel=10, selection=selection)


def _sample() -> Orchestration:
    return Orchestration(
        "o",
        "O",
        phases=(
            Phase("p1", "One", (Task("a", "c/a"), Task("off", "c/off", enabled=False))),
            Phase("p2", "Two", (Task("b", "c/b"),), max_parallel=2),
            Phase("p3", "Three", (Task("c", "c/c"),)),
        ),
        max_parallel=5,
        defaults=TaskOptions(timeout=30.0, retry=Retry(2)),
    )


def _decisions(plan: RunPlan) -> dict[str, tuple[Decision, str]]:
    return {task.id: (task.decision, task.reason) for task in plan.tasks()}


def test_everything_runs_but_what_is_disabled() -> None:
    assert _decisions(_plan(_sample())) == {
        "a": (Decision.RUN, ""),
        "off": (Decision.SKIPPED, "disabled"),
        "b": (Decision.RUN, ""),
        "c": (Decision.RUN, ""),
    }


def test_options_come_from_the_nearest_that_sets_them() -> None:
    task = next(_plan(_sample()).tasks())
    assert task.options == TaskOptions(retry=Retry(2), timeout=30.0, grace=3.0)
    assert [phase.max_parallel for phase in _plan(_sample()).phases] == [5, 2, 5]


@pytest.mark.parametrize(
    ("selection", "run"),
    [
        (Selection(from_phase="p2"), {"b", "c"}),
        (Selection(phases=frozenset({"p1", "p3"})), {"a", "c"}),
        (Selection(tasks=frozenset({"b"})), {"b"}),
        (Selection(tasks=frozenset({"a", "c"}), from_phase="p2"), {"c"}),
    ],
)
def test_a_part_of_it(selection: Selection, run: set[str]) -> None:
    plan = _plan(_sample(), selection)
    assert {task.id for task in plan.with_decision(Decision.RUN)} == run
    assert plan.partial and plan.refusal is None


@pytest.mark.parametrize("selection", [Selection(from_phase="nope"), Selection(tasks=frozenset({"nope"}))])
def test_an_unknown_part_names_what_there_is(selection: Selection) -> None:
    with pytest.raises(KeyError, match="it has: "):
        _plan(_sample(), selection)


def test_a_rerun_reuses_what_succeeded_with_the_same_configuration() -> None:
    before = PreviousRun(
        "r1",
        {
            "a": PreviousTask("c/a", "digest of c/a", True, "success"),
            "b": PreviousTask("c/b", "another digest", True, "success"),
            "c": PreviousTask("c/other", "digest of c/c", True, "success"),
        },
    )
    assert _decisions(_plan(_sample(), Selection(rerun=before))) == {
        "a": (Decision.REUSED, "reused from run r1"),
        "off": (Decision.SKIPPED, "disabled"),
        "b": (Decision.RUN, "edited since run r1"),
        "c": (Decision.RUN, "was c/other in run r1"),
    }


def test_a_blocked_task_refuses_the_plan_and_says_why() -> None:
    plan = make_plan(
        _sample(),
        lambda task: TaskFacts(task.id, blocked="no secret X" if task.id == "b" else None),
        defaults=PROJECT,
        max_parallel=1,
    )
    assert plan.refusal == "1 task is blocked; nothing was started:\n  b (b): no secret X"


def test_a_blocked_task_that_is_not_selected_is_no_obstacle() -> None:
    plan = make_plan(
        _sample(),
        lambda task: TaskFacts(task.id, blocked="x" if task.id == "b" else None),
        defaults=PROJECT,
        max_parallel=1,
        selection=Selection(phases=frozenset({"p1"})),
    )
    assert plan.refusal is None


def test_nothing_to_run_is_refused_with_the_reason() -> None:
    assert _plan(Orchestration("o", "Empty")).refusal == 'orchestration "Empty" has no tasks; add one first'
    done = PreviousRun(
        "r1", {name: PreviousTask(f"c/{name}", f"digest of c/{name}", True, "success") for name in "abc"}
    )
    assert _plan(_sample(), Selection(rerun=done)).refusal == "no task to run: every task succeeded in run r1"


@given(orchestrations(), st.data())
def test_every_task_has_one_decision_and_a_reason_unless_it_runs(value: Orchestration, data: st.DataObject) -> None:
    ids = [task.id for task in value.tasks()]
    chosen = data.draw(st.sets(st.sampled_from(ids)) if ids else st.just(set()))
    plan = _plan(value, Selection(tasks=frozenset(chosen)))
    planned = list(plan.tasks())
    assert [task.id for task in planned] == ids
    for task, source in zip(planned, value.tasks(), strict=True):
        assert (task.decision is Decision.RUN) == (source.enabled and task.id in chosen)
        assert bool(task.reason) == (task.decision is not Decision.RUN)


@pytest.mark.parametrize(
    ("before", "decision", "reason"),
    [
        (None, Decision.RUN, "not part of run r1"),
        (PreviousTask("c/a", "digest of c/a", True, "success"), Decision.REUSED, "reused from run r1"),
        (PreviousTask("c/a", "digest of c/a", False, "failed"), Decision.RUN, "failed in run r1"),
        (PreviousTask("c/other", "digest of c/a", True, "success"), Decision.RUN, "was c/other in run r1"),
        (PreviousTask("c/a", "digest of then", True, "success"), Decision.RUN, "edited since run r1"),
        # What is not known to be edited is not run again: journals of older programs have no digests.
        (PreviousTask("c/a", "", True, "success"), Decision.REUSED, "reused from run r1"),
    ],
)
def test_what_is_run_again_of_an_earlier_run(before: PreviousTask | None, decision: Decision, reason: str) -> None:
    # GIVEN an orchestration of two tasks, of which one is new since, failed, was edited, or is as it was
    value = Orchestration("o", "O", phases=(Phase("p", "P", (Task("a", "c/a"), Task("z", "c/z"))),))
    known = {"z": PreviousTask("c/z", "digest of c/z", True, "success")} | ({"a": before} if before else {})
    # WHEN what did not succeed is run again THEN
    plan = _plan(value, Selection(rerun=PreviousRun("r1", known)))
    assert _decisions(plan) == {"a": (decision, reason), "z": (Decision.REUSED, "reused from run r1")}
    assert plan.all_reused is (decision is Decision.REUSED)


def test_a_task_without_a_digest_now_is_not_taken_for_edited() -> None:
    value = Orchestration("o", "O", phases=(Phase("p", "P", (Task("a", "c/a"),)),))
    selection = Selection(rerun=PreviousRun("r1", {"a": PreviousTask("c/a", "digest of then", True, "success")}))
    plan = make_plan(value, lambda task: TaskFacts("a"), defaults=PROJECT, max_parallel=1, selection=selection)
    assert _decisions(plan) == {"a": (Decision.REUSED, "reused from run r1")}


def test_a_limit_of_an_array_is_about_its_parts_and_not_about_others() -> None:
    alone = PlannedTask("a", "command/a", "A", "p", Decision.RUN, max_parallel=1)
    assert alone.own_limit == 1
    assert replace(alone, each=Each(items=("x",))).own_limit is None
    part = replace(alone, id="a@1", item=Item("a", 1, "x"))
    assert part.own_limit is None
    # AND a part says of which array it is
    assert (part.array, alone.array) == ("a", "")
