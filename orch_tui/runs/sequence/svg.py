"""The picture as SVG, for a wiki page or a README: text stays text, and it follows the reader's light or dark page."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from xml.sax.saxutils import escape, quoteattr

from rich.cells import cell_len

from orch_tui.model.status import STYLES, Status
from orch_tui.model.texts.text import counted
from orch_tui.runs.sequence.layout import Box, Cell, Picture
from orch_tui.runs.sequence.text import Kind, Piece, legend, mark_of, rest_text, rule_text
from orch_tui.runs.sequence.values import Passage
from orch_tui.runs.sequence.ways import Arrow

CELL_WIDTH, CELL_HEIGHT = 8.4, 20
"""Pixels of one cell of the layout."""
_MARGIN = 14
FONTS = "'DejaVu Sans Mono', Menlo, Consolas, 'Liberation Mono', monospace"
_NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
LIGHT = {
    "paper": "#fcfcfd",
    "ink": "#1e2430",
    "dim": "#626e82",
    "frame": "#c2cad8",
    "green": "#1b7a3a",
    "red": "#b3261e",
    "yellow": "#8f6000",
    "blue": "#1d5fc0",
    "magenta": "#7b3fb4",
    "bright_black": "#626e82",
}
DARK = {
    "paper": "#10141b",
    "ink": "#d6dce6",
    "dim": "#8290a6",
    "frame": "#334056",
    "green": "#7ed491",
    "red": "#f47f83",
    "yellow": "#ecc46b",
    "blue": "#6cb0ff",
    "magenta": "#c79bf2",
    "bright_black": "#8290a6",
}
"""Colours of the screen's own two themes, by what has them; those of states by the ANSI names of the model."""


def write_svg(picture: Picture, *, dark: bool | None = None) -> str:
    """A document of its own. ``dark`` fixes the colours; None: those of the page where it is shown."""
    sequence = picture.sequence
    title = f"{sequence.name}: {counted(len(sequence.phases), 'phase')}, {counted(sequence.tasks, 'task')}"
    states = legend(sequence)
    width = max(picture.width, cell_len(title), sum(len(state.style.word) + 4 for state in states))
    pixels = round(width * CELL_WIDTH + 2 * _MARGIN, 1), (picture.height + 2 + 2 * bool(states)) * CELL_HEIGHT
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{pixels[0]:g}" height="{pixels[1]:g}" '
        f'viewBox="0 0 {pixels[0]:g} {pixels[1]:g}" role="img" aria-label={_attribute(title)}>',
        f"<title>{_text(title)}</title>",
        f"<style>{_style(dark)}</style>",
        '<rect class="paper" width="100%" height="100%"/>',
        f'<text class="name strong" x="{_MARGIN}" y="{CELL_HEIGHT}">{_text(title)}</text>',
        f'<g transform="translate({_MARGIN} {1.5 * CELL_HEIGHT:g})">',
    ]
    # What was taken lies over the others.
    for arrow in sorted(picture.arrows, key=lambda one: one.passage is Passage.TAKEN):
        parts.append(_arrow(arrow))
    for box in picture.boxes:
        parts.extend(_box(box, picture.ascii_only))
    parts.extend(_legend(states, (picture.height + 0.5) * CELL_HEIGHT, picture.ascii_only))
    return "\n".join([*parts, "</g>", "</svg>", ""])


def _style(dark: bool | None) -> str:
    rules = f"text{{font:14px {FONTS};white-space:pre}}.strong{{font-weight:bold}}.line{{fill:none;stroke-width:1.5}}"
    rules += _colors(DARK if dark else LIGHT)
    return rules if dark is not None else f"{rules}@media (prefers-color-scheme:dark){{{_colors(DARK)}}}"


def _colors(colors: dict[str, str]) -> str:
    rules = [
        f".paper,.box{{fill:{colors['paper']}}}.name{{fill:{colors['ink']}}}.dim,.head{{fill:{colors['dim']}}}",
        f".line{{stroke:{colors['dim']}}}.created{{stroke:{colors['frame']}}}",
    ]
    for color in sorted({style.color for style in STYLES.values()}):
        rules.append(f".{_class(color)}{{fill:{colors[color]}}}.s-{_class(color)}{{stroke:{colors[color]}}}")
    return "".join(rules)


def _class(color: str) -> str:
    return color.replace("_", "-")


def _text(text: str) -> str:
    return escape(_NOT_IN_XML.sub("\ufffd", text))


def _attribute(text: str) -> str:
    return quoteattr(_NOT_IN_XML.sub("\ufffd", text))


def _middle(x: float, y: float) -> tuple[float, float]:
    """The middle of a cell, where lines run."""
    return round((x + 0.5) * CELL_WIDTH, 1), (y + 0.5) * CELL_HEIGHT


def _words(text: str, x: float, y: float, classes: str) -> str:
    """A text on its cells: as wide as on the terminal, whichever font there is."""
    shown = text.strip(" ")
    x += len(text) - len(text.lstrip(" "))
    length = cell_len(shown) * CELL_WIDTH
    fixed = f' textLength="{length:g}" lengthAdjust="spacingAndGlyphs"' if len(shown) > 1 else ""
    at = f'x="{x * CELL_WIDTH:g}" y="{y * CELL_HEIGHT + CELL_HEIGHT * 0.72:g}"'
    return f'<text class="{classes}" {at}{fixed}>{_text(shown)}</text>' if shown else ""


