"""Runs of nested orchestrations: which one belongs to a task, and what its end means for it."""

from __future__ import annotations

import errno
import os
from dataclasses import replace
from pathlib import Path

import pytest
from orch_tui.engine.attempts.nested import nested_before, outcome_of_run, values_of_nested
from orch_tui.model.failure import FailureKind
from orch_tui.model.run.outcome import Outcome
from orch_tui.model.run.plan import Decision, PlannedTask, RunPlan
from orch_tui.model.status import Status
from orch_tui.project.history import judge_by
from orch_tui.project.paths import ProjectPaths

from tests.support.past_runs import BEGIN, Past, write_past

TASK = PlannedTask("t", "orchestration/inner", "T", "p", Decision.RUN)


@pytest.fixture
def paths(tmp_path: Path) -> ProjectPaths:
    made = ProjectPaths(tmp_path)
    made.make_state()
    return made


def test_the_run_of_a_task_is_found_through_all_runs_that_were_gone_on_with(paths: ProjectPaths) -> None:
    # GIVEN a run whose task began a nested one, and two that went on with it before they came to that task
    first = write_past(paths, Past(at=BEGIN))
    inner = write_past(paths, Past("inner", BEGIN + 1, parent=f"o/{first}/t"))
    second = write_past(paths, Past(at=BEGIN + 10, continues=first))
    third = write_past(paths, Past(at=BEGIN + 20, continues=second))
    plan = RunPlan("o", "O", (), rerun_of=third)
    # WHEN the next one goes on THEN it knows the nested run, and none for another task or without such runs
    found = nested_before(paths, plan, TASK)
    assert found is not None and found.id == inner
    assert nested_before(paths, plan, replace(TASK, id="other")) is None
    assert nested_before(paths, replace(plan, rerun_of=None), TASK) is None
    # AND the newest counts
    newer = write_past(paths, Past("inner", BEGIN + 11, parent=f"o/{second}/t"))
    found = nested_before(paths, plan, TASK)
    assert found is not None and found.id == newer


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (Status.SUCCESS, Outcome(Status.SUCCESS)),
        (Status.WARNING, Outcome(Status.WARNING, "late")),
        *(
            (status, Outcome(Status.ERROR, f"run {{}} ended in {status.value}: late", FailureKind.USER))
            for status in (Status.ERROR, Status.CANCELLED, Status.TERMINATED)
        ),
    ],
)
def test_only_a_nested_run_that_did_its_work_is_a_success_of_its_task(
    paths: ProjectPaths, status: Status, outcome: Outcome
) -> None:
    # GIVEN a nested run that ended so
    run = write_past(paths, Past("inner", status=status))
    summary = replace(judge_by(paths.run("inner", run)), reason="late")
    # THEN its task ends as it did, with its reason
    told = outcome_of_run(summary)
    assert told == replace(outcome, reason=outcome.reason.format(run))
    # AND a warning is never without words
    if status is Status.WARNING:
        assert outcome_of_run(replace(summary, reason="")).reason == f"run {run} ended in warning"


def test_a_task_gets_nothing_from_a_nested_run_that_is_not_there_or_cannot_be_read(paths: ProjectPaths) -> None:
    # GIVEN a task that sets a variable, and a nested run that never set it
    task = replace(TASK, sets=("day",))
    run = write_past(paths, Past("inner"))
    summary = judge_by(paths.run("inner", run))
    # THEN there is no value where there is no run, where it is broken, and where it has set none
    for found in (None, replace(summary, broken="no header"), summary):
        assert values_of_nested(task, lambda _, found=found: found) == ({}, [])  # type: ignore[misc]

    def refused(task: PlannedTask) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    # AND what cannot be read now is told, unless nothing is wanted of it
    values, wrong = values_of_nested(task, refused)
    assert values == {} and wrong == ["the variables that its run has set cannot be read: Input/output error"]
    assert values_of_nested(TASK, refused) == ({}, [])
