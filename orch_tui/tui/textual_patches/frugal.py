"""Paint what can be seen, and send what changed.

Textual 8.2 cuts what it sends of a line at the end of the changed part, but always begins at the edge of the widget
(``_compositor.ChopsUpdate.render_segments``): a second counted at the right end of a row costs 300 bytes instead of
50, and fifty running tasks several kilobytes a second.

It also renders every widget and cuts its lines into the pieces that others leave visible
(``Compositor._render_chops``), the containers too, of which nothing is visible: most of the pieces on a workbench, and
half of the time of a paint. Of a widget it renders all lines from the first to the last one that changed.

:func:`install` replaces these two methods; what they draw is the same, which a test holds them to.
"""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from rich.control import Control
from textual._compositor import ChopsUpdate, Compositor
from textual.geometry import Region

from orch_tui.tui.textual_patches.guard import has, is_version

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from rich.console import Console
    from textual.strip import Strip
    from textual.widget import Widget


ORIGINAL = getattr(ChopsUpdate, "render_segments", None)
ORIGINAL_CHOPS = getattr(Compositor, "_render_chops", None)
"""Textual's own, to compare with; None where it has none."""


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


def render_chops(
    compositor: Compositor, crop: Region, is_rendered_line: Callable[[int], bool]
) -> Sequence[Mapping[int, Strip | None]]:
    """The visible pieces of each line, by the column where they begin; None where nothing is."""
    cuts = compositor.cuts
    chops: list[dict[int, Strip | None]] = [dict.fromkeys(line[:-1]) for line in cuts]
    missing = [len(line) for line in chops]
    # From the front to the back: the first one to fill a place is the one that is seen.
    for widget, (region, clip) in compositor.visible_widgets.items():
        if not crop.overlaps(clip):
            continue
        seen = region.intersection(clip)
        first, last = seen.column_span
        wanted = []
        for y in seen.line_range:
            if missing[y] and is_rendered_line(y):
                line = chops[y]
                own = [cut for cut in cuts[y] if first <= cut <= last]
                if any(line[cut] is None for cut in own[:-1]):
                    wanted.append((y, line, own))
        if not wanted:
            continue
        strips = dict(_rendered(widget, region, seen, [y for y, _, _ in wanted]))
        for y, line, own in wanted:
            if y not in strips:
                break
            for cut, piece in zip(own, strips[y].divide([cut - seen.x for cut in own[1:]]), strict=False):
                if line[cut] is None:
                    line[cut] = piece
                    missing[y] -= 1
    return chops


def _rendered(widget: Widget, region: Region, seen: Region, lines: Sequence[int]) -> Iterator[tuple[int, Strip]]:
    """These lines of the screen as the widget draws them: those in between cost filters, also when they are kept."""
    for _, run in groupby(enumerate(lines), lambda pair: pair[1] - pair[0]):
        ys = [y for _, y in run]
        crop = Region(seen.x - region.x, ys[0] - region.y, seen.width, len(ys))
        yield from zip(ys, widget.render_lines(crop), strict=False)


def install() -> bool:
    """From now on all updates of this process are drawn so; False where Textual's own way is used instead."""
    if (ChopsUpdate.__dict__.get("render_segments"), Compositor.__dict__.get("_render_chops")) == _OURS:
        return True
    if not (
        is_version()
        and "render_segments" in vars(ChopsUpdate)
        and has(ChopsUpdate, "render_segments", "self", "console")
        and has(Compositor, "_render_chops", "self", "crop", "is_rendered_line")
        and has(Compositor, "cuts")
        and has(Compositor, "visible_widgets")
    ):
        return False
    ChopsUpdate.render_segments, Compositor._render_chops = _OURS  # type: ignore[assignment, method-assign]
    return True


_OURS = (render_segments, render_chops)
