"""Runs whose tasks wait for what a task of another run has: a slot, memory."""

from __future__ import annotations

from orch_tui.engine.runs.start import ActiveRun, RunRequest, plan_run, start_run
from orch_tui.project.journal.file import read_run
from orch_tui.project.project import Project

from tests.support.engine_kit import until

GATE = "touch began-$ORCH_TASK_ID; until test -e go-$ORCH_TASK_ID; do sleep 0.02; done"
"""A command that says in the project's directory that it has begun, and goes on when it is told to there."""


def begin_holding(project: Project, orchestration: str, task: str) -> ActiveRun:
    """A run of the orchestration whose task, which has :data:`GATE` for a command, has begun."""
    run = _begin(project, orchestration)
    until(lambda: (project.root / f"began-{task}").exists())
    return run


def begin_waiting(project: Project, orchestration: str, task: str) -> ActiveRun:
    """A run of the orchestration whose task waits and says for what."""
    run = _begin(project, orchestration)
    until(lambda: read_run(run.directory).tasks[task].because is not None)
    return run


def _begin(project: Project, orchestration: str) -> ActiveRun:
    return start_run(project, plan_run(project, RunRequest(orchestration)), by="test")
