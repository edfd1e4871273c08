"""The way of a rehearsal as the picture of the sequence."""

from __future__ import annotations

from pathlib import Path

from orch_tui.engine.trials.rehearsal import Rehearsal
from orch_tui.runs.live.view import RunModel
from orch_tui.runs.sequence.values import Sequence, sequence_of_run
from orch_tui.tui.sequence.screen import SequenceScreen


def picture_of(rehearsal: Rehearsal) -> SequenceScreen:
    """It is dismissed with the task or phase that was chosen."""
    return SequenceScreen(way_of(rehearsal), _nothing_new)


def way_of(rehearsal: Rehearsal) -> Sequence:
    """The picture itself."""
    model = RunModel(Path(), rehearsal.state, live=False)
    return sequence_of_run(model, model.now())


async def _nothing_new() -> None:
    """A rehearsal stands still while its picture is looked at."""
