"""What is assumed of tasks, as people write it: each fact becomes a part of an outcome, or a sentence says why not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from orch_tui.engine.trials.assumptions import AssumptionFault, assume
from orch_tui.engine.trials.rehearsal import Outcome
from orch_tui.model.run.plan import Decision, PlannedPhase, PlannedTask, RunPlan
from orch_tui.model.status import Status


def _task(name: str, decision: Decision = Decision.RUN, sets: tuple[str, ...] = ()) -> PlannedTask:
    return PlannedTask(name, f"command/{name}", name, "p", decision, sets=sets)


PLAN = RunPlan(
    "o",
    "O",
    (
        PlannedPhase(
            "p",
            "P",
            (
                _task("load", sets=("day",)),
                _task("load.all", sets=("day",)),
                _task("off", Decision.SKIPPED, sets=("day",)),
            ),
            1,
        ),
    ),
)
EMPTY: Mapping[str, Any] = {"rows": None, "tables": {}, "files": None, "metrics": {}}


def _results(**more: Any) -> Outcome:
    return Outcome(results={**EMPTY, **more})


@pytest.mark.parametrize(
    ("text", "task", "outcome"),
    [
        ("task.load.rows=0", "load", _results(rows=0)),
        ("task.load.files = 3", "load", _results(files=3)),
        (f"task.load.rows={2**62 - 1}", "load", _results(rows=2**62 - 1)),
        ("task.load.all.rows=2", "load.all", _results(rows=2)),
        ('task["load.all"].rows=2', "load.all", _results(rows=2)),
        ('task.load.tables["m/a.b"]=4', "load", _results(tables={"m/a.b": 4})),
        ("task.load.metrics.late=true", "load", _results(metrics={"late": True})),
        ("task.load.metrics.who=ann", "load", _results(metrics={"who": "ann"})),
        ("task.load.seconds=0", "load", Outcome(seconds=0.0)),
        ("task.load.seconds=2.5", "load", Outcome(seconds=2.5)),
        ("task.load.attempts=1000", "load", Outcome(attempts=1000)),
        ("task.load.exit_code=3", "load", Outcome(exit_code=3)),
        ("task.load.error=no such table", "load", Outcome(error="no such table")),
        ("task.load.status=success", "load", Outcome(exit_code=0)),
        ("task.load.status=error", "load", Outcome(Status.ERROR, exit_code=1, error="it is assumed to fail")),
        ("task.load.status=warning", "load", Outcome(Status.WARNING, error="assumed: warning")),
        ("vars.day=x", "load.all", Outcome(values={"day": "x"})),
    ],
)
def test_what_can_be_assumed(text: str, task: str, outcome: Outcome) -> None:
    assert assume(PLAN, [text], {}) == {task: outcome}


def test_assumptions_come_one_upon_another_and_upon_what_was() -> None:
    # GIVEN the outcome of a run that is replayed
    before: Mapping[str, Outcome] = {"load": replace(_results(rows=1), ended=7.0)}
    # WHEN something is assumed of it THEN the rest stays as it was, but for when it ended if that takes another time
    told = assume(PLAN, ["task.load.tables.t=2", "task.load.tables.u=3"], before)
    assert told["load"] == replace(_results(rows=1, tables={"t": 2, "u": 3}), ended=7.0)
    assert assume(PLAN, ["task.load.seconds=3"], before)["load"].ended is None
    assert before["load"].results["tables"] == {}


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("task.load.rows", "assumes nothing: write it as task.load.rows=0"),
        ("task.lod.rows=1", 'there is no task "lod"'),
        ("task.load.colour=1", 'a task has no "colour"'),
        ("task.load.rows=true", "rows is a whole number from 0 on, not true"),
        ("task.load.rows=-1", "rows is a whole number from 0 on, not -1"),
        (f"task.load.rows={2**62}", "rows is a whole number from 0 on"),
        ("task.load.rows=1.0", "rows is a whole number from 0 on, not 1.0"),
        ("task.load.rows.a=1", "is to be written as task.ID.rows=VALUE"),
        ("task.load.tables=1", "is to be written as task.ID.tables.NAME=VALUE"),
        ("task.load.metrics.a=[1]", "the metric a is a number, a text or a flag"),
        (f"task.load.metrics.{'m' * 80}=[1]", f"the metric {'m' * 80} is a number, a text or a flag"),
        ("task.load.seconds=true", "seconds is a number from 0 on, not true"),
        ("task.load.seconds=1000000000", "seconds is a number from 0 on"),
        ("task.load.attempts=0", "attempts is a number from 1 to 1000"),
        ("task.load.attempts=1001", "attempts is a number from 1 to 1000"),
        ("task.load.status=waiting", 'a task does not end as "waiting"'),
        ("vars.night=1", 'no task says that it sets "night"'),
        ("phase.p.status=error", "cannot be assumed; task.ID.status"),
    ],
)
def test_what_cannot_be_assumed_is_told(text: str, sentence: str) -> None:
    with pytest.raises(AssumptionFault) as fault:
        assume(PLAN, [text], {})
    assert sentence in fault.value.sentence
