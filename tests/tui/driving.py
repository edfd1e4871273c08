"""Driving the workbench in tests."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from orch_tui.project.project import Project
from orch_tui.tui.app import OrchApp
from orch_tui.tui.widgets.line_tree import LineList
from orch_tui.tui.workbench.screen import WorkbenchScreen
from textual.pilot import Pilot


@asynccontextmanager
async def workbench(
    project: Project, orchestration_id: str = "campaigns", size: tuple[int, int] = (120, 40)
) -> AsyncIterator[tuple[Pilot[int], WorkbenchScreen]]:
    """The app with the workbench of one orchestration on top."""
    app = OrchApp(project)
    async with app.run_test(size=size) as pilot:
        app.open_workbench(orchestration_id)
        await pilot.pause()
        screen = next(screen for screen in app.screen_stack if isinstance(screen, WorkbenchScreen))
        yield pilot, screen


def text_of(pilot: Pilot[int]) -> str:
    """What the screen shows, as text."""
    strips = pilot.app.screen._compositor.render_strips()
    return "\n".join("".join(segment.text for segment in strip).rstrip() for strip in strips)


async def until(pilot: Pilot[int], true: Callable[[], bool]) -> None:
    """Wait for it, and for what it causes; the test's own time limit ends the waiting."""
    while not true():
        await pilot.pause()
    await pilot.pause()


def said(pilot: Pilot[int]) -> str:
    """The sentences in the corner."""
    return "\n".join(notification.message for notification in pilot.app._notifications)


def rows_of(view: LineList) -> list[str]:
    """All rows of a list as text, cut to its width."""
    return [
        "".join(s.text for s in view.painter.strip(view.row(index), view.size.width, ""))
        for index in range(view.count())
    ]


async def click_row(
    pilot: Pilot[int], view: LineList, index: int, x: int = 10, *, times: int = 1, button: int = 1
) -> None:
    """Click on a cell of a row that is in view."""
    at = (view.gutter.left + x, view.gutter.top + index - round(view.scroll_y))
    await pilot.click(view, offset=at, times=times, button=button)
