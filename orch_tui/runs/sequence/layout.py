"""Where boxes, tasks, rules and arrows of the sequence are, in cells of a terminal. Pure.

Side by side as long as all phases fit beside each other, in several rows where there is much room and they do not,
upright where it is narrow, or where ways lead past phases that do not fit beside each other.
"""

from __future__ import annotations

from collections.abc import Sequence as Values
from itertools import pairwise
from math import ceil
from operator import lt

from rich.cells import cell_len

from orch_tui.model.dataclass import dataclass
from orch_tui.model.status import Status
from orch_tui.runs.sequence.names import ASCII_ELLIPSIS, ELLIPSIS, cut, cut_names
from orch_tui.runs.sequence.values import Sequence, SequencePhase, SequenceRule, SequenceTask
from orch_tui.runs.sequence.ways import LANE, Arrow, Jump, below, beside, jumps_of, lanes_in, next_passage

LEAST_WIDTH = 16
"""A picture is never narrower."""
MOST_ROWS = 12
"""So many lines of tasks in a box, where nothing else is said."""
GAP = 3
"""Cells between two boxes that stand beside each other: ``──▶``."""
_NARROWEST, _WIDEST, _SHARE = 26, 44, 0.7
"""What a box may be cut to before boxes are put elsewhere: so many cells, and this share of what it needs; and how wide
it becomes at most in several rows."""
_WIDE = 90
_LANE = 2
"""Cells at the right of a row for the line to the next one; the next row is so many lines further down."""
_TIME = 6
_RULE = 30
"""Cells that the name of a rule, which may be a whole condition, makes a box wider at most."""
_LEAST_NAME = 6
"""Cells of a name that are worth more than how many parts an array has."""
_ROWS_BEFORE_COLUMNS = 4


@dataclass(frozen=True, slots=True)
class Cell:
    """A task in its box: ``name`` as it is cut, ``time`` right-aligned behind it, in ``width`` cells from ``x``."""

    x: int
    y: int
    width: int
    task: SequenceTask
    name: str
    time: str


@dataclass(frozen=True, slots=True)
class Rest:
    """The tasks of a box for which there is no room, with how many of them have which status."""

    x: int
    y: int
    width: int
    tasks: int
    counts: tuple[tuple[Status, int], ...]


@dataclass(frozen=True, slots=True)
class RuleCell:
    """A rule in the box of its phase: ``name`` and ``goal`` as they are cut, in ``width`` cells from ``x``."""

    x: int
    y: int
    width: int
    rule: SequenceRule
    name: str
    goal: str


@dataclass(frozen=True, slots=True)
class Box:
    """A phase. ``name`` is cut to the room that number and ``count`` (of tasks in parallel) leave in the frame.

    Below its tasks are its rules, ``more_rules`` those for which there is no room.
    """

    x: int
    y: int
    width: int
    height: int
    number: int
    phase: SequencePhase
    name: str
    count: str
    cells: tuple[Cell, ...]
    rest: Rest | None = None
    rules: tuple[RuleCell, ...] = ()
    more_rules: Rest | None = None


@dataclass(frozen=True, slots=True)
class Picture:
    """``width`` and ``height`` are what it takes, not what was offered."""

    sequence: Sequence
    width: int
    height: int
    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...]
    ascii_only: bool = False


@dataclass(frozen=True, slots=True)
class _Shape:
    """A phase and what it needs: cells of its tasks and of its title, inside of its frame."""

    number: int
    phase: SequencePhase
    count: str
    cell: int
    natural: int


