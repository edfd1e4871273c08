"""A list of runs: how they ended, how long they took, what people noted of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from statistics import fmean
from time import localtime, strftime

from orch_tui.model.status import Status
from orch_tui.model.texts.durations import show_duration
from orch_tui.model.texts.text import counted, safe_line
from orch_tui.project.history import RunSummary, clock_of
from orch_tui.runs.past.notes import Note
from orch_tui.runs.planning.estimates import ENOUGH, LONGER, RUNS
from orch_tui.tui.status_look import style_of
from orch_tui.tui.widgets.line_tree import Part, Row, ScreenList

_BAR = 12
_WIDE = 100
"""Columns from which durations have a bar."""
_LONGEST_NAME = 20


def usual(found: Sequence[RunSummary]) -> dict[tuple[str, int], float]:
    """Mean seconds of the last 20 successful complete runs, by orchestration and the number of their tasks, where there
    are enough."""
    good: dict[tuple[str, int], list[float]] = {}
    for run in found:
        if run.status is Status.SUCCESS and run.seconds is not None and not run.partial:
            good.setdefault((run.orchestration, run.tasks), []).append(run.seconds)
    return {kind: fmean(seconds[:RUNS]) for kind, seconds in good.items() if len(seconds) >= ENOUGH}


class RunList(ScreenList):
    """One run a line, newest first."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.runs: Sequence[RunSummary] = ()
        self.marked: frozenset[str] = frozenset()
        self.notes: Mapping[str, Sequence[Note]] = {}
        self._mark_from: str | None = None
        self._names = 0
        self._top = 1.0
        self._tasks_width = 0
        self._usual: dict[tuple[str, int], float] = {}
        self._continued: dict[str, str] = {}
        self.empty_text = " No run yet: R in the workbench starts one"

    def show(self, found: Sequence[RunSummary], *, named: bool = False) -> None:
        """Show these; the cursor stays on its run. ``named``: they are of several orchestrations."""
        here = self.chosen
        self.runs = found
        longest = max((len(run.orchestration) for run in found), default=0) if named else 0
        self._names = min(_LONGEST_NAME, longest)
        self._top = max((run.seconds for run in found if run.seconds is not None), default=1.0) or 1.0
        self._usual = usual(found)
        self._tasks_width = max((len(_tasks(run)) for run in found), default=0)
        # Of several that continue one run, the last: the list is newest first.
        self._continued = {run.continues: run.id for run in reversed(found) if run.continues is not None}
        if here is not None:
            ids = [run.id for run in found]
            self.cursor = ids.index(here.id) if here.id in ids else 0
        self.reload()

    def toggle_mark(self) -> None:
        """Mark the run under the cursor, or unmark it, and go to the next."""
        if (run := self.chosen) is not None:
            self.marked ^= {run.id}
            self._mark_from = run.id
            self.refresh()
            self.action_cursor_down()

    def mark_range(self) -> None:
        """Mark all from the last mark to the cursor."""
        ids = [run.id for run in self.runs]
        if self.cursor < len(ids):
            start = ids.index(self._mark_from) if self._mark_from in ids else self.cursor
            low, high = sorted((start, self.cursor))
            self.mark(self.marked | set(ids[low : high + 1]))

    def mark_all(self) -> None:
        """Mark all that are shown; again to unmark them."""
        ids = {run.id for run in self.runs}
        self.mark(frozenset() if ids and ids <= self.marked else self.marked | ids)

    def mark(self, runs: Set[str]) -> None:
        """Mark these and no other."""
        self.marked = frozenset(runs)
        self.refresh()

    @property
    def marked_runs(self) -> list[RunSummary]:
        """Those of the marked ones that are shown, newest first."""
        return [run for run in self.runs if run.id in self.marked]

    @property
    def chosen(self) -> RunSummary | None:
        return self.runs[self.cursor] if self.cursor < len(self.runs) else None

    def count(self) -> int:
        return len(self.runs)

    def head(self, width: int) -> Row:
        """The titles of the columns."""
        bar = f"{'':{_BAR + 1}}" if width >= _WIDE else ""
        of = f"{'Of':<{self._names}}  " if self._names else ""
        titles = f" {'  Ended':<14}{of}{'Started':<19}  {'Took':>8} {bar} {'Tasks':<{self._tasks_width}}  Why"
        return Row((Part(titles, "dim"),), (Part("By ", "dim"),))

    def row(self, index: int) -> Row:
        run = self.runs[index]
        status = Status.WARNING if run.interrupted or run.broken else run.status
        glyph = "?" if run.interrupted or run.broken else status.style.glyph
        when = strftime("%Y-%m-%d %H:%M:%S", localtime(run.started)) if run.started is not None else run.id[:19]
        left = [
            Part("◆" if run.id in self.marked else " ", "marked"),
            Part(f"{glyph} {run.state:<12}", style_of(status)),
            *([Part(f"{safe_line(run.orchestration, self._names):<{self._names}}  ")] if self._names else []),
            Part(f"{when}  "),
            Part(f"{show_duration(run.seconds):>8} ", "strong"),
        ]
        wide = self.size.width >= _WIDE
        if wide:
            part = 0.0 if run.seconds is None else run.seconds / self._top
            length = max(int(run.seconds is not None), round(part * _BAR))
            left.append(Part("━" * length, style_of(status), picture=True))
            left.append(Part(" " * (_BAR - length + 1), picture=True))
        why = self._why(run)
        left.append(Part(f" {_tasks(run):<{self._tasks_width}}  " if why else f" {_tasks(run)}", "dim"))
        left += why
        mean = self._usual.get((run.orchestration, run.tasks))
        longer = mean is not None and run.seconds is not None and run.seconds > mean * LONGER
        right = [Part("» longer  ", "warning")] if longer and not run.partial else []
        if wide or not (right or why):
            right.append(Part(f"{safe_line(run.by, 30)} ", "dim"))
        return Row(tuple(left), tuple(right))

    def _why(self, run: RunSummary) -> list[Part]:
        """What it continues, what continued it, and how it came to end so."""
        links = [("continues", run.continues), ("continued at", self._continued.get(run.id))]
        told = [f"{word} {clock_of(other, run.started)}" for word, other in links if other is not None]
        parts = [Part(f"{', '.join(told)}  ", "accent")] if told else []
        if notes := self.notes.get(run.id):
            parts.append(Part(f"✎ {safe_line(notes[-1].text, 200)}  ", "text"))
        text = run.broken or run.reason
        return [*parts, Part(safe_line(text, 200), "dim")] if text else parts


def _tasks(run: RunSummary) -> str:
    return f"{'a part of ' if run.partial else ''}{counted(run.tasks, 'task')}"
