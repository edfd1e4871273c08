"""The bars of a run, drawn. Pure: text only."""

from __future__ import annotations

from typing import NamedTuple

from orch_tui.runs.timeline import RAN, LiveBar

_EIGHTHS = " ▏▎▍▌▋▊▉"


class Cells(NamedTuple):
    """A piece of a drawn line: ``ran``, ``expected`` or ``blank``."""

    text: str
    kind: str


def draw_live(bar: LiveBar, seconds: float, width: int, *, ascii_only: bool = False) -> list[Cells]:
    """One line of exactly ``width`` cells; the picture is ``seconds`` long."""
    if width <= 0:
        return []
    if bar.heading or (bar.end <= bar.start and bar.status not in RAN) or not seconds:
        return [Cells(" " * width, "blank")]
    first = min(int(bar.start / seconds * width), width - 1)
    last = max(first + 1, min(width, round(bar.end / seconds * width)))
    drawn = ""
    if bar.status in RAN:
        eighths = max(1, min((width - first) * 8, round(bar.done / seconds * width * 8) - first * 8))
        full, part = divmod(eighths, 8)
        drawn = "#" * max(1, round(eighths / 8)) if ascii_only else "█" * full + (_EIGHTHS[part] if part else "")
    expected = max(0, last - first - len(drawn)) if not bar.status.final else 0
    return [
        Cells(" " * first, "blank"),
        Cells(drawn, "ran"),
        Cells((":" if ascii_only else "░") * expected, "expected"),
        Cells(" " * (width - first - len(drawn) - expected), "blank"),
    ]


def scale(shown: float, wanted: float) -> float:
    """How many seconds wide to draw. It changes in steps only: with every change the whole picture is drawn again."""
    if shown * 0.5 <= wanted <= shown:
        return shown
    return max(wanted * 1.5, 2.0)
