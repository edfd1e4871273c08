"""The README's pictures, of the real screens on the sample project: ``python -m tests.tui.pictures docs/pictures``."""

from __future__ import annotations

import asyncio
import os
import re
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from orch_tui.engine.runs import RunRequest, plan_run, start_run
from orch_tui.project.project import Project
from orch_tui.tui.app import OrchApp
from textual.pilot import Pilot

from tests.tui.seed import sample_project

SIZE = (120, 34)


def _save(app: OrchApp, path: Path) -> None:
    # Rich writes a random id into every class name: without it, the same screen is the same file.
    svg = re.sub(r"terminal-\d+", "terminal", app.export_screenshot(title="orch-tui"))
    path.write_text("\n".join(line.rstrip() for line in svg.splitlines()) + "\n", encoding="utf-8")


async def _settle(pilot: Pilot[object]) -> None:
    await pilot.app.workers.wait_for_complete()
    await pilot.pause(0.5)


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
        app.open_configuration("sql/campaign-recipient")
        await _settle(pilot)
        _save(app, directory / "configuration.svg")


def main(arguments: Sequence[str]) -> int:
    os.environ.update(COLORTERM="truecolor", TERM="xterm-256color")
    os.environ.pop("NO_COLOR", None)
    directory = Path(arguments[0])
    directory.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        project = sample_project(Path(name))
        for orchestration in ("campaigns", "campaigns", "nightly"):
            start_run(project, plan_run(project, RunRequest(orchestration)), by="pictures").wait()
        asyncio.run(_take(project, directory))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
