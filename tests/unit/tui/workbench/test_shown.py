"""What can be done to the plan, to a run that goes on and to one that is past."""

from __future__ import annotations

from pathlib import Path

import pytest
from orch_tui.model.events import events
from orch_tui.model.orchestration.orchestration import Orchestration
from orch_tui.model.run.runstate import RunState
from orch_tui.model.status import Status
from orch_tui.runs.live.view import RunModel
from orch_tui.tui.actions import workbench as actions
from orch_tui.tui.workbench.shown import OF_A_RUN, Shown

from tests.unit.runs.live.test_view import T0, begun, started

_EDITED = Orchestration("o", "O")


def shown(state: RunState, *, live: bool, past: bool = False) -> Shown:
    return Shown(RunModel(Path("/run"), state, live=live), past)


def ended() -> RunState:
    return begun(*started("a", T0), events.run_ended(T0 + 5, Status.ERROR, None, 5, {Status.ERROR: 1}))


def test_the_plan_is_edited_and_nothing_else_is() -> None:
    plan, run, past = Shown(), shown(begun(), live=True), shown(ended(), live=False, past=True)
    for action in actions.CHANGES:
        assert plan.allows(action) and not run.allows(action) and not past.allows(action), action
    for action in ("workbench.save", "run.run-all", "run.history", "configurations.edit", "tree.mark"):
        assert plan.allows(action) and run.allows(action) and past.allows(action), action
    assert not any(plan.allows(action) for action in OF_A_RUN)


@pytest.mark.parametrize(
    ("state", "live", "allowed"),
    [
        (begun(*started("a", T0)), True, {"run.cancel"}),
        (begun(*started("a", T0)), False, {"run.take-over"}),
        (ended(), False, set()),
    ],
)
def test_a_run_is_stopped_while_it_goes_on_and_taken_over_once_nobody_executes_it(
    state: RunState, live: bool, allowed: set[str]
) -> None:
    one = shown(state, live=live)
    assert {action for action in ("run.cancel", "run.take-over", "run.nested") if one.allows(action)} == allowed
    assert one.allows("run.log") and one.allows("run.text")


def test_a_run_has_its_own_phases_and_tasks() -> None:
    run = shown(begun(), live=True)
    assert [phase.id for phase in run.phases(_EDITED)] == ["p", "q"]
    assert Shown().phases(_EDITED) == ()
    assert run.task("a") is not None and run.task("p") is None and run.task(None) is None
    assert Shown().task("a") is None


def test_it_is_looked_at_again_until_it_has_ended() -> None:
    # GIVEN a run that goes on, one that nobody executes, the same as it was opened to look back, and one that ended
    assert shown(begun(), live=True).moving and shown(begun(), live=True).going_on
    assert shown(begun(), live=False).moving
    assert not shown(begun(), live=False, past=True).moving
    assert not shown(ended(), live=False).moving
    assert not Shown().moving and not Shown().going_on
    assert not shown(begun(), live=True, past=True).going_on
