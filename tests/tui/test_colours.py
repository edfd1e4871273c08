"""Where the terminal's own colours are used: bars stay bars under the cursor."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from pathlib import Path

import pytest
from orch_tui.project.project import Project
from orch_tui.tui import theme
from orch_tui.tui.app import OrchApp
from orch_tui.tui.home.panes.orchestration_list import OrchestrationList
from orch_tui.tui.keymap import UserConfig
from orch_tui.tui.runs.history import HistoryScreen
from orch_tui.tui.runs.run_list import RunList
from orch_tui.tui.widgets.line_tree import LineList, Part
from orch_tui.tui.widgets.row_painter import CURSOR, CURSOR_BLURRED, STYLES
from orch_tui.tui.workbench.screen import WorkbenchScreen
from orch_tui.tui.workbench.tree.phase_tree import PhaseTree
from textual.color import Color

from tests.support.engine_kit import make_commands, run
from tests.tui.conftest import MakeRun
from tests.tui.driving import until

_THEMES = [theme.ANSI_DARK.name, theme.ANSI_LIGHT.name]


def _app(project: Project, name: str) -> OrchApp:
    return OrchApp(project, UserConfig(Path("/dev/null"), theme=name))


def _reversed(view: LineList, pictures: bool) -> set[bool]:
    """Whether the pieces of the row of the cursor are drawn in reverse: its pictures, or what is none."""
    row = view.row(view.cursor)
    parts: Iterable[Part] = (*row.left, *row.right)
    wanted = {part.text for part in parts if part.text.strip() and part.picture is pictures}
    strip = view.render_line(view.cursor - round(view.scroll_y))
    assert wanted and wanted <= {segment.text for segment in strip}
    return {bool(segment.style and segment.style.reverse) for segment in strip if segment.text in wanted}


@pytest.mark.parametrize("name", _THEMES)
async def test_the_spark_of_runs_is_no_negative_under_the_cursor(
    project: Project, make_run: MakeRun, name: str
) -> None:
    for seconds in (1.0, 5.0, 3.0):
        make_run("alpha", seconds=seconds)
    app = _app(project, name)
    async with app.run_test(size=(120, 30)) as pilot:
        view = app.screen.query_one(OrchestrationList)
        await until(pilot, lambda: any(part.picture for part in view.row(0).right), "the spark")
        assert _reversed(view, pictures=True) == {False} and _reversed(view, pictures=False) == {True}
        # AND the row is of one colour: each piece reversed in its own would be a patchwork
        strip = view.render_line(0)
        assert len({segment.style.color for segment in strip if segment.style and segment.style.reverse}) == 1
        # AND no block of it touches the picture
        texts = [(segment.text, segment.style) for segment in strip]
        at = next(number for number, (text, _) in enumerate(texts) if set(text) & set("▁▂▃▄▅▆▇█"))
        before = texts[at - 1][1]
        assert before is not None and not before.reverse


@pytest.mark.parametrize("name", _THEMES)
async def test_the_bars_of_runs_are_no_negative_under_the_cursor(
    project: Project, make_run: MakeRun, name: str
) -> None:
    make_run("alpha", seconds=5.0)
    app = _app(project, name)
    async with app.run_test(size=(120, 30)) as pilot:
        app.push_screen(HistoryScreen(project, "alpha"))
        await until(pilot, lambda: [row for view in app.screen.query(RunList) for row in view.runs], "the runs")
        view = app.screen.query_one(RunList)
        assert _reversed(view, pictures=True) == {False} and _reversed(view, pictures=False) == {True}


def _has_bars(view: LineList) -> bool:
    return any(part.picture and part.text.strip() for part in view.row(view.cursor).right)


@pytest.mark.parametrize("name", _THEMES)
async def test_bars_in_time_are_no_negative_under_the_cursor(tmp_path: Path, name: str) -> None:
    project = make_commands(tmp_path, {"First": {"a": "sleep 0.1"}})
    run(project)
    app = _app(project, name)
    async with app.run_test(size=(140, 40)) as pilot:
        app.open_workbench("o")
        await until(pilot, lambda: isinstance(app.screen, WorkbenchScreen) and app.screen.query(PhaseTree), "it")
        view = app.screen.query_one(PhaseTree)
        await pilot.press("down")
        # GIVEN the plan, and then the run, with the cursor on its only task
        for keys in ((), ("w",)):
            await pilot.press(*keys)
            await until(pilot, partial(_has_bars, view), "the bars")
            # THEN its bar is drawn as in all other rows, and its name shows where the cursor is
            assert _reversed(view, pictures=True) == {False} and _reversed(view, pictures=False) == {True}


async def test_with_colours_of_our_own_the_cursor_lies_below_a_picture(project: Project, make_run: MakeRun) -> None:
    make_run("alpha", seconds=5.0)
    app = _app(project, theme.DARK.name)
    async with app.run_test(size=(120, 30)) as pilot:
        view = app.screen.query_one(OrchestrationList)
        await until(pilot, lambda: any(part.picture for part in view.row(0).right), "the spark")
        strip = view.render_line(0)
        assert len({segment.style.bgcolor for segment in strip if segment.style}) == 1


def _contrast(one: Color, other: Color) -> float:
    """WCAG 2.1: (L1 + 0.05) / (L2 + 0.05) of their relative luminances."""

    def luminance(color: Color) -> float:
        parts = (part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in color.normalized)
        return sum(part * weight for part, weight in zip(parts, (0.2126, 0.7152, 0.0722), strict=True))

    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("name", [one.name for one in (theme.DARK, theme.LIGHT, theme.DARK_256, theme.LIGHT_256)])
async def test_all_of_a_row_can_be_read_under_the_cursor(project: Project, name: str) -> None:
    app = _app(project, name)
    async with app.run_test(size=(120, 30)) as pilot:
        app.open_workbench("alpha")
        await until(pilot, lambda: isinstance(app.screen, WorkbenchScreen) and app.screen.query(PhaseTree), "it")
        tree = app.screen.query_one(PhaseTree)
        # GIVEN the row of the cursor, the tree with the focus and without it THEN all styles stand out from its ground
        for cursor in (CURSOR, CURSOR_BLURRED):
            for style in STYLES:
                found = tree.painter.style(style, cursor)
                ground, ink = (Color.from_rich_color(one) for one in (found.bgcolor, found.color))
                assert _contrast(ground, ink) >= 4, (cursor, style)
