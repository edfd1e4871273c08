"""A screen that opens has the classes of the terminal's size from the start, and is styled once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from orch_tui.tui.textual_patches import first_styles
from textual.app import App, ComposeResult
from textual.events import ScreenResume
from textual.screen import Screen
from textual.widgets import Static


@pytest.fixture(autouse=True)
def as_it_was() -> Iterator[None]:
    kept = Screen.__dict__["_on_screen_resume"]
    yield
    Screen._on_screen_resume = kept  # type: ignore[method-assign]


class Sized(Screen[None]):
    CSS = "Sized.-wide Static { color: red; } Sized.-narrow Static { color: blue; } Sized.-tall Static { width: 9; }"
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-wide")]  # noqa: RUF012
    VERTICAL_BREAKPOINTS = [(0, "-low"), (30, "-tall")]  # noqa: RUF012

    def compose(self) -> ComposeResult:
        yield Static("text")


@pytest.mark.parametrize(
    ("size", "classes"),
    [((99, 29), {"-narrow", "-low"}), ((100, 29), {"-wide", "-low"}), ((120, 30), {"-wide", "-tall"})],
)
async def test_it_has_the_classes_of_its_size_before_its_first_widget(size: tuple[int, int], classes: set[str]) -> None:
    async with App[None]().run_test(size=size) as pilot:
        screen = Sized()
        # WHEN it takes the size THEN it has these classes, and nothing was laid out for them
        first_styles.take_size(pilot.app, screen)
        assert {name for name in screen.classes if name.startswith("-")} == classes
        assert not screen.is_mounted


async def _shown(size: tuple[int, int]) -> list[Any]:
    async with App[None]().run_test(size=size) as pilot:
        screen = Sized()
        first_styles.take_size(pilot.app, screen)
        await pilot.app.push_screen(screen)
        await pilot.pause()
        static = screen.query_one(Static)
        return [static.styles.color, static.styles.width]


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_it_looks_as_it_does_without(size: tuple[int, int]) -> None:
    Screen._on_screen_resume = first_styles.ORIGINAL  # type: ignore[method-assign, assignment]
    before = await _shown(size)
    assert first_styles.install() and first_styles.install()
    assert await _shown(size) == before


async def test_it_is_styled_again_when_it_comes_back_and_not_when_it_opens(monkeypatch: pytest.MonkeyPatch) -> None:
    original, told = first_styles.ORIGINAL, list[bool]()

    def resumed(screen: Screen[None], event: ScreenResume) -> None:
        if isinstance(screen, Sized):
            told.append(event.refresh_styles)
        original(screen, event)  # type: ignore[misc]

    monkeypatch.setattr(first_styles, "ORIGINAL", resumed)
    assert first_styles.install()
    async with App[None]().run_test() as pilot:
        # WHEN a screen opens, and is told again that it is shown
        screen = Sized()
        await pilot.app.push_screen(screen)
        await pilot.pause()
        screen.post_message(ScreenResume())
        await pilot.pause()
        # THEN only the second time its widgets get styles anew
        assert told == [False, True]


def test_another_version_keeps_its_own_way(monkeypatch: pytest.MonkeyPatch) -> None:
    Screen._on_screen_resume = first_styles.ORIGINAL  # type: ignore[method-assign, assignment]
    monkeypatch.setattr(first_styles, "is_version", lambda: False)
    assert not first_styles.install()
    assert Screen.__dict__["_on_screen_resume"] is first_styles.ORIGINAL
