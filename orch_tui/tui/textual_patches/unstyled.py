"""Widgets that are not styled yet, or no longer: they are painted as nothing.

Textual 8.2 takes a removed widget's component styles away before the screen is laid out anew
(``Widget._message_loop_exit``), and a timer may paint in between; the styles of a new one may come after its first
paint. Both end the program with ``KeyError: No 'text-area--gutter' key in COMPONENT_CLASSES`` (textual issues 5646,
6208 and 6528). :func:`install` puts a question before the two methods through which all painting goes.
"""

from __future__ import annotations

from functools import cache, wraps
from typing import TYPE_CHECKING, Any

from textual.strip import Strip
from textual.widget import Widget
from textual.widgets import TextArea

from orch_tui.tui.textual_patches.guard import has, is_version

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.geometry import Region


def is_styled(widget: Widget) -> bool:
    """Whether the widget has the styles of the parts that its class names."""
    return bool(widget._component_styles) or not _has_parts(type(widget))


@cache
def _has_parts(kind: type[Widget]) -> bool:
    return bool(kind._get_component_classes())


def _guarded(render_lines: Callable[[Any, Region], list[Strip]]) -> Callable[[Any, Region], list[Strip]]:
    @wraps(render_lines)
    def guard(self: Any, crop: Region) -> list[Strip]:
        if is_styled(self):
            return render_lines(self, crop)
        return [Strip.blank(crop.width)] * crop.height

    guard.__dict__["guarded"] = True
    return guard


def install() -> bool:
    """From now on all widgets of this process are painted so; False where Textual's own way is used instead."""
    if not (is_version() and has(Widget, "_get_component_classes") and has(Widget, "render_lines")):
        return False
    for kind in (Widget, TextArea):
        if "guarded" not in kind.render_lines.__dict__:
            kind.render_lines = _guarded(kind.render_lines)  # type: ignore[assignment, method-assign]
    return True
