"""Tell every widget its first size.

Textual 8.2 sends ``Resize`` to the widgets that are not in the map of its last layout. But whoever asks a widget for
its size has that map made anew when something was mounted (``Compositor.full_map``), and then the next layout takes the
new widget for an old one: it never learns how large it is, and what draws itself for its size stays empty.

:func:`install` lets :meth:`Compositor.reflow` name those too that do not know their size yet.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual._compositor import Compositor, ReflowResult
from textual.widget import Widget

from orch_tui.tui.textual_patches.guard import has, is_version

if TYPE_CHECKING:
    from textual.geometry import Size

ORIGINAL = getattr(Compositor, "reflow", None)


def reflow(compositor: Compositor, parent: Widget, size: Size) -> ReflowResult:
    """Textual's own, with all widgets whose size is not the one that they know."""
    assert ORIGINAL is not None
    found: ReflowResult = ORIGINAL(compositor, parent, size)
    unaware = {widget for widget, place in compositor.full_map.items() if widget._size != place.region.size}
    return found._replace(resized=found.resized | (unaware - found.shown))


def install() -> bool:
    """From now on in this process; False where Textual's own way is used instead."""
    if Compositor.__dict__.get("reflow") is reflow:
        return True
    if not (
        is_version()
        and has(Compositor, "reflow", "self", "parent", "size")
        and has(Compositor, "full_map")
        and has(Widget, "_size_updated")
    ):
        return False
    Compositor.reflow = reflow  # type: ignore[assignment, method-assign]
    return True
