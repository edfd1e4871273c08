"""Which backend carries what."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from orch_tui.engine.backends.chosen import BackendMissing, Backends
from orch_tui.model.orchestration.orchestration import TaskOptions
from orch_tui.model.run.attempt_state import AttemptState
from orch_tui.model.run.plan import Decision, PlannedTask
from orch_tui.project.definitions.backends import BackendSettings
from orch_tui.project.definitions.settings import ProjectSettings, decode_settings
from orch_tui.project.toml.decode import Place

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


def test_a_package_brings_another_kind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # GIVEN a package with a backend, as pip would lay it, and one that cannot be imported
    (tmp_path / "orch_pbs.py").write_text(
        "class Pbs:\n    def __init__(self, settings):\n        self.key = settings.name\n"
    )
    metadata = tmp_path / "orch_pbs-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: orch-pbs\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text("[orch_tui.backends]\npbs = orch_pbs:Pbs\nworse = orch_none:Pbs\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    # WHEN a project names them THEN the one is made with its settings, and of the other it is said why it is not
    text = '[backends.queue]\nkind = "pbs"\nanything = 3\n[backends.bad]\nkind = "worse"\n'
    place = Place("orch.toml", text)
    settings = decode_settings(tomllib.loads(text), place, "x")
    assert not place.problems and settings.backends["queue"].values["anything"] == 3
    backends = Backends(settings)
    assert backends.of_task(task("command/a", "queue")).key == "queue"
    with pytest.raises(BackendMissing, match=r'the backend "bad" \(orch_none:Pbs\) cannot be made: ModuleNotFound'):
        backends.of_task(task("command/a", "bad"))
