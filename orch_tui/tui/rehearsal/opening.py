"""Opens a rehearsal: of an orchestration as it is edited, or of a recorded run by the rules of today."""

from __future__ import annotations

import asyncio
from pathlib import Path

from orch_tui.engine.attempts.task_facts import UnresolvedVariables
from orch_tui.engine.runs.start import RunRequest
from orch_tui.model.errors import OrchError
from orch_tui.model.orchestration.orchestration import Orchestration, Variable
from orch_tui.project.history import clock_of
from orch_tui.project.project import Project
from orch_tui.runs.planning.missing_values import missing_values
from orch_tui.runs.planning.rehearsing import Flow, replay_request
from orch_tui.tui.rehearsal.model import Assuming
from orch_tui.tui.rehearsal.screen import RehearsalScreen


class CannotRehearse(OrchError):
    """One sentence says why there is nothing to walk."""


def missing_variables(project: Project, value: Orchestration) -> list[Variable]:
    """Declared variables that have to be given before anything can be walked."""
    try:
        Flow.read(project, RunRequest(value.id), value=value)
    except UnresolvedVariables as error:
        return missing_values(error, project, value)
    except OrchError:
        # The walk itself says what is wrong.
        return []
    return []


async def rehearsal_of(project: Project, value: Orchestration, given: dict[str, str]) -> RehearsalScreen:
    """Raises: CannotRehearse."""
    try:
        flow = Flow.read(project, RunRequest(value.id, variables=given), value=value)
        return RehearsalScreen(await asyncio.to_thread(Assuming, flow), value.name, in_tree=True)
    except (OrchError, OSError) as error:
        raise CannotRehearse(str(error)) from error


async def replay_of(
    project: Project, directory: Path, value: Orchestration | None = None, *, in_tree: bool = False
) -> RehearsalScreen:
    """``value`` is the orchestration as it is edited. Raises: CannotRehearse."""
    try:
        flow = Flow.read(project, replay_request(project, directory), directory, value)
        title = f"{flow.plan.name}, as the run of {clock_of(directory.name, None)} went"
        return RehearsalScreen(await asyncio.to_thread(Assuming, flow), title, in_tree=in_tree)
    except (OrchError, OSError) as error:
        raise CannotRehearse(str(error)) from error
