"""A new title is on the screen, and nothing else was drawn for it."""

from __future__ import annotations

import pytest
from orch_tui.tui.textual_patches import frugal, titles
from rich.text import Text
from textual.app import App, ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget
from textual.widgets import Static


class Counted(Static):
    drawn = 0

    def render_lines(self, crop: Region) -> list[Strip]:
        Counted.drawn += crop.height
        return super().render_lines(crop)


class Framed(App[None]):
    CSS = "#frame { border: round red; padding: 1 2; } #plain { height: 1; }"

    def compose(self) -> ComposeResult:
        with Vertical(id="frame"):
            yield Counted("inside\n" * 5)
        yield Static("below", id="plain")


@pytest.fixture(autouse=True)
def installed() -> None:
    assert frugal.install() and titles.install()


def lines(app: App[None]) -> list[str]:
    return [strip.text for strip in app.screen._compositor.render_strips()]


@pytest.mark.parametrize(
    "title",
    ["plain", "[bold]styled[/]", Text("of rich", "red"), Content("of Textual"), "two\nlines", "with\ttab", None],
    ids=["plain", "markup", "rich", "content", "lines", "tab", "none"],
)
@pytest.mark.parametrize("name", ["border_title", "border_subtitle"])
async def test_it_is_stored_and_drawn_as_by_textual(name: str, title: str | Text | Content | None) -> None:
    async with Framed().run_test(size=(30, 12)) as pilot:
        frame = pilot.app.query_one("#frame")
        setattr(frame, name, "before")
        await pilot.pause()
        # WHEN it gets another title by ours, and by Textual's own way
        setattr(frame, name, title)
        await pilot.pause()
        ours, kept = lines(pilot.app), getattr(frame, name)
        assert titles.ORIGINAL is not None
        titles.ORIGINAL(Widget.__dict__[name], frame, title)
        await pilot.pause()
        # THEN both are the same
        assert (ours, kept) == (lines(pilot.app), getattr(frame, name))


async def test_what_is_framed_is_not_drawn_again() -> None:
    async with Framed().run_test(size=(30, 12)) as pilot:
        frame = pilot.app.query_one("#frame")
        frame.border_title = "before"
        await pilot.pause()
        # WHEN the title is another one, and then set again
        Counted.drawn = 0
        frame.border_title = "after"
        asked = set(frame._repaint_regions)
        await pilot.pause()
        frame.border_title = "after"
        # THEN its line was drawn once, and nothing of what it frames
        assert asked == {Region(0, 0, 30, 1)} and not frame._repaint_regions
        assert not Counted.drawn
        assert "after" in lines(pilot.app)[0]
