"""What the workbench looks like: few pictures, each at a size people have."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from orch_tui.tui.app import OrchApp
from textual.pilot import Pilot

from tests.tui.seed import sample_project

WIDE, SMALL = (120, 40), (80, 24)


@pytest.fixture(autouse=True)
def colours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLORTERM", "truecolor")
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("LC_ALL", "C.UTF-8")


def after(*keys: str) -> Callable[[Pilot[int]], Awaitable[None]]:
    """Open the sample's workbench and press keys."""

    async def play(pilot: Pilot[int]) -> None:
        pilot.app.open_workbench("campaigns")  # type: ignore[attr-defined]
        await pilot.pause()
        await pilot.press(*keys)

    return play


@pytest.mark.parametrize("size", [WIDE, SMALL], ids=["wide", "small"])
def test_edited(snap_compare: Any, tmp_path: Path, size: tuple[int, int]) -> None:
    # GIVEN marks, a disabled task, one that continues on failure, and a writer that reads too early
    keys = ("down", "space", "f", "down", "escape", "x", "G", "h", *["left_square_bracket"] * 3)
    # THEN all of that can be seen
    assert snap_compare(OrchApp(sample_project(tmp_path)), terminal_size=size, run_before=after(*keys))


def test_adding(snap_compare: Any, tmp_path: Path) -> None:
    # GIVEN the dialog in the configurations of a component, one of which was added
    keys = ("a", "s", "q", "l", "enter", "plus")
    assert snap_compare(OrchApp(sample_project(tmp_path)), terminal_size=SMALL, run_before=after(*keys))


def test_options_with_an_error(snap_compare: Any, tmp_path: Path) -> None:
    # GIVEN the options of a task with something impossible typed
    keys = ("down", "o", "tab", "tab", "tab", "x", "enter")
    assert snap_compare(OrchApp(sample_project(tmp_path)), terminal_size=SMALL, run_before=after(*keys))
