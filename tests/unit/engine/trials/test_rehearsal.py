"""A run that only looks: what is assumed of tasks becomes the states of a run, and nothing is started."""

from __future__ import annotations

from dataclasses import replace

import pytest
from orch_tui.engine.trials.rehearsal import Outcome, outcomes_of, rehearse, replayed_plan
from orch_tui.model.events import events
from orch_tui.model.events.interventions import Intervention, InterventionKind
from orch_tui.model.events.reasons import Cause, Reason
from orch_tui.model.failure import FailureKind
from orch_tui.model.orchestration.rules import Rule, RuleDecision
from orch_tui.model.run.plan import Decision, PlannedPhase, PlannedTask, RunPlan
from orch_tui.model.run.run_start import initial_state
from orch_tui.model.run.runstate import RunHeader
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


def test_a_task_of_which_nothing_is_assumed_takes_no_time() -> None:
    # WHEN nothing is assumed THEN each ends as it begins, and so does the run
    state = rehearse(_plan(Decision.RUN), {}, AT).state
    for task in state.tasks.values():
        assert len(task.attempts) == 1 and task.attempts[0].ended == task.attempts[0].spawned == AT


def test_a_recorded_run_goes_again_as_it_went() -> None:
    # GIVEN a run: one task failed at its second attempt, people skipped one, one could not be started, one was
    # cancelled before it began, and one had not ended when its executor was gone
    plan = _plan(*5 * [Decision.RUN])
    state = initial_state(RunHeader("r", "o", "O", AT, "ann"), plan)
    gone = Reason.said("it has no program")
    for event in (
        events.phase_started(AT, "p"),
        events.spawning(AT, "t0", 1),
        events.ended(AT + 1, "t0", 1, Status.ERROR, "exit code 1", exit_code=1, kind=FailureKind.USER),
        events.spawning(AT + 2, "t0", 2),
        events.ended(AT + 5, "t0", 2, Status.ERROR, "exit code 4", exit_code=4, kind=FailureKind.APPLICATION),
        events.intervened(AT, Intervention("i1", InterventionKind.SKIP, "ann", "", "t1", None, None)),
        events.settled(AT, "t2", Status.ERROR, gone, FailureKind.LAUNCH),
        events.spawning(AT, "t4", 1),
        events.settled(AT + 5, "t3", Status.CANCELLED, Reason.of(Cause.CANCELLED, by="ann"), FailureKind.CANCEL),
    ):
        state.apply(event)
    # WHEN its outcomes are taken for assumptions
    told = outcomes_of(state)
    # THEN they are what became of each that ended, with so many attempts as it had
    assert {name: (one.status, one.attempts, one.kind) for name, one in told.items()} == {
        "t0": (Status.ERROR, 2, FailureKind.APPLICATION),
        "t1": (Status.SKIPPED, 1, None),
        "t2": (Status.ERROR, 0, FailureKind.LAUNCH),
        "t3": (Status.CANCELLED, 0, FailureKind.CANCEL),
    }
    assert (told["t0"].exit_code, told["t0"].seconds, told["t2"].error) == (4, 3.0, gone.sentence)
    # AND a run that goes by them goes the same way
    again = rehearse(replayed_plan(state, None), told, AT).state
    assert {name: again.tasks[name].status for name in told} == {name: one.status for name, one in told.items()}
    assert again.tasks["t2"].attempts == [] and len(again.tasks["t0"].attempts) == 2
    assert again.tasks["t2"].kind == FailureKind.LAUNCH and again.tasks["t2"].reason == gone.sentence
    # AND what is assumed to have begun after all has an attempt
    assumed = {**told, "t2": replace(told["t2"], status=Status.SUCCESS, exit_code=0)}
    task = rehearse(replayed_plan(state, None), assumed, AT).state.tasks["t2"]
    assert task.status is Status.SUCCESS and len(task.attempts) == 1


def test_what_an_earlier_run_had_decided_stands_until_its_phase_runs_or_its_rules_change() -> None:
    # GIVEN a run that goes on with another one, whose first phase has been decided there
    before = RuleDecision(taken=0)
    plan = _plan(Decision.RUN)
    rule = Rule("q", "true")
    first = replace(plan.phases[0], rules=(rule,), decision=before)
    plan = replace(plan, phases=(first, *plan.phases[1:]))
    state = initial_state(RunHeader("r", "o", "O", AT, "ann"), plan)
    # WHEN it is replayed THEN that stands
    assert replayed_plan(state, None).phases[0].decision == before
    # WHEN its rules are others today THEN they decide
    other = replace(plan, phases=(replace(first, rules=(Rule("end"),)), *plan.phases[1:]))
    again = replayed_plan(state, other).phases[0]
    assert again.decision is None and again.rules == (Rule("end"),)
    # WHEN the phase has run THEN it is decided anew
    state.apply(events.phase_started(AT, "p"))
    assert replayed_plan(state, None).phases[0].decision is None
