"""The list of orchestrations as a dashboard: what runs, what failed, what comes next, and what can be done about it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from orch_tui.engine.runs.start import RunRequest
from orch_tui.model.status import Status
from orch_tui.project.project import Project, open_project
from orch_tui.runs.live.control import RunControl
from orch_tui.tui.app import OrchApp
from orch_tui.tui.dialogs.confirm import Confirm
from orch_tui.tui.dialogs.pick import Pick
from orch_tui.tui.home.screen import HomeScreen
from orch_tui.tui.log.viewer import LogViewerScreen
from textual.pilot import Pilot

from tests.support.clocks import stopped_at
from tests.tui import driving
from tests.tui.conftest import NOW, MakeRun, write_files
from tests.tui.driving import rows_of, text_of

_SECONDS = 60.0


def home(pilot: Pilot[int]) -> HomeScreen:
    screen = pilot.app.screen_stack[0]
    assert isinstance(screen, HomeScreen)
    return screen


def row(pilot: Pilot[int], index: int = 0) -> str:
    return rows_of(home(pilot).table)[index]


async def until(pilot: Pilot[int], true: Callable[[], object], what: str) -> None:
    """Look at the runs until something is so."""

    def looked_at() -> object:
        found = true()
        if not found:
            home(pilot).look_at_runs()
        return found

    await driving.until(pilot, looked_at, what)


async def looked(pilot: Pilot[int]) -> None:
    """What is read after the first picture was read, by one after the other."""
    await pilot.pause()
    while any(not worker.is_finished for worker in pilot.app.workers):
        await pilot.app.workers.wait_for_complete()
        await pilot.pause()


@pytest.fixture
def running(tmp_path: Path) -> Project:
    """``later`` never ran; ``work`` waits for a file ``gate`` and then ends well."""
    gate = 'echo waits; until [ -e "$ORCH_PROJECT/gate" ]; do sleep 0.05; done'
    return open_project(
        write_files(
            tmp_path / "project",
            {
                "orch.toml": 'name = "P"\n',
                "configurations/command/quick.toml": 'name = "Quick"\n[parameters]\ncommand = "true"\n',
                "configurations/command/gated.toml": f"name = 'Gated'\n[parameters]\ncommand = '''{gate}'''\n",
                "orchestrations/later.toml": (
                    'name = "Later"\n[[schedules]]\ncron = "30 5 * * *"\n[[phases]]\nname = "A"\n'
                    '[[phases.tasks]]\nconfiguration = "command/quick"\n'
                ),
                "orchestrations/work.toml": (
                    'name = "Work"\n[[phases]]\nname = "A"\n[[phases.tasks]]\nconfiguration = "command/quick"\n'
                    '[[phases.tasks]]\nconfiguration = "command/gated"\n'
                ),
            },
        )
    )


async def test_a_run_is_started_watched_and_ends_on_the_home_screen(running: Project) -> None:
    app = OrchApp(running)
    async with app.run_test(size=(120, 40)) as pilot:
        await looked(pilot)
        # WHEN one is run with a key
        await pilot.press("j", "R")
        await until(pilot, lambda: isinstance(app.screen, Confirm), "the question")
        assert "2 will run." in text_of(pilot) and "1 A: Quick, Gated" in text_of(pilot)
        await pilot.press("enter")
        # THEN its row says how far it is, and the agenda and the details too
        await until(pilot, lambda: "1/2" in row(pilot, 1), "the progress")
        assert "● processing" in row(pilot, 1) and "━" in row(pilot, 1)
        agenda = rows_of(home(pilot).agenda)
        assert "● Work" in agenda[0] and "1/2" in agenda[0] and "◷ Later" in agenda[1] and "05:30" in agenda[1]
        assert "Runs now: Gated" in text_of(pilot)
        # AND THEN how it ended
        (running.root / "gate").touch()
        await until(pilot, lambda: "✔ success" in row(pilot, 1), "the end")
        assert "Work" not in "".join(rows_of(home(pilot).agenda))


async def test_a_run_is_stopped_on_the_home_screen(running: Project) -> None:
    app = OrchApp(running)
    async with app.run_test(size=(120, 40)) as pilot:
        await looked(pilot)
        assert home(pilot).check_action("do", ("home.stop",)) is False
        await pilot.press("j", "R")
        await until(pilot, lambda: isinstance(app.screen, Confirm), "the question")
        await pilot.press("enter")
        await until(pilot, lambda: "1/2" in row(pilot, 1), "the progress")
        # WHEN its log is opened: of two tasks, one is picked, what goes on first
        await pilot.press("L")
        await until(pilot, lambda: isinstance(app.screen, Pick), "the tasks")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, LogViewerScreen), "the log")
        assert "Gated · Command" in text_of(pilot)
        await pilot.press("escape")
        # AND WHEN it is stopped
        await pilot.press("X")
        await until(pilot, lambda: isinstance(app.screen, Confirm), "the question")
        await pilot.press("n")
        # THEN it ends, and that is no failure to look at
        await until(pilot, lambda: "■ terminated" in row(pilot, 1), "the end")
        assert not home(pilot).watcher.board.look.new_failures()


async def test_the_cursor_starts_on_what_runs(running: Project) -> None:
    # GIVEN a run that goes on in the second row
    control = RunControl(running)
    active = control.start(control.plan(RunRequest("work")))
    try:
        app = OrchApp(running)
        async with app.run_test(size=(80, 24)) as pilot:
            await until(pilot, lambda: "1/2" in row(pilot, 1), "the progress")
            # THEN the cursor is there, and what has no pane of its own here is in the title
            assert home(pilot).table.chosen == "work"
            assert "● 1 now  next" in text_of(pilot).splitlines()[0]
    finally:
        (running.root / "gate").touch()
        active.wait(_SECONDS)


async def test_failures_stand_out_until_they_were_looked_at(project: Project, make_run: MakeRun) -> None:
    # GIVEN one that succeeded, and one that failed
    make_run("alpha", Status.SUCCESS)
    make_run("beta", Status.ERROR)
    app = OrchApp(project, clock=stopped_at(NOW))
    async with app.run_test(size=(120, 40)) as pilot:
        await looked(pilot)
        assert row(pilot, 1).startswith(" ! Beta") and not row(pilot, 0).startswith(" !")
        assert "✘ Beta" in rows_of(home(pilot).agenda)[0]
        # WHEN one goes to it, opens it and comes back
        await pilot.press("exclamation_mark")
        assert home(pilot).table.chosen == "beta"
        await pilot.press("enter")
        await looked(pilot)
        assert app.screen is not home(pilot)
        await pilot.press("escape")
        await looked(pilot)
        # THEN it is no news any more
        assert app.screen is home(pilot) and not row(pilot, 1).startswith(" !")
    # AND THEN not in another screen either, until it fails again
    make_run("beta", Status.ERROR)
    other = OrchApp(project, clock=stopped_at(NOW))
    async with other.run_test(size=(120, 40)) as pilot:
        await looked(pilot)
        assert row(pilot, 1).startswith(" ! Beta")
        assert [run.id for run in home(pilot).watcher.board.look.new_failures()] == ["20261122-000003"]


async def test_the_agenda_leads_to_its_orchestrations(project: Project, make_run: MakeRun) -> None:
    make_run("beta", Status.ERROR)
    app = OrchApp(project, clock=stopped_at(NOW))
    async with app.run_test(size=(120, 40)) as pilot:
        await looked(pilot)
        # WHEN a line of it is opened
        home(pilot).agenda.focus()
        await pilot.pause()
        await pilot.press("enter")
        await looked(pilot)
        # THEN its workbench is there
        assert app.screen is not home(pilot) and home(pilot).table.chosen == "beta"
