"""Partial updates of the screen that begin where something changed.

Textual 8.2 cuts what it sends of a line at the end of the changed part, but always begins at the edge of the widget
(``_compositor.ChopsUpdate.render_segments``): a second counted at the right end of a row costs 300 bytes instead of
50, and fifty running tasks several kilobytes a second. :func:`install` replaces that one method; what it draws is the
same, which tests/tui/test_frugal.py holds it to.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.control import Control
from textual._compositor import ChopsUpdate

if TYPE_CHECKING:
    from rich.console import Console
    from textual.strip import Strip


ORIGINAL = ChopsUpdate.render_segments
"""Textual's own, to compare with."""


def _has_wide(strip: Strip) -> bool:
    """Whether columns are not characters, so that a cut could go through one."""
    return len(strip.text) != strip.cell_length


def render_segments(update: ChopsUpdate, console: Console) -> str:
    """The bytes of an update, without the unchanged beginnings of its lines."""
    parts: list[str] = []
    move_to = Control.move_to
    last_y = update.spans[-1][0]
    for y, x1, x2 in update.spans:
        for end, (x, strip) in zip(update.chop_ends[y], update.chops[y].items(), strict=False):
            if strip is None or x >= x2 or end <= x1:
                continue
            first = 0 if x >= x1 or _has_wide(strip) else x1 - x
            shown = strip if first == 0 and end <= x2 else strip.crop(first, min(end, x2) - x)
            parts.append(move_to(x + first, y).segment.text)
            parts.append(shown.render(console))
        if y != last_y:
            parts.append("\n")
    return "".join(parts)


def install() -> None:
    """From now on all updates of this process are drawn so."""
    ChopsUpdate.render_segments = render_segments  # type: ignore[assignment, method-assign]
