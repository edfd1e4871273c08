"""How the parts of an array are counted in words."""

from __future__ import annotations

from orch_tui.model.events.reasons import Cause, Reason
from orch_tui.model.run.phase_state import Parts, TaskState
from orch_tui.model.run.plan import Decision, PlannedTask
from orch_tui.model.status import Status
from orch_tui.runs.words.parts import array_words, parts_brief, parts_words


def test_a_part_that_people_skip_is_no_part_that_an_earlier_run_has_done() -> None:
    # GIVEN an array that found two of four parts done in the run that it continues
    planned = [PlannedTask(f"load@{n}", "command/l", "Load", "p", Decision.RUN) for n in range(1, 5)]
    begun = (Status.SKIPPED, Status.SKIPPED, Status.WAITING, Status.WAITING)
    again = Reason.of(Cause.REUSED, run="before")
    pairs = zip(planned, begun, strict=True)
    parts = Parts([TaskState(one, status, again if status is Status.SKIPPED else None) for one, status in pairs])
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


def ended(*ends: Status) -> Parts:
    planned = [PlannedTask(f"load@{n}", "command/l", "Load", "p", Decision.RUN) for n in range(1, len(ends) + 1)]
    return Parts([TaskState(one, status) for one, status in zip(planned, ends, strict=True)])


def test_what_was_cancelled_or_stopped_has_not_failed() -> None:
    parts = ended(Status.SUCCESS, Status.CANCELLED, Status.CANCELLED, Status.TERMINATED, Status.WARNING)
    assert parts_words(parts) == "5 parts, 1 stopped, 2 cancelled, 1 in warning"
    # AND where there is little room the worst of it is told, as what it is
    assert parts_brief(parts) == "1 ✔ 1 ■"
    assert parts_brief(ended(Status.SUCCESS, Status.CANCELLED)) == "1 ✔ 1 □"
    assert parts_brief(ended(Status.SUCCESS, Status.CANCELLED, Status.ERROR)) == "1 ✔ 1 ✘"


def test_how_many_went_wrong_is_said_once() -> None:
    # GIVEN an array that failed since a part of it did
    planned = PlannedTask("load", "command/l", "Load", "p", Decision.RUN)
    fields = {"number": 1, "total": 3, "status": "error", "part": "load@3"}
    array = TaskState(planned, Status.ERROR, Reason.of(Cause.PARTS_ENDED, **fields, why="exit code 1"))
    array.parts = ended(Status.SUCCESS, Status.CANCELLED, Status.ERROR)
    assert array_words(array) == "3 parts, 1 failed, 1 cancelled; load@3: exit code 1"
    # AND any other reason stands behind how its parts are
    array.because = Reason.of(Cause.CANCELLED, by="me")
    assert array_words(array) == f"3 parts, 1 failed, 1 cancelled; {array.reason}" and array.reason
