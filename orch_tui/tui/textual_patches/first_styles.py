"""Style the widgets of a screen once when it opens.

Textual 8.2 styles each widget as it comes, then all of them again for the classes that tell how wide and high the
screen is, which it sets when it has been laid out, and once more when the screen is shown. Here it has those classes
before its first widget, and what is new is not styled again when it is shown.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from textual.events import ScreenResume
from textual.screen import Screen

from orch_tui.tui.textual_patches.guard import has, is_version

if TYPE_CHECKING:
    from textual.app import App

ORIGINAL = Screen.__dict__.get("_on_screen_resume")
"""Textual's own, to compare with."""


def take_size(app: App[Any], screen: Screen[Any]) -> None:
    """Give a screen that has no widgets yet the classes of the terminal's size."""
    if not is_version():
        return
    width, height = app.size
    across = screen.HORIZONTAL_BREAKPOINTS or app.HORIZONTAL_BREAKPOINTS or []
    down = screen.VERTICAL_BREAKPOINTS or app.VERTICAL_BREAKPOINTS or []
    fits = screen._get_breakpoint_classes(width, across) | screen._get_breakpoint_classes(height, down)
    screen.update_classes({name: name in fits for _, name in (*across, *down)}, update=False, animate=False)


def resume(screen: Screen[Any], event: ScreenResume) -> None:
    """As Textual's own; the first time each widget has just got its styles."""
    assert ORIGINAL is not None
    if not screen.stack_updates:
        event.refresh_styles = False
    ORIGINAL(screen, event)


def install() -> bool:
    """From now on in this process; False where Textual's own way is used instead."""
    if Screen.__dict__.get("_on_screen_resume") is resume:
        return True
    if not (
        is_version()
        and has(Screen, "_on_screen_resume", "self", "event")
        and has(Screen, "_get_breakpoint_classes", "self", "dimension", "breakpoints")
        and has(Screen, "stack_updates")
        and has(ScreenResume, "refresh_styles")
    ):
        return False
    Screen._on_screen_resume = resume  # type: ignore[assignment, method-assign]
    return True
