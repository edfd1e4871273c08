"""How the parts of an array are counted in words."""

from __future__ import annotations

from orch_tui.model.run.phase_state import Parts, TaskState
from orch_tui.model.run.plan import Decision, PlannedTask
from orch_tui.model.status import Status
from orch_tui.runs.words.parts import parts_brief, parts_words


def test_a_part_that_people_skip_is_no_part_that_an_earlier_run_has_done() -> None:
    # GIVEN an array that found two of four parts done in the run that it continues
    planned = [PlannedTask(f"load@{n}", "command/l", "Load", "p", Decision.RUN) for n in range(1, 5)]
    begun = (Status.SKIPPED, Status.SKIPPED, Status.WAITING, Status.WAITING)
    parts = Parts([TaskState(one, status) for one, status in zip(planned, begun, strict=True)])
    assert parts_words(parts) == "2 of 4 parts, 2 not run again"
    # WHEN another one is skipped by hand
    parts.states[2].status = Status.SKIPPED
    parts.changed(parts.states[2], Status.WAITING)
    # THEN it is told apart from them
    assert parts_words(parts) == "3 of 4 parts, 1 skipped, 2 not run again"


def test_what_went_wrong_so_far_is_not_counted_among_what_went_well() -> None:
    # GIVEN an array of three parts
    planned = [PlannedTask(f"load@{n}", "command/l", "Load", "p", Decision.RUN) for n in range(1, 4)]
    parts = Parts([TaskState(one) for one in planned])
    told = [parts_brief(parts)]
    # WHEN they end one after the other, the second of them badly
    for state, end in zip(parts.states, (Status.SUCCESS, Status.ERROR, Status.SUCCESS), strict=True):
        before, state.status = state.status, end
        parts.changed(state, before)
        told.append(parts_brief(parts))
    # THEN
    assert told == ["0/3 ✔", "1/3 ✔", "2/3 · 1 ✘", "2 ✔ 1 ✘"]
