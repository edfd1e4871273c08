"""How long the runs of an orchestration took, as a small chart with its axes."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from time import localtime, strftime

from textual.content import Content

from orch_tui.model.status import Status
from orch_tui.model.texts.durations import show_duration
from orch_tui.project.history import RunSummary
from orch_tui.tui.status_look import status_color

_EIGHTHS = "▁▂▃▄▅▆▇█"
ROWS = 3


def bars(seconds: Sequence[float | None], rows: int = ROWS) -> list[str]:
    """Columns as high as the durations, over so many rows; a blank for None. The highest is first."""
    top = max((one for one in seconds if one is not None), default=0.0) or 1.0
    lines = []
    for row in range(rows - 1, -1, -1):
        cells = []
        for one in seconds:
            eighths = 0 if one is None else max(1, round(one / top * rows * 8)) - row * 8
            cells.append(" " if eighths <= 0 else _EIGHTHS[min(8, eighths) - 1])
        lines.append("".join(cells))
    return lines


def chart(found: Sequence[RunSummary], width: int) -> Content | None:
    """Of the newest complete runs that fit into so many cells, the oldest first, each in the colour of its end.

    ``found`` is newest first. At the left the scale, below the days of the first and the last one; None without runs.
    """
    complete = [run for run in found if run.seconds is not None and not run.partial and run.broken is None]
    longest = max((run.seconds or 0.0 for run in complete), default=0.0)
    scale = len(show_duration(longest))
    shown = complete[: max(1, width - scale - 2)][::-1]
    if not shown:
        return None
    # Of the runs in view: an older, longer one would make all of them low.
    top = max(run.seconds or 0.0 for run in shown)
    labels = [show_duration(top), *[""] * (ROWS - 2), "0"]
    lines = []
    for label, cells in zip(labels, bars([run.seconds for run in shown]), strict=True):
        axis = Content.styled(f"{label:>{scale}} {'┤' if label else '│'}", "$text-muted")
        lines.append(Content.assemble(axis, *_coloured(cells, [run.status for run in shown])))
    return Content("\n").join([*lines, _days(shown, scale)])


def _coloured(cells: str, statuses: Sequence[Status]) -> list[tuple[str, str]]:
    pairs = zip(cells, statuses, strict=True)
    return [
        ("".join(cell for cell, _ in group), status_color(status))
        for status, group in groupby(pairs, key=lambda pair: pair[1])
    ]


def _days(shown: Sequence[RunSummary], scale: int) -> Content:
    first, last = (strftime("%d %b", localtime(run.started)) if run.started else "" for run in (shown[0], shown[-1]))
    gap = len(shown) - len(first) - len(last)
    text = f"{first}{' ' * gap}{last}" if gap > 0 else first
    return Content.styled(f"{' ' * (scale + 2)}{text}", "$text-muted")
