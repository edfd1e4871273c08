"""Pictures of the sequence, with all states. Update them with ``--snapshot-update`` and look."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from orch_tui.model.status import Status
from orch_tui.runs.sequence.values import Sequence, SequencePhase, SequenceTask
from orch_tui.tui.app import OrchApp
from orch_tui.tui.sequence.screen import SequenceScreen
from textual.pilot import Pilot

from tests.tui.seed import sample_project

_NAMES = (
    "Campaigns",
    "Email recipient index",
    "Paid campaign performance",
    "Paid campaign recipients",
    "New recipients",
)


def _phase(number: int, name: str, *states: Status) -> SequencePhase:
    tasks = tuple(
        SequenceTask(f"{number}-{at}", _NAMES[at % len(_NAMES)], state, 1.5 * at + number, state is Status.WAITING)
        for at, state in enumerate(states)
    )
    return SequencePhase(f"p{number}", name, tasks, states[0], at_once=3)


def every_state() -> Sequence:
    phases = (
        _phase(1, "Extractor phase", Status.SUCCESS, Status.WARNING, Status.SUCCESS, Status.SKIPPED),
        _phase(2, "Transformation phase", Status.ERROR, Status.SUCCESS, Status.TERMINATED),
        _phase(3, "Second Transformation Phase", Status.PROCESSING, Status.WAITING, Status.TERMINATING),
        _phase(4, "Writer phase", Status.CREATED, Status.CANCELLED),
    )
    return Sequence("Campaigns to Mailchimp", phases, timed=True)


@pytest.mark.parametrize("size", [(140, 24), (80, 40)], ids=["wide", "narrow"])
def test_sequence(tmp_path: Path, snap_compare: Callable[..., bool], size: tuple[int, int]) -> None:
    async def nothing_new() -> None:
        return None

    async def show(pilot: Pilot[object]) -> None:
        await pilot.app.push_screen(SequenceScreen(every_state(), nothing_new, cursor="2-0"))
        await pilot.pause()

    assert snap_compare(OrchApp(sample_project(tmp_path)), terminal_size=size, run_before=show)
