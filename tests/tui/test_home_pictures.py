"""Pictures of the list of orchestrations, its help and its palette. Update them with ``--snapshot-update`` and look."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
from orch_tui.model.status import Status
from orch_tui.project.project import Project
from orch_tui.tui.app import OrchApp
from orch_tui.tui.home.panes.sequence_pane import SequencePane
from textual.pilot import Pilot

from tests.support.clocks import stopped_at
from tests.tui.conftest import NOW, MakeRun
from tests.tui.driving import until

S, W, E, C = Status.SUCCESS, Status.WARNING, Status.ERROR, Status.CANCELLED
_ENDS = (S, S, S, E, S, S, W, S, S, S, S, E, E, S, S, S, S, C, S, S, S, S)


@pytest.fixture
def lived_in(project: Project, make_run: MakeRun) -> Project:
    """Runs of all kinds, and a schedule."""
    file = project.paths.orchestration("alpha")
    file.write_text(file.read_text() + '\n[[schedules]]\ncron = "30 5 * * 1-5"\n')
    for number, end in enumerate(_ENDS):
        make_run("alpha", end, seconds=30 + number * 7 % 90, at=NOW - 3600 * (len(_ENDS) - number))
    make_run("beta", Status.ERROR, seconds=4, at=NOW - 3 * 86400)
    make_run("beta", None, at=NOW - 86400)
    return project


async def _rest(pilot: Pilot[int]) -> None:
    """Runs, problems and the sequence are read after the first picture."""
    screen = pilot.app.screen_stack[0]
    pane = screen.query_one(SequencePane)
    await until(pilot, lambda: "beta" in screen.watcher.board.look.last)  # type: ignore[attr-defined]
    screen._rested_on("alpha")  # type: ignore[attr-defined]
    await until(pilot, lambda: not pane.display or (pane.picture is not None and bool(pane.picture.sequence.phases)))
    await pilot.pause()


@pytest.mark.parametrize("size", [(120, 40), (80, 24)], ids=str)
def test_home(lived_in: Project, snap_compare: Callable[..., bool], size: tuple[int, int]) -> None:
    app = OrchApp(lived_in, clock=stopped_at(NOW))
    assert snap_compare(app, terminal_size=size, run_before=_rest)


@pytest.mark.parametrize(
    ("keys", "size"),
    [(["question_mark"], (120, 40)), ([*":theme"], (80, 24))],
    ids=["help", "palette"],
)
def test_over_it(
    lived_in: Project, snap_compare: Callable[..., bool], keys: Sequence[str], size: tuple[int, int]
) -> None:
    async def press(pilot: Pilot[int]) -> None:
        await _rest(pilot)
        await pilot.press(*keys)

    assert snap_compare(OrchApp(lived_in, clock=stopped_at(NOW)), terminal_size=size, run_before=press)


def test_an_empty_project(empty_project: Project, snap_compare: Callable[..., bool]) -> None:
    assert snap_compare(OrchApp(empty_project, clock=stopped_at(NOW)), terminal_size=(80, 24))
