"""A log's rows, its scroll bar and the line below it, as strips."""

from __future__ import annotations

from collections.abc import Callable

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.geometry import Size
from textual.strip import Strip

from orch_tui.model.texts.text import safe_line
from orch_tui.runs.log.search import ERRORS
from orch_tui.tui.log.paint import sgr_style, strip_of
from orch_tui.tui.log.rows import Row
from orch_tui.tui.log.state import LogState

Styles = Callable[[str], Style]
"""A style by its name: see ``picture.STYLES``."""


def draw(state: LogState, size: Size, base: Style, style: Styles, *, position: bool) -> list[Strip]:
    """All rows of a view of that size; the last one says what it does, and where it is with ``position``."""
    width = max(1, size.width - 1)
    try:
        rows = state.view.rows()
    except OSError as error:
        rows, state.note = [], f"it cannot be read: {error.strerror or error}"
    thumb = _thumb(state, size.height - 1)
    strips = []
    for y in range(size.height - 1):
        text = _row(state, rows[y], base, width, style) if y < len(rows) else Strip.blank(width, base)
        bar = style("thumb" if y in thumb else "track")
        strips.append(Strip([*text, Segment(" ", bar)], width + 1))
    strips.append(_status(state, size.width, style, position))
    return strips


def _thumb(state: LogState, height: int) -> range:
    """The rows of the scroll bar's handle; none when all is in view."""
    view = state.view
    size = view.blocks.size
    if not size or height < 1 or (not view.top.offset and view.seen >= size):
        return range(0)
    length = max(1, height * (view.seen - view.top.offset) // size)
    top = height - length if view.seen >= size else min(height - length - 1, height * view.top.offset // size)
    return range(max(0, top), max(0, top) + length)


def _row(state: LogState, row: Row, base: Style, width: int, style: Styles) -> Strip:
    shown = row.line.shown
    layers = [(span.start, span.end, sgr_style(span.sgr)) for span in row.line.spans]
    # A program that has colours of its own says itself what an error is.
    if not layers and ERRORS.spans(shown):
        layers.append((0, len(row.line.text), style("error")))
    if row.line.more:
        layers.append((len(row.line.text), len(shown), style("note")))
    here = row.offset == state.view.cursor and not state.view.follow
    if here:
        layers.append((0, len(shown) + 1, style("cursor")))
    if state.pattern is not None:
        over = style("match-here" if here else "match")
        layers += [(start, end, over) for start, end in state.pattern.spans(shown)]
    if state.selection is not None and (part := state.selection.part(row.offset, len(shown))):
        layers.append((*part, style("selection")))
    # Of a wrapped line, only its last row has something to the right of it.
    length = row.end - row.start + (row.end == len(shown))
    cut = [
        (max(0, start - row.start), min(end - row.start, length), over)
        for start, end, over in layers
        if end > row.start and start - row.start < length
    ]
    return strip_of(shown[row.start : row.end], base, cut, state.view.column, width)


def _status(state: LogState, width: int, style: Styles, position: bool) -> Strip:
    base = style("status")
    left = [Segment(f" {text}", base + style(name)) for text, name in _says(state)]
    right = f"{state.position} " if position and state.log is not None and state.log.problem is None else ""
    used = sum(cell_len(segment.text) for segment in left)
    room = width - used - cell_len(right)
    if room < 1:
        right, room = "", max(0, width - used)
    return Strip([*left, Segment(" " * room, base), Segment(right, base)]).crop_extend(0, width, base)


def _says(state: LogState) -> list[tuple[str, str]]:
    """Texts with the names of their styles."""
    parts = []
    if state.log is None or state.log.problem is not None:
        parts.append((f"○ {safe_line(state.log.problem or '', 200) if state.log else 'no log'}", "note"))
    elif state.view.follow:
        parts.append(("■ its end", "note") if state.ended else ("● following", "state"))
    else:
        news = state.news
        parts.append((f"‖ held  {news}" if news else "‖ held", "warning" if news else "note"))
    if state.pattern is not None:
        name = "errors" if state.pattern is ERRORS else f"/{safe_line(state.pattern.text, 40)}"
        parts.append((f" {name}  {'looking…' if state.looking else state.matches}", "warning"))
    if state.selection is not None:
        parts.append((f" ▌ {state.selected}", "state"))
    if state.note:
        parts.append((f" {safe_line(state.note, 100)}", "note"))
    return parts
