"""Partial updates draw the same as Textual's own, with fewer bytes."""

from __future__ import annotations

import pyte
from hypothesis import given, settings
from hypothesis import strategies as st
from orch_tui.tui.textual_patches.frugal import ORIGINAL, ORIGINAL_CHOPS, render_chops, render_segments
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from textual._compositor import ChopsUpdate
from textual.app import App, ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.geometry import Region
from textual.strip import Strip
from textual.widgets import Input, Static

from tests.support.effort import examples

WIDTH = 24
_CONSOLE = Console(color_system="truecolor", force_terminal=True, width=WIDTH)
_RED, _PLAIN = Style.parse("red"), Style.parse("white")


def strip_of(text: str) -> Strip:
    """Every other character in another colour, so that there are many segments."""
    return Strip([Segment(character, _RED if at % 2 else _PLAIN) for at, character in enumerate(text)])


def shown(*outputs: str) -> str:
    screen = pyte.Screen(WIDTH, 2)
    stream = pyte.Stream(screen)
    for output in outputs:
        stream.feed(output)
    return str(screen.display[0])


def update(text: str, cut: int, x1: int, x2: int) -> ChopsUpdate:
    whole = strip_of(text)
    first, second = whole.divide([cut, WIDTH])
    return ChopsUpdate([{0: first, cut: second}], [(0, x1, x2)], [[cut, WIDTH]])


texts = st.text(st.sampled_from("abc █é"), min_size=WIDTH, max_size=WIDTH)


@settings(max_examples=examples(200), deadline=None)
@given(texts, texts, st.integers(1, WIDTH - 1), st.integers(0, WIDTH - 1), st.integers(1, WIDTH))
def test_the_screen_is_as_after_an_update_of_textual(old: str, new: str, cut: int, x1: int, length: int) -> None:
    # GIVEN a line on the screen, of which columns from x1 to x2 are others now
    x2 = min(WIDTH, x1 + length)
    text = old[:x1] + new[x1:x2] + old[x2:]
    before = "\x1b[H" + strip_of(old).render(_CONSOLE)
    partial = update(text, cut, x1, x2)
    # WHEN it is drawn by Textual, and by ours
    assert ORIGINAL is not None
    theirs, ours = ORIGINAL(partial, _CONSOLE), render_segments(partial, _CONSOLE)
    # THEN the screen is the same, and fewer bytes did it
    assert shown(before, ours) == shown(before, theirs) == shown("\x1b[H" + strip_of(text).render(_CONSOLE))
    assert len(ours) <= len(theirs)


def test_a_wide_character_is_never_cut() -> None:
    # GIVEN a line of wide characters, changed from the middle of one on
    text = "漢字" * (WIDTH // 4)
    partial = update(text, 12, 3, WIDTH)
    # WHEN it is drawn on an empty screen
    drawn = shown(render_segments(partial, _CONSOLE))
    # THEN no half of a character was sent
    assert drawn.replace(" ", "") == text


class Layered(App[None]):
    """Containers in containers, a scrolled one, one that lies over others and one that sticks out of the screen."""

    CSS = """
    #row { height: 8; border: round red; }
    #scroll { width: 20; height: 5; border: solid green; }
    #over { layer: above; offset: 5 3; width: 18; height: 4; background: blue; }
    #out { layer: above; offset: 30 8; width: 20; height: 9; border: heavy white; }
    Screen { layers: default above; }
    """

    def compose(self) -> ComposeResult:
        with Horizontal(id="row"), Vertical():
            yield Static("left 漢字 " * 5)
            yield Input("text")
        with VerticalScroll(id="scroll"):
            yield Static("\n".join(f"line {n}" for n in range(30)))
        yield Static("over all", id="over")
        yield Static("out of it", id="out")


async def test_the_visible_pieces_are_those_of_textual() -> None:
    # GIVEN a screen with widgets over and inside of each other
    async with Layered().run_test(size=(40, 14)) as pilot:
        pilot.app.query_one("#scroll").scroll_to(y=7, animate=False)
        await pilot.pause()
        compositor = pilot.app.screen._compositor
        for crop in (Region(0, 0, 40, 14), Region(3, 2, 10, 5), Region(25, 7, 15, 7), Region(0, 13, 1, 1)):
            # WHEN a part of it is put together by Textual, and by ours
            lines = set(range(crop.y, crop.bottom))
            assert ORIGINAL_CHOPS is not None
            theirs = ORIGINAL_CHOPS(compositor, crop, lines.__contains__)
            ours = render_chops(compositor, crop, lines.__contains__)
            # THEN every piece in it is the same
            assert [{**line} for line in ours] == [{**line} for line in theirs]
