"""Opens the sequence of an orchestration that is not open itself: its plan, or its run while one goes on."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from orch_tui.project.project import DefinitionError
from orch_tui.runs.planning.estimates import read_estimates
from orch_tui.runs.sequence.read import read_sequence
from orch_tui.runs.sequence.values import Sequence
from orch_tui.tui.sequence.screen import SequenceScreen
from orch_tui.tui.sequence.sources import RunSequence

if TYPE_CHECKING:
    from orch_tui.tui.application import Application


async def planned_sequence(app: Application, orchestration_id: str) -> Sequence:
    """What a run would follow, with durations from earlier ones. Raises: DefinitionError."""
    value = app.project.orchestration(orchestration_id)
    estimates = await asyncio.to_thread(read_estimates, app.project.paths, orchestration_id)
    return read_sequence(app.project, value, estimates)


async def open_sequence(app: Application, orchestration_id: str) -> None:
    """For a worker. A task or phase that is chosen there is gone to in the workbench."""
    source = RunSequence(app.project.paths, orchestration_id, app.clock)
    try:
        sequence = await source.look() or await planned_sequence(app, orchestration_id)
    except DefinitionError as error:
        problem = error.problems[0]
        app.say(f"{problem.place}: {problem.message}; {problem.remedy}", "error")
        return
    chosen = await app.push_screen_wait(SequenceScreen(sequence, source.look))
    if chosen is not None:
        app.open_workbench(orchestration_id, focus=chosen)
