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

from orch_tui.engine.requests.requests import who_am_i
from orch_tui.engine.runs.start import RunRequest, plan_run, start_run
from orch_tui.model.status import Status
from orch_tui.project.journal.file import read_run
from orch_tui.project.project import Project
from orch_tui.runs.live import control as run_control
from orch_tui.tui.app import OrchApp
from orch_tui.tui.workbench.dialogs.run_preview import RunPreview
from orch_tui.tui.workbench.screen import WorkbenchScreen
from textual.pilot import Pilot
from textual.screen import Screen

from tests.tui.driving import until
from tests.tui.film import Frame, film
from tests.tui.seed import sample_project
from tests.tui.settling import settled, waiting_for_work

SIZE = (120, 34)
_WHO = who_am_i()


def _save(app: OrchApp, path: Path) -> None:
    # Rich writes a random id into every class name: without it, the same screen is the same file.
    svg = re.sub(r"terminal-\d+", "terminal", app.export_screenshot(title="orch-tui"))
    # A nested run is started by a process of its own, which knows who takes the pictures.
    svg = svg.replace(_WHO, ("ann@server" if len(_WHO) >= 10 else "ann@srv").rjust(len(_WHO), "\N{NO-BREAK SPACE}"))
    path.write_text("\n".join(line.rstrip() for line in svg.splitlines()) + "\n", encoding="utf-8")


def _is_half_way(screen: Screen[object]) -> bool:
    shown = screen.run_shown if isinstance(screen, WorkbenchScreen) else None
    return shown is not None and shown.state.tasks["campaign-performance"].status is Status.PROCESSING


async def _take(project: Project, directory: Path) -> None:
    app = OrchApp(project)
    async with app.run_test(size=SIZE) as pilot:
        await settled(pilot)
        _save(app, directory / "home.svg")
        app.open_workbench("campaigns")
        await settled(pilot)
        await pilot.press("down", "down")
        await settled(pilot)
        _save(app, directory / "workbench.svg")
        await pilot.press("R")
        await until(pilot, lambda: isinstance(app.screen, RunPreview))
        await pilot.press("enter")
        await until(pilot, lambda: _is_half_way(app.screen))
        _save(app, directory / "live.svg")
        for run in app.runs.executed_here():
            run.wait()
        await settled(pilot)
        app.open_configuration("sql/campaign-recipient")
        await settled(pilot)
        _save(app, directory / "configuration.svg")


SIZES = ((80, 24), (120, 40), (200, 50))
"""Of terminals that people have."""


async def _take_sizes(project: Project, directory: Path) -> None:
    """The plan of the sample and its last run, as each terminal shows them."""
    for columns, rows in SIZES:
        app = OrchApp(project)
        async with app.run_test(size=(columns, rows)) as pilot:
            await settled(pilot)
            app.open_workbench("campaigns")
            await settled(pilot)
            _save(app, directory / f"plan-{columns}x{rows}.svg")
            await pilot.press("w", "j", "j")
            await settled(pilot)
            _save(app, directory / f"run-{columns}x{rows}.svg")


_WALK_SIZE = (110, 30)
_TURN, _LOOK, _REST = 0.45, 1.2, 3.0
"""Seconds for which a frame is shown: after a key like others, after one that changes much, at the end."""


class _Camera:
    """Presses keys and keeps what the screen shows after each."""

    def __init__(self, pilot: Pilot[int]) -> None:
        self._pilot = pilot
        self.frames: list[Frame] = []

    def shoot(self, seconds: float) -> None:
        svg = self._pilot.app.export_screenshot(title="orch-tui")
        if self.frames and self.frames[-1].svg == svg:
            self.frames[-1] = Frame(svg, self.frames[-1].seconds + seconds)
        else:
            self.frames.append(Frame(svg, seconds))

    async def press(self, *keys: str, seconds: float = _TURN) -> None:
        """Keys one after another; the last one's frame stays for so long."""
        for number, key in enumerate(keys, 1):
            await self._pilot.press(key)
            # Of a text, what it ends in is enough.
            if number == len(keys) or not (len(key) == len(keys[number]) == 1 and key.isalpha()):
                self.shoot(seconds if number == len(keys) else _TURN)


async def _walk(project: Project, path: Path) -> None:
    """An orchestration from nothing to its first run."""
    app = OrchApp(project)
    async with app.run_test(size=_WALK_SIZE) as pilot:
        await settled(pilot)
        camera = _Camera(pilot)
        camera.shoot(_LOOK)
        await camera.press("n", *"Evening")
        await camera.press("enter", "enter", seconds=_LOOK)
        await camera.press("a", seconds=_LOOK)
        for words, adding in (
            ("sql", ("+", "down", "+")),
            ("wri", ("down", "+")),
            ("file", (*"cam", "+")),
            ("lite", ("+",)),
        ):
            await camera.press(*words, "enter", *adding, "escape")
        await camera.press("escape", seconds=_LOOK)
        await camera.press("g", seconds=_LOOK)
        await camera.press("enter", seconds=_LOOK)
        await camera.press("G", "k", "k", "m", *"Recipients", seconds=_LOOK)
        await camera.press("enter", "left_square_bracket", "s", seconds=_LOOK)
        await pilot.press("R")
        await until(pilot, lambda: isinstance(app.screen, RunPreview))
        camera.shoot(_LOOK)
        await pilot.press("enter")
        await until(pilot, lambda: bool(app.runs.executed_here()))
        run = app.runs.executed_here()[0]
        while not read_run(run.directory).finished:
            await pilot.pause(0.25)
            camera.shoot(0.25)
        await settled(pilot)
        camera.shoot(_REST)
    path.write_text(film(camera.frames, *_WALK_SIZE), encoding="utf-8")


def main(arguments: Sequence[str]) -> int:
    os.environ.update(COLORTERM="truecolor", TERM="xterm-256color")
    os.environ.pop("NO_COLOR", None)
    directory = Path(arguments[0])
    directory.mkdir(parents=True, exist_ok=True)
    # Not who happens to take the pictures.
    ann = mock.patch.object(run_control, "who_am_i", lambda: "ann@server")
    with ann, waiting_for_work(), tempfile.TemporaryDirectory() as name:
        project = sample_project(Path(name))
        for orchestration in ("campaigns", "campaigns", "nightly"):
            start_run(project, plan_run(project, RunRequest(orchestration)), by="ann@server").wait()
        asyncio.run(_take(project, directory))
        asyncio.run(_take_sizes(project, directory))
    with ann, tempfile.TemporaryDirectory() as name:
        asyncio.run(_walk(sample_project(Path(name)), directory / "walk.svg"))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
