"""The ways that a run may take between the boxes of a picture, in cells: to the next phase, and past others. Pure.

Ways past phases run in lanes of their own: below boxes that stand side by side, at the right of upright ones.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from collections.abc import Sequence as Values
from typing import NamedTuple, Protocol

from orch_tui.runs.sequence.values import Passage, SequencePhase

MOST_LANES = 8
"""So many ways are drawn beside each other; of more, the text of the rules says where they lead."""
LANE = 2
"""Cells from one lane to the next at the right of boxes."""


class Arrow(NamedTuple):
    """From the frame of a box over corners to the frame of another one: (x, y), horizontal and vertical in turn."""

    points: tuple[tuple[int, int], ...]
    passage: Passage = Passage.OPEN


class Jump(NamedTuple):
    """A way past phases: from the box of one number to that of another (from 0), in a lane (from 0)."""

    start: int
    end: int
    passage: Passage
    lane: int


class Placed(Protocol):
    """A box with its place."""

    @property
    def x(self) -> int: ...
    @property
    def y(self) -> int: ...
    @property
    def width(self) -> int: ...
    @property
    def height(self) -> int: ...


def next_passage(phase: SequencePhase, following: SequencePhase) -> Passage | None:
    """The way from a phase to the one after it; None where no run takes it."""
    found = [rule.passage for rule in phase.rules if rule.to == following.id]
    return _together([*found, phase.onward] if phase.onward is not None else found)


def jumps_of(phases: Values[SequencePhase]) -> list[Jump]:
    """The ways past phases, short ones in the lanes next to the boxes."""
    places = {phase.id: number for number, phase in enumerate(phases)}
    ways: dict[tuple[int, int], list[Passage]] = {}
    for number, phase in enumerate(phases):
        for rule in phase.rules:
            to = places.get(rule.to or "", -1)
            if to > number + 1:
                ways.setdefault((number, to), []).append(rule.passage)
    lanes: list[list[tuple[int, int]]] = []
    found = []
    for (start, end), passages in sorted(ways.items(), key=lambda way: way[0][1] - way[0][0]):
        lane = next((at for at, taken in enumerate(lanes) if all(end < a or b < start for a, b in taken)), len(lanes))
        if lane == MOST_LANES:
            continue
        if lane == len(lanes):
            lanes.append([])
        lanes[lane].append((start, end))
        found.append(Jump(start, end, _together(passages) or Passage.OPEN, lane))
    return found


def lanes_in(jumps: Iterable[Jump]) -> int:
    """How many lanes they need."""
    return max((jump.lane + 1 for jump in jumps), default=0)


def _together(passages: Values[Passage]) -> Passage | None:
    """Several ways from one box to another one are drawn as one."""
    for passage in (Passage.TAKEN, Passage.OPEN, Passage.NOT_TAKEN):
        if passage in passages:
            return passage
    return None


def below(boxes: Values[Placed], jumps: Values[Jump]) -> list[Arrow]:
    """From the bottoms of boxes to those of others, in lanes below all of them."""
    floor = max((box.y + box.height for box in boxes), default=0)
    arrows = []
    for jump in jumps:
        start, end = boxes[jump.start], boxes[jump.end]
        # Longer ways lie deeper: theirs leave further left and arrive further right, so that they cross no shorter one.
        leaves = sorted(one.lane for one in jumps if one.start == jump.start)
        arrives = sorted(one.lane for one in jumps if one.end == jump.end)
        x = max(start.x + 1, start.x + start.width - 3 - 2 * leaves.index(jump.lane))
        to = min(end.x + end.width - 2, end.x + 2 + 2 * arrives.index(jump.lane))
        lane = floor + 1 + jump.lane
        points = ((x, start.y + start.height - 1), (x, lane), (to, lane), (to, end.y + end.height - 1))
        arrows.append(Arrow(points, jump.passage))
    return arrows


def beside(boxes: Values[Placed], jumps: Values[Jump], exits: Mapping[tuple[int, int], int]) -> list[Arrow]:
    """From the right of boxes to that of others, in lanes at the right of all of them.

    ``exits`` are the lines at which ways leave, by the numbers of both boxes.
    """
    edge = max((box.x + box.width for box in boxes), default=0)
    arrows = []
    for jump in jumps:
        start, end = boxes[jump.start], boxes[jump.end]
        right, lane, into = start.x + start.width - 1, edge + 1 + LANE * jump.lane, end.y + 1
        y = exits[jump.start, jump.end]
        arrows.append(Arrow(((right, y), (lane, y), (lane, into), (end.x + end.width - 1, into)), jump.passage))
    return arrows
