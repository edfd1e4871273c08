"""With settings that cannot be read nothing runs: tables would go elsewhere, and more would run at once."""

from __future__ import annotations

from pathlib import Path

import pytest
from orch_tui.engine.requests.requests import CancelRequest
from orch_tui.engine.runs.start import RunRefused, RunRequest, plan_run, start_run
from orch_tui.engine.runs.takeover import take_over
from orch_tui.model.run.runstate import RunHeader
from orch_tui.model.status import Status
from orch_tui.project.journal.file import Journal
from orch_tui.project.paths import make_private
from orch_tui.project.project import Project
from orch_tui.runs.live.control import CannotRun, RunControl

from tests.support.engine_kit import make_commands

GOOD = 'name = "Test"\n[pools]\ndb = 1\n'


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """As the screen has it, which opens what is damaged too."""
    make_commands(tmp_path, {"p": {"t": "true"}})
    (tmp_path / "orch.toml").write_text(GOOD)
    return Project(tmp_path, tolerant=True)


@pytest.mark.parametrize("damage", ["[pools\n", "max_parallel = -1\n"], ids=["no TOML", "a wrong value"])
def test_no_run_is_planned_or_started(project: Project, damage: str) -> None:
    plan = plan_run(project, RunRequest("o"))
    # WHEN the file is damaged
    (project.root / "orch.toml").write_text(damage + GOOD)
    project.reload()
    # THEN neither is anything planned, nor started that was planned before
    with pytest.raises(RunRefused, match=r"orch\.toml"):
        plan_run(project, RunRequest("o"))
    with pytest.raises(CannotRun, match=r"orch\.toml"):
        RunControl(project).plan(RunRequest("o"))
    with pytest.raises(RunRefused, match=r"orch\.toml"):
        start_run(project, plan, by="me")
    assert not project.paths.runs("o").exists()
    # WHEN it is mended THEN all is as before
    (project.root / "orch.toml").write_text(GOOD)
    project.reload()
    run = start_run(project, plan_run(project, RunRequest("o")), by="me")
    assert run.wait(60) is Status.SUCCESS


def test_a_run_is_not_left_to_a_successor_that_could_not_read_the_project(project: Project) -> None:
    # GIVEN a run of this process, and damaged settings
    gate = project.root / "gate"
    (project.root / "configurations" / "command" / "t.toml").write_text(
        f"[parameters]\ncommand = 'until [ -e {gate} ]; do sleep 0.02; done'\n"
    )
    project.reload()
    control = RunControl(project)
    run = control.start(control.plan(RunRequest("o")))
    try:
        (project.root / "orch.toml").write_text("[pools\n")
        # WHEN the person leaves THEN that is said, and the run has its executor on
        (complaint,) = control.leave_running()
        assert "could not be left to a successor: orch.toml" in complaint and run.alive
    finally:
        gate.touch()
    assert run.wait(60) is Status.SUCCESS


def test_what_was_interrupted_is_only_stopped(project: Project) -> None:
    # GIVEN a run that nobody executes, and damaged settings
    plan = plan_run(project, RunRequest("o"))
    directory = project.paths.run("o", "20261122T000000000Z-1")
    make_private(directory)
    Journal.create(directory, RunHeader(directory.name, "o", "O", 1_795_930_200.0, "me"), plan).close()
    (project.root / "orch.toml").write_text("[pools\n")
    project.reload()
    # THEN nobody goes on with it, AND it can be stopped
    with pytest.raises(RunRefused, match=r"cannot be taken over now: orch\.toml"):
        take_over(project, directory, by="me")
    assert take_over(project, directory, by="me", cancel=CancelRequest("me")).wait(60) is Status.CANCELLED