def lay_out(
    sequence: Sequence,
    width: int,
    *,
    ascii_only: bool = False,
    most_rows: int | None = MOST_ROWS,
    height: int | None = None,
) -> Picture:
    """The picture in ``width`` cells (:data:`LEAST_WIDTH` at least).

    ``height`` is how many lines there are, where there is an end of them: names that would be cut for boxes to stand
    side by side are whole in several rows, as long as all of these can be seen. ``most_rows`` is how many lines of
    tasks a box has at most (2 at least), the last of them for the number of those that are left out; None: all.
    """
    width = max(LEAST_WIDTH, width)
    drawing = _Drawing(sequence, ascii_only, None if most_rows is None else max(2, most_rows))
    shapes = [drawing.shape(number, phase) for number, phase in enumerate(sequence.phases, 1)]
    widths = _side_by_side([shape.natural for shape in shapes], width)
    jumps = jumps_of(sequence.phases)
    room = width - _LANE
    in_rows = None
    if widths is not None and not jumps and height and any(map(lt, widths, (shape.natural for shape in shapes))):
        in_rows = _in_rows(drawing, shapes, room, height)
    if in_rows is not None:
        boxes, arrows = in_rows
    elif widths is not None:
        columns = _widened(shapes, widths, width, drawing.most_rows)
        boxes, arrows = _rows(drawing, shapes, widths, width, columns)
        arrows += below(boxes, jumps)
    elif width >= _WIDE and not jumps:
        widths = [min(shape.natural, _WIDEST, room) for shape in shapes]
        boxes, arrows = _rows(drawing, shapes, widths, room)
    else:
        boxes, arrows = _upright(drawing, shapes, width, jumps)
    right = max((x + 1 for arrow in arrows for x, _ in arrow.points), default=0)
    right = max([right, *(box.x + box.width for box in boxes)])
    height = max((y + 1 for arrow in arrows for _, y in arrow.points), default=0)
    height = max([height, *(box.y + box.height for box in boxes)])
    return Picture(sequence, right, height, tuple(boxes), tuple(arrows), ascii_only)


def count_text(phase: SequencePhase, *, ascii_only: bool = False) -> str:
    """``∥5`` for five tasks in parallel, ``∥2 of 5`` with a limit; empty where nothing is parallel."""
    if phase.to_run < 2:
        return ""
    sign = "||" if ascii_only else "∥"
    limited = phase.at_once < phase.to_run
    return f"{sign}{phase.at_once} of {phase.to_run}" if limited else f"{sign}{phase.to_run}"


