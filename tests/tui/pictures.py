"""The README's pictures, of the real screens on the sample project: ``python -m tests.tui.pictures docs/pictures``."""

from __future__ import annotations

import asyncio
import os
import re
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from unittest import mock

from orch_tui.engine.runs.start import RunRequest, plan_run, start_run
from orch_tui.model.status import Status
from orch_tui.project.journal.file import read_run
from orch_tui.project.project import Project
from orch_tui.runs import control as run_control
from orch_tui.tui.app import OrchApp
from textual.pilot import Pilot

from tests.tui.seed import sample_project

SIZE = (120, 34)


def _save(app: OrchApp, path: Path) -> None:
    # Rich writes a random id into every class name: without it, the same screen is the same file.
    svg = re.sub(r"terminal-\d+", "terminal", app.export_screenshot(title="orch-tui"))
    path.write_text("\n".join(line.rstrip() for line in svg.splitlines()) + "\n", encoding="utf-8")


async def _settle(pilot: Pilot[int]) -> None:
    await pilot.app.workers.wait_for_complete()
    await pilot.pause(0.5)


def _is_half_way(directory: Path) -> bool:
    tasks = read_run(directory).tasks
    return tasks["campaign-performance"].status is Status.PROCESSING


async def _take(project: Project, directory: Path) -> None:
    app = OrchApp(project)
    async with app.run_test(size=SIZE) as pilot:
        await _settle(pilot)
        _save(app, directory / "home.svg")
        app.open_workbench("campaigns")
        await _settle(pilot)
        await pilot.press("down", "down")
        await _settle(pilot)
        _save(app, directory / "workbench.svg")
        # From here on a worker waits for an answer, and another one follows the run: only time tells.
        await pilot.press("R")
        await pilot.pause(1.0)
        await pilot.press("enter")
        for _ in range(100):
            await pilot.pause(0.05)
            live = [one for one in app.runs.executed_here() if _is_half_way(one.directory)]
            if live:
                break
        await pilot.pause(0.3)
        _save(app, directory / "live.svg")
        for run in app.runs.executed_here():
            run.wait()
        await pilot.pause(1.0)
        app.open_configuration("sql/campaign-recipient")
        await pilot.pause(1.0)
        _save(app, directory / "configuration.svg")


def main(arguments: Sequence[str]) -> int:
    os.environ.update(COLORTERM="truecolor", TERM="xterm-256color")
    os.environ.pop("NO_COLOR", None)
    directory = Path(arguments[0])
    directory.mkdir(parents=True, exist_ok=True)
    # Not who happens to take the pictures.
    ann = mock.patch.object(run_control, "who_am_i", lambda: "ann@server")
    with ann, tempfile.TemporaryDirectory() as name:
        project = sample_project(Path(name))
        for orchestration in ("campaigns", "campaigns", "nightly"):
            start_run(project, plan_run(project, RunRequest(orchestration)), by="ann@server").wait()
        asyncio.run(_take(project, directory))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
