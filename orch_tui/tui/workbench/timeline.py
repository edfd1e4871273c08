"""The plan of an orchestration as a picture: phases as columns in time, tasks as bars. Pure: no Textual, no files."""

from __future__ import annotations

import heapq
from collections.abc import Mapping
from dataclasses import dataclass
from statistics import median
from typing import NamedTuple

from orch_tui.model.orchestration import Orchestration
from orch_tui.runs.timeline import Column

_EIGHTHS = " ▏▎▍▌▋▊▉"


@dataclass(frozen=True, slots=True)
class Bar:
    """A task in time; ``start`` and ``end`` are seconds from the start of the run.

    ``known`` is false when no earlier run tells how long it takes; ``runs`` is false for a disabled task.
    ``critical``: it ends last in its phase, so that the whole run waits for it.
    """

    task: str
    configuration: str
    phase: int
    start: float
    end: float
    known: bool
    runs: bool = True
    critical: bool = False


@dataclass(frozen=True, slots=True)
class Timeline:
    """``known`` of ``running`` tasks have a duration from earlier runs."""

    bars: tuple[Bar, ...] = ()
    columns: tuple[Column, ...] = ()
    seconds: float = 0.0
    known: int = 0
    running: int = 0


class Span(NamedTuple):
    """A piece of a drawn line. ``kind``: ``known``, ``critical``, ``unknown``, ``rule``, ``off`` or ``blank``."""

    text: str
    kind: str


def plan_timeline(orchestration: Orchestration, seconds: Mapping[str, float], max_parallel: int) -> Timeline:
    """When each task would run: phases in order, tasks in parallel up to the limits.

    ``seconds`` are durations by task id; a task without one takes as long as the median of the others (or 1 s).
    ``max_parallel`` is the project's limit.
    """
    nominal = median(seconds.values()) if seconds else 1.0
    bars: list[Bar] = []
    columns: list[Column] = []
    start = 0.0
    for number, phase in enumerate(orchestration.phases, 1):
        slots = [start] * (phase.max_parallel or orchestration.max_parallel or max_parallel)
        end, last, first = start, -1, len(bars)
        for task in phase.tasks:
            known = task.id in seconds
            if not task.enabled:
                bars.append(Bar(task.id, task.configuration, number, start, start, known, runs=False))
                continue
            begins = slots[0]
            ends = begins + max(seconds.get(task.id, nominal), 0.001)
            heapq.heapreplace(slots, ends)
            if ends > end:
                end, last = ends, len(bars)
            bars.append(Bar(task.id, task.configuration, number, begins, ends, known))
        if last >= 0:
            bar = bars[last]
            bars[last] = Bar(bar.task, bar.configuration, number, bar.start, bar.end, bar.known, critical=True)
        if len(bars) > first:
            columns.append(Column(number, start, end))
        start = end
    running = [bar for bar in bars if bar.runs]
    return Timeline(tuple(bars), tuple(columns), start, sum(bar.known for bar in running), len(running))


def draw_header(timeline: Timeline, width: int) -> str:
    """The numbers of the phases above their columns, as far as there is room."""
    cells = [" "] * width
    free = 0
    for column in timeline.columns:
        at, text = _cell(timeline, column.start, width), str(column.number)
        if at >= free and at + len(text) <= width:
            cells[at : at + len(text)] = text
            free = at + len(text) + 1
    return "".join(cells)


def draw_bar(timeline: Timeline, bar: Bar, width: int, *, ascii_only: bool = False) -> list[Span]:
    """One line of exactly ``width`` cells: the bar at its place in time, and rules where phases begin."""
    if width <= 0:
        return []
    if not bar.runs:
        at = max(0, min(_cell(timeline, bar.start, width), width - 3))
        return [
            *_rules(timeline, 0, at, width, ascii_only),
            Span("off"[:width], "off"),
            *_rules(timeline, at + 3, width, width, ascii_only),
        ]
    first = min(_cell(timeline, bar.start, width), width - 1)
    eighths = max(8, round(bar.end / timeline.seconds * width * 8) - first * 8)
    eighths = min(eighths, (width - first) * 8)
    kind = "unknown" if not bar.known else "critical" if bar.critical else "known"
    if ascii_only or not bar.known:
        length = max(1, round(eighths / 8))
        glyph = ("#" if bar.known else ":") if ascii_only else "░"
        drawn = glyph * length
    else:
        full, part = divmod(eighths, 8)
        drawn = "█" * full + (_EIGHTHS[part] if part else "")
    after = first + len(drawn)
    return [
        *_rules(timeline, 0, first, width, ascii_only),
        Span(drawn, kind),
        *_rules(timeline, after, width, width, ascii_only),
    ]


def _cell(timeline: Timeline, seconds: float, width: int) -> int:
    return round(seconds / timeline.seconds * width) if timeline.seconds else 0


def _rules(timeline: Timeline, first: int, after: int, width: int, ascii_only: bool) -> list[Span]:
    """Blank cells with a rule where a phase other than the first begins."""
    if after <= first:
        return []
    cells = [" "] * (after - first)
    for column in timeline.columns[1:]:
        at = _cell(timeline, column.start, width)
        if first <= at < after:
            cells[at - first] = "|" if ascii_only else "┊"
    return [Span("".join(cells), "rule")]