class _Drawing:
    """How one picture writes names and boxes."""

    def __init__(self, sequence: Sequence, ascii_only: bool, most_rows: int | None) -> None:
        self.ascii_only = ascii_only
        self.most_rows = most_rows
        self._ellipsis = ASCII_ELLIPSIS if ascii_only else ELLIPSIS
        times = (cell_len(task.time) for phase in sequence.phases for task in phase.tasks)
        # One width for all: a second more must not move the boxes.
        self._time = max((_TIME, *times)) + 1 if sequence.timed else 0

    def text(self, name: str) -> str:
        return name.encode("ascii", "replace").decode() if self.ascii_only else name

    def mark(self, task: SequenceTask) -> str:
        return task.mark.replace("×", "x") if self.ascii_only else task.mark

    def shape(self, number: int, phase: SequencePhase) -> _Shape:
        count = count_text(phase, ascii_only=self.ascii_only)
        names = max((cell_len(self.text(task.name) + self.mark(task)) for task in phase.tasks), default=0)
        cell = 2 + names + self._time
        rules = (
            4 + min(_RULE, cell_len(self.text(rule.name))) + 1 + cell_len(self.text(rule.goal)) for rule in phase.rules
        )
        title = len(str(number)) + 1 + cell_len(self.text(phase.name)) + (len(count) + 3 if count else 1)
        return _Shape(number, phase, count, cell, max(cell, title, *rules, len("no tasks")) + 4)

    def rows(self, shape: _Shape, columns: int) -> int:
        """Lines inside of the frame; at least one."""
        needed = max(1, ceil(len(shape.phase.tasks) / columns))
        return needed if self.most_rows is None else min(needed, self.most_rows)

    def box(self, shape: _Shape, x: int, y: int, width: int, columns: int = 1) -> Box:
        """The box with its tasks, one column below the other."""
        phase, rows = shape.phase, self.rows(shape, columns)
        inside = width - 2
        margin = 1 if inside >= min(shape.cell, _NARROWEST - 4) + 2 else 0
        room = inside - 2 * margin
        shown, hidden = _parted(phase.tasks, rows * columns, columns)
        cells = self._cells(shown, x + 1 + margin, y + 1, room, columns)
        rules, more_rules = self._rules(phase.rules, x + 1 + margin, y + 1 + rows, room)
        rest = None
        if hidden:
            rest = Rest(x + 1 + margin, y + rows, room, len(hidden), _counted(hidden))
        free = inside - len(str(shape.number)) - 3
        name = self.text(phase.name)
        count = shape.count if len(shape.count) + 3 + min(4, cell_len(name)) <= free else ""
        name = cut(name, max(0, free - (len(count) + 3 if count else 0)), self._ellipsis)
        height = rows + len(rules) + (more_rules is not None) + 2
        return Box(x, y, width, height, shape.number, phase, name, count, tuple(cells), rest, tuple(rules), more_rules)

    def _rules(self, rules: Values[SequenceRule], x: int, y: int, room: int) -> tuple[list[RuleCell], Rest | None]:
        """The rules one below the other; of too many the last ones are only counted."""
        fits = self.most_rows is None or len(rules) <= self.most_rows
        shown = rules if fits else rules[: (self.most_rows or 1) - 1]
        cells = []
        arrow = " > " if self.ascii_only else " → "
        for number, rule in enumerate(shown):
            name, goal = self.text(rule.name), self.text(rule.goal)
            # Where it leads is worth more than the end of a condition.
            goal = cut(goal, max((room - 5) // 2, room - 5 - cell_len(name)), self._ellipsis)
            name = cut(name, max(0, room - 5 - cell_len(goal)), self._ellipsis)
            cells.append(RuleCell(x, y + number, room, rule, name, f"{arrow}{goal}" if goal else ""))
        hidden = len(rules) - len(shown)
        return cells, Rest(x, y + len(shown), room, hidden, ()) if hidden else None

    def _cells(self, tasks: Values[SequenceTask], x: int, y: int, room: int, columns: int) -> list[Cell]:
        each = (room - 2 * (columns - 1)) // columns
        per_column = max(1, ceil(len(tasks) / columns))
        # In a very narrow box the name is worth more than the time.
        time = self._time if each - 2 - self._time >= 6 else 0
        marks, room = [self.mark(task) for task in tasks], max(0, each - 2 - time)
        names = [self.text(task.name) for task in tasks]
        if any(cell_len(name + mark) > room for name, mark in zip(names, marks, strict=True)):
            most = max(map(cell_len, marks))
            if room - most < _LEAST_NAME:
                marks, most = [""] * len(tasks), 0
            names = cut_names(names, room - most, self._ellipsis)
        return [
            Cell(
                x + (number // per_column) * (each + 2),
                y + number % per_column,
                each,
                task,
                name + mark,
                task.time if time else "",
            )
            for number, (task, name, mark) in enumerate(zip(tasks, names, marks, strict=True))
        ]


def _parted(tasks: Values[SequenceTask], room: int, columns: int) -> tuple[Values[SequenceTask], Values[SequenceTask]]:
    """The tasks that are shown and those that are only counted; of too many, those that went wrong are shown first."""
    if len(tasks) <= room:
        return tasks, ()
    room -= columns
    wrong = (Status.ERROR, Status.TERMINATED, Status.WARNING)
    order = sorted(range(len(tasks)), key=lambda at: (tasks[at].status not in wrong, at))
    kept = set(order[:room])
    return [one for at, one in enumerate(tasks) if at in kept], [one for at, one in enumerate(tasks) if at not in kept]


def _counted(tasks: Values[SequenceTask]) -> tuple[tuple[Status, int], ...]:
    """How many have which status, in the order of :class:`Status`, those that nothing is to be said of left out."""
    counts = {status: sum(task.status is status for task in tasks) for status in Status if status is not Status.CREATED}
    return tuple((status, number) for status, number in counts.items() if number)


def _side_by_side(natural: Values[int], width: int) -> list[int] | None:
    """The widths with which all boxes are in one row, the widest cut first; None where they do not fit."""
    room = width - GAP * (len(natural) - 1)
    if sum(natural) <= room:
        return list(natural)
    low, high = _NARROWEST, max(natural)
    if sum(min(one, low) for one in natural) > room:
        return None
    while low < high:
        middle = (low + high + 1) // 2
        if sum(min(one, middle) for one in natural) <= room:
            low = middle
        else:
            high = middle - 1
    widths = [min(one, low) for one in natural]
    if any(width < min(one, _SHARE * _WIDEST, _SHARE * one) for width, one in zip(widths, natural, strict=True)):
        return None
    left = room - sum(widths)
    for number, one in enumerate(natural):
        if left and widths[number] < one:
            widths[number] += 1
            left -= 1
    return widths


def _widened(shapes: Values[_Shape], widths: list[int], width: int, most_rows: int | None) -> list[int]:
    """Columns of each box; those with more tasks than fit below each other take the room that is left, longest first.

    ``widths`` is changed.
    """
    columns = [1] * len(shapes)
    left = width - sum(widths) - GAP * (len(widths) - 1)
    longest = sorted(range(len(shapes)), key=lambda at: -len(shapes[at].phase.tasks))
    for at in longest if most_rows is not None else ():
        tasks, more = len(shapes[at].phase.tasks), shapes[at].cell + 2
        while tasks > columns[at] * (most_rows or tasks) and more <= left:
            columns[at] += 1
            widths[at] += more
            left -= more
    return columns


def _in_rows(drawing: _Drawing, shapes: Values[_Shape], room: int, height: int) -> tuple[list[Box], list[Arrow]] | None:
    """Boxes in several rows with nothing cut; None where they do not fit."""
    widths = [shape.natural for shape in shapes]
    if max(widths) > room:
        return None
    boxes, arrows = _rows(drawing, shapes, widths, room)
    return (boxes, arrows) if max(box.y + box.height for box in boxes) <= height else None


def _rows(
    drawing: _Drawing, shapes: Values[_Shape], widths: Values[int], room: int, columns: Values[int] = ()
) -> tuple[list[Box], list[Arrow]]:
    """Boxes from left to right, as many in a row as fit; from the end of a row a line leads to the next."""
    boxes: list[Box] = []
    arrows: list[Arrow] = []
    x = y = bottom = 0
    for shape, width, number in zip(shapes, widths, columns or [1] * len(shapes), strict=True):
        before = boxes[-1] if boxes else None
        wraps = before is not None and x + width > room
        if wraps:
            x, y = 0, bottom + _LANE
        box = drawing.box(shape, x, y, width, number)
        passage = None if before is None else next_passage(before.phase, box.phase)
        if before is not None and passage is not None:
            arrow = _to_next_row(before, box, bottom) if wraps else _to_the_right(before, box)
            arrows.append(arrow._replace(passage=passage))
        boxes.append(box)
        x += width + GAP
        bottom = box.y + box.height if wraps else max(bottom, box.y + box.height)
    return boxes, arrows


def _to_the_right(before: Box, after: Box) -> Arrow:
    return Arrow(((before.x + before.width - 1, before.y + 1), (after.x, after.y + 1)))


def _to_next_row(before: Box, after: Box, bottom: int) -> Arrow:
    """Out at the right, around below the row, and into the first box from above."""
    start, lane, enter = before.x + before.width - 1, before.x + before.width + _LANE - 1, after.x + 2
    return Arrow(((start, before.y + 1), (lane, before.y + 1), (lane, bottom), (enter, bottom), (enter, after.y)))


def _upright(drawing: _Drawing, shapes: Values[_Shape], width: int, jumps: list[Jump]) -> tuple[list[Box], list[Arrow]]:
    """All boxes below each other, equally wide; many tasks stand in columns, ways past phases at the right."""
    lanes = min(lanes_in(jumps), max(0, width - LEAST_WIDTH) // (2 * LANE))
    jumps = [jump for jump in jumps if jump.lane < lanes]
    width -= LANE * lanes + 1 if lanes else 0
    widest = min(width, max(shape.natural for shape in shapes))
    columns = [_columns(shape, width) for shape in shapes]
    if max(columns) > 1:
        widest = width
    boxes: list[Box] = []
    y = 0
    for shape, number in zip(shapes, columns, strict=True):
        boxes.append(drawing.box(shape, 0, y, widest, number))
        y += boxes[-1].height + 1
    middle = min(widest // 2, 12)
    arrows = [
        Arrow(((middle, before.y + before.height - 1), (middle, after.y)), passage)
        for before, after in pairwise(boxes)
        if (passage := next_passage(before.phase, after.phase)) is not None
    ]
    exits = {(jump.start, jump.end): _exit(boxes[jump.start], boxes[jump.end].phase.id) for jump in jumps}
    return boxes, [*arrows, *beside(boxes, jumps, exits)]


def _exit(box: Box, to: str) -> int:
    """The line of the first rule that leads there."""
    found = [cell.y for cell in box.rules if cell.rule.to == to]
    return found[0] if found else box.y + box.height - 2


def _columns(shape: _Shape, width: int) -> int:
    """In how many columns the tasks of a box stand that is as wide as the picture."""
    fits = (width - 2) // (max(_NARROWEST, round(0.8 * min(shape.cell, _WIDEST))) + 2)
    return max(1, min(fits, ceil(len(shape.phase.tasks) / _ROWS_BEFORE_COLUMNS)))
