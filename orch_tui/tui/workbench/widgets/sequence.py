"""The sequence: what runs when, drawn with the durations of earlier runs."""

from __future__ import annotations

import locale
from collections.abc import Callable

from rich.cells import cell_len, set_cell_size

from orch_tui.model.durations import show_duration
from orch_tui.model.text import counted, safe_line
from orch_tui.tui.widgets.line_tree import LineList, Part, Row
from orch_tui.tui.workbench.timeline import Timeline, draw_bar, draw_header

_STYLES = {"known": "accent", "critical": "heading", "unknown": "dim", "rule": "dim", "off": "dim", "blank": "dim"}
_MIN_LABEL, _MAX_LABEL = 8, 40


class SequenceView(LineList):
    """A header with the numbers of the phases, and a line for each task."""

    def __init__(self, name_of: Callable[[str], str], *, id: str | None = None) -> None:
        """``name_of`` tells what a configuration is called, by its reference."""
        super().__init__(id=id)
        self._name_of = name_of
        self.timeline = Timeline()
        self.ascii_only = "utf" not in locale.getpreferredencoding(False).lower()
        self.empty_text = " Add tasks to see their order"

    def show(self, timeline: Timeline) -> None:
        """Draw this one; nothing is drawn again when it is equal."""
        if timeline != self.timeline:
            self.timeline = timeline
            self.reload()

    @property
    def summary(self) -> str:
        """How long it takes, and how that is known; empty when nothing would run."""
        timeline = self.timeline
        if not timeline.running:
            return ""
        if not timeline.known:
            return "durations not known yet"
        about = f"≈ {show_duration(timeline.seconds)}"
        unknown = timeline.running - timeline.known
        return f"{about}, {counted(unknown, 'task')} guessed" if unknown else about

    def count(self) -> int:
        return len(self.timeline.bars) + 1 if self.timeline.bars else 0

    def selectable(self, index: int) -> bool:
        return index > 0

    def task_at(self, index: int) -> str | None:
        """The id of the task on the line."""
        return self.timeline.bars[index - 1].task if 0 < index <= len(self.timeline.bars) else None

    @property
    def _label_width(self) -> int:
        return max(_MIN_LABEL, min(_MAX_LABEL, self.size.width * 2 // 5))

    def row(self, index: int) -> Row:
        width = max(0, self.size.width - self._label_width - 3)
        if index == 0:
            blank = " " * (self._label_width + 2)
            return Row((Part(blank), Part(draw_header(self.timeline, width), "heading")))
        bar = self.timeline.bars[index - 1]
        name = safe_line(self._name_of(bar.configuration), 100)
        if cell_len(name) > self._label_width:
            name = set_cell_size(name, self._label_width - 1) + "…"
        label = Part(f" {set_cell_size(name, self._label_width)} ", "text" if bar.runs else "dim")
        spans = draw_bar(self.timeline, bar, width, ascii_only=self.ascii_only)
        return Row((label, *(Part(span.text, _STYLES[span.kind], picture=True) for span in spans)))
