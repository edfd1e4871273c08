"""What is run again of a run that succeeded: what ran in it, and nothing that published nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from orch_tui.engine.runs.as_it_ran import AsItRan, plan_as_it_ran
from orch_tui.engine.runs.start import RunRequest, plan_run, start_run
from orch_tui.model.run.plan import RunPlan
from orch_tui.model.status import Status
from orch_tui.project.history import RunSummary, summarize
from orch_tui.project.project import Project
from orch_tui.runs.past.rerun import plan_reruns

from tests.support.engine_kit import make_commands


@pytest.fixture
def project(tmp_path: Path) -> Project:
    array = {"command": "true", "each": '"none/*.csv"', "allow_empty": "true"}
    return make_commands(tmp_path, {"p": {"a": "true", "empty": array}})


def ran(project: Project, plan: RunPlan) -> RunSummary:
    run = start_run(project, plan, by="me")
    assert run.wait(60) is Status.SUCCESS
    return summarize(run.directory)


def test_of_an_array_that_had_nothing_to_do_not_all_is_run(project: Project) -> None:
    # GIVEN a run of an array alone, for which no file was there
    run = ran(project, plan_run(project, RunRequest("o", only=("empty",))))
    # WHEN it is to be run again THEN that is, and not the orchestration
    (planned,) = plan_reruns(project, [run])
    assert planned.request is not None and planned.request.only == ["empty"] and "1 will run" in planned.words


def test_a_shadow_run_is_not_run_again_in_earnest(project: Project) -> None:
    run = ran(project, plan_run(project, RunRequest("o")))
    shadow = ran(project, plan_as_it_ran(project, AsItRan("o", run.id, shadow=True)))
    # WHEN both are to be run again THEN the run is, and its shadow is told how
    first, second = plan_reruns(project, [run, shadow])
    assert first.request is not None and second.request is None
    assert f"orch-tui run o --as-it-ran {run.id} --shadow" in second.refused
