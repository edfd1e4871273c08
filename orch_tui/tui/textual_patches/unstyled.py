"""Widgets that are not styled yet, or no longer: they are painted as nothing.

Textual 8.2 takes a removed widget's component styles away before the screen is laid out anew
(``Widget._message_loop_exit``), and a timer may paint in between; the styles of a new one may come after its first
paint. Both end the program with ``KeyError: No 'text-area--gutter' key in COMPONENT_CLASSES`` (textual issues 5646,
6208 and 6528). :func:`install` puts a question before the method through which painting goes, and before those that
widgets have instead of it.
"""

from __future__ import annotations

from functools import cache, wraps
from typing import TYPE_CHECKING, Any

from textual.strip import Strip
from textual.widget import Widget

from orch_tui.tui.textual_patches.guard import has, is_version

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

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


def _guard(kind: type[Widget]) -> None:
    """Put the question before the painting of a class, if it has its own."""
    own = kind.__dict__.get("render_lines")
    if own is not None and "guarded" not in own.__dict__:
        kind.render_lines = _guarded(own)  # type: ignore[assignment, method-assign]


def _kinds(kind: type[Widget]) -> Iterator[type[Widget]]:
    yield kind
    for one in kind.__subclasses__():
        yield from _kinds(one)


def install() -> bool:
    """From now on all widgets of this process are painted so; False where Textual's own way is used instead."""
    if not (is_version() and all(has(Widget, part) for part in ("_get_component_classes", *_PATCHED))):
        return False
    if "guarded" in Widget.render_lines.__dict__:
        return True
    for kind in _kinds(Widget):
        _guard(kind)
    begin = Widget.__dict__["__init_subclass__"].__func__

    def __init_subclass__(cls: type[Widget], /, **options: Any) -> None:
        begin(cls, **options)
        _guard(cls)

    # Most classes come later: to load those that a first picture has no use for would take a tenth of its time.
    Widget.__init_subclass__ = classmethod(__init_subclass__)  # type: ignore[assignment]
    return True


_PATCHED = ("render_lines", "__init_subclass__")
