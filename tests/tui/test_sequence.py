"""The sequence pane: the plan with the durations of earlier runs."""

from __future__ import annotations

from pathlib import Path

from orch_tui.model.status import Status
from orch_tui.project.project import Project
from orch_tui.runs import estimates
from orch_tui.runs.estimates import task_medians
from orch_tui.tui.timeline import Timeline, plan_timeline
from orch_tui.tui.widgets.sequence import SequenceView
from orch_tui.tui.workbench_model import Workbench
from pytest import MonkeyPatch
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


def test_medians_come_from_successful_tries_and_bad_journals_tell_nothing(
    tmp_path: Path, monkeypatch: MonkeyPatch
) -> None:
    # GIVEN three runs, one of which has a broken journal
    project = sample_project(tmp_path)
    states = {"r1": {"a": (2.0, Status.SUCCESS), "b": (9.0, Status.ERROR)}, "r2": {"a": (4.0, Status.SUCCESS)}}

    class Attempt:
        def __init__(self, seconds: float, status: Status) -> None:
            self.seconds, self.status = seconds, status

    class Task:
        def __init__(self, name: str, seconds: float, status: Status) -> None:
            self.id, self.attempt = name, Attempt(seconds, status)

    class State:
        def __init__(self, tasks: dict[str, tuple[float, Status]]) -> None:
            self.tasks = {name: Task(name, *values) for name, values in tasks.items()}

    def read(directory: Path) -> State:
        if directory.name not in states:
            raise estimates.BrokenJournal("torn")
        return State(states[directory.name])

    for run in ("r1", "r2", "r3"):
        directory = project.paths.run("campaigns", run)
        directory.mkdir(parents=True)
        (directory / estimates.JOURNAL).write_text("")
    monkeypatch.setattr(estimates, "read_run", read)
    # WHEN the medians are taken THEN failures and broken journals do not count
    assert task_medians(project.paths, "campaigns") == {"a": 3.0}
