"""The picture as lines of text. What a piece means goes with it: terminal and screen have their own colours. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from collections.abc import Sequence as Values
from enum import StrEnum
from itertools import pairwise
from typing import NamedTuple

from rich.cells import cell_len

from orch_tui.model.status import Status
from orch_tui.runs.sequence.layout import Box, Cell, Picture, Rest, RuleCell
from orch_tui.runs.sequence.names import ASCII_ELLIPSIS, ELLIPSIS, cut
from orch_tui.runs.sequence.values import Passage, Sequence, SequenceRule, SequenceTask
from orch_tui.runs.sequence.ways import Arrow
from orch_tui.runs.words.rule_words import RuleFate


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
    """``status`` is that of the phase for its frame, of the task for its mark and name; ``owner`` is their id.

    Of a rule and of an arrow it is a success where the run went that way.
    """

    text: str
    kind: Kind = Kind.BLANK
    status: Status = Status.CREATED
    owner: str = ""


class _Signs(NamedTuple):
    horizontal: str
    vertical: str
    corners: tuple[str, str, str, str]
    heads: dict[tuple[int, int], str]
    not_taken: tuple[str, str]
    """Horizontal and vertical, where the run went elsewhere."""
    joined: dict[str, str]
    """Where lines meet or cross, by the directions from there: left, right, up, down."""
    rule: tuple[str, str]
    """Of a rule, and of one that was taken."""


_RIGHT, _LEFT, _DOWN, _UP = (1, 0), (-1, 0), (0, 1), (0, -1)
_UNICODE = _Signs(
    "─",
    "│",
    ("╭", "╮", "╰", "╯"),
    {_RIGHT: "▶", _LEFT: "◀", _DOWN: "▼", _UP: "▲"},
    ("┄", "┆"),
    {"lrud": "┼", "lru": "┴", "lrd": "┬", "lud": "┤", "rud": "├"},
    ("◇", "◆"),
)
_ASCII = _Signs(
    "-",
    "|",
    ("+", "+", "+", "+"),
    {_RIGHT: ">", _LEFT: "<", _DOWN: "v", _UP: "^"},
    (".", ":"),
    dict.fromkeys(("lrud", "lru", "lrd", "lud", "rud"), "+"),
    ("?", "*"),
)
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
    for (x, y), piece in _draw_arrows(picture.arrows, signs).items():
        lines[y].append((x, piece))
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
    for rest in (box.rest, box.more_rules):
        x = rest.x if rest is not None else 0
        for piece in rest_text(rest, ascii_only=ascii_only) if rest is not None else ():
            yield (rest.y if rest is not None else 0), (x, piece)
            x += cell_len(piece.text)
    for rule in box.rules:
        x = rule.x
        for piece in rule_text(rule, ascii_only=ascii_only):
            yield rule.y, (x, piece)
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


def rule_text(cell: RuleCell, *, ascii_only: bool = False) -> list[Piece]:
    """``◇ nothing came → 4 Alert``; the sign of one that was taken is filled."""
    rule = cell.rule
    signs = (_ASCII if ascii_only else _UNICODE).rule
    status = status_of_rule(rule)
    sign = signs[rule.fate in (RuleFate.TAKEN, RuleFate.UNDECIDED)]
    quiet = Status.SKIPPED if rule.passage is Passage.NOT_TAKEN and status is Status.CREATED else Status.CREATED
    goal = Piece(cell.goal, Kind.MARK, status, rule.id) if status is not Status.CREATED else Piece(cell.goal, Kind.TIME)
    return [
        Piece(f"{sign} ", Kind.MARK, status, rule.id),
        Piece(cell.name, Kind.NAME, quiet, rule.id),
        goal._replace(owner=rule.id),
    ]


def status_of_rule(rule: SequenceRule) -> Status:
    """The status whose colour a rule has."""
    match rule.fate:
        case RuleFate.TAKEN:
            return Status.SUCCESS
        case RuleFate.UNDECIDED:
            return Status.ERROR
        case _:
            return Status.CREATED


_STRENGTH = (Passage.TAKEN, Passage.OPEN, Passage.NOT_TAKEN)
_Directions = dict[tuple[int, int], Passage]


def _draw_arrows(arrows: Values[Arrow], signs: _Signs) -> dict[tuple[int, int], Piece]:
    """The cells of all arrows between their first and last points, which are on the frames of boxes; where they meet or
    cross, the sign says so."""
    cells: dict[tuple[int, int], _Directions] = {}
    heads: dict[tuple[int, int], tuple[str, Passage]] = {}
    # What was taken is drawn last: it lies over the others.
    for arrow in sorted(arrows, key=lambda one: _STRENGTH.index(one.passage), reverse=True):
        path = _path(arrow)
        for number, (x, y) in enumerate(path[1:-1], 1):
            (before_x, before_y), (after_x, after_y) = path[number - 1], path[number + 1]
            here = cells.setdefault((x, y), {})
            here[before_x - x, before_y - y] = here[after_x - x, after_y - y] = arrow.passage
            if number == len(path) - 2:
                heads[x, y] = signs.heads[after_x - x, after_y - y], arrow.passage
    drawn = {}
    for at, directions in cells.items():
        passage = min(directions.values(), key=_STRENGTH.index)
        sign = _sign(directions, passage, signs)
        if at in heads:
            sign, passage = heads[at]
        drawn[at] = Piece(sign, Kind.ARROW, Status.SUCCESS if passage is Passage.TAKEN else Status.CREATED)
    return drawn


def _path(arrow: Arrow) -> list[tuple[int, int]]:
    """Every cell from the first point to the last."""
    path: list[tuple[int, int]] = [arrow.points[0]]
    for (x, y), (to_x, to_y) in pairwise(arrow.points):
        step_x, step_y = (to_x > x) - (to_x < x), (to_y > y) - (to_y < y)
        while (x, y) != (to_x, to_y):
            x, y = x + step_x, y + step_y
            path.append((x, y))
    return path


def _sign(directions: Collection[tuple[int, int]], passage: Passage, signs: _Signs) -> str:
    """The sign that joins a cell with its neighbours in these directions."""
    steps = set(directions)
    away = passage is Passage.NOT_TAKEN
    if steps <= {_LEFT, _RIGHT}:
        return signs.not_taken[0] if away else signs.horizontal
    if steps <= {_UP, _DOWN}:
        return signs.not_taken[1] if away else signs.vertical
    if len(steps) == 2:
        return signs.corners[(_UP in steps) * 2 + (_LEFT in steps)]
    return signs.joined["".join(letter for letter, step in _LETTERS if step in steps)]


_LETTERS = (("l", _LEFT), ("r", _RIGHT), ("u", _UP), ("d", _DOWN))
