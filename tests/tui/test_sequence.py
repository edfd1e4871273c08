"""The sequence pane: the plan with the durations of earlier runs."""

from __future__ import annotations

from pathlib import Path

from orch_tui.project.project import Project
from orch_tui.tui.workbench.model import Workbench
from orch_tui.tui.workbench.timeline import Timeline, plan_timeline
from orch_tui.tui.workbench.widgets.sequence import SequenceView
from textual.app import App, ComposeResult

from tests.tui.driving import rows_of
from tests.tui.seed import sample_project

SECONDS = {"campaigns": 4.0, "email-recipient-index": 8.0, "campaign-performance": 4.0, "campaign-recipient": 4.0}


class OneSequence(App[None]):
    def __init__(self, view: SequenceView) -> None:
        super().__init__()
        self.view = view

    def compose(self) -> ComposeResult:
        yield self.view


def planned(project: Project, seconds: dict[str, float]) -> Timeline:
    return plan_timeline(Workbench.open(project, "campaigns").value, seconds, 10)


async def test_phases_are_columns_and_tasks_are_bars(tmp_path: Path) -> None:
    # GIVEN four of five tasks with known durations
    project = sample_project(tmp_path)
    view = SequenceView(lambda ref: ref.partition("/")[2])
    view.ascii_only = False
    async with OneSequence(view).run_test(size=(51, 10)) as pilot:
        view.show(planned(project, SECONDS))
        await pilot.pause()
        # THEN the picture shows when each runs, and the unknown one differently
        assert [row.rstrip() for row in rows_of(view)] == [
            "                      1          2     3    4",
            " campaigns            █████▋     ┊     ┊    ┊",
            " email-recipient-ind… ███████████▎     ┊    ┊",
            " campaign-performance            █████▊┊    ┊",
            " campaign-recipient              ┊     █████▍",
            " new-recipients                  ┊     ┊    ░░░░░░",
        ]
        assert view.summary == "≈ 20 s, 1 task guessed"
        assert view.task_at(2) == "email-recipient-index"
        # WHEN the terminal cannot show blocks THEN the twin says the same
        view.ascii_only = True
        assert "#" in rows_of(view)[1]
        assert ":" in rows_of(view)[5]


async def test_without_earlier_runs_it_says_so(tmp_path: Path) -> None:
    # GIVEN no run
    view = SequenceView(str)
    async with OneSequence(view).run_test(size=(50, 10)):
        assert view.summary == ""
        view.show(planned(sample_project(tmp_path), {}))
        assert view.summary == "durations not known yet"
