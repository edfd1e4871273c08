"""A run whose executor was stopped, in front of whoever has the screen open."""

from __future__ import annotations

import asyncio
import faulthandler
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from orch_tui.project.project import Project, open_project
from orch_tui.tui import announcer
from orch_tui.tui.app import OrchApp
from orch_tui.tui.dialogs.confirm import Confirm
from orch_tui.tui.home.screen import HomeScreen
from textual.pilot import Pilot

from tests.support.projects import make_project, start, wait_for_file
from tests.tui.driving import said, text_of, until

_GATE = 'touch "$ORCH_PROJECT/started"; until [ -e "$ORCH_PROJECT/gate" ]; do sleep 0.05; done'


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return open_project(make_project(tmp_path, {"daily": {"First": {"a": _GATE}, "Second": {"b": "true"}}}))


@pytest.fixture
def executor(project: Project) -> Iterator[subprocess.Popen[str]]:
    """A process that executes a run whose first task waits for a file."""
    process = start(project.root, "run", "daily")
    wait_for_file(project.root / "started", process)
    yield process
    process.send_signal(signal.SIGCONT)
    (project.root / "gate").touch()
    process.communicate(timeout=60)


async def _until(pilot: Pilot[int], text: str, *, there: bool = True) -> None:
    def seen() -> bool:
        if isinstance(pilot.app.screen, HomeScreen):
            pilot.app.screen.look_at_runs()
        return (text in text_of(pilot)) is there

    await until(pilot, seen, f"the {'text' if there else 'end of'} {text!r}")


async def _until_title(pilot: Pilot[int], titles: list[str], beginning: str) -> None:
    try:
        await until(pilot, lambda: titles[-1].startswith(beginning), f"the title {beginning!r}")
    except AssertionError:
        # Which thread or task does not come to its end says why the title never came.
        print("titles:", titles)
        for task in asyncio.all_tasks():
            task.print_stack(file=sys.stdout)
        faulthandler.dump_traceback(sys.__stderr__ or sys.stderr)
        raise


async def test_it_is_said_where_one_looks_and_where_one_asks_until_it_goes_on(
    project: Project, executor: subprocess.Popen[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    titles: list[str] = []
    monkeypatch.setattr(announcer, "_LOOK_SECONDS", 0.05)
    monkeypatch.setattr(OrchApp, "_write_title", lambda _, title: titles.append(title))
    app, remedy = OrchApp(project), f"kill -CONT {executor.pid}"
    async with app.run_test(size=(120, 40)) as pilot:
        await _until(pilot, "0/2")
        assert remedy not in text_of(pilot)
        # WHEN the process is stopped
        executor.send_signal(signal.SIGSTOP)
        # THEN the list says so, and what to do stands with the run and in the agenda; the title says it too
        await _until(pilot, "! stopped")
        assert "nothing new starts" in text_of(pilot) and f"! Daily  {remedy}" in text_of(pilot)
        await _until_title(pilot, titles, "! Daily stopped")
        # AND WHEN it is to be stopped there THEN that is answered with it
        await pilot.press("X")
        await pilot.pause()
        await pilot.press("r")
        await pilot.app.workers.wait_for_complete()
        assert "Asked, but the process that executes it" in said(pilot)
        # AND so it is in the workbench, in the head and among the reasons
        await pilot.press("enter")
        await _until(pilot, "! stopped")
        await _until(pilot, f"{remedy} lets it go on")
        app.clear_notifications()
        await pilot.press("X")
        await until(pilot, lambda: isinstance(app.screen, Confirm), "the question")
        await pilot.press("r")
        await pilot.pause()
        assert remedy in said(pilot)
        # WHEN it goes on THEN all that is gone, and what was asked for is done
        executor.send_signal(signal.SIGCONT)
        await _until(pilot, "! stopped", there=False)
        await _until(pilot, "terminated")
        await _until_title(pilot, titles, "■ Daily")
    assert executor.wait(60) == 1


async def test_the_title_of_the_narrow_home_screen_says_it(project: Project, executor: subprocess.Popen[str]) -> None:
    app = OrchApp(project)
    async with app.run_test(size=(80, 24)) as pilot:
        executor.send_signal(signal.SIGSTOP)
        await _until(pilot, "● 1 now  ! stopped 1")
        executor.send_signal(signal.SIGCONT)
        await _until(pilot, "! stopped 1", there=False)
