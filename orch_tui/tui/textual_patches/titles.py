"""Draw a new title, and not all that it frames.

Textual 8.2 draws a whole widget again when its title or subtitle is set, also when it is the same one: for a pane of
the workbench that is most of the screen, for a word at its edge. :func:`install` has only the line of the title drawn.
"""

from __future__ import annotations

from typing import Any

from rich.text import Text
from textual.content import Content
from textual.geometry import Region
from textual.widget import Widget, _BorderTitle

from orch_tui.tui.textual_patches.guard import has, is_version

ORIGINAL = getattr(_BorderTitle, "__set__", None)
"""Textual's own, to compare with; None where it has none."""


def set_title(descriptor: Any, widget: Widget, title: Text | Content | str | None) -> None:
    """As Textual's own, which stores the first line of the title; nothing is drawn for the one that is there."""
    if isinstance(title, Text):
        title = Content.from_rich_text(title)
    name = descriptor._internal_name
    before = getattr(widget, name, None)
    after = None if title is None else widget.render_str(title).expand_tabs(4).split()[0]
    setattr(widget, name, after)
    edge = _edge(widget, top=name == "_border_title")
    if edge is None:
        widget.refresh()
    elif not _same(before, after):
        widget.refresh(edge)


def _same(before: Content | None, after: Content | None) -> bool:
    if before is None or after is None:
        return before is after
    return before.is_same(after)


def _edge(widget: Widget, *, top: bool) -> Region | None:
    """The line of the widget in which the title stands, as seen from its content; None if that is not known."""
    width, height = widget.outer_size
    if not (widget.is_attached and width and height):
        return None
    across, down = widget.content_offset
    return Region(-across, (0 if top else height - 1) - down, width, 1)


def install() -> bool:
    """From now on in this process; False where Textual's own way is used instead."""
    if _BorderTitle.__dict__.get("__set__") is set_title:
        return True
    if not (
        is_version()
        and has(_BorderTitle, "__set__", "self", "obj", "title")
        and has(Widget, "content_offset")
        and has(Content, "is_same")
    ):
        return False
    _BorderTitle.__set__ = set_title  # type: ignore[assignment, method-assign]
    return True
