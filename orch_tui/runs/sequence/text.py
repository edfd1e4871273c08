"""The picture as lines of text. What a piece means goes with it: terminal and screen have their own colours. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from itertools import pairwise
from typing import NamedTuple

from rich.cells import cell_len

from orch_tui.model.status import Status
from orch_tui.runs.sequence.layout import Arrow, Box, Cell, Picture, Rest
from orch_tui.runs.sequence.names import ASCII_ELLIPSIS, ELLIPSIS, cut
from orch_tui.runs.sequence.values import Sequence, SequenceTask


class Kind(StrEnum):
    """What a piece of a line is."""

    BLANK = "blank"
    ARROW = "arrow"
    FRAME = "frame"
    NUMBER = "number"
    PHASE = "phase"
    COUNT = "count"
    MARK = "mark"
    NAME = "name"
    TIME = "time"
    REST = "rest"


class Piece(NamedTuple):
    """``status`` is that of the phase for its frame, of the task for its mark and name; ``owner`` is their id."""

    text: str
    kind: Kind = Kind.BLANK
    status: Status = Status.CREATED
    owner: str = ""


class _Signs(NamedTuple):
    horizontal: str
    vertical: str
    corners: tuple[str, str, str, str]
    right: str
    down: str


_UNICODE = _Signs("─", "│", ("╭", "╮", "╰", "╯"), "▶", "▼")
_ASCII = _Signs("-", "|", ("+", "+", "+", "+"), ">", "v")
_Placed = tuple[int, Piece]


def mark_of(task: SequenceTask, *, ascii_only: bool = False) -> tuple[str, Status]:
    """The one-cell sign of a task, and the status whose colour it has."""
    if task.interrupted:
        return "?", Status.WARNING
    status = Status.SUCCESS if task.reused else task.status
    style = status.style
    return style.ascii if ascii_only else style.glyph, status


def draw(picture: Picture) -> list[list[Piece]]:
    """Line by line; the pieces of a line follow each other without a gap."""
    signs = _ASCII if picture.ascii_only else _UNICODE
    lines: list[list[_Placed]] = [[] for _ in range(picture.height)]
    for arrow in picture.arrows:
        for y, placed in _draw_arrow(arrow, signs):
            lines[y].append(placed)
    for box in picture.boxes:
        for y, placed in _draw_box(box, signs, picture.ascii_only):
            lines[y].append(placed)
    return [_without_gaps(line) for line in lines]


def legend(sequence: Sequence) -> list[Status]:
    """The states that the picture has signs of, in the order in which a task has them."""
    found = {mark_of(task)[1] for phase in sequence.phases for task in phase.tasks}
    return [status for status in Status if status in found and status is not Status.CREATED]


def rest_text(rest: Rest, *, ascii_only: bool = False) -> list[Piece]:
    """``… 14 more: 10 ✔ 2 ✘``, as far as there is room; the number is never left out."""
    ellipsis = ASCII_ELLIPSIS if ascii_only else ELLIPSIS
    number = f"{ellipsis} {rest.tasks}"
    text = f"{number} more" if cell_len(number) + 5 <= rest.width else cut(number, rest.width, "")
    pieces = [Piece(text, Kind.REST)]
    room = rest.width - cell_len(text)
    for at, (status, count) in enumerate(rest.counts):
        glyph = status.style.ascii if ascii_only else status.style.glyph
        before = ": " if at == 0 else " "
        if len(f"{before}{count} {glyph}") > room:
            break
        pieces += [Piece(f"{before}{count} ", Kind.REST), Piece(glyph, Kind.MARK, status)]
        room -= len(f"{before}{count} {glyph}")
    return pieces


def _without_gaps(line: list[_Placed]) -> list[Piece]:
    pieces: list[Piece] = []
    at = 0
    for x, piece in sorted(line, key=lambda placed: placed[0]):
        if x > at:
            pieces.append(Piece(" " * (x - at)))
        pieces.append(piece)
        at = x + cell_len(piece.text)
    return pieces


def _draw_box(box: Box, signs: _Signs, ascii_only: bool) -> Iterator[tuple[int, _Placed]]:
    phase, right = box.phase, box.x + box.width - 1
    upper_left, upper_right, lower_left, lower_right = signs.corners

    def frame(text: str) -> Piece:
        return Piece(text, Kind.FRAME, phase.status, phase.id)

    x = box.x
    count = f" {box.count} " if box.count else ""
    head = [
        frame(f"{upper_left} "),
        Piece(f"{box.number} ", Kind.NUMBER, phase.status, phase.id),
        Piece(f"{box.name} ", Kind.PHASE, phase.status, phase.id),
    ]
    taken = sum(cell_len(piece.text) for piece in head) + len(count) + 1
    head += [frame(signs.horizontal * (box.width - taken)), Piece(count, Kind.COUNT, phase.status, phase.id)]
    for piece in (*head, frame(upper_right)):
        yield box.y, (x, piece)
        x += cell_len(piece.text)
    for y in range(box.y + 1, box.y + box.height - 1):
        yield y, (box.x, frame(signs.vertical))
        yield y, (right, frame(signs.vertical))
    for cell in box.cells:
        yield from _draw_cell(cell, ascii_only)
    if box.rest is not None:
        x = box.rest.x
        for piece in rest_text(box.rest, ascii_only=ascii_only):
            yield box.rest.y, (x, piece)
            x += cell_len(piece.text)
    if not phase.tasks:
        yield box.y + 1, (box.x + 2, Piece("no tasks", Kind.REST))
    bottom = frame(f"{lower_left}{signs.horizontal * (box.width - 2)}{lower_right}")
    yield box.y + box.height - 1, (box.x, bottom)


def _draw_cell(cell: Cell, ascii_only: bool) -> Iterator[tuple[int, _Placed]]:
    task = cell.task
    glyph, status = mark_of(task, ascii_only=ascii_only)
    yield cell.y, (cell.x, Piece(f"{glyph} ", Kind.MARK, status, task.id))
    time = f" {cell.time}" if cell.time else ""
    name = cell.name + " " * (cell.width - 2 - cell_len(cell.name) - cell_len(time))
    yield cell.y, (cell.x + 2, Piece(name, Kind.NAME, task.status, task.id))
    if time:
        yield cell.y, (cell.x + cell.width - cell_len(time), Piece(time, Kind.TIME, task.status, task.id))


def _draw_arrow(arrow: Arrow, signs: _Signs) -> Iterator[tuple[int, _Placed]]:
    """All cells between the first and the last point, which are on the frames of boxes."""
    path: list[tuple[int, int]] = [arrow.points[0]]
    for (x, y), (to_x, to_y) in pairwise(arrow.points):
        step_x, step_y = (to_x > x) - (to_x < x), (to_y > y) - (to_y < y)
        while (x, y) != (to_x, to_y):
            x, y = x + step_x, y + step_y
            path.append((x, y))
    for number, (x, y) in enumerate(path[1:-1], 1):
        before, after = path[number - 1], path[number + 1]
        if number == len(path) - 2:
            sign = signs.down if after[0] == x else signs.right
        else:
            sign = _sign((before[0] - x, before[1] - y), (after[0] - x, after[1] - y), signs)
        yield y, (x, Piece(sign, Kind.ARROW))


def _sign(one: tuple[int, int], other: tuple[int, int], signs: _Signs) -> str:
    """The sign that joins two neighbours of a cell, given as steps."""
    steps = {one, other}
    if steps == {(-1, 0), (1, 0)}:
        return signs.horizontal
    if steps == {(0, -1), (0, 1)}:
        return signs.vertical
    return signs.corners[((0, -1) in steps) * 2 + ((-1, 0) in steps)]
