"""The screens show a run that goes on as old as it is, whatever the machine's clock shows."""

from __future__ import annotations

from pathlib import Path

import pytest
from orch_tui.model.events import events
from orch_tui.project.project import open_project
from orch_tui.tui.app import OrchApp
from orch_tui.tui.sequence.screen import SequenceScreen

from tests.support.projects import make_project
from tests.support.set_clock import T0, begun, live_run, machine
from tests.tui.driving import text_of, until


@pytest.mark.parametrize("set_by", [-3600.0, 3600.0], ids=["back", "forward"])
async def test_a_run_is_as_old_as_it_is_after_the_clock_was_set(tmp_path: Path, set_by: float) -> None:
    # GIVEN a run that began 75 s ago, and a clock that was set since
    project = open_project(make_project(tmp_path, {"daily": {"First": {"loading": "true"}}}))
    phase = project.orchestration("daily").phases[0].id
    app = OrchApp(project, clock=machine(after=75.0, set_by=set_by).clock)
    with live_run(project, "daily", events.phase_started(T0, phase), *begun("loading", T0)):
        async with app.run_test(size=(120, 40)) as pilot:
            # THEN the home screen says so
            await until(pilot, lambda: "0/1" in text_of(pilot) and "1:15" in text_of(pilot))
            # AND the workbench: the head, the task and that it is quiet, and the bar of the task
            app.open_workbench("daily")
            await until(pilot, lambda: getattr(app.screen, "run_shown", None) is not None)
            await until(pilot, lambda: "z quiet" in text_of(pilot))
            head = next(line for line in text_of(pilot).splitlines() if "0/1" in line)
            assert "1:15" in head
            await pilot.press("j")
            assert "quiet for 1:15" in text_of(pilot)
            # AND its picture
            await pilot.press("P")
            await until(pilot, lambda: isinstance(app.screen, SequenceScreen) and "1:15" in text_of(pilot))
