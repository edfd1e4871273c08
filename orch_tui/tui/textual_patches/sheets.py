"""Take in the style sheet of a screen that opens, and nothing else.

Textual 8.2 parses all sheets again for each screen that brings one, and lays the rules anew on every widget of every
screen: a tenth of a second before a dialog is there. A sheet here says nothing of what is on other screens
(``tests/structure/test_style_sheets.py``), so that parsing it is enough. Textual also keeps what it has parsed of 64
sheets only, fewer than the widgets of some forms have, and then parses all of them for each widget that comes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from textual.app import App
from textual.cache import LRUCache
from textual.css.stylesheet import Stylesheet

from orch_tui.tui.textual_patches.first_styles import take_size
from orch_tui.tui.textual_patches.guard import has, is_version

if TYPE_CHECKING:
    from textual.screen import Screen

ORIGINAL = App.__dict__.get("_load_screen_css")
"""Textual's own, to compare with."""
_KEPT = 1024
"""Parsed sheets: more than Textual and this program have together."""


def is_known() -> bool:
    """Whether Textual's parts are those that :func:`load` was written for."""
    return (
        is_version()
        and (App.__dict__.get("_load_screen_css") is load or has(App, "_load_screen_css", "self", "screen"))
        and has(Stylesheet, "has_source", "self", "path", "class_var")
        and has(Stylesheet, "read", "self", "filename")
    )


def keep_parsed(stylesheet: Stylesheet) -> None:
    """Let it keep all that it parses."""
    if is_known() and isinstance(getattr(stylesheet, "_parse_cache", None), LRUCache):
        stylesheet._parse_cache = LRUCache(_KEPT)


def load(app: App[Any], screen: Screen[Any]) -> None:
    """Read the sheets that a screen brings; one that says it otherwise, or is watched for edits, is left to Textual."""
    if not screen.is_mounted:
        take_size(app, screen)
    if screen.CSS or app.css_monitor is not None:
        assert ORIGINAL is not None
        ORIGINAL(app, screen)
        return
    for path in screen.css_path:
        if not app.stylesheet.has_source(str(path), ""):
            app.stylesheet.read(path)
            app.stylesheet._rules_map = None


def install() -> bool:
    """From now on in this process; False where Textual's own way is used instead."""
    if App.__dict__.get("_load_screen_css") is load:
        return True
    if not is_known():
        return False
    App._load_screen_css = load  # type: ignore[assignment, method-assign]
    return True
