"""The timeline of a run: its bars grow over what earlier runs let expect."""

from __future__ import annotations

import locale

from rich.cells import cell_len, set_cell_size

from orch_tui.model.text import safe_line
from orch_tui.runs.timeline import LiveBar, LiveTimeline
from orch_tui.tui.status_look import style_of
from orch_tui.tui.widgets.line_tree import LineList, Part, Row
from orch_tui.tui.workbench.run_bars import draw_live, scale
from orch_tui.tui.workbench.timeline import Timeline, draw_header

_MIN_LABEL, _MAX_LABEL = 8, 40
_ROWS_A_TICK = 8


class LiveTimelineView(LineList):
    """A header with the numbers of the phases, and a line for each task of a run."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.timeline = LiveTimeline((), (), 0.0)
        self._scale = 0.0
        self._header = ""
        self.ascii_only = "utf" not in locale.getpreferredencoding(False).lower()
        self.empty_text = " Nothing has begun yet"

    def show(self, timeline: LiveTimeline, *, finished: bool) -> None:
        """Draw the run as it is now."""
        old = self.timeline
        self.timeline = timeline
        wanted = self.timeline.seconds if finished else scale(self._scale, self.timeline.seconds)
        same = wanted == self._scale and [bar.task for bar in old.bars] == [bar.task for bar in self.timeline.bars]
        self._scale = wanted
        if same and old.bars:
            self.refresh_changed(None if finished else _ROWS_A_TICK)
        else:
            self.reload()

    def count(self) -> int:
        return len(self.timeline.bars) + 1 if self.timeline.bars else 0

    def selectable(self, index: int) -> bool:
        return index > 0 and bool(self.timeline.bars[index - 1].task)

    def task_at(self, index: int) -> str | None:
        """The id of the task on the line."""
        return (self.timeline.bars[index - 1].task or None) if 0 < index < self.count() else None

    @property
    def _label_width(self) -> int:
        return max(_MIN_LABEL, min(_MAX_LABEL, self.size.width * 2 // 5))

    def row(self, index: int) -> Row:
        width = max(0, self.size.width - self._label_width - 3)
        if index == 0:
            picture = Timeline((), self.timeline.columns, self._scale)
            return Row((Part(" " * (self._label_width + 2)), Part(draw_header(picture, width), "heading")))
        bar = self.timeline.bars[index - 1]
        parts = [self._label(bar)]
        style = style_of(bar.status)
        for cells in draw_live(bar, self._scale, width, ascii_only=self.ascii_only):
            parts.append(Part(cells.text, style if cells.kind == "ran" else "dim", picture=True))
        return Row(tuple(parts))

    def _label(self, bar: LiveBar) -> Part:
        # The component before the dot says little where there is no room.
        name = safe_line(bar.name, 120).rpartition(" · ")[2]
        name = f"{'  ' * bar.level}{'▾ ' if bar.heading else ''}{name}"
        if cell_len(name) > self._label_width:
            name = set_cell_size(name, self._label_width - 1) + "…"
        return Part(f" {set_cell_size(name, self._label_width)} ", _label_style(bar))


def _label_style(bar: LiveBar) -> str:
    """Those that their phase waited for stand out: the critical path."""
    if bar.heading or not bar.end:
        return "dim"
    return "strong" if bar.critical else "text"
