"""Saving an orchestration's own fields, those besides its phases, and taking that back."""

from __future__ import annotations

from dataclasses import replace

from orch_tui.model.orchestration.orchestration import Orchestration
from orch_tui.project.files.source import SourceText
from orch_tui.project.project import Project

_OWN = ("name", "description", "max_parallel", "defaults", "variables", "schedules", "triggers", "alerts")


def read_again(project: Project, orchestration_id: str) -> tuple[Orchestration, SourceText]:
    """It as its file is now, and the file. Raises: DefinitionError."""
    path = project.paths.orchestration(orchestration_id)
    project.forget(path)
    return project.orchestration(orchestration_id), project.source(path)


def save_over(project: Project, value: Orchestration, base: SourceText) -> Orchestration:
    """Save over the file that was read as ``base``; what it was before. Raises: DefinitionError, ChangedOnDisk,
    SaveError."""
    # Saving needs more than showing does.
    from orch_tui.project.saving.writer import save_orchestration

    before = project.orchestration(value.id)
    save_orchestration(project, value, base)
    return before


def put_back(project: Project, before: Orchestration, after: Orchestration) -> None:
    """What the edit from ``before`` to ``after`` changed is as it was, in the file as it is now; what was edited
    elsewhere since then stays. Raises: as :func:`save_over`."""
    now, base = read_again(project, after.id)
    earlier = {name: getattr(before, name) for name in _OWN if getattr(before, name) != getattr(after, name)}
    save_over(project, replace(now, **earlier), base)
