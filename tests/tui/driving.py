"""Driving the workbench in tests."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from time import monotonic
from typing import Any

from orch_tui.project.project import Project
from orch_tui.tui.app import OrchApp
from orch_tui.tui.widgets.line_tree import LineList
from orch_tui.tui.workbench.screen import WorkbenchScreen
from textual.css.query import NoMatches
from textual.pilot import Pilot

_LOOK = 0.02
_PATIENCE = 120.0
"""Seconds: what is waited for happens at once, but not where others have the processor."""


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


async def until(pilot: Pilot[Any], true: Callable[[], object], what: str = "what the test waits for") -> None:
    """Let the screen work until it is true, and do what that causes; fails with the picture when it never is."""
    end = monotonic() + _PATIENCE
    while True:
        # A screen that was just pushed has no widgets yet.
        with suppress(NoMatches):
            if true():
                break
        assert monotonic() < end, f"waited in vain for {what}:\n{text_of(pilot)}"
        await pilot.pause(_LOOK)
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
