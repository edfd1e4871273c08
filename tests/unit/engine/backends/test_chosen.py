"""Which backend carries what."""

from __future__ import annotations

import pytest
from orch_tui.engine.backends.chosen import BackendMissing, Backends
from orch_tui.model.orchestration.orchestration import TaskOptions
from orch_tui.model.run.attempt_state import AttemptState
from orch_tui.model.run.plan import Decision, PlannedTask
from orch_tui.project.definitions.backends import BackendSettings
from orch_tui.project.definitions.settings import ProjectSettings

SETTINGS = ProjectSettings("p", runs_on="cluster", backends={"cluster": BackendSettings("cluster", "slurm")})


def task(configuration: str, runs_on: str | None = None) -> PlannedTask:
    return PlannedTask("t", configuration, "T", "p", Decision.RUN, options=TaskOptions(runs_on=runs_on))


def test_the_task_says_it_or_the_project_and_what_stays_here_stays_here() -> None:
    backends = Backends(SETTINGS)
    cluster = backends.of_task(task("command/a"))
    assert cluster.key == "cluster" and backends.of_task(task("command/b")) is cluster
    assert backends.of_task(task("command/a", "local")).key == ""
    for configuration in ("orchestration/inner", "approval/ask"):
        assert backends.of_task(task(configuration)).key == ""
        assert backends.of_task(task(configuration, "cluster")).key == ""


def test_an_attempt_goes_to_the_backend_that_its_journal_names() -> None:
    backends = Backends(SETTINGS)
    assert backends.of_attempt(AttemptState(1, 0.0, backend="cluster")).key == "cluster"
    assert backends.of_attempt(AttemptState(1, 0.0)).key == ""
    with pytest.raises(BackendMissing, match='no backend "gone" in orch'):
        backends.of_attempt(AttemptState(1, 0.0, backend="gone"))
