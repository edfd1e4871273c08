"""Text from outside on the screen: neither markup nor escape sequences do anything."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from orch_tui.model.status import Status
from orch_tui.project.project import Project
from orch_tui.tui import text
from orch_tui.tui.app import OrchApp
from orch_tui.tui.status_look import status_color, status_text
from orch_tui.tui.text import StripControls
from rich.segment import Segment
from textual.app import ComposeResult
from textual.color import Color
from textual.screen import Screen
from textual.widgets import Static

NASTY = "a [/usr/bin] [bold]b[/bold] [@click=app.quit]c \x1b]52;c;aGk=\x07\x1b[2J\x9b31m\nd\t🎉"


@given(st.text())
def test_a_line_is_one_line_without_controls_and_keeps_brackets(anything: str) -> None:
    plain = text.line(anything).plain
    assert not any(ord(character) < 32 or 127 <= ord(character) < 160 for character in plain)
    assert plain.count("[") <= anything.count("[")


def test_brackets_are_shown_and_escape_sequences_are_not() -> None:
    assert text.line(NASTY).plain == "a [/usr/bin] [bold]b[/bold] [@click=app.quit]c  d 🎉"


def test_several_lines_stay_several() -> None:
    assert text.lines("a\nb\x1b[2J\n[red]c").plain == "a\nb\n[red]c"


def test_a_status_is_glyph_and_word_in_colour() -> None:
    for status in Status:
        shown = status_text(status)
        assert shown.plain == f"{status.style.glyph} {status.style.word}"
        assert shown.spans[0].style == status_color(status)


def test_parts_are_joined_without_the_empty_ones() -> None:
    assert text.join(["a", "", text.line("b")], " · ").plain == "a · b"


def test_the_filter_takes_controls_out_of_what_widgets_draw() -> None:
    segments = [Segment("ok"), Segment("x\x1b[2J\x07y\x9b"), Segment("z", None, [])]
    assert [one.text for one in StripControls().apply(segments, Color(0, 0, 0))] == ["ok", "x[2Jy", "z"]


class Careless(Screen[None]):
    """Gives raw text to a widget, past all care."""

    def compose(self) -> ComposeResult:
        yield Static("raw \x1b]52;c;aGk=\x07 end", markup=False)


async def test_the_filter_stands_behind_every_widget(project: Project) -> None:
    # GIVEN a screen that shows raw text
    app = OrchApp(project)
    async with app.run_test(size=(40, 5)):
        await app.push_screen(Careless())
        # THEN what is drawn is free of controls
        drawn = "".join(segment.text for strip in app.screen._compositor.render_strips() for segment in strip)
        assert "raw" in drawn and "end" in drawn
        assert not any(ord(character) < 32 for character in drawn)
