"""A run that only looks: what is assumed of tasks becomes the states of a run, and nothing is started."""

from __future__ import annotations

import pytest
from orch_tui.engine.trials.rehearsal import Outcome, rehearse
from orch_tui.model.events.reasons import Cause, Reason
from orch_tui.model.run.plan import Decision, PlannedPhase, PlannedTask, RunPlan
from orch_tui.model.status import Status

AT = 1_790_000_000.0


def _plan(*decisions: Decision) -> RunPlan:
    """A task for each decision in one phase, and one that runs in the phase behind it."""
    why = {Decision.SKIPPED: Reason(Cause.DISABLED), Decision.BLOCKED: Reason.said("it has no program")}
    first = tuple(
        PlannedTask(f"t{n}", f"command/t{n}", f"T{n}", "p", decision, why.get(decision))
        for n, decision in enumerate(decisions)
    )
    last = (PlannedTask("last", "command/last", "Last", "q", Decision.RUN),)
    return RunPlan("o", "O", (PlannedPhase("p", "P", first, 1), PlannedPhase("q", "Q", last, 1)))


def test_a_task_that_could_not_be_started_now_is_part_of_the_flow_and_one_that_is_skipped_stays_out() -> None:
    # GIVEN a plan with a task that runs, one that nothing can start now, and one that is disabled
    # WHEN its flow is walked and nothing is assumed
    told = rehearse(_plan(Decision.RUN, Decision.BLOCKED, Decision.SKIPPED), {}, AT)
    # THEN the one is walked as if it could be started, the other is not, and why no run could start is told
    states = {task.id: task.status for task in told.state.tasks.values()}
    assert states == {"t0": Status.SUCCESS, "t1": Status.SUCCESS, "t2": Status.SKIPPED, "last": Status.SUCCESS}
    assert told.refusal is not None and told.state.status is Status.SUCCESS
    assert rehearse(_plan(Decision.RUN), {}, AT).refusal is None


@pytest.mark.parametrize(
    ("status", "last", "run"),
    [
        (Status.SUCCESS, Status.SUCCESS, Status.SUCCESS),
        (Status.WARNING, Status.SUCCESS, Status.WARNING),
        (Status.ERROR, Status.SKIPPED, Status.ERROR),
    ],
)
def test_what_is_assumed_of_a_task_decides_what_comes_after_it(status: Status, last: Status, run: Status) -> None:
    # WHEN a task is assumed to end so, after its third attempt of 20 seconds
    outcome = Outcome(status, seconds=20.0, attempts=3, exit_code=None if status is Status.SUCCESS else 4)
    state = rehearse(_plan(Decision.RUN), {"t0": outcome}, AT).state
    # THEN it has ended so, and the phase behind it and the run as they would
    task = state.tasks["t0"]
    assert (task.status, state.tasks["last"].status, state.status) == (status, last, run)
    attempt = task.attempts[-1]
    assert attempt.number == 3 and attempt.exit_code == outcome.exit_code
    assert (attempt.ended or 0) - attempt.spawned == pytest.approx(20.0)
