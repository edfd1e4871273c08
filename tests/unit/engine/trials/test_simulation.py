"""How long runs would take, by the executor's rules, and what would make them quicker."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from orch_tui.engine.runs.start import RunRequest, plan_run
from orch_tui.engine.trials.simulation import LOOK_AGAIN, simulate
from orch_tui.model.orchestration.orchestration import TaskOptions
from orch_tui.model.run.plan import Decision, PlannedPhase, PlannedTask, RunPlan
from orch_tui.model.run.runstate import RunState
from orch_tui.runs.planning.advising import AdviceKind, Shared, advise, advise_on, limited, moved

from tests.support.engine_kit import make_commands, run


def plan_of(*phases: Mapping[str, float], limit: int = 10) -> tuple[RunPlan, dict[str, float]]:
    """Phases of tasks with their seconds."""
    planned = []
    for number, tasks in enumerate(phases, 1):
        made = tuple(PlannedTask(task, f"command/{task}", task, f"p{number}", Decision.RUN) for task in tasks)
        planned.append(PlannedPhase(f"p{number}", f"P{number}", made, limit))
    return RunPlan("o", "O", tuple(planned)), {task: one for phase in phases for task, one in phase.items()}


def test_phases_follow_each_other_and_tasks_share_slots() -> None:
    # GIVEN three tasks in two slots, then one
    plan, seconds = plan_of({"a": 3, "b": 2, "c": 2}, {"d": 1}, limit=2)
    # WHEN
    found = simulate(plan, seconds, {})
    # THEN the third begins when the first slot is free, and the phase ends with its last task
    assert found.ends == {"b": 2, "a": 3, "c": 4, "d": 5}
    assert (found.seconds, found.last) == (5, ("c", "d"))


def test_delays_pools_and_one_configuration_hold_tasks_up() -> None:
    # GIVEN a delayed task, two of a pool of one, and two of one configuration
    plan, seconds = plan_of({"late": 1, "first": 2, "second": 2, "same": 2, "twin": 2})
    options = {"late": TaskOptions(delay=5.0), "first": TaskOptions(pool="db"), "second": TaskOptions(pool="db")}
    (phase,) = plan.phases
    refs = {"twin": "command/same"}
    tasks = tuple(
        replace(
            task,
            options=options.get(task.id, TaskOptions()),
            configuration=refs.get(task.id, task.configuration),
        )
        for task in phase.tasks
    )
    # WHEN
    found = simulate(replace(plan, phases=(replace(phase, tasks=tasks),)), seconds, {"db": 1})
    # THEN
    assert found.ends["late"] == 6
    assert 4 <= found.ends["second"] <= 4 + LOOK_AGAIN
    assert 4 <= found.ends["twin"] <= 4 + LOOK_AGAIN


def with_options(plan: RunPlan, options: Mapping[str, TaskOptions]) -> RunPlan:
    """Of a plan with one phase."""
    (phase,) = plan.phases
    tasks = tuple(replace(task, options=options.get(task.id, TaskOptions())) for task in phase.tasks)
    return replace(plan, phases=(replace(phase, tasks=tasks),))


def test_what_a_task_needs_of_a_pool_is_kept_for_it_from_those_that_came_later() -> None:
    # GIVEN one slot of two taken, a task that needs both, and a short one after it
    plan, seconds = plan_of({"long": 5, "both": 2, "short": 1})
    slots = {"long": 1, "both": 2, "short": 1}
    plan = with_options(plan, {task: TaskOptions(pool="db", weight=weight) for task, weight in slots.items()})
    # WHEN THEN the short one does not pass it
    ends = simulate(plan, seconds, {"db": 2}).ends
    assert ends["long"] == 5 and 7 <= ends["both"] <= 7 + LOOK_AGAIN
    assert ends["both"] + 1 <= ends["short"] <= ends["both"] + 1 + LOOK_AGAIN


def test_tasks_whose_memory_does_not_fit_run_one_after_another() -> None:
    plan, seconds = plan_of({"a": 2, "b": 2, "small": 2, "none": 2})
    options = {"a": TaskOptions(memory=60), "b": TaskOptions(memory=60), "small": TaskOptions(memory=10)}
    ends = simulate(with_options(plan, options), seconds, {}, 100).ends
    assert ends["a"] == ends["none"] == 2
    # The third came after the second, which waits.
    assert 4 <= ends["b"] <= 4 + LOOK_AGAIN and 4 <= ends["small"] <= 4 + LOOK_AGAIN
    assert simulate(with_options(plan, options), seconds, {}).seconds == 2


def test_a_disabled_phase_takes_no_time() -> None:
    plan, seconds = plan_of({"a": 3}, {"b": 4})
    first = plan.phases[0]
    skipped = replace(first, tasks=tuple(replace(task, decision=Decision.SKIPPED) for task in first.tasks))
    assert simulate(replace(plan, phases=(skipped, plan.phases[1])), seconds, {}).seconds == 4


def test_a_task_that_may_run_earlier_is_advised_to() -> None:
    # GIVEN a long task in the third phase that only waits for the first
    plan, seconds = plan_of({"load": 60}, {"long": 600, "short": 5}, {"recipient": 420}, {"write": 30})
    earlier = {"recipient": {"load"}, "long": {"load"}, "write": {"recipient", "long"}}
    # WHEN
    found = advise_on(plan, seconds, Shared({}), earlier)
    # THEN
    (best,) = found.advice
    assert (best.kind, best.task, best.number, best.saves) == (AdviceKind.MOVE, "recipient", 2, 420)
    assert best.sentence == 'recipient in phase 2 "P2" would save 7:00 of 18:30'


def test_more_at_once_is_advised_with_the_least_number_that_helps() -> None:
    # GIVEN six equal tasks, four at once
    plan, seconds = plan_of(dict.fromkeys("abcdef", 120.0), limit=4)
    # WHEN
    (one,) = advise_on(plan, seconds, Shared({}), {}).advice
    # THEN
    assert (one.kind, one.limit, one.wanted, one.saves) == (AdviceKind.LIMIT, 4, 6, 120)
    assert one.sentence == "6 at once instead of 4 would save 2:00 of 4:00"


def test_nothing_is_advised_where_nothing_helps_or_is_known(tmp_path: Path) -> None:
    # GIVEN a chain WHEN THEN
    plan, seconds = plan_of({"a": 10}, {"b": 10})
    assert advise_on(plan, seconds, Shared({}), {"b": {"a"}}).advice == ()
    # AND an orchestration that never ran
    project = make_commands(tmp_path, {"A": {"a": "true"}})
    assert advise(project, project.orchestration("o")).unknown == ("a",)


def _predicted_and_real(root: Path, seed: int) -> tuple[float, float]:
    """A random plan of sleeping tasks is run; one change is predicted from that run's durations, made, and run."""
    chance = random.Random(seed)
    phases = {
        f"P{number}": {
            f"t{number}{letter}": f"sleep {chance.randint(4, 12) / 10}" for letter in "abcde"[: chance.randint(2, 5)]
        }
        for number in range(1, chance.randint(2, 3) + 1)
    }
    project = make_commands(root, phases, f"max_parallel = {chance.randint(1, 3)}")
    seconds = _durations(run(project))
    plan = plan_run(project, RunRequest("o"))
    if seed % 2:
        changed = limited(plan, wanted := plan.phases[0].max_parallel + 1)
        (root / "orch.toml").write_text(f'name = "Test"\nmax_parallel = {wanted}\n')
    else:
        task = plan.phases[-1].tasks[-1].id
        changed = moved(plan, task, 0)
        first, *_, last = phases
        phases[first][task] = phases[last].pop(task)
        make_commands(root, phases, f"max_parallel = {plan.phases[0].max_parallel}")
    project.reload()
    state = run(project)
    assert state.started is not None and state.ended is not None
    return simulate(changed, seconds, {}).seconds, state.ended - state.started


def _durations(state: RunState) -> dict[str, float]:
    return {task.id: task.attempts[-1].seconds or 0.0 for task in state.tasks.values()}


@pytest.mark.parametrize(
    "seed", [pytest.param(seed, marks=[pytest.mark.long] if seed > 1 else []) for seed in range(20)]
)
def test_what_is_predicted_is_what_a_real_run_takes(tmp_path: Path, seed: int) -> None:
    # GIVEN WHEN
    predicted, real = _predicted_and_real(tmp_path, seed)
    print(f"seed {seed}: predicted {predicted:.2f} s, took {real:.2f} s, {100 * (predicted / real - 1):+.1f} %")
    # THEN
    assert abs(predicted - real) <= 0.1 * real