def _box(box: Box, ascii_only: bool) -> Iterator[str]:
    left, top = _middle(box.x, box.y)
    right, bottom = _middle(box.x + box.width - 1, box.y + box.height - 1)
    edge = "created" if box.phase.status is Status.CREATED else f"s-{_class(box.phase.status.style.color)}"
    whole = f"{box.number} {box.phase.name}"
    yield f"<g><title>{_text(whole)}</title>"
    yield (
        f'<rect class="box line {edge}" x="{left:g}" y="{top:g}" width="{right - left:g}" '
        f'height="{bottom - top:g}" rx="6"/>'
    )
    head = f" {box.number} {box.name} "
    yield _behind(box.x + 1, box.y, cell_len(head))
    yield _words(f"{box.number}", box.x + 2, box.y, "dim")
    yield _words(box.name, box.x + 3 + len(str(box.number)), box.y, "name strong")
    if box.count:
        at = box.x + box.width - 3 - cell_len(box.count)
        yield _behind(at, box.y, cell_len(box.count) + 2)
        # The sign by itself: a font that lacks it must not give its looks to the number.
        sign = len(box.count) - len(box.count.lstrip("∥|"))
        yield _words(box.count[:sign], at + 1, box.y, "dim")
        yield _words(box.count[sign:], at + 1 + sign, box.y, "dim")
    for cell in box.cells:
        yield from _cell(cell, ascii_only)
    for rest in (box.rest, box.more_rules):
        if rest is not None:
            yield from _pieces(rest_text(rest, ascii_only=ascii_only), rest.x, rest.y)
    for rule in box.rules:
        said = f"{rule.rule.name}, to {rule.rule.goal}: {rule.rule.fate.value}"
        yield f"<g><title>{_text(said)}</title>"
        yield from _pieces(rule_text(rule, ascii_only=ascii_only), rule.x, rule.y)
        yield "</g>"
    if not box.phase.tasks:
        yield _words("no tasks", box.x + 2, box.y + 1, "dim")
    yield "</g>"


def _pieces(pieces: Iterable[Piece], x: int, y: int) -> Iterator[str]:
    for piece in pieces:
        yield _words(piece.text, x, y, _piece_class(piece))
        x += cell_len(piece.text)


def _behind(x: int, y: int, cells: int) -> str:
    """The frame ends where its title stands."""
    at = f'x="{x * CELL_WIDTH:g}" y="{y * CELL_HEIGHT:g}"'
    return f'<rect class="paper" {at} width="{cells * CELL_WIDTH:g}" height="{CELL_HEIGHT}"/>'


def _cell(cell: Cell, ascii_only: bool) -> Iterator[str]:
    glyph, status = mark_of(cell.task, ascii_only=ascii_only)
    quiet = cell.task.status in (Status.CREATED, Status.SKIPPED) and not cell.task.reused
    yield f"<g><title>{_text(f'{cell.task.name}: {cell.task.status.value}')}</title>"
    yield _words(glyph, cell.x, cell.y, _class(status.style.color))
    yield _words(cell.name, cell.x + 2, cell.y, "dim" if quiet and cell.task.status is Status.SKIPPED else "name")
    if cell.time:
        yield _words(cell.time, cell.x + cell.width - cell_len(cell.time), cell.y, "dim")
    yield "</g>"


def _piece_class(piece: Piece) -> str:
    if piece.kind is Kind.NAME:
        return "dim" if piece.status is Status.SKIPPED else "name"
    return _class(piece.status.style.color) if piece.kind is Kind.MARK else "dim"


def _arrow(arrow: Arrow) -> str:
    points = [_middle(x, y) for x, y in arrow.points]
    (before_x, before_y), (x, y) = points[-2], points[-1]
    if before_x == x and before_y < y:
        # From above it would end in the title.
        y -= CELL_HEIGHT / 2
        points[-1] = x, y
    line = " ".join(f"{a:g},{b:g}" for a, b in points)
    if before_x == x:
        back = -9 if before_y < y else 9
        head = f"{x - 4:g},{y + back:g} {x + 4:g},{y + back:g} {x:g},{y + back / 9:g}"
    else:
        back = -9 if before_x < x else 9
        head = f"{x + back:g},{y - 4:g} {x + back:g},{y + 4:g} {x + back / 9:g},{y:g}"
    color = _class(Status.SUCCESS.style.color)
    taken = (f" s-{color}", color) if arrow.passage is Passage.TAKEN else ("", "head")
    dots = ' stroke-dasharray="2 4"' if arrow.passage is Passage.NOT_TAKEN else ""
    return f'<polyline class="line{taken[0]}"{dots} points="{line}"/><polygon class="{taken[1]}" points="{head}"/>'


def _legend(states: list[Status], top: float, ascii_only: bool) -> Iterator[str]:
    x, y = 0, top / CELL_HEIGHT
    for state in states:
        style = state.style
        yield _words(style.ascii if ascii_only else style.glyph, x, y, _class(style.color))
        yield _words(style.word, x + 2, y, "dim")
        x += len(style.word) + 4
